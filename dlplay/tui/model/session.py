"""A scene on the stage, with a run that the user starts, turns and stops."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dlplay.author.parameters.settings import checked_live
from dlplay.course import catalog
from dlplay.course.catalog import SceneCard
from dlplay.engine.branch import branch
from dlplay.engine.history import History
from dlplay.engine.launcher import Launcher
from dlplay.engine.live import LiveRun
from dlplay.engine.recordings.library import Library
from dlplay.engine.timeline import parameters_at
from dlplay.tui.model.moment import Moment, Parting
from dlplay.tui.model.pins import Pin
from dlplay.tui.model.watching import Watched
from dlplay.wire import events

RESTART_AFTER = 0.5  # seconds of silence after the last key that asks for another run
STOPS = "asked to stop"


def another_seed() -> int:
    """A seed that nobody chose."""
    return random.SystemRandom().randrange(1, 10_000)


class Session(Watched):
    """What the user does to a scene."""

    def __init__(
        self,
        card: SceneCard,
        launcher: Launcher,
        settings: dict[str, Any] | None = None,
        *,
        seed: int = 0,
        device: str = "auto",
        library: Library | None = None,
        tweaks: Sequence[events.Tweaked] = (),
    ) -> None:
        """`library`: where runs are recorded as they go; None: nowhere. `tweaks`: what the first
        run turns by itself, each once so many steps were made."""
        values = card.defaults | dict(settings or {})
        super().__init__(card, values, seed=seed, device=device, library=library)
        self.launcher = launcher
        self._plan = tuple(tweaks)

    @property
    def state(self) -> str:
        moment, run = self.moment, self.run
        if moment.restart_at is not None:
            return "starting"
        if moment.parting is not None:
            return "repeating"
        if moment.history.finished is not None:
            return moment.history.finished.status
        if run is None:
            return "ready"
        if run.state == "over":  # the summary is on its way
            return "stopping"
        return run.state

    @property
    def waits(self) -> tuple[str, ...]:
        run = self.run
        if self.state != "starting" or self.moment.restart_at is not None or run is None:
            return ()
        if self.history.started is not None:
            waits = "preparing the first step"
        elif self.card.command:
            waits = "nothing drawn yet"
        else:
            waits = "reading its file" if run.pid is not None else "waiting for torch"
        return (waits, "will pause") if run.paused else (waits,)

    # Another run

    def start(self, paused: bool = False) -> None:
        """Begin a new run with the settings as they are; an old one is ended."""
        tweaks, self._plan = self._plan, ()
        self.moment = self._begun(self.values, tweaks, self.pace, paused)
        self.moment.awaited = list(tweaks)
        self.moment.number += 1

    def _begun(
        self,
        settings: dict[str, Any],
        tweaks: tuple[events.Tweaked, ...],
        pace: int,
        paused: bool = False,
    ) -> Moment:
        """A run that has just begun, in place of the one before."""
        self.close()
        self.outdated = ""
        recorder = None
        if self.library is not None:
            recorder = self.library.recorder(
                self.card, seed=self.seed, device=self.device, settings=settings
            )
        live = self._live(settings, tweaks, pace, paused)
        recording = recorder.path if recorder is not None else None
        history = History(self.history.styles)  # a series looks as it did in the run before
        return Moment(
            self.runs, self.settings, live, history, recorder=recorder, recording=recording
        )

    def _live(
        self, settings: dict[str, Any], tweaks: tuple[events.Tweaked, ...], pace: int, paused: bool
    ) -> LiveRun:
        """Its process."""
        return self.launcher.start(
            self.card,
            settings,
            seed=self.seed,
            device=self.device,
            paused=paused,
            xray=self.xray,
            tweaks=tweaks,
            pace=pace,
            linger=True,
        )

    def branch(self) -> Pin:
        """Go on from the step that is looked at, with the drafted values, as a new run.

        It repeats the run that is shown up to there, unseen; that one is pinned, and ends if it
        is still going on. Returns its pin. Raises ParameterError where nothing has run.
        """
        at, before, draft = self.tick, self.history, self.moment.draft
        plan = branch(self.card, before, at, draft)
        self.values = self.values | parameters_at(before, at) | draft
        self.seed = plan.seed
        kept = next((pin for pin in self.pins if pin.history is before), None) or self.pin()
        begun = self._begun(plan.settings, plan.tweaks, pace=0)  # its way is not looked at
        self.moment = replace(begun, at=at, parting=Parting(before, at))
        return kept

    def adopt(
        self,
        values: dict[str, Any],
        seed: int,
        history: History | None,
        recording: Path | None = None,
    ) -> None:
        """Show a run that was made elsewhere and is over as this session's own; without its
        `history` it is made again."""
        self.values, self.seed = dict(values), seed
        if history is None:
            self.start()
            return
        self.close()
        self.moment = Moment(self.runs + 1, self.settings, history=history, recording=recording)

    def new_seed(self) -> str:
        """Another seed; the scene begins again with it. What there is to say of it."""
        self.seed = another_seed()
        self.start()
        return f"seed {self.seed}"

    def play(self, values: dict[str, Any]) -> None:
        """Begin again with these settings, and the defaults of all others."""
        self.values = self.card.defaults | values
        self.start()

    # The run under way

    def toggle(self) -> None:
        """Start, pause or go on, whichever makes sense; back in time, play what is kept."""
        if self.moment.parting is not None:
            return
        if self.at is not None:
            super().toggle()
        elif self.run is None or not self.active:
            self.start()
        elif self.run.paused:
            self.run.resume()
        else:
            self.run.pause()

    def step(self) -> None:
        """One step; a run that has not begun begins with it. Back in time, one forward."""
        if self.moment.parting is not None:
            return
        if self.at is not None:
            super().step()
            return
        if self.run is None or not self.active:
            self.start(paused=True)
        assert self.run is not None
        self.run.step()

    def change_pace(self, by: int) -> None:
        """Show this run, and those to come, faster or slower."""
        super().change_pace(by)
        if self.run is not None and self.active and self.moment.parting is None:
            self.run.pace(self.pace)

    def _to_now(self) -> None:
        self.seek(self.history.tick)

    def stop(self) -> str:
        """Ask the run to stop; what there is to say of it."""
        if self.run is not None and self.active:
            self.run.stop()
        return STOPS

    def set(self, name: str, value: Any) -> str:
        """Give a parameter a value: "live" if it reaches the run, "after" if the finished run
        shows it, "restart" if the run begins again for it, "set" if nothing ran or the user
        stopped it, "draft" for a branch from the step that is looked at, "" if it had that value.
        Back in time, raises ParameterError for one that is not live."""
        if self.shown[name] == value:
            return ""
        if self.at is not None:
            self.moment.draft[name] = checked_live(self.card.parameters, name, value)
            return "draft"
        self.values[name] = value
        if self.state in ("ready", "stopped"):
            return "set"
        if self.card.parameters[name].live and self.moment.restart_at is None:
            if self.moment.answers(name) and not self.afresh:
                self.moment.tweak_after(name, value)
                return "after"
            if self.run is not None and self.active:
                self.run.tweak(name, value)
                self.moment.begun_with = self.settings
                return "live"
        self.begin_again()
        return "restart"

    def begin_again(self) -> None:
        """Begin the run again as soon as no key has asked for it for a while."""
        self.moment.restart_at = time.monotonic() + RESTART_AFTER

    def defaults(self) -> None:
        """All parameters back to their defaults; the run begins again."""
        self._to_now()
        self.values = dict(self.card.defaults)
        self.begin_again()

    def look(self, xray: bool) -> None:
        self.xray = xray
        if self.run is not None:
            self.run.look(xray)

    def reload(self) -> str:
        """Read the scene's file again; what is wrong with it, or nothing."""
        card = catalog.describe(self.card.path, self.card.root)
        if card is None or card.broken:
            gone = f"{self.card.path.name} has no Scene class any more"
            self.outdated = card.broken if card else gone
            return self.outdated
        if card.digest != self.card.digest or self.outdated:
            self.outdated = "the file has changed"
        self.card = card
        kept = {}
        for name, parameter in card.parameters.items():
            try:
                kept[name] = parameter.check(self.values[name])
            except (KeyError, ValueError):
                kept[name] = parameter.default
        self.values = kept
        return ""

    def close(self) -> None:
        super().close()
        self._follow_plan()

    def poll(self) -> bool:
        moment = self.moment
        if moment.restart_at is not None and time.monotonic() >= moment.restart_at:
            self.start()
            return True
        if moment.live is None:
            return False
        batch = moment.take()
        self._follow_plan()
        moment.notice_loss()
        if moment.deaf:
            moment.unanswered = False
            self.begin_again()
        if moment.part() and moment.live.state != "over":
            moment.live.pace(self.pace)
        moment.rate.measure(self.history.tick, self.state == "running")
        return bool(batch)

    def _follow_plan(self) -> None:
        """What the run turned by itself is what the parameters are now."""
        awaited = self.moment.awaited
        while awaited and awaited[0].tick <= self.moment.history.tick:
            tweak = awaited.pop(0)
            self.values[tweak.name] = tweak.value
            self.moment.begun_with = self.settings
