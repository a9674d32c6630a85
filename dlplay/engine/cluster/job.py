"""What a job does, on whichever machine: `dlplay run`, with its recording.

Workers import this module: it takes nothing along that is not in the standard library.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

GLANCE = 0.5  # seconds between two looks at whether the run is still wanted
PATIENCE = 10.0  # seconds for a run to end once its leash is let go
LAST_WORDS = 2000  # characters of what it said on standard error
RECORDED = (0, 1, 4)  # exit statuses with which the recording has its summary
TERMINATED = (143, -15)  # exit statuses of a run that was asked to end

# Its exit status (negative: a signal), the end of what it said, and the recording's bytes where it
# has no file to lie in.
Made = tuple[int, str, bytes]


def always() -> bool:
    return True


def make(words: Sequence[str], target: str, wanted: Callable[[], bool] = always) -> Made:
    """Run `dlplay WORDS` and put its recording into the file `target`, whole; or, with no target,
    into what is returned.

    The run ends when this does, however that comes, and soon after it is not `wanted` any more.
    """
    with _draft(target) as draft:
        code, said = _run([*words, "--record", str(draft), "--json"], wanted)
        data = b""
        if code in RECORDED and draft.exists():
            if target:
                os.replace(draft, target)
            else:
                data = draft.read_bytes()
        return code, said, data


@contextmanager
def _draft(target: str) -> Iterator[Path]:
    """Where a recording is made until it is whole: beside its place, or in a folder of its own if
    it has none. What is left of it goes, or, if this is killed, with the next attempt
    (`kept.tidy`)."""
    if not target:
        with tempfile.TemporaryDirectory(prefix="dlplay-job-") as folder:
            yield Path(folder) / "recording"
        return
    place = Path(target)
    draft = place.with_name(f".{place.name}.{uuid.uuid4().hex}.draft")
    try:
        yield draft
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _run(words: Sequence[str], wanted: Callable[[], bool]) -> tuple[int, str]:
    with tempfile.TemporaryFile() as said:  # without a name: gone if this is killed
        process = subprocess.Popen(
            [sys.executable, "-m", "dlplay", *words],
            stdin=subprocess.PIPE,  # its leash
            stdout=subprocess.DEVNULL,  # the recording has it all
            stderr=said,
            env={**os.environ, "DLPLAY_LEASH": "1"},
            start_new_session=True,  # Ctrl-C is for whoever asked for it
        )
        try:
            while process.poll() is None and wanted():
                with suppress(subprocess.TimeoutExpired):
                    process.wait(GLANCE)
        finally:
            _end(process)
        said.seek(max(0, said.seek(0, os.SEEK_END) - LAST_WORDS))
        return process.returncode, said.read().decode("utf-8", "replace").strip()


def _end(process: subprocess.Popen[bytes]) -> None:
    """See to its end, if that has not come."""
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.close()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    except BaseException:  # whoever ends us has less patience still
        process.kill()
        raise


def owned(words: Sequence[str], target: str, lock: str) -> Made:
    """`make` on this machine, until whoever wants it lets go of the file `lock`, or is gone."""
    import fcntl

    def wanted() -> bool:
        try:
            with open(lock, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    return make(words, target, wanted)


def queued(words: Sequence[str], target: str, grace: float = 120.0) -> Made:
    """`make` in a job of Slurm's. When that is to end (cancelled, pre-empted, out of time), the run
    is told first; what becomes of the job, Slurm decides within `grace` seconds."""
    made = make(words, target)
    if made[0] in TERMINATED:
        time.sleep(grace)
    return made
