"""The tries of a scene on the stage: offered, asked, run over the healthy run, told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dlplay.author.tries import Try
from dlplay.course.cards import SceneCard
from dlplay.course.progress import Progress
from dlplay.tui.model.excursion import Excursion
from dlplay.tui.model.watching import Watched
from dlplay.wire.events import ClaimResult
from dlplay.words.address import show_setting

State = Literal["closed", "offered", "asking", "running", "told"]
NONE_HERE = "this scene has no tries; b is a game: break a claim yourself"
ENDS = {"stopped": "was stopped before its end", "unfinished": "has no end"}


@dataclass(frozen=True)
class Measured:
    """A claim that a try is about: as the healthy run left it, if there is one, and now."""

    before: ClaimResult | None
    now: ClaimResult


def measured(way: Excursion, each: Try) -> tuple[Measured, ...]:
    """The claims that a try is about, once its run is over."""
    before, now = way.results()
    claims = {claim.name: claim for claim in way.session.card.claims}
    names = [name for name in (*each.breaks, *each.keeps) if name in claims]
    return tuple(
        Measured(before.get(name), now.get(name) or claims[name].unmeasured) for name in names
    )


def usual(card: SceneCard, each: Try) -> str:
    """The setting that a try's knob has in the healthy run."""
    knob = each.knob(card.parameters)
    return show_setting(card.parameters, knob, card.parameters[knob].default)


class Tries:
    """Which try is played, and how far it is.

    What changes the session (`play`, and what the `way` does) is apart from what only changes
    what is seen (`ask`, `answer`, `next`, `close`): keys do the latter at once.
    """

    def __init__(self, session: Watched, way: Excursion, progress: Progress | None = None) -> None:
        """`progress`: where first answers are kept; None: nowhere."""
        self.session = session
        self.way = way
        self.progress = progress
        self.state: State = "closed"
        self.place = 0
        self.said: int | None = None
        self._asked: set[int] = set()

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
    def last(self) -> bool:
        """Whether no other try comes after this one."""
        return self.place + 1 >= len(self.listed)

    def see(self) -> None:
        """Look at how far the run is."""
        if self.state in ("closed", "offered"):
            self._offer()
        elif not self.listed:  # the file was read again
            self._let_go()
        elif self.state in ("running", "told"):
            standing = self.way.look()
            if standing == "left":
                self._let_go()
            elif standing != "none":
                self.state = "told" if standing == "over" else "running"

    def _offer(self) -> None:
        offered = self.session.history.whole and bool(self.listed) and not self.session.recorded
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
        self.state = "closed"
        self.way.forget()

    def ask(self) -> str:
        """Put the question of a try, or of the next one; what is to be said where none is put."""
        if not self.listed:
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
        self.state, self.said = "running", option
        self._asked.add(self.place)
        if option is not None and self.progress is not None:
            self.progress.answer(self.session.card.id, self.current, option)

    def play(self) -> str:
        """Run the try over the healthy run, whose name says what the try changes."""
        card, each = self.session.card, self.current
        self.way.begin(each.settings(card.parameters), usual(card, each))
        return ""

    def next(self) -> bool:
        """Ask the next try; False if this was the last, and `close` is due."""
        if not self.last:
            self.ask()
            return True
        return False

    def close(self) -> None:
        """Leave the tries."""
        self.state = "closed"
