"""Keys that come in one read: each is heard after what the one before asked for is done."""

from __future__ import annotations

import pytest
from textual import events
from textual.screen import ModalScreen
from textual.widgets import Input

from dlplay.tui.screens.browser import Browser
from dlplay.tui.screens.stage import StageScreen
from tests.tui.conftest import until

NAMED = {"/": "slash", ".": "full_stop", " ": "space"}


async def in_one_read(app, pilot, *keys):
    """Type all of these before the app has heard any."""
    for key in keys:
        if key.startswith("paste:"):
            app.post_message(events.Paste(key.removeprefix("paste:")))
        else:
            char = key if len(key) == 1 else None
            app.post_message(events.Key(NAMED.get(key, key), char))
    await until(pilot, lambda: not app.message_queue_size and not app.hearing, "all keys")


@pytest.fixture
def stage(open_app):
    return lambda **given: open_app("fine", start=False, **given)


async def test_a_value_is_typed_for_the_parameter_that_was_chosen(stage):
    async with stage() as (app, pilot):
        await in_one_read(app, pilot, "j", "enter", "5", "enter")
        assert isinstance(app.screen, StageScreen)
        assert app.screen.parameter.name == "steps"
        assert app.screen.session.values == app.screen.card.defaults | {"steps": 5}


async def test_keys_after_a_dialog_are_for_the_stage(stage):
    async with stage() as (app, pilot):
        keys = ["l", "enter", "0", ".", "5", "enter", "j", "j", "l", "enter", "7", "enter", "k"]
        await in_one_read(app, pilot, *keys, "enter", "8", "0", "enter", "h")
        chosen = {"learning_rate": 0.5, "size": 7, "steps": 60}
        assert app.screen.session.values == app.screen.card.defaults | chosen


async def test_an_option_is_chosen_and_a_dialog_left(stage):
    async with stage() as (app, pilot):
        await in_one_read(app, pilot, "k", "enter", "j", "enter", "j", "enter", "escape", "l")
        session = app.screen.session
        assert session.values["rule"] == "signed"
        assert session.values["learning_rate"] > 0.1


async def test_what_is_pasted_keeps_its_place(stage):
    async with stage() as (app, pilot):
        await in_one_read(app, pilot, "j", "enter", "paste:12", "enter", "j", "l")
        values = app.screen.session.values
        assert (values["steps"], values["size"]) == (12, 4)


async def test_the_help_and_the_palette_are_heard_in_turn(stage):
    async with stage() as (app, pilot):
        await in_one_read(app, pilot, "question_mark", "escape", "j", "ctrl+p", "escape", "l")
        assert app.screen.session.values["steps"] > 50


async def test_the_filter_then_the_scene_then_its_parameter(open_app):
    async with open_app() as (app, pilot):
        await in_one_read(app, pilot, "/", *"behaves", "enter")
        assert isinstance(app.screen, Browser)
        assert app.screen.query_one(Input).value == "behaves"
        assert app.screen.entry.id == "faults/fine"
        await in_one_read(app, pilot, "escape", "/", *"behaves", "enter", "enter", "j", "l")
        assert isinstance(app.screen, StageScreen)
        assert app.screen.session.values["steps"] > 50
        await in_one_read(app, pilot, "q", "/", "x", "/")
        assert isinstance(app.screen, Browser)
        assert app.screen.query_one(Input).value == "x/"


async def test_pages_panels_and_pins(stage):
    async with stage() as (app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: app.screen.session.state == "done", "the run")
        await in_one_read(app, pilot, "p", "v", "enter", *"slow", "enter", "v", "2", "escape", "3")
        assert [pin.name for pin in app.screen.session.pins] == ["slow"]
        assert app.screen.page == "panels"
        assert app.screen.panels.zoomed
        assert app.screen.panels.chosen == 2


async def test_a_sweep_is_asked_for_and_left(stage):
    async with stage() as (app, pilot):
        await in_one_read(app, pilot, "j", "S")
        assert isinstance(app.screen, ModalScreen)
        assert app.screen.parameter.name == "steps"
        await in_one_read(app, pilot, "escape", "j", "l")
        assert app.screen.session.values["size"] == 4


async def test_leaving_waits_for_nothing(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        for key in ("j", "enter", "5", "ctrl+q"):
            app.post_message(events.Key(key, None))
        await until(pilot, lambda: not app.is_running or app._exit, "the end")


@pytest.mark.parametrize("keys", [("question_mark",), ("enter",), ("S",), ("ctrl+p",)])
async def test_a_dialog_does_not_keep_anybody_here(open_app, keys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press(*keys)
        assert isinstance(app.screen, ModalScreen)
        await pilot.press("f12")
        assert [*tmp_path.glob("dlplay-*.svg")]
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running or app._exit, "the end")
