"""The runs of a sweep as one batch: each tells what it tells alone."""

from __future__ import annotations

import os

import numpy as np
import pytest

from dlplay.course.catalog import Catalog
from dlplay.engine.batch import execute_batch
from dlplay.engine.execute import execute
from dlplay.engine.history import History
from dlplay.engine.lanes import LiveBatch
from dlplay.engine.live import LiveRun
from dlplay.engine.recordings.library import Library
from dlplay.engine.recordings.replay import load
from dlplay.engine.sweeps import runs
from dlplay.engine.sweeps.runs import Sweeping, sweep
from tests.processes import gone

BOWL = '''"""# Down a bowl"""
import torch

from dlplay import Float, Int, Scene


class Bowl(Scene):
    panels = {"height": "of the walker", "place": "where it is"}
    claims = {"low": "the walker ends low"}

    rate = Float(0.1, min=0.001, max=10, log=True, live=True)
    trap = Float(9.0, min=0, max=10)
    steps = Int(100, min=1, max=1_000_000)

    def run(self, stage):
        start = torch.rand(1).to(stage.device)
        x = start.repeat(stage.copies)

        @stage.look(1)
        def look():
            stage.headline(f"at {float(x[0]):.2f}, rate {self.rate}")
            stage.bars("place", ["x"], x)

        stage.axes("height", y="height", lines={"rate": stage.each(self.rate)})
        for step in stage.loop(self.steps):
            rate = stage.each(self.rate)
            x = x - 2 * rate * x
            if step == 5 and (rate > self.trap).any():
                raise ValueError("a trap")
            stage.curve("height", walker=x.square())
            stage.measure(doubled=2 * step)
        stage.claim("low", x.square(), below=0.001)
        stage.measure(start=start)
'''


@pytest.fixture(scope="module")
def bowl(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    (folder / "own").mkdir()
    (folder / "own" / "bowl.py").write_text(BOWL)
    return Catalog([folder]).find("own/bowl")


def batch(card, name, values, settings=None, **how):
    """What each run told, and its summary."""
    histories = [History() for _ in values]
    found = execute_batch(
        card, name, values, settings, deal=lambda k, told: histories[k].feed(told), **how
    )
    assert [each.finished for each in histories] == found
    return histories


def alone(card, settings, **how):
    history = History()
    execute(card, settings, sink=history.feed, looks=False, **how)
    return history


def assert_alike(one, other):
    """Everything but the time that it took, and what the log says of the batch."""
    for name in (
        "status",
        "steps",
        "seed",
        "device",
        "parameters",
        "measures",
        "claims",
        "message",
    ):
        assert getattr(one.finished, name) == getattr(other.finished, name), name
    assert one.started.parameters == other.started.parameters
    assert one.names == other.names
    assert one.axes == other.axes
    for panel, series in one.series.items():
        for name, points in series.items():
            for a, b in zip(points._columns(), other.series[panel][name]._columns(), strict=True):
                np.testing.assert_array_equal(a, b)


def test_a_batch_of_one_is_the_run_to_the_last_bit(bowl):
    (one,) = batch(bowl, "rate", [0.03], {"steps": 7}, seed=3)
    assert_alike(one, alone(bowl, {"rate": 0.03, "steps": 7}, seed=3))


def test_each_run_of_a_batch_is_the_run_alone_and_one_that_diverges_leaves_the_others(bowl):
    rates = [0.01, 3.0, 0.2]
    found = batch(bowl, "rate", rates)
    assert [each.finished.status for each in found] == ["done", "diverged", "done"]
    assert found[1].finished.steps < 100
    assert [c.holds for each in found for c in each.claims] == [False, None, True]
    for rate, each in zip(rates, found, strict=True):
        assert_alike(each, alone(bowl, {"rate": rate}))


def test_where_all_diverge_the_batch_is_over(bowl):
    found = batch(bowl, "rate", [3.0, 5.0], {"steps": 1_000_000})
    assert [each.finished.status for each in found] == ["diverged", "diverged"]


def test_a_batch_shows_no_pictures_and_says_so(bowl):
    found = batch(bowl, "rate", [0.01, 0.2], {"steps": 5})
    for each in found:
        assert each.names == ["height"]
        assert each.headlines == []
        assert "one batch with 1 other values of rate" in each.log[0].text


def test_what_belongs_to_no_run_is_refused(bowl, tmp_path):
    (tmp_path / "own").mkdir()
    text = BOWL.replace("walker=x.square()", "walker=torch.zeros(3)")
    (tmp_path / "own" / "bowl.py").write_text(text)
    found = batch(Catalog([tmp_path]).find("own/bowl"), "rate", [0.1, 0.2])
    assert {each.finished.status for each in found} == {"failed"}
    assert "a number for each, [2], not a tensor [3]" in found[0].finished.message
    with pytest.raises(ValueError, match="takes one steps at a time"):
        execute_batch(bowl, "steps", [1, 2])


def test_what_cannot_be_loaded_fails_for_each(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "bowl.py").write_text(BOWL.replace("import torch", "import torch, nowhere"))
    found = batch(Catalog([tmp_path]).find("own/bowl"), "rate", [0.1, 0.2])
    assert [each.finished.status for each in found] == ["failed", "failed"]
    assert "No module named 'nowhere'" in found[1].finished.message
    assert found[1].finished.parameters["rate"] == 0.2


# In sweeps


def test_a_sweep_trains_the_runs_of_a_seed_as_one(bowl, launcher, started):
    rates, how = [0.01, 0.2, 3.0], {"seeds": 2, "settings": {"steps": 120}, "jobs": 2}
    found = sweep(bowl, "rate", rates, launcher=launcher, **how)
    assert [type(each) for each in started] == [LiveBatch, LiveBatch]
    assert found.together
    assert not found.stopped
    apart = sweep(bowl, "rate", rates, launcher=launcher, apart=True, **how)
    assert len(started) == 2 + 6
    assert not apart.together
    assert "--apart" in apart.command
    assert apart.command.replace(" --apart", "") == found.command
    for one, other in zip(found.runs, apart.runs, strict=True):
        assert (one.value, one.seed, one.status) == (other.value, other.seed, other.status)
        assert (one.measures, one.claims) == (other.measures, other.claims)
        ours, theirs = one.curves["height"]["walker"], other.curves["height"]["walker"]
        np.testing.assert_array_equal(ours.mean, theirs.mean)
    assert {run.status for run in found.at(3.0)} == {"diverged"}


def test_a_batch_is_of_bounded_size(bowl, launcher, started, monkeypatch):
    monkeypatch.setattr(runs, "TOGETHER", 2)
    found = sweep(bowl, "rate", [0.1, 0.2, 0.3], launcher=launcher)
    assert [len(each.lanes) for each in started] == [2, 1]
    assert [(run.value, run.status) for run in found.runs] == [
        (0.1, "done"), (0.2, "done"), (0.3, "done")
    ]  # fmt: skip


def test_another_parameter_is_swept_run_by_run(bowl, launcher, started):
    found = sweep(bowl, "steps", [1, 2], launcher=launcher)
    assert not found.together
    assert [type(each) for each in started] == [LiveRun, LiveRun]
    assert "--apart" not in sweep(bowl, "steps", [1, 2], launcher=launcher, apart=True).command


def test_one_that_breaks_a_batch_fails_alone(bowl, launcher, started):
    settings = {"trap": 0.5, "steps": 10}
    found = sweep(bowl, "rate", [0.1, 0.2, 0.9], settings=settings, launcher=launcher)
    assert [run.status for run in found.runs] == ["done", "done", "failed"]
    assert found.runs[2].message == "bowl.py raised ValueError: a trap"
    assert [type(each) for each in started] == [LiveBatch, LiveRun, LiveRun, LiveRun]


def test_a_batch_whose_process_is_killed_is_made_run_by_run(bowl, launcher, started):
    sweeping = Sweeping(bowl, "rate", [0.1, 0.2], settings={"steps": 20_000}, launcher=launcher)
    killed = []

    def watch(under, over, total):
        if not killed and under and under[0].run.state == "running":
            killed.append(under[0].run.whole.pid)
            os.kill(killed[0], 9)

    found = sweeping.run(watch)
    assert killed
    assert [run.status for run in found.runs] == ["done", "done"]
    assert [type(each) for each in started] == [LiveBatch, LiveRun, LiveRun]


def test_stopped_in_the_middle_it_leaves_no_process(bowl, launcher, started):
    settings = {"steps": 1_000_000}
    sweeping = Sweeping(bowl, "rate", [0.1, 0.2, 3.0], settings=settings, launcher=launcher)

    def watch(under, over, total):
        assert total == 3
        if over == 1 and all(each.run.state == "running" for each in under):
            sweeping.stop()

    found = sweeping.run(watch)
    assert found.stopped
    assert [(run.value, run.status) for run in found.runs] == [(3.0, "diverged")]
    (process,) = started
    assert gone(process.pid)


def test_a_run_of_a_batch_is_recorded_and_keeps_no_history(bowl, launcher, tmp_path):
    library = Library(tmp_path)

    def record(job):
        return library.recorder(job.card, seed=job.seed, device="cpu", settings=job.settings)

    sweeping = Sweeping(
        bowl, "rate", [0.1, 0.2], settings={"steps": 5}, launcher=launcher, histories=True,
        record=record,
    )  # fmt: skip
    for run in sweeping.run().runs:
        assert run.history is None
        recorded = load(run.recording).history
        assert recorded.finished.parameters["rate"] == run.value
        assert recorded.measures == run.measures
        assert recorded.names == ["height"]
