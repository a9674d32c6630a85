"""A training program of one's own on the stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dlplay.author.claims import Claim
from dlplay.author.parameters.numbers import Int
from dlplay.course.own import card_of_command, settings_of, with_knobs
from dlplay.engine.history import History
from dlplay.engine.launcher import Launcher
from dlplay.engine.live import LiveRun
from dlplay.engine.own import OwnOrder, OwnRun
from dlplay.engine.recordings.library import Library
from dlplay.tui.model.session import Session, another_seed
from dlplay.wire import events
from dlplay.words.address import WATCH, show_setting

LOOPS_END, ENDS = "its loops end; x again ends its process", "its process is ended"
NO_SEED = 'it draws its own seed; in the program: seed = stage.knob("seed", 0)'


class OwnSession(Session):
    """What the user does to a program. Its knobs become parameters when it asks for them."""

    def __init__(
        self,
        order: OwnOrder,
        launcher: Launcher,
        *,
        library: Library | None = None,
    ) -> None:
        card = card_of_command(order.command, Path(order.folder))
        super().__init__(card, launcher, library=library, tweaks=order.tweaks)
        self.order = order
        self._read = 0, 0  # of which run how many lines of the log
        self._warned = 0  # of which run it was said that leaving ends it
        self._given: Mapping[str, str] = order.settings  # until the program has asked for them

    @property
    def state(self) -> str:
        state, run = super().state, self.run
        if state in ("running", "paused") and isinstance(run, OwnRun) and run.stopping:
            return "stopping"
        return state

    @property
    def address(self) -> str:
        """With what was given, too, and the program may still ask for."""
        line = super().address
        if self.history.finished is not None:
            return line
        new = (name for name in self._given if name not in self.card.parameters)
        words = [show_setting({}, name, self._given[name]) for name in new]
        return " ".join([WATCH, *words, line.removeprefix(WATCH).strip()])

    def _live(
        self, settings: dict[str, Any], tweaks: tuple[events.Tweaked, ...], pace: int, paused: bool
    ) -> LiveRun:
        known = settings_of(self.card, settings)
        order = replace(
            self.order,
            settings={**self._given, **known},
            tweaks=tweaks,
            paused=paused,
            xray=self.xray,
            pace=pace,
        )
        return OwnRun(order, self.card)

    def poll(self) -> bool:
        news = super().poll()
        if news:
            self._learn(self.moment.history.knobs)
            self._notice(self.moment.history)
            claimed = tuple(Claim(each.name, each.claim) for each in self.moment.history.claims)
            if len(claimed) > len(self.card.claims):
                self.card = replace(self.card, claims=claimed)
        return news

    def _notice(self, history: History) -> None:
        """Say what was wrong with a call: what it drew is missing, and the log is elsewhere."""
        run, read = self._read
        new = history.logged - (read if run == self.runs else 0)
        self._read = self.runs, history.logged
        for line in [*history.log][-new:] if new else []:
            if line.text.startswith("stage."):
                self.moment.note = line.text

    def _learn(self, knobs: Mapping[str, events.Knob]) -> None:
        """Take in what the program has asked for since."""
        known = self.card.parameters
        if all(name in known and known[name].live == knob.live for name, knob in knobs.items()):
            return
        was_fresh = not self.stale
        listed = [*knobs.values()]
        kept = {name: each for name, each in known.items() if name not in knobs}
        card = with_knobs(self.card, listed)
        self.card = replace(card, parameters={**card.parameters, **kept})
        for name in card.parameters:
            self.values.setdefault(name, knobs[name].value)
        if was_fresh:  # a new knob is no change of the settings
            self.moment.begun_with = self.settings

    def _follow_plan(self) -> None:
        """What the run turned by itself: it says the value, which was given as text."""
        turned = {(each.name, each.tick): each for each in self.moment.history.tweaks}
        awaited = self.moment.awaited
        while awaited and (awaited[0].name, awaited[0].tick) in turned:
            each = turned[awaited[0].name, awaited[0].tick]
            del awaited[0]
            self.values[each.name] = each.value
            self.moment.begun_with = self.settings

    def new_seed(self) -> str:
        """Another value of the program's knob of that name, if it has one."""
        parameter = self.card.parameters.get("seed")
        if not isinstance(parameter, Int):
            return NO_SEED
        least, most = int(parameter.min), int(parameter.max)
        self.values["seed"] = least + another_seed() % (most - least + 1)
        self.start()
        return f"seed {self.values['seed']}"

    def stop(self) -> str:
        if not isinstance(self.run, OwnRun):
            return ""
        again = self.run.stopping
        self.run.stop()
        return ENDS if again else LOOPS_END

    def leave(self) -> str:
        """It may have run for hours: to leave it while it runs has to be said twice."""
        if not self.active or self._warned == self.runs:
            return ""
        self._warned = self.runs
        return f"{self.card.title} is running; once more ends it"

    def reload(self) -> str:
        """The program is read anew with every run; what is seen may be of an older one."""
        before = self.card.digest
        card = card_of_command(self.order.command, Path(self.order.folder))
        self.card = replace(card, parameters=self.card.parameters)
        if self.card.digest != before:
            self.outdated = "the file has changed"
        return ""
