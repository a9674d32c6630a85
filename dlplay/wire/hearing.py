"""Commands that come through a pipe: what a run hears of whoever watches it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

import msgspec

from dlplay.wire import commands


class PipeControls:
    """The first commands, then those that come through a pipe, read by a thread of their own.

    `waiting`: those that were not taken yet. `gone` is called, in that thread, when nobody is at
    the other end any more.
    """

    def __init__(
        self,
        pipe: Connection,
        first: Sequence[commands.AnyCommand] = (),
        *,
        gone: Callable[[], None],
    ) -> None:
        self._pipe = pipe
        self._gone = gone
        self.waiting = deque(first)  # before the thread starts: the pipe may have some already
        self._arrived = threading.Semaphore(len(first))
        threading.Thread(target=self._listen, daemon=True).start()

    def pending(self) -> bool:
        return bool(self.waiting)

    def take(self) -> commands.AnyCommand:
        self._arrived.acquire()
        return self.waiting.popleft()

    def wait(self, seconds: float) -> bool:
        if self._arrived.acquire(timeout=seconds):
            self._arrived.release()
        return bool(self.waiting)

    def put(self, command: commands.AnyCommand) -> None:
        """As if it had come through the pipe."""
        self.waiting.append(command)
        self._arrived.release()

    def _listen(self) -> None:
        try:
            while True:
                self.put(commands.decode(self._pipe.recv_bytes()))
        except (EOFError, OSError, msgspec.MsgspecError):
            self._gone()
