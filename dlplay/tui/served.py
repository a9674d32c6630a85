"""What the interface draws on where it is seen in a web browser.

Drawing goes to the server through standard output, in packets; keys come through standard input.
That ends with the server, however it ended, and then so does the interface.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Literal, TextIO

from textual import events
from textual.app import App
from textual.drivers._writer_thread import WriterThread
from textual.drivers.web_driver import WebDriver

from dlplay.tui.ending import PATIENCE
from dlplay.web import VISIT

COPIED = 1_000_000  # bytes or characters at a time


def take_output() -> None:
    """Keep standard output for packets alone: who writes there from now on, as the processes of
    runs may, writes nowhere."""
    ours = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    sys.__stdout__ = open(ours, "w", encoding="utf-8")  # type: ignore[misc]  # noqa: SIM115


def leave() -> None:
    """Nothing of a visit is kept. The server sees to it, too, unless it was killed."""
    shutil.rmtree(os.environ[VISIT], ignore_errors=True)


class BrowserDriver(WebDriver):
    """A page of `dlplay serve`."""

    def __init__(self, app: App[Any], **how: Any) -> None:
        super().__init__(app, **how)
        # As in a terminal: while the page is slow to take what is drawn, keys are heard.
        self._writer_thread = WriterThread(_Output(self.fileno))  # type: ignore[arg-type]
        self._write = self._writer_thread.write  # type: ignore[assignment]

    def start_application_mode(self) -> None:
        self._writer_thread.start()
        super().start_application_mode()
        # A page has the keys from the beginning, and tells when it loses them.
        self._app.call_later(self._app.post_message, events.AppFocus())

    def close(self) -> None:
        self._writer_thread.stop()

    def run_input_thread(self) -> None:
        super().run_input_thread()
        if not self.exit_event.is_set():  # standard input has ended: nobody is there any more
            last = threading.Timer(PATIENCE, os._exit, (128 + signal.SIGTERM,))
            last.daemon = True
            last.start()
            os.kill(os.getpid(), signal.SIGTERM)

    def deliver_binary(
        self,
        binary: BinaryIO | TextIO,
        *,
        delivery_key: str,
        save_path: Path,
        open_method: Literal["browser", "download"] = "download",
        encoding: str | None = None,
        mime_type: str | None = None,
        name: str | None = None,
    ) -> None:
        """Put the file where the server finds it, and tell the page to fetch it."""
        place = Path(os.environ[VISIT]) / "downloads" / delivery_key
        with binary, place.open("wb") as file:
            while data := binary.read(COPIED):
                file.write(data.encode() if isinstance(data, str) else data)
        what = {"key": delivery_key, "path": save_path.name, "mime_type": mime_type or ""}
        self.write_meta({"type": "deliver_file_start", **what})


class _Output:
    """Where the thread writes: all of a packet, as long as somebody reads."""

    def __init__(self, fileno: int) -> None:
        self._fileno = fileno

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        with suppress(OSError):  # the server is gone: standard input tells
            while view:
                view = view[os.write(self._fileno, view) :]

    def flush(self) -> None:
        pass
