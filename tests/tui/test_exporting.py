"""The key that exports the run that is shown."""

from __future__ import annotations

import multiprocessing as mp
import os

import pytest
from textual.widgets import OptionList, Static

from dlplay.course.progress import Progress
from dlplay.draw import Look
from dlplay.engine.recordings.library import Library
from dlplay.engine.recordings.replay import load
from dlplay.export import FORMATS
from dlplay.tui.app import DlplayApp
from dlplay.tui.model import exporting as exporting_model
from dlplay.tui.model.exporting import NEEDED, Followed, chosen, offers
from dlplay.tui.screens.browser import Browser
from dlplay.tui.widgets.dialogs import ChoiceDialog
from tests.tui.conftest import status, until


@pytest.fixture
def app(launcher, faults, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = {"card": faults.find("faults/fine")}
    library = Library(tmp_path / "runs")
    return DlplayApp(faults, launcher, Look(), Progress(tmp_path / "p.json"), first, library)


async def test_the_run_and_its_panels_are_exported(app, tmp_path):
    async with app.run_test(size=(120, 40)) as pilot:
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        await until(pilot, lambda: session.moment.recorder is None, "the end of the recording")
        stem = session.recording.stem
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.screen, ChoiceDialog), "the question")
        await pilot.press("down", "down", "down", "enter")
        await until(pilot, (tmp_path / f"{stem}.csv").is_file, "the table")
        assert "the loss" in (tmp_path / f"{stem}.csv").read_text()
        await pilot.press("E", "up", "enter")  # from the first line up to the last
        await until(pilot, (tmp_path / f"{stem}-loss.svg").is_file, "the panel")
        await pilot.press("E", "down", "down", "down", "enter")
        await until(pilot, (tmp_path / f"{stem}-2.csv").is_file, "another file, not the same")
        await pilot.press("E", "escape")
        assert not isinstance(app.screen, ChoiceDialog)


async def test_what_cannot_be_exported_is_told(app, tmp_path):
    async with app.run_test(size=(120, 40)) as pilot:
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        await until(pilot, lambda: session.moment.recorder is None, "the end of the recording")
        session.recording.write_bytes(b"no recording")
        await pilot.press("E", "enter")
        await until(pilot, lambda: any("exported" in n.title for n in app._notifications), "a word")
        assert not list(tmp_path.glob("*.svg"))


async def exporting(pilot, app, *keys):
    """The run is done, and its recording is a pipe that nobody writes to: no export of it ends."""
    session = app.screen.session
    await until(pilot, lambda: session.state == "done", "the end")
    await until(pilot, lambda: session.moment.recorder is None, "the end of the recording")
    session.recording.unlink()
    os.mkfifo(session.recording)
    await pilot.press("E", *keys, "enter")
    await until(pilot, lambda: app.exports.told and mp.active_children(), "the writing")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
async def test_whoever_leaves_while_something_is_written_is_told_once_and_does_not_wait(
    app, tmp_path
):
    async with app.run_test(size=(120, 40)) as pilot:
        await exporting(pilot, app)
        app.screen.line.say("", -1)
        for _ in range(2):
            app.screen.line.tick()
            app.screen.line.show()
        assert "writing svg ..." in status(app)  # until it is written
        await pilot.press("E", "down", "enter")
        await until(pilot, lambda: "1 more" in app.exports.told, "the second export")
        await pilot.press("ctrl+q")
        assert "svg is still being written; once more leaves without it" in status(app)
        assert app.is_running
        await pilot.press("E", "ctrl+q")  # over a dialog, too
        await until(pilot, lambda: not app.is_running, "the end of the interface")
    assert not mp.active_children()
    assert not [*tmp_path.glob("*svg*")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
async def test_an_export_whose_process_is_killed_is_told(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await exporting(pilot, app, "down", "down", "down")
        (process,) = mp.active_children()
        process.kill()
        await until(pilot, lambda: app._notifications, "a word")
        (said,) = app._notifications
        assert said.message == "the process that writes the csv has ended"
        assert not app.exports.told


async def test_an_export_goes_on_where_its_stage_is_left(app, tmp_path):
    async with app.run_test(size=(120, 40)) as pilot:
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        await until(pilot, lambda: session.moment.recorder is None, "the end of the recording")
        await pilot.press("E", "down", "down", "down", "enter", "q")
        assert isinstance(app.screen, Browser)
        top = app.screen.query_one("#top", Static)
        await until(pilot, lambda: "exported: " in top.content.plain, "a word")
        assert [*tmp_path.glob("*.csv")]


def received(pipe):
    """What is next in it; None at its end."""
    try:
        return pipe.recv()
    except EOFError:
        return None


async def test_how_far_it_is_can_be_seen(app, tmp_path):
    async with app.run_test(size=(120, 40)) as pilot:
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        await until(pilot, lambda: session.moment.recorder is None, "the end of the recording")
        here, there = mp.get_context("spawn").Pipe(duplex=False)
        followed = Followed(load(session.recording), session.card, there)
        batches = len([*followed])
        there.close()
        shares = []
        while here.poll(0) and (share := received(here)):
            shares.append(share)
        assert batches
        assert shares == sorted(set(shares))
        assert shares[-1] == 1


async def test_what_is_offered_is_text_and_fits(app, monkeypatch):
    monkeypatch.setitem(exporting_model.NEEDED, "tensorboard", "no_such_module")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(
            pilot,
            lambda: app.screen.session.recording and app.screen.session.history.started,
            "a run",
        )
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.screen, ChoiceDialog), "the question")
        await pilot.pause()
        choices = app.screen.query_one(OptionList)
        lines = [choices.render_line(y).text.strip() for y in range(choices.option_count)]
        assert lines == app.screen.options
        assert [line.split()[0] for line in lines if "needs" in line] == ["tensorboard"]


async def test_before_a_run_there_is_nothing_to_export(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press("E")
        assert not isinstance(app.screen, ChoiceDialog)


def test_what_a_format_needs_is_known():
    assert {name for name, format in FORMATS.items() if "needs" in format.meaning} == {*NEEDED}


def test_every_format_is_offered():
    assert [chosen(line).format for line in offers(None)] == list(FORMATS)
    wish = chosen(offers("next character")[-1])
    assert (wish.format, wish.panel) == ("svg", "next character")
