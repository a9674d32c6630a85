"""Heatmaps: one matrix at a time, each number a coloured cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dlplay.draw import figures, glyphs, images, ink, palette
from dlplay.draw.canvas import MINUS_SHADES, SHADES, Canvas
from dlplay.draw.frame import note
from dlplay.draw.ink import FAINT, NONE
from dlplay.draw.kind import Kind, Picture
from dlplay.draw.look import View
from dlplay.wire import events

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


FEW = 144  # cells that show their numbers
TALLEST = 8  # rows of a cell: where cells are few, the matrix fills its panel all the same


@dataclass(frozen=True)
class Plan:
    """Where the matrix stands, and how large its cells are."""

    x: int
    y: int
    across: int  # columns of a cell; 0: half blocks, one pixel a number or less
    down: int  # rows of a cell
    width: int  # of the matrix, in columns
    height: int  # and rows


def draw_heatmap(canvas: Canvas, heatmap: events.Heatmap, view: View) -> None:
    """Draw one matrix with its labels and the scale of its colours."""
    values = heatmap.values.numpy()
    if values.ndim != 3 or 0 in values.shape:
        note(canvas, "nothing yet")
        return
    matrix = values[view.frame % len(values)].astype(np.float64)
    plan = _plan(heatmap, canvas.width, canvas.height)
    shares = palette.shade(matrix, heatmap.low, heatmap.high)
    if plan.across:
        _cells(canvas, heatmap, plan, matrix, shares)
    else:
        _pixels(canvas, heatmap, plan, shares)
    _labels(canvas, heatmap, plan, *matrix.shape)
    _scale(canvas, heatmap, plan)


def _plan(heatmap: events.Heatmap, width: int, height: int) -> Plan:
    _, rows, columns = heatmap.values.shape
    top = 1 if (heatmap.x or heatmap.y) and height >= 6 and width >= 12 else 0
    right = 0
    if width >= 24 and height >= 4:
        right = _beside(heatmap)
    left = 0
    if heatmap.rows and width >= 12 and height >= 3:
        # Names are whole before cells are wider than one column.
        spare = min(width // 2, width - right - columns - 1)
        left = min(max(map(glyphs.width, heatmap.rows)), max(3, width // 5, spare)) + 1
    top += 1 if heatmap.columns and height >= 5 and width >= 8 else 0
    room_x, room_y = width - left - right, height - top
    down = max(0, room_y // rows)
    across = room_x // columns
    if down >= 1 and (across >= 2 or (across == 1 and 2 * rows <= columns)):
        down = min(down, TALLEST, max(2, across) if rows < columns else max(1, across // 2))
        across = min(across, max(2 * down, _wanted(heatmap)))
        return Plan(left, top, across, down, across * columns, down * rows)
    # Pixels are square where rows and columns may be of one kind, else wider where there is room.
    pixel_columns = min(columns, room_x) if rows == columns else columns * min(max(across, 1), 3)
    pixel_rows = min(rows, 2 * room_y)
    width = max(1, min(pixel_columns, room_x))
    return Plan(left, top, 0, 0, width, max(1, (pixel_rows + 1) // 2))


def _wanted(heatmap: events.Heatmap) -> int:
    """The columns of a cell in which its number and the name of its column have room, where cells
    are few; else 0."""
    _, rows, columns = heatmap.values.shape
    if rows * columns > FEW:
        return 0
    return max(6, _longest(heatmap.columns) + 1)


def _longest(names: list[str]) -> int:
    return max((glyphs.width(_visible(name)) for name in names), default=0)


def _width(heatmap: events.Heatmap) -> int:
    """Where cells are few, so many columns that all names are whole."""
    if len(heatmap.values.shape) != 3 or 0 in heatmap.values.shape or not heatmap.columns:
        return 0
    _, rows, columns = heatmap.values.shape
    if rows * columns > FEW:
        return 0
    names = columns * (_longest(heatmap.columns) + 1)
    return _longest(heatmap.rows) + 1 + names + _beside(heatmap)


def _beside(heatmap: events.Heatmap) -> int:
    """The columns that the scale of the colours takes."""
    return 4 + max(len(figures.number(v)) for v in (heatmap.low, heatmap.high))


def _name(heatmap: events.Heatmap) -> str:
    return "diverging" if heatmap.diverging else "sequential"


def _cells(
    canvas: Canvas, heatmap: events.Heatmap, plan: Plan, matrix: Floats, shares: Floats
) -> None:
    big = np.repeat(np.repeat(shares, plan.down, axis=0), plan.across, axis=1)
    _paint(canvas, heatmap, plan, big)
    if plan.across < 5:
        return
    colors = palette.colors_of(shares, _name(heatmap), canvas.look)
    decimals = decimals_of(matrix)
    for row in range(matrix.shape[0]):
        y = plan.y + row * plan.down + (plan.down - 1) // 2
        for column in range(matrix.shape[1]):
            text = printed(float(matrix[row, column]), decimals)
            if len(text) > plan.across - 1:
                continue
            x = plan.x + column * plan.across + (plan.across - len(text) + 1) // 2
            color = int(colors[row, column])
            if canvas.look.shaded or color == NONE:
                canvas.text(x - 1, y, f" {text} "[: plan.across])
            else:
                canvas.text(x, y, text, ink.contrast(color))


def decimals_of(matrix: Floats) -> int:
    """How many decimals all numbers of a matrix are printed with; -1: each as it needs."""
    finite = matrix[np.isfinite(matrix)]
    if not finite.size or (finite == np.round(finite)).all():
        return -1
    most = float(np.abs(finite).max())
    return -1 if most < 0.05 or most >= 1000 else 2 if most < 10 else 1 if most < 100 else 0


def printed(value: float, decimals: int) -> str:
    if decimals < 0 or value == 0:
        return figures.number(value)
    return f"{value:.{decimals}f}"


def _paint(canvas: Canvas, heatmap: events.Heatmap, plan: Plan, shares: Floats) -> None:
    """Whole cells of the canvas, one a share."""
    part = (slice(plan.y, plan.y + plan.height), slice(plan.x, plan.x + plan.width))
    room = canvas.back[part].shape
    shares = shares[: room[0], : room[1]]
    missing = np.isnan(shares)
    if canvas.look.shaded:
        ramp(canvas, plan.x, plan.y, shares, heatmap.diverging)
    else:
        canvas.back[part] = palette.colors_of(shares, _name(heatmap), canvas.look)
    canvas.char[part][missing] = ord("×")
    canvas.attr[part][missing] = FAINT


def ramp(canvas: Canvas, x: int, y: int, shares: Floats, diverging: bool) -> None:
    """Amounts of ink; where zero is in the middle, other characters below it."""
    if not diverging:
        canvas.shades(x, y, np.nan_to_num(shares))
        return
    signed = np.nan_to_num(shares * 2 - 1)
    front = np.where(signed < 0, palette.series_style(0).color(canvas.look),
                     palette.series_style(1).color(canvas.look))  # fmt: skip
    plus = " .+*#" if canvas.look.ascii else SHADES
    minus = " .-=~" if canvas.look.ascii else MINUS_SHADES
    signs = minus[:0:-1] + plus
    middle = (len(minus) - 0.5) / len(signs)
    amounts = middle + signed * np.where(signed < 0, middle, 1 - middle)
    canvas.shades(x, y, amounts, front.astype(np.int32), signs)


def _pixels(canvas: Canvas, heatmap: events.Heatmap, plan: Plan, shares: Floats) -> None:
    rows, columns = shares.shape
    tall = min(rows, 2 * plan.height)
    known = ~np.isnan(shares)
    if (tall, plan.width) != (rows, columns):
        down, across = images.averaging(rows, tall), images.averaging(columns, plan.width)
        with np.errstate(invalid="ignore"):
            weights = down @ known @ across.T
            shares = (
                down @ np.nan_to_num(shares) @ across.T / np.where(weights > 0, weights, np.nan)
            )
    if canvas.look.shaded:
        if len(shares) % 2:
            shares = np.concatenate([shares, shares[-1:]])
        pairs = np.nan_to_num(shares[0::2], nan=0.0) + np.nan_to_num(shares[1::2], nan=0.0)
        ramp(canvas, plan.x, plan.y, pairs / 2, heatmap.diverging)
        return
    canvas.halves(plan.x, plan.y, palette.colors_of(shares, _name(heatmap), canvas.look))


def _labels(canvas: Canvas, heatmap: events.Heatmap, plan: Plan, rows: int, columns: int) -> None:
    if plan.y and heatmap.columns:
        _column_labels(canvas, heatmap.columns[:columns], plan, columns)
    if plan.x:
        step = plan.height / rows
        last = -1
        for index, label in enumerate(heatmap.rows[:rows]):
            y = plan.y + int(index * step + (step - 1) / 2 if step > 1 else index * step)
            if y > last and y < plan.y + plan.height:
                text = glyphs.fit(_visible(label), plan.x - 1)
                canvas.right(plan.x - 1, y, text)
                last = y
    if heatmap.x or heatmap.y:
        names = [f"{a} {n}" for a, n in (("↓", heatmap.y), ("→", heatmap.x)) if n]
        if plan.y > (1 if heatmap.columns else 0):
            canvas.text(plan.x, 0, glyphs.fit("  ".join(names), canvas.width - plan.x), NONE, FAINT)


def _visible(label: str) -> str:
    """A label in which white space shows."""
    return "␣" if label == " " else label.replace("\n", "↵").replace("\t", "→")


def _column_labels(canvas: Canvas, names: list[str], plan: Plan, columns: int) -> None:
    """The first letters of each, or of every k-th where a letter each does not fit."""
    step = plan.width / columns
    every = max(1, round(1 / step)) if step < 1 else 1
    if plan.across == 0 and every == 1 and all(len(name) > 1 for name in names):
        every = 4
    if 2 * sum(not name.strip() for name in names) > len(names):
        names = [name.strip() for name in names]  # blank for want of a name, not white space
    named = [index for index in range(0, len(names), every) if names[index]]
    ends = [*named[1:], columns]
    for index, end in zip(named, ends, strict=True):
        size = int(step * (end - index))
        room = max(1, size - (1 if size > 2 else 0))
        text = _visible(names[index])
        text = text if glyphs.width(text) <= room else glyphs.fit(text, room + 1).rstrip("…")
        x = plan.x + int(index * step)
        if end == index + 1 and room > 2:
            x += (room + 1 - glyphs.width(text)) // 2
        canvas.text(x, plan.y - 1, text, until=plan.x + plan.width)


def _scale(canvas: Canvas, heatmap: events.Heatmap, plan: Plan) -> None:
    """The colours from high, above, to low, at the right of the matrix."""
    x = plan.x + plan.width + 1
    low, high = figures.number(heatmap.low), figures.number(heatmap.high)
    if x + 3 + max(len(low), len(high)) > canvas.width or canvas.height < 4:
        return
    height = min(plan.height, 12)
    if height < 3:
        return
    bar = Plan(x, plan.y, 2, 1, 2, height)
    if canvas.look.shaded:
        shares = np.linspace(1, 0, height)[:, None].repeat(2, axis=1)
        ramp(canvas, bar.x, bar.y, shares, heatmap.diverging)
    else:
        shares = np.linspace(1, 0, 2 * height)[:, None].repeat(2, axis=1)
        canvas.halves(x, plan.y, palette.colors_of(shares, _name(heatmap), canvas.look))
    canvas.text(x + 3, plan.y, high, NONE, FAINT)
    canvas.text(x + 3, plan.y + height - 1, low, NONE, FAINT)
    if heatmap.diverging and height >= 5 and heatmap.low < 0 < heatmap.high:
        share = float(palette.shade(np.array(0.0), heatmap.low, heatmap.high))
        canvas.text(x + 3, plan.y + round((1 - share) * (height - 1)), "0", NONE, FAINT)


def _fills(heatmap: events.Heatmap, width: int, height: int) -> tuple[int, int]:
    if len(heatmap.values.shape) != 3 or 0 in heatmap.values.shape:
        return width, 1
    plan = _plan(heatmap, width, height)
    return min(width, plan.x + plan.width + _beside(heatmap)), min(height, plan.y + plan.height)


def natural_height(heatmap: events.Heatmap, width: int) -> int:
    """A row for each row of the matrix where two columns a cell fit, else half as many."""
    if len(heatmap.values.shape) != 3 or 0 in heatmap.values.shape:
        return 1
    _, rows, columns = heatmap.values.shape
    top = (1 if heatmap.columns else 0) + (1 if heatmap.x or heatmap.y else 0)
    left = min(max(map(glyphs.width, heatmap.rows), default=0) + 1, width // 5)
    if columns * 2 <= width - left - 10 and rows <= 40:
        return rows + top
    return min(40, max(1, (rows + 1) // 2)) + top


def _frames(heatmap: events.Heatmap) -> list[str]:
    """The name of each matrix, or its number; none if there is but one without a name."""
    count = max(1, heatmap.values.shape[0] if heatmap.values.shape else 1)
    if count == 1 and not heatmap.names:
        return []
    names = heatmap.names[:count]
    return names + [f"{i + 1} of {count}" for i in range(len(names), count)]


def _caption(heatmap: events.Heatmap, view: View) -> str:
    return f"{figures.number(heatmap.low)} to {figures.number(heatmap.high)}"


def _parts(heatmap: events.Heatmap) -> Iterator[Picture]:
    names = [*heatmap.names, *map(str, range(len(heatmap.names), heatmap.values.shape[0]))]
    for name, values in zip(names, heatmap.values.numpy(), strict=False):
        yield Picture(name, _grey(values, heatmap.low, heatmap.high))


def _grey(values: npt.NDArray[Any], low: float, high: float) -> npt.NDArray[np.uint8]:
    """A matrix as grey pixels [rows, columns, 1]."""
    scaled = (values - low) / max(high - low, 1e-12)
    return (np.nan_to_num(scaled, nan=0.0).clip(0, 1) * 255).round().astype(np.uint8)[..., None]


HEATMAP = Kind(
    events.Heatmap,
    draw_heatmap,
    height=natural_height,
    fills=_fills,
    width=_width,
    frames=_frames,
    caption=_caption,
    parts=_parts,
)
