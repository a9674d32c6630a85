"""A program that nobody watches runs as if the calls of the stage were not there."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dlplay.stage.alone import DRAWING, Alone
from dlplay.stage.drawings import Drawings
from dlplay.stage.own import OwnStage
from tests.own.conftest import TRAIN, environment


def ran(path, **env):
    done = subprocess.run(
        [sys.executable, path], capture_output=True, text=True, env=environment(**env)
    )
    assert not done.returncode, done.stderr
    return done.stdout


def test_nothing_is_drawn_and_every_value_is_its_default(written):
    text = TRAIN + '\n    print(stage.watched, [m for m in ("torch", "numpy") if m in sys.modules])'
    assert ran(written(text)).splitlines()[-1] == "False []"


def test_a_watcher_that_is_gone_is_none(written, tmp_path):
    assert ran(written(TRAIN)) == ran(written(TRAIN), DLPLAY_STAGE=str(tmp_path / "gone"))


def test_a_loop_goes_through_anything():
    stage = Alone()
    assert list(stage.loop(3)) == [0, 1, 2]
    assert list(stage.loop(["a", "b"])) == ["a", "b"]
    assert list(stage.loop(letter for letter in "ab")) == ["a", "b"]
    due = [step for step in stage.loop(8) if stage.every(3)]
    assert due == [0, 3, 6, 7]


def test_an_outer_loop_is_where_it_was_after_an_inner_one():
    stage, seen = Alone(), []
    for _ in stage.loop(2):
        list(stage.loop(5))
        seen.append((stage.step, stage.total))
    assert seen == [(0, 2), (1, 2)]


def test_a_function_that_only_looks_is_not_called():
    stage, seen = Alone(), []

    @stage.look(1)
    def look():
        seen.append(1)

    list(stage.loop(3))
    assert not seen


def test_to_look_with_probe_changes_no_number():
    import torch

    net = torch.nn.Dropout()
    before = torch.get_rng_state()
    with Alone().probe(net):
        assert not net.training
        assert not torch.is_grad_enabled()
        torch.rand(3)
    assert net.training
    assert torch.is_grad_enabled()
    assert torch.equal(torch.get_rng_state(), before)


def test_a_mistyped_call_is_told_with_the_nearest():
    from dlplay import stage

    with pytest.raises(AttributeError, match="Did you mean 'curve'"):
        stage.cruve("loss", train=1)


def test_the_calls_are_those_of_a_scene():
    """What a scene draws with, a program draws with, watched or not."""
    drawing = {n for n in vars(Drawings) if not n.startswith("_")}
    others = {"claim", "log", "measure", "watch"}
    assert set(DRAWING) == drawing | others
    assert all(callable(getattr(OwnStage, name)) for name in DRAWING)
