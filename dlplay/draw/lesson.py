"""A lesson's Markdown, with its formulas, as a Rich renderable."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Heading, Markdown
from rich.text import Text

from dlplay.draw import formulas


class _LeftHeading(Heading):
    """Headings at the left edge, without boxes."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
        yield Text("")
        yield self.text


class _Lesson(Markdown):
    elements = {**Markdown.elements, "heading_open": _LeftHeading}


def lesson(markdown: str) -> Markdown:
    """The lesson, ready to print at any width."""
    return _Lesson(formulas.render(markdown), code_theme="ansi_dark")
