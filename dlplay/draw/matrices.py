"""Matrices side by side: small ones with their numbers, large ones as pictures, windows on them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from dlplay.draw import figures, glyphs, heatmap, images, ink, palette
from dlplay.draw.canvas import Canvas
from dlplay.draw.frame import Entry, legend, note
from dlplay.draw.ink import BOLD, FAINT, NONE
from dlplay.draw.kind import Kind, Picture
from dlplay.draw.look import Look, View
from dlplay.draw.side_by_side import Size, Spot, arranged, pixel_count
from dlplay.wire import events

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int32]

SMALL = 12  # rows and columns of a matrix that shows its numbers


def draw_matrices(canvas: Canvas, matrices: events.Matrices, view: View) -> None:
    """Draw them under their names, as large as they can all be, then the windows."""
    shown = [(each, each.values.numpy().astype(np.float64)) for each in matrices.matrices]
    shown = [(each, values) for each, values in shown if values.ndim == 2 and values.size]
    if not shown:
        note(canvas, "nothing yet")
        return
    colors = _colors(matrices, canvas.look, view)
    named = [Entry("□", color, name) for name, color in colors.items() if name]
    top = legend(canvas, named, 1) if canvas.height >= 8 else 0
    sizes = tuple(_size(each, values) for each, values in shown)
    for (each, values), spot in zip(
        shown, arranged(sizes, canvas.width, canvas.height - top)[0], strict=True
    ):
        x, y = spot.x, spot.y + top
        name = glyphs.fit(each.name, spot.width)
        canvas.text(x + (spot.width - glyphs.width(name)) // 2, y, name)
        if spot.across:
            x += (spot.width - spot.across * values.shape[1]) // 2
            _numbers(canvas, each, values, spot, x, y + 1)
            for window in each.windows:
                _frame(canvas, window, spot, x, y + 1, values.shape, colors[window.name])
        else:
            x += (spot.width - pixel_count(values.shape[1], spot.scale)) // 2
            _picture(canvas, each, values, spot.scale, x, y + 1, colors)


def _colors(matrices: events.Matrices, look: Look, view: View) -> dict[str, int]:
    """The colour of each window by name."""
    names = list(dict.fromkeys(w.name for each in matrices.matrices for w in each.windows))
    numbers = palette.numbers_of(names, view.styles)
    return {
        name: palette.series_style(number).color(look)
        for name, number in zip(names, numbers, strict=True)
    }


def _size(matrix: events.Matrix, values: Floats) -> Size:
    """By the ends of its scale, not by its numbers: else it would grow and shrink with them."""
    rows, columns = values.shape
    if max(rows, columns) > SMALL:
        return Size(rows, columns, glyphs.width(matrix.name), 0)
    ends = np.array([matrix.low, matrix.high])
    decimals = heatmap.decimals_of(np.append(ends, values))
    longest = max(len(heatmap.printed(float(end), decimals)) for end in ends)
    if decimals < 0 and not _whole(values):
        longest = max(len(figures.number(float(value))) for value in values.flat)
    return Size(rows, columns, glyphs.width(matrix.name), min(9, longest + 1))


def _whole(values: Floats) -> bool:
    finite = values[np.isfinite(values)]
    return bool((finite == np.round(finite)).all())


def _shares(matrix: events.Matrix, values: Floats) -> Floats:
    return palette.shade(values, matrix.low, matrix.high)


def _tints(matrix: events.Matrix, shares: Floats, look: Look) -> Ints:
    """The colours of shares; what is not yet known is barely seen."""
    colors = palette.colors_of(shares, matrix.colors, look)
    return np.where(np.isnan(shares), palette.grid(look), colors).astype(np.int32)


def _shade(canvas: Canvas, matrix: events.Matrix, x: int, y: int, shares: Floats) -> None:
    """Cells in amounts of ink, for want of colours."""
    if matrix.colors == "grey":
        light = np.nan_to_num(shares)
        canvas.shades(x, y, light if canvas.look.dark else 1 - light)
    else:
        heatmap.ramp(canvas, x, y, shares, matrix.colors == "diverging")
    for row, column in np.argwhere(np.isnan(shares)).tolist():
        canvas.text(x + column, y + row, "·", NONE, FAINT)


def _numbers(
    canvas: Canvas, matrix: events.Matrix, values: Floats, spot: Spot, x: int, y: int
) -> None:
    """Cells of `across` columns and `down` rows, with their numbers where these have room."""
    shares = _shares(matrix, values)
    big = shares.repeat(spot.down, axis=0).repeat(spot.across, axis=1)
    big = big[: max(0, canvas.height - y), : max(0, canvas.width - x)]
    if not big.size:
        return
    tints = _tints(matrix, shares, canvas.look)
    if canvas.look.shaded:
        _shade(canvas, matrix, x, y, big)
    else:
        canvas.back[y : y + big.shape[0], x : x + big.shape[1]] = _tints(matrix, big, canvas.look)
    decimals = heatmap.decimals_of(np.append(values, (matrix.low, matrix.high)))
    decimals = -1 if _whole(values) else decimals
    for row, column in np.argwhere(np.isfinite(values)).tolist():
        text = heatmap.printed(float(values[row, column]), decimals)
        if len(text) >= spot.across:
            continue
        at_y = y + row * spot.down + (spot.down - 1) // 2
        at_x = x + column * spot.across + (spot.across - len(text) + 1) // 2
        if canvas.look.shaded:
            canvas.text(at_x - 1, at_y, f" {text} "[: spot.across])
        else:
            canvas.text(at_x, at_y, text, ink.contrast(int(tints[row, column])))


def _frame(
    canvas: Canvas,
    window: events.Window,
    spot: Spot,
    x: int,
    y: int,
    shape: tuple[int, ...],
    color: int,
) -> None:
    """A window around cells with numbers: bars at its sides; above and below, where cells are high
    enough."""
    top, left, bottom, right = _inside(window, shape)
    if top >= bottom or left >= right:
        return
    side, over, under = ("|", "-", "-") if canvas.look.ascii else ("▌", "▀", "▄")
    x1, x2 = x + left * spot.across, x + right * spot.across
    y1, y2 = y + top * spot.down, y + bottom * spot.down
    if spot.down >= 3:
        canvas.text(x1, y1, over * (x2 - x1), color, BOLD)
        canvas.text(x1, y2 - 1, under * (x2 - x1), color, BOLD)
    for row in range(y1, y2):
        canvas.text(x1, row, side, color, BOLD)
        canvas.text(x2, row, side, color, BOLD)
    if spot.down >= 3 and not canvas.look.ascii:
        canvas.text(x1, y1, "▛", color, BOLD)
        canvas.text(x1, y2 - 1, "▙", color, BOLD)


def _inside(window: events.Window, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The part of a window that lies on its matrix: first row and column, and those after it."""
    rows, columns = shape
    top, left = max(0, window.row), max(0, window.column)
    bottom = min(rows, window.row + window.height)
    return top, left, bottom, min(columns, window.column + window.width)


def _picture(
    canvas: Canvas,
    matrix: events.Matrix,
    values: Floats,
    scale: float,
    x: int,
    y: int,
    colors: dict[str, int],
) -> None:
    """Half blocks, `scale` pixels a cell, windows as rings around their cells."""
    shares = _resized(_shares(matrix, values), scale)
    tall, wide = shares.shape
    rings = []
    for window in matrix.windows:
        top, left, bottom, right = _inside(window, values.shape)
        if top < bottom and left < right:
            ends = (top, left, bottom, right)
            low = [max(0, math.floor(end * scale) - 1) for end in ends[:2]]
            high = [math.ceil(end * scale) for end in ends[2:]]
            ring = (*low, min(tall - 1, high[0]), min(wide - 1, high[1]))
            rings.append((ring, colors[window.name]))
    if canvas.look.shaded:
        if tall % 2:
            shares = np.concatenate([shares, shares[-1:]])
        _shade(canvas, matrix, x, y, (shares[0::2] + shares[1::2]) / 2)
        for (top, left, bottom, right), color in rings:
            _box(canvas, x + left, y + top // 2, x + right, y + bottom // 2, color)
        return
    pixels = _tints(matrix, shares, canvas.look)
    for (top, left, bottom, right), color in rings:
        pixels[[top, bottom], left : right + 1] = color
        pixels[top : bottom + 1, [left, right]] = color
    canvas.halves(x, y, pixels)


def _resized(shares: Floats, scale: float) -> Floats:
    rows, columns = shares.shape
    tall, wide = pixel_count(rows, scale), pixel_count(columns, scale)
    if scale >= 1:
        down, across = np.arange(tall) * rows // tall, np.arange(wide) * columns // wide
        grown: Floats = shares[down][:, across]
        return grown
    down_by, across_by = images.averaging(rows, tall), images.averaging(columns, wide)
    known = ~np.isnan(shares)
    weights = down_by @ known @ across_by.T
    total = down_by @ np.nan_to_num(shares) @ across_by.T
    averaged: Floats = total / np.where(weights > 0, weights, np.nan)
    return averaged


def _box(canvas: Canvas, x1: int, y1: int, x2: int, y2: int, color: int) -> None:
    """A box of characters, corners included."""
    level, upright, corners = ("-", "|", "++++") if canvas.look.ascii else ("─", "│", "┌┐└┘")
    between = level * (x2 - x1 - 1)
    canvas.text(x1, y1, corners[0] + between + corners[1], color, BOLD)
    canvas.text(x1, y2, corners[2] + between + corners[3], color, BOLD)
    for row in range(y1 + 1, y2):
        canvas.text(x1, row, upright, color, BOLD)
        canvas.text(x2, row, upright, color, BOLD)


def natural_height(matrices: events.Matrices, width: int) -> int:
    """As high as they would be with all the room that a screen has."""
    shown = [(each, each.values.numpy()) for each in matrices.matrices]
    sizes = tuple(_size(e, v.astype(np.float64)) for e, v in shown if v.ndim == 2 and v.size)
    if not sizes:
        return 1
    named = any(window.name for each in matrices.matrices for window in each.windows)
    return arranged(sizes, width, 32)[1] + named


def _parts(matrices: events.Matrices) -> Iterator[Picture]:
    for each in matrices.matrices:
        yield Picture(each.name, _grey(each))


def _grey(matrix: events.Matrix) -> npt.NDArray[Any]:
    shares = np.nan_to_num(_shares(matrix, matrix.values.numpy()))
    grey: npt.NDArray[np.uint8] = (shares * 255).round().astype(np.uint8)
    return grey[..., None]


MATRICES = Kind(events.Matrices, draw_matrices, stretches=True, height=natural_height, parts=_parts)
