"""What values are held against: reference lines, and colours that mean the same at each step."""

import numpy as np
import pytest

from dlplay.draw import Look, View, caption, draw, natural_height
from dlplay.stage.drawings import Drawings
from dlplay.wire import events
from dlplay.wire.events import Bars, Plane

from .examples import curves, floats

PLAIN = Look("none")


def bars(values: list[float], **fields) -> Bars:
    return Bars(panel="b", labels=[f"net {k}" for k in range(len(values))],
                series={"": values}, **fields)  # fmt: skip


def test_the_calls_say_it():
    stage = Drawings()
    stage.bars("b", ["net"], [0.9], lines={"guessing": 0.5})
    stage.axes("p", verticals={"best": 3})
    stage.plane("f", x=(0, 1), y=(0, 1), field=np.zeros((2, 2)), kind="signed", low=-1, high=1)
    axes, drawn, plane = stage.take_drawn()
    assert isinstance(axes, events.Axes)
    assert axes.verticals == {"best": 3.0}
    assert isinstance(drawn, Bars)
    assert drawn.lines == {"guessing": 0.5}
    assert isinstance(plane, Plane)
    assert (plane.low, plane.high) == (-1, 1)


def test_lying_bars_are_crossed_by_a_named_line():
    rows = draw(bars([0.9, 0.2, 0.3, 0.4], lines={"guessing": 0.5}), 50, 9, PLAIN).plain.split("\n")
    assert rows[0].strip() == "guessing"
    columns = {row.index("┊") for row in rows if "┊" in row}
    assert len(columns) == 1
    assert abs(columns.pop() - rows[0].index("guessing") - 4) <= 1


def test_the_line_lies_over_a_longer_bar():
    drawing = draw(bars([1.0], lines={"half": 0.5}), 50, 5, Look())
    assert drawing.plain.count("┊") >= 1
    assert all("┊" in row for row in drawing.plain.split("\n")[1:2])


def test_a_line_beyond_all_bars_is_seen():
    text = draw(bars([0.1, 0.2], lines={"best known": 0.9}), 50, 8, PLAIN).plain
    assert "best known" in text
    assert "┊" in text


def test_standing_bars_have_it_level():
    text = draw(bars([k / 20 for k in range(20)], lines={"guessing": 0.5}), 60, 10, PLAIN).plain
    row = next(row for row in text.split("\n") if "guessing" in row)
    assert "0.5┤" in row


@pytest.mark.parametrize("width", [8, 20, 50])
@pytest.mark.parametrize("height", [1, 2, 3, 8])
def test_lines_that_cannot_be_drawn_spoil_nothing(width, height):
    odd = {"nan": np.nan, "inf": np.inf, "minus": -3.0, "zero": 0.0, "a" * 90: 0.5}
    for log in (False, True):
        drawing = draw(bars([0.5, 2], lines=odd, log=log), width, height, Look())
        assert drawing.height == height
        assert all(sum(part.cell_length for part in line) == width for line in drawing.lines)


def test_logarithmic_bars_say_so():
    content = bars([1e-4, 30], log=True)
    assert caption(content, View()) == "log scale"
    last = draw(content, 50, 7, PLAIN).plain.rstrip().split("\n")[-1]
    assert last.split()[0] == "log"
    assert {"0.01", "1"} <= {*last.split()}
    assert caption(bars([1, 2]), View()) == ""


def test_bars_ask_for_as_many_rows_as_they_have():
    assert natural_height(bars([1.0] * 3), 60, PLAIN) == 8
    assert natural_height(bars([1.0] * 3, lines={"x": 1.0}), 60, PLAIN) == 9
    assert natural_height(bars([1.0] * 500), 60, PLAIN) <= 20


def test_curves_have_upright_lines():
    data = curves({"a": np.linspace(0, 1, 50)}, verticals={"best": 20, "later": 500})
    rows = draw(data, 60, 12, PLAIN).plain.split("\n")
    assert any("best" in row for row in rows)
    assert sum("┊" in row for row in rows) >= 6
    assert not any("later" in row for row in rows)


def corner(field: np.ndarray, **fields) -> tuple[str, ...]:
    """The colours at the left and the right end of a signed field."""
    content = Plane(panel="p", x=(0, 1), y=(0, 1), field=floats(field), kind="signed", **fields)
    line = draw(content, 40, 12, Look()).lines[4]
    styles = [part.style for part in line if part.style and part.style.bgcolor]
    return tuple(s.bgcolor.name for s in (styles[0], styles[-1]))


def test_colours_of_a_signed_field_mean_sureness_where_its_ends_are_given():
    unsure, sure = (np.linspace(-e, e, 40)[None].repeat(40, 0) for e in (0.05, 1))
    assert corner(unsure) == corner(sure)  # each by itself
    ends = {"low": -1.0, "high": 1.0}
    assert corner(sure, **ends) == corner(sure)
    assert corner(unsure, **ends) != corner(sure, **ends)


def test_the_middle_of_a_signed_field_is_zero_whatever_its_ends():
    field = np.zeros((4, 4))
    assert len({corner(field, low=low, high=high) for low, high in ((-1, 1), (-5, 1), (2, 3))}) == 1


@pytest.mark.parametrize("kind", ["heat", "contour", "signed", "classes"])
@pytest.mark.parametrize("ends", [(np.nan, np.inf), (3.0, -3.0), (0.0, 0.0), (None, 1e308)])
def test_odd_ends_spoil_nothing(kind, ends):
    field = floats(np.linspace(-1, 1, 40)[None].repeat(40, 0))
    content = Plane(
        panel="p", x=(0, 1), y=(0, 1), field=field, kind=kind, low=ends[0], high=ends[1]
    )
    assert draw(content, 30, 10, Look()).height == 10
