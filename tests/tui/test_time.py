"""Going back through a run's history."""

from __future__ import annotations

from textual.widgets import Static

from dlplay.engine.history import History
from tests.tui.conftest import until


def words(app, id):
    return app.screen.query_one(f"#{id}", Static).content.plain


async def paused(pilot, app, ticks=300):
    session = app.screen.session
    await until(pilot, lambda: session.history.tick > ticks, "some history")
    await pilot.press("space")
    await until(pilot, lambda: session.state == "paused", "the pause")
    session.poll()  # what came with the pause
    return session


async def test_panels_parameters_and_claims_are_as_they_were(open_app):
    async with open_app("fine", {"steps": 1_000_000}) as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.history.tick > 50, "some history")
        await pilot.press("l")
        tweaks = session.history.tweaks
        await until(pilot, lambda: tweaks and session.history.tick > tweaks[0].tick, "a step after")
        session = await paused(pilot, app)
        now = session.history.tick
        tweak = session.history.tweaks[0].tick
        await pilot.press("home")
        assert session.at == 1
        assert "step 1 of" in words(app, "timeline")
        assert "‹ 0.1 ›" in words(app, "parameter-lines")
        loss = app.screen.panels.views[0]
        assert len(loss.content.lines["the loss"].x) == 1
        text = app.screen.panels.views[3]
        if text.content is not None:
            assert text.content.tick <= 1
        await pilot.press("m")
        assert session.at == tweak
        assert "learning_rate = 0.12" in words(app, "timeline")
        assert "‹ 0.12 ›*" in words(app, "parameter-lines")
        await pilot.press("end")
        assert session.at is None
        assert len(loss.content.lines["the loss"].x) > 1
        assert session.history.tick == now
        assert not app.screen.query_one("#timeline").display


async def test_steps_of_every_size(open_app):
    async with open_app("fine", {"steps": 1_000_000}) as (app, pilot):
        session = await paused(pilot, app)
        last = session.history.tick
        await pilot.press("left_parenthesis")
        assert session.at == last - 1
        await pilot.press("less_than_sign")
        assert session.at == last - 1 - round(0.01 * last)
        await pilot.press("left_curly_bracket")
        assert session.at == last - 1 - round(0.01 * last) - round(0.1 * last)
        await pilot.press("right_curly_bracket", "greater_than_sign")
        assert session.at == last - 1
        await pilot.press("right_parenthesis")
        assert session.at is None


async def test_a_branch_goes_on_from_the_past_beside_the_old_run(open_app):
    async with open_app("fine", {"steps": 1_000_000}) as (app, pilot):
        session = await paused(pilot, app)
        await pilot.press("B")
        assert "go back in time first" in words(app, "status")
        old = session.history
        await pilot.press("home", *["greater_than_sign"] * 5)
        at = session.at
        await pilot.press("l", "l")
        assert session.values["learning_rate"] == 0.1
        assert "‹ 0.15 ›*" in words(app, "parameter-lines")
        assert f"B goes on from step {at}" in words(app, "status")
        await pilot.press("B")
        await until(pilot, lambda: session.history is not old, "the branch")
        assert [pin.name for pin in session.pins] == ["A"]
        assert session.pins[0].history is old
        assert session.at is None
        assert session.values["learning_rate"] == 0.15
        assert not session.stale
        assert [(t.tick, t.value) for t in session.history.tweaks] == [(at, 0.15)]
        await until(pilot, lambda: session.state == "running", "going on")
        title = app.screen.query_one("#parameters").border_title
        await until(pilot, lambda: "at step" not in str(title), "the parameters of now")
        loss = app.screen.panels.views[0]
        await until(
            pilot, lambda: loss.content and "A: the loss" in loss.content.lines, "both runs"
        )


async def test_a_branch_may_be_stopped_on_its_way(open_app):
    async with open_app("fine", {"steps": 1_000_000}) as (app, pilot):
        session = await paused(pilot, app, ticks=6000)
        await pilot.press("left_parenthesis")
        session.branch()
        assert session.state == "repeating"
        await pilot.press("l", "space", "home")
        assert session.state == "repeating"
        await pilot.press("x")
        await until(pilot, lambda: session.state in ("stopped", "running"), "the end of repeating")


async def test_what_is_past_cannot_be_turned(open_app):
    async with open_app("fine", {"steps": 1_000_000}) as (app, pilot):
        session = await paused(pilot, app)
        await pilot.press("home", "j", "j", "l")
        assert session.values["size"] == 3
        assert "size cannot change during a run" in words(app, "status")
        await pilot.press("M")
        assert "nothing is marked" in words(app, "status")


async def test_before_any_history_nothing_happens(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press("home", "less_than_sign", "end", "m")
        assert app.screen.session.at is None
        assert isinstance(app.screen.session.history, History)
