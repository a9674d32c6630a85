"""The strip under the panels in which tries are offered, asked and told."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from rich.text import Text
from textual import events as input_events
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Static

from dlplay.tui.model.excursion import Excursion
from dlplay.tui.model.riddle import Riddle
from dlplay.tui.model.steering import VEILED
from dlplay.tui.model.tries import Tries
from dlplay.tui.model.watching import Watched
from dlplay.tui.program import Program
from dlplay.tui.texts import Words
from dlplay.tui.widgets.changes import OnChange
from dlplay.tui.widgets.part import Part
from dlplay.tui.widgets.text import Scroll, put
from dlplay.tui.widgets.try_lines import option_at, riddle_lines, try_lines

# What would give a riddle away.
TELLING = frozenset({"address", "branch", "compare", "export", "sweep"})


class TryStrip(Scroll, Part):
    """A try, or a riddle: its question, its options, and what came of it. While it asks or tells,
    its keys come before those of the panels."""

    class Wanted(Message):
        """The session is to be changed: `act` does it, and returns what is to be said. `knob`:
        the parameter that it turns."""

        def __init__(self, act: Callable[[], str], knob: str = "") -> None:
            super().__init__()
            self.act = act
            self.knob = knob

    def __init__(self, session: Watched) -> None:
        super().__init__(id="tries")
        self.session = session
        self.way = Excursion(session)
        self.tries = Tries(session, self.way)
        self.riddle = Riddle(session, self.way)
        self._painted = OnChange(self.paint)

    def compose(self) -> ComposeResult:
        yield Words(id="try-lines")

    # What is seen

    @property
    def riddling(self) -> bool:
        return self.riddle.state != "closed"

    def show(self) -> None:
        tries, riddle, history = self.tries, self.riddle, self.session.history
        if tries.progress is None:
            tries.progress = cast(Program, self.app).progress
        riddle.see()
        if not self.riddling:
            tries.see()
        asked = tries.state, tries.place, tries.said, riddle.state, riddle.said
        run = self.session.card, self.session.runs, history.finished is not None
        self._painted.see(*asked, *run, self.screen.size, self.app.theme)

    def paint(self) -> None:
        self.set_class(self.riddling or self.tries.state != "closed", "-open")
        width = max(self.screen.size.width - 3, 20)
        if self.riddling:
            put(self.query_one(Static), riddle_lines(self.riddle, width, self.inks))
        elif self.tries.state != "closed":
            put(self.query_one(Static), try_lines(self.tries, width, self.inks))
        self.scroll_home(animate=False)

    # What the keys do, and the mouse

    def on_click(self, event: input_events.Click) -> None:
        """Take the offer, or the option of the row."""
        event.stop()
        if self.tries.state == "offered" and not self.riddling:
            self.action_tries()
        elif self.tries.state == "asking" or self.riddle.state == "guessing":
            number = option_at(cast(Text, self.query_one(Static).content), event.y)
            if number:
                self.action_zoom_to(number)

    def bars(self, name: str) -> bool:
        """Whether what a key does would give the riddle away; it is said then."""
        barred = self.session.veiled and name in TELLING
        if barred:
            self.note(VEILED)
        return barred

    def action_tries(self) -> None:
        if self.riddle.state == "guessing":
            self.note(VEILED)
            return
        if self.riddling or self.tries.state == "told":
            self.riddle.close()
            self._want(self.way.rest)
        self._say(self.tries.ask())

    def action_riddle(self) -> None:
        if self.riddle.state == "guessing":
            self.note(VEILED)
            return
        said = self.riddle.pose()
        if not said:
            self.tries.close()
            self._want(self.riddle.play)
        self._say(said)

    def action_zoom_to(self, number: int) -> None:
        if self.riddle.state == "guessing":
            if self._within(number, len(self.riddle.choices)):
                self.riddle.guess(number)
                self.show()
            return
        self._only_while("asking")
        if self._within(number, len(self.tries.current.options)):
            self._answer(number)

    def _within(self, number: int, options: int) -> bool:
        if number > options:
            self.note(f"the answers are 1 to {options}")
        return number <= options

    def action_source(self) -> None:
        """Show it without an answer."""
        if self.riddling:
            raise SkipAction
        self._only_while("asking")
        self._answer(None)

    def action_type(self) -> None:
        if self.riddle.state == "guessing":
            self.note(f"1 to {len(self.riddle.choices)} answers")
        elif self.riddling:
            self.action_riddle()
        elif self.tries.state == "asking":
            self.note(f"1 to {len(self.tries.current.options)} answers, s shows it without")
        else:
            self._only_while("told")
            if self.tries.next():
                self._want(self.way.rest)
            else:
                self._leave()
        self.show()

    def action_back(self) -> None:
        if not self.riddling:
            self._only_while("asking", "running", "told")
        self._leave()

    def _only_while(self, *states: str) -> None:
        if self.riddling or self.tries.state not in states:
            raise SkipAction

    def _answer(self, option: int | None) -> None:
        self.tries.answer(option)
        self._want(self.tries.play, self.tries.knob)

    def _leave(self) -> None:
        self.tries.close()
        self.riddle.close()
        self._want(self.way.give_back)

    def _want(self, act: Callable[[], str], knob: str = "") -> None:
        self.tell(self.Wanted(act, knob))

    def _say(self, said: str) -> None:
        if said:
            self.note(said)
        self.show()
