"""`dlplay check`: what it prints while it runs, and the table of claims."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from dlplay.cli import streams
from dlplay.cli.exits import Exit, complain
from dlplay.cli.interrupts import Terminated
from dlplay.cli.waiting import goes_on, progress
from dlplay.engine import check
from dlplay.words.numbers import STANDS, bound, short

if TYPE_CHECKING:
    from rich.console import Console

    from dlplay.cli.options import Session
    from dlplay.course.catalog import SceneCard
    from dlplay.engine.cluster.places import Cluster


def run(
    session: Session,
    cards: list[SceneCard],
    *,
    seeds: int,
    jobs: int,
    device: str,
    json: bool,
    place: Cluster | None = None,
) -> int:
    """Run the scenes at their defaults, print a table of their claims, and say how it went.

    `place`: where they are run, if not here. Ctrl-C or SIGTERM ends it, and the scenes are told of
    that have run with all seeds."""
    finished: check.Summaries = {}
    ended = 0  # the exit status of what ended it early
    with ExitStack() as stack:
        watch = progress(stack, session, lambda job: f"{job.card.id} (seed {job.seed})")
        try:
            check.run_all(
                cards,
                seeds=seeds,
                jobs=jobs,
                device=device,
                launcher=place,
                watch=watch,
                over=finished,
            )
        except KeyboardInterrupt:
            ended = Exit.INTERRUPTED
        except Terminated as end:
            ended = end.status
    known = [card for card in cards if len(finished.get(card.id, ())) == seeds]
    verdicts = list(check.verdicts(known, finished))
    if json:
        print_json(verdicts)
    elif verdicts:
        _print(session.console(), verdicts, session)
    over = [run for runs in finished.values() for run in runs.values()]
    if ended:
        why = "interrupted" if ended == Exit.INTERRUPTED else "told to end"
        complain(f"{why}: {len(over)} of {len(cards) * seeds} runs had finished")
    if place and (ended or any(run.status == "failed" for run in over)):
        complain(goes_on(place))
    return ended or exit_of(verdicts)


def exit_of(verdicts: list[check.Verdict]) -> Exit:
    """A scene that fails is worse than one that diverges, and that than a claim that fails."""
    statuses = {verdict.status for verdict in verdicts}
    if statuses & {"failed", "stopped"}:
        return Exit.FAILED
    if "diverged" in statuses:
        return Exit.DIVERGED
    return Exit.DONE if all(verdict.holds for verdict in verdicts) else Exit.CLAIM_FAILED


def as_object(verdict: check.Verdict) -> dict[str, Any]:
    """A verdict in the JSON list."""
    runs = []
    for seed, result in verdict.results.items():
        known = result and {
            "value": result.value,
            "relation": result.relation,
            "bound": result.bound,
            "holds": result.holds,
            "reason": result.reason,
        }
        runs.append({"seed": seed, **(known or {"value": None, "holds": None})})
    return {
        "scene": verdict.scene,
        "name": verdict.name,
        "claim": verdict.claim,
        "holds": verdict.holds if verdict.results else None,
        "status": verdict.status,
        "message": verdict.message,
        "runs": runs,
    }


def print_json(verdicts: list[check.Verdict]) -> None:
    """A list of objects on standard output."""
    streams.print_json([as_object(verdict) for verdict in verdicts])


def measured(verdict: check.Verdict) -> str:
    """The value, or the least and the greatest over the seeds."""
    values = [r.value for r in verdict.results.values() if r and r.value is not None]
    texts = [short(value) for value in sorted(values)]
    if not texts:
        return ""
    return texts[0] if texts[0] == texts[-1] else f"{texts[0]} to {texts[-1]}"


def claimed(verdict: check.Verdict) -> str:
    """The bound; of several seeds' different bounds, the first and how many there are."""
    bounds = [bound(r.relation, r.bound) for r in verdict.results.values() if r and r.relation]
    different = list(dict.fromkeys(bounds))
    return " or ".join(different) if len(different) < 3 else f"{different[0]} ..."


def _print(console: Console, verdicts: list[check.Verdict], session: Session) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", no_wrap=True)
    table.add_column("claim", ratio=1)
    table.add_column("measured", no_wrap=True, justify="right")
    table.add_column("claimed", no_wrap=True)
    scene = ""
    for verdict in verdicts:
        if verdict.scene != scene:
            scene = verdict.scene
            table.add_row("", Text(scene, "bold"))
            if verdict.message:
                table.add_row(Text(verdict.status, "red"), Text(session.text(verdict.message)))
        if verdict.claim is None:
            continue
        words, style = STANDS[verdict.holds]
        table.add_row(
            Text(session.text(words), style),
            Text(session.text(verdict.claim)),
            Text(measured(verdict)),
            Text(session.text(claimed(verdict))),
        )
    console.print(table)
    console.print()
    console.print(Text(summary(verdicts)))


def summary(verdicts: list[check.Verdict]) -> str:
    """How it went, in one line."""
    claims = [verdict for verdict in verdicts if verdict.claim is not None]
    holding = sum(verdict.holds is True for verdict in claims)
    scenes = {verdict.scene: verdict.status for verdict in verdicts}
    words = [f"{holding} of {len(claims)} claims hold"]
    for status in ("failed", "diverged"):
        count = sum(each == status for each in scenes.values())
        if count:
            words.append(f"{count} of {len(scenes)} scenes {status}")
    return ", ".join(words)
