"""Words: plain text, tokens coloured by a value, tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dlplay import events
from dlplay.draw import figures, glyphs, ink, palette
from dlplay.draw.canvas import Canvas
from dlplay.draw.frame import note
from dlplay.draw.ink import BOLD, FAINT, ITALIC, NONE, UNDERLINE

LONGEST = 20_000  # characters of a text that are laid out: no panel shows more
NO_NUMBER = ("", "–", "—", "-", "…")  # what stands in a column of numbers where there is none


def draw_text(canvas: Canvas, text: events.Text) -> None:
    """Wrap and write; the end of it with `tail`, a count of what is left out otherwise."""
    if not text.text.strip():
        note(canvas, "nothing yet")
        return
    lines = wrap(text.text, canvas.width, text.tail)
    hidden = len(lines) - canvas.height
    shown = lines[-canvas.height :] if text.tail else lines[: canvas.height]
    for y, line in enumerate(shown):
        canvas.text(0, y, line)
    if hidden > 0 and not text.tail and canvas.width >= 16 and canvas.height > 1:
        mark = f"… {hidden + 1} more lines"
        canvas.text(0, canvas.height - 1, " " * canvas.width)
        canvas.text(0, canvas.height - 1, mark, NONE, FAINT)


def wrap(text: str, width: int, tail: bool = False) -> list[str]:
    """Lines of at most `width` cells: broken at spaces, inside words that are longer."""
    text = text[-LONGEST:] if tail else text[:LONGEST]
    lines: list[str] = []
    for line in text.expandtabs(4).splitlines() or [""]:
        lines += _wrap_line(line, max(1, width))
    return lines


def _wrap_line(line: str, width: int) -> Iterator[str]:
    simple = glyphs.is_simple(line)
    while (len(line) if simple else glyphs.width(line)) > width:
        cut = width if simple else _cut(line, width)
        space = line.rfind(" ", max(1, cut // 3), cut + 1)
        if space > 0:
            yield line[:space]
            line = line[space + 1 :]
        else:
            yield line[:cut]
            line = line[cut:]
    yield line


def _cut(line: str, width: int) -> int:
    """How many characters fit into `width` cells, at least one."""
    used = 0
    for index, character in enumerate(line):
        used += len(glyphs.cells(character))
        if used > width:
            return max(1, index)
    return len(line)


def draw_tokens(canvas: Canvas, tokens: events.Tokens) -> None:
    """Running text in which each piece has the colour of its value; the end stays in sight."""
    if not tokens.tokens:
        note(canvas, "nothing yet")
        return
    keep = max(1, canvas.width * canvas.height)
    skipped = max(0, len(tokens.tokens) - keep)
    pieces = list(enumerate(tokens.tokens))[skipped:]
    styles = _token_styles(canvas, tokens)
    places = list(_lay(pieces, canvas.width, tokens.gap))
    scale = canvas.height >= 5 and bool(tokens.values)
    rows = canvas.height - (2 if scale else 0)
    last = places[-1][1] if places else 0
    first = max(0, last - rows + 1)
    for x, y, index, text in places:
        if y >= first:
            front, back, attr = styles[index]
            canvas.text(x, y - first, text, front, attr, back)
    if scale:
        color_bar(canvas, canvas.height - 1, tokens.low, tokens.high, "token")


def _lay(
    pieces: list[tuple[int, str]], width: int, gap: bool
) -> Iterator[tuple[int, int, int, str]]:
    """(x, y, index, text) of every piece, or of its parts on several lines."""
    x = y = 0
    for index, piece in pieces:
        lines = piece.replace("\t", " ").split("\n")
        for number, text in enumerate(lines):
            if number:
                x, y = 0, y + 1
            if gap:
                text = f" {text.strip() or '␣'} "
            size = glyphs.width(text)
            if x > 0 and x + size > width and (size <= width // 2 or gap):
                x, y = 0, y + 1
                text = text if gap else text.lstrip(" ")
            while text:
                cut = _cut(text, max(1, width - x))
                yield x, y, index, text[:cut]
                x += glyphs.width(text[:cut])
                text = text[cut:]
                if text or x >= width:
                    x, y = 0, y + 1
            if gap and x:
                x += 1


def _token_styles(canvas: Canvas, tokens: events.Tokens) -> list[tuple[int, int, int]]:
    """Foreground, background and attributes of each piece."""
    look = canvas.look
    count = len(tokens.tokens)
    values = np.full(count, np.nan)
    given = min(count, len(tokens.values))
    values[:given] = tokens.values[:given]
    shares = palette.shade(values, tokens.low, tokens.high)
    styles = []
    backs = palette.colors_of(shares, "token", look).tolist()
    for index, (share, back) in enumerate(zip(shares.tolist(), backs, strict=True)):
        if index < tokens.prompt:
            styles.append((NONE, NONE, ITALIC | FAINT))
        elif math.isnan(share):
            styles.append((NONE, NONE, 0))
        elif look.shaded:
            attr = UNDERLINE if share < 1 / 3 else 0 if share < 2 / 3 else BOLD
            front = NONE if share >= 2 / 3 else palette.warning(look) if share < 1 / 3 else NONE
            styles.append((front, NONE, attr))
        else:
            styles.append((ink.contrast(back), back, 0))
    return styles


def color_bar(canvas: Canvas, y: int, low: float, high: float, name: str) -> None:
    """One row: the low end, the colours between, the high end."""
    least, most = figures.number(low), figures.number(high)
    if canvas.look.shaded:
        if name == "token":
            x = canvas.text(0, y, least, palette.warning(canvas.look), UNDERLINE)
            canvas.text(x, y, " … ", NONE, FAINT)
            canvas.text(x + 3, y, most, NONE, BOLD)
        return
    size = min(24, canvas.width - len(least) - len(most) - 2)
    if size < 4:
        return
    x = canvas.text(0, y, least, NONE, FAINT) + 1
    canvas.back[y, x : x + size] = palette.colors_of(np.linspace(0, 1, size), name, canvas.look)
    canvas.text(x + size + 1, y, most, NONE, FAINT)


def draw_table(canvas: Canvas, table: events.Table) -> None:
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
    """Column widths: as wide as their cells. Where that is too much the widest is cut first."""
    widths = [column.whole() for column in columns]
    least = [min(width, column.least()) for width, column in zip(widths, columns, strict=True)]
    excess = sum(widths) - room
    while excess > 0 and widths != least:
        spare = [(width, i) for i, width in enumerate(widths) if width > least[i]]
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


def tokens_height(tokens: events.Tokens, width: int) -> int:
    """The lines that the pieces take, and the scale below them."""
    places = list(_lay(list(enumerate(tokens.tokens)), max(1, width), tokens.gap))
    lines = places[-1][1] + 1 if places else 1
    return lines + (2 if tokens.values and lines >= 3 else 0)
