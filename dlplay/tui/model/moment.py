"""The run of the moment: all that another one replaces when it begins."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dlplay.engine.history import History
from dlplay.engine.live import LiveRun
from dlplay.engine.recordings.recorder import RunRecorder
from dlplay.wire import events

RATE_AFTER = 0.5  # seconds that a rate is measured over


class Rate:
    """Steps a second, lately."""

    def __init__(self) -> None:
        self.value = 0.0
        self._since: tuple[float, int] | None = None

    def measure(self, tick: int, running: bool) -> None:
        """Look at how far the run is; only what it does between two looks counts."""
        now = time.monotonic()
        if not running:
            self._since = None
        elif self._since is None:
            self._since = (now, tick)
        elif now - self._since[0] >= RATE_AFTER:
            then, before = self._since
            rate = (tick - before) / (now - then)
            self.value = rate if not self.value else 0.6 * self.value + 0.4 * rate
            self._since = (now, tick)


@dataclass(frozen=True)
class Parting:
    """Where a branch parts from the run that is shown until then."""

    before: History
    tick: int


@dataclass
class Moment:
    """One run: its process, what has come from it, its recording, and how it is looked at.

    `number`: counts the runs that were shown; 0 before the first. `begun_with`: the session's
    settings then. `awaited`: what the run turns by itself, and has not yet. `at`: the tick that
    is looked at; None: now. `playing`: whether that goes forward by itself; `owed`: a part of a
    step that is still to be played. `draft`: what a branch from there would change.
    """

    number: int = 0
    begun_with: tuple[Any, ...] = ()
    live: LiveRun | None = None
    history: History = field(default_factory=History)
    recorder: RunRecorder | None = None
    recording: Path | None = None
    awaited: list[events.Tweaked] = field(default_factory=list)
    at: int | None = None
    playing: bool = False
    owed: float = 0.0
    draft: dict[str, Any] = field(default_factory=dict)
    parting: Parting | None = None  # of a branch that is not there yet
    restart_at: float | None = None  # when another run takes its place
    warning: str = ""
    note: str = ""  # something that happened by itself, to be said once
    unanswered: bool = False  # whether the finished run has yet to show what was turned
    told_lost: bool = False
    rate: Rate = field(default_factory=Rate)

    @property
    def shown(self) -> History:
        """What is to be seen: of a branch, the other run until the two part."""
        return self.history if self.parting is None else self.parting.before

    def take(self) -> list[events.AnyEvent]:
        """What has come from the run: into its recording first, then into its history."""
        batch = self.live.drain() if self.live is not None else []
        if self.recorder is not None:
            self.recorder(batch)
            self.warning = self.recorder.trouble or self.warning
        self.history.feed(batch)
        if any(isinstance(event, events.Tweaked) for event in batch) and self.unanswered:
            self.unanswered = False
        if self.history.finished is not None:
            self._end_recording()
        return batch

    def part(self) -> bool:
        """Show a branch that is where it parts from the other run, or has ended before; whether
        that is now."""
        history, parting = self.history, self.parting
        if not parting or not (history.tick > parting.tick or history.finished is not None):
            return False
        self.parting, self.at = None, None
        self.number += 1
        return True

    @property
    def lingering(self) -> bool:
        """Whether the run is done and its process still shows what is turned."""
        done = self.history.finished is not None and self.history.finished.status == "done"
        return done and self.live is not None and self.live.lingering

    def answers(self, name: str) -> bool:
        """Whether the finished run, whose looks read this parameter, shows it when it is turned."""
        done = self.history.finished
        return self.lingering and done is not None and name in done.answers

    def tweak_after(self, name: str, value: Any) -> None:
        """Turn a live parameter of the finished run."""
        assert self.live is not None
        self.live.tweak(name, value)
        self.unanswered = True

    @property
    def deaf(self) -> bool:
        """Whether the finished run ended without showing what was turned."""
        return self.unanswered and not self.lingering

    def notice_loss(self) -> None:
        """Say once that the process of the finished run is there no more."""
        if self.live is not None and self.live.lost and not self.told_lost:
            self.told_lost = True
            self.note = "the finished run's process has ended: the next change begins it again"

    def close(self) -> None:
        """End the process and the recording, if there are any."""
        if self.live is not None:
            if self.live.state != "over":
                self.take()
            self.live.kill()  # one that lingers too: it has nothing left to save
        self._end_recording()

    def _end_recording(self) -> None:
        if self.recorder is not None:
            self.recorder.close()
            self.recorder = None
