"""Bars and histograms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from dlplay.draw import figures, glyphs, palette, references, sheets
from dlplay.draw.canvas import Canvas
from dlplay.draw.figures import HUGE, Scale
from dlplay.draw.frame import Area, Entry, legend, note, y_axis
from dlplay.draw.ink import BOLD, FAINT, NONE
from dlplay.draw.kind import Kind, Rows
from dlplay.draw.look import View
from dlplay.draw.palette import SeriesStyle
from dlplay.wire import events

FILLS = "█▓▒░"  # of series, where there are no colours
EIGHTHS = " ▏▎▍▌▋▊▉█"
RISING = " ▁▂▃▄▅▆▇█"


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
    brushes = _brushes(canvas, bars, view)
    if len(names) > 1 and canvas.height > 2:
        entries = [row[0].entry(name) for row, name in zip(brushes, names, strict=True)]
        used = legend(canvas, entries, 1 if canvas.height < 10 else 2)
    values = np.array(
        [[*bars.series[name], *[math.nan] * len(bars.labels)][: len(bars.labels)] for name in names]
    )
    lines = {name: at for name, at in bars.lines.items() if math.isfinite(at)}
    reach = Reach.of(np.append(values, list(lines.values())), bars.log)
    rows = canvas.height - used
    standing = len(bars.labels) * len(names) <= canvas.width - 8
    if len(bars.labels) * len(names) > rows and rows >= 4 and standing:
        _standing(canvas, bars, values, reach, used, brushes, lines)
    else:
        _lying(canvas, bars, values, reach, used, brushes, lines)


@dataclass(frozen=True)
class Brush:
    """What bars are drawn with: colour and sign of their series; the fill tells them apart where
    there are no colours."""

    color: int
    mark: str
    fill: str

    @classmethod
    def of(cls, canvas: Canvas, style: SeriesStyle, place: int) -> Brush:
        fill = FILLS[place % len(FILLS)] if canvas.look.colors == "none" else "█"
        return cls(style.color(canvas.look), style.mark, fill)

    def entry(self, name: str) -> Entry:
        mark = self.mark if self.fill == "█" and self.color != NONE else self.fill + self.mark
        return Entry(mark, self.color, name)


def _brushes(canvas: Canvas, bars: events.Bars, view: View) -> list[list[Brush]]:
    """The brush of each bar, series by series. Bars of one series without a name whose labels are
    all series of the scene are those."""
    known = view.styles
    if list(bars.series) == [""] and len(bars.labels) > 1 and all(n in known for n in bars.labels):
        own = [palette.series_style(known[label]) for label in bars.labels]
        return [[Brush.of(canvas, style, 0) for style in own]]
    numbers = palette.numbers_of(bars.series, known)
    styles = [palette.series_style(number) for number in numbers]
    return [[Brush.of(canvas, s, place)] * len(bars.labels) for place, s in enumerate(styles)]


def _text(value: float, unit: str) -> str:
    if math.isnan(value):
        return "n/a"
    words = figures.count(value) if abs(value) >= 1e4 else figures.number(value)
    if unit in ("", "%", "×"):
        return words + unit
    prefix = words[-1] if words[-1] in "kMGT" else ""
    return f"{words.removesuffix(prefix)} {prefix}{unit}"


def _lying(
    canvas: Canvas,
    bars: events.Bars,
    values: figures.Floats,
    reach: Reach,
    top: int,
    brushes: list[list[Brush]],
    lines: Mapping[str, float],
) -> None:
    """A row a bar, from top to bottom: the label, the bar, and its value after the bar's end."""
    series, count = values.shape
    # What says where things are has a row each, if the bars leave some.
    foot = 1 if bars.log and canvas.height - top > count * series else 0
    head = 1 if lines and canvas.height - top - foot > count * series else 0
    room = canvas.height - top - foot - head
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
    pitch = series * thick + gap
    strip = Area(left, top + head, size, min(room, shown * pitch - gap))
    sheet = None
    if sheets.chosen(canvas.look) and strip.height > 0:
        sheet = sheets.Sheet(size, strip.height)
    if head:
        references.tops(canvas, strip, reach.scale, lines, top)
    for group in range(shown):
        y = strip.y + group * pitch
        label = glyphs.fit(bars.labels[group], left - 1)
        canvas.text(left - 1 - glyphs.width(label), y, label)
        for index in range(series):
            value, row = float(values[index, group]), y + index * thick
            brush = brushes[index][group]
            for line in range(thick):
                ends = reach.base, reach.at(value)
                if sheet is None:
                    _bar(canvas, left, row + line, size, reach, value, brush)
                elif row + line < strip.y + strip.height and ends[0] != ends[1]:
                    height = 1 - (row + line - strip.y + 0.5) / strip.height
                    sheet.block(ends, (height, height), brush.color, brush.fill)
            end = left + math.ceil(max(reach.at(value), reach.base) * size) + 1
            if right:
                _value(canvas, end, row, texts[index][group], brush if series > 1 else None)
    if sheet is not None:
        sheet.onto(canvas, strip)
    references.upright(canvas, strip, reach.scale, lines)
    if shown < count:
        canvas.text(left, strip.y + room - 1, f"+{count - shown} more", NONE, FAINT)
    if foot:
        references.log_axis(canvas, strip, reach.scale)


def _value(canvas: Canvas, x: int, y: int, text: str, brush: Brush | None) -> None:
    if brush:
        x = canvas.text(x, y, brush.mark, brush.color, BOLD) + 1
    canvas.text(x, y, text, NONE, FAINT if text == "n/a" else 0)


def _bar(
    canvas: Canvas, x: int, y: int, size: int, reach: Reach, value: float, brush: Brush
) -> None:
    """From the base to the value, to an eighth of a cell at the right end."""
    color, fill = brush.color, brush.fill
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
    canvas: Canvas,
    bars: events.Bars,
    values: figures.Floats,
    reach: Reach,
    top: int,
    brushes: list[list[Brush]],
    lines: Mapping[str, float],
) -> None:
    series, count = values.shape
    right = references.margin(canvas, lines)
    area = y_axis(canvas, top, canvas.height - top - 1, reach.scale, right=right)
    if count * series > area.width:
        right = 0
        canvas.clear(top)
        area = y_axis(canvas, top, canvas.height - top - 1, reach.scale)
    references.level(canvas, area, reach.scale, lines)
    slot = max(series, area.width // count)
    thick = max(1, (slot - (1 if slot > series else 0)) // series)
    last = -1
    standing: list[Pillar] = []
    for group in range(min(count, area.width // slot)):
        x = area.x + group * slot
        for index in range(series):
            value = float(values[index, group])
            columns = range(x + index * thick - area.x, x + (index + 1) * thick - area.x)
            brush = brushes[index][group]
            standing += [(column, reach.base, reach.at(value), brush) for column in columns]
            if math.isnan(value):
                canvas.text(x + index * thick, area.row(reach.base), "×", NONE, FAINT)
        label = glyphs.fit(bars.labels[group], max(1, slot - 1)).rstrip("…")
        if x > last:
            canvas.text(x, canvas.height - 1, label)
            last = x + glyphs.width(label) - 1
    pillars(canvas, area, standing)
    free = np.zeros((area.height, area.width), bool)
    references.names(canvas, area, reach.scale, lines, right, free)


Pillar = tuple[int, float, float, Brush]  # column of the area, its ends as shares


def pillars(canvas: Canvas, area: Area, standing: list[Pillar]) -> None:
    """Upright bars, a column of cells each."""
    if not sheets.chosen(canvas.look):
        for column, base, share, brush in standing:
            pillar(canvas, area, area.x + column, base, share, brush)
        return
    if area.width < 1 or area.height < 1:
        return
    sheet = sheets.Sheet(area.width, area.height)
    for brush, base in dict.fromkeys((brush, base) for _, base, _, brush in standing):
        mine = [p for p in standing if p[1] == base != p[2] and p[3] == brush]
        places = [(column + 0.5) / area.width for column, *_ in mine]
        ends = [share for _, _, share, _ in mine]
        sheet.stems(places, base, ends, brush.color, brush.fill)
    sheet.onto(canvas, area)


def pillar(canvas: Canvas, area: Area, x: int, base: float, share: float, brush: Brush) -> None:
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


def _parts(bars: events.Bars) -> Iterator[Rows]:
    # A table, not a curve for each bar: which bars there are may change from tick to tick.
    yield Rows(["", *bars.series], zip(bars.labels, *bars.series.values(), strict=False))


def _height(bars: events.Bars, width: int) -> int:
    """A row a bar and one between two groups, while that is not too many."""
    count, series = len(bars.labels), len(bars.series)
    around = (series > 1) + bool(bars.lines) + bars.log
    rows = count * (2 if series == 1 and count <= 4 else series) + count - 1
    return max(4, rows + around) if rows + around <= 20 else max(8, min(20, math.ceil(width / 4)))


def _caption(bars: events.Bars, view: View) -> str:
    return "log scale" if bars.log else ""


BARS = Kind(events.Bars, draw_bars, height=_height, caption=_caption, parts=_parts)
