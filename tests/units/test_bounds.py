"""More than anybody can see is refused with a sentence, or thinned, where it is drawn."""

from __future__ import annotations

import pytest
import torch

from dlplay import Scene
from dlplay.stage import bounds
from dlplay.stage.stage import Stage

MANY = 200_000
TOO_MUCH = {
    "rows": (lambda s: s.table("t", ["a"], [[1]] * MANY), "t takes at most 10,000 rows"),
    "columns": (lambda s: s.table("t", ["a"] * MANY, []), "at most 200 columns"),
    "bins": (lambda s: s.histogram("h", [1.0], bins=10**12), "at most 1,000 bins"),
    "plot": (lambda s: s.plot("p", range(MANY), a=range(MANY)), "100,000 points in a series"),
    "cloud": (
        lambda s: s.plane("p", x=(0, 1), y=(0, 1), points=torch.zeros(MANY, 2)),
        "100,000 points in a cloud",
    ),
    "pixels": (lambda s: s.image("i", torch.zeros(1, 1).expand(MANY, MANY)), "512 pixels a side"),
    "captions": (lambda s: s.image("i", torch.zeros(2, 2), captions=["a"] * MANY), "words"),
    "bars": (lambda s: s.bars("b", ["a"] * MANY, [1.0] * MANY), "at most 10,000 words"),
    "tokens": (lambda s: s.tokens("t", ["a"] * MANY), "at most 10,000 words"),
    "nodes": (lambda s: s.graph("g", torch.zeros(MANY, 2), []), "at most 10,000 nodes"),
    "places": (lambda s: s.events("e", torch.zeros(MANY)), "100,000 points"),
    "series": (lambda s: s.curve("c", {str(i): 1.0 for i in range(MANY)}), "at most 200 series"),
    "panels": (
        lambda s: [s.curve(str(i), a=1.0) for i in range(1000)],
        "the scene takes at most 100 panels",
    ),
    "name": (lambda s: s.curve("c", {"a" * MANY: 1.0}), "name of a series"),
    "panel": (lambda s: s.text("a" * MANY, "b"), "name of a panel"),
}


@pytest.fixture
def stage():
    class Nothing(Scene):
        def run(self, stage): ...

    return Stage(Nothing(), seed=0, device="cpu", sink=lambda batch: None)


def drawn(stage, draw):
    draw(stage)
    return stage.take_drawn()


@pytest.mark.parametrize("case", TOO_MUCH)
def test_too_much_is_refused_in_one_sentence(stage, case):
    draw, words = TOO_MUCH[case]
    with pytest.raises(ValueError, match=words) as refused:
        drawn(stage, draw)
    assert len(str(refused.value)) < 120


def test_a_long_path_keeps_its_ends(stage):
    path = torch.stack([torch.arange(MANY * 1.0)] * 2, dim=1)
    stage.plane("p", x=(0, 1), y=(0, 1), paths={"a": path})
    (plane,) = stage.take_drawn()
    points = plane.trails[0].xy.numpy()
    assert len(points) == bounds.PATH
    assert (points[0, 0], points[-1, 0]) == (0, MANY - 1)


def test_long_texts_and_words_are_cut(stage):
    stage.text("text", "a" * MANY + "b", tail=True)
    stage.tokens("tokens", ["a" * MANY])
    stage.table("table", ["x" * MANY], [["y" * MANY]])
    text, tokens, table = stage.take_drawn()
    assert len(text.text) == bounds.TEXT
    assert text.text[-1] == "b"
    for word in (tokens.tokens[0], table.columns[0], table.rows[0][0]):
        assert len(word) == bounds.NAME
