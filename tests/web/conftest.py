"""`dlplay serve` in a process of its own, and what is there of it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import uuid
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from dlplay.web import VISIT
from tests.cli.conftest import hears_ctrl_c
from tests.conftest import FAULTS, wait_for


class Served:
    """A server, and every process that descends from it: each has a mark in its environment."""

    def __init__(self, folder, *words):
        self.folder = folder
        self._mark = uuid.uuid4().hex
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dlplay", "serve", "--port", "0", *words],
            cwd=folder,
            env={**os.environ, "DLPLAY_MARK": self._mark, "DLPLAY_SCENES": str(FAULTS)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=hears_ctrl_c,
        )
        line = self.process.stdout.readline()
        assert "http://" in line, self.process.stderr.read()
        self.url = re.search(r"http://[\w.:]+", line)[0]

    def processes(self):
        """The environments of those that go on, by their numbers."""
        found = {}
        for each in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                text = (each / "environ").read_bytes().decode(errors="replace")
                if f"DLPLAY_MARK={self._mark}" in text:
                    found[int(each.name)] = dict(
                        line.split("=", 1) for line in text.split("\0") if "=" in line
                    )
        return found

    def visits(self):
        """The folders of visitors that are there."""
        return sorted(Path(home) for home in self.owners() if Path(home).is_dir())

    def owners(self):
        """The visitors' folders for which there are processes."""
        return {each[VISIT] for each in self.processes().values() if VISIT in each}

    def end(self, number=signal.SIGTERM):
        """End the server; all processes are gone. What it said, and its status."""
        self.process.send_signal(number)
        said = self.process.communicate(timeout=60)
        wait_for(lambda: not self.processes(), "the end of all processes", 60)
        return (*said, self.process.returncode)


@pytest.fixture
def serve(tmp_path):
    started = []

    def begin(*words):
        started.append(Served(tmp_path, *words))
        return started[-1]

    yield begin
    for served in started:
        if served.process.poll() is None:
            served.process.kill()
        served.process.communicate()


class Page:
    """A page without a browser: the socket, and what was drawn."""

    def __init__(self, socket):
        self._socket = socket
        self.drawn = b""
        self.offered = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self):
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                self.drawn += message.data
            else:
                self.offered.append(json.loads(message.data))

    @property
    def text(self):
        """What was written, without colours and places."""
        return re.sub(rb"\x1b\[[0-9;?<]*[a-zA-Z]|\x1b\].*?\x07", b"", self.drawn).decode()

    async def press(self, keys):
        await self._socket.send_json(["stdin", keys])

    async def sees(self, *words):
        for word in words:
            async with asyncio.timeout(120):
                while word not in self.text:
                    assert not self._socket.closed, self.text
                    await asyncio.sleep(0.05)

    async def close(self):
        await self._socket.close()
        await self._reading


@pytest.fixture
async def visit():
    """Opens a page of a server."""
    async with aiohttp.ClientSession() as session:

        async def open(served, size="width=100&height=30"):
            headers = {"Origin": served.url}
            return Page(await session.ws_connect(f"{served.url}/ws?{size}", headers=headers))

        open.session = session
        yield open
