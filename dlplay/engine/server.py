"""How the fork server is started: it waits for its gate, and finds no module here by accident."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import util
from pathlib import Path

LONGEST = 50  # characters of a path that has room for ours and a socket's: 108 in all, or 104
PREFIX = "dlplay-run-"
LAST = -200  # when it is removed: after what multiprocessing keeps in it
NEW = 60  # seconds: a folder that is younger may not be locked yet
_kept: dict[str, int] = {}  # this process's folder, and the descriptor of its lock


class Gate:
    """What a fork server waits at: a pipe in place of its standard input, which ends when the gate
    is opened, or with whoever made it."""

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe()

    def open(self) -> None:
        """Let it through; a second time does nothing."""
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1

    @contextmanager
    def before(self) -> Iterator[None]:
        """What is started within this block has the gate as its standard input."""
        try:
            kept = os.dup(0)
        except OSError:  # there is none
            kept = -1
        os.dup2(self.reader, 0)
        os.close(self.reader)
        os.environ["DLPLAY_GATED"] = "1"
        try:
            yield
        finally:
            del os.environ["DLPLAY_GATED"]
            if kept >= 0:
                os.dup2(kept, 0)
                os.close(kept)
            else:
                os.close(0)


@contextmanager
def surroundings() -> Iterator[None]:
    """What a process that is started in this block is to find in its environment."""
    here, ours = os.getcwd() if _is_there() else "", str(Path(__file__).parents[2])
    changed = {"PYTHONSAFEPATH": "1", "DLPLAY_FOLDER": folder()}
    if folder():  # torch leaves a folder, too
        changed["TMPDIR"] = folder()
    if here == ours:  # found because it lies here
        paths = [ours, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        changed["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _is_there() -> bool:
    try:
        os.getcwd()
    except OSError:  # it was deleted
        return False
    return True


def folder() -> str:
    """A folder for sockets and all that runs leave; it goes when this process ends, or later.

    "" where none can be made.
    """
    if not _kept:
        for place in dict.fromkeys([tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"]):
            if len(place) <= LONGEST and _made(place):
                break
    return next(iter(_kept), "")


def _made(place: str) -> bool:
    try:
        made = tempfile.mkdtemp(prefix=PREFIX, dir=place)
        lock = os.open(made, os.O_RDONLY)
    except OSError:
        return False
    with suppress(OSError):  # where nothing can be locked, nothing is swept either
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    _kept[made] = lock
    util.Finalize(None, remove, args=(made, os.getpid()), exitpriority=LAST)
    _sweep(place)
    return True


def remove(made: str, owner: int) -> None:
    """Remove a folder, in the process that is to."""
    if os.getpid() == owner:
        shutil.rmtree(made, ignore_errors=True)


def _sweep(place: str) -> None:
    """Remove what programs left that were killed: nobody holds the lock any more."""
    with suppress(OSError):
        for found in Path(place).glob(f"{PREFIX}*"):
            with suppress(OSError):
                if time.time() - found.lstat().st_mtime > NEW and str(found) not in _kept:
                    _sweep_one(found)


def _sweep_one(found: Path) -> None:
    lock = os.open(found, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(lock).st_uid == os.getuid():
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(found, ignore_errors=True)
    finally:
        os.close(lock)


def settle() -> None:
    """Have multiprocessing put its sockets into our folder, before it chooses one itself."""
    made = folder()
    if made:
        before, tempfile.tempdir = tempfile.tempdir, made
        try:
            util.get_temp_dir()
        finally:
            tempfile.tempdir = before
