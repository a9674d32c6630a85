"""Parameters are turned on the stage: by keys, by typing, by the mouse."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from dlplay.tui.widgets.dialogs import ChoiceDialog, ValueDialog
from tests.tui.conftest import LONG, status, until, visible


@pytest.mark.parametrize(("less", "more"), [("left", "right"), ("h", "l")])
async def test_arrows_and_vim_keys_turn_a_live_parameter_without_a_restart(open_app, less, more):
    async with open_app("fine", LONG) as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.history.tick > 10, "the run")
        await pilot.press(more)
        assert session.values["learning_rate"] == 0.12
        await until(pilot, lambda: session.history.tweaks, "the tweak")
        assert session.history.tweaks[-1].value == 0.12
        await pilot.press(less, less)
        assert session.values["learning_rate"] == 0.08
        assert session.runs == 1
        assert "next step" in status(app)


async def test_big_steps_default_and_all_defaults(open_app, monkeypatch):
    monkeypatch.setattr("dlplay.tui.model.session.RESTART_AFTER", 1e9)  # no sooner than we say
    async with open_app("fine", start=False) as (app, pilot):
        session = app.screen.session
        await pilot.press("L")
        assert session.values["learning_rate"] == 0.2
        await pilot.press("H", "shift+left")
        assert session.values["learning_rate"] == 0.05
        await pilot.press("shift+right", "backspace")
        assert session.values["learning_rate"] == 0.1
        await pilot.press("j", "l", "j", "l", "D")
        assert session.values == session.card.defaults
        assert session.runs == 0
        assert "all defaults: the run begins again" in status(app)
        session.moment.restart_at = 0.0
        await until(pilot, lambda: session.runs == 1, "the run")


async def test_a_parameter_that_is_not_live_begins_again_and_says_so(open_app):
    async with open_app("fine", LONG) as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.history.tick > 10, "the run")
        await pilot.press("down", "down", "right")
        assert session.values["size"] == 4
        assert "size = 4: the run begins again" in status(app)
        await until(pilot, lambda: session.runs == 2, "the restart")
        await until(pilot, lambda: session.history.started is not None, "the second run")
        assert session.history.started.parameters["size"] == 4


async def test_many_presses_begin_again_once(open_app, monkeypatch):
    monkeypatch.setattr("dlplay.tui.model.session.RESTART_AFTER", 3600)
    async with open_app("fine", LONG) as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.history.tick > 10, "the run")
        await pilot.press("j", "j", "l", "l", "l")
        assert session.runs == 1
        assert session.state == "starting"
        session.moment.restart_at = 0.0  # the silence is over
        await until(pilot, lambda: session.runs == 2 and session.history.started, "the restart")
        assert session.history.started.parameters["size"] == 6


async def test_k_and_j_choose_a_parameter(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press("j", "j", "k")
        assert app.screen.parameter.name == "steps"
        await pilot.press("up", "up")
        assert app.screen.parameter.name == "rule"


async def test_enter_types_a_value_and_refuses_a_wrong_one(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        screen = app.screen
        await pilot.press("enter")
        assert isinstance(app.screen, ValueDialog)
        await pilot.press(*"99", "enter")
        complaint = app.screen.query_one("#complaint", Static).content.plain
        assert "0.001 to 10" in complaint
        await pilot.press("backspace", "backspace", *"0.3", "enter")
        assert app.screen is screen
        assert screen.session.values["learning_rate"] == 0.3
        await pilot.press("k", "enter")
        assert isinstance(app.screen, ChoiceDialog)
        await pilot.press("j", "enter")
        assert screen.session.values["rule"] == "signed"
        await pilot.press("enter", "escape")
        assert screen.session.values["rule"] == "signed"


async def test_the_mouse_turns_parameters_and_zooms(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        box = app.screen.query_one("#parameters")
        await pilot.click("#parameters", offset=(3, 2))
        assert app.screen.parameter.name == "steps"
        before = app.screen.session.values["steps"]
        await pilot.click("#parameters", offset=(box.size.width - 1, 2))
        assert app.screen.session.values["steps"] > before
        await pilot.click(app.screen.panels.views[1], offset=(4, 4), times=2)
        assert visible(app) == ["weights"]
