"""The one way for text into Textual, which takes a plain string for markup of its own.

Whatever a user, a scene, a recording or a file says is text: it is shown as it stands, and what a
terminal would obey in it is shown as signs (`words/foreign.py`). Nothing else in the interface
hands a string to Textual; a test reads it all and holds it to that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from rich.text import Text
from textual.app import SystemCommand
from textual.color import Color
from textual.command import Hit
from textual.content import Content
from textual.filter import LineFilter
from textual.visual import VisualType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from dlplay.words.foreign import one_line, shown

LONGEST = 2000  # characters of a notice: more than fit on a screen cannot be read there


def title(text: str, caption: str = "") -> Content:
    """Text for a border, in one line; less loud a caption after it."""
    if not caption:
        return Content(one_line(text))
    return Content.assemble(one_line(text), (f": {one_line(caption)}", "not bold $foreground 60%"))


def notice(text: str) -> str:
    """Text for a notice, which is not to fill more than a screen."""
    return shown(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")


def safe(text: Text) -> Text:
    """A styled text in which nothing is obeyed; the same object where nothing is to be done."""
    plain = shown(text.plain)
    if plain == text.plain:
        return text
    made = text.copy()
    made.plain = plain  # as long as before, so that the styles stay where they were
    return made


class Words(Static):
    """Shows text as it stands: a string is never markup."""

    def __init__(self, content: VisualType = "", **how: Any) -> None:
        super().__init__(_words(content), markup=False, **how)

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        super().update(_words(content), layout=layout)


def _words(content: VisualType) -> VisualType:
    if isinstance(content, str):
        return Content(shown(content))
    return safe(content) if isinstance(content, Text) else content


def options(texts: Iterable[str]) -> OptionList:
    """A list to choose from."""
    return OptionList(*(Option(title(text)) for text in texts), markup=False)


def command(name: str, help: str, act: Callable[[], Any]) -> SystemCommand:
    """A command of the palette."""
    return SystemCommand(one_line(name), _escaped(help), act)


def found(score: float, shown: Text, act: Callable[[], Any], text: str, help: str) -> Hit:
    """Something that the palette has found; `shown` is how, `text` what it is called."""
    return Hit(score, safe(shown), act, one_line(text), _escaped(help))


def _escaped(text: str) -> str:
    """Text as markup that means that text: the palette takes nothing else."""
    return one_line(text).replace("[", "\\[")


class Harmless(LineFilter):
    """The last step before the terminal: whatever was drawn, and by whom, a line of the screen
    holds characters that are seen, and as many cells as were counted."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(text.isprintable() or control for text, _, control in segments):
            return segments
        return [
            segment if segment.control else Segment(_seen(segment.text), segment.style)
            for segment in segments
        ]


def _seen(text: str) -> str:
    kept = []
    for character in text:
        sign = shown(character)
        if character in "\n\t":
            kept.append(" " * cell_len(character))
        elif sign == character:
            kept.append(character)
        else:
            kept.append(sign * min(cell_len(character), 1))
    return "".join(kept)
