"""Ctrl-C while a scene runs: the first asks it to stop at its next step, the second ends it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from dlplay.cli.exits import Exit
from dlplay.wire import commands

SHOW_CURSOR = b"\x1b[?25h"


class Interrupts:
    """Controls for `execute` that ask for a stop once Ctrl-C was pressed; a context manager.

    A thread hears of the signal, so that the second Ctrl-C works even where the scene never
    returns to the interpreter. `on_first` is called in that thread. Where SIGINT is ignored
    (nohup, background jobs), it stays so.
    """

    def __init__(self, on_first: Callable[[], None] = lambda: None, tidy: bytes = b"") -> None:
        self.asked = False
        self._on_first = on_first
        self._tidy = tidy  # written to standard error before the process is ended
        self._before: Any = None

    def pending(self) -> bool:
        return self.asked

    def take(self) -> commands.AnyCommand:
        return commands.Stop()

    def wait(self, seconds: float) -> bool:
        time.sleep(seconds)
        return self.asked

    def __enter__(self) -> Self:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            self._reader, self._writer = os.pipe()
            os.set_blocking(self._writer, False)
            self._wakeup = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
            self._before = signal.signal(signal.SIGINT, lambda *_: None)
            self._thread = threading.Thread(target=self._listen, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.set_wakeup_fd(self._wakeup)
            signal.signal(signal.SIGINT, self._before)
            os.close(self._writer)
            self._thread.join()
            os.close(self._reader)

    def _listen(self) -> None:
        while heard := os.read(self._reader, 16):
            for number in heard:
                if number != signal.SIGINT:
                    continue
                if self.asked:
                    self._end()
                self.asked = True
                self._on_first()

    def _end(self) -> None:
        with suppress(OSError):
            os.write(2, self._tidy + b"\n")
        os._exit(Exit.INTERRUPTED)
