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
    from dlplay.engine.lanes import Lane
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


@dataclass(frozen=True)
class Batch:
    """Runs that differ in the parameter `name` alone, to be trained as one in one process."""

    name: str
    jobs: Sequence[Job]


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

    @property
    def alone(self) -> bool:
        """Whether it has a process of its own, and is no run of a batch."""
        return True


@dataclass(kw_only=True)
class Here(Running):
    """One in a child process of ours."""

    run: LiveRun | Lane
    recorder: RunRecorder | None = None

    @property
    def alone(self) -> bool:
        return self.run.whole is self.run

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
    `room`: how many at a time, unless told; `spare`: the same, with a core left for who watches;
    `batches`: whether runs can be trained as one batch there."""

    batches: bool

    @property
    def room(self) -> int: ...

    @property
    def spare(self) -> int: ...

    def pool(
        self,
        jobs: Iterable[Job | Batch],
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


def most_at_once() -> int:
    """The most processes at a time that are no harm here: more than there are cores for are slower
    together."""
    return max(64, 4 * cores())


def one_by_one(jobs: Iterable[Job | Batch]) -> list[Job]:
    """The runs, each alone."""
    return [job for each in jobs for job in (each.jobs if isinstance(each, Batch) else [each])]


class Pool:
    """Makes these runs in their order, `at_once` processes at a time; with `histories`, keeps each
    run's History until it has been handed over; with `record`, records each."""

    def __init__(
        self,
        launcher: Launcher,
        jobs: Iterable[Job | Batch],
        *,
        at_once: int,
        device: str = "auto",
        histories: bool = False,
        record: Record | None = None,
    ) -> None:
        self._launcher = launcher
        self._waiting = deque(jobs)
        self._total = self._left
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
                    if each.finished is not None and not self._again(each):
                        ended(each)
                self._under = [each for each in self._under if each.finished is None]
                over = self._total - self._left - len(self._under)
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

    @property
    def _left(self) -> int:
        """Runs that have not begun."""
        return sum(len(each.jobs) if isinstance(each, Batch) else 1 for each in self._waiting)

    def _begin(self) -> None:
        while self._waiting and len({id(each.run.whole) for each in self._under}) < self._at_once:
            todo = self._waiting.popleft()
            if isinstance(todo, Batch):
                self._begin_batch(todo)
                continue
            run = self._launcher.start(
                todo.card,
                dict(todo.settings),
                seed=todo.seed,
                device=self._device,
                looks=todo.looks,
                sabotage=todo.sabotage,
            )
            self._add(todo, run)

    def _begin_batch(self, batch: Batch) -> None:
        first = batch.jobs[0]
        run = self._launcher.start_batch(
            first.card,
            batch.name,
            [job.settings[batch.name] for job in batch.jobs],
            {name: value for name, value in first.settings.items() if name != batch.name},
            seed=first.seed,
            device=self._device,
        )
        for job, lane in zip(batch.jobs, run.lanes, strict=True):
            self._add(job, lane)

    def _add(self, job: Job, run: LiveRun | Lane) -> None:
        history = None
        if self._histories:
            from dlplay.engine.history import History

            history = History()
        recorder = self._record(job) if self._record is not None else None
        path = recorder.path if recorder is not None else None
        self._under.append(Here(job, history, path, run=run, recorder=recorder))

    def _again(self, over: Here) -> bool:
        """What fails in a batch is made alone: it may have been another's fault."""
        assert over.finished is not None
        if over.alone or over.finished.status != "failed":
            return False
        self._waiting.append(over.job)
        return True
