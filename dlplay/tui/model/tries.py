"""The tries of a scene on the stage: offered, asked, run over the healthy run, told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from dlplay.author.tries import Try
from dlplay.course.progress import Progress
from dlplay.engine.history import History
from dlplay.tui.model.pins import Pin
from dlplay.tui.model.session import Session
from dlplay.tui.model.watching import Watched
from dlplay.wire.events import ClaimResult
from dlplay.words.address import show_setting

State = Literal["closed", "offered", "asking", "running", "told"]
NONE_HERE = "this scene has no tries; b runs what breaks its next claim"


@dataclass(frozen=True)
class Measured:
    """A claim that a try is about: as the healthy run left it, if there is one, and now."""

    before: ClaimResult | None
    now: ClaimResult


@dataclass(frozen=True)
class Verdict:
    """What was said and what is so. `said`: the option, None where none was given; `ended`: how
    the run ended."""

    said: int | None
    right: int
    measured: tuple[Measured, ...]
    ended: str


class Tries:
    """Which try is played, and how far it is.

    What changes the session (`play`, `give_back`) is apart from what only changes what is seen
    (`ask`, `answer`, `next`, `close`): keys do the latter at once.
    """

    def __init__(self, session: Watched, progress: Progress | None = None) -> None:
        """`progress`: where first answers are kept; None: nowhere."""
        self.session = session
        self.progress = progress
        self.state: State = "closed"
        self.place = 0
        self.said: int | None = None
        self._asked: set[int] = set()
        self._before: dict[str, Any] | None = None  # the settings to give back
        self._played: tuple[Any, ...] | None = None  # the settings of the try under way
        self._number = 0  # of its run
        self._healthy: Pin | None = None
        self._ours = False  # whether we pinned it

    @property
    def listed(self) -> tuple[Try, ...]:
        return self.session.card.tries

    @property
    def current(self) -> Try:
        return self.listed[min(self.place, len(self.listed) - 1)]

    @property
    def knob(self) -> str:
        """The parameter that the try turns."""
        return self.current.knob(self.session.card.parameters)

    @property
    def usual(self) -> str:
        """The knob's setting in the healthy run."""
        parameters = self.session.card.parameters
        return show_setting(parameters, self.knob, parameters[self.knob].default)

    @property
    def last(self) -> bool:
        """Whether no other try comes after this one."""
        return self.place + 1 >= len(self.listed)

    # What only changes what is seen

    def see(self) -> None:
        """Look at how far the run is."""
        session, over = self.session, self.session.history.finished is not None
        if self.state in ("closed", "offered"):
            self._offer(over and session.history.whole)
        elif not self.listed:  # the file was read again
            self._let_go()
        elif self._played is None or self.state == "asking":
            pass
        elif session.settings != self._played and (
            self.state == "running" or session.runs != self._number
        ):
            self._let_go()  # another run is shown, or it is turned on its way
        elif session.runs >= self._number:
            self._number = session.runs
            self.state = "told" if over else "running"

    def _offer(self, over: bool) -> None:
        offered = over and bool(self.listed) and isinstance(self.session, Session)
        if offered and self.state == "closed":
            self.place = self._first_new()
        self.state = "offered" if offered else "closed"

    def _first_new(self) -> int:
        """The first try that was never answered; of those that all were, the first."""
        id, known = self.session.card.id, self.progress
        places = [place for place in range(len(self.listed)) if place not in self._asked]
        for place in places:
            if known is None or known.first_answer(id, self.listed[place]) is None:
                return place
        return places[0] if places else 0

    def _let_go(self) -> None:
        self.state, self._played, self._before = "closed", None, None
        self._healthy, self._ours = None, False

    def ask(self) -> str:
        """Put the question of a try, or of the next one; what is to be said where none is put."""
        if not self.listed or not isinstance(self.session, Session):
            return NONE_HERE
        if self.state == "running":
            return "the try is running; esc leaves it"
        if self.state in ("closed", "offered"):
            self.place = self._first_new()
        else:
            self.place = (self.place + 1) % len(self.listed)
        self.state, self.said = "asking", None
        return ""

    def answer(self, option: int | None) -> None:
        """Take the answer, None for none; the first one to a try is kept. `play` comes next."""
        self.state, self.said, self._played = "running", option, None
        self._asked.add(self.place)
        if option is not None and self.progress is not None:
            self.progress.answer(self.session.card.id, self.current, option)

    def next(self) -> bool:
        """Ask the next try; False if this was the last, and `close` is due."""
        if not self.last:
            self.ask()
            return True
        return False

    def close(self) -> None:
        """Leave the tries; `give_back` comes next."""
        self.state, self._played = "closed", None

    # What changes the session

    def play(self) -> str:
        """Run the try over the healthy run; what is to be said."""
        session = self.session
        assert isinstance(session, Session)
        if self._before is None:
            self._before = dict(session.values)
        self._keep_healthy()
        session.play(self.current.settings(session.card.parameters))
        self._played, self._number = session.settings, session.runs
        return ""

    def _keep_healthy(self) -> None:
        """Pin the run at the defaults, if one is done; its name says what the try changes."""
        session = self.session
        if self._healthy not in session.pins:
            self._healthy, self._ours = next(filter(self._is_healthy, session.pins), None), False
        if self._healthy is None and self._is_healthy(session.now):
            self._healthy, self._ours = session.pin(), True
        if self._healthy is not None and self._ours:
            self._healthy.name = self.usual

    def _is_healthy(self, pin: Pin) -> bool:
        finished, session = pin.history.finished, self.session
        return (
            finished is not None
            and finished.status == "done"
            and finished.parameters == session.card.defaults
            and finished.seed == session.seed
            and not pin.history.tweaks
        )

    def give_back(self) -> str:
        """Give the settings back that were there before the tries, with their run if it is
        kept; what is to be said."""
        session, before, healthy, ours = self.session, self._before, self._healthy, self._ours
        self._let_go()
        if before is None or not isinstance(session, Session):
            return ""
        if healthy in session.pins and healthy is not None and before == session.card.defaults:
            session.adopt(before, session.seed, healthy.history, healthy.path)
            if ours:
                session.drop(healthy)
            return "back at the run before the tries"
        if session.active:
            session.stop()
        session.values = before
        return "the settings from before the tries; space runs them"

    # What came of it

    @property
    def verdict(self) -> Verdict:
        """Of a try that is told."""
        each, finished = self.current, self.session.history.finished
        before = _claims(self._healthy.history) if self._healthy is not None else {}
        now = _claims(self.session.history)
        measured = [
            Measured(before.get(claim.name), now.get(claim.name) or claim.unmeasured)
            for name in (*each.breaks, *each.keeps)
            for claim in self.session.card.claims
            if claim.name == name
        ]
        ended = finished.status if finished is not None else "unfinished"
        return Verdict(self.said, each.right, tuple(measured), ended)


def _claims(history: History) -> dict[str, ClaimResult]:
    finished = history.finished
    return {claim.name: claim for claim in finished.claims} if finished is not None else {}
