"""Runs scenes at their defaults, several at a time, and gathers how every claim stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dlplay.course.catalog import SceneCard
from dlplay.engine.pool import Job, Running, Watch, Where, unwatched
from dlplay.wire import events
from dlplay.wire.events import ClaimResult

WORST = ("failed", "diverged", "stopped", "done")  # of several statuses, the first found counts


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


def run_all(
    cards: Sequence[SceneCard],
    *,
    seeds: int = 1,
    jobs: int = 0,
    device: str = "auto",
    launcher: Where | None = None,
    watch: Watch = unwatched,
    over: Summaries | None = None,
) -> Summaries:
    """Run every scene with seeds 0 to `seeds` - 1, without looks, each in a process of its own.

    `launcher`: where the runs are made, here unless given; `jobs` at a time: as many as it has room
    for, unless given. `watch` is told of the runs under way, how many are over, and of how many.
    If interrupted, it ends the processes first; `over`, if given, then has what had finished.
    """
    over = {} if over is None else over

    def ended(each: Running) -> None:
        assert each.finished is not None
        over.setdefault(each.job.card.id, {})[each.job.seed] = each.finished

    where = launcher or warmed()
    todo = [Job(card, seed, looks=False) for card in cards for seed in range(seeds)]
    try:
        where.pool(todo, at_once=jobs or where.room, device=device).run(ended, watch)
    finally:  # in order of seeds, whichever run was over first
        for scene, runs in over.items():
            over[scene] = dict(sorted(runs.items()))
    return over


def warmed() -> Where:
    """Child processes of this one, with torch on its way."""
    from dlplay.engine.launcher import Launcher

    launcher = Launcher()
    launcher.warm()
    return launcher


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
