"""One try: a damaged file, read within bounds; and the file of a failure, kept."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tests.fuzz.readers import Target

SECONDS = 60  # of the processor: no file of some kilobytes may take so long
MEMORY = 500_000_000  # bytes, beyond what there was


class TooDear(Exception):
    """It took longer than SECONDS, or more than MEMORY."""


def attempt(name: str, target: Target, folder: Path, seed: int) -> None:
    """Read one damaged example; what the reader raises is a fault of it."""
    by = Random(f"{name} {seed}")
    data = target.damage(by.choice(target.examples), by)
    place = folder / name / str(seed)
    place.mkdir(parents=True)
    path = place / f"example{target.suffix}"
    path.write_bytes(data)
    try:
        with bounded():
            target.read(path)
    except BaseException as error:
        error.add_note(f"{name}, seed {seed}, {path}")
        raise
    for file in place.iterdir():
        file.unlink()
    place.rmdir()


@contextmanager
def bounded() -> Iterator[None]:
    def over(number: int, frame: object) -> None:
        raise TooDear(f"more than {SECONDS} s")

    before = signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    most = _most()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    if _most() - most > MEMORY:
        raise TooDear(f"{_most() - most:,} bytes more of memory")


def _most() -> int:
    """The most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
