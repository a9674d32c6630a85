"""The stage: loops, drawing, measuring, probing, with a recorder in place of a watcher."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch
from torch import nn

from dlplay import Float, Scene
from dlplay.stage.batch import Batch
from dlplay.stage.stage import Diverged, Stage, Stopped
from dlplay.wire import commands, events


class Empty(Scene):
    rate = Float(1.0, min=0, max=10, live=True)


class Script:
    """Controls that give prepared commands before the steps at which they are due."""

    def __init__(self, *waiting):
        self.waiting = list(waiting)

    def pending(self):
        return bool(self.waiting)

    def take(self):
        return self.waiting.pop(0)

    def wait(self, seconds):
        self.waited = [*getattr(self, "waited", []), seconds]
        return self.pending()


@pytest.fixture
def stage():
    seen = []
    stage = Stage(Empty(), sink=seen.extend, flush_every=0)
    stage.seen = seen
    stage.got = lambda kind: [event for event in seen if isinstance(event, kind)]
    return stage


def test_curves_carry_tick_step_and_value(stage):
    for step in stage.loop(3):
        stage.curve("loss", train=torch.tensor(float(step)), test=2)
    stage.close()
    points = [p for p in stage.got(events.Points) if p.series == "train"]
    assert [(p.ticks, p.x, p.y) for p in points] == [
        ([1], [0], [0.0]),
        ([2], [1], [1.0]),
        ([3], [2], [2.0]),
    ]


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


def test_only_the_newest_content_of_a_panel_is_sent():
    seen = []
    stage = Stage(Empty(), sink=seen.extend, flush_every=1e9)
    for step in stage.loop(5):
        stage.text("words", str(step))
    stage.close()
    assert [e.text for e in seen if isinstance(e, events.Text)] == ["4"]


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


def test_a_run_diverges_when_no_series_of_a_call_is_finite(stage):
    done = []

    def race():
        for step in stage.loop(10):
            stage.curve("loss", a=math.nan, b=1.0 if step < 4 else math.inf)
            done.append(step)

    with pytest.raises(Diverged, match="loss"):
        race()
    assert done == [0, 1, 2, 3, 4]


def test_divergence_in_the_last_step_is_noticed(stage):
    def last_step():
        for _ in stage.loop(1):
            stage.curve("loss", a=math.nan)

    with pytest.raises(Diverged):
        last_step()


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


def test_pictures_come_as_arrays(stage):
    stage.image("digits", torch.tensor([[[0.0, 1.0], [0.5, 2.0]]]))
    stage.heatmap("map", [[1.0, -3.0]], diverging=True)
    stage.plane("valley", x=(0, 1), y=(0, 2), field=torch.zeros(4, 5), points={"a": [[0.0, 1.0]]})
    stage.histogram("weights", torch.tensor([0.0, 0.0, 1.0, math.nan]), bins=2)
    stage.graph("club", [[0, 0], [4, 2]], [(0, 1)], values=[0.2, 0.8], weights=torch.ones(1))
    stage.flush()
    (image,) = stage.got(events.Image)
    assert image.pixels.shape == (1, 2, 2, 1)
    assert image.pixels.numpy().reshape(-1).tolist() == [0, 255, 128, 255]
    (heatmap,) = stage.got(events.Heatmap)
    assert (heatmap.low, heatmap.high, heatmap.values.shape) == (-3.0, 3.0, (1, 1, 2))
    (plane,) = stage.got(events.Plane)
    assert plane.clouds[0].xy.numpy().tolist() == [[0.0, 1.0]]
    (histogram,) = stage.got(events.Histogram)
    assert histogram.series[""] == [2.0, 1.0]
    (graph,) = stage.got(events.Graph)
    assert graph.positions.numpy().tolist() == [[0.0, 0.0], [1.0, 1.0]]
    assert graph.weights == [1.0]
    with pytest.raises(ValueError, match="1 edges and 2 weights"):
        stage.graph("club", [[0, 0], [4, 2]], [(0, 1)], weights=[0.2, 0.8])


def test_boxes_come_with_the_image_that_they_are_on(stage):
    two = torch.tensor([[[1.0, 2, 3, 4], [0, 0, 0, 0]], [[5, 6, 7, 8], [1, 1, math.nan, 2]]])
    stage.image("two", torch.zeros(2, 9, 9), boxes={"truth": two, "none": [[], []]},
                box_labels={"truth": [["a", "b"], ["c", "d"]]})  # fmt: skip
    stage.image("one", torch.zeros(9, 9), boxes={"x": two[0]}, box_labels={"x": ["a", "b"]})
    stage.image("same", torch.zeros(9, 9), boxes={"x": two[:1]}, box_labels={"x": [["a", "b"]]})
    stage.flush()
    both, one, same = stage.got(events.Image)
    truth, none = both.boxes
    assert truth.edges.numpy().tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert (truth.images, truth.labels) == ([0, 1], ["a", "c"])
    assert (none.images, none.edges.shape) == ([], (0, 4))
    assert one.boxes == same.boxes
    assert (one.boxes[0].images, one.boxes[0].labels) == ([0], ["a"])


@pytest.mark.parametrize(
    ("boxes", "labels", "said"),
    [
        ([[]], None, "for 1 images; there are 2"),
        ([[[1, 2, 3]], []], None, "needs [K, 4]"),
        ([[], []], {"other": [[], []]}, "no boxes called 'other'"),
        ([[[0, 0, 1, 1]], []], {"x": [[], []]}, "a label a box"),
        ([[[0, 0, 1, 1]] * 1001, []], None, "at most 1000 boxes"),
    ],
)
def test_boxes_that_do_not_fit_are_told(stage, boxes, labels, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        stage.image("p", torch.zeros(2, 9, 9), boxes={"x": boxes}, box_labels=labels)


def test_distributions_pieces_and_times_become_plain_data(stage):
    stage.spread("runs", ["a", "b"], [torch.tensor([[4.0, 0.0], [2.0, math.nan]]), []], unit="s")
    stage.stack("memory", ["x", "y"], {"weights": torch.ones(2), "state": [0, 2]})
    stage.events("spikes", {"one": torch.tensor([3, 9]), "none": []}, low=0)
    stage.flush()
    (spread,) = stage.got(events.Boxes)
    assert spread.boxes[0] == events.Box(0.0, 1.0, 2.0, 3.0, 4.0, 2.0, count=3, bad=1)
    assert (spread.boxes[1].count, spread.unit) == (0, "s")
    (stack,) = stage.got(events.Stack)
    assert stack.series == {"weights": [1.0, 1.0], "state": [0.0, 2.0]}
    (times,) = stage.got(events.Times)
    assert (times.series, times.low, times.high) == ({"one": [3.0, 9.0], "none": []}, 0.0, 9.0)
    assert all(events.sound(event) for event in (spread, stack, times))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda s: s.spread("a", ["x"], [[1.0], [2.0]]),
        lambda s: s.stack("a", ["x"], {"s": [1.0, 2.0]}),
        lambda s: s.stack("a", ["x"], {"s": [-1.0]}),
        lambda s: s.image("a", torch.zeros(1, 2, 3, 3)),
        lambda s: s.image("a", torch.zeros(600, 600)),
        lambda s: s.heatmap("a", torch.zeros(3)),
        lambda s: s.plane("a", x=(0, 1), y=(0, 1), kind="hot"),
        lambda s: s.bars("a", ["x"], [1.0, 2.0]),
        lambda s: s.plot("a", [1, 2], y=[1]),
    ],
)
def test_a_wrong_drawing_call_says_what_is_right(stage, wrong):
    with pytest.raises(ValueError, match=r"takes|needs|is|bars|points"):
        wrong(stage)


def test_a_flood_of_lines_is_cut_and_counted(stage):
    for i in range(1500):
        stage.log(str(i))
    stage.flush()
    lines = stage.got(events.Logged)
    assert len(lines) == 1001
    assert "500 more lines" in lines[-1].text


def test_events_survive_the_wire(stage):
    stage.tokens("text", ["a", "b"], [0.1, 0.9], prompt=1)
    stage.table("board", ["runner", "steps"], [["adam", 3], ["sgd", 4.5]], best=[0])
    stage.bars("odds", ["x", "y"], {"now": torch.tensor([1.0, 2.0])}, log=True)
    stage.close()
    assert events.decode(events.encode(stage.seen)) == stage.seen
    for event in stage.seen:
        assert '"type":' in events.to_json(event)


class OnAccelerator:
    """Stands for a scalar on an accelerator: it must not be read before a flush."""

    def __init__(self, stage):
        stage._scalar = self.keep
        self.stage = stage

    def keep(self, value):
        self.stage._device_points = True
        return torch.as_tensor(value).detach().clone()


def test_scalars_of_an_accelerator_are_fetched_together_at_the_flush():
    seen = []
    stage = Stage(Empty(), sink=seen.extend, flush_every=1e9)
    OnAccelerator(stage)
    stage.flush()
    for step in stage.loop(5):
        stage.curve("loss", train=torch.tensor(float(step)), other=torch.tensor(1))
    stage.close()
    (train,) = [e for e in seen if isinstance(e, events.Points) and e.series == "train"]
    assert train.y == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_a_divergence_found_at_a_flush_is_told_at_its_step_and_what_follows_is_dropped():
    seen = []
    stage = Stage(Empty(), sink=seen.extend, flush_every=1e9)
    OnAccelerator(stage)
    stage.flush()
    for step in stage.loop(6):
        stage.curve("loss", train=torch.tensor(float(step) if step < 3 else math.nan))
    with pytest.raises(Diverged, match="step 3"):
        stage.close()
    (points,) = [e for e in seen if isinstance(e, events.Points)]
    assert points.x == [0, 1, 2, 3]


# Looks, claims, the headline


class Sure(Scene):
    claims = {"small": "the end is small", "near": "the end is near one half"}
    rate = Float(1.0, min=0, max=10, live=True)


@pytest.fixture
def sure():
    seen = []
    stage = Stage(Sure(), sink=seen.extend, flush_every=0)
    stage.seen = seen
    stage.got = lambda kind: [event for event in seen if isinstance(event, kind)]
    return stage


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


@pytest.mark.parametrize(
    ("bound", "value", "holds"),
    [
        ({"above": 2}, 2.0, False),
        ({"above": 2}, 2.1, True),
        ({"below": 2}, 2.0, False),
        ({"at_least": 2}, 2.0, True),
        ({"at_most": 2}, 2.0, True),
        ({"within": (1, 2)}, 1.0, True),
        ({"within": (1, 2)}, 2.5, False),
        ({"equal": 2}, 2.0, True),
        ({"above": 2}, math.nan, False),
        ({"below": 2}, math.nan, False),
        ({"within": (1, 2)}, math.nan, False),
        ({"below": 2}, -math.inf, True),
    ],
)
def test_a_claim_holds_by_its_bound_and_never_without_a_number(sure, bound, value, holds):
    sure.claim("small", value, **bound)
    small, near = sure.judged()
    assert small.holds is holds
    assert (near.holds, near.value) == (None, None)
    assert math.isnan(value) or sure.measures == {"small": value}


def test_the_last_word_of_a_claim_counts(sure):
    for value in (3.0, 1.0):
        sure.claim("small", torch.tensor(value, requires_grad=True), below=2)
    sure.close()
    assert [c.holds for c in sure.got(events.Claims)[-1].claims] == [True, None]
    assert sure.got(events.Measured)[-1].values == {"small": 1.0}


@pytest.mark.parametrize(
    ("name", "bound", "says"),
    [
        ("smal", {"below": 1}, "Did you mean 'small'"),
        ("small", {}, "takes one bound"),
        ("small", {"below": 1, "above": 0}, "takes one bound"),
        ("small", {"bellow": 1}, "Did you mean 'below'"),
        ("small", {"within": 3}, "within=(low, high)"),
        ("small", {"within": (3, 2)}, "within=(low, high)"),
        ("small", {"below": "2"}, "a number as its bound"),
    ],
)
def test_a_claim_made_wrongly_says_how_it_is_made(sure, name, bound, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        sure.claim(name, 1.0, **bound)


def test_a_headline_is_sent_when_it_changes(stage):
    for step in stage.loop(4):
        stage.headline(f"half of it:\n{step // 2}")
    stage.close()
    assert [(h.tick, h.text) for h in stage.got(events.Headline)] == [
        (1, "half of it: 0"),
        (3, "half of it: 1"),
    ]
    assert stage.last_headline == "half of it: 1"


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
