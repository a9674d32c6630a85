"""Files of the user's data that several programs change at once, and that are never lost."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

PATIENCE = 1.0  # seconds to wait for another program; one that was suspended must not stop us
PAUSE = 0.01


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other programs from changing a file meanwhile, where files can be locked.

    Raises OSError where its folder cannot be written, or another program holds it for long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if fcntl is None:
        yield
        return
    # A file of its own: the one that it guards is replaced.
    with open(path.with_name(f".{path.name}.lock"), "ab") as file:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise
                time.sleep(PAUSE)
        yield


def replace(path: Path, content: bytes) -> None:
    """Put a file in its place whole, or not at all. Raises OSError."""
    path = Path(os.path.realpath(path))  # what a link leads to, not the link
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(content)
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise


def set_aside(path: Path) -> Path:
    """Give a file another name beside its own, which nothing had; that name. Raises OSError."""
    number = 1
    while os.path.lexists(aside := path.with_name(f"{path.stem}-{number}{path.suffix}.old")):
        number += 1
    os.rename(path, aside)
    return aside
