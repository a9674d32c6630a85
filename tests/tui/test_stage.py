"""Runs on the stage: begun, stopped, edited, failed; and what is said and saved of them."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from textual.widgets import Static

from dlplay.course.catalog import Catalog
from dlplay.course.progress import Progress
from dlplay.draw import Look
from dlplay.tui.actions import STAGE
from dlplay.tui.app import DlplayApp
from dlplay.tui.screens.browser import Browser
from dlplay.tui.widgets.dialogs import Help
from tests.conftest import FAULTS
from tests.tui.conftest import LONG, at_rest, status, until, visible


async def test_a_run_fills_its_panels_and_claims(open_app):
    async with open_app("fine") as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        await until(pilot, lambda: all(v.content for v in app.screen.panels.views), "the panels")
        assert visible(app) == ["loss", "weights", "valley", "words"]
        await until(pilot, lambda: "done" in status(app), "the status")
        claims = app.screen.query_one("#claim-lines", Static).content.plain
        assert claims.startswith("✓")
        assert "< 0.001" in claims
        assert app.progress.mark("faults/fine") == "held"


async def test_space_starts_pauses_and_goes_on(open_app):
    async with open_app("fine", LONG, start=False) as (app, pilot):
        session = app.screen.session
        assert session.state == "ready"
        assert "space starts" in status(app)
        await pilot.press("space")
        await until(pilot, lambda: session.state == "running" and session.history.tick > 10)
        await pilot.press("space")
        await until(pilot, lambda: session.state == "paused", "the pause")
        await pilot.press("space")
        tick = session.history.tick
        await until(pilot, lambda: session.history.tick > tick + 10, "going on")


async def test_full_stop_takes_one_step(open_app):
    async with open_app("fine", LONG, start=False) as (app, pilot):
        session = app.screen.session
        await pilot.press("full_stop")
        await until(
            pilot, lambda: session.history.progress and session.history.progress.step == 1, "step 1"
        )
        assert session.state == "paused"
        await pilot.press("full_stop")
        await until(pilot, lambda: session.history.progress.step == 2, "step 2")


async def test_a_claim_of_a_stopped_run_has_not_failed_yet(open_app):
    # Steps of one to and fro, however many: the loss stays where it is
    async with open_app("fine", LONG | {"learning_rate": 1.0, "rule": "signed"}) as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.history.claims, "a measure")
        await pilot.press("x")
        await until(pilot, lambda: session.state == "stopped", "the stop")
        assert not session.history.claims[0].holds
        await pilot.pause()
        shown = app.screen.query_one("#claim-lines", Static).content.plain
        assert "…" in shown
        assert "✗" not in shown


async def test_x_stops_r_begins_again_n_takes_another_seed(open_app):
    async with open_app("fine", LONG) as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.history.tick > 10, "the run")
        await pilot.press("x")
        await until(pilot, lambda: session.state == "stopped", "the stop")
        runs = session.runs
        await pilot.press("r")
        assert session.runs == runs + 1
        await until(pilot, lambda: session.history.tick > 10, "the second run")
        await pilot.press("n")
        assert session.seed != 0
        await until(pilot, lambda: session.history.started is not None, "the third run")
        assert session.history.started.seed == session.seed


async def test_the_address_is_copied(open_app):
    async with open_app("fine", {"learning_rate": 0.2}, seed=4, start=False) as (app, pilot):
        await pilot.press("y")
        line = "dlplay open faults/fine learning_rate=0.2 --seed 4"
        assert app.clipboard == f"{line} --scenes {FAULTS}"
        assert "copied: dlplay open faults/fine" in status(app)
        assert not app._notifications


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_ctrl_c_says_how_to_leave_in_our_own_line(open_app, size):
    async with open_app("fine", start=False, size=size) as (app, pilot):
        await pilot.press("ctrl+c")
        assert " · ctrl+q leaves dlplay" in status(app)
        await pilot.press("q", "ctrl+c")
        assert "ctrl+q leaves" in app.screen.query_one("#top", Static).content.plain
        assert not app._notifications


async def test_what_a_key_did_is_read_before_what_happened_by_itself(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        app.screen.line.say("what the key did", ticks=1_000_000)
        app.screen.session.start()
        await at_rest(pilot)
        assert "what the key did" in status(app)
        app.screen.line.say("what another did", ticks=1)
        await until(pilot, lambda: "N: Draws" in status(app), "the next scene")


@pytest.fixture
def editor(monkeypatch, tmp_path):
    """Sets what the editor does to the file; the terminal need not be lent."""
    monkeypatch.setattr(DlplayApp, "suspend", lambda self: nullcontext())
    script = tmp_path / "editor"
    monkeypatch.setenv("EDITOR", str(script))
    monkeypatch.delenv("VISUAL", raising=False)

    def does(lines):
        script.write_text(f"#!/bin/sh\n{lines}\n")
        script.chmod(0o755)

    return does


async def test_edit_reads_the_scene_again(open_app, editor, monkeypatch, tmp_path):
    editor("exit 0")
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press("e")
        assert "read again" in status(app)
        monkeypatch.setenv("EDITOR", str(tmp_path / "no-such-editor"))
        await pilot.press("e")
        assert app.screen.session.card.id == "faults/fine"


async def test_after_an_edit_the_old_result_is_not_taken_for_the_new_code(
    launcher, tmp_path, editor
):
    chapter = tmp_path / "scenes" / "mine"
    chapter.mkdir(parents=True)
    path = chapter / "one.py"
    path.write_text(
        "from dlplay import Scene\n\nclass One(Scene):\n    def run(self, stage):\n"
        "        stage.measure(x=1)\n"
    )
    catalog = Catalog([tmp_path / "scenes"], tmp_path / "cache")
    first = {"card": catalog.find("mine/one")}
    app = DlplayApp(catalog, launcher, Look(), Progress(tmp_path / "progress.json"), first)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        editor('sed -i "s/(x=1)/(x=/" "$1"')
        await pilot.press("e")
        assert "made by the old code: one.py: line 5: '(' was never closed" in status(app)
        assert session.runs == 1
        editor('sed -i "s/(x=/(x=2)/" "$1"; echo "$@" > $0.words')
        await pilot.press("e")
        assert session.outdated == ""
        assert (tmp_path / "editor.words").read_text() == f"{path}\n"
        await until(pilot, lambda: session.runs == 2, "another run")
        await until(pilot, lambda: session.state == "done", "its end")
        assert session.history.measures["x"] == 2
        session.close()


async def test_help_and_back_and_quit(open_app):
    async with open_app() as (app, pilot):
        assert isinstance(app.screen, Browser)
        await pilot.press("question_mark")
        assert isinstance(app.screen, Help)
        await pilot.press("escape", "down", "down", "enter")
        await until(pilot, lambda: hasattr(app.screen, "session"), "the stage")
        await pilot.press("question_mark")
        assert isinstance(app.screen, Help)
        table = app.screen.table()
        assert table.row_count > 25
        await pilot.press("escape", "q")
        assert isinstance(app.screen, Browser)


async def test_a_failure_is_told_and_the_scene_starts_again(open_app):
    async with open_app("raises") as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.state == "failed", "the failure")
        await until(pilot, lambda: "the batch is empty" in status(app), "the sentence")
        await pilot.press("r")
        assert session.runs == 2
        await until(pilot, lambda: session.state == "failed", "the second failure")


async def test_themes_and_palette(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        before = app.theme
        await pilot.press("T")
        assert app.theme != before
        titles = [command.title for command in app.get_system_commands(app.screen)]
        for action in STAGE:
            assert action.label in titles


async def test_f12_saves_a_picture_that_fetches_nothing(open_app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press("f12")
        (picture,) = tmp_path.glob("dlplay-*.svg")
        svg = picture.read_text()
        assert "learning_rate" in svg
        assert "url(" not in svg.replace("url(#", "")
        assert f"picture saved: {picture.name}" in status(app)
        assert not app._notifications


async def test_a_terminal_that_is_too_small_says_so(open_app):
    async with open_app("fine", size=(50, 12), start=False) as (app, pilot):
        words = app.screen.query_one(".too-small", Static)
        assert words.display
        assert "50 x 12" in str(words.content)
        await pilot.resize_terminal(80, 24)
        assert not words.display
