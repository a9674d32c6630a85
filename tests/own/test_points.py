"""Points that are drawn without a lock: none is lost, doubled or out of order."""

from __future__ import annotations

import queue
import sys
import threading

import pytest

from dlplay.stage import bounds
from dlplay.stage.own import AHEAD, OwnStage
from dlplay.wire import commands, events
from tests.conftest import wait_for

MANY = 4 * AHEAD


class Asked(queue.SimpleQueue):
    """Commands that a test puts in."""

    def pending(self):
        return not self.empty()

    def take(self):
        return self.get()


@pytest.fixture
def sent():
    return []


@pytest.fixture
def asked():
    return Asked()


@pytest.fixture
def stage(sent, asked):
    return OwnStage(sent.extend, asked)


def begin(stage):
    """A loop, in its first step."""
    place = stage.enter(0, "")
    stage.next(place)
    return place


def points(sent, series):
    found = [e for e in sent if isinstance(e, events.Points) and e.series == series]
    return [y for event in found for y in event.y]


@pytest.fixture
def restless():
    """Threads that take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_threads_that_draw_while_another_sends_lose_no_point(stage, sent, restless):
    begin(stage)
    over = threading.Event()

    def draw(name):
        for number in range(MANY):
            while not stage.take(("loss",), {name: float(number)}):
                pass  # until there is room

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
        assert points(sent, name) == [float(number) for number in range(MANY)]


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


def test_while_one_thread_is_paused_no_other_goes_on(stage, sent, asked):
    place = begin(stage)
    asked.put(commands.Pause())
    paused = threading.Thread(target=stage.next, args=(place,))
    paused.start()
    wait_for(lambda: any(isinstance(e, events.Progress) and e.paused for e in sent), "the pause")
    assert not stage.take(("loss",), {"train": 1.0})
    assert not stage.calm  # nor are steps only counted
    asked.put(commands.Resume())
    paused.join()
    assert stage.take(("loss",), {"train": 1.0})


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


def test_what_was_said_beside_a_batch_that_fails_is_sent_with_the_next(stage, sent):
    begin(stage)
    stage.log("a line")
    stage.knob("rate", 1.0)
    stage.curve("loss", {str(number): 1.0 for number in range(bounds.SERIES + 1)})
    stage.flush()
    stage.flush()
    said = [e.text for e in sent if isinstance(e, events.Logged)]
    assert said[0] == "a line"
    assert len(said) == 2
    assert [e.name for e in sent if isinstance(e, events.Knob)] == ["rate"]
