"""What a page says on the stage: its headline, what to see, what it is after the end."""

from __future__ import annotations

from textual.widgets import Static

from dlplay.engine.recordings.library import Library
from dlplay.engine.recordings.replay import load
from dlplay.tui.app import replayed
from dlplay.tui.model.session import Session
from dlplay.tui.screens.stage import StageScreen
from tests.conftest import wait_for
from tests.tui.conftest import until


def line(app, name):
    return app.screen.query_one(f"#{name}", Static).content.plain


async def test_the_headline_is_that_of_the_step_that_is_looked_at(open_app):
    async with open_app("page") as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        await until(pilot, lambda: line(app, "headline").startswith("step 99"), "the headline")
        await pilot.press("home")
        await until(pilot, lambda: "step 99" not in line(app, "headline"), "an earlier one")
        assert line(app, "headline") == session.history.headline(session.at)
        await pilot.press("end")
        await until(pilot, lambda: line(app, "headline").startswith("step 99"), "the last again")


async def test_a_recording_has_its_headline(open_app, launcher, faults, tmp_path):
    library = Library(tmp_path)
    live = Session(faults.find("faults/page"), launcher, library=library)
    live.start()
    wait_for(lambda: (live.poll() and False) or live.history.finished is not None)
    live.close()
    path = library.runs()[0].path
    assert load(path).history.headline().startswith("step 99")
    async with open_app() as (app, pilot):
        given = replayed(faults, path)
        await app.push_screen(StageScreen(given["session"], start=False))
        await until(pilot, lambda: line(app, "headline").startswith("step 99"), "the headline")


async def test_the_line_under_the_panels_says_what_to_see(open_app):
    async with open_app("page", start=False) as (app, pilot):
        assert line(app, "seeing") == "loss: how wrong the net is"
        await pilot.press("tab")
        await until(pilot, lambda: line(app, "seeing") == "note: what the temperature is")
        await pilot.press("1")
        await until(pilot, lambda: line(app, "seeing") == "loss: how wrong the net is")
        assert app.screen.seeing.region.height == 1


async def test_a_scene_without_words_for_its_panels_keeps_the_rows(open_app):
    async with open_app("fine", start=False) as (app, _):
        assert not app.screen.headline.display
        assert not app.screen.seeing.display
