"""`dlplay serve` as visitors have it: dlplay itself behind it, over the socket and in a browser."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from pathlib import Path

import pytest
from PIL import Image

from dlplay.web.site import FULL, LONGEST
from tests.conftest import wait_for
from tests.web.devtools import CHROMIUM, browser, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


# What the page says at each change: until something is drawn, that dlplay begins.
LOOKS = """
window.looks = [];
addEventListener("DOMContentLoaded", () => new MutationObserver(() => looks.push(
  (document.body.matches(".-first-byte") ? "prepared, " : "") +
  (getComputedStyle(begins).display === "none" ? "" : "begins")
)).observe(document.body, { attributes: true }));
"""


async def test_a_page_has_colours_downloads_and_no_editor_and_ends_with_its_server(serve, visit):
    served = serve("faults/fine", "learning_rate=0.2")
    page = await visit(served)
    await page.sees("A scene that behaves", "done")
    assert page.drawn.count(b"38;2;") > 50
    (home,) = served.visits()
    assert [*home.glob("xdg_data_home/dlplay/runs/*.dlplay")]
    await page.press("e")
    await page.sees("no editor in a browser")
    await page.press("\x1a")  # ctrl+z
    await page.press("y")
    await page.sees("copied, if your browser lets us: dlplay open faults/fine learning_rate=0.2")
    assert b"\x1b]52;c;" in page.drawn
    await page.press("\x1b[24~")  # f12
    (_, key), *_ = await until(lambda: page.offered, "the picture")
    async with visit.session.get(f"{served.url}/download/{key}") as said:
        assert "A&#160;scene&#160;that&#160;behaves" in await said.text()
        assert said.headers["Content-Type"] == "image/svg+xml"
    assert not [*served.folder.iterdir()]
    served.end(signal.SIGKILL)
    wait_for(lambda: not home.exists(), "the end of what the visitor did", 60)


@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
async def test_visitors_share_nothing_and_leave_nothing(serve, visit, number):
    served = serve("faults/endless", "--most", "2")
    one, two = await visit(served), await visit(served)
    await one.sees("running")
    await two.sees("running")
    homes = served.visits()
    assert len(homes) == 2
    for home in homes:
        assert len([*home.glob("xdg_data_home/dlplay/runs/*.dlplay")]) == 1
    data = Path(os.environ["XDG_DATA_HOME"]) / "dlplay"
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*")} if data.exists() else {}
    await one.close()
    wait_for(lambda: len(served.owners()) == 1, "the end of all processes of the first", 60)
    assert [*map(str, served.visits())] == [*served.owners()]
    said, complaints, status = served.end(number)
    assert (said, complaints, status) == ("", "", 0)
    assert not any(home.exists() for home in homes)
    after = {path: path.stat().st_mtime_ns for path in data.rglob("*")} if data.exists() else {}
    assert after == before


@pytest.mark.full
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
async def test_a_browser_shows_it_and_saves_what_is_exported(serve, tmp_path):
    served = serve("faults/fine", "--most", "1")
    saved, profile = tmp_path / "saved", tmp_path / "profile"
    saved.mkdir()
    async with browser(profile) as page:
        await page.call("Page.enable")
        await page.call("Page.addScriptToEvaluateOnNewDocument", source=LOOKS)
        await page.open(served.url, saved)
        await until(lambda: page.value("document.body.matches('.-drawn')"), "a page", 60)
        assert await page.value("window.looks.includes('prepared, begins')")
        assert await page.value("getComputedStyle(begins).display") == "none"
        (home,) = await until(served.visits, "a visitor", 60)
        runs = home / "xdg_data_home" / "dlplay" / "runs"
        await until(lambda: [*runs.glob("*.dlplay")], "a run", 60)
        path = tmp_path / "page.png"

        async def colourful():
            with Image.open(await page.picture(path)) as picture:
                colors = picture.convert("RGB").getcolors(1 << 24)
            return len({color for count, color in colors if count > 20}) > 20

        await until(colourful, "colours", 60)
        await page.value("navigator.clipboard.writeText = async (text) => { window.copied = text }")
        await page.press("y")
        await until(lambda: page.value("window.copied"), "a copy", 60)
        assert await page.value("window.copied") == "dlplay open faults/fine --seed 0"
        await page.press("E")
        for _ in range(7):
            await page.press("", "ArrowDown", 40)
        await page.press("\r", "Enter", 13)
        await until(lambda: [*saved.glob("*.zip")], "the event file of TensorBoard", 60)
        await page.press("", "F12", 123)
        await until(lambda: [*saved.glob("dlplay-*.svg")], "the picture", 60)
        await page.picture(tmp_path / "saved.png")
        own = re.compile(rf"(http|ws){re.escape(served.url.removeprefix('http'))}[/?]")
        assert all(map(own.match, page.fetched)), page.fetched
        assert not [said for said in page.complaints if "WebGL" not in said]
        async with browser(tmp_path / "other") as late:
            await late.open(served.url, saved)
            await until(lambda: late.value("document.body.matches('.-closed')"), "a refusal", 60)
            assert await late.value("document.getElementById('said').textContent") == FULL
    wait_for(lambda: not served.visits(), "the end of the visit", 60)
    served.end()
    shutil.rmtree(profile, ignore_errors=True)


@pytest.mark.full
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
async def test_a_page_refuses_a_paste_suits_a_phone_and_keeps_its_picture(serve, tmp_path):
    served = serve("faults/fine")
    async with browser(tmp_path / "profile") as page:
        await page.open(served.url, tmp_path, 390, 800)
        (home,) = await until(served.visits, "a visitor", 60)
        runs = home / "xdg_data_home" / "dlplay" / "runs"
        await until(lambda: [*runs.glob("*.dlplay")], "a run, and so a page that is large enough")
        columns = "document.querySelector('.xterm-screen').clientWidth / 10 > 36"
        assert await page.value(columns)
        assert await page.value("document.getElementById('terminal').dataset.fontSize") == "10"
        await page.press("\r", "Enter", 13)  # a value is typed
        await page.call("Input.insertText", text="x" * LONGEST)
        told = "document.body.matches('.-told') && document.getElementById('told').textContent"
        said = await until(lambda: page.value(told), "a word", 60)
        assert said == "Not pasted: it has 257 KB, and 256 KB is the most at once."
        await page.picture(tmp_path / "refused.png")
        await page.press("", "Escape", 27)
        await page.press("", "F12", 123)
        await until(lambda: [*tmp_path.glob("dlplay-*.svg")], "a picture: the visit goes on", 60)
        served.end(signal.SIGKILL)
        await until(lambda: page.value("document.body.matches('.-closed')"), "the end", 60)
        await page.press("\r", "Enter", 13)
        said = "document.getElementById('said').textContent.startsWith('The server cannot be')"
        await until(lambda: page.value(said), "a word, in place of the browser's own page", 60)
        assert await page.value("document.body.matches('.-drawn')")
        await page.picture(tmp_path / "gone.png")
    shutil.rmtree(tmp_path / "profile", ignore_errors=True)
