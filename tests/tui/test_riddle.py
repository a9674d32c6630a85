"""A riddle: one of the tries is run, nothing says which, and the student does."""

from __future__ import annotations

from textual.widgets import Static

from dlplay.tui.model.riddle import TOO_FEW
from dlplay.tui.model.steering import VEILED
from tests.tui.conftest import until
from tests.tui.test_tries import done, strip


def values(app):
    """The lines of the parameters."""
    return app.screen.query_one("#parameter-lines", Static).content.plain.splitlines()


def said(app):
    return app.screen.query_one("#status", Static).content.plain


async def test_a_riddle_is_posed_hidden_guessed_and_told(open_app):
    async with open_app("page") as (app, pilot):
        session = await done(pilot, app)
        healthy = session.history
        await pilot.press("R")
        await done(pilot, app, runs=2)
        riddle = app.screen.tries.riddle
        settings = [each.setting for each in app.screen.card.tries]
        assert strip(app).splitlines()[1:3] == [
            f"1  {settings[0]}  instead of rate=0.05",
            f"2  {settings[1]}  instead of rate=0.05",
        ]
        assert session.values != app.screen.card.defaults
        await until(pilot, lambda: values(app)[0].endswith("?"), "the veil")
        assert all(line.endswith("?") for line in values(app))
        loss = app.screen.panels.views[0]
        await until(
            pilot, lambda: loss.content and len(loss.content.lines) == 2, "the healthy run under it"
        )
        assert list(loss.content.lines) == ["train", "healthy: train"]

        before = dict(session.values)
        for key in ("l", "D", "y", "v", "E", "S", "b", "t"):
            await pilot.press(key)
            assert VEILED in said(app), key
        assert session.values == before
        assert session.runs == 2
        assert app.clipboard == ""
        assert app.screen.page == "panels"
        await pilot.press("9")
        assert "1 to 2" in said(app)

        wrong = 2 - riddle.secret
        await pilot.press(str(wrong))
        assert strip(app).splitlines()[0].startswith(f"✗ You said {settings[wrong - 1]}: it was ")
        assert app.screen.card.tries[riddle.secret].why in strip(app)
        assert "→" in strip(app)
        await until(pilot, lambda: not values(app)[0].endswith("?"), "the values")

        await pilot.press("enter")
        await until(pilot, lambda: session.runs == 3 and session.veiled, "another riddle")
        await pilot.press(str(riddle.secret + 1))
        assert strip(app).startswith("✓ Right: it was ")
        await pilot.press("escape")
        await until(pilot, lambda: session.history is healthy, "the run before")
        assert session.values == app.screen.card.defaults
        assert not session.pins


async def test_to_leave_a_riddle_lifts_the_veil(open_app):
    async with open_app("page") as (app, pilot):
        session = await done(pilot, app)
        await pilot.press("R", "escape")
        await until(pilot, lambda: session.values == app.screen.card.defaults, "the settings")
        assert not session.veiled
        await pilot.press("l")
        assert session.values["rate"] != 0.05


async def test_another_seed_ends_a_riddle(open_app):
    async with open_app("page") as (app, pilot):
        session = await done(pilot, app)
        await pilot.press("R", "n")
        await until(pilot, lambda: session.runs == 3, "another run")
        await until(pilot, lambda: not session.veiled, "its end")
        assert app.screen.tries.riddle.state == "closed"


async def test_after_a_riddle_comes_a_try(open_app):
    async with open_app("page") as (app, pilot):
        session = await done(pilot, app)
        await pilot.press("R")
        await done(pilot, app, runs=2)
        await pilot.press("1", "t")
        await until(pilot, lambda: session.values == app.screen.card.defaults, "the healthy run")
        assert app.screen.tries.tries.state == "asking"
        await pilot.press("1")
        await until(pilot, lambda: app.screen.tries.tries.state == "told", "the verdict")
        assert [pin.name for pin in session.pins] == ["rate=0.05"]


async def test_a_riddle_takes_two_tries(open_app):
    async with open_app("fine") as (app, pilot):
        await done(pilot, app)
        await pilot.press("R")
        assert TOO_FEW in said(app)
        assert not app.screen.session.veiled
