"""PNG pictures: looked at pixel by pixel."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from dlplay.export import FORMATS, Options
from dlplay.export import png as module
from dlplay.export.svg import THEME
from dlplay.wire import events


def pixels(source, **options):
    data = FORMATS["png"].write(source, Options(**options))
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def test_the_size_is_that_of_the_svg(run_of):
    from re import search

    svg = FORMATS["svg"].write(run_of.source, Options())
    width, height = map(float, search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups())
    picture = pixels(run_of.source)
    assert abs(picture.shape[1] - width) <= 1
    assert abs(picture.shape[0] - height) <= 1
    assert (picture[2, 2] == THEME.background_color).all()


def test_pictures_show_their_pixels(by_hand):
    """Two half blocks a cell: both colours are found, in their order, without a seam."""
    image = np.zeros((1, 8, 8, 3), np.uint8)
    image[0, :4] = 255, 0, 0
    image[0, 4:] = 0, 0, 255
    source = by_hand([events.Image(tick=1, panel="im", pixels=events.Array.of(image))])
    picture = pixels(source, width=40, height=10)
    red = (picture == (255, 0, 0)).all(axis=2)
    blue = (picture == (0, 0, 255)).all(axis=2)
    rows_red, rows_blue = np.flatnonzero(red.any(axis=1)), np.flatnonzero(blue.any(axis=1))
    assert len(rows_red) > 20
    assert abs(len(rows_red) - len(rows_blue)) <= 2
    assert rows_red.max() < rows_blue.min() <= rows_red.max() + 2
    assert (np.diff(rows_red) == 1).all()
    column = np.flatnonzero(red.any(axis=0))
    assert (np.diff(column) == 1).all()


@pytest.mark.parametrize(
    ("letter", "area"), [("█", 1), ("▀", 0.5), ("▄", 0.5), ("▌", 0.5), ("▖", 0.25), ("▁", 0.125),
                         ("▉", 0.875), ("▛", 0.75), ("▇", 0.875)]
)  # fmt: skip
def test_blocks_cover_their_share(letter, area):
    parts = module.shape(letter)
    assert sum(wide * high for _, _, wide, high in parts) == pytest.approx(area)
    assert all(0 <= left <= left + wide <= 1 for left, _, wide, _ in parts)


def test_braille_dots_stand_where_unicode_says():
    assert module.shape("⠁") == [(pytest.approx(0.14), pytest.approx(0.06), 0.22, 0.12)]
    assert [round(top, 2) for _, top, _, _ in module.shape("⡇")] == [0.06, 0.31, 0.56, 0.81]
    assert [left > 0.5 for left, *_ in module.shape("⢸")] == [True] * 4
    assert len(module.shape("⣿")) == 8
    assert module.shape("⠀") == module.shape("x") == []


def test_one_panel_and_no_colour(real):
    from dlplay.draw import Look

    alone = pixels(real.source, panel="loss", width=60, height=16, look=Look("none"))
    assert alone.shape[1] < 800
    assert (np.ptp(alone, axis=2) == 0).all()


def test_no_font_is_told(real, monkeypatch):
    monkeypatch.setattr(module, "_png", lambda resvg, picture: b"the same")
    notes = []
    FORMATS["png"].write(real.source, Options(note=notes.append))
    assert notes == [module.NO_FONT]
