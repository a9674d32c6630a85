"""How a run was at any tick, and what is worth jumping to."""

from __future__ import annotations

import math
import random

from dlplay.engine.history import JUDGEMENTS, History
from dlplay.engine.timeline import claims_at, log_at, marks, parameters_at
from dlplay.wire import events
from dlplay.wire.events import ClaimResult


def fed(values, *more):
    history = History()
    ticks = list(range(1, len(values) + 1))
    history.feed(
        [
            events.Started(scene="a/b", seed=0, device="cpu", parameters={"rate": 1.0}),
            events.Points(
                tick=ticks[-1], panel="loss", series="train", ticks=ticks, x=ticks, y=values
            ),
            *more,
        ]
    )
    return history


def noisy(count, seed=0):
    generator = random.Random(seed)
    return [math.exp(-i / 200) + 0.02 * generator.random() for i in range(count)]


def test_a_spike_is_found_where_it_was():
    values = noisy(1000)
    values[700] = 5.0
    found = marks(fed(values))
    assert [mark.kind for mark in found] == ["spike"]
    assert found[0].tick == 701
    assert "loss: train jumps to 5" in found[0].text


def test_a_smooth_or_noisy_curve_has_no_spikes():
    for seed in range(5):
        assert marks(fed(noisy(2000, seed))) == []
    assert marks(fed([1.0] * 500)) == []
    assert marks(fed([1.0, 5.0])) == []


def test_a_spike_in_a_long_run_is_found_to_within_its_bucket():
    values = noisy(20_000)
    values[15_000] = 9.0
    (mark,) = marks(fed(values))
    assert abs(mark.tick - 15_000) <= 16


def test_tweaks_and_divergence_are_marks_and_parameters_follow():
    finished = events.Finished(
        tick=90, status="diverged", message="loss is no longer a finite number at step 89",
        scene="a/b", seed=0, device="cpu", parameters={}, measures={}, claims=[], steps=90,
        seconds=1.0,
    )  # fmt: skip
    history = fed(
        [1.0] * 90,
        events.Tweaked(tick=30, name="rate", value=2.0),
        events.Tweaked(tick=60, name="rate", value=4.0),
        finished,
    )
    assert [(mark.tick, mark.kind) for mark in marks(history)] == [
        (30, "tweak"),
        (60, "tweak"),
        (90, "diverged"),
    ]
    assert [parameters_at(history, t)["rate"] for t in (10, 30, 59, 60, None)] == [1, 2, 2, 4, 4]
    assert parameters_at(History(), None) == {}


def test_claims_and_log_as_they_were():
    history = fed([1.0] * 50)
    for tick in range(1, 3 * JUDGEMENTS):
        result = ClaimResult("falls", "it falls", float(tick), ">", 0.0, True)
        line = events.Logged(tick=tick, text=f"line {tick}")
        history.feed([events.Claims(tick=tick, claims=[result]), line])
    assert len(history.judgements) <= JUDGEMENTS
    newest = 3 * JUDGEMENTS - 1
    assert claims_at(history, None)[0].value == newest
    assert claims_at(history, newest)[0].value == newest
    assert 0.9 * newest / 2 < claims_at(history, newest // 2)[0].value <= newest // 2
    assert claims_at(history, 0) == []
    assert log_at(history, 7)[-1].text == "line 7"
