"""The timeline under the panels: where one is in a run's history, and what happened when."""

from __future__ import annotations

from rich.text import Text

from dlplay.engine.timeline import Mark
from dlplay.tui.widgets.text import Inks

SIGNS = {"tweak": ("▾", "accent"), "spike": ("▲", "warning"), "diverged": ("✗", "error")}


def timebar(at: int, last: int, marks: list[Mark], width: int, inks: Inks) -> Text:
    """One line: a bar with marks and a cursor, then the step and what happened there."""
    here = next((mark for mark in marks if mark.tick == at), None)
    words = f" step {at} of {last}" + (f" · {here.text}" if here else " · end: now")
    room = max(width - len(words) - 4, 10)
    cells: list[tuple[str, str]] = [("─", "dim")] * room
    for mark in marks:
        sign, ink = SIGNS[mark.kind]
        cells[place(mark.tick, last, room)] = (sign, inks[ink])
    cells[place(at, last, room)] = ("●", f"bold {inks['accent']}")
    text = Text(" ", no_wrap=True, overflow="ellipsis")
    for sign, style in cells:
        text.append(sign, style)
    text.append(words, "bold")
    text.truncate(width, overflow="ellipsis")
    return text


def place(tick: int, last: int, room: int) -> int:
    """The cell of a tick; the ends of the bar are the ends of the run."""
    return min(round(tick / max(last, 1) * (room - 1)), room - 1)
