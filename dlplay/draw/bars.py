"""Bars and histograms."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dlplay.draw import figures, glyphs, palette, sheets
from dlplay.draw.canvas import Canvas
from dlplay.draw.figures import HUGE, Scale
from dlplay.draw.frame import Area, Entry, legend, note, y_axis
from dlplay.draw.ink import BOLD, FAINT, NONE
from dlplay.draw.kind import Kind, Rows
from dlplay.draw.look import View
from dlplay.wire import events

FILLS = "█▓▒░"  # of series, where there are no colours
EIGHTHS = " ▏▎▍▌▋▊▉█"
RISING = " ▁▂▃▄▅▆▇█"

Pillar = tuple[int, float, float, int]  # column of the area, its ends as shares, series


@dataclass(frozen=True)
class Reach:
    """From values to shares of the longest bar: from `low` through 0 (or a power of ten)."""

    scale: Scale
    base: float  # the share at which bars begin

    @classmethod
    def of(cls, values: figures.Floats, log: bool) -> Reach:
        finite = values[np.isfinite(values)].clip(-HUGE, HUGE)
        if log:
            finite = finite[finite > 0]
            if not finite.size:
                return cls(Scale(1.0, 10.0, True), 0.0)
            low = 10.0 ** math.floor(math.log10(max(float(finite.min()) / 1.5, 1e-299)))
            return cls(Scale(low, max(float(finite.max()), low * 10), True), 0.0)
        low = min(0.0, float(finite.min())) if finite.size else 0.0
        high = max(0.0, float(finite.max())) if finite.size else 1.0
        if high - low < 1e-300:
            high = low + 1.0
        return cls(Scale(low, high), -low / (high - low))

    def at(self, value: float) -> float:
        if math.isnan(value) or (self.scale.log and value <= 0):
            return self.base
        return float(np.clip(self.scale.at(value), 0, 1))


def draw_bars(canvas: Canvas, bars: events.Bars, view: View) -> None:
    """Lying bars with their values where the rows suffice, standing ones where they do not."""
    names = list(bars.series)
    if not bars.labels or not names:
        note(canvas, "nothing yet")
        return
    used = 0
    if len(names) > 1 and canvas.height > 2:
        entries = [_entry(canvas, index, name) for index, name in enumerate(names)]
        used = legend(canvas, entries, 1 if canvas.height < 10 else 2)
    values = np.array(
        [[*bars.series[name], *[math.nan] * len(bars.labels)][: len(bars.labels)] for name in names]
    )
    reach = Reach.of(values, bars.log)
    rows = canvas.height - used
    standing = len(bars.labels) * len(names) <= canvas.width - 8
    if len(bars.labels) * len(names) > rows and rows >= 4 and standing:
        _standing(canvas, bars, values, reach, used)
    else:
        _lying(canvas, bars, values, reach, used)


def _entry(canvas: Canvas, index: int, name: str) -> Entry:
    style = palette.series_style(index)
    mark = style.mark
    if canvas.look.colors == "none":
        mark = FILLS[index % len(FILLS)] + mark
    return Entry(mark, style.color(canvas.look), name)


def _fill(canvas: Canvas, index: int) -> str:
    return FILLS[index % len(FILLS)] if canvas.look.colors == "none" else "█"


def _text(value: float, unit: str) -> str:
    if math.isnan(value):
        return "n/a"
    words = figures.count(value) if abs(value) >= 1e4 else figures.number(value)
    if unit in ("", "%", "×"):
        return words + unit
    prefix = words[-1] if words[-1] in "kMGT" else ""
    return f"{words.removesuffix(prefix)} {prefix}{unit}"


def _lying(
    canvas: Canvas, bars: events.Bars, values: figures.Floats, reach: Reach, top: int
) -> None:
    """A row a bar, from top to bottom: the label, the bar, and its value after the bar's end."""
    series, count = values.shape
    room = canvas.height - top
    # Labels get a third of the width at most; where the values then leave less than three cells
    # for the bars, they go. Beside a value stands the mark of its series, if there are several.
    left = min(max(map(glyphs.width, bars.labels)), max(1, canvas.width // 3))
    left = left + 1 if canvas.width >= 8 else 0
    texts = [[_text(value, bars.unit) for value in row] for row in values.tolist()]
    right = max(len(text) for row in texts for text in row) + (3 if series > 1 else 1)
    if right > canvas.width - left - 3:
        right = 0
    size = max(1, canvas.width - left - right)
    # Rows to spare part the groups; very few bars become two rows thick.
    thick = 2 if series == 1 and count * 3 - 1 <= room and count <= 4 else 1
    gap = 1 if count * (series * thick + 1) - 1 <= room else 0
    shown = min(count, max(1, room // series))
    if shown < count and room > series:  # the last row tells how many are left out
        shown = max(1, (room - 1) // series)
    area = Area(left, top, size, room)
    sheet = sheets.Sheet(size, room) if sheets.chosen(canvas.look) else None
    for group in range(shown):
        y = top + group * (series * thick + gap)
        label = glyphs.fit(bars.labels[group], left - 1)
        canvas.text(left - 1 - glyphs.width(label), y, label)
        for index in range(series):
            value, row = float(values[index, group]), y + index * thick
            for line in range(thick):
                if sheet is None:
                    _bar(canvas, left, row + line, size, reach, value, index)
                elif 0 <= row + line - top < room:
                    height = 1 - (row + line - top + 0.5) / room
                    ends = reach.base, reach.at(value)
                    _block(canvas, sheet, ends, (height, height), index)
            end = left + math.ceil(max(reach.at(value), reach.base) * size) + 1
            if right:
                _value(canvas, end, row, texts[index][group], index if series > 1 else -1)
    if sheet is not None:
        sheet.onto(canvas, area)
    if shown < count:
        canvas.text(left, canvas.height - 1, f"+{count - shown} more", NONE, FAINT)


def _block(
    canvas: Canvas,
    sheet: sheets.Sheet,
    x: tuple[float, float],
    y: tuple[float, float],
    index: int,
) -> None:
    """A bar by plotext, in whole cells; none where it has no length."""
    if x[0] != x[1]:
        color = palette.series_style(index).color(canvas.look)
        sheet.block(x, y, color, _fill(canvas, index))


def _value(canvas: Canvas, x: int, y: int, text: str, index: int) -> None:
    if index >= 0:
        style = palette.series_style(index)
        x = canvas.text(x, y, style.mark, style.color(canvas.look), BOLD) + 1
    canvas.text(x, y, text, NONE, FAINT if text == "n/a" else 0)


def _bar(canvas: Canvas, x: int, y: int, size: int, reach: Reach, value: float, index: int) -> None:
    """From the base to the value, to an eighth of a cell at the right end."""
    color = palette.series_style(index).color(canvas.look)
    fill = _fill(canvas, index)
    start, end = sorted((reach.base * size, reach.at(value) * size))
    if reach.base > 0:
        canvas.text(x + min(size - 1, int(reach.base * size)), y, "│", NONE, FAINT)
    first, whole = round(start), int(end)
    if start == end:
        return
    if value < 0 and end == reach.base * size:
        canvas.text(x + first, y, fill * max(0, round(end) - first), color)
        return
    canvas.text(x + first, y, fill * (whole - first), color)
    eighth = round((end - whole) * 8)
    if whole == first and eighth == 0 and end > start:
        eighth = 1
    if eighth and fill == "█":
        canvas.text(x + whole, y, EIGHTHS[eighth], color)
    elif eighth >= 4:
        canvas.text(x + whole, y, fill, color)


def _standing(
    canvas: Canvas, bars: events.Bars, values: figures.Floats, reach: Reach, top: int
) -> None:
    series, count = values.shape
    area = y_axis(canvas, top, canvas.height - top - 1, reach.scale)
    slot = max(series, area.width // count)
    thick = max(1, (slot - (1 if slot > series else 0)) // series)
    last = -1
    standing: list[Pillar] = []
    for group in range(min(count, area.width // slot)):
        x = area.x + group * slot
        for index in range(series):
            value = float(values[index, group])
            columns = range(x + index * thick - area.x, x + (index + 1) * thick - area.x)
            standing += [(column, reach.base, reach.at(value), index) for column in columns]
            if math.isnan(value):
                canvas.text(x + index * thick, area.row(reach.base), "×", NONE, FAINT)
        label = glyphs.fit(bars.labels[group], max(1, slot - 1)).rstrip("…")
        if x > last:
            canvas.text(x, canvas.height - 1, label)
            last = x + glyphs.width(label) - 1
    pillars(canvas, area, standing)


def pillars(canvas: Canvas, area: Area, standing: list[Pillar]) -> None:
    """Upright bars, a column of cells each."""
    if not sheets.chosen(canvas.look):
        for column, base, share, index in standing:
            pillar(canvas, area, area.x + column, base, share, index)
        return
    if area.width < 1 or area.height < 1:
        return
    sheet = sheets.Sheet(area.width, area.height)
    for index, base in sorted({(index, base) for _, base, _, index in standing}):
        mine = [p for p in standing if p[1] == base != p[2] and p[3] == index]
        places = [(column + 0.5) / area.width for column, *_ in mine]
        color = palette.series_style(index).color(canvas.look)
        ends = [share for _, _, share, _ in mine]
        sheet.stems(places, base, ends, color, _fill(canvas, index))
    sheet.onto(canvas, area)


def pillar(canvas: Canvas, area: Area, x: int, base: float, share: float, index: int) -> None:
    """A column of cells from one share of the height to another, to an eighth at the top."""
    color = palette.series_style(index).color(canvas.look)
    fill = _fill(canvas, index)
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


def _parts(bars: events.Bars) -> Iterator[Rows]:
    # A table, not a curve for each bar: which bars there are may change from tick to tick.
    yield Rows(["", *bars.series], zip(bars.labels, *bars.series.values(), strict=False))


BARS = Kind(events.Bars, draw_bars, parts=_parts)
