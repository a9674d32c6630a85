"""One visitor: a page in a browser, the process that draws it, and a folder that goes with both.

The process speaks as Textual's driver for browsers does, in packets: a letter, four bytes of
length, and D: what a terminal gets, or M: an object of JSON. Ours has a driver of its own
(`dlplay.tui.served`), which puts what is to be downloaded into the visitor's folder.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 5.0  # seconds that a process has to end when its page is closed
LOOK = 0.02  # seconds between two looks at whether it has
LINGERS = 2.0  # seconds that what it began may take longer
HELLO = b"__GANGLION__\n"
LARGEST = 64_000_000  # bytes of a packet: more is damage
TAIL = 8_000  # bytes of what a process said on standard error that are kept
KEY = re.compile(r"[0-9a-f]{32}")
MOST_DOWNLOADS = 20  # of a visitor, the newest
EARLY = 1_000_000  # bytes of what is typed before the process has begun that are kept


@dataclass(frozen=True)
class Program:
    """What each visitor is given: a process of `command`, in the environment that `environment`
    makes of the visitor's folder."""

    command: Sequence[str]
    environment: Callable[[Path], Mapping[str, str]]


@dataclass(frozen=True)
class Download:
    """A file in a visitor's folder, and what it is called where it is saved."""

    path: Path
    name: str
    mime: str


class Visitor:
    """A process of the program and its folder, from the page's opening to its closing."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.folder = Path()
        self.downloads: dict[str, Download] = {}
        self.closing = False
        self._process: Process | None = None
        self._starting = asyncio.Lock()
        self._early = b""
        self._greeted = False  # by the process: from then on it ends by itself, and in order
        self._errors: asyncio.Task[None] | None = None
        self._said = b""
        self._end: asyncio.Future[None] | None = None

    async def start(self, root: Path, width: int, height: int) -> None:
        """Make the folder in `root`, readable to nobody else, and start the process for a page of
        so many cells, unless it is closed already. Raises OSError."""
        async with self._starting:
            if not self.closing:
                await self._start(root, width, height)

    async def _start(self, root: Path, width: int, height: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="v", dir=root))
        (self.folder / "downloads").mkdir()
        environment = {
            **self.program.environment(self.folder),
            "COLUMNS": str(width),
            "ROWS": str(height),
        }
        self._process = await asyncio.create_subprocess_exec(
            *self.program.command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=environment,
            start_new_session=True,  # Ctrl-C is the server's; and all of it can be ended at once
        )
        self._errors = asyncio.create_task(self._listen(self._process))
        assert self._process.stdin is not None
        self._process.stdin.write(self._early)

    @property
    def begun(self) -> bool:
        """Whether there is a process, or was one."""
        return self._process is not None

    async def drawn(self) -> AsyncIterator[bytes | Mapping[str, Any]]:
        """What the process draws, as bytes for a terminal, and what it tells, as objects; until it
        ends. What is not for the page is dealt with here."""
        if self._process is None:
            return
        assert self._process.stdout is not None
        stream = self._process.stdout
        with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, ValueError):
            await stream.readuntil(HELLO)
            self._greeted = True
            while True:
                kind = await stream.readexactly(1)
                size = int.from_bytes(await stream.readexactly(4), "big")
                if size > LARGEST:
                    break
                data = await stream.readexactly(size)
                if kind == b"D":
                    yield data
                elif kind == b"M":
                    yield json.loads(data)

    async def type(self, text: str) -> None:
        """What was typed or pasted on the page, or done with the mouse."""
        await self._send(b"D", text.encode("utf-8", "replace"))

    async def tell(self, **what: Any) -> None:
        """Something that happened to the page."""
        await self._send(b"M", json.dumps(what).encode())

    async def _send(self, kind: bytes, data: bytes) -> None:
        packet = kind + len(data).to_bytes(4, "big") + data
        if self._process is None:
            self._early += packet if len(self._early) + len(packet) <= EARLY else b""
            return
        assert self._process.stdin is not None
        with suppress(OSError, RuntimeError):  # it has ended
            self._process.stdin.write(packet)
            await self._process.stdin.drain()

    def offer(self, told: Mapping[str, Any]) -> str:
        """Take on the file that the process has put into the folder; its key, "" for none."""
        key = str(told.get("key"))
        path = self.folder / "downloads" / key
        if not KEY.fullmatch(key) or not path.is_file():
            return ""
        while len(self.downloads) >= MOST_DOWNLOADS:
            oldest = next(iter(self.downloads))
            self.downloads.pop(oldest).path.unlink(missing_ok=True)
        name = Path(str(told.get("path"))).name
        self.downloads[key] = Download(path, name, str(told.get("mime_type") or ""))
        return key

    @property
    def status(self) -> int | None:
        """What the process has ended with; None as long as it goes on."""
        return self._process.returncode if self._process is not None else None

    @property
    def trouble(self) -> str:
        """What the process said on standard error, the end of it."""
        return self._said.decode("utf-8", "replace").strip()

    async def _listen(self, process: Process) -> None:
        assert process.stderr is not None
        while data := await process.stderr.read(4096):
            self._said = (self._said + data)[-TAIL:]

    async def close(self) -> None:
        """End the process, all that it began, and the folder. A second call waits for the first."""
        if self._end is None:
            self.closing = True
            self._end = asyncio.ensure_future(self._close())
        await asyncio.shield(self._end)

    async def _close(self) -> None:
        async with self._starting:
            process = self._process
        if process is not None:
            assert process.stdin is not None
            process.stdin.close()  # it ends by itself, as when the server is killed
            if not self._greeted:  # it hears nothing yet
                with suppress(ProcessLookupError):
                    process.terminate()
            await _ended(process)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # what is left, or all if it hangs
            await _ended(process)
        if self._errors is not None:
            # Its runs have other groups, and keepers, who end them now.
            await asyncio.wait([self._errors], timeout=LINGERS)
            self._errors.cancel()
        if process is not None:
            process._transport.close()  # type: ignore[attr-defined]  # whoever still holds its pipes
        if self.folder.name:
            await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)


async def _ended(process: Process) -> None:
    """Its own end: `wait` would wait for all who hold its pipes, such as a fork server that is
    importing and hears nothing."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while process.returncode is None:
                await asyncio.sleep(LOOK)
