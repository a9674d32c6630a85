"""A lesson's Markdown, with its formulas, as a page of text: no boxes, no backgrounds."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown
from rich.padding import Padding
from rich.text import Text

from dlplay.draw import formulas
from dlplay.words.plain import to_ascii


class _Block(CodeBlock):
    """Code and drawn formulas: indented, cut rather than wrapped."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = Text(str(self.text).rstrip("\n"), no_wrap=True, overflow="ellipsis")
        yield Padding(code, (0, 0, 0, 4))


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
