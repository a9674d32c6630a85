"""A lesson's Markdown, with its formulas, as a page of text: no boxes, no backgrounds."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown
from rich.padding import Padding
from rich.text import Text

from dlplay.draw import formulas
from dlplay.words.plain import to_ascii

DRAWN = "text"  # the fences of drawn formulas
INDENT = 4
SIGN = re.compile(r".[\u0300-\u036f\u20d0-\u20ff]*")  # with what stands above it


class _Block(CodeBlock):
    """Code and drawn formulas: indented where there is room, and never cut."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines: list[str] = str(self.text).rstrip("\n").split("\n")
        width = options.max_width
        room = width - max(map(cell_len, lines))
        if room < 0 and self.lexer_name == DRAWN:
            lines, room = folded(lines, width), 0
        code = Text("\n".join(lines), overflow="fold")
        yield Padding(code, (0, 0, 0, max(0, min(INDENT, room))))


def folded(lines: list[str], width: int) -> list[str]:
    """A drawing that is too wide, in pieces below each other, parted where no line has a sign."""
    rows = [SIGN.findall(line) for line in lines]
    widest = max(map(len, rows))
    rows = [[*row, *" " * (widest - len(row))] for row in rows]
    pieces: list[str] = []
    while rows[0]:
        indent = " " * INDENT if pieces and width > 2 * INDENT else ""
        cut = _gap(rows, max(width - len(indent), 1))
        pieces += [""] if pieces and len(rows) > 1 else []
        pieces += [(indent + "".join(row[:cut])).rstrip() for row in rows]
        rows = [row[cut:] for row in rows]
        while rows[0] and all(row[0] == " " for row in rows):
            rows = [row[1:] for row in rows]
    return pieces


def _gap(rows: list[list[str]], room: int) -> int:
    """How many columns go into the room: up to the last one that is empty, if it is far enough."""
    if len(rows[0]) <= room:
        return len(rows[0])
    empty = (n for n in range(room, room // 3, -1) if all(row[n] == " " for row in rows))
    return next(empty, room)


class _Heading(Heading):
    LEVEL_ALIGN: ClassVar[dict[str, Any]] = {}  # all to the left

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = self.text.copy()
        text.stylize("bold")
        yield text


class Lesson(Markdown):
    """Markdown as a Rich renderable, at any width."""

    elements: ClassVar[dict[str, Any]] = {
        **Markdown.elements,
        "fence": _Block,
        "code_block": _Block,
        "heading_open": _Heading,
    }


def lesson(markdown: str, *, ascii: bool = False) -> Lesson:
    """The lesson, ready to print; with `ascii`, letters are spelt out and formulas stay TeX."""
    text = formulas.render(markdown, ascii=ascii)
    return Lesson(to_ascii(text) if ascii else text)
