"""Curves: nothing that matters is lost on the way to the cells."""

import numpy as np
import pytest

from dlplay.draw import Curves, Line, Look, View, draw, figures, glyphs, palette
from dlplay.wire import events
from dlplay.wire.events import Axes

from .examples import INF, NAN, curves

PLAIN = Look("none")
DOTS = {chr(code) for code in range(0x2801, 0x2900)}


def rows(drawing) -> list[str]:
    return drawing.plain.split("\n")


def dotted(drawing) -> set[tuple[int, int]]:
    return {(y, x) for y, row in enumerate(rows(drawing)) for x, c in enumerate(row) if c in DOTS}


@pytest.mark.parametrize("count", [50, 2000, 20_000])
def test_a_spike_of_one_bucket_is_seen(count: int) -> None:
    mean = np.ones(count)
    high = mean.copy()
    high[count // 3] = 10.0
    line = Line(np.arange(float(count)), mean, high, mean)
    drawing = draw(Curves(Axes(panel="p"), {"a": line}), 60, 16, PLAIN)
    upper = {x for y, x in dotted(drawing) if y < 6}
    assert upper
    assert all(abs(x - (4 + 56 / 3)) < 4 for x in upper)


def test_a_falling_curve_falls() -> None:
    drawing = draw(curves({"a": np.linspace(1, 0, 100)}), 60, 16, PLAIN)
    cells = sorted(dotted(drawing), key=lambda cell: cell[1])
    assert cells[0][0] < cells[-1][0]
    left, right = cells[: len(cells) // 4], cells[-len(cells) // 4 :]
    assert max(y for y, _ in left) < min(y for y, _ in right)


def test_the_legend_has_name_mark_and_last_value() -> None:
    top = rows(draw(curves({"train": [2.3, 0.23123], "test": [2.3, 1e-5]}), 60, 16, PLAIN))[0]
    assert "● train 0.231" in top
    assert "▲ test 1e-5" in top


NAMES = ["descent", "momentum", "Nesterov", "RMSProp", "Adagrad", "Adadelta", "conjugate"]


def test_a_legend_gives_up_values_before_names_and_names_before_entries() -> None:
    ends = {name: [1.0, 0.123] for name in NAMES}
    wide = draw(curves(ends), 120, 10, PLAIN).plain
    assert all(f"{name} 0.123" in wide for name in NAMES)
    less = "\n".join(rows(draw(curves(ends), 60, 8, PLAIN))[:2])
    assert all(name in less for name in NAMES)
    assert "0.123" not in less
    three = rows(draw(curves(ends), 30, 10, PLAIN))[:3]  # a tall chart has a row to spare
    assert "◇ conju…" in three[2] or "◉ conju…" in three[2]
    low = "\n".join(rows(draw(curves(ends), 30, 8, PLAIN))[:2])
    assert "+3" in low
    assert "descent" in low


def test_a_legend_keeps_the_value_that_is_not_finite() -> None:
    ends = {name: [1.0, 0.123] for name in NAMES} | {"Lion": [1.0, NAN]}
    top = "\n".join(rows(draw(curves(ends), 66, 8, PLAIN))[:2])
    assert "Lion nan ✗" in top
    assert "0.123" not in top


def test_names_cut_alike_keep_their_ends() -> None:
    names = ["AdamW, decay 0.1", "AdamW, decay 0.01", "AdamW, decay 0.001"]
    top = "\n".join(rows(draw(curves({n: [1.0, 2.0] for n in names}), 38, 8, PLAIN))[:2])
    assert top.count("…") == 3
    assert all(end in top for end in ("0.1 ", "0.01 ", "0.001"))


def test_styles_keep_their_series() -> None:
    data = curves({"test": [1.0, 2.0]})
    moved = Curves(data.axes, data.lines, {"test": 3})
    assert "◆ test" in draw(moved, 40, 10, PLAIN).plain


@pytest.mark.parametrize("end", [NAN, INF])
def test_a_series_that_ends_badly_is_crossed(end: float) -> None:
    drawing = draw(
        curves({"sgd": [1.0, 2.0, 4.0, end], "adam": [1.0, 0.5, 0.2, 0.1]}), 60, 16, PLAIN
    )
    assert f"sgd {figures.number(end)} ✗" in rows(drawing)[0]
    assert "✗" in "\n".join(rows(drawing)[1:])
    healthy = draw(curves({"sgd": [1.0, 2.0]}), 60, 16, PLAIN)
    assert "✗" not in healthy.plain


def test_a_gap_where_values_are_not_finite() -> None:
    values = np.ones(101)
    values[40:60] = NAN
    drawing = draw(curves({"a": values}), 60, 12, Look())
    columns = {x for y, x in dotted(drawing)}
    area = range(min(columns), max(columns) + 1)
    missing = [x for x in area if x not in columns]
    assert 0.15 < len(missing) / len(area) < 0.25


def test_log_ticks_are_powers_of_ten() -> None:
    drawing = draw(curves({"a": 10.0 ** np.linspace(-5, 2, 50)}, log="y"), 60, 24, Look())
    marks = [row.split("┤")[0].strip() for row in rows(drawing) if "┤" in row]
    assert marks == ["100", "10", "1", "0.1", "0.01", "0.001", "1e-4", "1e-5"]
    at = np.array(sorted(dotted(drawing)))
    slope = np.polyfit(at[:, 1], at[:, 0], 1)
    assert np.abs(np.polyval(slope, at[:, 1]) - at[:, 0]).max() < 1.2


def test_the_user_overrides_the_axes() -> None:
    data = curves({"a": [1.0, 10.0, 100.0]}, log="y")
    assert (
        draw(data, 60, 16, PLAIN, View(log="")).plain
        == draw(curves({"a": [1.0, 10.0, 100.0]}), 60, 16, PLAIN).plain
    )
    assert draw(data, 60, 16, PLAIN).plain != draw(data, 60, 16, PLAIN, View(log="")).plain


def test_nothing_positive_on_a_log_axis_is_said() -> None:
    drawing = draw(curves({"a": [0.0, -1.0]}), 60, 16, PLAIN, View(log="y"))
    assert "nothing above zero" in drawing.plain


def test_zero_is_dropped_on_a_log_axis_and_the_rest_joined() -> None:
    drawing = draw(curves({"a": [1.0, 0.0, 1.0]}, log="y"), 40, 10, Look())
    columns = {x for _, x in dotted(drawing)}
    assert len(columns) >= max(columns) - min(columns) - 3


def test_reference_lines_are_named_and_within_the_axis() -> None:
    drawing = draw(curves({"a": [0.2, 0.4]}, lines={"chance": 2.3}), 60, 16, PLAIN)
    named = [y for y, row in enumerate(rows(drawing)) if row.rstrip().endswith("chance")]
    assert len(named) == 1
    assert named[0] <= 4
    assert "2" in [row.split("┤")[0].strip() for row in rows(drawing) if "┤" in row]


def test_a_reference_lines_name_is_whole_where_it_stands_inside() -> None:
    data = curves({"a": 2.4 * 0.9 ** np.arange(50)}, lines={"chance": 2.3})
    assert "chance" in draw(data, 38, 9, Look()).plain


def test_without_colour_the_marks_repeat_along_the_lines() -> None:
    data = curves({"a": np.linspace(0, 1, 50), "b": np.linspace(1, 0, 50)})
    assert draw(data, 80, 20, PLAIN).plain.count("▲") >= 4
    assert draw(data, 80, 20, Look()).plain.count("▲") == 2


def test_two_equal_series_are_both_seen() -> None:
    drawing = draw(curves({"a": [0.0, 1.0], "b": [0.0, 1.0]}), 60, 16, Look())
    drawn = [
        segment.style.color.triplet
        for line in drawing.lines[1:]
        for segment in line
        if segment.style and segment.style.color and set(segment.text) & DOTS
    ]
    assert len(set(drawn)) >= 2


def test_scatter_draws_marks_alone() -> None:
    plot = events.Plot(panel="p", series={"a": ([0.0, 1.0], [0.0, 1.0])}, scatter=True)
    drawing = draw(plot, 40, 10, PLAIN)
    assert not dotted(drawing)
    assert "\n".join(rows(drawing)[1:]).count("●") == 2


def test_marks_tell_series_apart_beyond_the_colours() -> None:
    styles = [palette.series_style(i) for i in range(12)]
    assert len({style.mark for style in styles}) == 12
    assert len({(style.on_dark, style.on_light) for style in styles[:8]}) == 8


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.23123, "0.231"), (12.345, "12.3"), (1234.4, "1234"), (3.0, "3"), (1.2e-5, "1.2e-5"),
     (-0.5, "-0.500"), (NAN, "nan"), (-INF, "-inf"), (2.5e7, "2.5e7"), (0.0, "0")],
)  # fmt: skip
def test_numbers(value: float, text: str) -> None:
    assert figures.number(value) == text


@pytest.mark.parametrize(
    ("low", "high", "most", "texts"),
    [
        (0, 1, 6, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0, 20_000, 5, ["0", "5k", "10k", "15k", "20k"]),
        (-1.2, 1.2, 5, ["-1.0", "-0.5", "0", "0.5", "1.0"]),
        (0, 3e-5, 4, ["0", "1e-5", "2e-5", "3e-5"]),
        (0.97, 0.99, 3, ["0.97", "0.98", "0.99"]),
    ],
)
def test_linear_ticks(low: float, high: float, most: int, texts: list[str]) -> None:
    ticks = figures.linear_ticks(low, high, most)
    assert figures.labels(ticks) == texts
    assert len(ticks) <= most


def test_two_charts_side_by_side_have_the_same_axes():
    low, high = Line.of([0, 1, 2], [0, 1, 2]), Line.of([0, 5, 10], [0, 50, 100])
    axes = events.Axes(panel="p", x="step")
    alone = draw(Curves(axes, {"a": low}), 60, 16, Look()).plain
    beside = draw(Curves(axes, {"a": low}, room=(high,)), 60, 16, Look()).plain
    assert "100" not in alone
    assert "100" in beside
    assert "10" in beside.splitlines()[-1]


@pytest.mark.parametrize("low", [1e-3, 0.02, 0.4, 0.9, 0.99])
@pytest.mark.parametrize("high", [1.01, 1.5, 4.0, 9.0, 30.0])
def test_every_tick_of_a_logarithmic_axis_is_on_it(low, high):
    scale = figures.scale_of(np.array([low, high]), log=True)
    for most in range(1, 12):
        values, texts = scale.ticks(most)
        assert len(values) == len(texts)
        assert all(0 <= scale.at(value) <= 1 for value in values)
    data = curves({"a": [low, high]}, log="y")
    for width, height in ((60, 16), (36, 9), (20, 5)):
        assert draw(data, width, height, Look()).plain


def test_marks_of_lines_that_end_together_stand_side_by_side_after_them() -> None:
    ends = {name: [float(k), 1.0] for k, name in enumerate(("a", "b", "c"))}
    drawing = rows(draw(curves(ends | {"d": [2.0, 4.0]}), 60, 16, Look()))[1:]
    together = next(row for row in drawing if "●▲■" in row)
    assert together[together.index("●") - 1] in DOTS  # the lines are seen to their ends
    apart = next(row for row in drawing if "◆" in row)
    assert apart is not together
    assert apart[apart.index("◆") - 1] in DOTS


def test_each_mark_stands_in_the_row_in_which_its_line_ends() -> None:
    drawing = draw(curves({str(k): [5.0, float(k)] for k in range(6)}), 60, 30, Look())
    for number in range(6):
        style = palette.series_style(number)
        (y,) = [y for y, row in enumerate(rows(drawing)) if y and style.mark in row]
        place = [segment.text.strip() for segment in drawing.lines[y]].index(style.mark)
        line = drawing.lines[y][place - 1]
        assert line.text[-1] in DOTS, number
        assert line.style.color == drawing.lines[y][place].style.color, number


def test_more_marks_than_there_is_room_for_stand_over_the_lines_and_none_is_lost() -> None:
    ends = {str(k): [float(k), 1.0] for k in range(12)}
    drawing = rows(draw(curves(ends), 60, 20, Look()))
    row = next(row for row in drawing[4:] if palette.MARKS[0] in row)
    assert palette.MARKS in row
    assert row.rstrip().endswith(palette.MARKS)


def test_a_single_points_mark_stands_at_the_point() -> None:
    data = curves({"line": [1.0, 2.0, 3.0]})
    data.lines["here"] = Line.of([1.0], [2.0])
    drawing = rows(draw(data, 41, 12, PLAIN))
    row = next(row for row in drawing[1:] if "▲" in row)
    label = next(row for row in drawing if "┬" in row)
    ticks = [x for x, c in enumerate(label) if c == "┬"]
    assert row.index("▲") == ticks[len(ticks) // 2]


def test_a_line_that_runs_to_the_left_has_its_mark_on_its_last_point() -> None:
    back = Curves(Axes(panel="p"), {"a": Line.of(np.arange(9.0)[::-1], np.arange(9.0))})
    row = next(row for row in rows(draw(back, 60, 16, Look()))[1:] if "●" in row)
    assert row.index("●") == row.index("│" if "│" in row else "┤") + 1


def test_names_are_cut_after_a_word_where_that_tells_them_apart() -> None:
    assert glyphs.fit_words("examples in a step", 14) == "examples in a…"
    assert glyphs.fit_words("examples in a step", 12) == "examples in…"
    assert glyphs.fit_words("a backpropagation", 12) == "a backpropa…"  # little would be left
    assert glyphs.fit_words("short", 5) == "short"
    assert glyphs.fit_apart(["units of layer 1", "noise"], 13) == ["units of…", "noise"]
    alike = glyphs.fit_apart(["error of training", "error of testing"], 12)
    assert alike == ["error of tr…", "error of te…"]


@pytest.mark.parametrize("look", [PLAIN, Look("none", ascii=True)])
def test_marks_along_a_line_tell_lines_apart_and_are_no_points(look: Look) -> None:
    one = rows(draw(curves({"a": [1.0, 2.0, 3.0]}), 60, 16, look))
    mark = one[0][0]
    assert sum(row.count(mark) for row in one[1:]) == 1
    two = rows(draw(curves({"a": [1.0, 2.0, 3.0], "b": [3.0, 2.0, 1.0]}), 60, 16, look))
    assert sum(row.count(mark) for row in two[1:]) > 3
