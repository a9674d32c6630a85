"""Matrices side by side: where they stand, their numbers, the windows on them."""

from __future__ import annotations

import numpy as np
import pytest

from dlplay.draw import Drawing, Look, View, draw, natural_height, palette
from dlplay.draw.side_by_side import Size, arranged
from dlplay.stage.drawings import Drawings
from dlplay.wire import events

from .examples import matrices

EDGE = [[-1.0, 0.0, 1.0]] * 3


def colors(drawing: Drawing, color: int) -> int:
    """Cells with this colour, as characters or behind them."""
    red, green, blue = color >> 16, color >> 8 & 255, color & 255
    found = 0
    for line in drawing.lines:
        for segment in line:
            style = segment.style
            for each in (style.color, style.bgcolor) if style else ():
                if each and each.triplet and tuple(each.triplet) == (red, green, blue):
                    found += len(segment.text)
                    break
    return found


def test_small_ones_show_their_numbers_and_large_ones_do_not() -> None:
    text = draw(matrices({"filter": EDGE, "patch": [[0.25, -0.5]]}), 60, 12, Look()).plain
    assert "filter" in text
    assert text.count("-1") == 3
    assert "0.25" in text
    assert "-0.50" in text
    large = draw(matrices({"map": np.full((20, 20), 0.25)}), 60, 12, Look()).plain
    assert "0.25" not in large


def test_whole_numbers_have_no_decimals() -> None:
    assert "1.00" not in draw(matrices({"counts": [[1, 2], [3, 14]]}), 40, 8, Look()).plain


def test_cells_do_not_change_their_size_with_the_numbers_on_one_scale() -> None:
    def drawn(value: float) -> list[int]:
        d = Drawings()
        d.matrices("m", {"product": [[value, 0.5]]}, scales={"product": (-1, 1)})
        text = draw(d.take_drawn()[0], 60, 8, Look()).plain
        return [line.index("0.50") for line in text.splitlines() if "0.50" in line]

    assert drawn(0.25) == drawn(-0.125)


@pytest.mark.parametrize("side", [6, 30])
@pytest.mark.parametrize("look", [Look(), Look("none"), Look("16", ascii=True)])
def test_a_window_is_seen_where_it_is(side: int, look: Look) -> None:
    values = np.zeros((side, side))
    without = draw(matrices({"photo": values}), 60, 20, look)
    for place in ((0, 0, 2, 2), (side - 2, side - 2, 2, 2)):
        content = matrices({"photo": values}, photo={"": place})
        framed = draw(content, 60, 20, look)
        other = [a != b for a, b in zip(framed.lines, without.lines, strict=True)]
        rows = [n for n, differs in enumerate(other) if differs]
        assert rows
        assert (rows[0] <= 2) == (place[0] == 0)


def test_a_window_has_the_colour_of_its_name() -> None:
    content = matrices({"photo": np.zeros((30, 30))}, photo={"window": (9, 9, 3, 3)})
    look = Look()
    for number in (0, 4):
        drawing = draw(content, 60, 20, look, View(styles={"window": number}))
        assert colors(drawing, palette.series_style(number).color(look)) > 5


def test_what_belongs_together_stands_together() -> None:
    large, small = Size(62, 62, 5, 0), Size(3, 3, 5, 6)
    wide, _ = arranged((large, large, small, small), 120, 22)
    assert wide[2].x == wide[3].x > wide[1].x > wide[0].x
    tall, _ = arranged((large, large, small, small), 76, 34)
    assert tall[0].y == tall[1].y < tall[2].y == tall[3].y


def test_lines_are_even_where_they_can_be() -> None:
    spots, _ = arranged((Size(16, 16, 6, 0),) * 4, 48, 14)
    assert len({spot.y for spot in spots}) == 2
    assert len({spot.x for spot in spots}) == 2


@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_all_are_inside(count: int) -> None:
    sizes = tuple(Size(3 + 20 * (n % 2), 4, 8, 5 * (n % 2 == 0)) for n in range(count))
    spots, height = arranged(sizes, 110, 40)
    assert height <= 40
    assert all(spot.x >= 0 and spot.x + spot.width <= 110 for spot in spots)


def test_empty_cells_are_told_from_full_ones() -> None:
    for look in (Look(), Look("none")):
        one, other = (
            draw(matrices({"map": [[1.0] * 20, [last] * 20]}), 40, 4, look).lines
            for last in (1.0, np.nan)
        )
        assert one != other


def test_its_height_grows_with_the_room() -> None:
    content = matrices({"photo": np.zeros((64, 64)), "filter": EDGE})
    assert 8 < natural_height(content, 60, Look()) <= natural_height(content, 120, Look()) <= 34


def test_the_call_chooses_colours_by_sign() -> None:
    d = Drawings()
    values = {"photo": [[0, 1]], "map": [[-1, 3]], "counts": [[0, 3]], "fixed": [[0.5, 0.5]]}
    d.matrices("m", values, grey=["photo"], scales={"fixed": (-2, 2)})
    (content,) = d.take_drawn()
    assert isinstance(content, events.Matrices)
    found = {each.name: (each.colors, each.low, each.high) for each in content.matrices}
    assert found == {
        "photo": ("grey", 0, 1),
        "map": ("diverging", -3, 3),
        "counts": ("sequential", 0, 3),
        "fixed": ("diverging", -2, 2),
    }


def test_the_call_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="there is no matrix 'foto' in 'm'"):
        Drawings().matrices("m", {"photo": [[1]]}, windows={"foto": {"": (0, 0, 1, 1)}})
    with pytest.raises(ValueError, match="matrix 'photo' needs 2 dimensions"):
        Drawings().matrices("m", {"photo": [1]})
