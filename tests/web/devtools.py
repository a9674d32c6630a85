"""A browser without a window, driven through its DevTools protocol. No more than the tests ask."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
import shutil
import time
from contextlib import asynccontextmanager

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # for root
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
    "--force-device-scale-factor=1",
)


class Browser:
    """One page of a browser."""

    def __init__(self, socket):
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers = {}
        self.fetched = []  # the addresses that it asked for
        self.complaints = []
        self._hearing = asyncio.create_task(self._hear())

    async def _hear(self):
        async for message in self._socket:
            said = json.loads(message.data)
            what = said.get("params", {})
            if "id" in said:
                self._answers.pop(said["id"]).set_result(said)
            elif said["method"] == "Network.requestWillBeSent":
                self.fetched.append(what["request"]["url"])
            elif said["method"] == "Network.webSocketCreated":
                self.fetched.append(what["url"])
            elif said["method"] == "Log.entryAdded":
                self.complaints.append(what["entry"]["text"])
            elif said["method"] == "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(what["exceptionDetails"]))

    async def call(self, method, **parameters):
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        said = await answer
        assert "error" not in said, said
        return said["result"]

    async def value(self, expression):
        """What an expression of JavaScript is."""
        said = await self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        return said["result"].get("value")

    async def open(self, url, downloads, width=1280, height=720):
        await self.call("Page.enable")
        await self.call("Network.enable")
        await self.call("Log.enable")
        await self.call("Runtime.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.call("Emulation.setDeviceMetricsOverride", **size)
        await self.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
        await self.call("Page.navigate", url=url)

    async def press(self, text, key="", code=0, modifiers=0):
        """Press a key: the text that it writes, or what it is called with its old number."""
        what = {"key": key or text, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **what)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **what)

    async def picture(self, path):
        made = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(made["data"]))
        return path


@asynccontextmanager
async def browser(folder):
    """A browser with a page in it; it is gone afterwards."""
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *FLAGS,
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        line = b""
        while b"DevTools listening" not in line:
            line = await process.stderr.readline()
            assert line, "the browser ended"
        port = re.search(rb"127\.0\.0\.1:(\d+)", line)[1].decode()
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json") as said:
                pages = [each for each in await said.json() if each["type"] == "page"]
            url = pages[0]["webSocketDebuggerUrl"]
            async with session.ws_connect(url, max_msg_size=0) as socket:
                yield Browser(socket)
    finally:
        process.terminate()
        await process.wait()


async def until(condition, what="it", seconds=300):
    """Wait until it is so; what it is."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        await asyncio.sleep(0.05)
