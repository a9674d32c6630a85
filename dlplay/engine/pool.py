"""Many runs, some at a time, each in a process of its own: what checks and sweeps share."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dlplay.course.catalog import SceneCard
from dlplay.wire import events

if TYPE_CHECKING:
    from dlplay.engine.history import History
    from dlplay.engine.launcher import Launcher
    from dlplay.engine.live import LiveRun
    from dlplay.engine.recordings.recorder import RunRecorder

POLL = 0.05  # seconds between two looks at the runs under way


@dataclass(frozen=True)
class Job:
    """One run to make: a scene, a seed, and the settings that differ from its defaults.

    `looks`, `sabotage`: as `Launcher.start` takes them. `number`: the caller's own.
    """

    card: SceneCard
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    looks: bool = True
    sabotage: str = ""
    number: int = 0


@dataclass
class Running:
    """A run under way or just over, wherever it is made; `history` and `recording` (its file) where
    they were asked for. `done`: the share of its loop, where it is known. `queued`: whether it
    still waits for a machine."""

    job: Job
    history: History | None = None
    recording: Path | None = None
    done: float = 0.0
    queued: bool = False
    finished: events.Finished | None = None


@dataclass(kw_only=True)
class Here(Running):
    """One in a child process of ours."""

    run: LiveRun
    recorder: RunRecorder | None = None

    def listen(self) -> None:
        """Take in what has come. RuntimeError if the run ended without a summary."""
        over = self.run.state == "over"  # asked first: what was sent before it is then all there
        self._take()
        if self.finished is not None:
            self.close()
        elif over:
            raise RuntimeError(f"{self.job.card.id} ended without a summary")

    def end(self) -> None:
        """End its process now, if there is one still; its recording has what had come."""
        self._take()
        self.run.kill()
        self.close()

    def close(self) -> None:
        """End its recording."""
        if self.recorder is not None:
            self.recorder.close()

    def _take(self) -> None:
        batch = self.run.drain()
        if self.recorder is not None:
            self.recorder(batch)
        if self.history is not None:
            self.history.feed(batch)
        for event in batch:
            if isinstance(event, events.Progress):
                self.done = event.step / max(event.total, 1)
            elif isinstance(event, events.Finished):
                self.finished = event


Record = Callable[["Job"], "RunRecorder"]
Ended = Callable[[Running], None]
Watch = Callable[[Sequence[Running], int, int], None]  # under way, how many are over, of how many


def unwatched(under: Sequence[Running], over: int, total: int) -> None:
    """A watch that looks away."""


class AnyPool(Protocol):
    """Runs that are to be made, somewhere."""

    def add(self, jobs: Iterable[Job]) -> None:
        """More runs, behind those that wait; also from `ended` and `watch`."""

    def run(self, ended: Ended, watch: Watch = unwatched) -> None:
        """Make the runs; returns when all are over, or after `stop`.

        `ended` is given each run that came to its own end, `watch` is told regularly how it goes.
        However this ends, by an exception too, no process stays behind.
        """

    def stop(self) -> None:
        """Begin no further run and end those under way; from any thread, at any time."""


class Where(Protocol):
    """Where runs are made: a Launcher makes them in child processes, a Cluster on other machines.
    `room`: how many at a time, unless told; `spare`: the same, with a core left for who watches."""

    @property
    def room(self) -> int: ...

    @property
    def spare(self) -> int: ...

    def pool(
        self,
        jobs: Iterable[Job],
        *,
        at_once: int,
        device: str = "auto",
        histories: bool = False,
        record: Record | None = None,
    ) -> AnyPool:
        """A pool of these runs, as `Pool` takes them."""


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Pool:
    """Makes these runs in their order, `at_once` of them at a time; with `histories`, keeps each
    run's History until it has been handed over; with `record`, records each."""

    def __init__(
        self,
        launcher: Launcher,
        jobs: Iterable[Job],
        *,
        at_once: int,
        device: str = "auto",
        histories: bool = False,
        record: Record | None = None,
    ) -> None:
        self._launcher = launcher
        self._waiting = deque(jobs)
        self._total = len(self._waiting)
        self._under: list[Here] = []
        self._at_once = max(1, at_once)
        self._device = device
        self._histories = histories
        self._record = record
        self._stop = threading.Event()

    def add(self, jobs: Iterable[Job]) -> None:
        more = list(jobs)
        self._waiting += more
        self._total += len(more)

    def stop(self) -> None:
        self._stop.set()

    def run(self, ended: Ended, watch: Watch = unwatched) -> None:
        try:
            while self._waiting or self._under:
                if not self._stop.is_set():
                    self._begin()
                for each in self._under:
                    each.listen()
                    if each.finished is not None:
                        ended(each)
                self._under = [each for each in self._under if each.finished is None]
                over = self._total - len(self._waiting) - len(self._under)
                watch(self._under, over, self._total)
                if self._stop.is_set():
                    return
                if self._under:
                    self._stop.wait(POLL)
        finally:
            for each in self._under:
                each.end()
            for each in self._under:
                each.run.wait()

    def _begin(self) -> None:
        while self._waiting and len(self._under) < self._at_once:
            job = self._waiting.popleft()
            history = None
            if self._histories:
                from dlplay.engine.history import History

                history = History()
            run = self._launcher.start(
                job.card,
                dict(job.settings),
                seed=job.seed,
                device=self._device,
                looks=job.looks,
                sabotage=job.sabotage,
            )
            recorder = self._record(job) if self._record is not None else None
            path = recorder.path if recorder is not None else None
            self._under.append(Here(job, history, path, run=run, recorder=recorder))
