"""The timeline under the panels: where one is in a run's history, and what happened when."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text
from textual.message import Message
from textual.timer import Timer

from dlplay.engine.timeline import Mark, marks
from dlplay.tui.model.steering import Where
from dlplay.tui.model.watching import Watched
from dlplay.tui.texts import Words
from dlplay.tui.widgets.changes import OnChange
from dlplay.tui.widgets.part import Part
from dlplay.tui.widgets.text import Inks, put

ONE_STEP = 1e-9  # a share of the run that is less than a step
BAR = "─"
LEAST = 8  # columns of a mark's name that tell something
SIGNS = {"tweak": ("▾", "accent"), "spike": ("▲", "warning"), "diverged": ("✗", "error")}


class TimeBar(Words, Part):
    """Where one is in the run, while one looks back. Its keys travel; what plays has its beat from
    here."""

    class Sought(Message):
        """The user goes to a place in time."""

        def __init__(self, where: Where) -> None:
            super().__init__()
            self.where = where

    class Beat(Message):
        """It is time for the next frame of what plays."""

    def __init__(self, session: Watched) -> None:
        super().__init__(id="timeline")
        self.session = session
        self.marks: list[Mark] = []
        self._history = OnChange(self._find_marks)
        self._plays = OnChange(self._set_beat)
        self._beat: Timer | None = None

    def show(self) -> None:
        history, at = self.session.history, self.session.at
        self.set_class(at is not None, "-open")
        if at is not None:
            self._history.see(self.session.runs, history.tick, len(history.tweaks))
            width = self.screen.size.width
            playing = self.session.playing
            put(self, timebar(at, history.tick, self.marks, width, self.inks, playing))
        self._plays.see(self.session.playing, self.session.frame)

    def _set_beat(self) -> None:
        if self._beat is not None:
            self._beat.stop()
            self._beat = None
        if self.session.playing:
            self._beat = self.set_interval(self.session.frame, self.beat)

    def beat(self) -> None:
        """The next frame."""
        self.tell(self.Beat())

    def _find_marks(self) -> None:
        self.marks = marks(self.session.history)

    def _seek(self, where: Where) -> None:
        self.tell(self.Sought(where))

    def action_earlier(self) -> None:
        self._seek(-0.01)

    def action_later(self) -> None:
        self._seek(0.01)

    def action_step_earlier(self) -> None:
        self._seek(-ONE_STEP)

    def action_step_later(self) -> None:
        self._seek(ONE_STEP)

    def action_much_earlier(self) -> None:
        self._seek(-0.1)

    def action_much_later(self) -> None:
        self._seek(0.1)

    def action_beginning(self) -> None:
        self._seek("beginning")

    def action_now(self) -> None:
        self._seek("now")

    def action_next_mark(self) -> None:
        self._seek("next mark")

    def action_previous_mark(self) -> None:
        self._seek("mark before")


def timebar(
    at: int, last: int, marks: list[Mark], width: int, inks: Inks, playing: bool = False
) -> Text:
    """One line: a bar with marks and a cursor, then the step and what happened there."""
    here = next((mark for mark in marks if mark.tick == at), None)
    words = f"{' ▶' * playing} step {at} of {last}" + (f" · {here.text}" if here else " · end: now")
    room = max(width - len(words) - 4, 10)
    cells: list[tuple[str, str]] = [(BAR, "dim")] * room
    for mark in marks:
        sign, ink = SIGNS[mark.kind]
        cells[place(mark.tick, last, room)] = (sign, inks[ink])
    cells[place(at, last, room)] = ("●", f"bold {inks['accent']}")
    for mark in marks:
        write_name(cells, place(mark.tick, last, room), mark, inks)
    text = Text(" ", no_wrap=True, overflow="ellipsis")
    for sign, style in cells:
        text.append(sign, style)
    text.append(words, "bold")
    text.truncate(width, overflow="ellipsis")
    return text


def write_name(cells: list[tuple[str, str]], at: int, mark: Mark, inks: Inks) -> None:
    """A mark's name beside it, whole or shortened, where the bar is free for as long."""
    if cells[at][0] != SIGNS[mark.kind][0]:  # the cursor is there, whose words say it
        return
    free = 0
    while at + 1 + free < len(cells) and cells[at + 1 + free][0] == BAR:
        free += 1
    name = mark.text if cell_len(mark.text) == len(mark.text) else ""
    if len(name) > free - 2:
        name = f"{name[: free - 3]}…" if free - 3 >= LEAST else ""
    for offset, char in enumerate(f" {name} " if name else ""):
        cells[at + 1 + offset] = (char, inks[SIGNS[mark.kind][1]])


def place(tick: int, last: int, room: int) -> int:
    """The cell of a tick; the ends of the bar are the ends of the run."""
    return min(round(tick / max(last, 1) * (room - 1)), room - 1)
