"""A student's whole way over a page: from the browser through every part, to the next scene."""

from __future__ import annotations

from textual.widgets import Static

from dlplay.course.progress import Answer, Progress
from dlplay.course.reached import page
from dlplay.tui.screens.browser import Browser
from tests.tui.conftest import until
from tests.tui.test_browser import page as shown_page
from tests.tui.test_tries import done, strip


def line(app, name):
    return app.screen.query_one(f"#{name}", Static).content.plain


async def test_from_the_browser_to_the_next_scene(open_app, tmp_path):
    async with open_app(size=(80, 24)) as (app, pilot):
        assert isinstance(app.screen, Browser)
        await pilot.press("slash", *"learn rings", "enter")
        await until(pilot, lambda: "faults/page" in shown_page(app), "the page")
        await pilot.press("enter")
        await until(pilot, lambda: hasattr(app.screen, "session"), "the stage")
        stage, session, card = app.screen, app.screen.session, app.screen.card

        # Pace, pause, a live knob on the way, the end
        await pilot.press("minus", "minus")
        await until(pilot, lambda: "steps a second" in line(app, "status"), "the pace")
        await done(pilot, app)
        await pilot.press("minus", "minus", "minus", "r")
        await until(pilot, lambda: session.runs == 2 and session.history.tick > 0, "some steps")
        await pilot.press("space")
        await until(pilot, lambda: session.state == "paused", "the pause")
        await pilot.press("full_stop", "j", "l")
        await until(pilot, lambda: session.history.tweaks, "the tweak")
        await pilot.press(*("plus",) * 9, "space")
        await done(pilot, app, runs=2)
        assert session.history.tweaks[0].name == "temperature"

        # After the end: what only looks is shown, and is no part of the run
        await pilot.press("l")
        await until(pilot, lambda: session.history.after, "the look")
        await until(pilot, lambda: "after the run" in line(app, "status"), "the mark")

        # The healthy run, a try and its verdict
        await pilot.press("D")
        await done(pilot, app, runs=3)
        healthy = session.history
        await until(pilot, lambda: strip(app).startswith("t try 1 of 2"), "the offer")
        await pilot.press("t", "2")
        await until(pilot, lambda: stage.tries.tries.state == "told", "the verdict")
        assert "✓ Right: no" in strip(app)
        assert "→" in strip(app)

        # A riddle
        await pilot.press("R")
        await until(pilot, lambda: session.runs == 5 and session.state == "done", "the riddle")
        await until(pilot, lambda: line(app, "parameter-lines").count("?") == 3, "the veil")
        await pilot.press(str(stage.tries.riddle.secret + 1))
        assert strip(app).startswith("✓ Right: it was")
        assert not session.veiled

        # A claim is broken
        await pilot.press("b", "enter")
        await until(pilot, lambda: session.history is healthy, "the healthy run")
        stage.side.parameters.choose("rate")
        await pilot.press("enter", *"0.0003", "enter")
        await until(pilot, lambda: stage.tries.game.state == "broken", "the break")
        assert "You broke it in 1 attempt, with rate=0.0003 instead of rate=0.05" in " ".join(
            strip(app).split()
        )
        assert stage.tries.region.height <= 8
        await pilot.press("escape")
        await until(pilot, lambda: session.values == card.defaults, "the settings")
        assert session.history is healthy
        assert not session.pins

        # The next scene
        await pilot.press("N")
        await until(pilot, lambda: app.screen.card is not card, "the next scene")
        following = app.screen.session
        assert app.catalog.scenes.index(following.card) == app.catalog.scenes.index(card) + 1
        following.close()
    known = Progress(tmp_path / "progress.json")
    seen = page(card, known)
    assert seen.held
    assert seen.runs == 6
    assert seen.answers == [("rate=0.0001", Answer(2, right=True))]
    assert seen.broken == ["learns"]
    assert seen.attempts == {"learns": 1}
