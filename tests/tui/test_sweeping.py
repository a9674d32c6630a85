"""Sweeps in the interface: asked for in a dialog, watched, looked through, opened on the stage."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from textual.events import Key
from textual.widgets import Input

from dlplay.course.catalog import Catalog
from dlplay.course.progress import Progress
from dlplay.draw import Line, Look
from dlplay.engine.recordings.library import Library
from dlplay.engine.sweeps.runs import Sweep, SweepRun
from dlplay.tui.app import DlplayApp
from dlplay.tui.screens.browser import Browser
from dlplay.tui.screens.stage import StageScreen
from dlplay.tui.sweeps.dialog import Mistyped, SweepDialog, offered, planned
from dlplay.tui.sweeps.model import LiveSweep, Plan, UnderWay, Wish
from dlplay.tui.sweeps.screen import SweepScreen
from dlplay.tui.sweeps.view import Choice, curves_of, plot_of, state_words, table
from dlplay.wire.events import Axes, Bars, ClaimResult, Started
from tests.conftest import FAULTS
from tests.processes import gone
from tests.tui.conftest import until
from tests.tui.fixed import FixedLauncher
from tests.tui.sweeps import ask, fill, over, painted, words

# The dialog


async def test_a_spread_about_the_present_value_is_offered(open_app):
    async with open_app("fine", {"learning_rate": 0.5}, start=False) as (app, pilot):
        await pilot.press("S")
        assert app.screen.query_one("#values", Input).value == "0.1, 0.2, 0.5, 1, 2"
        assert app.focused.id == "values"
        assert "5 values × 3 seeds = 15 runs" in words(app, "makes")
        assert "a number from 0.001 to 10" in words(app, "about-swept")
        await pilot.press("up", "right")
        assert "steps" in words(app, "swept")
        assert app.screen.query_one("#values", Input).value == "10, 20, 50, 100, 200"
        await pilot.press("left", "left")
        assert app.screen.query_one("#values", Input).value == "plain, signed"
        await pilot.press("escape")
        assert isinstance(app.screen, StageScreen)
        assert app.sweep is None


async def test_enter_does_not_overtake_what_was_typed_before_it(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press("S", "ctrl+u")
        for key, character in (("3", "3"), ("space", " "), ("4", "4"), ("enter", None)):
            app.post_message(Key(key, character))
        await until(pilot, lambda: app.sweep is not None, "the sweep")
        assert app.sweep.found.values == [3.0, 4.0]


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("values", "0.1, fast", "learning_rate takes a number from 0.001 to 10, not 'fast'"),
        ("values", "0.1 20", "learning_rate takes a number from 0.001 to 10, not 20.0"),
        ("values", "0.1", "a sweep takes two values of learning_rate or more"),
        ("values", "", "a sweep takes two values of learning_rate or more"),
        ("values", "0.1, 0.10", "learning_rate=0.1 is given twice"),
        ("seeds", "0", "seeds takes a whole number from 1 to 100, not 0"),
        ("seeds", "many", "seeds takes a whole number from 1 to 100, not 'many'"),
        ("jobs", "1.5", "jobs takes a whole number from 1 to 64, not 1.5"),
    ],
)
async def test_what_is_mistyped_is_told_on_the_spot(open_app, field, text, message):
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press("S")
        await fill(pilot, field, text)
        await until(pilot, lambda: message in words(app, "makes"), "the message")
        app.screen.query_one("#swept").focus()
        await pilot.press("enter")
        assert isinstance(app.screen, SweepDialog)
        assert app.focused.id == field
        assert app.sweep is None


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_all_that_a_choice_takes_is_told(launcher, tmp_path, size):
    names = ("ellipse", "rotated", "rosenbrock", "saddle", "plateau", "washboard")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "places.py").write_text(
        f'"""# Places"""\nfrom dlplay import Choice, Scene\n\n\n'
        f'class Places(Scene):\n    surface = Choice("ellipse", {names}, help="where")\n\n'
        "    def run(self, stage):\n        stage.measure(y=1)\n"
    )
    catalog = Catalog([tmp_path])
    first = {"card": catalog.find("own/places"), "settings": {}, "start": False, "seed": 0}
    app = DlplayApp(catalog, launcher, Look(), Progress(tmp_path / "p.json"), first)
    async with app.run_test(size=size) as pilot:
        await pilot.press("S")
        about = app.screen.query_one("#about-swept")
        shown = " ".join(about.render_line(y).text.strip() for y in range(about.size.height))
        assert all(name in shown for name in names), shown
        for each in (about, app.screen.query_one("#keys")):
            assert each.parent.region.contains_region(each.region)
            assert app.screen.region.contains_region(each.region)
        await fill(pilot, "values", "elipse, rotated")
        makes = app.screen.query_one("#makes")
        shown = " ".join(makes.render_line(y).text.strip() for y in range(makes.size.height))
        assert shown.rstrip().endswith("Did you mean 'ellipse'?")


def test_a_plan_takes_commas_or_spaces_and_refuses_too_many_runs(faults):
    card = faults.find("faults/fine")
    wish = Wish(card, card.defaults | {"size": 4})
    rate, rule = card.parameters["learning_rate"], card.parameters["rule"]
    plan = planned(wish, rate, " 0.1 0.2,0.3, ", "2", "1")
    assert (plan.values, plan.runs, plan.settings) == ([0.1, 0.2, 0.3], 6, {"size": 4})
    assert planned(wish, rule, "signed , plain", "1", "1").values == ["signed", "plain"]
    with pytest.raises(Mistyped, match="Did you mean 'signed'"):
        planned(wish, rule, "plain, sgined", "1", "1")
    many = " ".join(str(n) for n in range(1, 12))
    with pytest.raises(Mistyped, match="1,100 runs, and a sweep takes 1,000 at most") as error:
        planned(wish, card.parameters["steps"], many, "100", "1")
    assert error.value.field == "#seeds"
    assert offered(rate, Wish(card, {"learning_rate": 10.0})) == "0.5, 1, 2, 5, 10"


# The sweep


async def test_values_are_run_charted_and_tabled(open_app):
    async with open_app("fine", {"size": 2}, start=False) as (app, pilot):
        await ask(pilot, "0.01, 0.1, 10", seeds="2", jobs="2")
        sweep = await over(pilot)
        screen = app.screen
        assert [run.status for run in sweep.found.runs] == ["done"] * 4 + ["diverged"] * 2
        assert sweep.found.settings == {"size": 2}
        assert "6 of 6 runs over · 2 diverged · seeds 0 to 1" in words(app, "status")
        lines = words(app, "value-lines").split("\n")
        assert lines[0].split()[:4] == ["learning_rate", "claims", "hold", "final"]
        assert "diverged" in lines[3]
        curves, plot = screen.chart("curves"), screen.chart("measure")
        assert list(curves.content.lines) == ["0.01", "▸ 0.1", "10"]
        ranges = [bool((line.high > line.low).any()) for line in curves.content.lines.values()]
        assert ranges == [False, True, False]  # over seeds, of the chosen value
        assert list(plot.content.lines) == ["▸ 0.1", "final", "diverged at 10"]
        assert plot.content.lines["▸ 0.1"].x.tolist() == [0.1]
        assert screen.run.value == 0.1  # where the stage is
        await pilot.press("right")
        assert list(curves.content.lines)[-1] == "▸ 10"
        assert list(plot.content.lines) == ["final", "diverged at 10"]
        await pilot.press("right", "c", "o")
        assert screen.choice.curve == ("loss", "half of it")
        assert list(curves.content.lines) == ["▸ seed 0", "seed 1"]
        await pilot.press("right_square_bracket")
        assert (screen.run.value, screen.run.seed) == (0.01, 1)
        await pilot.press("o", "C", "m", "g")
        assert screen.choice.measure == "final"
        assert curves.view.log == ""
        await pilot.press("tab")
        assert screen.shown == ("curves",)
        await pilot.press("y")
        assert (
            app.clipboard == "dlplay sweep faults/fine learning_rate=0.01,0.1,10 size=2 --seeds 2"
            f" --scenes {FAULTS}"
        )


async def test_enter_makes_a_run_the_current_one_and_its_time_can_be_travelled(
    open_app, monkeypatch
):
    monkeypatch.setattr("dlplay.tui.model.session.RESTART_AFTER", 1e9)  # no sooner than space asks
    async with open_app("fine", {"size": 2}, start=False) as (app, pilot):
        sweep = await ask(pilot, "0.01, 0.2", seeds="2", jobs="2")
        await over(pilot)
        await pilot.press("right", "right_square_bracket", "enter")
        assert isinstance(app.screen, StageScreen)
        session = app.screen.session
        (run,) = [run for run in sweep.found.at(0.2) if run.seed == 1]
        assert session.history is run.history
        assert (session.values["size"], session.seed, session.state) == (2, 1, "done")
        assert session.values["learning_rate"] == run.value
        assert session.history.measures == run.measures
        assert not session.stale
        loss = app.screen.panels.views[0]
        await until(pilot, lambda: loss.content is not None, "the curve")
        drawn = loss.content.lines["the loss"].mean.tolist()
        assert drawn == run.curves["loss"]["the loss"].mean.tolist()
        await pilot.press("home")
        assert session.at == 1
        assert len(loss.content.lines["the loss"].x) == 1
        await pilot.press("end", "p", "l")
        assert session.pins[0].history is run.history
        assert session.pins[0].path == run.recording
        assert session.stale
        await pilot.press("S")
        assert isinstance(app.screen, SweepScreen)  # it is still there
        await pilot.press("escape", "space")
        await until(pilot, lambda: session.history.finished is not None, "a run of its own")
        assert session.history is not run.history


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_each_run_that_is_opened_shows_its_own_picture(open_app, size):
    """While the sweep covers the stage nothing is painted between two runs, and what they drew has
    the same version."""
    async with open_app("fine", {"steps": 20}, size=size, start=False) as (app, pilot):
        await ask(pilot, "0.05, 0.5, 5")
        await over(pilot)
        seen = []
        for value in (0.05, 0.5, 5):
            app.screen.choose(value=value)
            await pilot.press("enter")
            session, loss = app.screen.session, app.screen.panels.views[0]
            assert session.values["learning_rate"] == value
            await until(pilot, lambda: app.screen.panels.views[0].content is not None, "its curve")
            kept = session.history.panel("loss").lines["the loss"]
            assert loss.content.lines["the loss"].mean.tolist() == kept.mean.tolist()
            seen.append(painted(loss))
            await pilot.press("S")
        assert len({tuple(lines) for lines in seen}) == 3


async def test_stopped_half_way_it_keeps_what_is_finished_and_leaves_no_process(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press("down")
        sweep = await ask(pilot, "5, 1000000")
        screen = app.screen
        await until(pilot, lambda: sweep.under and sweep.found.runs, "the first end")
        under = sweep.sweeping._pool._under
        await until(pilot, lambda: all(child.run.pid for child in under), "their processes")
        pids = [child.run.pid for child in under]
        curves = screen.chart("curves")
        await until(pilot, lambda: curves.content and "1000000" in curves.content.lines, "growing")
        assert "1 of 2 runs over · 1 under way" in words(app, "status")
        await pilot.press("right", "enter")
        assert isinstance(app.screen, SweepScreen)
        assert "this run is not over" in words(app, "status")
        await pilot.press("x")
        await over(pilot, "stopped")
        await until(pilot, lambda: "1 not run" in words(app, "status"), "what was left")
        assert [(run.value, run.status) for run in sweep.found.runs] == [(5, "done")]
        assert "not run yet" in words(app, "value-lines")
        assert all(map(gone, pids))
        await pilot.press("x")
        assert "nothing is running" in words(app, "status")


async def test_it_goes_on_behind_the_stage_and_ends_with_the_app(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press("down")
        sweep = await ask(pilot, "1000000, 900000", jobs="2")
        await until(pilot, lambda: len(sweep.under) == 2, "both")
        runs = [child.run for child in sweep.sweeping._pool._under]
        await until(pilot, lambda: all(run.pid for run in runs), "their processes")
        pids = [run.pid for run in runs]
        await pilot.press("escape")
        assert isinstance(app.screen, StageScreen)
        assert sweep.state == "running"
    assert sweep.state == "stopped"
    assert all(map(gone, pids))


async def test_another_sweep_ends_the_one_under_way_and_says_so(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press("down")
        first = await ask(pilot, "1000000, 900000")
        await pilot.press("n")
        assert "It ends the sweep of steps" in words(app, "makes")
        await fill(pilot, "values", "3, 4")
        await fill(pilot, "seeds", "1")
        await pilot.press("enter")
        assert isinstance(app.screen, SweepScreen)
        assert first.state == "stopped"
        assert app.screen.sweep is app.sweep is not first
        sweep = await over(pilot)
        assert sweep.found.values == [3, 4]


FATAL = '''"""# Fatal"""
import os
from dlplay import Scene, Toggle


class Fatal(Scene):
    deadly = Toggle(False)

    def run(self, stage):
        for step in stage.loop(3):
            stage.curve("height", h=step)
            if self.deadly and step == 1:
                stage.flush()
                os._exit(7)
        stage.measure(x=1.0)
'''


async def test_a_value_whose_runs_fail_is_told_and_can_be_looked_at(launcher, tmp_path):
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "fatal.py").write_text(FATAL)
    catalog = Catalog([tmp_path])
    first = {"card": catalog.find("some/fatal"), "start": False}
    app = DlplayApp(catalog, launcher, Look(), Progress(tmp_path / "p.json"), first)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("S", "enter")
        sweep = await over(pilot)
        assert [run.status for run in sweep.found.runs] == ["done"] * 3 + ["failed"] * 3
        assert "6 of 6 runs over · 3 failed" in words(app, "status")
        lines = words(app, "value-lines").split("\n")
        assert ("done" in lines[1], "failed" in lines[2]) == (True, True)
        await pilot.press("right")
        assert "exit code 7" in words(app, "run")
        await pilot.press("enter")
        assert app.screen.session.state == "failed"
        assert app.screen.session.history.series["height"]["h"].count == 2


async def test_from_the_browser(open_app):
    async with open_app() as (app, pilot):
        await pilot.press("S")
        assert isinstance(app.screen, Browser)  # a chapter
        app.screen.select("faults/fine")
        await pilot.pause()
        await pilot.press("S")
        assert app.focused.id == "swept"
        await pilot.press("left")
        await fill(pilot, "seeds", "1")
        await pilot.press("enter")
        await over(pilot)
        bars = app.screen.chart("measure").content
        assert isinstance(bars, Bars)
        assert bars.labels == ["▸ plain", "signed"]
        await pilot.press("right", "enter")
        assert isinstance(app.screen, StageScreen)
        assert app.screen.session.values["rule"] == "signed"
        assert app.screen.session.state == "done"
        await pilot.press("q")
        assert isinstance(app.screen, Browser)


async def test_a_scene_without_parameters_cannot_be_swept(open_app):
    async with open_app("warns", start=False) as (app, pilot):
        await pilot.press("S")
        assert isinstance(app.screen, StageScreen)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_one_chart_at_a_time_where_it_is_narrow(open_app, size):
    async with open_app("fine", start=False, size=size) as (app, pilot):
        await ask(pilot, "0.1, 0.2")
        await over(pilot)
        seen = [view.panel for view in app.screen.query("PanelView") if view.display]
        assert seen == (["curves"] if size[0] < 100 else ["curves", "measure"])
        await pilot.press("m")
        assert "measure" in app.screen.shown


async def test_every_run_is_recorded(launcher, faults, tmp_path):
    card = faults.find("faults/fine")
    library = Library(tmp_path / "runs")
    plan = Plan(Wish(card, card.defaults, device="cpu"), "steps", [3, 4], 1, 1)
    sweep = LiveSweep.of(plan, launcher, library)
    sweep.start()
    sweep._thread.join(60)
    assert sweep.poll()
    assert sorted(info.parameters["steps"] for info in library.runs()) == [3, 4]
    assert {info.status for info in library.runs()} == {"done"}
    assert {run.recording for run in sweep.found.runs} == {info.path for info in library.runs()}
    assert not sweep.poll()


async def test_trouble_of_the_sweep_itself_is_told(launcher, faults):
    card = faults.find("faults/fine")
    sweep = LiveSweep.of(Plan(Wish(card), "steps", [3, 4], 1, 1), launcher)
    sweep.sweeping._pool._launcher = None
    sweep.start()
    sweep._thread.join(60)
    sweep.poll()
    assert sweep.state == "failed"
    assert "start" in sweep.trouble


def test_before_anything_is_over_there_is_nothing_to_draw(launcher, faults):
    card = faults.find("faults/fine")
    sweep = LiveSweep.of(Plan(Wish(card), "steps", [3, 4], 2, 1), launcher)
    choice = Choice(3)
    assert curves_of(sweep.drawn, choice) is None
    assert plot_of(sweep.found, choice) is None
    assert state_words(sweep.found, (), 3) == "not run yet"
    assert sweep.share == 0


def test_nothing_moves_in_the_table_as_runs_come_in(faults):
    """Columns are added at the right; those that are there keep their place and width."""
    card = faults.find("faults/fine")
    whole = FixedSweeping(card).result
    heads, places = [], set()
    for count in range(len(whole.runs) + 1):
        for share in (0.0, 0.4, 1.0):
            sweep = LiveSweep(FixedSweeping(card))
            sweep.found = replace(whole, runs=whole.runs[:count])
            later = whole.runs[count : count + 2]
            sweep.under = tuple(UnderWay(run.value, run.seed, share, None) for run in later)
            choice = Choice(RATES[0], measure=sweep.found.main_measure if count else None)
            inks = defaultdict(lambda: "red")
            head, lines = table(sweep, choice, 118, inks, Look())
            heads.append(head.plain.rstrip())
            texts = [line.plain for line in lines]
            places |= {text.index(" of 1") for text in texts if " of 1" in text}
            assert len(lines) == len(RATES)
    assert all(heads[-1].startswith(head) for head in heads), "\n".join(heads)
    assert [len(head) for head in heads] == sorted(len(head) for head in heads)
    assert len(places) == 1
    assert "low to high" in heads[-1]


def test_the_chart_of_almost_equal_numbers_is_flat_with_its_mark(faults):
    card = faults.find("faults/fine")
    begun = Started(scene=card.id, seed=0, device="cpu", parameters={})
    runs = [
        SweepRun(value, begun.ended("done", 3, measures={"final": 85.2348 + value / 1e5}), {})
        for value in (5, 6, 7)
    ]
    found = Sweep(card, card.parameters["steps"], [5, 6, 7], [0], runs=runs)
    (room,) = plot_of(found, Choice(6, measure="final")).room
    assert float(room.high.max() - room.low.min()) == pytest.approx(0.1)


def test_what_the_table_has_no_room_for_is_cut_with_a_sign(faults):
    sweep = LiveSweep(FixedSweeping(faults.find("faults/fine")))
    choice = Choice(RATES[0], measure=sweep.found.main_measure)
    head, lines = table(sweep, choice, 40, defaultdict(lambda: "red"), Look())
    assert [text.cell_len for text in (head, *lines)] == [40] * 6
    assert all(text.plain.endswith("…") for text in (head, *lines))


# What it looks like

RATES = [0.01, 0.02, 0.05, 0.1, 10.0]


class FixedSweeping:
    """A sweep that is over, with the same numbers on every machine."""

    def __init__(self, card):
        runs = [_run(place, value, seed) for place, value in enumerate(RATES) for seed in (0, 1)]
        rate = card.parameters["learning_rate"]
        axes = {"loss": Axes(panel="loss", y="nats", log="y")}
        self.result = Sweep(card, rate, RATES, [0, 1], {"steps": 200}, runs, axes)

    def stop(self):
        pass


def _run(place, value, seed):
    steps = np.arange(200.0)
    loss = (2.3 + 0.2 * seed) * np.exp(-steps * (place + 1) / 150) + 0.02
    if value == 10.0:
        steps, loss = steps[:8], 2.3 * 10.0 ** np.arange(8.0)
        loss[-1] = math.nan
    status = "diverged" if value == 10.0 else "done"
    measures = {"final": float(loss[-1]), "accuracy": 0.8 + place / 50, "gap": 0.01 * seed}
    held = ClaimResult("below", "it ends below one thousandth", 0.1, "<", 0.001, place > 2)
    lines = {"train": Line.of(steps, loss), "test": Line.of(steps, loss + 0.1)}
    message = "train became nan at step 7" if status == "diverged" else ""
    seconds = 1.5 + place / 10
    begun = Started(scene="faults/fine", seed=seed, device="cpu", parameters={})
    known = {"message": message, "seconds": seconds, "measures": measures, "claims": [held]}
    return SweepRun(value, begun.ended(status, len(steps), **known), {"loss": lines})


def test_a_sweep_at_a_glance(snap_compare, faults, tmp_path):
    card = faults.find("faults/fine")
    first = {"card": card, "start": False}
    app = DlplayApp(faults, FixedLauncher(), Look(), Progress(tmp_path / "p.json"), first)
    app.sweep = LiveSweep(FixedSweeping(card), {"steps": 200})

    async def look(pilot):
        await pilot.press("S", "left")
        for _ in range(3):
            await pilot.pause()
            app.screen.tick()
        await pilot.pause()

    assert snap_compare(app, terminal_size=(120, 40), run_before=look)


# Runs that are trained as one batch
