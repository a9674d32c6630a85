"""A sweep as the interface sees it: made in a thread, looked at by a timer. No widgets here."""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dlplay.author.parameters.base import Value
from dlplay.course.catalog import SceneCard
from dlplay.engine.cluster.places import place
from dlplay.engine.launcher import Launcher
from dlplay.engine.pool import Job, Running
from dlplay.engine.recordings.library import Library
from dlplay.engine.recordings.recorder import RunRecorder
from dlplay.engine.sweeps.runs import Sweep, Sweeping, SweepRun

GLANCE = 0.25  # seconds between two looks at the curves of the runs under way
PATIENCE = 10.0  # seconds at most until its processes are gone
MOST_RUNS = 1000  # of one sweep


@dataclass(frozen=True)
class Wish:
    """What a sweep may be asked about: a scene, its present settings, the chosen parameter."""

    card: SceneCard
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    seed: int = 0
    device: str = "auto"
    busy: int = 0  # runs that are under way already


@dataclass(frozen=True)
class Plan:
    """What is to be run: these values, each with so many seeds, so many processes at once.

    `on`: the machines that make the runs, as `--on` names them; unless empty, they see to how many
    run at once. `apart`: each run alone, where several could be trained as one batch.
    """

    wish: Wish
    name: str
    values: list[Any]
    seeds: int
    jobs: int
    on: str = ""
    apart: bool = False

    @property
    def runs(self) -> int:
        return len(self.values) * self.seeds

    @property
    def settings(self) -> dict[str, Any]:
        """The other parameters, where they differ from the defaults."""
        defaults = self.wish.card.defaults
        return {
            name: value
            for name, value in self.wish.settings.items()
            if name != self.name and value != defaults[name]
        }


@dataclass(frozen=True)
class UnderWay:
    """A run that is not over: which, how far it is, and its curves so far. `told`: all that is
    known of it where it is made on another machine."""

    value: Value
    seed: int
    share: float
    so_far: SweepRun | None = None
    told: str = ""


class LiveSweep:
    """A sweep that goes on beside the interface.

    `found`: what has finished. `under`: the runs under way. `version` grows with every change.
    """

    def __init__(
        self, sweeping: Sweeping, settings: Mapping[str, Any] | None = None, on: str = ""
    ) -> None:
        """`settings`: what the runs were given, but for the parameter that is swept. `on`: as a
        `Plan` has it."""
        self.sweeping = sweeping
        self.settings = dict(settings or {})
        self.on = on
        self.found = self._copy()
        self.under: tuple[UnderWay, ...] = ()
        self.version = 0
        self.trouble = ""
        self._seen = (-1, 0.0, False)
        self._looked = 0.0
        self._stopping = False
        self._under: tuple[UnderWay, ...] = ()  # the thread's own; replaced, never changed
        self._thread = threading.Thread(target=self._work, daemon=True)

    @classmethod
    def of(cls, plan: Plan, launcher: Launcher, library: Library | None = None) -> LiveSweep:
        """The sweep of a plan; ParameterError or NoPlace for one that cannot be."""
        wish = plan.wish

        def record(job: Job) -> RunRecorder:
            assert library is not None
            return library.recorder(
                job.card, seed=job.seed, device=wish.device, settings=job.settings
            )

        sweeping = Sweeping(
            wish.card,
            plan.name,
            plan.values,
            seeds=plan.seeds,
            first_seed=wish.seed,
            settings=plan.settings,
            jobs=None if plan.on else plan.jobs,
            device=wish.device,
            launcher=place(plan.on) if plan.on else launcher,
            histories=True,
            record=record if library is not None else None,
            apart=plan.apart,
        )
        return cls(sweeping, wish.settings, plan.on)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Begin no other run and end those under way; what has finished stays."""
        self._stopping = self.active
        self.sweeping.stop()

    def close(self) -> None:
        """Stop it, and wait until no process of it is left."""
        self.stop()
        if self.active:
            self._thread.join(PATIENCE)

    @property
    def active(self) -> bool:
        return self._thread.is_alive()

    @property
    def state(self) -> str:
        """running, stopping, done, stopped, or failed: the sweep itself, not one of its runs."""
        if self.active:
            return "stopping" if self._stopping else "running"
        if self.trouble:
            return "failed"
        return "stopped" if len(self.found.runs) < self.found.total else "done"

    @property
    def command(self) -> str:
        """What to write to make this sweep again, there."""
        there = f" {shlex.join(['--on', self.on])}" if self.on else ""
        return self.found.command + there

    @property
    def share(self) -> float:
        """How much of it is done, from 0 to 1."""
        done = len(self.found.runs) + sum(run.share for run in self.under)
        return done / self.found.total

    @property
    def drawn(self) -> Sweep:
        """What has finished and, where no run of a value has, what is under way."""
        over = {run.value for run in self.found.runs}
        growing = [run.so_far for run in self.under if run.so_far and run.value not in over]
        return replace(self.found, runs=[*self.found.runs, *growing])

    def values(self, run: SweepRun) -> dict[str, Any]:
        """All parameters of one of its runs."""
        found = self.found
        return found.card.defaults | self.settings | {found.parameter.name: run.value}

    def poll(self) -> bool:
        """Take in what is new; whether anything is."""
        seen = (len(self.sweeping.result.runs), self._looked, self.active)
        if seen == self._seen:
            return False
        self._seen = seen
        self.found, self.under = self._copy(), self._under
        self.version += 1
        return True

    def _copy(self) -> Sweep:
        result = self.sweeping.result
        return replace(result, runs=list(result.runs), axes=dict(result.axes))

    # In the thread

    def _work(self) -> None:
        try:
            self.sweeping.run(self._watch)
        except Exception as error:
            self.trouble = str(error) or type(error).__name__
        finally:
            self._under = ()
            self._looked = time.monotonic()

    def _watch(self, under: Sequence[Running], over: int, total: int) -> None:
        now = time.monotonic()
        if now < self._looked + GLANCE and over == len(self.found.runs):
            return
        name = self.sweeping.result.parameter.name
        self._under = tuple(self._look(run, run.job.settings[name]) for run in under)
        self._looked = now

    def _look(self, run: Running, value: Value) -> UnderWay:
        if self.on:
            return UnderWay(value, run.job.seed, 0.0, told="queued" if run.queued else "under way")
        return UnderWay(value, run.job.seed, run.done, self.sweeping.so_far(run))
