"""Graphs: labels are there while there is room, whole and apart from what is beside them."""

import numpy as np
import pytest

from dlplay.draw import Look, draw
from dlplay.wire.events import Graph

from .examples import floats


def graph(positions, labels, **fields) -> Graph:
    count = len(positions)
    every = [(a, b) for a in range(count) for b in range(a)]
    fields.setdefault("edges", every)
    return Graph(panel="g", positions=floats(positions), labels=labels, **fields)


@pytest.mark.parametrize("look", [Look(), Look("none"), Look("none", ascii=True)])
@pytest.mark.parametrize("seed", range(5))
def test_no_label_is_dropped_or_cut_while_there_is_room(seed, look):
    where = np.random.default_rng(seed).random((14, 2))
    where[1] = where[0]  # two at one place
    labels = [f"node{k:02}" for k in range(14)]
    groups, values = [k % 2 for k in range(14)], np.linspace(0, 1, 14).tolist()
    content = graph(where, labels, groups=groups, values=values, marked=[0, 3, 5])
    text = draw(content, 80, 24, look).plain
    assert [label for label in labels if label not in text] == []


def test_labels_are_cut_before_they_are_dropped():
    where = [(0, 0), (0.3, 0), (0.6, 0), (1, 0)]
    content = graph(where, ["a long name", "b long name", "c long name", "d long name"])
    text = draw(content, 44, 1, Look("none")).plain
    assert all(f"{first} " in text or f"{first}…" in text for first in "abcd")
    assert "…" in text


def test_edges_keep_away_from_labels():
    where = [(0, 0.5), (0.5, 0.5), (1, 0.5), (0.5, 0.52)]
    text = draw(graph(where, ["one", "two", "three", "four"]), 60, 5, Look("none")).plain
    for label in ("one", "two", "three"):
        before, after = text.split(label)
        assert not 0x2800 < ord((before or " ")[-1]) < 0x2900
        assert not 0x2800 < ord((after or " ")[0]) < 0x2900


@pytest.mark.parametrize("look", [Look(), Look("none")])
def test_the_mark_leaves_room_before_the_label(look):
    content = graph([(0.2, 0.5), (0.8, 0.5)], ["one", "two"], marked=[0, 1], groups=[0, 1],
                    values=[0.1, 0.9])  # fmt: skip
    text = draw(content, 60, 3, look).plain
    assert "] one" in text
    assert "] two" in text


def star(weights):
    where = [(0, 0.5), (1, 1), (1, 0.5), (1, 0)]
    edges = [(0, 1), (0, 2), (0, 3)]
    return graph(where, [], edges=edges, weights=weights)


@pytest.mark.parametrize("look", [Look(), Look("none")])
def test_a_weighty_edge_is_thicker_and_a_light_one_fainter(look):
    def ink(weights):
        """Dots of the edge from left to right, and whether it is faint."""
        line = draw(star(weights), 40, 13, look).lines[6]
        cells = [(char, segment) for segment in line for char in segment.text]
        dots = [(char, segment) for char, segment in cells if 0x2800 < ord(char) < 0x2900]
        middle = dots[len(dots) // 2]
        return (ord(middle[0]) - 0x2800).bit_count(), middle[1].style

    count, style = zip(*(ink([1, weight, 1]) for weight in (0.1, 0.5, 0.9)), strict=True)
    assert count[0] == count[1] < count[2]
    assert style[0] != style[1] == style[2]
    assert ink([]) == ink([1, 0, 1]) == ink([1, float("nan"), 1]) == (count[0], style[0])


def test_each_edge_has_its_weight():
    assert star([]).sound()
    assert star([1, 2, 3]).sound()
    assert not star([1, 2]).sound()
