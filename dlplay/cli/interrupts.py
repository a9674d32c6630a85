"""Ctrl-C while a scene runs: the first asks it to stop at its next step, the second ends it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from dlplay.cli.exits import Exit

SHOW_CURSOR = b"\x1b[?25h"


class Terminated(SystemExit):
    """Somebody wants this process to end (SIGTERM), or its terminal is gone (SIGHUP)."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def end_in_order() -> None:
    """From now on SIGTERM and SIGHUP end this process as an exception does: what was changed is
    given back, what was begun is ended. The second one ends it at once."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _terminate)


def _terminate(number: int, frame: Any) -> None:
    signal.signal(number, signal.SIG_DFL)
    raise Terminated(128 + number)


def on_leash() -> None:
    """Where DLPLAY_LEASH is set, standard input is a leash: when whoever began this process lets go
    of it, or is gone, this ends as with SIGTERM."""
    if os.environ.pop("DLPLAY_LEASH", None):
        threading.Thread(target=_wait_for_slack, daemon=True).start()


def _wait_for_slack() -> None:
    with suppress(OSError):
        while os.read(0, 16):
            pass
    os.kill(os.getpid(), signal.SIGTERM)


class Interrupts:
    """Tells in `asked` whether Ctrl-C was pressed; a context manager.

    A thread hears of the signal, so that the second Ctrl-C works whatever this process does.
    `on_first` is called in that thread. Where SIGINT is ignored (nohup, background jobs), it stays
    so.
    """

    def __init__(self, on_first: Callable[[], None] = lambda: None, tidy: bytes = b"") -> None:
        self.asked = False
        self._on_first = on_first
        self._tidy = tidy  # written to standard error before the process is ended
        self._before: Any = None

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
