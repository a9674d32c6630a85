"""Runs scenes at their defaults, several at a time, and gathers how every claim stands."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dlplay import events
from dlplay.catalog import SceneCard
from dlplay.claims import ClaimResult

if TYPE_CHECKING:
    from dlplay.engine.live import LiveRun

POLL = 0.05  # seconds between two looks at the runs under way
WORST = ("failed", "diverged", "stopped", "done")  # of several statuses, the first found counts


@dataclass(frozen=True)
class Job:
    """One scene to run at its defaults with one seed."""

    card: SceneCard
    seed: int


@dataclass
class Running:
    """A run under way, and how far it is."""

    job: Job
    run: LiveRun
    done: float = 0.0  # share of its loop
    finished: events.Finished | None = None


@dataclass
class Verdict:
    """One claim of one scene over all its seeds; or, with `claim` None, a scene without claims."""

    scene: str
    name: str | None
    claim: str | None
    status: str
    message: str
    results: dict[int, ClaimResult | None] = field(default_factory=dict)

    @property
    def holds(self) -> bool | None:
        """Whether it holds with every seed; None where it was not measured with some."""
        stands = [result.holds if result else None for result in self.results.values()]
        if False in stands:
            return False
        return None if None in stands else True


Summaries = dict[str, dict[int, events.Finished]]  # scene, seed -> summary


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_all(
    cards: Sequence[SceneCard],
    *,
    seeds: int = 1,
    jobs: int = 0,
    device: str = "auto",
    watch: Callable[[list[Running], int, int], None] = lambda under, over, total: None,
) -> Summaries:
    """Run every scene with seeds 0 to `seeds` - 1, each run in a process of its own.

    `jobs` at a time: as many as there are cores, unless given. `watch` is told of the runs under
    way, how many are over, and of how many. If interrupted, it ends the processes first.
    """
    from dlplay.engine.live import Launcher

    waiting = deque(Job(card, seed) for card in cards for seed in range(seeds))
    total, jobs = len(waiting), jobs or cores()
    over: Summaries = {}
    under: list[Running] = []
    launcher = Launcher()
    launcher.warm()
    try:
        while waiting or under:
            # One at a time: starting a process is not safe in several threads at once.
            starting = any(each.run.state == "starting" for each in under)
            if waiting and len(under) < jobs and not starting:
                job = waiting.popleft()
                run = launcher.start(job.card, seed=job.seed, device=device)
                under.append(Running(job, run))
            for each in under:
                _listen(each)
            for each in under:
                if each.finished is not None:
                    over.setdefault(each.job.card.id, {})[each.job.seed] = each.finished
            under = [each for each in under if each.finished is None]
            watch(under, total - len(waiting) - len(under), total)
            if under:
                time.sleep(POLL)
    finally:
        for each in under:
            each.run.kill()
        for each in under:
            each.run.wait()
    return over


def _listen(under: Running) -> None:
    over = under.run.state == "over"  # asked first: what was sent before it is then all there
    for event in under.run.drain():
        if isinstance(event, events.Progress):
            under.done = event.step / max(event.total, 1)
        elif isinstance(event, events.Finished):
            under.finished = event
    if over and under.finished is None:
        raise RuntimeError(f"{under.job.card.id} ended without a summary")


def verdicts(cards: Sequence[SceneCard], finished: Summaries) -> Iterator[Verdict]:
    """Every claim of these scenes over all seeds, in order."""
    for card in cards:
        runs = finished[card.id]
        status = min((run.status for run in runs.values()), key=WORST.index)
        messages = (f"seed {s}: {run.message}" for s, run in runs.items() if run.message)
        message = "; ".join(messages)
        if not card.claims:
            yield Verdict(card.id, None, None, status, message)
        for claim in card.claims:
            results = {
                seed: next((r for r in run.claims if r.name == claim.name), None)
                for seed, run in runs.items()
            }
            yield Verdict(card.id, claim.name, claim.text, status, message, results)
