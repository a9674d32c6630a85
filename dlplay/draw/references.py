"""Reference lines: what a value should be held against."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from dlplay.draw import glyphs, ink, raster
from dlplay.draw.canvas import Canvas
from dlplay.draw.figures import Scale
from dlplay.draw.frame import Area
from dlplay.draw.ink import FAINT, NONE


def margin(canvas: Canvas, lines: Mapping[str, float]) -> int:
    """Columns at the right for the names of level lines; 0: they stand inside.

    Names that do not fit a fifth of the width stand inside whole, rather than cut beside.
    """
    longest = max(map(glyphs.width, lines), default=0)
    if not longest or canvas.width < 40 or longest > max(canvas.width // 5, 12):
        return 0
    return longest + 1


def level(canvas: Canvas, area: Area, y: Scale, lines: Mapping[str, float]) -> None:
    """Level lines, dashed."""
    for share in _shares(y, lines).values():
        dots = np.zeros((area.height * 4, area.width * 2), bool)
        columns = np.arange(area.width * 2)
        dots[round((1 - share) * (area.height * 4 - 1)), columns[columns % 4 < 2]] = True
        canvas.dots(area.x, area.y, dots)


def names(
    canvas: Canvas,
    area: Area,
    y: Scale,
    lines: Mapping[str, float],
    right: int,
    inked: raster.Dots,
) -> None:
    """The names of level lines: right of the area, or inside where least is in the way."""
    taken: set[int] = set()
    for name, share in _shares(y, lines).items():
        row = area.row(share)
        row = next((r for r in (row, row - 1, row + 1) if r not in taken), row)
        taken.add(row)
        if right:
            canvas.text(canvas.width - right + 1, row, glyphs.fit(name, right - 1))
        elif area.width > 12 and 0 <= row - area.y < area.height:
            text = glyphs.fit(name, area.width * 2 // 3)
            size = glyphs.width(text)
            starts = (max(0, area.width - size - 6), (area.width - size) // 2, 1)
            crossed = [inked[row - area.y, x : x + size].sum() for x in starts]
            canvas.text(area.x + starts[crossed.index(min(crossed))], row, text)


def upright(canvas: Canvas, area: Area, x: Scale, lines: Mapping[str, float]) -> None:
    """Upright lines, dashed, before what is there: over full blocks, and where nothing is."""
    part = slice(area.y, area.y + area.height)
    for share in _shares(x, lines).values():
        column = area.x + min(area.width - 1, int(share * area.width))
        char, front, back = (a[part, column] for a in (canvas.char, canvas.front, canvas.back))
        over = (char == ord("█")) & (front != NONE) & (canvas.look.colors != "none")
        back[over] = front[over]
        front[over] = [ink.contrast(color) for color in back[over].tolist()]
        free = over | np.isin(char, (ord(" "), ord("┈")))
        char[free] = ord("┊")
        front[free & ~over] = NONE
        canvas.attr[part, column][free] = 0


def tops(canvas: Canvas, area: Area, x: Scale, lines: Mapping[str, float], row: int) -> None:
    """The names of upright lines in this row, over their lines; those that find no room are left
    out."""
    end = canvas.width
    for name, share in sorted(_shares(x, lines).items(), key=lambda line: -line[1]):
        column = area.x + min(area.width - 1, int(share * area.width))
        size = glyphs.width(name)
        start = max(0, min(column - size // 2, end - size))
        if size <= end:
            canvas.text(start, row, name)
            end = start - 2


def log_axis(canvas: Canvas, area: Area, x: Scale) -> None:
    """The row under the area: powers of ten where they are, and that the scale is logarithmic."""
    row, last = area.y + area.height, -1
    word = "log scale" if area.x > 9 else "log" if area.x > 3 else ""
    canvas.right(area.x - 1, row, word, NONE, FAINT)
    values, texts = x.ticks(max(2, area.width // 8))
    for value, text in zip(values, texts, strict=True):
        start = area.x + min(area.width - 1, int(float(x.at(value)) * area.width))
        if start > last and start + len(text) <= canvas.width:
            canvas.text(start, row, text, NONE, FAINT)
            last = start + len(text)


def _shares(scale: Scale, lines: Mapping[str, float]) -> dict[str, float]:
    """How far along the scale they are: those on it."""
    shares = {name: float(scale.at(at)) for name, at in lines.items() if math.isfinite(at)}
    return {name: share for name, share in shares.items() if 0 <= share <= 1}
