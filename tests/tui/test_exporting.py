"""The key that exports the run that is shown."""

from __future__ import annotations

import pytest
from textual.widgets import OptionList

from dlplay.course.progress import Progress
from dlplay.draw import Look
from dlplay.engine.recordings.library import Library
from dlplay.export import FORMATS
from dlplay.tui.app import DlplayApp
from dlplay.tui.model.exporting import chosen, offers
from dlplay.tui.widgets.dialogs import ChoiceDialog
from tests.tui.conftest import until


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


async def test_what_is_offered_is_text_and_fits(app):
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
        assert any("dlplay[tensorboard]" in line for line in lines)


async def test_before_a_run_there_is_nothing_to_export(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press("E")
        assert not isinstance(app.screen, ChoiceDialog)


def test_every_format_is_offered():
    assert [chosen(line).format for line in offers(None)] == list(FORMATS)
    wish = chosen(offers("next character")[-1])
    assert (wish.format, wish.panel) == ("svg", "next character")
