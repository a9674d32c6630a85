"""`dlplay check --tries --sabotage`: what broke, what held, and what nothing breaks."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from dlplay.cli.exits import Exit, complain
from dlplay.cli.interrupts import Terminated
from dlplay.cli.streams import print_json
from dlplay.cli.waiting import goes_on, progress
from dlplay.engine.trials import Outcome, Trial, never_broken, run_trials, trials
from dlplay.words.sabotage import KINDS

if TYPE_CHECKING:
    from rich.console import Console

    from dlplay.cli.options import Session
    from dlplay.course.catalog import SceneCard
    from dlplay.engine.cluster.places import Cluster
    from dlplay.engine.pool import Job

UNTRIED = ("failed", "stopped")  # how a run ends that tells nothing


def run(
    session: Session,
    cards: list[SceneCard],
    *,
    tries: bool,
    sabotage: bool,
    jobs: int,
    device: str,
    json: bool,
    place: Cluster | None = None,
) -> int:
    """Make the trials of these scenes, print what came of them, and say whether all is as said.

    `place`: where, if not here."""
    tried = cards if sabotage else [card for card in cards if card.is_page]
    todo = list(trials(tried, tries=tries, sabotage=sabotage))

    def label(job: Job) -> str:
        return f"{job.card.id} {describe(todo[job.number])}"

    try:
        with ExitStack() as stack:
            watch = progress(stack, session, label)
            outcomes = run_trials(todo, jobs=jobs, device=device, launcher=place, watch=watch)
    except (KeyboardInterrupt, Terminated) as end:
        if place is None:
            raise
        status = end.status if isinstance(end, Terminated) else Exit.INTERRUPTED
        complain("interrupted" if status == Exit.INTERRUPTED else "told to end")
        complain(goes_on(place))
        return status
    if json:
        print_json([as_object(outcome) for outcome in outcomes])
    else:
        old = sum(not card.is_page for card in cards) if tries else 0
        _print(session.console(), session, outcomes, old, tries and sabotage)
    if place and any(outcome.finished.status == "failed" for outcome in outcomes):
        complain(goes_on(place))
    if any(outcome.finished.status in UNTRIED for outcome in outcomes):
        return Exit.FAILED
    return Exit.CLAIM_FAILED if any(outcome.trouble for outcome in outcomes) else Exit.DONE


def describe(trial: Trial) -> str:
    """Which run of its scene this is."""
    if trial.sabotage:
        return f"sabotage: {KINDS[trial.sabotage]}"
    if trial.each is None:
        return "at its defaults"
    return f"budget of {trial.each.setting}" if trial.budget_alone else trial.each.setting


def as_object(outcome: Outcome) -> dict[str, Any]:
    """An outcome in the JSON list."""
    trial = outcome.trial
    return {
        "scene": trial.card.id,
        "try": trial.each.setting if trial.each else None,
        "budget_alone": trial.budget_alone,
        "sabotage": trial.sabotage or None,
        "status": outcome.finished.status,
        "spoilt": outcome.finished.spoilt,
        "broken": outcome.broken,
        "trouble": outcome.trouble,
    }


def _print(
    console: Console, session: Session, outcomes: Sequence[Outcome], old: int, all_told: bool
) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name, options in {
        "": {"no_wrap": True},
        "run": {"ratio": 1},
        "broke": {"ratio": 1},
    }.items():
        table.add_column(name, **options)  # type: ignore[arg-type]
    scene = ""
    for outcome in outcomes:
        if outcome.trial.card.id != scene:
            scene = outcome.trial.card.id
            table.add_row("", Text(scene, "bold"))
        words, style = ("✗", "red") if outcome.trouble else ("✓", "green")
        broken = ", ".join(outcome.broken) or "nothing"
        if outcome.finished.status in UNTRIED:  # it has shown nothing of what breaks what
            broken = ""
        elif outcome.idle:
            words, style, broken = "·", "yellow", "nothing of the kind to spoil"
        elif outcome.trial.each is None and not outcome.trial.sabotage:
            broken = ""
        if outcome.trouble:
            broken = "; ".join(outcome.trouble) + (f" (broke: {broken})" if broken else "")
        table.add_row(
            Text(session.text(words), style),
            Text(session.text(describe(outcome.trial))),
            Text(session.text(broken)),
        )
    console.print(table)
    console.print()
    if all_told:
        untried = {o.trial.card.id for o in outcomes if o.finished.status in UNTRIED}
        tried = [outcome for outcome in outcomes if outcome.trial.card.id not in untried]
        for id, names in never_broken(tried).items():
            console.print(
                Text(session.text(f"nothing breaks {', '.join(names)} of {id}"), "yellow")
            )
    wrong = sum(bool(outcome.trouble) for outcome in outcomes)
    console.print(Text(f"{len(outcomes) - wrong} of {len(outcomes)} runs are as said"))
    if old:
        console.print(Text(f"{old} scenes of the old form have no tries", "dim"))
