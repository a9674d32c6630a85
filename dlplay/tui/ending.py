"""SIGTERM and SIGHUP end the interface as its own keys do."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

NAMES = ("SIGTERM", "SIGHUP")
PATIENCE = 3.0  # seconds that the interface has for it
# Cursor, mouse, focus and paste reports, line wrap, keyboard protocol, and the first screen.
LEAVE = (
    b"\x1b[?25h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?7h\x1b[<u"
    b"\x1b[?1049l"
)


def watch(end: Callable[[int], None]) -> None:
    """Have `end` called in the event loop with the number of a signal that asks for the end.

    If that takes too long (the terminal is gone, a thread hangs), the process is ended.
    """
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()

    def heard(number: int) -> None:
        last = threading.Timer(PATIENCE, _end_at_once, (number,))
        last.daemon = True
        last.start()
        end(number)

    for name in NAMES:
        number = getattr(signal, name)
        if signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, heard, int(number))


def _end_at_once(number: int) -> None:
    with suppress(OSError):
        os.set_blocking(2, False)
        os.write(2, LEAVE)
    os._exit(128 + number)
