"""Pinned runs: drawn over the next ones, compared with them."""

from __future__ import annotations

from rich.console import Console
from textual.widgets import Static

from dlplay.tui.widgets.panel import PanelView
from tests.tui.conftest import until


def page(app):
    console = Console(width=100)
    with console.capture() as capture:
        console.print(app.screen.query_one("#compare-text", Static).content)
    return capture.get()


async def two_runs(pilot, app):
    """A pinned run at the defaults, and a run with another learning rate after it."""
    session = app.screen.session
    await until(pilot, lambda: session.state == "done", "the first run")
    await pilot.press("p")
    assert [pin.name for pin in session.pins] == ["A"]
    await pilot.press("L")  # which begins it again
    await until(pilot, lambda: session.runs == 2 and session.state == "done", "the second run")
    return session


async def test_a_pinned_run_is_drawn_over_the_next(open_app):
    async with open_app("fine") as (app, pilot):
        session = await two_runs(pilot, app)
        loss = app.screen.panels.views[0]
        await until(
            pilot, lambda: loss.content and len(loss.content.lines) == 4, "the curves of both"
        )
        assert list(loss.content.lines)[2:] == ["A: the loss", "A: half of it"]
        mine = loss.content.lines["the loss"].mean
        pinned = loss.content.lines["A: the loss"].mean
        assert mine[0] == pinned[0]  # the same seed begins alike
        assert mine[-1] != pinned[-1]
        session.pins[0].hidden = True
        await until(pilot, lambda: len(loss.content.lines) == 2, "it is hidden")


async def test_the_comparison_lists_only_what_differs(open_app):
    async with open_app("fine") as (app, pilot):
        await two_runs(pilot, app)
        await pilot.press("v")
        text = page(app)
        assert "learning_rate" in text
        assert "0.2" in text
        assert "rule" not in text
        assert "seed" not in text
        assert "the loss ends below one" in text
        assert "final" in text


async def test_a_measure_is_charted_over_the_runs_by_their_settings(open_app):
    async with open_app("fine") as (app, pilot):
        session = await two_runs(pilot, app)
        await pilot.press("p", "n")  # the same settings with another seed
        await until(pilot, lambda: session.runs == 3 and session.state == "done", "the third run")
        await pilot.press("v")
        await until(pilot, lambda: "lowest and highest of 2 seeds" in page(app), "the chart")
        assert "learning_rate=0.1" in page(app)
        assert "learning_rate=0.2" in page(app)
        await pilot.press("right_square_bracket")
        said = app.screen.query_one("#status", Static)
        await until(pilot, lambda: "measure 1 of 1" in said.content.plain, "which one it is")


async def test_pins_are_renamed_hidden_and_dropped(open_app):
    async with open_app("fine") as (app, pilot):
        session = await two_runs(pilot, app)
        await pilot.press("p", "v", "j", "enter", *"slow", "enter")
        assert [pin.name for pin in session.pins] == ["A", "slow"]
        await pilot.press("h")
        assert session.pins[1].hidden
        assert "slow (hidden)" in page(app)
        await pilot.press("l", "backspace")
        assert [pin.name for pin in session.pins] == ["A"]
        await pilot.press("backspace", "backspace")
        assert session.pins == []
        await until(pilot, lambda: "No run is pinned" in page(app), "the empty page")


async def test_before_a_run_there_is_nothing_to_pin(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press("p")
        assert app.screen.session.pins == []
        assert "nothing has run yet" in app.screen.query_one("#status", Static).content.plain


async def test_the_same_panel_of_two_runs_side_by_side_at_the_same_step(open_app):
    async with open_app("fine") as (app, pilot):
        await pilot.press("V")
        assert app.screen.page == "panels"  # nothing is pinned
        session = await two_runs(pilot, app)
        await pilot.press("V")
        views = list(app.screen.query_one("#beside").query(PanelView))
        await until(pilot, lambda: all(view.content for view in views), "both")
        assert views[0].border_title == "now: loss · step 50 · learning_rate 0.2"
        assert views[1].border_title == "A: loss · step 50 · learning_rate 0.1"
        await pilot.press("home", "right_parenthesis")
        assert session.at == 2
        await until(pilot, lambda: "step 2" in str(views[1].border_title), "both go back")
        assert str(views[0].border_title).startswith("this run: loss · step 2 ")  # now is the end
        now, then = (view.content.lines["the loss"] for view in views)
        assert len(now) == len(then) == 2
        assert now.mean[0] == then.mean[0]
        assert now.mean[1] != then.mean[1]
        await pilot.press("tab")
        await until(
            pilot, lambda: "this run: weights" in str(views[0].border_title), "another panel"
        )
        await pilot.press("escape")
        assert app.screen.page == "panels"


async def test_another_pin_of_as_many_steps_is_shown_beside(open_app):
    """What it drew has the version of what the first one drew."""
    async with open_app("fine") as (app, pilot):
        session = await two_runs(pilot, app)
        await pilot.press("p")
        one, other = (pin.history for pin in session.pins)
        one.versions.update(other.versions)  # as when both came in as many pieces
        await pilot.press("V")
        view = app.screen.query_one("#beside").query(PanelView).last()
        await until(pilot, lambda: str(view.border_title).startswith("A: "), "the first")
        await pilot.press("down")
        await until(pilot, lambda: str(view.border_title).startswith("B: "), "the other")
        shown = view.content.lines["the loss"].mean.tolist()
        assert shown == session.pins[1].history.panel("loss").lines["the loss"].mean.tolist()
