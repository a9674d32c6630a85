"""Tables: columns that fit, numbers that are whole, the best rows in sight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dlplay.draw import figures, glyphs, palette
from dlplay.draw.canvas import Canvas
from dlplay.draw.frame import note
from dlplay.draw.ink import BOLD, FAINT, NONE
from dlplay.draw.kind import Kind, Rows
from dlplay.draw.look import View
from dlplay.wire import events

LEGIBLE = 6  # letters of a head that are left while cells are whole
NO_NUMBER = ("", "–", "—", "-", "…")  # what stands in a column of numbers where there is none


def draw_table(canvas: Canvas, table: events.Table, view: View) -> None:
    """Columns side by side; numbers are aligned right, the best rows starred and bold."""
    if not table.columns and not table.rows:
        note(canvas, "nothing yet")
        return
    star = 2 if table.best and canvas.width > 8 else 0
    columns, gap, hidden = _fitting(_columns(table), canvas.width - star)
    _row(canvas, star, 0, [column.head for column in columns], columns, gap, NONE, BOLD | FAINT)
    if hidden:
        canvas.right(canvas.width, 0, f" +{hidden}", NONE, FAINT)
    room = canvas.height - 1
    first, shown = _window(len(table.rows), room, table.best)
    for y, index in enumerate(range(first, min(first + shown, len(table.rows))), start=1):
        best = index in table.best
        front = palette.accent(canvas.look) if best else NONE
        if best and star:
            canvas.text(0, y, "★", front, BOLD)
        cells = [column.cells[index] for column in columns]
        _row(canvas, star, y, cells, columns, gap, front, BOLD if best else 0)
    left = len(table.rows) - shown
    if left > 0 and room > 0:
        canvas.text(0, canvas.height - 1, " " * canvas.width)
        canvas.text(star, canvas.height - 1, f"+{left + 1} more rows", NONE, FAINT)


@dataclass(frozen=True)
class _Column:
    """One column of a table, its cells as they are written."""

    head: str
    cells: list[str]
    numeric: bool
    width: int = 0

    def widest(self) -> int:
        return max((glyphs.width(cell) for cell in self.cells), default=0)

    def whole(self) -> int:
        return max(self.widest(), glyphs.width(self.head))

    def least(self) -> int:
        """Cells of width that it needs: its numbers whole, six of its words; heads give way."""
        return max(3, self.widest() if self.numeric else min(6, self.widest()))

    def cut(self, width: int) -> _Column:
        """The same in so many cells; a part of a number would be another number."""
        if self.numeric:
            cells = [cell if glyphs.width(cell) <= width else "…" for cell in self.cells]
        else:
            cells = glyphs.fit_apart(self.cells, width)
        return replace(self, cells=cells, width=width)


def _columns(table: events.Table) -> list[_Column]:
    count = max([len(table.columns), *(len(row) for row in table.rows)])
    columns = []
    for i in range(count):
        cells = [row[i] if i < len(row) else "" for row in table.rows]
        numbers = [cell for cell in cells if not isinstance(cell, str)]
        columns.append(
            _Column(
                table.columns[i] if i < len(table.columns) else "",
                [_cell(cell) for cell in cells],
                bool(numbers) and all(cell in numbers or cell in NO_NUMBER for cell in cells),
            )
        )
    return columns


def _fitting(columns: list[_Column], room: int) -> tuple[list[_Column], int, int]:
    """The columns in the widths they get, the gap between them, how many had to be left out."""
    kept = len(columns)
    gap = 2 if sum(column.whole() for column in columns) + 2 * (kept - 1) <= room else 1
    widths: list[int] = []
    for kept in range(len(columns), 0, -1):
        more = 4 if kept < len(columns) else 0
        widths = _widths(columns[:kept], room - more - gap * (kept - 1))
        if sum(widths) + gap * (kept - 1) <= room - more:
            break
    heads = glyphs.fit_apart([column.head for column in columns[:kept]], widths)
    fitting = [
        replace(column.cut(width), head=head)
        for column, width, head in zip(columns, widths, heads, strict=False)
    ]
    return fitting, gap, len(columns) - kept


def _window(count: int, room: int, best: list[int]) -> tuple[int, int]:
    """Which rows are seen: the first ones, or those about the first best one if it is below."""
    shown = max(0, min(count, room))
    if count <= room or not best or not 0 <= best[0] < count:
        return 0, shown
    return max(0, min(best[0] - shown + 2, count - shown + 1)), shown


def _cell(cell: str | float | int) -> str:
    if isinstance(cell, str):
        return cell.replace("\n", " ")
    return str(cell) if isinstance(cell, (bool, int)) else figures.number(cell)


def _widths(columns: list[_Column], room: int) -> list[int]:
    """Column widths: as wide as their cells and heads. Where that is too much the widest head is
    cut first, while a few letters of it are left, and then the widest cells."""
    widths = [column.whole() for column in columns]
    excess = sum(widths) - room
    for least in (
        [max(column.widest(), LEGIBLE) for column in columns],
        [column.least() for column in columns],
    ):
        while excess > 0:
            spare = [(width, i) for i, width in enumerate(widths) if width > least[i]]
            if not spare:
                break
            widths[max(spare)[1]] -= 1
            excess -= 1
    return widths


def _row(
    canvas: Canvas,
    x: int,
    y: int,
    cells: list[str],
    columns: list[_Column],
    gap: int,
    front: int,
    attr: int,
) -> None:
    for cell, column in zip(cells, columns, strict=True):
        room = max(0, min(column.width, canvas.width - x))
        text = glyphs.fit(cell, room)
        shift = room - glyphs.width(text) if column.numeric else 0
        canvas.text(x + shift, y, text, front, attr)
        x += column.width + gap


def _height(table: events.Table, width: int) -> int:
    return len(table.rows) + 1


def _width(table: events.Table) -> int:
    columns = _columns(table) if table.columns or table.rows else []
    gaps = 2 * max(0, len(columns) - 1) + (2 if table.best else 0)
    return sum(column.whole() for column in columns) + gaps


def _fills(table: events.Table, width: int, height: int) -> tuple[int, int]:
    """No more than its cells, so that others have what is left."""
    return max(1, min(width, _width(table))), max(1, min(height, _height(table, width)))


def _parts(table: events.Table) -> Iterator[Rows]:
    yield Rows(table.columns, table.rows)


TABLE = Kind(events.Table, draw_table, height=_height, fills=_fills, width=_width, parts=_parts)
