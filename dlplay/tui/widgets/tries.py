"""The strip under the panels in which tries are offered, asked and told, and claims broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from rich.text import Text
from textual import events as input_events
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Static

from dlplay.author.claims import Claim
from dlplay.tui.footing import Asks
from dlplay.tui.model.breaking import Breaking
from dlplay.tui.model.excursion import Excursion
from dlplay.tui.model.riddle import Riddle
from dlplay.tui.model.steering import VEILED
from dlplay.tui.model.tries import Tries
from dlplay.tui.model.watching import Watched
from dlplay.tui.texts import Words
from dlplay.tui.widgets.break_lines import break_lines
from dlplay.tui.widgets.changes import OnChange
from dlplay.tui.widgets.claims import ClaimList
from dlplay.tui.widgets.part import Part
from dlplay.tui.widgets.text import Scroll, put
from dlplay.tui.widgets.try_lines import option_at, riddle_lines, try_lines

# What would give a riddle away.
TELLING = frozenset({"address", "beside", "branch", "compare", "export", "log", "sweep", "xray"})
PLAYING = "a claim is being broken: b gives up, esc leaves"


class TryStrip(Scroll, Part):
    """A try, a riddle, or a claim to break: its question, its options, and what came of it. While
    it asks or tells, its keys come before those of the panels."""

    class Wanted(Message):
        """The session is to be changed: `act` does it, and returns what is to be said. `knob`:
        the parameter that it turns. `panels`: whether they are to be seen."""

        def __init__(self, act: Callable[[], str], knob: str = "", panels: bool = False) -> None:
            super().__init__()
            self.act = act
            self.knob = knob
            self.panels = panels

    def __init__(self, session: Watched, claims: ClaimList) -> None:
        """`claims`: where one of them is chosen."""
        super().__init__(id="tries")
        self.session = session
        self.claims = claims
        self.way = Excursion(session)
        self.tries = Tries(session, self.way)
        self.riddle = Riddle(session, self.way)
        self.game = Breaking(session, self.way)
        self._painted = OnChange(self.paint)

    def compose(self) -> ComposeResult:
        yield Words(id="try-lines")

    # What is seen

    @property
    def riddling(self) -> bool:
        return self.riddle.state != "closed"

    @property
    def gaming(self) -> bool:
        return self.game.state != "closed"

    @property
    def asks(self) -> Asks:
        """What it is waiting for."""
        if self.riddling:
            return "riddle" if self.riddle.state == "guessing" else ""
        match self.game.state:
            case "choosing":
                return "choice"
            case "playing":
                return "break"
        return "answer" if self.tries.state == "asking" else ""

    def show(self) -> None:
        tries, riddle, game = self.tries, self.riddle, self.game
        if tries.progress is None:
            tries.progress = game.progress = self.program.progress
        riddle.see()
        game.see()
        if not self.riddling and not self.gaming:
            tries.see()
        asked = tries.state, tries.place, tries.said, riddle.state, riddle.said
        played = game.state, game.place, game.attempts, game.said
        run = self.session.card, self.session.runs, self.session.history.finished is not None
        self._painted.see(*asked, *played, *run, self.screen.size, self.app.theme)

    def paint(self) -> None:
        self.set_class(self.riddling or self.gaming or self.tries.state != "closed", "-open")
        width = max(self.screen.size.width - 3, 20)
        if self.riddling:
            put(self.query_one(Static), riddle_lines(self.riddle, width, self.inks))
        elif self.gaming:
            put(self.query_one(Static), break_lines(self.game, width, self.inks))
        elif self.tries.state != "closed":
            put(self.query_one(Static), try_lines(self.tries, width, self.inks))
        self.scroll_home(animate=False)

    # What the keys do, and the mouse

    def on_click(self, event: input_events.Click) -> None:
        """Take the offer, or the option of the row."""
        event.stop()
        if self.asks in ("answer", "riddle", "choice"):
            number = option_at(cast(Text, self.query_one(Static).content), event.y)
            if number:
                self.action_zoom_to(number)
        elif self.tries.state == "offered" and not self.riddling and not self.gaming:
            self.action_tries()

    def bars(self, name: str) -> bool:
        """Whether what a key does would give the riddle away; it is said then."""
        barred = self.session.veiled and name in TELLING
        if barred:
            self.note(VEILED)
        return barred

    def action_tries(self) -> None:
        if self._busy():
            return
        if self.riddling or self.gaming or self.tries.state == "told":
            self.riddle.close()
            self.game.close()
            self._want(self.way.rest)
        self._say(self.tries.ask())

    def action_riddle(self) -> None:
        if self._busy():
            return
        said = self.riddle.pose()
        if not said:
            self.tries.close()
            self.game.close()
            self._want(self.riddle.play, panels=True)
        self._say(said)

    def _busy(self) -> bool:
        """Whether another one goes on that has to be left first; it is said then."""
        if self.riddle.state == "guessing":
            self.note(VEILED)
        elif self.game.state in ("playing", "showing"):
            self.note(PLAYING)
        else:
            return False
        return True

    def action_breaker(self) -> None:
        """Offer the claims; the next of them; give up."""
        match self.game.state:
            case "choosing":
                self.game.move(1)
            case "playing":
                self.game.give_up()
                self._want(self.game.rest, panels=True)
            case "showing":
                self.note(PLAYING)
            case _:
                self._offer_claims()
        self.show()

    def _offer_claims(self) -> bool:
        """Offer the claims, the chosen one first; whether there are any."""
        if self._busy():
            return False
        if self.tries.state == "running":
            self.note("the try is running; esc leaves it")
            return False
        said = self.game.offer(self.claims.chosen)
        if said:
            self.note(said)
            return False
        if self.riddling or self.tries.state == "told":
            self._want(self.way.rest)
        self.riddle.close()
        self.tries.close()
        return True

    def break_it(self, claim: Claim | None) -> None:
        """Play for this claim, if it can be broken."""
        if self.game.state == "choosing" or self._offer_claims():
            choices = self.game.choices
            if claim in choices:
                self._play(choices.index(claim))
            else:
                self.note("this claim does not hold in the healthy run: choose another one")
        self.show()

    def _play(self, place: int | None = None) -> None:
        self.game.choose(place)
        self.claims.choose(self.session.card.claims.index(self.game.claim))
        self._want(self.game.begin, panels=True)

    def leave_game(self) -> bool:
        """Leave a claim that is being broken; whether there was one."""
        playing = self.game.state == "playing"
        if playing:
            self._leave()
        return playing

    def action_up(self) -> None:
        self._choose_next(-1)

    def action_down(self) -> None:
        self._choose_next(1)

    def _choose_next(self, by: int) -> None:
        if self.game.state != "choosing":
            raise SkipAction
        self.game.move(by)
        self.show()

    def action_zoom_to(self, number: int) -> None:
        if self.game.state == "choosing":
            if self._within(number, len(self.game.choices), "claims"):
                self._play(number - 1)
                self.show()
            return
        if self.riddle.state == "guessing":
            if self._within(number, len(self.riddle.choices)):
                self.riddle.guess(number)
                self.show()
            return
        self._only_while("asking")
        if self._within(number, len(self.tries.current.options)):
            self._answer(number)

    def _within(self, number: int, options: int, called: str = "answers") -> bool:
        if number > options:
            self.note(f"the {called} are 1 to {options}")
        return number <= options

    def action_source(self) -> None:
        """Show it without an answer."""
        if self.riddling or self.gaming:
            raise SkipAction
        self._only_while("asking")
        self._answer(None)

    def action_type(self) -> None:
        if self.riddle.state == "guessing":
            self.note(f"1 to {len(self.riddle.choices)} answers")
        elif self.game.state == "choosing":
            self._play()
        elif self.game.state == "given up" and self.game.known:
            self._want(self.game.show_way, next(iter(self.game.known)))
        elif self.game.state == "playing":
            raise SkipAction
        elif self.gaming:
            self.action_breaker()
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
        if self.game.state == "choosing":
            self.game.close()
            self.show()
            return
        if self.game.state == "playing":
            raise SkipAction  # what was opened over it is closed first
        if not self.riddling and not self.gaming:
            self._only_while("asking", "running", "told")
        self._leave()

    def _only_while(self, *states: str) -> None:
        if self.riddling or self.gaming or self.tries.state not in states:
            raise SkipAction

    def _answer(self, option: int | None) -> None:
        self.tries.answer(option)
        self._want(self.tries.play, self.tries.knob)

    def _leave(self) -> None:
        self.tries.close()
        self.riddle.close()
        self.game.close()
        self._want(self.way.give_back)

    def _want(self, act: Callable[[], str], knob: str = "", panels: bool = False) -> None:
        self.tell(self.Wanted(act, knob, panels or bool(knob)))

    def _say(self, said: str) -> None:
        if said:
            self.note(said)
        self.show()
