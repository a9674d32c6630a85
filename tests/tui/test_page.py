"""What a page says on the stage: its headline, what to see, what it is after the end."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

import pytest
from textual.widgets import Static

from dlplay.course.progress import Progress
from dlplay.draw import Look
from dlplay.engine.recordings.library import Library
from dlplay.engine.recordings.replay import load
from dlplay.tui.app import DlplayApp, replayed
from dlplay.tui.model.session import Session
from dlplay.tui.program import Program
from dlplay.tui.screens.stage import StageScreen
from dlplay.tui.widgets.panel import PanelView
from dlplay.wire import events
from tests.conftest import wait_for
from tests.processes import gone
from tests.tui.conftest import footer, until
from tests.tui.fixed import FixedLauncher, FixedRun


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


# After the end


def text_of(app, panel):
    content = app.screen.session.history.panel(panel)
    return content.text if content is not None else ""


async def finished(app, pilot):
    session = app.screen.session
    await until(pilot, lambda: session.state == "done", "the end")
    await pilot.press("down")  # the temperature, which only looks
    assert app.screen.parameter.name == "temperature"
    return session


async def test_a_live_parameter_works_after_the_end_and_is_no_part_of_the_run(open_app):
    async with open_app("page") as (app, pilot):
        session = await finished(app, pilot)
        await pilot.press("l")
        value = session.values["temperature"]
        shown = f"temperature {value:g}"
        await until(pilot, lambda: text_of(app, "note").startswith(shown), "the look")
        await until(pilot, lambda: shown in line(app, "headline"), "the headline")
        await until(pilot, lambda: "after the run" in line(app, "status"), "the mark")
        assert session.runs == 1
        assert session.state == "done"
        assert session.history.finished.parameters["temperature"] == 1
        assert session.history.tweaks == []
        await pilot.press("less_than_sign")
        await until(pilot, lambda: "after the run" not in line(app, "status"), "the past")


@pytest.mark.parametrize(("key", "name"), [("up", "rate"), ("down", "steps")])
async def test_any_other_change_begins_again_in_the_same_words(open_app, monkeypatch, key, name):
    """Whether it is live and no look reads it, or not live."""
    async with open_app("page") as (app, pilot):
        session = await finished(app, pilot)
        await pilot.press(key, "l")
        assert f"{name} = " in line(app, "status")
        assert "the run begins again" in line(app, "status")
        await until(pilot, lambda: session.runs == 2, "the run")
        await until(pilot, lambda: session.state == "done", "its end")
        monkeypatch.setattr("dlplay.tui.model.session.RESTART_AFTER", 1e9)  # not before we say so
        await pilot.press("D")
        assert session.runs == 2
        assert "all defaults: the run begins again" in line(app, "status")
        session.moment.restart_at = 0.0
        await until(pilot, lambda: session.runs == 3, "another")


async def test_a_finished_run_whose_process_ends_says_so_quietly(open_app):
    async with open_app("page") as (app, pilot):
        session = await finished(app, pilot)
        os.kill(session.run.pid, signal.SIGKILL)
        await until(pilot, lambda: "process has ended" in line(app, "status"), "the words")
        assert session.state == "done"
        await pilot.press("l")
        await until(pilot, lambda: session.runs == 2, "another run")


async def test_a_live_parameter_of_a_scene_without_looks_begins_it_again(open_app):
    async with open_app("fine") as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        await pilot.press("l")
        await until(pilot, lambda: session.runs == 2, "another run")


@pytest.mark.parametrize("key", ["r", "q"])
async def test_a_finished_run_is_let_go(open_app, key):
    async with open_app("page") as (app, pilot):
        session = await finished(app, pilot)
        run = session.run
        assert run.lingering
        await pilot.press(key)
        await until(pilot, lambda: gone(run.pid), "the end of the process")
        assert not run.lost


async def test_no_process_outlives_the_program(launcher, faults, tmp_path):
    first = {"card": faults.find("faults/page")}
    app = DlplayApp(faults, launcher, Look(), Progress(tmp_path / "progress.json"), first)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        session = await finished(app, pilot)
        assert session.run.lingering
        await pilot.press("ctrl+q")
    wait_for(lambda: gone(session.run.pid), "the end of the process", seconds=60)


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


# Claims


def claims(app):
    return app.screen.query_one("#claims-short"), line(app, "claim-lines")


async def test_what_is_not_measured_is_not_counted(open_app):
    async with open_app("page", start=False, size=(80, 24)) as (app, pilot):
        assert claims(app)[0].border_subtitle == "not measured yet"
        await pilot.press("space")
        await until(pilot, lambda: claims(app)[0].border_subtitle == "2 of 2 hold", "the claims")


async def test_where_there_is_no_room_for_all_the_chosen_claim_stands_whole(open_app):
    async with open_app("page", start=False, size=(80, 24)) as (app, pilot):
        card = app.screen.card
        many = tuple(replace(card.claims[n % 2], name=f"claim_{n}") for n in range(6))
        app.screen.session.card = replace(card, claims=many)
        app.screen.paint()

        def told():
            return " ".join(claims(app)[1].split())  # sentences are wrapped

        assert many[0].text in told()
        assert many[1].text not in told()
        await pilot.press("C")
        assert many[1].text in told()
        assert many[0].text not in told()
        for n in (0, 2, 3, 4, 5):
            assert f"claim {n}" in told()
        await pilot.press("c", "down")
        await until(pilot, lambda: many[0].text not in told(), "the page's choice")


async def test_a_terminal_that_is_behind_gets_no_more_pictures(open_app, monkeypatch):
    async with open_app("fine", start=False) as (app, pilot):
        panel = app.screen.query(PanelView).first()
        monkeypatch.setattr(Program, "behind", True)
        await pilot.press("space")
        await until(pilot, lambda: "done" in line(app, "status"), "the end, told at once")
        assert panel.content is None
        monkeypatch.setattr(Program, "behind", False)
        await until(pilot, lambda: panel.content is not None, "the picture")


class Silent(FixedLauncher):
    """Of its runs nothing is heard."""

    def start(self, card, settings=None, **options):
        run = FixedRun(card)
        run.state, run.waiting = "starting", []
        run.pause = run.step = lambda: setattr(run, "paused", True)
        run.resume = lambda: setattr(run, "paused", False)
        return run


def drawn(view):
    """The text of a panel, in one line."""
    lines = (view.render_line(y).text for y in range(view.size.height))
    return " ".join(" ".join(lines).split())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_page_that_starts_says_what_will_be_seen(faults, tmp_path, monkeypatch, size):
    card = faults.find("faults/page")
    sizes = []  # each at which the first panel was laid out
    resized = PanelView.on_resize

    def on_resize(view):
        if view.panel == next(iter(card.panels)) and view.size:
            sizes.append(view.size)
        resized(view)

    monkeypatch.setattr(PanelView, "on_resize", on_resize)
    progress = Progress(tmp_path / "progress.json")
    app = DlplayApp(faults, Silent(), Look(), progress, {"card": card})
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        screen = app.screen
        assert line(app, "top").startswith(card.title)
        for view in screen.panels.views:
            if view.display:
                assert drawn(view) == f"{card.panels[view.panel]} starting …"
        assert sizes[-1] == screen.panels.views[0].size
        # A line that names all panels comes where not all are seen; nothing else moves.
        heights = {each.height for each in sizes}
        assert len({each.width for each in sizes}) == 1
        assert max(heights) - min(heights) == int(size == (80, 24) and len(heights) > 1)
        screen.session.moment.live.state = "running"
        screen.tick()
        screen.paint()
        assert drawn(screen.panels.views[0]).endswith("nothing drawn yet")


async def test_a_run_that_starts_says_what_it_waits_for_and_what_was_asked(faults, tmp_path):
    card = faults.find("faults/page")
    app = DlplayApp(faults, Silent(), Look(), Progress(tmp_path / "p.json"), {"card": card})
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        run = app.screen.session.moment.live

        async def says(words):
            await until(pilot, lambda: words in line(app, "status"), words)

        await says(" ◌ starting · waiting for torch · ")
        assert "will pause" not in line(app, "status")
        run.pid = 1234
        await says(" ◌ starting · reading its file · ")
        await pilot.press("space")
        await says(" ◌ starting · reading its file · will pause · ")
        assert footer(app)[0] == "Go on"
        await pilot.press("space")
        assert "will pause" not in line(app, "status")
        assert footer(app)[0] == "Pause"
        await pilot.press("full_stop")
        run.waiting = [events.Started(scene=card.id, seed=0, device="cpu", parameters={})]
        await says(" ◌ starting · preparing the first step · will pause · ")
        await pilot.press("less_than_sign")
        await says("there is no history yet")
        app.screen.line._shows = 1_000_000
        run.state, run.waiting = "paused", [events.Progress(tick=1, step=1, total=9, paused=True)]
        await says(" Ⅱ paused · step 1/9")
        assert "will pause" not in line(app, "status")


async def test_the_captions_of_other_panels_stand_at_their_names(faults, tmp_path):
    card = faults.find("faults/page")
    captions = {"loss": "how [bold]wrong[/bold] it is; lower is better", "words": "x" * 300}
    card = replace(card, panels=captions | {"here": "chosen"})
    app = DlplayApp(faults, Silent(), Look(), Progress(tmp_path / "p.json"), {"card": card})
    async with app.run_test(size=(120, 60)) as pilot:
        await pilot.pause()
        await pilot.press("tab", "tab")
        loss, words, here = app.screen.panels.views
        assert here.has_class("-chosen")
        at = app.screen._compositor.render_strips()[loss.region.y].text
        assert "1 loss: how [bold]wrong[/bold] it is; lower is better ─" in at
        assert words.border_title == "2 words"  # no clause of it has room
        assert here.border_title == "3 here"  # said in the line under the panels
        assert line(app, "seeing") == "here: chosen"
