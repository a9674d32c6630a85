"""The parts of the stage: whose a key is, and in what order what they tell is done."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.events import Key

from dlplay.engine.recordings.library import Library
from dlplay.engine.recordings.replay import load
from dlplay.tui.model import steering
from dlplay.tui.model.replayed import Replayed
from dlplay.tui.model.session import Session
from dlplay.tui.widgets.changes import OnChange
from dlplay.tui.widgets.panel import PanelView
from tests.conftest import wait_for
from tests.tui.conftest import LONG, until

NAMES = {"less_than_sign": "<", "space": " "}


def at_once(app, *keys):
    """Keys that have all been read before the first of them is dealt with."""
    for key in keys:
        app.post_message(Key(key, NAMES.get(key, key)))


async def test_keys_that_come_at_once_are_done_in_their_order(open_app):
    async with open_app("fine", LONG, start=False) as (app, pilot):
        session = app.screen.session
        at_once(app, "l", "l", "space", "h", "y")
        await until(pilot, lambda: session.history.tweaks, "the run, and the key after its start")
        assert session.history.started.parameters["learning_rate"] == 0.15
        assert session.history.tweaks[0].value == session.values["learning_rate"] == 0.12
        await until(pilot, lambda: "learning_rate=0.12" in app.clipboard, "the last key")
        await pilot.press("space")
        await until(pilot, lambda: session.state == "paused", "the pause")
        await until(pilot, lambda: session.history.progress.paused, "the last step before it")
        last = session.history.tick
        at_once(app, *["less_than_sign"] * 3)
        await until(pilot, lambda: session.at == last - 3 * max(1, round(0.01 * last)), "all three")


async def test_the_palette_reaches_the_parts_too(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        offered = {command.title: command for command in app.get_system_commands(app.screen)}
        await offered["Zoom"].callback()
        await offered["More"].callback()
        await until(pilot, lambda: app.screen.session.values["learning_rate"] == 0.12, "the turn")
        await offered["Copy"].callback()
        await until(pilot, lambda: "learning_rate=0.12" in app.clipboard, "what the parts told")
        assert app.screen.panels.zoomed


async def test_a_page_opens_from_a_zoomed_panel(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press("2", "c")
        assert app.screen.page == "claims"
        assert not app.screen.panels.zoomed
        assert not app.screen.has_class("-zoomed")


async def test_a_page_has_the_keys_first_and_leaves_the_others_to_the_parameters(open_app):
    async with open_app("fine", start=False, size=(120, 24)) as (app, pilot):
        await pilot.press("s", "pagedown", "j")
        page = app.screen.pages.in_place
        await until(pilot, lambda: page.scroll_offset.y > 10, "scrolling")
        assert app.screen.parameter.name == "learning_rate"
        await pilot.press("l")
        assert app.screen.session.values["learning_rate"] == 0.12


async def test_the_lesson_beside_the_panels_scrolls_when_nothing_else_does(open_app):
    async with open_app("fine", start=False, size=(200, 60)) as (app, pilot):
        dock = app.screen.dock
        assert not dock.display  # there is none
        app.screen.session.card = replace(app.screen.card, lesson="line\n\n" * 60)
        app.screen.fit(*app.screen.size)
        assert dock.display
        app.screen.paint()
        await until(pilot, lambda: dock.max_scroll_y > 0, "a long lesson")
        await pilot.press("pagedown")
        await until(pilot, lambda: dock.scroll_offset.y > 0, "scrolling", seconds=30)


async def test_a_click_on_a_panel_beside_another_does_nothing(open_app):
    async with open_app("fine") as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        await pilot.press("p", "V")
        view = app.screen.query_one("#beside").query(PanelView).first()
        await until(pilot, lambda: view.content is not None, "the panel")
        await pilot.click(view, offset=(4, 4))
        assert app.screen.page == "beside"


def test_what_has_not_changed_is_not_done_again():
    done = []
    change = OnChange(lambda: done.append("done"))
    for value, times in ((None, 1), (None, 1), ([1], 2), ([1], 2), (None, 3)):
        change.see(value)
        assert len(done) == times


# What is asked of a session


@pytest.fixture
def session(launcher, faults):
    session = Session(faults.find("faults/fine"), launcher)
    yield session
    session.close()


def test_what_cannot_be_done_yet_is_said(session):
    assert steering.ask(session, "stop") == "nothing is running"
    assert steering.ask(session, "pin") == "nothing has run yet"
    assert steering.ask(session, "branch").startswith("go back in time first")
    for where in ("beginning", "now", "next mark", "mark before", 0.1):
        assert steering.seek(session, where) == "there is no history yet"
    assert session.runs == 0


def test_a_recording_is_looked_at_and_pinned_but_not_changed(launcher, faults, tmp_path):
    card, library = faults.find("faults/fine"), Library(tmp_path)
    live = Session(card, launcher, library=library)
    live.start()
    wait_for(lambda: (live.poll() and False) or live.history.finished is not None)
    live.close()
    recorded = Replayed(card, load(library.runs()[0].path), known=True)
    before = recorded.moment
    for what in ("stop", "seed", "branch", "defaults", "xray"):
        assert steering.ask(recorded, what) == steering.RECORDED
    assert steering.turn(recorded, "learning_rate", 1, False) == steering.RECORDED
    assert recorded.moment is before
    assert recorded.values == card.defaults
    assert not recorded.active
    assert steering.seek(recorded, "beginning") == ""
    assert (recorded.at, recorded.tick) == (1, 1)
    assert steering.seek(recorded, "now") == "now"
    assert "pinned as A" in steering.ask(recorded, "pin")
    assert recorded.pins[0].history is recorded.history
