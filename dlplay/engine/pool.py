"""Many runs, some at a time, each in a process of its own: what checks and sweeps share."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

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
    """A run under way or just over; `history` and `recorder` where they were asked for."""

    job: Job
    run: LiveRun | Lane
    history: History | None = None
    recorder: RunRecorder | None = None
    done: float = 0.0  # share of its loop
    finished: events.Finished | None = None

    @property
    def alone(self) -> bool:
        """Whether it has a process of its own, and is no run of a batch."""
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
Watch = Callable[[list[Running], int, int], None]  # runs under way, how many are over, of how many


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
        self._under: list[Running] = []
        self._at_once = max(1, at_once)
        self._device = device
        self._histories = histories
        self._record = record
        self._stop = threading.Event()

    def stop(self) -> None:
        """Begin no further run and end those under way; from any thread, at any time."""
        self._stop.set()

    def run(
        self,
        ended: Callable[[Running], None],
        watch: Watch = lambda under, over, total: None,
    ) -> None:
        """Make the runs; returns when all are over, or after `stop`.

        `ended` is given each run that came to its own end, `watch` is told regularly how it goes.
        However this ends, by an exception too, no process stays behind.
        """
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
        self._under.append(Running(job, run, history, recorder))

    def _again(self, over: Running) -> bool:
        """What fails in a batch is made alone: it may have been another's fault."""
        assert over.finished is not None
        if over.alone or over.finished.status != "failed":
            return False
        self._waiting.append(over.job)
        return True
