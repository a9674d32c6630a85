"""Axes, legends and images use the room that there is."""

import numpy as np
import pytest

from dlplay.draw import Look, draw, empty, filled, natural_height, natural_width
from dlplay.draw.figures import Scale, scale_of
from dlplay.draw.frame import Area
from dlplay.draw.images import layout
from dlplay.wire.events import Bars, Histogram, Table

from .examples import curves, heatmap, image

PLAIN = Look("none")


def ticked(text: str) -> list[int]:
    """The rows that have a tick of the y axis."""
    return [y for y, row in enumerate(text.split("\n")) if "┤" in row]


@pytest.mark.parametrize("rows", range(1, 40))
def test_evened_ticks_have_equal_gaps_and_the_axis_reaches_at_least_as_far(rows):
    random = np.random.default_rng(rows)
    evened = 0
    for low, span in zip(random.normal(size=60) * 10, 10 ** random.uniform(-9, 9, 60), strict=True):
        scale = Scale(low, low + span)
        even = scale.evened(rows, max(2, round(rows / 2.6)))
        assert even.low == scale.low
        assert scale.high <= even.high <= low + 1.16 * span
        if even is not scale:
            evened += 1
            values, _ = even.ticks(99)
            area = Area(0, 0, 10, rows)
            at = [area.row(float(even.at(value))) for value in values]
            assert len({*np.diff(at)}) == 1, (low, span, values, at)
    assert evened > 20 or rows < 14


@pytest.mark.parametrize("scale", [Scale(1, 1000, True), Scale(0, float("inf")), Scale(2, 2)])
def test_what_cannot_be_evened_stays(scale):
    assert scale.evened(20, 8) is scale


@pytest.mark.parametrize("most", [0.11, 0.23, 1, 37, 4000])
@pytest.mark.parametrize("height", [14, 20, 28, 40])
def test_charts_have_their_ticks_at_equal_gaps(height, most):
    """Where an axis need not grow much for it."""
    counts = Histogram(panel="h", edges=[0, 1, 2, 3], series={"": [most / 9, most, most / 3]})
    for content in (curves({"loss": np.linspace(0, most, 30)}), counts):
        text = draw(content, 60, height, PLAIN).plain
        gaps, tall = {*np.diff(ticked(text))}, text.count("│") + text.count("┤")
        scale = scale_of(np.array([0, most])) if content is not counts else Scale(0, most)
        assert scale is not None
        assert len(gaps) == 1 or scale.evened(tall, round(tall / 2.6)) is scale


def test_a_scale_of_shares_ends_at_the_whole():
    scale = scale_of(np.array([0.1, 0.93]))
    assert scale is not None
    assert scale.high == 1
    text = draw(curves({"right": [0.1, 0.5, 0.93]}), 50, 12, PLAIN).plain
    assert any(row.startswith(("1.0┤", "1┤", "1.00┤")) for row in text.split("\n"))
    other = scale_of(np.array([0.1, 0.5]))
    assert other is not None
    assert other.high < 0.6


@pytest.mark.parametrize("width", [36, 50])
def test_names_are_whole_while_the_chart_has_rows(width):
    names = ["constant rate", "later than that", "warm up and decay"]
    top = draw(curves({name: [1.0, 0.123] for name in names}), width, 14, PLAIN).plain
    assert all(f"{name} 0.123" in top for name in names)


def test_a_long_unit_has_a_row_of_its_own():
    data = curves({"train": [1.0, 2.0]}, y="weights moved since the start")
    rows = draw(data, 40, 12, PLAIN).plain.split("\n")
    assert rows[0].strip() == "weights moved since the start"
    assert rows[1].split()[:2] == ["●", "train"]


@pytest.mark.parametrize("width", [30, 44, 80])
def test_the_names_of_lines_are_whole(width):
    data = curves({"a": [0.0, 1.0]}, lines={"right at random": 0.5})
    assert "right at random" in draw(data, width, 12, PLAIN).plain


@pytest.mark.parametrize(("count", "side"), [(1, 28), (1, 8), (4, 8), (10, 28), (1, 1), (3, 5)])
def test_small_images_fill_their_panel(count, side):
    width, height = 100, 28
    grid = layout(image(count, side, side), width, height)
    assert grid.shown == count
    side = grid.width * 1.25  # a little larger, and they would not fit
    across = int((width + 1) // (side + 1))
    down = int((height + 1) // (side / 2 + 1))
    assert across * down < count or grid.width == grid.height >= 2 * height - 1


def test_small_tables_ask_for_few_rows():
    table = Table(panel="t", columns=["net", "right"], rows=[["a", 0.5]] * 4)
    assert natural_height(table, 60, PLAIN) == 5


def test_names_of_axes_and_series_are_whole_in_small_panels():
    names = ("rate α", "rate α/4", "rate as 1/k", "exact labels")
    chart = curves({name: [1.0, 0.5] for name in names}, x="step of learning")
    text = draw(chart, 41, 12, PLAIN).plain
    for name in (*names, "step of learning"):
        assert name in text


def test_rows_of_a_map_have_their_whole_names_before_cells_are_wide():
    names = ["ink", "spread ↕", "spread ↔"]
    text = draw(heatmap(np.eye(3, 10)[None], rows=names), 26, 8, PLAIN).plain
    for name in names:
        assert name in text


def test_bars_use_the_rows_that_there_are():
    few = Bars(panel="b", labels=["one", "two"], series={"a": [1, 2], "b": [2, 1]})
    thick = draw(few, 40, 16, PLAIN).plain.split("\n")
    assert sum("█" in row for row in thick[1:]) == 6
    assert sum("one" in row for row in thick) == 1
    thin = draw(few, 40, 6, PLAIN).plain.split("\n")
    assert sum("█" in row for row in thin[1:]) == 2


@pytest.mark.parametrize("height", range(5, 30))
def test_what_says_how_many_images_are_left_out_covers_no_caption(height):
    content = image(9, 16, 16, captions=[f"{n} as {n}" for n in range(9)])
    text = draw(content, 36, height, PLAIN).plain
    if "more" in text:
        shown = sum(f"{n} as {n}" in text for n in range(9))
        assert f"+{9 - shown} more" in text


def test_the_names_of_a_few_columns_are_whole_where_there_is_room():
    names = ["plain", "warped", "mirrored", "half turn"]
    content = heatmap([np.arange(16).reshape(4, 4)], columns=names, rows=names)
    head = draw(content, 80, 20, PLAIN).plain.split("\n")
    assert any(all(name in line for name in names) for line in head)
    narrow = draw(content, 40, 20, PLAIN).plain.split("\n")
    assert all(len(line) <= 40 for line in narrow)


def test_a_map_says_what_it_takes_of_its_room():
    tall = heatmap(np.eye(20, 40)[None])
    assert filled(tall, 100, 20)[1] == 20  # a row each
    assert filled(tall, 100, 19)[1] == 10  # half blocks
    assert filled(heatmap(np.eye(20)[None]), 100, 19)[0] < 40  # square: no wider than high


def test_low_maps_use_the_width_where_rows_and_columns_differ():
    wide = draw(heatmap(np.eye(20, 30)[None]), 100, 12, Look("none")).plain
    square = draw(heatmap(np.eye(30)[None]), 100, 15, Look("none")).plain
    assert max(len(line.rstrip()) for line in wide.splitlines()) > 85
    assert max(len(line.rstrip()) for line in square.splitlines()) < 45


def test_a_map_of_few_cells_wants_the_width_of_its_names():
    names = ["layer 1 takes", "blank moves"]
    few = heatmap(np.eye(3, 2)[None], columns=names, rows=["a", "b", "c"])
    wide = natural_width(few)
    assert all(name in draw(few, wide, 8, PLAIN).plain for name in names)
    assert "layer 1 takes" not in draw(few, wide - 4, 8, PLAIN).plain
    assert natural_width(heatmap(np.eye(40)[None], columns=["long name"] * 40)) == 0


def test_an_empty_panel_says_what_will_be_seen_and_what_it_waits_for() -> None:
    rows = empty("the border; it should part both", "starting …", 24, 9, Look()).plain.split("\n")
    assert len(rows) == 9
    said = [row.strip() for row in rows if row.strip()]
    assert said == ["the border;", "it should part both", "starting …"]
    assert empty("a border", "waits", 0, 0, Look()).height == 0
    assert empty("a border", "waits", 12, 1, Look()).plain.strip() == "waits"
    assert "…" not in empty("a border", "starting …", 30, 5, Look("none", ascii=True)).plain


def test_a_table_takes_the_room_of_its_cells_and_no_more() -> None:
    table = Table(panel="t", columns=["name", "value"], rows=[["a", 1], ["b", 2]])
    wide, high = filled(table, 120, 40)
    assert high == natural_height(table, 120, Look()) == 3
    assert wide == natural_width(table) < 20
    assert filled(table, 4, 2) == (4, 2)


@pytest.mark.parametrize("width", [30, 50, 66, 120])
def test_a_strip_of_images_wants_the_rows_at_which_it_is_seen_whole(width: int) -> None:
    strip = image(24, 12, 12, columns=8)
    high = natural_height(strip, width, Look())
    grid = layout(strip, width, high)
    assert grid.shown == 24
    assert 3 * (grid.cell_rows + grid.gap) - grid.gap >= high - 3


def test_lying_bars_take_no_more_rows_than_they_are_thick_and_standing_ones_all() -> None:
    lying = Bars(panel="b", labels=["a", "b"], series={"x": [1, 2], "y": [2, 1]})
    drawn = draw(lying, 60, 40, Look()).plain.split("\n")
    wide, high = filled(lying, 60, 40)
    assert wide == 60
    spare = high - 1 - max(y for y, row in enumerate(drawn) if row.strip())
    assert spare in (0, 1)  # the legend may need a second row
    many = Bars(panel="b", labels=[str(n) for n in range(40)], series={"x": range(40)})
    assert filled(many, 60, 30) == (60, 30)


def test_the_head_of_a_column_gives_way_before_its_cells() -> None:
    rows = [["most probable", "The dog has", 0.36]]
    table = Table(panel="t", columns=["search", "sentence", "probability"], rows=rows)
    head, row = draw(table, 36, 2, Look()).plain.split("\n")
    assert row.split() == ["most", "probable", "The", "dog", "has", "0.360"]
    assert head.split() == ["search", "sentence", "probabili…"]
