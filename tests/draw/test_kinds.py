"""The registry: every kind of content is known, and a new one needs nothing but its own line."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import msgspec
import pytest

from dlplay.draw import (
    Curves,
    Look,
    Words,
    caption,
    draw,
    frame_name,
    frames,
    natural_height,
    parts,
    stretches,
)
from dlplay.draw.kind import Kind
from dlplay.draw.kinds import KINDS
from dlplay.stage.drawings import Drawings
from dlplay.wire import events
from dlplay.wire.contents import DRAWS

from . import examples


def test_every_kind_that_travels_can_be_drawn():
    assert set(KINDS) == {*get_args(events.AnyContent), Curves}
    assert all(kind.content is content for content, kind in KINDS.items())


def test_the_stage_has_a_call_for_every_kind():
    assert "bars" in DRAWS
    assert "xray" not in DRAWS
    assert all(callable(getattr(Drawings, name, None)) for name in DRAWS)


class Verse(events.Content):
    lines: list[str]


def draw_verse(canvas, verse, view):
    canvas.text(0, 0, verse.lines[view.frame])


VERSE = Kind(
    Verse,
    draw_verse,
    height=lambda verse, width: len(verse.lines),
    frames=lambda verse: [f"line {n}" for n in range(len(verse.lines))],
    caption=lambda verse, view: "a verse",
    parts=lambda verse: [Words("\n".join(verse.lines))],
)


def test_a_new_kind_is_known_everywhere_by_its_line(monkeypatch):
    monkeypatch.setitem(KINDS, Verse, VERSE)
    verse = Verse(panel="v", lines=["über allen Gipfeln", "ist Ruh"])
    assert draw(verse, 10, 2, Look()).plain == "über allen\n" + " " * 10
    assert draw(verse, 10, 1, Look(ascii=True)).plain.isascii()
    assert (frames(verse), frame_name(verse, 3)) == (2, "line 1")
    assert caption(verse) == "line 0 · a verse"
    assert natural_height(verse, 80, Look()) == 2
    assert not stretches(verse)
    assert list(parts(verse)) == [Words("über allen Gipfeln\nist Ruh")]


def test_what_is_better_the_larger_it_is():
    contents = examples.typical()
    found = {name for name, content in contents.items() if stretches(content)}
    assert {"curves", "plot", "photo", "race", "graph", "histogram"} <= found
    assert not found & {"attention", "bars", "text", "tokens", "table", "x-ray"}


@pytest.mark.parametrize("name", [n for n in examples.typical() if not n.startswith("curves")])
def test_what_scenes_draw_is_sound(name):
    assert events.sound(examples.typical()[name])


XY = examples.floats([[0, 1], [2, 3]])
PLANE = events.Plane(panel="p", x=(0, 1), y=(0, 1))
GRAPH = events.Graph(panel="p", positions=XY, edges=[(0, 1)])
BOXED = examples.image(2, 4, 4)
EDGES = examples.floats([[0, 1, 2, 3]])
FEWER = events.Array((3, 2), "<f4", XY.data)


@pytest.mark.parametrize(
    "event",
    [
        events.Logged(text="", tick=-1),
        events.Logged(text="", tick=1 << 53),
        events.Points(panel="p", series="s", ticks=[1], x=[1.0], y=[]),
        events.Plot(panel="p", series={"a": ([1.0], [])}),
        events.Image(panel="p", pixels=XY),
        events.Image(panel="p", pixels=events.Array((1, 1, 1, 2), "|u1", b"ab")),
        msgspec.structs.replace(BOXED, boxes=[events.Outlines("b", XY, [0, 0])]),
        msgspec.structs.replace(BOXED, boxes=[events.Outlines("b", EDGES, [])]),
        msgspec.structs.replace(BOXED, boxes=[events.Outlines("b", EDGES, [2])]),
        msgspec.structs.replace(BOXED, boxes=[events.Outlines("b", EDGES, [-1])]),
        msgspec.structs.replace(BOXED, boxes=[events.Outlines("b", EDGES, [0], ["a", "b"])]),
        msgspec.structs.replace(BOXED, boxes=[events.Outlines("b", EDGES, [0])] * 1001),
        events.Heatmap(panel="p", values=XY),
        events.Matrices(panel="p", matrices=[events.Matrix("m", FEWER)]),
        events.Matrices(panel="p", matrices=[events.Matrix("m", XY, colors="pink")]),
        events.Matrices(
            panel="p",
            matrices=[events.Matrix("m", XY, windows=[events.Window("w", 1 << 53, 0, 1, 1)])],
        ),
        msgspec.structs.replace(PLANE, field=events.Array((2, 2), "<f8", b"\0" * 32)),
        msgspec.structs.replace(PLANE, field=FEWER),
        msgspec.structs.replace(PLANE, clouds=[events.Cloud("c", XY, [1])]),
        msgspec.structs.replace(PLANE, clouds=[events.Cloud("c", XY, [1, 1 << 53])]),
        msgspec.structs.replace(PLANE, trails=[events.Trail("t", FEWER)]),
        events.Bars(panel="p", labels=["a"], series={"": []}),
        events.Histogram(panel="p", edges=[0.0], series={"": [1.0]}),
        events.Boxes(panel="p", labels=["a"], boxes=[]),
        events.Boxes(panel="p", labels=["a"], boxes=[events.Box(*[0.0] * 6, count=-1)]),
        events.Stack(panel="p", labels=["a"], series={"": []}),
        msgspec.structs.replace(GRAPH, positions=FEWER),
        msgspec.structs.replace(GRAPH, edges=[(0, 2)]),
        msgspec.structs.replace(GRAPH, marked=[-1]),
        msgspec.structs.replace(GRAPH, labels=["a"]),
        events.Tokens(panel="p", tokens=["a"], values=[0.5, 0.5]),
        events.Table(panel="p", columns=["a"], rows=[[]]),
        events.Started(scene="s", seed=0, device="cpu", parameters={"a": float("nan")}),
        events.Tweaked(name="a", value=float("inf")),
    ],
)
def test_what_does_not_fit_together_is_not_sound(event):
    assert not events.sound(event)


@pytest.mark.parametrize(
    ("modules", "unwanted"),
    [
        ("dlplay.engine.child, dlplay.engine.execute", {"rich", "dlplay.draw", "textual"}),
        ("dlplay.wire.events, dlplay.export.formats", {"numpy", "rich", "torch", "dlplay.draw"}),
    ],
)
def test_each_side_loads_its_own_alone(modules, unwanted):
    program = f"import sys, {modules}; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert not unwanted & set(found.stdout.split())
