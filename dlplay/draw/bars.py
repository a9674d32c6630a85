"""Bars and histograms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from dlplay.draw import brushes, figures, glyphs, ink, palette, references, sheets
from dlplay.draw.brushes import Brush
from dlplay.draw.canvas import Canvas
from dlplay.draw.figures import HUGE, Scale
from dlplay.draw.frame import Area, legend, note, other_run, y_axis
from dlplay.draw.ink import BOLD, FAINT, NONE
from dlplay.draw.kind import Kind, Rows
from dlplay.draw.look import View
from dlplay.draw.pillars import Pillar, pillars
from dlplay.wire import events

EIGHTHS = " ▏▎▍▌▋▊▉█"
THICKEST = 3  # rows of a lying bar


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
    painted = _brushes(canvas, bars, view)
    others = view.others(events.Bars)
    if (len(names) > 1 or others) and canvas.height > 2:
        entries = [row[0].entry(name) for row, name in zip(painted, names, strict=True) if name]
        entries += map(other_run, others)
        used = legend(canvas, entries, 1 if canvas.height < 10 else 2)
    values = _values(bars, bars)
    pinned = {run: _values(each, bars) for run, each in others.items()}
    lines = {name: at for name, at in bars.lines.items() if math.isfinite(at)}
    seen = np.concatenate([values.ravel(), *map(np.ravel, pinned.values())])
    reach = Reach.of(np.append(seen, list(lines.values())), bars.log)
    rows = canvas.height - used
    if len(bars.labels) * len(names) > rows >= 4 and _can_stand(bars, canvas.width):
        _standing(canvas, bars, values, reach, used, painted, lines, pinned)
    else:
        _lying(canvas, bars, values, reach, used, painted, lines, pinned)


def _can_stand(bars: events.Bars, width: int) -> bool:
    """Whether there is a column for each bar beside the axis."""
    return len(bars.labels) * len(bars.series) <= width - 8


def _values(bars: events.Bars, like: events.Bars) -> figures.Floats:
    """[series, label] of the values under these names; NaN where there are none."""
    found = np.full((len(like.series), len(like.labels)), math.nan)
    for row, name in enumerate(like.series):
        known = dict(zip(bars.labels, bars.series.get(name, ()), strict=False))
        found[row] = [known.get(label, math.nan) for label in like.labels]
    if bars is like:  # labels may be alike
        for row, numbers in enumerate(like.series.values()):
            found[row, : len(numbers)] = numbers[: len(like.labels)]
    return found


def _brushes(canvas: Canvas, bars: events.Bars, view: View) -> list[list[Brush]]:
    """The brush of each bar, series by series."""
    if list(bars.series) == [""]:
        return [brushes.of_labels(canvas, bars.labels, view)]
    found = brushes.of_series(canvas, bars.series, view)
    return [[brush] * len(bars.labels) for brush in found]


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
    painted: list[list[Brush]],
    lines: Mapping[str, float],
    pinned: Mapping[str, figures.Floats],
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
    # Rows to spare part the groups, and then make the bars thicker.
    thick = next((n for n in (THICKEST, 2) if count * (series * n + 1) - 1 <= room), 1)
    gap = 1 if count * (series * thick + 1) - 1 <= room else 0
    shown = min(count, max(1, room // series))
    if shown < count and room > series:  # the last row tells how many are left out
        shown = max(1, (room - 1) // series)
    pitch = series * thick + gap
    strip = Area(left, top + head, size, min(room, shown * pitch - gap))
    sheet = sheets.Sheet(size, strip.height) if sheets.chosen(canvas.look) else None
    if head:
        references.tops(canvas, strip, reach.scale, lines, top)
    for group in range(shown):
        y = strip.y + group * pitch
        label = glyphs.fit(bars.labels[group], left - 1)
        canvas.text(left - 1 - glyphs.width(label), y + (series * thick - 1) // 2, label)
        for index in range(series):
            value, row = float(values[index, group]), y + index * thick
            brush = painted[index][group]
            for line in range(thick):
                if sheet is None:
                    _bar(canvas, left, row + line, size, reach, value, brush)
                elif row + line < strip.y + strip.height:
                    height = 1 - (row + line - strip.y + 0.5) / strip.height
                    _block(sheet, (reach.base, reach.at(value)), height, brush)
            end = left + math.ceil(max(reach.at(value), reach.base) * size) + 1
            if right:
                _value(
                    canvas,
                    end,
                    row + (thick - 1) // 2,
                    texts[index][group],
                    brush if series > 1 else None,
                )
    if sheet is not None:
        sheet.onto(canvas, strip)
    references.upright(canvas, strip, reach.scale, lines)
    for run, theirs in pinned.items():
        for group in range(shown):
            for index in range(series):
                x = left + min(size - 1, int(reach.at(float(theirs[index, group])) * size))
                y = strip.y + group * pitch + index * thick
                if math.isfinite(theirs[index, group]):
                    _letters(canvas, x, slice(y, y + thick), run, painted[index][group])
    if shown < count:
        canvas.text(left, strip.y + room - 1, f"+{count - shown} more", NONE, FAINT)
    if foot:
        references.log_axis(canvas, strip, reach.scale)


def _letters(canvas: Canvas, x: int, rows: slice, run: str, brush: Brush) -> None:
    """Where another run's bar ends: the first letter of its name, on a bar or beside it."""
    for y in range(rows.start, min(rows.stop, canvas.height)):
        over = canvas.char[y, x] == ord("█") and canvas.look.colors != "none"
        back = int(canvas.front[y, x]) if over else NONE
        front = ink.contrast(back) if over else palette.sunk(brush.color, canvas.look)
        canvas.text(x, y, run[:1], front, BOLD, back)


def _block(sheet: sheets.Sheet, ends: tuple[float, float], y: float, brush: Brush) -> None:
    """A bar by plotext, in whole cells; none where it has no length."""
    if ends[0] != ends[1]:
        sheet.block(ends, (y, y), brush.color, brush.fill)


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
    painted: list[list[Brush]],
    lines: Mapping[str, float],
    pinned: Mapping[str, figures.Floats],
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
            brush = painted[index][group]
            columns = range(x + index * thick - area.x, x + (index + 1) * thick - area.x)
            standing += [(column, reach.base, reach.at(value), brush) for column in columns]
            if math.isnan(value):
                canvas.text(x + index * thick, area.row(reach.base), "×", NONE, FAINT)
        label = glyphs.fit(bars.labels[group], max(1, slot - 1)).rstrip("…")
        if x > last:
            canvas.text(x, canvas.height - 1, label)
            last = x + glyphs.width(label) - 1
    pillars(canvas, area, standing)
    for run, theirs in pinned.items():
        for group in range(min(count, area.width // slot)):
            for index in range(series):
                value = float(theirs[index, group])
                x = area.x + group * slot + index * thick + (thick - 1) // 2
                if math.isfinite(value):
                    y = area.row(reach.at(value))
                    _letters(canvas, x, slice(y, y + 1), run, painted[index][group])
    free = np.zeros((area.height, area.width), bool)
    references.names(canvas, area, reach.scale, lines, right, free)


def _parts(bars: events.Bars) -> Iterator[Rows]:
    # A table, not a curve for each bar: which bars there are may change from tick to tick.
    yield Rows(["", *bars.series], zip(bars.labels, *bars.series.values(), strict=False))


def _height(bars: events.Bars, width: int) -> int:
    """A row a bar and one between two groups, while that is not too many. Where bars can't stand,
    a row each."""
    count, series = len(bars.labels), len(bars.series)
    around = (series > 1) + bool(bars.lines) + bars.log
    rows = count * (2 if series == 1 and count <= 4 else series) + count - 1
    if not _can_stand(bars, width):
        return max(4, min(20, count * series + around))
    return max(4, rows + around) if rows + around <= 20 else max(8, min(20, math.ceil(width / 4)))


def _fills(bars: events.Bars, width: int, height: int) -> tuple[int, int]:
    """All rows for those that stand; lying ones get no thicker than THICKEST rows each."""
    count, series = len(bars.labels), len(bars.series)
    legend_rows = (2 if height >= 10 else 1) if series > 1 else 0
    if count * series > height - legend_rows >= 4 and _can_stand(bars, width):
        return width, height
    most = count * (series * THICKEST + 1) - 1 + legend_rows + bool(bars.lines) + bars.log
    return width, max(1, min(height, most))


def _caption(bars: events.Bars, view: View) -> str:
    return "log scale" if bars.log else ""


BARS = Kind(
    events.Bars,
    draw_bars,
    height=_height,
    fills=_fills,
    caption=_caption,
    parts=_parts,
    overlays=lambda bars: True,
)
