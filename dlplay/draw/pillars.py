"""Upright bars: of bar charts and histograms."""

from __future__ import annotations

from dlplay.draw import sheets
from dlplay.draw.brushes import Brush
from dlplay.draw.canvas import Canvas
from dlplay.draw.frame import Area

RISING = " ▁▂▃▄▅▆▇█"

Pillar = tuple[int, float, float, Brush]  # column of the area, its ends as shares


def pillars(canvas: Canvas, area: Area, standing: list[Pillar]) -> None:
    """Upright bars, a column of cells each."""
    if not sheets.chosen(canvas.look):
        for column, base, share, brush in standing:
            _pillar(canvas, area, area.x + column, base, share, brush)
        return
    if area.width < 1 or area.height < 1:
        return
    alike: dict[tuple[Brush, float], list[tuple[int, float]]] = {}
    for column, base, share, brush in standing:
        if base != share:
            alike.setdefault((brush, base), []).append((column, share))
    sheet = sheets.Sheet(area.width, area.height)
    for (brush, base), mine in alike.items():  # one signal costs a third of many
        places = [(column + 0.5) / area.width for column, _ in mine]
        sheet.stems(places, base, [share for _, share in mine], brush.color, brush.fill)
    sheet.onto(canvas, area)


def _pillar(canvas: Canvas, area: Area, x: int, base: float, share: float, brush: Brush) -> None:
    """A column of cells from one share of the height to another, to an eighth at the top."""
    color, fill = brush.color, brush.fill
    low, high = sorted((base * area.height, share * area.height))
    bottom = area.y + area.height - 1
    first, whole = round(low), int(high)
    if share < base:
        whole = round(high)
    cells = slice(max(0, bottom - whole + 1), max(0, bottom - first + 1))
    canvas.char[cells, x : x + 1] = ord(fill)
    canvas.front[cells, x : x + 1] = color
    canvas.attr[cells, x : x + 1] = 0
    eighth = round((high - whole) * 8)
    if share > base and (eighth or whole == first):
        part = RISING[max(1, eighth)] if fill == "█" else fill if eighth >= 4 else " "
        if whole < area.height:
            canvas.text(x, bottom - whole, part, color)
