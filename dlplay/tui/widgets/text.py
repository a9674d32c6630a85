"""What widgets that show text have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table
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


def hanging(rows: Sequence[tuple[Text, Text]], indent: int = 2) -> Table:
    """Each row's text beside its mark; what is wrapped begins under the text, not the mark."""
    table = Table.grid(padding=(0, 2, 0, 0))
    widest = max(mark.cell_len for mark, _ in rows)
    table.add_column(width=widest + indent, no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    table.expand = True
    for mark, text in rows:
        table.add_row(Text(" " * indent) + mark, text)
    return table


class Scroll(VerticalScroll, can_focus=False):
    """Scrolls, and takes no keys: the screen has them all."""
