"""One colour and sign for a thing: over panels, runs and what is drawn later."""

import msgspec
import numpy as np
import pytest

from dlplay.draw import Curves, Drawing, Look, View, caption, draw, palette, sheets
from dlplay.draw.ink import NONE, style
from dlplay.draw.kinds import kind_of
from dlplay.engine.history import History
from dlplay.engine.styles import COLORS, MARKS, MOST, Styles, class_of
from dlplay.tui.model.pins import Pin, others_of, overlay
from dlplay.wire import events
from dlplay.wire.events import (
    Axes,
    Bars,
    Boxes,
    Cloud,
    Histogram,
    Plane,
    Plot,
    Points,
    Stack,
    Times,
    Trail,
)

from .examples import boxes, curves, floats, image, outlines, typical

LOOK = Look()


def points(panel: str, *names: str) -> list[events.AnyEvent]:
    return [
        Points(panel=panel, series=name, ticks=[1, 2], x=[0, 1], y=[1.0, 0.5]) for name in names
    ]


def plane(**fields) -> Plane:
    fields.setdefault("field", floats(np.linspace(-1, 1, 40)[None].repeat(40, 0)))
    return Plane(panel="plane", x=(-1, 1), y=(-1, 1), **fields)


def looks(drawing: Drawing, mark: str) -> set[str]:
    """The colours in which a mark is drawn."""
    return {
        part.style.color.name
        for line in drawing.lines
        for part in line
        if mark in part.text and part.style and part.style.color
    }


def color(number: int) -> str:
    made = style(palette.series_style(number).color(LOOK), NONE, 0, "truecolor", True)
    assert made.color
    return made.color.name


def test_the_numbers_are_those_of_the_palette():
    assert len({palette.series_style(k).on_dark for k in range(100)}) == COLORS
    assert len({palette.series_style(k).mark for k in range(100)}) == MARKS


def test_a_series_keeps_its_number_over_panels_of_all_kinds():
    history = History()
    history.feed([*points("loss", "train", "test"), *points("error", "test", "best")])
    history.feed([Bars(panel="b", labels=["x"], series={"best": [1], "new": [2]})])
    history.feed([Histogram(panel="h", edges=[0, 1], series={"test": [1]})])
    history.feed([Plot(panel="p", series={"new": ([0], [1])})])
    history.feed([image(1, 4, 4, boxes=[outlines(name, [[]]) for name in ("best", "truth")])])
    assert history.styles.numbers == {"train": 0, "test": 1, "best": 2, "new": 3, "truth": 4}


def test_without_them_series_are_told_apart_by_place():
    assert palette.numbers_of("abc", {}) == [0, 1, 2]
    assert palette.numbers_of("abc", {"b": 0}) == [1, 0, 2]


def test_it_is_drawn_in_that_colour_in_every_panel():
    view = View(styles={"test": 4})
    mark = palette.series_style(4).mark
    for content in (
        curves({"train": [2.0, 1.0], "test": [3.0, 2.0]}),
        Bars(panel="b", labels=["x"], series={"a": [1], "test": [2]}),
        Histogram(panel="h", edges=[0, 1, 2], series={"a": [1, 2], "test": [2, 1]}),
        Plot(panel="p", series={"test": ([0, 1], [1, 2])}),
        plane(trails=[Trail("test", floats([[0, 0], [0.5, 0.5]]))]),
        plane(field=None, clouds=[Cloud("test", floats([[0, 0]]))]),
        image(1, 9, 9, boxes=[outlines("test", [[[1, 1, 8, 8]]])]),
    ):
        assert color(4) in looks(draw(content, 40, 12, LOOK, view), mark), content


def colors(drawing: Drawing) -> set[str]:
    """All colours in which something of a series is drawn."""
    every = {color(number) for number in range(COLORS)}
    parts = (part for line in drawing.lines for part in line if part.text.strip())
    return {p.style.color.name for p in parts if p.style and p.style.color} & every


@pytest.mark.skipif(sheets.plotext() is None, reason="plotext is not installed")
@pytest.mark.parametrize(
    "content",
    [
        Stack(panel="s", labels=["x"], series={"a": [1], "test": [2]}),
        Times(panel="e", series={"a": [0.1], "test": [0.9]}),
        boxes([[0, 1, 2, 3, 4], [1.0, 2.0], [5, 6, 7, 8, 9]]),
    ],
)
def test_so_is_what_plotext_draws(content):
    if isinstance(content, events.Boxes):
        content = msgspec.structs.replace(content, labels=["a", "test", "a"])
    drawing = draw(content, 40, 12, LOOK, View(styles={"test": 4, "a": 6}))
    assert colors(drawing) == {color(4), color(6)}


@pytest.mark.skipif(sheets.plotext() is None, reason="plotext is not installed")
@pytest.mark.parametrize(
    "content",
    [
        curves({"a": [2.0, 1.0], "test": [3.0, 2.0]}),
        Bars(panel="b", labels=["x"], series={"a": [1], "test": [2]}),
        Bars(
            panel="b", labels=[str(k) for k in range(12)], series={"a": [1] * 12, "test": [2] * 12}
        ),
        Bars(panel="b", labels=["a", "test"], series={"": [1, 2]}),
        Histogram(panel="h", edges=[0, 1, 2], series={"a": [1, 2], "test": [2, 1]}),
    ],
)
def test_and_what_it_draws_by_choice(content):
    view = View(styles={"test": 4, "a": 6})
    drawing = draw(content, 40, 12, Look(charts="plotext"), view)
    assert colors(drawing) == {color(4), color(6)}


@pytest.mark.skipif(sheets.plotext() is None, reason="plotext is not installed")
def test_boxes_whose_labels_are_no_series_have_one_colour():
    found = boxes([[0, 1, 2, 3, 4], [1.0, 2.0]])
    styles = Styles()
    styles.meet(points("loss", "train")[0])
    styles.meet(found)
    assert colors(draw(found, 40, 12, LOOK, View(styles=styles.numbers))) == {color(1)}


@pytest.mark.parametrize("kind", [Stack, Times])
def test_the_series_of_the_other_kinds_get_numbers_too(kind):
    styles = Styles()
    fields = {"labels": ["x"]} if kind is Stack else {}
    styles.meet(kind(panel="p", series={"a": [1], "b": [1]}, **fields))
    assert styles.numbers == {"a": 0, "b": 1}


def test_names_that_are_spelt_out_keep_their_colours():
    drawing = draw(curves({"σ": [1.0, 2.0]}), 40, 10, Look(ascii=True), View(styles={"σ": 3}))
    assert looks(drawing, "sigma") == {color(3)}


@pytest.mark.parametrize(
    ("name", "number"),
    [("class 3", 3), ("7", 7), ("−1", 0), ("+1", 1), ("train", None), ("16", None), ("1.0", None)],
)
def test_the_names_of_classes(name, number):
    assert class_of(name) == number


def test_classes_have_their_own_numbers_and_series_others():
    history = History()
    cloud = Cloud("", floats(np.zeros((2, 2))), [0, 1])
    history.feed([*points("loss", "train"), plane(clouds=[cloud])])
    history.feed(points("right", "class 1", "0", "test"))
    assert history.styles.numbers == {"train": 2, "class 1": 1, "0": 0, "test": 3}


def test_a_series_gives_way_to_classes_that_come_later():
    history = History()
    history.feed(points("loss", "train", "test", "best"))
    cloud = Cloud("", floats(np.zeros((2, 2))), [0, 1])
    for _ in range(3):
        history.feed([plane(clouds=[cloud])])
    assert history.styles.numbers == {"best": 2, "train": 3, "test": 4}
    assert history.styles.moves == 1


def test_regions_of_a_class_are_reserved_too():
    styles = Styles()
    styles.meet(plane(kind="classes", field=floats([[0, 1], [2, np.nan]])))
    styles.meet(points("loss", "train")[0])
    assert styles.numbers == {"train": 3}


@pytest.mark.parametrize("kind", ["signed", "classes"])
@pytest.mark.parametrize("names", [("low", "high"), ("+1", "−1")])
def test_points_have_the_colour_of_their_region(kind, names):
    low, high = names if names[0] == "low" else names[::-1]
    clouds = {low: Cloud(low, floats([[-0.5, 0]])), high: Cloud(high, floats([[0.5, 0]]))}
    content = plane(kind=kind, clouds=[clouds[name] for name in names])
    styles = Styles()
    styles.meet(content)
    assert [styles.numbers[name] for name in (low, high)] == [0, 1]
    drawing = draw(content, 40, 12, LOOK, View(styles=styles.numbers))
    assert looks(drawing, "●") == {color(0)}
    assert looks(drawing, "▲") == {color(1)}


def test_more_names_than_colours_are_told_apart_within_a_panel():
    styles = Styles()
    for k in range(6):
        for event in points(f"panel {k}", *(f"{k} {i}" for i in range(4))):
            styles.meet(event)
        here = [styles.numbers[f"{k} {i}"] for i in range(4)]
        assert len({n % COLORS for n in here}) == len({n % MARKS for n in here}) == 4
    assert len({*styles.numbers.values()}) == 24


def test_a_name_that_changes_is_the_same_thing():
    styles = Styles()
    for k in range(3 * MOST):
        series = {f"T = {k}": [1.0], "other": [2.0]}
        styles.meet(Bars(panel="b", labels=["x"], series=series))
    assert {styles.numbers[f"T = {k}"] for k in range(100)} == {0}
    assert styles.numbers["other"] == 1
    assert len(styles.numbers) <= MOST


def test_other_runs_of_a_scene_have_the_same():
    first = History()
    first.feed(points("loss", "train", "test"))
    second = History(first.styles)
    second.feed(points("loss", "test", "more"))
    assert second.styles.numbers == {"train": 0, "test": 1, "more": 2}


def test_bars_without_a_series_are_those_that_their_labels_name():
    content = Bars(panel="b", labels=["SGD", "Adam"], series={"": [1, 2]})
    drawing = draw(content, 40, 8, LOOK, View(styles={"SGD": 3, "Adam": 5}))
    assert looks(drawing, "█") == {color(3), color(5)}
    drawing = draw(content, 40, 8, LOOK, View(styles={"SGD": 3, "": 2}))
    assert looks(drawing, "█") == {color(2)}


def pinned(*names: str) -> Curves:
    """A run of two series, with the same of these runs behind it."""
    pins = []
    for level, name in enumerate(names, start=2):
        history = History()
        history.feed(
            [Points(panel="loss", series=s, ticks=[1, 2, 3], x=[0, 1, 2], y=[level] * 3)
             for s in ("train", "test")]
        )  # fmt: skip
        pins.append(Pin(name, {}, 0, history))
    lines = curves({"train": [0.0, 1, 0], "test": [1.0, 0, 1]}).lines
    return overlay(Curves(Axes(panel="loss"), lines), others_of("loss", pins))


def test_pinned_runs_have_one_entry_each_in_the_legend():
    rows = draw(pinned("A", "B"), 60, 16, Look("none")).plain.split("\n")
    assert rows[0].split() == ["●", "train", "0", "▲", "test", "1", "┄", "A", "┄", "B"]
    assert not any("train" in row for row in rows[1:])


def test_pinned_runs_are_dashed_and_end_in_their_letter():
    drawing = draw(pinned("A"), 60, 16, Look("none"))
    row = next(row for row in drawing.plain.split("\n")[1:] if "A" in row)
    dots = [0x2800 < ord(c) < 0x2900 for c in row]
    assert 10 < sum(dots) < 52  # of a level line
    assert not any(c in drawing.plain for c in "■◆")  # two series, two signs


def test_what_the_present_run_has_not_is_named_too():
    alone = pinned("A")
    some = {name: line for name, line in alone.lines.items() if name != "test"}
    text = draw(Curves(alone.axes, some, pinned=alone.pinned), 60, 16, LOOK).plain
    assert text.split("\n")[0].split() == ["●", "train", "0", "▲", "test", "┄", "A"]


def test_a_pinned_run_is_seen_behind_bars_histograms_and_ways():
    bars = Bars(panel="b", labels=["one", "two"], series={"SGD": [3, 4], "Adam": [1, 5]})
    other = Bars(panel="b", labels=["two"], series={"SGD": [2]})
    rows = draw(bars, 40, 6, Look("none"), View(pinned={"A": other})).plain.split("\n")
    assert "┄ A" in rows[0]
    assert [row.count("A") for row in rows] == [2, 0, 0, 0, 1, 0]  # one is of Adam's name
    standing = draw(bars, 24, 5, Look("none"), View(pinned={"B": other})).plain.split("\n")
    assert any("B" in row for row in standing[1:])

    mine = Histogram(panel="h", edges=[0, 1, 2], series={"": [1, 5]})
    theirs = Histogram(panel="h", edges=[2, 3, 4], series={"": [3, 6]})
    alone = draw(mine, 40, 10, Look("none")).plain
    both = draw(mine, 40, 10, Look("none"), View(pinned={"A": theirs})).plain
    assert "┄ A" in both.split("\n")[0]
    assert "4" in both.split("\n")[-1]  # the axis has room for both
    assert not braille(alone)
    assert braille(both)

    def walked(name, end):
        way = floats(np.linspace([0, 0], [end, end], 20))
        return Plane(panel="p", x=(0, 1), y=(0, 1), trails=[Trail(name=name, xy=way)])

    others = {"A": walked("SGD", 0.5), "C": walked("Adam", 0.7)}  # which has another walker
    drawing = draw(walked("SGD", 0.9), 40, 12, Look("none"), View(pinned=others)).plain
    assert "┄ A" in drawing.split("\n")[0]
    assert sum("A" in row for row in drawing.split("\n")[1:]) == 1


def braille(text):
    return any(0x2800 < ord(character) < 0x2900 for character in text)


@pytest.mark.parametrize("content", typical().values(), ids=typical())
def test_what_other_runs_have_is_seen_or_it_is_said_that_it_is_not(content):
    """Whatever the kind; a strange thing in the other run does no harm."""
    view = View(pinned={"A [/b]\x1b": content, "B": Boxes(panel="x", labels=[], boxes=[])})
    for look in (Look("none"), Look("truecolor"), Look("none", ascii=True)):
        draw(content, 50, 14, look, view)
    if not kind_of(content).overlays(content):
        assert "this run alone" in caption(content, view)
    assert "this run alone" not in caption(content)
