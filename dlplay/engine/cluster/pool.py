"""Runs made elsewhere, as a pool: what is done already is taken up, the rest is queued."""

from __future__ import annotations

import os
import shlex
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dlplay.author.files import absolute
from dlplay.author.parameters.settings import own_files
from dlplay.course.catalog import built_in
from dlplay.engine.cluster import kept
from dlplay.engine.cluster.job import RECORDED, TERMINATED, Made
from dlplay.engine.history import History
from dlplay.engine.live import signal_in_words
from dlplay.engine.pool import Ended, Job, Running, Watch, unwatched
from dlplay.wire.events import Finished, Started
from dlplay.words.address import address


@dataclass(frozen=True)
class Task:
    """What a queue is given: the words after `dlplay`, and where the recording is to lie. `number`:
    no other task of the pool has it."""

    number: int
    words: tuple[str, ...]
    target: Path


@dataclass(frozen=True)
class Lost:
    """A job that brought nothing back; the message says why, as far as is known."""

    message: str


class Queue(Protocol):
    """What machines are asked through. Open it with `with`: at its end, whatever was submitted and
    is not over is cancelled.

    `pause`: seconds between two looks. Its methods raise NoPlace where nobody answers.
    """

    @property
    def pause(self) -> float: ...

    def __enter__(self) -> Queue: ...
    def __exit__(self, *error: object) -> None: ...

    def submit(self, tasks: Sequence[Task]) -> None: ...

    def over(self) -> Iterator[tuple[Task, Made | Lost]]:
        """The tasks that have ended since it was last asked."""

    def waits(self, task: Task) -> bool:
        """Whether it is known to have no machine yet."""


class Elsewhere:
    """A pool whose runs are made by a queue, and recorded in a folder."""

    def __init__(
        self,
        jobs: Iterable[Job],
        queue: Queue,
        folder: Path,
        *,
        at_once: int,
        device: str,
        histories: bool,
    ) -> None:
        self._queue = queue
        self._folder = folder
        self._waiting = deque(jobs)
        self._total = len(self._waiting)
        self._under: dict[Task, Running] = {}
        self._begun = 0
        self._at_once = at_once
        self._device = device
        self._histories = histories
        self._stop = threading.Event()

    def add(self, jobs: Iterable[Job]) -> None:
        more = list(jobs)
        self._waiting += more
        self._total += len(more)

    def stop(self) -> None:
        self._stop.set()

    def run(self, ended: Ended, watch: Watch = unwatched) -> None:
        while self._waiting and not self._stop.is_set():  # what is all done needs no queue
            if (task := self._first(ended)) is not None:
                with self._queue:
                    self._make(task, ended, watch)
            self._tell(watch)

    def _make(self, task: Task, ended: Ended, watch: Watch) -> None:
        more = [task]
        while True:
            while len(self._under) < self._at_once and not self._stop.is_set():
                following = self._first(ended)
                if following is None:
                    break
                more.append(following)
            if more:
                self._queue.submit(more)
                more = []
            for over, outcome in self._queue.over():
                ended(self._ended(self._under.pop(over), over, outcome))
            self._tell(watch)
            if self._stop.is_set():
                self._take_up(ended)
            if self._stop.is_set() or not (self._under or self._waiting):
                return
            if self._under:
                self._stop.wait(self._queue.pause)

    def _take_up(self, ended: Ended) -> None:
        """Of what is under way, that whose recording is there though its job is not over yet."""
        for task, running in [*self._under.items()]:
            if (replay := kept.done(task.target, running.job)) is not None:
                running.history, running.finished = replay.history, replay.summary
                ended(self._under.pop(task))

    def _tell(self, watch: Watch) -> None:
        for task, each in self._under.items():
            each.queued = self._queue.waits(task)
        under = [*self._under.values()]
        watch(under, self._total - len(self._waiting) - len(under), self._total)

    def _first(self, ended: Ended) -> Task | None:
        """The next run that is not done yet, as a task under way; None if there is none."""
        while self._waiting and not self._stop.is_set():
            job = self._waiting.popleft()
            target = kept.file_of(self._folder, job, self._device)
            running = Running(job, History() if self._histories else None, target)
            if (replay := kept.done(target, job)) is not None:
                running.history, running.finished = replay.history, replay.summary
                ended(running)
                continue
            kept.tidy(target)
            self._begun += 1
            task = Task(self._begun, command(job, self._device), target)
            self._under[task] = running
            return task
        return None

    def _ended(self, running: Running, task: Task, outcome: Made | Lost) -> Running:
        if isinstance(outcome, Lost):
            running.finished = self._failed(running.job, outcome.message)
            return running
        code, said, _ = outcome
        replay = kept.whole(task.target) if code in RECORDED else None
        if replay is None:
            running.finished = self._failed(running.job, said_of(code, said))
        elif strange := kept.other(replay, running.job):
            running.finished = self._failed(running.job, strange)
        else:
            running.history, running.finished = replay.history, replay.summary
        return running

    def _failed(self, job: Job, message: str) -> Finished:
        return Started(
            scene=job.card.id,
            seed=job.seed,
            device=self._device,
            parameters=job.card.defaults | dict(job.settings),
        ).ended("failed", message=message)


def command(job: Job, device: str) -> tuple[str, ...]:
    """The words after `dlplay` that make this run on a machine whose working folder may differ."""
    card = job.card
    values = card.defaults | dict(job.settings)
    values |= {name: absolute(str(values[name])) for name in own_files(card.parameters, values)}
    words = ["run", *shlex.split(address(card, values, job.seed, device, sabotage=job.sabotage))]
    if not job.looks:
        words.append("--no-looks")
    root = os.path.realpath(card.root)
    if root != os.path.realpath(built_in()):
        words += ["--scenes", root]
    return tuple(words)


def said_of(code: int, said: str) -> str:
    """Why a run left no recording that is whole: its last words, or how it ended."""
    if code in TERMINATED:
        return "the run was told to end before it was done"
    if code < 0:
        return f"the run was ended by {signal_in_words(-code)}"
    lines = [line.removeprefix("dlplay: ") for line in said.splitlines() if line.strip()]
    if lines and lines[-1].startswith("--scenes: there is no folder"):
        return f"{lines[-1]} on the machine that was to make the run; it must lie there, too"
    return lines[-1] if lines else f"the run ended by itself (exit code {code}) without a recording"
