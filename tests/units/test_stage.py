"""The stage: its loops, what is asked of it between two steps, measures, runs in a batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from dlplay.stage.batch import Batch
from dlplay.stage.stage import Stage, Stopped
from dlplay.wire import commands, events
from tests.units.conftest import Empty, Script


def test_every_is_true_each_k_steps_and_at_the_last(stage):
    assert [step for step in stage.loop(8) if stage.every(3)] == [0, 3, 6, 7]


def test_inner_loops_give_the_outer_one_its_step_back(stage):
    seen = []
    for _ in stage.loop(2, "epochs"):
        for _ in stage.loop(3, "batches"):
            pass
        seen.append((stage.step, stage.total, stage.phase))
    assert seen == [(0, 2, "epochs"), (1, 2, "epochs")]
    assert stage.tick == 8


def test_a_tweak_applies_at_a_boundary_and_is_announced_for_one_step():
    scene = Empty()
    seen = []
    controls = Script(commands.Tweak("rate", 2.0))
    stage = Stage(scene, sink=seen.extend, controls=controls, flush_every=0)
    story = [(scene.rate, stage.changed("rate")) for _ in stage.loop(2)]
    assert story == [(2.0, True), (2.0, False)]
    assert [(e.name, e.value) for e in seen if isinstance(e, events.Tweaked)] == [("rate", 2.0)]


def test_pause_step_resume_stop():
    controls = Script(commands.Pause(), commands.Step(), commands.Step(), commands.Stop())
    stage = Stage(Empty(), controls=controls)
    with pytest.raises(Stopped):
        list(stage.loop(10))
    assert stage.tick == 2


def test_probe_leaves_no_trace(stage):
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5), nn.BatchNorm1d(2))
    model[1].eval()
    torch.manual_seed(0)
    np.random.seed(0)
    before = torch.rand(3), np.random.rand(3)
    torch.manual_seed(0)
    np.random.seed(0)
    with stage.probe(model):
        torch.rand(100)
        np.random.rand(100)
        assert not model.training
        assert not model(torch.ones(4, 2)).requires_grad
    assert torch.equal(torch.rand(3), before[0])
    assert np.array_equal(np.random.rand(3), before[1])
    assert [m.training for m in model] == [True, False, True]


def test_measures_are_judged_and_sent(stage):
    stage.measure(speed=torch.tensor(3.0))
    stage.close()
    assert stage.got(events.Measured)[0].values == {"speed": 3.0}


def test_a_flood_of_lines_is_cut_and_counted(stage):
    for i in range(1500):
        stage.log(str(i))
    stage.flush()
    lines = stage.got(events.Logged)
    assert len(lines) == 1001
    assert "500 more lines" in lines[-1].text


def test_a_pace_waits_between_steps_and_changes_no_number(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("dlplay.stage.stage.time.monotonic", lambda: clock[0])

    class Paced(Script):
        waits = 0

        def wait(self, seconds):
            assert 0 < seconds <= 0.1 + 1e-9
            self.waits += 1
            clock[0] += seconds
            return False

    controls = Paced(commands.Pace(10))
    stage = Stage(Empty(), controls=controls)
    torch.manual_seed(3)
    drawn = [torch.rand(()).item() for _ in stage.loop(6)]
    torch.manual_seed(3)
    assert drawn == [torch.rand(()).item() for _ in range(6)]
    assert controls.waits == 5
    assert clock[0] == pytest.approx(100.5)


def test_what_is_asked_during_a_paced_wait_is_done_at_once(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("dlplay.stage.stage.time.monotonic", lambda: clock[0])

    class Impatient(Script):
        def wait(self, seconds):
            self.waiting = [commands.Stop()]
            return True

    stage = Stage(Empty(), controls=Impatient(commands.Pace(0.001)))
    with pytest.raises(Stopped):
        list(stage.loop(6))
    assert stage.tick == 1
    assert clock[0] == 100.0


# Runs that are trained as one batch


def test_alone_each_is_a_tensor_of_one_number(stage):
    assert stage.copies == 1
    rate = stage.each(stage.scene.rate)
    assert (rate.tolist(), rate.dtype) == ([1.0], torch.float32)
    stage.measure(rate=rate)
    assert stage.measures == {"rate": 1.0}


def test_in_a_batch_number_k_belongs_to_run_k():
    scene = Empty()
    scene.share("rate", [0.1, 0.2])
    told = [[], []]
    batch = Batch(scene, [each.extend for each in told], flush_every=0)
    assert batch.copies == 2
    assert batch.each(scene.rate).tolist() == pytest.approx([0.1, 0.2])
    assert batch.each(3.0).tolist() == [3.0, 3.0]
    batch.look(1)(lambda: pytest.fail("nothing looks"))
    for _ in batch.loop(2):
        batch.curve("loss", train=batch.each(scene.rate), test=torch.tensor([7.0]))
        batch.bars("bars", ["a"], [1.0])
        batch.measure(rate=batch.each(scene.rate), both=1.5)
    batch.close()
    for k, rate in enumerate((0.1, 0.2)):
        points = [e for e in told[k] if isinstance(e, events.Points) and e.series == "train"]
        assert [p.x for p in points] == [[0], [1]]
        assert [y for p in points for y in p.y] == pytest.approx([rate, rate])
        assert batch.parts[k].measures == pytest.approx({"rate": rate, "both": 1.5})
        assert not [e for e in told[k] if isinstance(e, (events.Bars, events.Headline))]
    with pytest.raises(ValueError, match=r"takes a number for each, \[2\], not a tensor \[3\]"):
        batch.measure(x=torch.zeros(3))
