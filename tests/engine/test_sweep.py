"""Sweeps: every value and seed runs, with the numbers of single runs, and can be stopped."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dlplay import run
from dlplay.author.parameters.base import ParameterError
from dlplay.draw import Curves, Line, Look, draw
from dlplay.engine.sweeps import curves as bundles
from dlplay.engine.sweeps.runs import Sweep, Sweeping, SweepRun, sweep
from dlplay.wire.events import Bars, Boxes, Started
from tests.conftest import FAULTS
from tests.processes import gone

RATES = [0.01, 0.1, 10.0]  # the last diverges


@pytest.fixture(scope="module")
def fine(faults):
    return faults.find("faults/fine")


@pytest.fixture(scope="module")
def rates(fine, launcher):
    """Three values, two seeds, two at a time."""
    return sweep(
        fine, "learning_rate", RATES, seeds=2, settings={"size": 2}, jobs=2, launcher=launcher
    )


def test_a_sweeps_run_is_the_run_with_these_settings(rates):
    assert [(each.value, each.seed) for each in rates.runs] == [
        (rate, seed) for rate in RATES for seed in (0, 1)
    ]
    for each in rates.runs:
        alone = run("faults/fine", seed=each.seed, scenes=FAULTS, learning_rate=each.value, size=2)
        assert (each.status, each.steps) == (alone.status, alone.steps)
        assert each.measures == alone.measures
        assert each.claims == alone.claims
        x, y = alone.curves["loss"]["the loss"]
        line = each.curves["loss"]["the loss"]
        np.testing.assert_array_equal(line.mean[: len(y) - 1], y[:-1])
        np.testing.assert_array_equal(line.x[: len(x) - 1], x[:-1])
    assert not rates.stopped


def test_the_same_sweep_gives_the_same_numbers_however_many_at_once(rates, fine, launcher):
    again = sweep(
        fine, "learning_rate", RATES, seeds=2, settings={"size": 2}, jobs=1, launcher=launcher
    )
    assert [(r.value, r.seed, r.status, r.measures) for r in again.runs] == [
        (r.value, r.seed, r.status, r.measures) for r in rates.runs
    ]


def test_a_measure_by_value_with_its_spread(rates):
    rows = rates.measure("final")
    assert [row.value for row in rows] == RATES
    finals = [r.measures["final"] for r in rates.at(0.01)]
    assert rows[0].low == min(finals)
    assert rows[0].high == max(finals)
    assert rows[0].mean == pytest.approx(sum(finals) / 2)
    assert rows[0].low < rows[0].mean < rows[0].high
    assert (rows[0].count, rows[0].diverged) == (2, 0)
    with pytest.raises(LookupError, match=r"they measured final\. Did you mean 'final'"):
        rates.measure("finall")


def test_a_diverged_value_is_kept_and_has_no_number(rates):
    assert [r.status for r in rates.at(10.0)] == ["diverged", "diverged"]
    row = rates.measure("final")[-1]
    assert (row.count, row.diverged) == (0, 2)
    assert math.isnan(row.mean)
    assert rates.holding(0.1) == (1, 1)
    assert rates.holding(10.0) == (0, 1)
    plot = rates.as_plot("final")
    assert list(plot.lines) == ["final", "diverged at 10"]
    assert plot.lines["final"].x.tolist() == [0.01, 0.1]
    assert np.isfinite(plot.lines["final"].mean).all()
    assert plot.axes.x == "learning_rate"
    assert "x" in plot.axes.log


def test_curves_by_value(rates):
    assert rates.panels == {"loss": ["the loss", "half of it"]}
    curves = rates.curves("loss", "the loss")
    assert list(curves) == RATES
    seeds = [r.curves["loss"]["the loss"].mean for r in rates.at(0.01)]
    np.testing.assert_allclose(curves[0.01].mean, np.mean(seeds, axis=0))
    np.testing.assert_array_equal(curves[0.01].low, np.min(seeds, axis=0))
    np.testing.assert_array_equal(curves[0.01].high, np.max(seeds, axis=0))
    drawn = rates.as_curves("loss")
    assert list(drawn.lines) == ["learning_rate=0.01", "learning_rate=0.1", "learning_rate=10"]
    assert list(drawn.styles.values()) == [0, 1, 2]
    assert drawn.axes.log == "y"
    wild, tame = drawn.lines["learning_rate=10"], drawn.lines["learning_rate=0.1"]
    assert math.isnan(wild.mean[-1])
    assert len(wild) < len(curves[10.0])  # cut, so that the others can be read
    assert np.isfinite(tame.mean).all()
    with pytest.raises(LookupError, match="Did you mean 'loss'"):
        rates.as_curves("los")
    with pytest.raises(LookupError, match="no series 'loss'; it has the loss, half of it"):
        rates.as_curves("loss", "loss")


@pytest.mark.parametrize("look", [Look(), Look(colors="none", ascii=True)])
def test_both_can_be_drawn(rates, look):
    plot = draw(rates.as_plot("final"), 80, 16, look).plain
    assert "diverged at 10" in plot
    assert "nan" not in plot
    curves = draw(rates.as_curves("loss"), 80, 16, look).plain
    assert "learning_rate=0.1" in curves


def test_a_choice_is_swept_over_all_its_options_and_drawn_as_bars(fine, launcher):
    found = sweep(fine, "rule", settings={"steps": 5}, launcher=launcher)
    assert found.values == ["plain", "signed"]
    bars = found.as_plot("final")
    assert isinstance(bars, Bars)
    assert bars.labels == ["rule=plain", "rule=signed"]
    assert bars.series == {"final": [run.measures["final"] for run in found.runs]}
    assert found.main_measure == "final"


def test_several_seeds_of_a_choice_are_drawn_as_a_box_each(fine, launcher):
    found = sweep(fine, "rule", seeds=2, settings={"steps": 5}, launcher=launcher)
    boxes = found.as_plot("final")
    assert isinstance(boxes, Boxes)
    assert boxes.labels == ["rule=plain", "rule=signed"]
    for box, row in zip(boxes.boxes, found.measure("final"), strict=True):
        assert (box.least, box.most, box.count) == (row.low, row.high, 2)
        assert box.mean == pytest.approx(row.mean)
    assert "rule=signed" in draw(boxes, 80, 16, Look()).plain


def test_stopped_in_the_middle_it_keeps_what_is_finished(fine, launcher, started):
    sweeping = Sweeping(fine, "steps", [5, 1_000_000], seeds=2, jobs=1, launcher=launcher)
    pids = []

    def watch(under, over, total):
        assert total == 4
        if over == 1 and under and under[0].run.state == "running":
            pids.append(under[0].run.pid)
            sweeping.stop()

    found = sweeping.run(watch)
    assert found.stopped
    assert [(each.value, each.seed, each.status) for each in found.runs] == [(5, 0, "done")]
    assert found.total == 4
    assert math.isnan(found.measure("final")[1].mean)
    assert len(started) == 2
    assert all(map(gone, pids))
    assert pids


def test_interrupted_it_returns_what_is_finished(fine, launcher, started):
    def watch(under, over, total):
        if over == 1 and under and under[0].run.state == "running":
            raise KeyboardInterrupt

    found = sweep(fine, "steps", [5, 1_000_000], jobs=1, launcher=launcher, watch=watch)
    assert found.stopped
    assert [each.value for each in found.runs] == [5]
    assert all(each.state == "over" for each in started)


def test_stopped_before_it_began_it_starts_nothing(fine, launcher, started):
    sweeping = Sweeping(fine, "steps", [5, 6], launcher=launcher)
    sweeping.stop()
    assert sweeping.run().runs == []
    assert started == []


def test_all_values_come_before_the_second_seed(fine, launcher, started):
    sweep(fine, "steps", [1, 2], seeds=2, first_seed=7, jobs=1, launcher=launcher)
    assert [(r.order.settings["steps"], r.order.seed) for r in started] == [
        (1, 7), (2, 7), (1, 8), (2, 8)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "values", "settings", "message"),
    [
        ("rat", [1, 2], {}, "there is no parameter 'rat'"),
        ("steps", [1, 0], {}, "steps takes a whole number from 1 to 1000000, not 0"),
        ("rule", ["plain", "sgined"], {}, "Did you mean 'signed'"),
        ("steps", [3], {}, "two values of steps or more"),
        ("steps", [3, 4, 3], {}, "steps=3 is given twice"),
        ("steps", [3, 4], {"size": 11}, "size takes a whole number from 1 to 10, not 11"),
        ("steps", [3, 4], {"steps": 5}, "steps is swept"),
    ],
)
def test_mistakes_are_found_before_anything_runs(
    fine, launcher, started, name, values, settings, message
):
    with pytest.raises(ParameterError, match=message):
        sweep(fine, name, values, settings=settings, launcher=launcher)
    assert started == []


def test_faults_stay_apart(launcher, tmp_path):
    """One value kills its process; the others are not touched."""
    from dlplay.course.catalog import Catalog

    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "fatal.py").write_text(
        '"""# Fatal"""\nimport os\nfrom dlplay import Scene, Toggle\n\n\n'
        "class Fatal(Scene):\n    deadly = Toggle(False)\n\n    def run(self, stage):\n"
        "        for _ in stage.loop(3):\n"
        "            if self.deadly:\n                os._exit(7)\n"
        "        stage.measure(x=1.0)\n"
    )
    found = sweep(Catalog([tmp_path]).find("some/fatal"), "deadly", launcher=launcher)
    assert [(each.value, each.status) for each in found.runs] == [
        (False, "done"),
        (True, "failed"),
    ]
    row = found.measure("x")[1]
    assert (row.count, row.failed) == (0, 1)
    assert found.curves


# Curves of several runs


def line(*ys, x=None):
    return Line.of(range(len(ys)) if x is None else x, ys)


def test_runs_that_end_early_take_part_as_far_as_they_go():
    both = bundles.together([line(1.0, 2.0, 3.0), line(3.0, 4.0)])
    assert both.mean.tolist() == [2.0, 3.0, 3.0]
    assert both.low.tolist() == [1.0, 2.0, 3.0]
    assert both.high.tolist() == [3.0, 4.0, 3.0]


def test_curves_over_different_x_are_interpolated_within_their_own_range():
    both = bundles.together([line(0.0, 4.0, x=[0, 4]), line(2.0, 2.0, x=[1, 3])])
    assert both.x.tolist() == [0, 1, 3, 4]
    assert both.mean.tolist() == [0.0, 1.5, 2.5, 4.0]
    assert both.high.tolist() == [0.0, 2.0, 3.0, 4.0]


def test_curves_to_and_fro_are_taken_point_by_point():
    both = bundles.together([line(0.0, 4.0, x=[4, 0]), line(2.0, 2.0, x=[3, 1])])
    assert both.mean.tolist() == [1.0, 3.0]


def test_thinning_keeps_spikes_and_the_end_that_is_not_finite():
    ys = np.zeros(5000)
    ys[1234], ys[-1] = 100.0, math.nan
    thin = bundles.thinned(Line.of(np.arange(5000), ys), 100)
    assert len(thin) == 101
    assert np.nanmax(thin.high) == 100.0
    assert bundles.ends_badly(thin)
    assert (np.diff(thin.x) > 0).all()


def test_a_diverged_curve_is_cut_where_it_leaves_the_others_far_behind():
    wild = bundles.cut(line(1.0, 2.0, 50.0, 1e30, math.nan), [line(0.0, 3.0)], log=False)
    np.testing.assert_array_equal(wild.mean, [1.0, 2.0, math.nan])
    assert wild.x.tolist() == [0, 1, 2]
    alone = line(1.0, 1e30, math.nan)
    assert bundles.cut(alone, [], log=False) is alone


def begun(seed):
    return Started(scene="faults/fine", seed=seed, device="cpu", parameters={})


def test_a_value_of_which_some_seeds_diverged_says_so(fine):
    runs = [
        SweepRun(value, begun(seed).ended(status, 3, measures=measures), {"loss": {"a": curve}})
        for value, seed, status, measures, curve in (
            (5, 0, "done", {"final": 1.0}, line(3.0, 2.0)),
            (5, 1, "diverged", {"final": 9.0}, line(9.0, math.nan)),
            (6, 0, "done", {"final": 2.0}, line(4.0, 2.0)),
            (6, 1, "done", {"final": math.inf}, line(2.0, 4.0)),
        )
    ]
    found = Sweep(fine, fine.parameters["steps"], [5, 6], [0, 1], runs=runs)
    rows = found.measure("final")
    assert [(row.mean, row.count, row.diverged) for row in rows] == [(1.0, 1, 1), (2.0, 1, 0)]
    drawn = found.as_curves("loss")
    assert isinstance(drawn, Curves)
    assert list(drawn.lines) == ["steps=5 (1 of 2 diverged)", "steps=6"]
    assert drawn.lines["steps=5 (1 of 2 diverged)"].mean.tolist() == [3.0, 2.0]
    assert list(found.as_plot("final").lines) == ["final"]


@pytest.mark.parametrize(
    ("numbers", "flat"),
    [
        ([85.2348, 85.2349, 85.23515], True),
        ([1.0001, 1.0009, 1.0005], True),
        ([-3e-7, -3.0001e-7, -3.0002e-7], True),
        ([85.23, 85.6, 85.9], False),
        ([0.9981, 0.9985, 0.9992], False),
        ([1e9, 1e9 + 1, 1e9 + 5], True),
    ],
)
def test_what_the_table_does_not_tell_apart_is_no_slope(fine, numbers, flat):
    runs = [
        SweepRun(value, begun(0).ended("done", 3, measures={"final": number}), {})
        for value, number in zip((5, 6, 7), numbers, strict=True)
    ]
    found = Sweep(fine, fine.parameters["steps"], [5, 6, 7], [0], runs=runs)
    plot = found.as_plot("final")
    drawn = draw(plot, 60, 20, Look()).lines
    lines = ["".join(text for text, *_ in line) for line in drawn]
    rows = {y for y, line in enumerate(lines) if any(0x2800 < ord(c) < 0x2900 for c in line)}
    assert (max(rows) - min(rows) < 4) is flat, "\n".join(lines)
