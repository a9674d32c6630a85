"""Matrices side by side: small ones with their numbers, large ones as pictures, windows on them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from dlplay.draw import figures, glyphs, heatmap, images, ink, palette
from dlplay.draw.canvas import Canvas
from dlplay.draw.frame import Entry, legend, note
from dlplay.draw.ink import BOLD, FAINT, NONE
from dlplay.draw.kind import Kind, Picture
from dlplay.draw.look import Look, View
from dlplay.wire import events

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int32]

SMALL = 12  # rows and columns of a matrix that shows its numbers
GAP = 2  # columns between two
CAPTION = 10  # cells of a name that a narrow matrix makes room for
EVERY = 6  # so many are arranged in all ways
MIXED = 0.7  # what a size is worth where pictures and numbers share a column or a line
APART = 0.9  # and for each column or line of numbers but the first
TALLEST = 5  # rows of a cell
SCALES = (*range(32, 1, -1), 1.75, 1.5, 1.25, *(step / 24 for step in range(24, 0, -1)))


@dataclass(frozen=True)
class Size:
    """What the layout knows of a matrix. `cell`: columns that its numbers need; 0 for a picture."""

    rows: int
    columns: int
    name: int
    cell: int


@dataclass(frozen=True)
class Spot:
    """Where a matrix stands: its name in row `y`, its cells below. `across`, `down`: the size of a
    cell with a number; of a picture they are 0, and `scale` is the pixels of a cell."""

    x: int
    y: int
    width: int  # with the room for the name
    across: int
    down: int
    scale: float


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
        shown, _layout(sizes, canvas.width, canvas.height - top)[0], strict=True
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
            x += (spot.width - _pixels(values.shape[1], spot.scale)) // 2
            _picture(canvas, each, values, spot.scale, x, y + 1, colors)


def _colors(matrices: events.Matrices, look: Look, view: View) -> dict[str, int]:
    """The colour of each window by name."""
    names = list(dict.fromkeys(w.name for each in matrices.matrices for w in each.windows))
    numbers = palette.numbers_of(names, view.styles)
    return {
        name: palette.series_style(number).color(look)
        for name, number in zip(names, numbers, strict=True)
    }


# Where they stand


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


@lru_cache(maxsize=64)
def _layout(sizes: tuple[Size, ...], width: int, height: int) -> tuple[list[Spot], int]:
    """The arrangement in which the pictures, then the numbers, are largest; and its height.

    Where there is no room for the numbers, they are left out; where there is none for cells of
    their own either, all are pictures.
    """
    sizes = tuple(replace(s, cell=_widest(s, sizes)) for s in sizes)
    bare = tuple(Size(s.rows, s.columns, s.name, 2 if s.cell else 0) for s in sizes)
    pictures = tuple(Size(s.rows, s.columns, 0, 0) for s in sizes)
    for tried in (sizes, bare, pictures):
        found = [_largest(tried, way, width, height) for way in _ways(len(sizes))]
        best = max(found, key=lambda fit: (fit.worth(), fit.down, -fit.way.uneven()))
        if best.scale:
            break
    else:
        best = _Fit(pictures, _Way([list(range(len(sizes)))], False), SCALES[-1], 1)
    return best.spots(width), best.extent()[1]


def _widest(size: Size, sizes: tuple[Size, ...]) -> int:
    """The columns of a cell: the same in all of this shape, so that cells lie over cells."""
    shape = size.rows, size.columns
    return max(other.cell for other in sizes if (other.rows, other.columns) == shape)


@dataclass(frozen=True)
class _Way:
    """Groups of neighbours, each a column, or each a line."""

    groups: list[list[int]]
    columns: bool

    def uneven(self) -> int:
        """By how many the largest group has more than the smallest."""
        sizes = [len(group) for group in self.groups]
        return max(sizes) - min(sizes)


def _ways(count: int) -> Iterator[_Way]:
    """The ways in which so many can be arranged: all, or those with as many in each group."""
    order = list(range(count))
    if count <= EVERY:
        cuts = [cut for size in order for cut in combinations(order[1:], size)]
    else:
        cuts = [tuple(order[many::many]) for many in range(count, 0, -1)]
    for cut in cuts:
        groups = [order[a:b] for a, b in pairwise([0, *cut, count])]
        yield _Way(groups, False)
        if 1 < len(groups) < count:
            yield _Way(groups, True)


@dataclass(frozen=True)
class _Fit:
    """An arrangement at certain sizes; a `scale` of 0 says that there is no room for it."""

    sizes: tuple[Size, ...]
    way: _Way
    scale: float
    down: int

    def across(self, size: Size) -> int:
        return max(size.cell, 2 * self.down) if size.cell else 0

    def box(self, size: Size) -> tuple[int, int]:
        """Columns and rows of a matrix with its name."""
        if size.cell:
            wide, tall = self.across(size) * size.columns, self.down * size.rows
        else:
            wide = _pixels(size.columns, self.scale)
            tall = (_pixels(size.rows, self.scale) + 1) // 2
        return max(wide, min(size.name, CAPTION)), tall + 1

    def worth(self) -> float:
        """How good it is: numbers that belong together stand together, apart from pictures."""
        if all(size.cell for size in self.sizes):
            return self.scale
        kinds = [{self.sizes[n].cell > 0 for n in group} for group in self.way.groups]
        if any(len(kind) > 1 for kind in kinds):
            return self.scale * MIXED
        return float(self.scale * APART ** max(0, kinds.count({True}) - 1))

    def groups(self) -> list[tuple[int, int]]:
        """Columns and rows of each group."""
        out = []
        for group in self.way.groups:
            wide, tall = zip(*(self.box(self.sizes[n]) for n in group), strict=True)
            if self.way.columns:
                out.append((max(wide), sum(tall)))
            else:
                out.append((sum(wide) + GAP * (len(group) - 1), max(tall)))
        return out

    def extent(self) -> tuple[int, int]:
        wide, tall = zip(*self.groups(), strict=True)
        if self.way.columns:
            return sum(wide) + GAP * (len(wide) - 1), max(tall)
        return max(wide), sum(tall)

    def spots(self, width: int) -> list[Spot]:
        """Where each stands, all of them in the middle of their columns or lines."""
        whole, high = self.extent()
        x, y, out = max(0, (width - whole) // 2), 0, []
        for group, (wide, tall) in zip(self.way.groups, self.groups(), strict=True):
            left, top = x, y
            if self.way.columns:
                top += (high - tall) // 2
            else:
                left += (whole - wide) // 2
            for n in group:
                size = self.sizes[n]
                one_wide, one_tall = self.box(size)
                down = self.down if size.cell else 0
                scale = 0 if size.cell else self.scale
                if self.way.columns:
                    spare = (wide - one_wide) // 2
                    out.append(Spot(left + spare, top, one_wide, self.across(size), down, scale))
                    top += one_tall
                else:
                    spare = (tall - one_tall) // 2
                    out.append(Spot(left, top + spare, one_wide, self.across(size), down, scale))
                    left += one_wide + GAP
            if self.way.columns:
                x += wide + GAP
            else:
                y += tall
        return out


def _largest(sizes: tuple[Size, ...], way: _Way, width: int, height: int) -> _Fit:
    """The largest pictures, then the largest cells, that fit when they are arranged so."""

    def fits(scale: float, down: int) -> bool:
        wide, tall = _Fit(sizes, way, scale, down).extent()
        return wide <= width and tall <= height

    scales: tuple[float, ...] = SCALES if not all(size.cell for size in sizes) else (1.0,)
    low, high = 0, len(scales)  # the first that fits lies between
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(scales[middle], 1) else (middle + 1, high)
    if low == len(scales):
        return _Fit(sizes, way, 0, 0)
    most = TALLEST if len(scales) == 1 else 3
    down = next(down for down in range(most, 0, -1) if down == 1 or fits(scales[low], down))
    return _Fit(sizes, way, scales[low], down)


def _pixels(count: int, scale: float) -> int:
    """Pixels of so many cells."""
    return max(1, math.floor(count * scale))


# How they look


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
    tall, wide = _pixels(rows, scale), _pixels(columns, scale)
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
    return _layout(sizes, width, 32)[1] + named


def _parts(matrices: events.Matrices) -> Iterator[Picture]:
    for each in matrices.matrices:
        yield Picture(each.name, _grey(each))


def _grey(matrix: events.Matrix) -> npt.NDArray[Any]:
    shares = np.nan_to_num(_shares(matrix, matrix.values.numpy()))
    grey: npt.NDArray[np.uint8] = (shares * 255).round().astype(np.uint8)
    return grey[..., None]


MATRICES = Kind(events.Matrices, draw_matrices, stretches=True, height=natural_height, parts=_parts)
