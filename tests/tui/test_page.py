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


def seen(app):
    return [view.panel for view in app.screen.panels.views if view.display]


async def test_another_panel_can_lead(open_app):
    async with open_app("fine", start=False, size=(120, 40)) as (app, pilot):
        views = app.screen.panels.views
        area = app.screen.panels.size
        await pilot.press("tab", "tab", "Z")
        await until(pilot, lambda: views[2].size.width > views[0].size.width, "its room")
        assert 2 * views[2].region.area >= area.width * area.height
        assert "valley leads" in line(app, "status")
        await pilot.press("Z")
        await until(pilot, lambda: 2 * views[0].region.area >= area.width * area.height)


async def test_at_80_columns_the_lead_is_alone_and_a_strip_names_the_others(open_app):
    async with open_app("fine", start=False, size=(80, 24)) as (app, pilot):
        assert seen(app) == ["loss"]
        assert app.screen.strip.display
        assert line(app, "strip").split() == [
            "▸1",
            "loss",
            "2",
            "weights",
            "3",
            "valley",
            "4",
            "words",
        ]
        await pilot.press("tab")
        assert seen(app) == ["weights"]
        await until(pilot, lambda: "▸2 weights" in line(app, "strip"), "the mark")
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: len(seen(app)) == 4 and not app.screen.strip.display)


async def test_a_panel_of_few_lines_is_as_high_as_they_are(open_app):
    async with open_app("page", size=(120, 40)) as (app, pilot):
        await until(pilot, lambda: app.screen.session.state == "done", "the end")
        loss, note = app.screen.panels.views
        await until(pilot, lambda: note.region.height == 5, "a low panel")
        assert loss.region.height == app.screen.panels.size.height - 5
