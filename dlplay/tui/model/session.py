"""A scene on the stage: its settings, its run and the run's history. No widgets here."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dlplay.author.scene import checked_live
from dlplay.course import catalog
from dlplay.course.catalog import SceneCard
from dlplay.engine.branch import branch
from dlplay.engine.history import History
from dlplay.engine.live import Launcher, LiveRun
from dlplay.engine.recordings.library import Library, UnknownRun
from dlplay.engine.recordings.recorder import RunRecorder
from dlplay.engine.timeline import parameters_at
from dlplay.tui.model.pins import Pin, next_name
from dlplay.wire import events
from dlplay.words.address import address

RESTART_AFTER = 0.3  # seconds of silence after the last key that asks for a restart
ACTIVE = ("starting", "repeating", "running", "paused", "stopping")


class Session:
    """What the user does to a scene.

    `state`: ready (nothing ran yet), starting, repeating (a branch on its way to where it parts),
    running, paused, stopping, or how the run ended: done, stopped, diverged, failed.
    """

    recorded = False  # whether this is a recording, which nothing starts or turns
    warning = ""

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
        self._plan = tuple(tweaks)
        self.library = library
        self.recording: Path | None = None  # the file of the run that is shown
        self._recorder: RunRecorder | None = None
        self.card = card
        self.launcher = launcher
        self.values = card.defaults | dict(settings or {})
        self.seed = seed
        self.device = device
        self.run: LiveRun | None = None
        self.history = History()
        self.xray = False
        self.pins: list[Pin] = []
        self.at: int | None = None  # the tick that is looked at; None: now
        self._awaited: list[events.Tweaked] = []  # of the plan, what has not happened yet
        self.draft: dict[str, Any] = {}  # what a branch from there would change
        self._ahead: History | None = None  # a branch's own history, until it is where it parts
        self._parts_at = 0
        self.runs = 0  # counts the runs, so that a watcher notices a new one
        self.rate = 0.0  # steps a second, lately
        self._ran_with: tuple[Any, ...] = ()
        self._restart_at: float | None = None
        self._rate_from: tuple[float, int] | None = None

    # What it is doing

    @property
    def state(self) -> str:
        if self._restart_at is not None:
            return "starting"
        if self._ahead is not None:
            return "repeating"
        if self.history.finished is not None:
            return self.history.finished.status
        if self.run is None:
            return "ready"
        if self.run.state == "over":  # the summary is on its way
            return "stopping"
        return self.run.state

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    @property
    def stale(self) -> bool:
        """Whether the settings are no longer those of the run that is shown."""
        return self.runs > 0 and self._settings() != self._ran_with

    @property
    def shown(self) -> dict[str, Any]:
        """The parameters as they are looked at: now, or at a step back in time."""
        if self.at is None:
            return dict(self.values)
        return self.values | parameters_at(self.history, self.at) | self.draft

    @property
    def repeated(self) -> tuple[int, int]:
        """How far a branch has repeated, and where it parts."""
        return (self._ahead.tick if self._ahead is not None else 0), self._parts_at

    @property
    def address(self) -> str:
        """The command that makes the run that is shown again anywhere, with all that was turned
        on its way; or one with the settings as they are now, if they are others."""
        begun = self.history.started
        if begun is None or self.stale:
            return f"dlplay open {address(self.card, self.values, self.seed, self.device)}"
        line = address(self.card, begun.parameters, begun.seed, self.device, self.history.tweaks)
        return f"dlplay open {line}"

    def _settings(self) -> tuple[Any, ...]:
        return (self.seed, self.device, *self.values.items())

    # What the user asks

    def start(self, paused: bool = False) -> None:
        """Begin a new run with the settings as they are; an old one is ended."""
        tweaks, self._plan = self._plan, ()
        self._begin(self.values, tweaks=tweaks, paused=paused)
        self._awaited = list(tweaks)
        self.history = History()
        self.at = None
        self.runs += 1

    def _begin(
        self,
        settings: dict[str, Any],
        *,
        tweaks: tuple[events.Tweaked, ...] = (),
        paused: bool = False,
    ) -> None:
        self.close()
        self.draft, self._ahead, self._awaited = {}, None, []
        self.warning = ""
        self._restart_at = None
        self._ran_with = self._settings()
        if self.library is not None:
            self._recorder = self.library.recorder(
                self.card, seed=self.seed, device=self.device, settings=settings
            )
            self.recording = self._recorder.path
        self.rate, self._rate_from = 0.0, None
        self.run = self.launcher.start(
            self.card,
            settings,
            seed=self.seed,
            device=self.device,
            paused=paused,
            xray=self.xray,
            tweaks=tweaks,
        )

    def branch(self) -> Pin:
        """Go on from the step that is looked at, with the drafted values, as a new run.

        It repeats the run that is shown up to there, unseen; that one is pinned, and ends if it
        is still going on. Returns its pin. Raises ParameterError where nothing has run.
        """
        at = self.history.tick if self.at is None else self.at
        plan = branch(self.card, self.history, at, self.draft)
        self.values = self.values | parameters_at(self.history, at) | self.draft
        self.seed = plan.seed
        kept = next((pin for pin in self.pins if pin.history is self.history), None) or self.pin()
        self._begin(plan.settings, tweaks=plan.tweaks)
        self.at, self._ahead, self._parts_at = at, History(), at
        return kept

    def _part(self) -> None:
        """The branch is where it parts from the other run, or has ended before: show it."""
        ahead = self._ahead
        if ahead is not None and (ahead.tick > self._parts_at or ahead.finished is not None):
            self.history, self._ahead, self.at = ahead, None, None
            self.runs += 1

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
        self.run, self.history, self.recording = None, history, recording
        self.at, self.warning = None, ""
        self.draft, self._ahead, self._restart_at = {}, None, None
        self._ran_with = self._settings()
        self.rate, self._rate_from = 0.0, None
        self.runs += 1

    def toggle(self) -> None:
        """Start, pause or go on, whichever makes sense; all of it now."""
        if self._ahead is not None:
            return
        self.at, self.draft = None, {}
        if self.run is None or not self.active:
            self.start()
        elif self.run.paused:
            self.run.resume()
        else:
            self.run.pause()

    def step(self) -> None:
        """One step; a run that has not begun begins with it."""
        if self._ahead is not None:
            return
        self.at, self.draft = None, {}
        if self.run is None or not self.active:
            self.start(paused=True)
        assert self.run is not None
        self.run.step()

    def stop(self) -> None:
        if self.run is not None and self.active:
            self.run.stop()

    def set(self, name: str, value: Any) -> str:
        """Give a parameter a value: "live" if it reaches the run, "restart" if the run begins
        again for it, "set" if nothing runs, "draft" for a branch from the step that is looked at,
        "" if it had that value. Back in time, raises ParameterError for one that is not live."""
        if self.shown[name] == value:
            return ""
        if self.at is not None:
            self.draft[name] = checked_live(self.card.parameters, name, value)
            return "draft"
        self.values[name] = value
        if self.run is None or not self.active:
            return "set"
        if self.card.parameters[name].live and self._restart_at is None:
            self.run.tweak(name, value)
            self._ran_with = self._settings()
            return "live"
        self._restart_at = time.monotonic() + RESTART_AFTER
        return "restart"

    def new_seed(self) -> None:
        """Another seed; the scene begins again with it."""
        self.seed = random.SystemRandom().randrange(1, 10_000)
        self.start()

    @property
    def now(self) -> Pin:
        """This run, as a pin would keep it."""
        started = self.history.started
        values = parameters_at(self.history, None) or dict(self.values)
        seed = started.seed if started is not None else self.seed
        return Pin("now", values, seed, self.history, path=self.recording)

    def pin(self) -> Pin:
        """Keep this run beside those that follow, and its recording for good."""
        kept = replace(self.now, name=next_name(self.pins))
        self.pins.append(kept)
        self._note(kept, lambda library, path: library.pin(path, kept.name))
        return kept

    def rename(self, pin: Pin, name: str) -> None:
        """Call a pinned run, and its recording, something else."""
        pin.name = name
        self._note(pin, lambda library, path: library.rename(path, name))

    def drop(self, pin: Pin) -> None:
        """Let a pinned run go; its recording goes when its time has come."""
        self.pins.remove(pin)
        self._note(pin, lambda library, path: library.unpin(path))

    def _note(self, pin: Pin, write: Callable[[Library, Path], None]) -> None:
        """Have the library remember something of a pin's recording, if there is one."""
        if self.library is None or pin.path is None:
            return
        try:
            write(self.library, pin.path)
        except (UnknownRun, OSError) as error:
            self.warning = f"the recording could not be marked: {error}"

    def seek(self, tick: int) -> None:
        """Look at the run as it was at a tick; at its last, or beyond, is now once more."""
        if self._ahead is not None:
            return
        tick = max(tick, 0)
        self.at = tick if tick < self.history.tick else None
        if self.at is None:
            self.draft = {}

    def look(self, xray: bool) -> None:
        self.xray = xray
        if self.run is not None:
            self.run.look(xray)

    def reload(self) -> str:
        """Read the scene's file again; what is wrong with it, or nothing."""
        card = catalog.describe(self.card.path, self.card.root)
        if card is None or card.broken:
            return card.broken if card else f"{self.card.path.name} has no Scene class any more"
        self.card = card
        kept = {}
        for name, parameter in card.parameters.items():
            try:
                kept[name] = parameter.check(self.values[name])
            except (KeyError, ValueError):
                kept[name] = parameter.default
        self.values = kept
        return ""

    def poll(self) -> bool:
        """Take in what has come from the run; whether there was anything."""
        if self._restart_at is not None and time.monotonic() >= self._restart_at:
            self.start()
            return True
        if self.run is None:
            return False
        batch = self._take()
        self._measure_rate()
        return bool(batch)

    def _take(self) -> list[events.AnyEvent]:
        """What has come from the run: into its recording first, then into its history."""
        batch = self.run.drain() if self.run is not None else []
        if self._recorder is not None:
            self._recorder(batch)
            self.warning = self._recorder.trouble or self.warning
        history = self.history if self._ahead is None else self._ahead
        history.feed(batch)
        self._follow_plan(history)
        if history.finished is not None:
            self._end_recording()
        self._part()
        return batch

    def _follow_plan(self, history: History) -> None:
        """What the run turned by itself is what the parameters are now."""
        while self._awaited and self._awaited[0].tick <= history.tick:
            tweak = self._awaited.pop(0)
            self.values[tweak.name] = tweak.value
            self._ran_with = self._settings()

    def _end_recording(self) -> None:
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None

    def close(self) -> None:
        """End the run's process and its recording, if there are any."""
        if self.run is not None and self.run.state != "over":
            self._take()
            self.run.kill()
        self._end_recording()

    def _measure_rate(self) -> None:
        now, tick = time.monotonic(), self.history.tick
        if self.state != "running":
            self._rate_from = None
            return
        if self._rate_from is None:
            self._rate_from = (now, tick)
            return
        then, before = self._rate_from
        if now - then >= 0.5:
            rate = (tick - before) / (now - then)
            self.rate = rate if not self.rate else 0.6 * self.rate + 0.4 * rate
            self._rate_from = (now, tick)
