"""Looks: when they are called, and that they change nothing."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from dlplay.stage.stage import Stage, Stopped
from dlplay.wire import commands, events
from tests.units.conftest import Empty, Script


def looked(stage, every, total):
    steps = []

    @stage.look(every)
    def look():
        steps.append(stage.step)

    for _ in stage.loop(total):
        pass
    stage.close()
    return steps


def test_a_look_comes_after_each_k_th_step_and_the_last(stage):
    assert looked(stage, 3, 8) == [0, 3, 6, 7]


def test_a_look_comes_once_where_the_last_step_is_a_k_th(stage):
    assert looked(stage, 3, 7) == [0, 3, 6]


def test_without_looks_none_is_called():
    assert looked(Stage(Empty(), looks=False), 1, 5) == []


def test_a_loop_that_is_left_early_is_looked_at_once_more(stage):
    steps = []

    @stage.look(10)
    def look():
        steps.append(stage.step)

    for step in stage.loop(100):
        if step == 13:
            break
    stage.close()
    assert steps == [0, 10, 13]


def test_inner_loops_do_not_call_the_looks_of_outer_ones(stage):
    outer, inner = [], []

    @stage.look()
    def around():
        outer.append(stage.step)

    for step in stage.loop(2):

        @stage.look(2)
        def within(step=step):
            inner.append((step, stage.step))

        for _ in stage.loop(3):
            pass
    assert outer == [0, 1]
    assert inner == [(0, 0), (0, 2), (0, 0), (1, 0), (0, 2), (1, 2)]


def test_a_look_runs_under_a_probe(stage):
    model = nn.Dropout()
    seen = []

    @stage.look(1, model)
    def look():
        seen.append((torch.is_grad_enabled(), model.training))
        torch.rand(5)

    torch.manual_seed(0)
    drawn = [torch.rand(()).item() for _ in stage.loop(3)]
    torch.manual_seed(0)
    assert drawn == [torch.rand(()).item() for _ in range(3)]
    assert seen == [(False, False)] * 3
    assert model.training


class Unhurried(Script):
    """A user who, after a pause, does nothing until the stage waits for him."""

    def pending(self):
        return bool(self.waiting) and isinstance(self.waiting[0], commands.Pause)


def test_a_live_parameter_turned_while_paused_is_looked_at_before_the_next_step():
    seen, controls = [], Unhurried()
    stage = Stage(Empty(), sink=seen.extend, controls=controls, flush_every=0)

    @stage.look()
    def look():
        stage.text("rate", f"{stage.scene.rate} after {stage.tick}")

    def walk():
        for step in stage.loop(10):
            if step == 3:
                controls.waiting = [commands.Pause(), commands.Tweak("rate", 3.0), commands.Stop()]

    with pytest.raises(Stopped):
        walk()
    shown = [event.text for event in seen if isinstance(event, events.Text)]
    assert shown[-2:] == ["1.0 after 4", "3.0 after 4"]


def test_a_look_that_draws_a_curve_again_adds_no_second_point():
    seen, controls = [], Script()
    stage = Stage(Empty(), sink=seen.extend, controls=controls, flush_every=0)

    @stage.look()
    def look():
        stage.curve("seen", rate=stage.scene.rate)

    for _ in stage.loop(2):
        pass
    stage.close()
    controls.waiting = [commands.Tweak("rate", 3.0), commands.Stop()]
    with pytest.raises(Stopped):
        stage.linger()
    points = [event for event in seen if isinstance(event, events.Points)]
    assert [y for event in points for y in event.y] == [1.0, 1.0]


def test_a_curve_of_a_look_ends_no_run(stage):
    @stage.look()
    def look():
        stage.curve("seen", value=math.nan)

    assert list(stage.loop(3)) == [0, 1, 2]
    stage.close()
