"""What surrounds a chart: axes with their ticks, and the legend."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dlplay.draw import glyphs, palette
from dlplay.draw.canvas import Canvas
from dlplay.draw.figures import Scale
from dlplay.draw.ink import BOLD, FAINT, NONE

READABLE = 8  # cells of a name that say enough
SHORTEST = 5  # and fewer than these say nothing
TALL = 9  # rows of a chart that has one to spare


@dataclass(frozen=True)
class Area:
    """A part of a canvas, in cells."""

    x: int
    y: int
    width: int
    height: int

    def row(self, share: float) -> int:
        """The canvas row of a share of the height, 0 at the bottom."""
        dots = self.height * 4
        return self.y + min(dots - 1, max(0, round((1 - share) * (dots - 1)))) // 4

    def column(self, share: float) -> int:
        dots = self.width * 2
        return self.x + min(dots - 1, max(0, round(share * (dots - 1)))) // 2


@dataclass(frozen=True)
class Entry:
    """One name in a legend."""

    mark: str
    color: int
    name: str
    value: str = ""
    value_color: int = NONE

    def size(self, name: int) -> int:
        """Its width in cells, with at most `name` cells of the name."""
        parts = (glyphs.width(self.mark), min(name, glyphs.width(self.name)), len(self.value))
        return sum(parts) + sum(part > 0 for part in parts) - 1


def other_run(name: str) -> Entry:
    """The entry of a run that is drawn behind; its lines are dashed, its places have its letter."""
    return Entry("┄", NONE, name)


def legend(canvas: Canvas, entries: list[Entry], rows: int, title: str = "", y: int = 0) -> int:
    """Write names with their marks and values in about `rows` rows; the rows used.

    Before anything is cut a canvas gives a third of its rows. Where that is not enough names are
    cut, to READABLE cells; then values go, unless they have a colour of their own; then names are
    cut further. Before entries are left out, a TALL canvas gives another row.
    """
    if rows <= 0 or not (entries or title):
        return 0
    long = glyphs.width(title) >= canvas.width // 3
    start = glyphs.width(title) + 2 if title and not long else 0
    alone = bool(title) and long and canvas.height >= TALL  # a row of its own
    if start or alone or not entries:
        canvas.text(0, y, glyphs.fit(title, canvas.width), NONE, FAINT)
    if not entries:
        return 1
    y += alone
    for count in range(rows, max(rows, canvas.height // 3) + 1):
        some, name = entries, max(glyphs.width(entry.name) for entry in entries)
        places, shown = _flow(canvas.width, some, name, count, start)
        if shown == len(entries):
            break
    else:
        for more in range(2 if canvas.height >= TALL else 1):
            some, name = _fitted(canvas.width, entries, count + more, start)
            places, shown = _flow(canvas.width, some, name, count + more, start)
            if shown == len(entries):
                break
    entries = some
    names = glyphs.fit_apart([entry.name for entry in entries], name)
    for entry, short, (x, row) in zip(entries, names, places[:shown], strict=False):
        _write(canvas, replace(entry, name=short), x, y + row)
    left = len(entries) - shown
    last = places[shown - 1][1] if shown else 0
    if left:
        canvas.right(canvas.width, y + last, f"+{left}", NONE, FAINT)
    return last + 1 + alone


def _fitted(width: int, entries: list[Entry], rows: int, start: int) -> tuple[list[Entry], int]:
    """The entries, with or without their values, and how many cells of each name to show."""
    longest = max(glyphs.width(entry.name) for entry in entries)
    bare = [entry if entry.value_color != NONE else replace(entry, value="") for entry in entries]
    for some, least in ((entries, READABLE), (bare, SHORTEST)):
        for name in range(longest, min(least, longest) - 1, -1):
            if _flow(width, some, name, rows, start)[1] == len(entries):
                return some, name
    return bare, min(longest, READABLE)


def _flow(
    width: int, entries: list[Entry], name: int, rows: int, start: int
) -> tuple[list[tuple[int, int]], int]:
    """Places for the entries, and how many of them fit."""
    places: list[tuple[int, int]] = []
    x, row = start, 0
    # In one row, where that has room, they stand further apart.
    gap = 3 if sum(entry.size(name) + 3 for entry in entries) <= width - start else 2
    for index, entry in enumerate(entries):
        size = entry.size(name)
        if x + size > width and x > 0:
            x, row = 0, row + 1
        # The last row keeps 4 cells for the "+N" of those that are left out: the next two decide
        # whether this entry would reach into them, and whether all that are left fit anyway.
        more = index < len(entries) - 1 and row == rows - 1
        if row >= rows or (x + size > width - (4 if more else 0) and index > 0):
            if row < rows and index < len(entries) - 1 and x + size <= width:
                rest = sum(e.size(name) + gap for e in entries[index:]) - gap
                if x + rest <= width:
                    places.append((x, row))
                    x += size + gap
                    continue
            return places, index
        places.append((x, row))
        x += size + gap
    return places, len(entries)


def _write(canvas: Canvas, entry: Entry, x: int, y: int) -> None:
    if entry.mark:
        x = canvas.text(x, y, entry.mark, entry.color, BOLD) + 1
    if entry.name:
        x = canvas.text(x, y, entry.name, entry.color) + 1
    if entry.value:
        canvas.text(x, y, entry.value, entry.value_color, BOLD)


def axes(
    canvas: Canvas,
    top: int,
    x: Scale,
    y: Scale,
    x_label: str = "",
    *,
    right: int = 0,
    grid: bool = True,
) -> Area:
    """Draw both axes below row `top`, `right` columns kept free; the area between them."""
    room = canvas.height - top
    below = _below(room)
    area = y_axis(canvas, top, max(0, room - below), y, right=right, grid=grid)
    if below and area.width > 0:
        x_axis(canvas, area, x, x_label, top + area.height, below)
    return area


def _below(room: int) -> int:
    """Rows for the x axis."""
    return 2 if room >= 6 else 1 if room >= 3 else 0


def _most(height: int) -> int:
    """Ticks of a y axis."""
    return max(2, round(height / 2.6)) if height > 1 else 1


def evened(canvas: Canvas, top: int, y: Scale) -> Scale:
    """The scale with its ticks at equal gaps, for `axes` below row `top`."""
    height = canvas.height - top - _below(canvas.height - top)
    return y.evened(height, _most(height))


def y_axis(
    canvas: Canvas, top: int, height: int, y: Scale, *, right: int = 0, grid: bool = True
) -> Area:
    """Draw the left axis of a chart from row `top` on; the area beside it."""
    values, texts = y.ticks(_most(height))
    left = max((len(text) for text in texts), default=0)
    if left + right > canvas.width * 0.45 or height < 2:
        left, values, texts = -1, [], []
    area = Area(left + 1, top, max(0, canvas.width - left - 1 - right), max(0, height))
    if left >= 0:
        for row in range(top, top + height):
            canvas.text(left, row, "│", NONE, FAINT)
    for value, text in zip(values, texts, strict=True):
        row = area.row(float(y.at(value)))
        canvas.right(left, row, text, NONE, FAINT)
        canvas.text(left, row, "┤", NONE, FAINT)
        if grid and not canvas.look.shaded:
            canvas.text(area.x, row, "┈" * area.width, palette.grid(canvas.look))
    return area


def x_axis(canvas: Canvas, area: Area, x: Scale, label: str, y: int, rows: int) -> None:
    """Draw the lower axis of a chart in one or two rows from row `y` on."""
    # The line under the chart can do without most of its length, ticks less so.
    label = glyphs.fit(label, area.width * 3 // 4 if rows == 2 else area.width // 2)
    size = glyphs.width(label) + 1 if label else 0
    if rows == 2:
        canvas.text(area.x - 1, y, "└" + "─" * (area.width - size), NONE, FAINT)
        canvas.right(area.x + area.width, y, label, NONE, FAINT)
    elif label:
        canvas.right(area.x + area.width, y, label, NONE, FAINT)
    end = canvas.width if rows == 2 else area.x + area.width - size
    for value, (start, text) in _placed(canvas, area, x, end).items():
        column = area.column(float(x.at(value)))
        if rows == 2 and column < area.x + area.width - size:
            canvas.text(column, y, "┬", NONE, FAINT)
        canvas.text(start, y + rows - 1, text, NONE, FAINT)


def _placed(canvas: Canvas, area: Area, x: Scale, end: int) -> dict[float, tuple[int, str]]:
    """The most ticks whose texts stand apart: value -> (column, text)."""
    placed: dict[float, tuple[int, str]] = {}
    for most in range(max(1, area.width // 8), 0, -1):
        placed, last = {}, -2
        values, texts = x.ticks(most)
        for value, text in zip(values, texts, strict=True):
            start = area.column(float(x.at(value))) - (len(text) - 1) // 2
            start = max(0, min(start, end - len(text)))
            if start < last + 2:
                break
            placed[value] = start, text
            last = start + len(text) - 1
        if placed and len(placed) == len(values):
            break
    return placed


def note(canvas: Canvas, *texts: str) -> None:
    """A few words in the middle of an otherwise empty canvas; each text in a line of its own."""
    top = max(0, (canvas.height - len(texts)) // 2)
    for row, text in enumerate(texts, top):
        text = glyphs.fit(text, canvas.width)
        canvas.text((canvas.width - glyphs.width(text)) // 2, row, text, NONE, FAINT)
