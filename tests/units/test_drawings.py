"""What a scene draws, as it is sent: points, pictures, divergence, headlines."""

from __future__ import annotations

import math
import re

import pytest
import torch

from dlplay.stage.stage import Diverged, Stage
from dlplay.wire import events
from tests.units.conftest import Empty


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


def test_only_the_newest_content_of_a_panel_is_sent():
    seen = []
    stage = Stage(Empty(), sink=seen.extend, flush_every=1e9)
    for step in stage.loop(5):
        stage.text("words", str(step))
    stage.close()
    assert [e.text for e in seen if isinstance(e, events.Text)] == ["4"]


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


def test_a_headline_is_sent_when_it_changes(stage):
    for step in stage.loop(4):
        stage.headline(f"half of it:\n{step // 2}")
    stage.close()
    assert [(h.tick, h.text) for h in stage.got(events.Headline)] == [
        (1, "half of it: 0"),
        (3, "half of it: 1"),
    ]
    assert stage.last_headline == "half of it: 1"
