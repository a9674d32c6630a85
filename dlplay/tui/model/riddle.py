"""A riddle: one of the tries is run, and the student says which knob was turned."""

from __future__ import annotations

import random
from typing import Literal

from dlplay.author.tries import Try
from dlplay.tui.model.excursion import Excursion
from dlplay.tui.model.veil import Veil
from dlplay.tui.model.watching import Watched

HEALTHY = "healthy"  # the healthy run's name: that of a try would give its knob away
TOO_FEW = "a riddle takes two tries at least"


class Riddle:
    """Which of the tries it is, and what was guessed. Until then the session is veiled."""

    def __init__(self, session: Watched, way: Excursion) -> None:
        self.session = session
        self.way = way
        self.state: Literal["closed", "guessing", "told"] = "closed"
        self.secret = 0
        self.said: int | None = None

    @property
    def choices(self) -> tuple[Try, ...]:
        """The tries, one for each setting."""
        tries = self.session.card.tries
        firsts = {each.setting: each for each in reversed(tries)}
        return tuple(each for each in tries if each is firsts[each.setting])

    @property
    def answer(self) -> Try:
        return self.choices[min(self.secret, len(self.choices) - 1)]

    def pose(self) -> str:
        """Choose one of the tries, `play` comes next; what is to be said where none is chosen."""
        if len(self.choices) < 2:
            return TOO_FEW
        self.secret = random.SystemRandom().randrange(len(self.choices))
        self.state, self.said = "guessing", None
        self.session.veil = Veil(self.session.card)
        return ""

    def play(self) -> str:
        """Run it over the healthy run. No X-ray: the sizes of layers are settings."""
        if self.way.steered.xray:
            self.way.steered.look(False)
        self.way.begin(self.answer.settings(self.session.card.parameters), HEALTHY)
        return ""

    def guess(self, number: int) -> None:
        """Take the answer, counted from 1, and lift the veil."""
        self.state, self.said = "told", number
        self.session.veil = None

    def close(self) -> None:
        """Leave it, and lift the veil."""
        self.state = "closed"
        self.session.veil = None

    def see(self) -> None:
        """Another run, or another file, ends it."""
        if self.state == "closed":
            return
        if self.way.look() == "left" or len(self.choices) < 2:
            self.close()
            self.way.forget()
