"""What widgets that show text have in common."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text
from textual.containers import VerticalScroll
from textual.widgets import Static

Inks = Mapping[str, str]


def put(widget: Static, text: Text) -> None:
    """Show a text: not at all if it is there already, and without laying out the whole screen
    anew unless its number of lines changes. Ten times a second, that is what keys wait for."""
    before = widget.content
    if isinstance(before, Text):
        if before == text and before.spans == text.spans and before.style == text.style:
            return
        same_height = len(before.plain.split("\n")) == len(text.plain.split("\n"))
        widget.update(text, layout=not (same_height and text.no_wrap))
    else:
        widget.update(text)


class Scroll(VerticalScroll, can_focus=False):
    """Scrolls, and takes no keys: the screen has them all."""
