"""Points that are drawn without a lock: none is lost, doubled or out of order."""

from __future__ import annotations

import threading

import pytest

from dlplay.stage import bounds
from dlplay.stage.own import AHEAD, OwnStage
from dlplay.wire import commands, events


@pytest.fixture
def sent():
    return []


@pytest.fixture
def stage(sent):
    return OwnStage(sent.extend, commands.NoControls())


def begin(stage):
    """A loop, in its first step."""
    stage.count(stage.enter(0, ""))


def points(sent, series):
    found = [e for e in sent if isinstance(e, events.Points) and e.series == series]
    return [y for event in found for y in event.y]


def test_threads_that_draw_while_another_sends_lose_no_point(stage, sent):
    begin(stage)
    over = threading.Event()

    def draw(name):
        for number in range(5000):
            assert stage.take(("loss",), {name: float(number)})

    def send():
        while not over.is_set():
            stage.flush()

    sender = threading.Thread(target=send)
    sender.start()
    threads = [threading.Thread(target=draw, args=(name,)) for name in "ab"]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    over.set()
    sender.join()
    stage.flush()
    for name in "ab":
        assert points(sent, name) == [float(number) for number in range(5000)]


def test_points_of_all_kinds_stay_in_their_order(stage, sent):
    begin(stage)
    drawn = [0.1, 1, 2.5, True, 4.0]
    for value in drawn:
        if not stage.take(("loss",), {"train": value}):
            stage.curve("loss", train=value)
    stage.flush()
    assert points(sent, "train") == drawn


def test_too_many_points_wait_until_they_are_sent(stage, sent):
    begin(stage)
    for _ in range(AHEAD):
        assert stage.take(("loss",), {"train": 1.0})
    assert not stage.take(("loss",), {"train": 2.0})
    stage.flush()
    assert len(points(sent, "train")) == AHEAD
    assert stage.take(("loss",), {"train": 2.0})


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ((), {"panel": 1.0}),
        (("loss",), {}),
        (("loss", 1.0), {"train": 1.0}),
        (("loss",), {"x": 1.0, "train": 1.0}),
        (("loss",), {"values": 1.0}),
        ((3,), {"train": 1.0}),
        (("loss",), {"train": "much"}),
    ],
)
def test_what_is_not_simple_is_left_to_curve(stage, sent, values, lines):
    begin(stage)
    assert not stage.take(values, lines)
    stage.flush()
    assert not [e for e in sent if isinstance(e, events.Points)]


def test_a_panel_with_too_many_series_goes_on_with_those_it_has(stage, sent):
    begin(stage)
    stage.curve("loss", {str(number): 1.0 for number in range(bounds.SERIES)})
    stage.flush()
    stage.curve("loss", one_more=1.0)
    stage.flush()
    stage.curve("loss", {"0": 2.0})
    stage.flush()
    assert points(sent, "0") == [1.0, 2.0]
    (said,) = [e.text for e in sent if isinstance(e, events.Logged)]
    assert said == "stage.curve: ValueError: loss takes at most 200 series, not 201"
