"""What may be watched on a stage, whether it is still going on or was recorded."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from dlplay.course.catalog import SceneCard
from dlplay.engine.history import History
from dlplay.engine.live import LiveRun
from dlplay.engine.recordings.library import Library, UnknownRun
from dlplay.engine.timeline import begun_with, marks, parameters_at
from dlplay.tui.model.moment import Moment
from dlplay.tui.model.pace import TICK, nearest, next_pace, played
from dlplay.tui.model.pins import Pin, next_name
from dlplay.tui.model.veil import Veil
from dlplay.words.address import line_of
from dlplay.words.sabotage import told

ACTIVE = ("starting", "repeating", "running", "paused", "stopping")


class Watched(ABC):
    """A scene, its run of the moment and the pinned ones: to look at, through all its time.

    `state`: ready (nothing ran yet), starting, repeating (a branch on its way to where it parts),
    running, paused, stopping, or how the run ended: done, stopped, diverged, failed, unfinished.
    """

    recorded = False  # whether nothing can start or turn it
    veil: Veil | None = None  # while the settings are a riddle: what hides them
    afresh = False  # whether a finished run begins again for each change, a live one too
    outdated = ""  # why what is seen is not what the file says now

    def __init__(
        self,
        card: SceneCard,
        values: dict[str, Any],
        *,
        seed: int,
        device: str,
        library: Library | None = None,
    ) -> None:
        """`library`: where the recordings of pinned runs are marked; None: nowhere."""
        self.card = card
        self.values = values
        self.seed = seed
        self.device = device
        self.library = library
        self.pace = nearest(card.pace) if card.is_page else 0
        self.xray = False
        self.pins: list[Pin] = []
        self.moment = Moment()

    # How it stands

    @property
    @abstractmethod
    def state(self) -> str: ...

    def poll(self) -> bool:
        """Take in what has come from the run; whether there was anything."""
        return False

    def close(self) -> None:
        """End the run's process and its recording, if there are any."""
        self.moment.close()

    def leave(self) -> str:
        """Why it is not to be left at the first word; empty where it may be."""
        return ""

    @property
    def veiled(self) -> bool:
        """Whether the settings are a riddle: none of them is shown."""
        return self.veil is not None

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    @property
    def runs(self) -> int:
        """Counts the runs that were shown, so that a watcher notices a new one."""
        return self.moment.number

    @property
    def run(self) -> LiveRun | None:
        """The process, if there is one."""
        return self.moment.live

    @property
    def history(self) -> History:
        return self.moment.shown

    @property
    def recording(self) -> Path | None:
        """The file of the run that is shown."""
        return self.moment.recording

    @property
    def warning(self) -> str:
        return self.moment.warning

    @property
    def sabotaged(self) -> str:
        """How the run that is shown was spoilt on purpose; empty of a healthy one."""
        begun = self.history.started
        return told(begun.sabotage) if begun is not None else ""

    @property
    def after(self) -> bool:
        """Whether what is seen was turned after the end of the run, and is no part of it."""
        return bool(self.history.after) and self.at is None

    def take_note(self) -> str:
        """Something that happened by itself, to be said once."""
        note, self.moment.note = self.moment.note, ""
        return note

    @property
    def gone(self) -> bool:
        """Whether the run is over and its process is there no more, to look into it."""
        return self.history.finished is not None and not (self.active or self.moment.lingering)

    @property
    def waits(self) -> tuple[str, ...]:
        """What a run that has begun waits for, and what was asked of it meanwhile."""
        return ()

    @property
    def rate(self) -> float:
        """Steps a second, lately."""
        return self.moment.rate.value

    @property
    def repeated(self) -> tuple[int, int]:
        """How far a branch has repeated, and where it parts."""
        parting = self.moment.parting
        return (self.moment.history.tick, parting.tick) if parting is not None else (0, 0)

    @property
    def stale(self) -> bool:
        """Whether the settings are no longer those of the run that is shown."""
        return self.runs > 0 and self.settings != self.moment.begun_with

    @property
    def settings(self) -> tuple[Any, ...]:
        """All that a run depends on."""
        return (self.seed, self.device, *self.values.items())

    @property
    def shown(self) -> dict[str, Any]:
        """The parameters as they are looked at: now, or at a step back in time."""
        if self.at is None:
            return dict(self.values)
        return self.values | parameters_at(self.history, self.at) | self.moment.draft

    @property
    def address(self) -> str:
        """The command that makes the run that is shown again anywhere, with all that was turned
        on its way; or one with the settings as they are now, if they are others."""
        begun = self.history.started
        if begun is None or self.stale:
            return line_of(self.card, "open", self.values, self.seed, self.device)
        turned = self.history.tweaks
        values = begun_with(self.history)
        return line_of(self.card, "open", values, begun.seed, self.device, turned, begun.sabotage)

    # Its time

    @property
    def at(self) -> int | None:
        """The tick that is looked at; None: now."""
        return self.moment.at

    @property
    def tick(self) -> int:
        """The tick that is looked at, or the last."""
        return self.history.tick if self.at is None else self.at

    def seek(self, tick: int) -> None:
        """Look at the run as it was at a tick; at its last, or beyond, is now once more."""
        self.moment.playing = False
        self._look_at(tick)

    def _look_at(self, tick: int) -> None:
        if self.moment.parting is not None:
            return
        tick = max(tick, 0)
        self.moment.at = tick if tick < self.history.tick else None
        if self.at is None:
            self.moment.draft = {}

    def travel(self, share: float) -> None:
        """Go through time by a share of the run, by one step at least."""
        step = max(1, round(self.history.tick * abs(share)))
        self.seek(self.tick + (step if share > 0 else -step))

    @property
    def playing(self) -> bool:
        """Whether the tick that is looked at goes forward by itself, until it is now."""
        return self.moment.playing and self.at is not None

    @property
    def frame(self) -> float:
        """Seconds between two frames of what plays: a step each at a slow pace."""
        return max(1 / played(self.pace, self.history.tick), TICK)

    def toggle(self) -> None:
        """Play what is kept, or pause; after the last step, from the first one on."""
        if self.playing:
            self.moment.playing = False
            return
        if self.at is None:
            self.seek(1)
        self.moment.playing, self.moment.owed = True, 0.0

    def step(self) -> None:
        """One step forward, and no further."""
        self.seek(self.tick + 1)

    def play_on(self) -> None:
        """One frame on, if it plays."""
        if self.playing:
            steps = self.moment.owed + self.frame * played(self.pace, self.history.tick)
            # What a rounding takes from a whole step is no step less.
            self.moment.owed, whole = math.modf(steps + 1e-9)
            self._look_at(self.tick + int(whole))

    def change_pace(self, by: int) -> None:
        """Show what plays, and runs to come, faster or slower."""
        self.pace = next_pace(self.pace, by)

    def next_mark(self, forward: bool) -> int | None:
        """The tick of the next mark after the one that is looked at, or before it."""
        ticks = [mark.tick for mark in marks(self.history)]
        if forward:
            return min((tick for tick in ticks if tick > self.tick), default=None)
        return max((tick for tick in ticks if tick < self.tick), default=None)

    # Pinned runs

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
            self.moment.warning = f"the recording could not be marked: {error}"
