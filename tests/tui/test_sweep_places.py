"""Where and how the runs of the interface's sweeps are made: as one batch, or on other machines."""

from __future__ import annotations

import re

import pytest
from textual.widgets import Input

from dlplay.course.catalog import Catalog
from dlplay.course.progress import Progress
from dlplay.draw import Look
from dlplay.engine.recordings.library import Library
from dlplay.tui.app import DlplayApp
from dlplay.tui.screens.stage import StageScreen
from dlplay.tui.sweeps.dialog import Mistyped, planned
from dlplay.tui.sweeps.model import Wish
from dlplay.tui.sweeps.screen import SweepScreen
from dlplay.tui.sweeps.view import state_words
from tests.engine.machines import Machines, Place
from tests.engine.test_batch import BOWL
from tests.tui.conftest import until
from tests.tui.sweeps import ask, fill, over, words


@pytest.fixture
def bowls(tmp_path, launcher):
    """The interface at a scene whose runs can be."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "bowl.py").write_text(BOWL)
    catalog = Catalog([tmp_path])
    first = {"card": catalog.find("own/bowl"), "settings": {}, "start": False, "seed": 0}
    return DlplayApp(
        catalog, launcher, Look(), Progress(tmp_path / "p.json"), first, Library(tmp_path / "runs")
    )


async def test_a_batch_is_offered_made_and_opened_as_runs(bowls):
    async with bowls.run_test(size=(120, 40)) as pilot:
        await pilot.press("S")
        assert bowls.screen.query_one("#together").display
        await pilot.press("up", "right", "right")  # to the steps, which have no batch
        assert not bowls.screen.query_one("#together").display
        await pilot.press("escape")
        sweep = await ask(pilot, "0.01 0.2", seeds="2")
        await over(pilot)
        assert sweep.found.together
        assert {run.status for run in sweep.found.runs} == {"done"}
        await pilot.press("right")
        assert "of a batch: enter makes it again" in words(bowls, "run")
        run = bowls.screen.run
        await pilot.press("enter")
        session = bowls.screen.session
        await until(pilot, lambda: session.history.finished is not None, "the run made again")
        assert session.history.measures == run.measures
        assert session.history.names == ["height", "place"]
        session.close()


async def test_or_each_run_is_made_alone(bowls):
    async with bowls.run_test(size=(80, 24)) as pilot:
        await pilot.press("S")
        await fill(pilot, "values", "0.01 0.2")
        await fill(pilot, "seeds", "1")
        await pilot.press("down", "down", "down")
        assert bowls.focused.id == "batch"
        assert "yes" in words(bowls, "batch")
        await pilot.press("right")
        assert "no" in words(bowls, "batch")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(bowls.screen, SweepScreen), "the sweep")
        sweep = await over(pilot)
        assert not sweep.found.together
        assert all(run.history is not None for run in sweep.found.runs)
        assert "--apart" in sweep.found.command


@pytest.fixture
def machines(monkeypatch, faults, tmp_path):
    """What `dask=stand:1` names: machines that make a run each time they are let."""

    class Slow(Machines):
        let = 0

        def over(self):
            if self.let:
                self.let -= 1
                yield from super().over()

        def waits(self, task):
            return task not in self.waiting[:1]

    place = Place(Slow(faults), tmp_path / "there")
    place.kind = "dask"
    monkeypatch.setattr("dlplay.tui.sweeps.dialog.place", lambda text: place)
    monkeypatch.setattr("dlplay.tui.sweeps.model.place", lambda text: place)
    (tmp_path / "there").mkdir()
    return place.queue


async def test_runs_of_other_machines_appear_as_they_come(open_app, machines, tmp_path):
    async with open_app("fine", start=False, size=(120, 40)) as (app, pilot):
        await pilot.press("S")
        assert not app.screen.query_one("#jobs").disabled
        await fill(pilot, "on", "dask=stand:1")
        assert app.screen.query_one("#jobs").disabled
        await pilot.press("down")
        assert app.focused.id == "swept"  # past the jobs, which are for this machine
        await pilot.press("escape")

        async def begin():
            await pilot.press("S")
            await fill(pilot, "on", "dask=stand:1")
            await fill(pilot, "seeds", "1")
            await fill(pilot, "values", "0.1 0.2 0.5")
            await pilot.press("enter")
            return app.sweep

        def stand(value):
            return state_words(sweep.found, sweep.under, value)

        sweep = await begin()
        await until(pilot, lambda: len(sweep.under) == 3, "the queue")
        assert [stand(value) for value in (0.1, 0.2, 0.5)] == ["under way", "queued", "queued"]
        await pilot.pause()
        app.screen.tick()
        assert "on dask=stand:1" in words(app, "top")
        assert "1 under way · 2 queued" in words(app, "status")
        machines.let = 1
        await until(pilot, lambda: len(sweep.found.runs) == 1, "the first")
        assert stand(0.1) == "done"
        await pilot.press("x")
        await over(pilot, "stopped")
        assert app.sweep.command.endswith(" --on dask=stand:1")
        await pilot.press("n")
        assert app.screen.query_one("#on", Input).value == "dask=stand:1"
        await pilot.press("escape", "q")
        assert len(machines.asked) == 3
        machines.let = 100
        sweep = app.sweep
        app.end_sweep()
        app.sweep = None
        sweep = await begin()
        await over(pilot)
        assert len(machines.asked) == 5  # what had been done was not asked for again
        assert sorted(run.recording.parent for run in sweep.found.runs) == [tmp_path / "there"] * 3
        await pilot.press("enter")
        assert isinstance(app.screen, StageScreen)
        assert app.screen.session.history.measures


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("slrum", "on takes slurm[,WORD=VALUE,...], dask=HOST:PORT or local, not 'slrum'"),
        ("local", "left empty, the runs are made on this machine"),
    ],
)
def test_machines_that_cannot_be_are_told(faults, text, message):
    card = faults.find("faults/fine")
    with pytest.raises(Mistyped, match=re.escape(message)) as told:
        planned(Wish(card), card.parameters["size"], "1 2", "1", "1", text)
    assert told.value.field == "#on"


async def test_no_visitor_of_a_page_queues_jobs_elsewhere(open_app, monkeypatch):
    monkeypatch.setattr("dlplay.tui.sweeps.dialog.in_a_browser", lambda: True)
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press("S")
        assert not app.screen.query_one("#machines").display
        await pilot.press("down", "down")
        assert app.focused.id == "jobs"
