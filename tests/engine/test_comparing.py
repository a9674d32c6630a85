"""Runs beside each other: by settings, each seed once."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from dlplay.engine.comparing import Compared, chart, checked, groups, measures_of
from dlplay.wire.events import Bars, Boxes


def run(rate, seed, end, done=True):
    values = {"learning_rate": rate, "steps": 10}
    return Compared(f"{rate} {seed}", values, seed, {"end": end, "more": 1.0}, done)


def test_seeds_of_the_same_settings_are_one_box(faults):
    card = faults.find("faults/fine")
    runs = [run(0.1, 0, 1.0), run(0.2, 0, 5.0), run(0.1, 1, 3.0), run(0.1, 1, 3.0)]
    runs += [run(0.1, 2, math.nan), run(0.1, 3, 99.0, done=False)]
    found = groups(card, runs)
    assert [group.label for group in found] == ["learning_rate=0.1", "learning_rate=0.2"]
    assert found[0].numbers("end") == [1.0, 3.0]
    plot = chart(found, "end")
    assert isinstance(plot, Boxes)
    assert [box.count for box in plot.boxes] == [2, 1]
    assert plot.boxes[0].mean == 2.0


def test_sabotaged_runs_are_a_group_of_their_own(faults):
    runs = [run(0.1, seed, 1.0) for seed in range(2)]
    runs += [replace(each, sabotage="step") for each in runs]
    found = groups(faults.find("faults/fine"), runs)
    assert [(group.label, len(group.runs)) for group in found] == [
        ("sabotage=none", 2), ("sabotage=step", 2)
    ]  # fmt: skip


def test_single_runs_are_bars_and_one_that_measured_nothing_has_none(faults):
    found = groups(faults.find("faults/fine"), [run(0.1, 0, 1.0), run(0.2, 0, math.inf)])
    plot = chart(found, "end")
    assert isinstance(plot, Bars)
    first, second = plot.series[""]
    assert first == 1.0
    assert math.isnan(second)


def test_a_measure_that_no_run_has_is_told_with_the_nearest():
    known = measures_of([run(0.1, 0, 1.0)])
    assert checked("end", known) == "end"
    with pytest.raises(LookupError, match=r"they measured end, more\. Did you mean 'end'"):
        checked("ende", known)
