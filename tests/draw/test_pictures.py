"""Images, heatmaps, planes, graphs: what is more is drawn as more."""

import msgspec
import numpy as np
import pytest
from rich.color import Color

from dlplay.draw import (
    Look,
    View,
    caption,
    draw,
    filled,
    frame_name,
    frames,
    images,
    natural_height,
    palette,
    parts,
)
from dlplay.stage import arrays
from dlplay.wire import events
from dlplay.wire.events import Array, Cloud, Trail

from .examples import NAN, floats, heatmap, typical


def cells(drawing) -> list[list[tuple[str, Color | None, Color | None]]]:
    return [
        [
            (c, s.style.color if s.style else None, s.style.bgcolor if s.style else None)
            for s in line
            for c in s.text
        ]
        for line in drawing.lines
    ]


def light(color: Color | None) -> int:
    return sum(color.triplet) if color is not None else -1


def grey(*values: int) -> events.Image:
    pixels = np.array(values, np.uint8).reshape(1, 2, -1, 1)
    return events.Image(panel="i", pixels=Array.of(pixels))


@pytest.mark.parametrize("look", [Look(), Look("none"), Look("none", ascii=True)])
def test_a_brighter_pixel_is_a_brighter_cell(look: Look) -> None:
    drawing = draw(grey(0, 60, 120, 180, 240, 0, 60, 120, 180, 240), 5, 1, look)
    (row,) = cells(drawing)
    if look.colors == "none":
        ramp = " .:-=+*#%@" if look.ascii else " ░▒▓█"
        seen = [ramp.index(character) for character, _, _ in row]
    else:
        seen = [light(back) for _, _, back in row]
    assert seen == sorted(set(seen))


def test_half_blocks_show_two_pixels_a_cell() -> None:
    ((cell,),) = cells(draw(grey(255, 0), 1, 1, Look()))
    character, front, back = cell
    assert character == "▀"
    assert light(front) > light(back)


def test_small_images_grow_and_keep_their_shape() -> None:
    image = events.Image(panel="i", pixels=Array.of(np.full((1, 8, 8, 1), 255, np.uint8)))
    grid = images.layout(image, 60, 16)
    assert (grid.width, grid.height) == (32, 32)


def test_captions_and_the_count_of_hidden_images() -> None:
    pixels = Array.of(np.zeros((40, 28, 28, 1), np.uint8))
    content = events.Image(panel="i", pixels=pixels, captions=[f"no {n}" for n in range(40)])
    drawing = draw(content, 40, 12, Look())
    shown = images.layout(content, 40, 12).shown
    assert drawing.plain.count("no ") == shown
    assert f"+{40 - shown} more" in drawing.plain


def test_all_images_are_shown_when_shrinking_allows_it() -> None:
    content = events.Image(panel="i", pixels=Array.of(np.zeros((8, 64, 64, 3), np.uint8)))
    assert images.layout(content, 100, 30).shown == 8


def test_rows_of_images_are_even() -> None:
    content = events.Image(panel="i", pixels=Array.of(np.zeros((4, 128, 128, 3), np.uint8)))
    assert images.layout(content, 100, 30).columns in (2, 4)


def test_without_fitting_a_pixel_is_a_pixel() -> None:
    content = events.Image(panel="i", pixels=Array.of(np.zeros((1, 128, 128, 1), np.uint8)))
    assert images.layout(content, 40, 12, fit=False).width == 128
    assert draw(content, 40, 12, Look(), View(fit=False)).height == 12


def test_columns_of_images_are_kept() -> None:
    content = events.Image(panel="i", columns=5, pixels=Array.of(np.zeros((10, 8, 8, 1), np.uint8)))
    assert images.layout(content, 100, 30).columns == 5


def test_a_row_that_is_too_wide_is_rather_tiny_than_absent() -> None:
    image = events.Image(
        panel="i", columns=10, pixels=Array.of(np.zeros((20, 28, 28, 1), np.uint8))
    )
    grid = images.layout(image, 38, 9)
    assert (grid.columns, grid.shown) == (10, 20)
    assert 2 <= grid.width <= 3


def boxed(*boxes: list[float], size: int = 16, **fields: object) -> events.Image:
    pixels = np.zeros((1, size, size, 1), np.uint8)
    outlines = [arrays.outlines(f"box {i}", [[box]], None, 1) for i, box in enumerate(boxes)]
    return events.Image(panel="i", pixels=Array.of(pixels), boxes=outlines, **fields)


def test_a_box_stands_around_what_it_is_around() -> None:
    """At the same size a pixel is a cell wide and half a cell high."""
    rows = draw(boxed([4, 4, 12, 12]), 16, 9, Look()).plain.split("\n")
    assert rows[0].split() == ["●", "box", "0"]
    assert rows[2:8] == ["   ┌────────┐   "] + ["   │        │   "] * 4 + ["   └────────┘   "]


def test_a_side_within_a_cell_runs_through_it() -> None:
    rows = draw(boxed([4.5, 5, 11.5, 11]), 16, 9, Look()).plain.split("\n")
    assert rows[3:7] == ["    ┌──────┐    "] + ["    │      │    "] * 2 + ["    └──────┘    "]


def test_a_side_at_the_border_is_drawn_along_it_and_one_beyond_is_not() -> None:
    rows = draw(boxed([0, 0, 16, 16]), 16, 9, Look()).plain.split("\n")
    assert (rows[1], rows[8]) == ("┌" + "─" * 14 + "┐", "└" + "─" * 14 + "┘")
    rows = draw(boxed([-9, 4, 30, 30]), 16, 9, Look()).plain.split("\n")
    assert rows[1:] == [" " * 16, "─" * 16, *[" " * 16] * 6]


def test_of_a_small_box_the_corners_are_seen() -> None:
    rows = draw(boxed([4, 4, 6, 8]), 16, 9, Look()).plain.split("\n")
    assert [row[3:7] for row in rows[2:6]] == ["┌  ┐", "    ", "    ", "└  ┘"]


def test_the_picture_is_seen_under_the_box_and_grows_with_it() -> None:
    content = boxed([4, 4, 12, 12])
    content = msgspec.structs.replace(
        content, pixels=Array.of(np.full((1, 16, 16, 1), 200, np.uint8))
    )
    (corner,) = [cell for cell in cells(draw(content, 16, 9, Look()))[2] if cell[0] == "┌"]
    assert abs(light(corner[2]) - 600) < 20
    wide = draw(content, 64, 33, Look()).plain.split("\n")
    assert sum("│" in row for row in wide) == 16


def test_boxes_of_two_names_share_their_cells() -> None:
    content = boxed([4, 4, 12, 12], [4, 4, 12, 12])
    rows = draw(content, 30, 9, Look("none")).plain.split("\n")
    assert rows[0].split() == ["─●", "box", "0", "═▲", "box", "1"]
    assert {"─", "═"} <= set(rows[2].strip()) <= set("┌╔─═┐╗")
    assert draw(content, 30, 9, Look("none", ascii=True)).plain.isascii()


def test_the_label_of_a_box_stands_on_it_where_it_has_room() -> None:
    content = boxed([4, 4, 12, 12])
    outlines = msgspec.structs.replace(content.boxes[0], labels=["cat .9"])
    content = msgspec.structs.replace(content, boxes=[outlines])
    assert "┌cat .9──┐" in draw(content, 16, 9, Look()).plain
    small = msgspec.structs.replace(outlines, edges=floats([[4, 4, 7, 12]]))
    assert (
        "c" not in draw(msgspec.structs.replace(content, boxes=[small]), 16, 9, Look()).plain[16:]
    )


def test_boxes_are_rows_for_other_programs() -> None:
    picture, rows = parts(boxed([4, 4, 12, 12.25]))
    assert picture.name == "0"
    assert list(rows.rows) == [(0, "box 0", "", 4.0, 4.0, 12.0, 12.25)]


def test_the_frame_of_a_heatmap_is_chosen_and_counted_round() -> None:
    values = np.zeros((3, 2, 2))
    values[1, 0, 0] = 1
    content = heatmap(values, names=["a", "b", "c"], low=0, high=1)
    first, second, fifth = (draw(content, 30, 8, Look(), View(frame=k)).lines for k in (0, 1, 4))
    assert first != second
    assert second == fifth
    assert frames(content) == 3
    assert [frame_name(content, k) for k in (0, 1, 5)] == ["a", "b", "c"]
    assert caption(content, View(frame=1)) == "b · 0 to 1"


@pytest.mark.parametrize("dark", [True, False])
def test_heat_rises_with_the_value(dark: bool) -> None:
    content = heatmap(np.linspace(0, 1, 6).reshape(1, 1, 6))
    row = cells(draw(content, 12, 1, Look(dark=dark)))[0]
    lights = [light(row[2 * k][2]) for k in range(6)]
    assert lights == sorted(lights, reverse=not dark)
    assert len(set(lights)) == 6


def test_signs_differ_without_colour() -> None:
    content = heatmap([[[-1.0, 0.0, 1.0]]], diverging=True)
    row = draw(content, 6, 1, Look("none")).plain
    assert row == "≡≡  ██"


def test_labels_scale_and_axis_names() -> None:
    text = draw(typical()["attention"], 80, 24, Look()).plain
    for word in ("because", "tired", "↓ query", "→ key"):
        assert word in text
    assert draw(typical()["weights"], 80, 24, Look()).plain.count("3") >= 2


def test_a_label_may_run_over_columns_without_one() -> None:
    content = heatmap(np.zeros((1, 3, 20)), columns=["Mr. Hi", *[""] * 9, "officer", *[""] * 9])
    top = draw(content, 60, 16, Look()).plain.split("\n")[0]
    assert top.split("  ")[0] == "Mr. Hi"
    assert "officer" in top


def test_few_cells_print_their_values() -> None:
    content = heatmap([[[10.0, 2.0], [3.0, 41.0]]], rows=["cat", "dog"], columns=["cat", "dog"])
    text = draw(content, 60, 16, Look()).plain
    assert all(number in text for number in (" 10 ", " 2 ", " 3 ", " 41 "))


def test_missing_values_are_crossed() -> None:
    assert "×" in draw(heatmap([[[1.0, NAN]]]), 8, 2, Look()).plain


def test_a_large_matrix_is_averaged_not_cut() -> None:
    values = np.zeros((1, 200, 200))
    values[0, 150:, 150:] = 1
    drawing = draw(heatmap(values), 20, 10, Look())
    grid = cells(drawing)
    assert light(grid[9][19][2]) > light(grid[0][0][2])


def plane(**fields) -> events.Plane:
    return events.Plane(panel="p", x=(0.0, 1.0), y=(0.0, 1.0), **fields)


def test_row_zero_of_a_field_is_at_the_bottom() -> None:
    field = floats(np.repeat([[0.0], [1.0]], 4, axis=1))
    grid = cells(draw(plane(field=field), 40, 12, Look()))
    assert light(grid[0][20][2]) > light(grid[8][20][2])


def test_points_stand_where_they_are() -> None:
    content = plane(clouds=[Cloud("a", floats([[0.02, 0.98]])), Cloud("b", floats([[0.98, 0.02]]))])
    rows = draw(content, 40, 12, Look("none")).plain.split("\n")
    first = next(y for y, row in enumerate(rows[1:]) if "●" in row)
    second = next(y for y, row in enumerate(rows[1:]) if "▲" in row)
    assert first < second
    assert rows[first + 1].index("●") < rows[second + 1].index("▲")
    assert "● a" in rows[0]
    assert "▲ b" in rows[0]


def test_trails_end_in_their_walkers_mark() -> None:
    field = floats(np.arange(16.0).reshape(4, 4))
    trails = [
        Trail("sgd", floats([[0.1, 0.1], [0.5, 0.5]])),
        Trail("adam", floats([[0.1, 0.9], [0.9, 0.9]])),
        Trail("lost", floats([[0.5, 0.1], [0.9, 0.1], [NAN, NAN]])),
    ]
    drawing = draw(plane(field=field, kind="contour", trails=trails), 60, 16, Look())
    rows = drawing.plain.split("\n")
    assert all(name in rows[0] for name in ("● sgd", "▲ adam", "■ lost ✗"))
    below = "\n".join(rows[1:])
    assert (below.count("●"), below.count("▲"), below.count("✗")) == (1, 1, 1)


def test_a_walker_far_outside_waits_at_the_edge() -> None:
    trail = Trail("sgd", floats([[0.5, 0.5], [1e30, 0.5]]))
    row = next(
        r for r in draw(plane(trails=[trail]), 40, 12, Look()).plain.split("\n")[1:] if "●" in r
    )
    assert row.rstrip().endswith("●")


def test_the_sign_of_a_field_shows_without_colour() -> None:
    field = floats(np.repeat([[-1.0, -1.0, 1.0, 1.0]], 4, axis=0))
    row = draw(plane(field=field, kind="signed"), 40, 12, Look("none")).plain.split("\n")[3]
    assert set(row[5:14]) == {"="}
    assert set(row[30:38]) == {"▓"}


def test_graph_groups_marks_and_labels() -> None:
    content = events.Graph(
        panel="g", positions=floats([[0, 0], [1, 1], [0.5, 0.5]]), edges=[(0, 1)],
        labels=["rain", "grass", "wet"], groups=[0, 1, 1], marked=[2],
    )  # fmt: skip
    text = draw(content, 60, 16, Look("none")).plain
    assert text.count("●") == 1
    assert text.count("▲") == 2
    assert "[▲]" in text
    assert all(label in text for label in ("rain", "grass", "wet"))


def test_a_graphs_values_are_seen_without_colour() -> None:
    content = events.Graph(
        panel="g", positions=floats([[0, 0], [1, 1]]), edges=[], values=[0.0, 1.0]
    )
    text = draw(content, 40, 10, Look("none")).plain
    assert "○" in text
    assert "●" in text


def test_natural_heights() -> None:
    look = Look()
    assert natural_height(typical()["attention"], 80, look) == 12
    assert natural_height(typical()["curves"], 60, look) == 15
    assert natural_height(typical()["curves"], 20, look) == 8
    assert natural_height(typical()["curves"], 200, look) == 20
    assert natural_height(typical()["table"], 60, look) == 4
    assert natural_height(typical()["x-ray"], 60, look) == 5
    assert natural_height(events.Text(panel="t", text="a\nb\n" + "x" * 25), 10, look) == 5
    one_row = events.Image(panel="i", pixels=Array.of(np.zeros((3, 28, 28, 1), np.uint8)))
    assert natural_height(one_row, 100, look) == 14
    assert natural_height(one_row, 60, look) == 29


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("name", ["sequential", "diverging", "token", "belief", "field", "signed"])
def test_the_ends_of_a_colour_map_differ_to_a_colour_blind_eye(name, dark):
    """Deuteranopia and protanopia as simulated by Viénot, Brettel and Mollon (1999)."""
    table = palette.colormap(name, dark)
    rgb = np.array([[c >> 16 & 255, c >> 8 & 255, c & 255] for c in table.tolist()]) / 255
    linear = rgb**2.2
    for red, green in ((0.292, 0.708), (0.112, 0.888)):
        seen = np.stack([linear @ [red, green, 0.0], linear @ [0.0, 0.0, 1.0]], axis=1) ** (1 / 2.2)
        assert np.abs(seen[0] - seen[-1]).max() > 0.2
        assert np.abs(seen[0] - seen[len(seen) // 2]).max() > 0.08


def test_lines_hide_no_points_and_have_colours_of_their_own():
    from dlplay.draw import palette

    points = np.array([[x, 0.0] for x in np.linspace(-0.9, 0.9, 10)])
    plane = events.Plane(
        panel="plane",
        x=(-1, 1),
        y=(-1, 1),
        clouds=[events.Cloud("", floats(points), [0, 1] * 5)],
        trails=[events.Trail("line", floats([[-1, 0], [1, 0], [1, 0.9]]))],
    )
    drawn = draw(plane, 60, 20, Look())
    marks = [palette.series_style(k).mark for k in range(3)]
    lines = drawn.plain.splitlines()
    row = max(lines[1:], key=lambda line: line.count(marks[0]) + line.count(marks[1]))
    assert (row.count(marks[0]), row.count(marks[1])) == (5, 5)
    assert f"{marks[2]} line" in lines[0]


def test_few_cells_of_a_heatmap_fill_their_panel() -> None:
    values = heatmap(np.linspace(0, 1, 9).reshape(1, 3, 3), rows=["a", "b", "c"])
    _, rows = filled(values, 60, 24)
    assert rows >= 20


@pytest.mark.parametrize("kind", ["heat", "signed", "contour", "classes"])
@pytest.mark.parametrize("dark", [True, False])
def test_a_mark_on_a_field_keeps_the_fields_colour_as_its_ground(kind: str, dark: bool) -> None:
    """Points, trails, walkers and the letters of other runs: none of them stands in a box."""
    across, up = np.meshgrid(np.linspace(0.2, 0.9, 12), np.linspace(0.2, 0.9, 12))
    field = np.round(across + up) if kind == "classes" else across * up
    ways = [Trail("walker", floats([[0.1, 0.2], [0.5, 0.6], [0.8, 0.3]]))]
    points = [Cloud("", floats(np.stack([across.ravel(), up.ravel()], 1)[::7]), [0, 1] * 11)]
    # The walker of this run is not on a trail of its own, to tell what is under it.
    others = plane(trails=[Trail("walker", floats([[0.3, 0.8], [0.3, 0.8]]))])
    bare = plane(field=floats(field), kind=kind, trails=[Trail("walker", floats([[0.9, 0.9]]))])
    full = msgspec.structs.replace(bare, trails=ways, clouds=points)
    look = Look(dark=dark)
    grounds = cells(draw(bare, 60, 24, look))
    marked = cells(draw(full, 60, 24, look, View(pinned={"a": others})))
    changed = 0
    for y, (before, after) in enumerate(zip(grounds, marked, strict=True)):
        for x, ((was, front, back), (mark, _, ground)) in enumerate(
            zip(before, after, strict=True)
        ):
            if y < 3 or x < 6 or y > 21 or was not in " ▀" or mark == was:
                continue
            changed += 1
            halves = [np.array(each.triplet) for each in ((front, back) if was == "▀" else (back,))]
            assert ground is not None, (x, y)
            assert np.abs(np.mean(halves, axis=0) - ground.triplet).max() <= 4, (x, y, mark)
    assert changed > 30


def strip(captions: list[str], columns: int) -> events.Image:
    pixels = Array.of(np.full((len(captions), 8, 8, 1), 128, np.uint8))
    return events.Image(panel="i", pixels=pixels, captions=captions, columns=columns)


@pytest.mark.parametrize(
    ("captions", "said"),
    [
        (["fresh"] * 6 + ["none"] * 6, {"fresh": 1, "none": 1}),  # for each row
        (["image", "truth", "answer"] * 3, {"image": 1, "truth": 1, "answer": 1}),  # each column
        (["drawn"] * 12, {"drawn": 1}),  # for all
        (["t = 2", "t = 1", "t = 0", *["guess"] * 3], {"t = 2": 1, "t = 0": 1, "guess": 1}),
        (["map", "drawn", "drawn", "true"], {"map": 1, "drawn": 1, "true": 1}),  # neighbours
        (["true  PCA", "true  PCA"], {"true  PCA": 2}),  # each word over its part of an image
    ],
)
def test_what_neighbouring_images_are_called_is_said_once(captions, said) -> None:
    columns = {12: 6, 9: 3, 6: 3}.get(len(captions), len(captions))
    plain = draw(strip(captions, columns), 100, 30, Look()).plain
    assert {word: plain.count(word) for word in said} == said


@pytest.mark.parametrize("captions", [["drawn"] * 12, ["a", "b"] * 6, ["one"] * 6 + ["two"] * 6])
def test_the_room_of_what_is_said_once_is_the_images(captions: list[str]) -> None:
    columns = len(set(captions)) if captions[0] == "a" else 6
    once = images.layout(strip(captions, columns), 72, 41)
    each = images.layout(strip([str(n) for n in range(12)], columns), 72, 41)
    assert once.shown == each.shown == 12
    assert once.width >= each.width
    high = natural_height(strip(captions, columns), 72, Look())
    assert high <= natural_height(strip([str(n) for n in range(12)], columns), 72, Look())


def test_the_heads_of_columns_stand_over_them_and_the_names_of_rows_before_them() -> None:
    heads = draw(strip(["left", "right"] * 2, 2), 40, 20, Look()).plain.split("\n")
    assert heads[0].index("left") < 20 < heads[0].index("right")
    assert not any("left" in row for row in heads[1:])
    names = strip(["up"] * 3 + ["down"] * 3, 3)
    grid = images.layout(names, 120, 11)
    assert grid.side == len("down") + 1
    rows = draw(names, 120, 11, Look()).plain.split("\n")
    up, down = (next(y for y, row in enumerate(rows) if row.split() == [w]) for w in ("up", "down"))
    assert up < grid.cell_rows <= down
