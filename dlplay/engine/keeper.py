"""The keeper of a run: a small process that ends the run with all that it began.

A run's process is a child of its keeper, in a session without a terminal and a process group of
its own. The keeper holds a leash, whose other end the watcher has: when the watcher lets go of it,
however it ended itself, or pulls it, or when the run is over, no process stays behind. On Linux
this holds for those too that left the group or were orphaned on purpose; and there the keeper has
a guard, whose child it is, of the same kind: if one of them is killed, the other ends what is left.
"""

from __future__ import annotations

import os
import select
import signal
import struct
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

POLITE = 0.3  # seconds between asking a process to end and ending it
PATIENCE = 5.0  # seconds to wait for processes that the system does not let go of
PULL = b"x"  # what the watcher writes to end the run
PID = struct.Struct("=q")
SET_DEATH_SIGNAL, SET_SUBREAPER = 1, 36  # for prctl

there_are = sys.platform != "win32"


def keep(leash: Connection, theirs: Iterable[Connection]) -> None:
    """Become a run with its keeper, and on Linux with a guard above it: this returns in the run's
    process alone.

    `theirs`: what only the run's process needs.
    """
    os.setsid()
    _prctl(SET_DEATH_SIGNAL, signal.SIGTERM)  # the fork server has died
    pipes = list(theirs)
    if sys.platform == "linux":
        _part([leash, *pipes], signal.SIGTERM)
    # Even if the run never lets go of the interpreter, the kernel sees to its end.
    _part(pipes, signal.SIGKILL, leash)
    leash.close()


def _part(
    theirs: Iterable[Connection], last: signal.Signals, leash: Connection | None = None
) -> None:
    """Become two processes: this returns in the child, in a process group of its own, and never in
    the parent, which ends the child with all that it began, and then ends as it did.

    `theirs`: what only the child needs; `last`: what it is sent if the parent dies.
    """
    _prctl(SET_SUBREAPER, 1)
    parent = os.getpid()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})
    child = os.fork()
    if child:
        for each in theirs:
            each.close()
        _end_as(_kept(child, leash))
    os.setpgid(0, 0)
    _prctl(SET_DEATH_SIGNAL, last)
    if os.getppid() != parent:
        os._exit(1)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _kept(child: int, leash: Connection | None) -> int:
    """Wait for the end of the child, or end it; how it ended. No process stays behind."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGCHLD})
    pulled = [leash.fileno()] if leash is not None else []
    for each in pulled:
        with suppress(OSError):  # the watcher may be gone already
            os.write(each, PID.pack(child))
    ended = _Ended(child)
    while ended.reap() and ended.status is None:
        ready, _, _ = select.select([reader, *pulled], [], [])
        if ready != [reader] or signal.SIGTERM in os.read(reader, 64):
            break
    if ended.reap():
        _send(signal.SIGTERM, child)
        ended.wait(POLITE)
    until = time.monotonic() + PATIENCE
    while ended.reap() and time.monotonic() < until:  # some may fork meanwhile
        _send(signal.SIGKILL, child)
        ended.wait(0.01)
    return ended.status if ended.status is not None else signal.SIGKILL


class _Ended:
    """The children that have ended; all orphans below this process become its own."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.status: int | None = None  # of the first, as waitpid tells it

    def reap(self) -> bool:
        """Take leave of those that have ended; whether there are more."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if not pid:
                return True
            if pid == self.first:
                self.status = status

    def wait(self, seconds: float) -> None:
        """Wait until all have ended, at most so long."""
        until = time.monotonic() + seconds
        while self.reap() and time.monotonic() < until:
            time.sleep(0.005)


def _send(number: int, group: int) -> None:
    with suppress(OSError):
        os.killpg(group, number)
    for pid in _descendants():
        with suppress(OSError):
            os.kill(pid, number)


def _descendants() -> list[int]:
    """The children of this process, theirs, and so on; only known on Linux."""
    children: dict[int, list[int]] = {}
    with suppress(OSError):
        for name in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError, IndexError, ValueError):
                stat = Path(f"/proc/{name}/stat").read_bytes()
                state, parent = stat.rpartition(b")")[2].split()[:2]
                if state != b"Z":
                    children.setdefault(int(parent), []).append(int(name))
    found, waiting = [], [os.getpid()]
    while waiting:
        more = children.get(waiting.pop(), [])
        found += more
        waiting += more
    return found


def _end_as(status: int) -> None:
    """End this process as that one ended."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        import resource

        with suppress(OSError, ValueError):  # the run has left its core already
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with suppress(OSError, ValueError):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)
