"""The interface in a browser: what is made is downloaded, and there is no editor."""

from __future__ import annotations

import os
import zipfile

import pytest
from textual.drivers.headless_driver import HeadlessDriver

from dlplay.course.progress import Progress
from dlplay.draw import Look
from dlplay.engine.pool import cores
from dlplay.engine.recordings.library import Library
from dlplay.export import FORMATS
from dlplay.tui.actions import NO_EDITOR
from dlplay.tui.app import DlplayApp
from dlplay.tui.model.exporting import packed
from dlplay.tui.served import BrowserDriver
from dlplay.tui.sweeps.dialog import Mistyped, planned
from dlplay.tui.sweeps.model import Wish
from dlplay.tui.widgets.dialogs import Help
from dlplay.web import DRIVER, VISIT
from tests.tui.conftest import until


@pytest.fixture
def offered(tmp_path, monkeypatch):
    """What the page is told to download; the app believes that it is seen in a browser."""
    told = []
    (tmp_path / "visit" / "downloads").mkdir(parents=True)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv(VISIT, str(tmp_path / "visit"))
    monkeypatch.setattr(DlplayApp, "is_web", True)
    monkeypatch.setattr(HeadlessDriver, "deliver_binary", BrowserDriver.deliver_binary)
    monkeypatch.setattr(HeadlessDriver, "write_meta", lambda _, what: told.append(what), False)
    return told


@pytest.fixture
def app(launcher, faults, tmp_path, offered):
    first = {"card": faults.find("faults/fine")}
    library = Library(tmp_path / "runs")
    return DlplayApp(faults, launcher, Look(), Progress(tmp_path / "p.json"), first, library)


@pytest.mark.parametrize(
    "formats",
    [("csv", "tensorboard"), pytest.param(tuple(FORMATS), marks=pytest.mark.full)],
    ids=["some", "all"],
)
async def test_pictures_and_exports_are_downloaded(app, tmp_path, offered, formats):
    place = tmp_path / "visit" / "downloads"
    async with app.run_test(size=(120, 40)) as pilot:
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        await until(pilot, lambda: session.moment.recorder is None, "the end of the recording")
        await pilot.press("f12")
        for count, format in enumerate(map(FORMATS.get, formats), start=1):
            await pilot.press("E", *["down"] * list(FORMATS).index(format.name), "enter")
            await until(pilot, lambda: len(offered) > count, format.name)  # noqa: B023
            name = offered[-1]["path"]
            ending = "tensorboard.zip" if format.file else format.suffix or format.name
            assert name == f"{session.recording.stem}.{ending}"
        assert "your downloads" in app.screen.line.render().plain
        names = {told["path"]: place / told["key"] for told in offered}
        assert len(names) == len(formats) + 1
        assert all(told["type"] == "deliver_file_start" for told in offered)
        assert all(path.stat().st_size for path in names.values())
        assert "</svg>" in next(iter(names.values())).read_text(encoding="utf-8")
        with zipfile.ZipFile(names[f"{session.recording.stem}.tensorboard.zip"]) as packet:
            assert any("tfevents" in name for name in packet.namelist())
    assert not os.listdir(tmp_path / "here")


async def test_there_is_no_editor_and_it_is_said(app, offered, monkeypatch):
    monkeypatch.setattr("dlplay.tui.screens.full.edit", lambda *_: pytest.fail("it is opened"))
    async with app.run_test(size=(120, 40)) as pilot:
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        await pilot.press("e")
        assert NO_EDITOR in app.screen.line.render().plain
        assert session.state == "done"
        await pilot.press("question_mark")
        assert isinstance(app.screen, Help)
        rows = [str(cell) for cell in app.screen.table().columns[1].cells]
        assert NO_EDITOR.capitalize() in rows
        await pilot.press("escape", "q")
        await pilot.press("e")
        assert NO_EDITOR in str(app.screen.query_one("#top").render())


async def test_what_cannot_be_put_there_is_told(app, tmp_path, offered):
    async with app.run_test(size=(120, 40)) as pilot:
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        await until(pilot, lambda: session.moment.recorder is None, "the end of the recording")
        (tmp_path / "visit" / "downloads").rmdir()
        for keys, what in ((("f12",), "a picture"), (("E", *("down",) * 3, "enter"), "an export")):
            await pilot.press(*keys)
            await until(pilot, lambda: len(app._notifications) == 1, f"what is said of {what}")
            app.clear_notifications()
        assert not offered


async def test_what_is_copied_is_shown_as_a_browser_may_refuse(app, offered):
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("y")
        said = "copied, if your browser lets us: dlplay open faults/fine"
        assert said in app.screen.line.render().plain


def test_a_sweep_takes_no_more_than_there_is(faults, monkeypatch):
    card = faults.find("faults/fine")
    words = (Wish(card), card.parameters["learning_rate"], "0.1, 0.2", "1", str(cores() + 1))
    assert planned(*words).jobs == cores() + 1
    monkeypatch.setenv("TEXTUAL_DRIVER", DRIVER)
    with pytest.raises(Mistyped, match=f"{cores()} at most") as told:
        planned(*words)
    assert told.value.field == "#jobs"


def test_a_file_is_left_as_it_is(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text("x")
    assert packed(path) == path
