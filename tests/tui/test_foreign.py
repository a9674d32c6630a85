"""Every screen, page, dialog and notice with texts that Textual or a terminal would obey."""

from __future__ import annotations

import pytest
from textual.geometry import Size

from dlplay.course.catalog import Catalog
from dlplay.course.progress import Progress
from dlplay.draw import Look
from dlplay.engine.recordings.library import Library
from dlplay.tui.app import DlplayApp, replayed
from dlplay.tui.screens.browser import Browser
from dlplay.tui.screens.stage import StageScreen
from dlplay.tui.sweeps.dialog import SweepDialog
from dlplay.tui.widgets.dialogs import ChoiceDialog, Help, ValueDialog
from tests import hostile
from tests.hostile import EVIL, HALF, MARKUP
from tests.tui.conftest import until

TYPED = EVIL.replace("\r", "").replace("\0", "")
SIZES = [(80, 24), (200, 60)]


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    return hostile.course(tmp_path_factory.mktemp("evil") / "d[" / "x]")


def seen(app):
    """The characters on the screen, as they go to the terminal."""
    width, height = app.size
    strips = app.screen._compositor.render_strips(Size(width, height))
    return "\n".join(strip.text for strip in strips)


async def harmless(pilot, app):
    """Nothing of what is on the screen would be obeyed, and every line fits."""
    await pilot.pause()
    text = seen(app)
    assert hostile.obeyed(text) == []
    for strip in app.screen._compositor.render_strips(app.size):
        assert sum(segment.cell_length for segment in strip) == app.size.width
    assert app.return_code in (None, 0)
    assert app._exception is None
    return text


def started(evil, launcher, tmp_path, name=None, look=None, **given):
    catalog = Catalog([evil])
    first = None if name is None else {"card": catalog.find(name), **given}
    library = Library(tmp_path / "runs")
    progress = Progress(tmp_path / "progress.json")
    return DlplayApp(catalog, launcher, look or Look(), progress, first, library)


@pytest.mark.parametrize("size", SIZES)
async def test_the_browser(evil, launcher, tmp_path, size):
    app = started(evil, launcher, tmp_path)
    async with app.run_test(size=size) as pilot:
        await harmless(pilot, app)
        for _ in range(5):
            await pilot.press("down")
            await until(pilot, lambda: app.screen._reading is not None)
            app.screen.read()
            await harmless(pilot, app)
        app.screen.query_one("#filter").value = MARKUP
        await pilot.pause()
        assert MARKUP[:8] in await harmless(pilot, app)
        app.screen.query_one("#filter").value = TYPED + HALF
        await pilot.pause()
        app.screen.read()
        await harmless(pilot, app)
        app.screen.query_one("#filter").value = "evil"
        await pilot.pause()
        await harmless(pilot, app)
        await pilot.press("escape")
        app.screen.select("evil/broken")
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: "cannot be read" in seen(app), "the page of the scene")
        await harmless(pilot, app)
        assert isinstance(app.screen, Browser)
        await pilot.press("ctrl+p")
        await pilot.press(*"evil")
        await pilot.pause()
        await harmless(pilot, app)


@pytest.mark.parametrize("size", SIZES)
async def test_the_stage(evil, launcher, tmp_path, size):
    app = started(evil, launcher, tmp_path, "evil/hostile", settings={"words": EVIL, "fails": True})
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        session = app.screen.session
        await until(pilot, lambda: session.history.finished is not None, "the end")
        assert "ValueError" in session.history.finished.message
        await pilot.pause()
        for keys in ("i", "i", "c", "c", "s", "s", "o", "o", "z", "tab", "z", "J", "K", "p", "v"):
            await pilot.press(keys)
            await harmless(pilot, app)
        await pilot.press("v", "V")
        await harmless(pilot, app)
        await pilot.press("V", "t")
        await harmless(pilot, app)
        await pilot.press("s")
        await until(pilot, lambda: app.screen.tries.tries.state == "told", "the answer")
        await harmless(pilot, app)
        await pilot.press("enter", "y")
        await harmless(pilot, app)
        for _ in range(7):
            await pilot.press("down")
            await harmless(pilot, app)
        await pilot.press("less_than_sign")
        await harmless(pilot, app)
        session.close()


@pytest.mark.parametrize("size", SIZES)
async def test_the_dialogs(evil, launcher, tmp_path, size):
    app = started(evil, launcher, tmp_path, "evil/hostile", start=False)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press("question_mark")
        assert isinstance(app.screen, Help)
        await harmless(pilot, app)
        await pilot.press("escape", "enter")
        assert isinstance(app.screen, ValueDialog)
        app.screen.query_one("Input").value = TYPED
        await harmless(pilot, app)
        await pilot.press("enter")
        await harmless(pilot, app)
        await until(pilot, lambda: isinstance(app.screen, StageScreen), "the stage")
        assert app.screen.session.values["words"] == TYPED
        await pilot.press("y")
        await harmless(pilot, app)
        await pilot.press("down", "enter")
        assert isinstance(app.screen, ChoiceDialog)
        await harmless(pilot, app)
        await pilot.press("escape", "down", "enter")
        app.screen.query_one("Input").value = TYPED
        await pilot.press("enter")
        assert isinstance(app.screen, ValueDialog), "no number"
        await harmless(pilot, app)
        await pilot.press("escape", "S")
        await until(pilot, lambda: isinstance(app.screen, SweepDialog), "the dialog")
        await harmless(pilot, app)
        app.screen.query_one("#values").value = TYPED
        await harmless(pilot, app)
        await pilot.press("escape", "E")
        await harmless(pilot, app)


async def test_a_sweep(evil, launcher, tmp_path):
    app = started(evil, launcher, tmp_path, "evil/hostile", start=False)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, SweepDialog), "the dialog")
        app.screen.query_one("#jobs").value = "2"
        await pilot.press("enter")
        await until(pilot, lambda: app.sweep is not None and not app.sweep.active, "its end")
        for key in ("m", "c", "j", "y", "tab"):
            await pilot.press(key)
            await harmless(pilot, app)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scene", ["evil/hostile", EVIL], ids=["here", "gone"])
async def test_a_recording_of_a_stranger(evil, launcher, tmp_path, size, scene):
    path = hostile.recording(tmp_path / "a[x].dlplay", scene)
    catalog = Catalog([evil])
    app = DlplayApp(
        catalog, launcher, Look(), Progress(tmp_path / "p.json"), replayed(catalog, path),
        Library(tmp_path / "runs"),
    )  # fmt: skip
    async with app.run_test(size=size) as pilot:
        for key in ("i", "i", "c", "c", "s", "s", "o", "o", "z", "z", "J", "p", "v", "v", "y", "E"):
            await pilot.press(key)
            await harmless(pilot, app)


async def test_notices_and_messages_are_text(evil, launcher, tmp_path):
    app = started(evil, launcher, tmp_path, "evil/hostile", start=False)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        for text in (MARKUP, EVIL, EVIL + HALF, "x" * 100_000, ""):
            app.notify(text, title=text)
            app.screen.notify(text, title=text, severity="error")
            app.screen.query_one("#status").notify(text)
            app.screen.note(text)
            await harmless(pilot, app)
        app.clear_notifications()
        app.notify(MARKUP)
        await pilot.pause()
        assert "[/x] [red]r[/red]" in seen(app)
        assert "\x1b" not in app.picture()


async def test_colours_in_the_log_are_colours(evil, launcher, tmp_path):
    from dlplay.wire import events

    app = started(evil, launcher, tmp_path, "evil/hostile", start=False)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        said = ["\x1b[31mred\x1b[0m plain [/x]", " 1%|a\r 99%|b\r100%|c", "", "a\x1b[2Jb\tc"]
        app.screen.session.history.feed([events.Logged(text=text) for text in said])
        await pilot.press("o")
        await until(pilot, lambda: "red plain [/x]" in seen(app), "the line")
        text = await harmless(pilot, app)
        assert "100%|c" in text
        assert "99%" not in text
        assert "a␛[2Jb" in text
        strips = app.screen._compositor.render_strips(app.size)
        colours = {s.text: s.style.color for strip in strips for s in strip if s.style}
        assert colours["red"] != colours[" plain [/x]"]
