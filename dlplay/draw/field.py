"""Fields of values over a plane, in half blocks and level lines."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from dlplay.draw import ink, palette
from dlplay.draw.canvas import MINUS_SHADES, SHADES, Canvas
from dlplay.draw.figures import HUGE, Floats
from dlplay.draw.frame import Area
from dlplay.draw.ink import FAINT, ITALIC, NONE

Ends = tuple[float | None, float | None]

OWN = ITALIC  # tells level lines from other dots: a trail replaces them
BANDS = 10  # of a contour map
TEXTURES = "·-/+=x:~*o%#"  # of classes, where there are no colours


def draw_field(
    canvas: Canvas,
    area: Area,
    values: npt.NDArray[Any],
    kind: str,
    busy: bool,
    ends: Ends = (None, None),
) -> None:
    """Fill the area with a field [rows, columns], row 0 at the bottom. `busy`: something will be
    drawn on it, so it keeps quiet. `ends`: of the colour scale, None for the field's own."""
    if values.ndim != 2 or 0 in values.shape:
        return
    values = np.clip(values[::-1].astype(np.float64), -HUGE, HUGE)
    if kind == "classes":
        _classes(canvas, area, values)
    elif kind == "signed":
        _signed(canvas, area, values, busy, ends)
    elif kind == "contour":
        _contour(canvas, area, values, ends)
    else:
        _heat(canvas, area, values, busy, ends)


def sampled(values: Floats, rows: int, columns: int, *, nearest: bool = False) -> Floats:
    """The field at the centres of rows x columns pixels, its outermost values at the edges."""
    down = (np.arange(rows) + 0.5) / rows * (values.shape[0] - 1)
    across = (np.arange(columns) + 0.5) / columns * (values.shape[1] - 1)
    if nearest:
        near: Floats = values[np.round(down).astype(int)][:, np.round(across).astype(int)]
        return near
    top, left = down.astype(int), across.astype(int)
    below = np.minimum(top + 1, values.shape[0] - 1)
    beside = np.minimum(left + 1, values.shape[1] - 1)
    share_y, share_x = (down - top)[:, None], across - left
    upper = values[top][:, left] * (1 - share_x) + values[top][:, beside] * share_x
    lower = values[below][:, left] * (1 - share_x) + values[below][:, beside] * share_x
    mixed: Floats = upper * (1 - share_y) + lower * share_y
    return mixed


def _ends(values: Floats, given: Ends) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    own = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    low, high = (end if given_end is None else given_end
                 for end, given_end in zip(own, given, strict=True))  # fmt: skip
    return low, high


def _heat(canvas: Canvas, area: Area, values: Floats, busy: bool, ends: Ends) -> None:
    shares = palette.shade(_pixels(area, values), *_ends(values, ends))
    if canvas.look.shaded:
        ramp = " .:-=+" if canvas.look.ascii else " ░▒▓"
        canvas.shades(area.x, area.y, _merged(np.nan_to_num(shares)), ramp=ramp)
        _fade(canvas, area)
        return
    name = "field" if busy else "sequential"
    canvas.halves(area.x, area.y, palette.colors_of(shares, name, canvas.look))


def _pixels(area: Area, values: Floats) -> Floats:
    return sampled(values, area.height * 2, area.width)


def _merged(pixels: Floats) -> Floats:
    merged: Floats = (pixels[0::2] + pixels[1::2]) / 2
    return merged


def _contour(canvas: Canvas, area: Area, values: Floats, ends: Ends) -> None:
    """Bands between level lines. Levels crowd where most of the field lies: a valley's floor
    would else be one band."""
    shares = palette.shade(values, *_ends(values, ends))
    median = float(np.nanmedian(shares)) if np.isfinite(shares).any() else 0.5
    bend = min(1.0, max(0.2, math.log(0.5) / math.log(min(max(median, 1e-6), 0.999))))
    shares = shares**bend
    if not canvas.look.shaded:
        bands = np.floor(_pixels(area, shares) * BANDS).clip(0, BANDS - 1) / (BANDS - 1)
        canvas.halves(area.x, area.y, palette.colors_of(bands, "field", canvas.look))
    fine = sampled(shares, area.height * 4, area.width * 2)
    _lines(canvas, area, np.floor(fine * BANDS).clip(0, BANDS - 1))


def _lines(canvas: Canvas, area: Area, bands: Floats, strong: bool = False) -> None:
    """Dots where a band ends."""
    dots = np.zeros(bands.shape, bool)
    with np.errstate(invalid="ignore"):
        dots[:-1] |= (bands[:-1] != bands[1:]) & np.isfinite(bands[:-1] + bands[1:])
        dots[:, :-1] |= (bands[:, :-1] != bands[:, 1:]) & np.isfinite(bands[:, :-1] + bands[:, 1:])
    rows, columns = np.nonzero(dots.reshape(area.height, 4, area.width, 2).any(axis=(1, 3)))
    y, x = rows + area.y, columns + area.x
    if canvas.look.ascii and not strong:
        canvas.char[y, x] = ord(".")  # slanting strokes would be taken for trails
        return
    if canvas.look.shaded:
        canvas.dots(area.x, area.y, dots, NONE, 0 if strong else FAINT)
        return
    front, back = canvas.front[y, x], canvas.back[y, x]
    halves = (canvas.char[y, x] == ord("▀")) & (front != NONE) & (back != NONE)
    front = np.where(halves, front, back)
    few = canvas.look.colors == "256"  # a colour between two may be a long way from both
    canvas.back[y, x] = front if few else ink.between(front, back)
    line = palette.level_line(canvas.look, strong)
    canvas.dots(area.x, area.y, dots, line, OWN)


def _signed(canvas: Canvas, area: Area, values: Floats, busy: bool, ends: Ends) -> None:
    """Zero is the middle of the colours, and a line."""
    finite = np.abs(values[np.isfinite(values)])
    reach = (float(np.quantile(finite, 0.98)) if finite.size else 1.0) or 1.0
    low = -reach if ends[0] is None else min(ends[0], 0.0)
    high = reach if ends[1] is None else max(ends[1], 0.0)
    pixels = _pixels(area, values)
    below, above = palette.shade(pixels, low, 0.0) / 2, 0.5 + palette.shade(pixels, 0.0, high) / 2
    shares = np.where(pixels < 0, below, above)
    if canvas.look.shaded:
        signed = _merged(np.nan_to_num(shares, nan=0.5)) * 2 - 1
        plus = " .+*" if canvas.look.ascii else SHADES[:4]
        minus = " .-=" if canvas.look.ascii else MINUS_SHADES[:4]
        front = np.where(signed < 0, *(palette.series_style(i).color(canvas.look) for i in (0, 1)))
        level = np.clip(np.abs(signed) * 4, 0, 3).astype(int)
        codes = [np.array([ord(c) for c in ramp])[level] for ramp in (minus, plus)]
        part = (slice(area.y, area.y + area.height), slice(area.x, area.x + area.width))
        canvas.char[part] = np.where(signed < 0, *codes)
        canvas.front[part] = front
        _fade(canvas, area)
    else:
        name = "signed" if busy else "diverging"
        canvas.halves(area.x, area.y, palette.colors_of(shares, name, canvas.look))
    fine = sampled(values, area.height * 4, area.width * 2)
    sides = np.where(np.isfinite(fine), np.where(fine < 0, -1.0, 1.0), np.nan)
    _lines(canvas, area, sides, strong=True)


def _fade(canvas: Canvas, area: Area) -> None:
    canvas.attr[area.y : area.y + area.height, area.x : area.x + area.width] = FAINT


def _classes(canvas: Canvas, area: Area, values: Floats) -> None:
    look = canvas.look
    if look.shaded:
        labels = sampled(values, area.height, area.width, nearest=True)
    else:
        labels = sampled(values, area.height * 2, area.width, nearest=True)
    known = np.isfinite(labels)
    whole = np.where(known, labels, 0).clip(-1e6, 1e6).astype(int)
    colors = np.full(labels.shape, NONE, np.int32)
    codes = np.full(labels.shape, 0x20, np.int32)
    for label in np.unique(whole[known]).tolist():
        color = palette.series_style(label).color(look)
        if not look.shaded:
            color = ink.mix(color, ink.ground(look.dark), 0.68)
        colors[known & (whole == label)] = color
        codes[known & (whole == label)] = ord(TEXTURES[label % len(TEXTURES)])
    if not look.shaded:
        canvas.halves(area.x, area.y, colors)
        return
    part = (slice(area.y, area.y + area.height), slice(area.x, area.x + area.width))
    sparse = (np.indices(labels.shape).sum(axis=0) % 2) == 0
    canvas.char[part] = np.where(sparse, codes, 0x20)
    canvas.front[part] = colors
    _fade(canvas, area)
