"""What plotext draws: guarded against the numbers that end it, in our colours, and not needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dlplay.draw import Look, caption, draw, ink, palette, sheets
from dlplay.draw.canvas import Canvas
from dlplay.draw.frame import Area
from dlplay.draw.sheets import Sheet
from dlplay.wire import events

from . import examples
from .examples import INF, NAN, boxes
from .test_every_kind import COLORS, SIZES, check

KINDS = (events.Boxes, events.Stack, events.Times)
OURS = {name: each for name, each in examples.typical().items() if isinstance(each, KINDS)}
STRANGE = {name: each for name, each in examples.strange().items() if isinstance(each, KINDS)}
here = pytest.mark.skipif(sheets.plotext() is None, reason="plotext is not installed")

FUZZ = """
import random
from dlplay.draw import Look
from dlplay.draw.canvas import Canvas
from dlplay.draw.frame import Area
from dlplay.draw.sheets import Sheet

chance = random.Random(1)
strange = [float("nan"), float("inf"), -float("inf"), 1e308, -1e308, 1e-320, -0.0, 0.0, 1.0, 2.0]

def some(count):
    return [chance.choice([*strange, chance.random(), chance.gauss(0, 9)]) for _ in range(count)]

for case in range(300):
    width, height = chance.randint(1, 60), chance.randint(1, 20)
    sheet = Sheet(width, height, chance.choice([1, 3, 70]))
    count = chance.randint(0, 9)
    sheet.line(some(count), some(count), 0x56B4E9, "braille")
    sheet.marks(some(count), some(count), 0x56B4E9, "x")
    sheet.stems(some(count), some(1)[0], some(count), 0xF5A623, chance.choice("|x"))
    sheet.boxes(some(count), [some(5) for _ in range(count)], chance.random(), 0x2CC295)
    rows = [some(count) for _ in range(chance.randint(0, 4))]
    sheet.stacks(some(count), rows, chance.random(), [(0x2CC295, "x")] * len(rows))
    canvas = Canvas(width + 2, height + 2, Look())
    sheet.onto(canvas, Area(1, 1, width, height))
    assert (canvas.char[0] == 32).all() and (canvas.char[:, -1] == 32).all()
print("alive")
"""


@here
def test_no_number_ends_the_process() -> None:
    found = subprocess.run([sys.executable, "-c", FUZZ], capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (0, "alive\n"), found.stderr[-2000:]


@here
def test_a_chart_may_be_larger_than_the_terminal() -> None:
    sheet = Sheet(300, 90)
    sheet.marks([0, 1], [0, 1], 0x56B4E9, "x")
    canvas = Canvas(300, 90, Look())
    sheet.onto(canvas, Area(0, 0, 300, 90))
    corners = canvas.char[-1, 0], canvas.char[0, -1]
    assert corners == (ord("x"), ord("x"))


@here
def test_points_on_a_level_stretch_are_spared_and_not_missed() -> None:
    x = [0.05 + i * 0.9 / 60 for i in range(61)]
    y = [0.2 if i < 30 or i > 50 else 0.8 for i in range(61)]
    sparing, whole = Sheet(40, 9), Sheet(40, 9)
    sparing.line(x, y, 0x56B4E9, "braille")
    whole.line([*x, x[-2]], [*y, y[-2]], 0x56B4E9, "braille")  # runs back: nothing is spared
    drawn = []
    for sheet in (sparing, whole):
        canvas = Canvas(40, 9, Look())
        sheet.onto(canvas, Area(0, 0, 40, 9))
        drawn.append(canvas.char.tolist())
    assert drawn[0] == drawn[1]
    assert any(code > 0x2800 for row in drawn[0] for code in row)


@here
@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("name", OURS)
def test_no_colour_but_ours(name: str, dark: bool) -> None:
    look = Look(dark=dark)
    series = {palette.series_style(index).color(look) for index in range(8)}
    allowed = series | {ink.contrast(color) for color in series} | {palette.grid(look)}
    seen = set()
    for line in draw(OURS[name], 60, 14, look).lines:
        for segment in line:
            for color in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                if color is not None:
                    seen.add(int.from_bytes(color.triplet, "big"))
    assert seen
    assert seen <= allowed


@here
def test_a_box_goes_from_quartile_to_quartile() -> None:
    numbers = boxes([[0, 25, 50, 75, 100]])
    plain = draw(numbers, 109, 3, Look("none", ascii=True)).plain
    row = next(line for line in plain.split("\n") if "group" in line)
    bar = row.split("|", 1)[1]
    share = len(bar) / 100
    ends = bar.index("#"), bar.index("|"), bar.rindex("#")
    assert ends == pytest.approx((25 * share, 50 * share, 75 * share), abs=1)


@here
def test_few_numbers_are_a_mean_with_its_range() -> None:
    plain = draw(boxes([[0.0, 4.0, 8.0, 2.0]]), 60, 3, Look("none")).plain
    row = next(line for line in plain.split("\n") if "group" in line)
    assert "█" not in row
    assert row.index("├") < row.index("●") < row.index("┤")


@here
def test_pieces_of_a_bar_stand_one_after_another() -> None:
    stack = events.Stack(panel="s", labels=["a"], series={"x": [1.0], "y": [0.0], "z": [3.0]})
    row = draw(stack, 42, 4, Look("none")).plain.split("\n")[1]
    assert row == "a │" + "█" * 10 + "▒" * 29


@here
def test_an_event_beyond_the_ends_is_not_drawn() -> None:
    times = events.Times(panel="e", series={"s": [-5.0, 5.0, 50.0]}, low=0, high=10)
    plain = draw(times, 40, 1, Look("none", ascii=True)).plain
    assert plain.split("|", 1)[1].count("|") == 1


CHARTS = ("curves", "plot", "scatter", "bars", "bar groups", "bars log", "many bars", "histogram")
BY_CHOICE = [n for n in (*examples.typical(), *examples.strange()) if n.startswith(CHARTS)]


@here
@pytest.mark.parametrize("name", BY_CHOICE)
def test_by_choice_it_draws_what_our_canvas_draws(name: str) -> None:
    content = {**examples.typical(), **examples.strange()}[name]
    for (width, height), colors in zip(SIZES, ("none", *COLORS, "truecolor"), strict=True):
        for plain in (False, True):
            look = Look(colors, ascii=plain, charts="plotext")
            check(draw(content, width, height, look), width, height, look)


@here
@pytest.mark.parametrize("name", ["curves", "bar groups", "many bars", "histogram", "histograms"])
def test_both_say_the_same(name: str) -> None:
    """The same words and axes, and ink in nearly the same cells."""
    content = examples.typical()[name]
    own, other = (draw(content, 60, 16, Look(charts=c)).plain for c in ("own", "plotext"))
    assert own != other
    pairs = [(a, b) for a, b in zip(own, other, strict=True) if a.isalnum() or b.isalnum()]
    assert all(a == b for a, b in pairs)
    inked = [(a in " ┈", b in " ┈") for a, b in zip(own, other, strict=True)]
    assert sum(a != b for a, b in inked) < 0.06 * len(inked)


def test_a_choice_that_cannot_be_met_changes_nothing(monkeypatch) -> None:
    monkeypatch.setattr(sheets, "plotext", lambda: None)
    content = examples.typical()["curves"]
    own, other = (draw(content, 60, 16, Look(charts=c)).plain for c in ("own", "plotext"))
    assert own == other


@pytest.mark.parametrize("name", [*OURS, *STRANGE])
def test_without_plotext_something_simple_is_drawn(name: str, monkeypatch) -> None:
    monkeypatch.setattr(sheets, "plotext", lambda: None)
    content = {**OURS, **STRANGE}[name]
    for width, height in ((1, 1), (20, 5), (80, 24)):
        for look in (Look(), Look("none", ascii=True)):
            check(draw(content, width, height, look), width, height, look)
    assert sheets.MISSING in caption(content)


@pytest.mark.parametrize("name", OURS)
def test_with_plotext_nothing_is_said_of_it(name: str, monkeypatch) -> None:
    monkeypatch.setattr(sheets, "plotext", lambda: sys)
    assert caption(OURS[name]) == ""


def test_numbers_that_are_not_finite_are_counted_in_the_caption(monkeypatch) -> None:
    monkeypatch.setattr(sheets, "plotext", lambda: sys)
    assert caption(boxes([[1.0, NAN, INF], [2.0, NAN]])) == "3 not finite"


@pytest.mark.parametrize("broken", ["", "raise OSError('no kernel')", "__version__ = '5.3.2'"])
def test_a_plotext_that_is_missing_or_another_is_none(broken: str, tmp_path) -> None:
    program = "import sys; from dlplay.draw import sheets; print(sheets.plotext())"
    if broken:
        (tmp_path / "plotext.py").write_text(broken)
        program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {program}"
    else:
        program = f"import sys; sys.modules['plotext'] = None; {program}"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.stdout == "None\n", found.stderr


def test_it_is_imported_at_the_first_chart_alone() -> None:
    program = """
import sys
from dlplay.draw import Look, draw, natural_height
from dlplay.wire import events
content = events.Bars(panel="p", labels=["a"], series={"": [1.0]})
draw(content, 30, natural_height(content, 30, Look()), Look())
print("plotext" in sys.modules)
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.stdout == "False\n", found.stderr
