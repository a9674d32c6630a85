"""Whether tries do what they say, and whether claims notice learning that is spoilt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dlplay.author.tries import BUDGET, Try
from dlplay.course.catalog import SceneCard
from dlplay.engine.check import warmed
from dlplay.engine.pool import Job, Running, Watch, Where, unwatched
from dlplay.wire.events import Finished
from dlplay.words.sabotage import KINDS


@dataclass(frozen=True)
class Trial:
    """One run beside the healthy one: a try, a try's budget alone, or a sabotage."""

    card: SceneCard
    each: Try | None = None
    budget_alone: bool = False
    sabotage: str = ""

    @property
    def settings(self) -> dict[str, Any]:
        if self.each is None:
            return {}
        given = self.each.settings(self.card.parameters)
        return {BUDGET: given[BUDGET]} if self.budget_alone else given


@dataclass
class Outcome:
    """What a trial did to the claims that hold in the healthy run."""

    trial: Trial
    finished: Finished
    broken: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)  # where it is not as was said

    @property
    def idle(self) -> bool:
        """Whether it is a sabotage that found nothing to spoil."""
        return bool(self.trial.sabotage) and self.finished.spoilt == 0


def trials(cards: Sequence[SceneCard], *, tries: bool, sabotage: bool) -> Iterator[Trial]:
    """The trials of these scenes, after a healthy run of each."""
    for card in cards:
        yield Trial(card)
        for each in card.tries if tries else ():
            yield Trial(card, each)
            given = each.settings(card.parameters)
            if each.breaks and BUDGET in given and len(given) > 1:
                yield Trial(card, each, budget_alone=True)
        for kind in KINDS if sabotage else ():
            yield Trial(card, sabotage=kind)


def run_trials(
    todo: Sequence[Trial],
    *,
    seed: int = 0,
    jobs: int = 0,
    device: str = "auto",
    launcher: Where | None = None,
    watch: Watch = unwatched,
) -> list[Outcome]:
    """Make these runs, each in a process of its own and without looks; the healthy runs first
    among the outcomes of each scene, which are in the order of `todo`. `launcher`: where they are
    made, here unless given."""
    found: dict[int, Finished] = {}

    def ended(each: Running) -> None:
        assert each.finished is not None
        found[each.job.number] = each.finished

    where = launcher or warmed()
    queue = [
        Job(t.card, seed, t.settings, looks=False, sabotage=t.sabotage, number=number)
        for number, t in enumerate(todo)
    ]
    where.pool(queue, at_once=jobs or where.room, device=device).run(ended, watch)
    healthy: dict[str, Finished] = {}
    outcomes = []
    for number, trial in enumerate(todo):
        if trial.each is None and not trial.sabotage:
            healthy[trial.card.id] = found[number]
        outcomes.append(judged(trial, found[number], healthy[trial.card.id]))
    return outcomes


def judged(trial: Trial, finished: Finished, healthy: Finished) -> Outcome:
    """What broke in this run that held in the healthy one, and what is not as was said."""
    held = {claim.name for claim in healthy.claims if claim.holds}
    stands = {claim.name: claim.holds for claim in finished.claims}
    outcome = Outcome(
        trial, finished, [name for name in stands if name in held and not stands[name]]
    )
    if finished.status in ("failed", "stopped"):
        outcome.trouble.append(f"{finished.status}: {finished.message}")
    elif trial.sabotage:
        if finished.spoilt and not outcome.broken and finished.status == "done":
            outcome.trouble.append("no claim noticed")
    elif trial.each is None:
        outcome.trouble += [f"{name} does not hold" for name in stands if name not in held]
    else:
        outcome.trouble += _as_said(trial, trial.each, outcome, stands)
    return outcome


def _as_said(
    trial: Trial, each: Try, outcome: Outcome, stands: Mapping[str, bool | None]
) -> Iterator[str]:
    for name in each.breaks:
        if trial.budget_alone and name in outcome.broken:
            yield f"{BUDGET} alone breaks {name}"
        elif not trial.budget_alone and name not in outcome.broken:
            yield f"{name} still holds" if stands.get(name) else f"{name} was not broken by this"
    for name in () if trial.budget_alone else each.keeps:
        if not stands.get(name):
            yield f"{name} broke"


def never_broken(outcomes: Sequence[Outcome]) -> dict[str, list[str]]:
    """By scene, the claims that no trial broke."""
    left: dict[str, list[str]] = {}
    for outcome in outcomes:
        names = [claim.name for claim in outcome.trial.card.claims]
        rest = left.setdefault(outcome.trial.card.id, names)
        if not outcome.trial.budget_alone:
            rest[:] = [name for name in rest if name not in outcome.broken]
    return {id: names for id, names in left.items() if names}
