"""Many runs: checks, and sweeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dlplay.cli.commands.base import command
from dlplay.cli.exits import Mistake
from dlplay.cli.options import (
    At,
    Device,
    Goal,
    Json,
    On,
    SceneId,
    Search,
    Session,
    Settings,
    checked_device,
    complete_chapter_or_scene,
    elsewhere,
    whole_number,
)

if TYPE_CHECKING:
    from dlplay.engine.cluster.places import Cluster

MOST_SEEDS = 1000
MOST_POINTS = 10_000  # of a search: each is chosen from all before it
MOST_RUNS = 100_000  # in all: more are not worth their waiting list


@command(short_help="Run scenes at their defaults and table every claim.")
def check(
    here: Session,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID|CHAPTER", hidden=True, autocompletion=complete_chapter_or_scene),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            "--seeds", metavar="N", help="Run each with seeds 0 to N - 1; 1 unless given."
        ),
    ] = None,
    jobs: Annotated[
        str | None,
        typer.Option("--jobs", metavar="N", help="Runs at a time; one for each core unless given."),
    ] = None,
    tries: Annotated[
        bool,
        typer.Option("--tries", help="Run the tries: do they break and keep what they say?"),
    ] = False,
    sabotage: Annotated[
        bool,
        typer.Option(
            "--sabotage", help="Spoil the learning in three ways: does a claim notice each?"
        ),
    ] = False,
    on: On = None,
    at: At = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Run scenes at their defaults and table every claim: measured, claimed, holds.

    Without an ID or a CHAPTER: all scenes. Each run has a process of its own. The exit status is
    that of the worst: 1 if a scene failed, 4 if one diverged, 3 if a claim does not hold (with
    --tries and --sabotage: if something is not as was said, or nothing noticed).

    With --on the runs are made by a cluster, here they are awaited. What is done is recorded (--at)
    and not made again: the same command goes on where it was interrupted or runs failed.
    """
    from dlplay.cli import checking, trials

    cards = here.catalog().select(names or [])
    place = elsewhere(on, at)
    at_once = _at_once(jobs, place)
    if tries or sabotage:
        raise typer.Exit(
            trials.run(
                here,
                cards,
                tries=tries,
                sabotage=sabotage,
                jobs=at_once,
                device=checked_device(device),
                json=json,
                place=place,
            )
        )
    count = whole_number("--seeds", seeds, 1, MOST_SEEDS)
    _not_too_many("--seeds", len(cards) * count)
    raise typer.Exit(
        checking.run(
            here,
            cards,
            seeds=count,
            jobs=at_once,
            device=checked_device(device),
            json=json,
            place=place,
        )
    )


def _at_once(jobs: str | None, place: Cluster | None) -> int:
    """How many runs at a time, 0 unless given: at most what this machine bears."""
    from dlplay.engine.pool import most_at_once

    here = place is None or place.kind == "local"
    return whole_number("--jobs", jobs, 0, most_at_once() if here else MOST_RUNS)


def _not_too_many(option: str, runs: int) -> None:
    if runs > MOST_RUNS:
        raise Mistake(f"{option}: that makes {runs:,} runs, and {MOST_RUNS:,} at most are made")


@command(short_help="Run a scene at several values of a parameter, or search the best.")
def sweep(
    here: Session,
    id: SceneId,
    settings: Settings = None,
    over: Annotated[
        str | None,
        typer.Option(
            "--over", metavar="NAME", help="Sweep this parameter over a spread of values."
        ),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option("--seeds", metavar="N", help="Runs with different seeds at each value; 1."),
    ] = None,
    seed: Annotated[
        str | None, typer.Option("--seed", metavar="N", help="The first of the seeds; 0.")
    ] = None,
    jobs: Annotated[
        str | None,
        typer.Option("--jobs", metavar="N", help="Runs at a time; one core is left unless given."),
    ] = None,
    measure: Annotated[
        str | None,
        typer.Option(
            "--measure", metavar="NAME", help="What to chart; unless given, the first claim's."
        ),
    ] = None,
    apart: Annotated[
        bool,
        typer.Option(
            "--apart", help="Each run alone, where several would be trained as one batch."
        ),
    ] = False,
    search: Search = None,
    goal: Goal = None,
    on: On = None,
    at: At = None,
    device: Device = "auto",
    json: Json = False,
    csv: Annotated[
        bool,
        typer.Option(
            "--csv", help="For machines: a line a run, with all its parameters and measures."
        ),
    ] = False,
) -> None:
    """Run a scene at several values of one parameter; chart and table a measure against it.

    \b
    ID            the scene, as `dlplay list` has it, or its file
    NAME=V1,V2    the parameter to sweep, with its values; NAME= takes a spread
    NAME=VALUE    other parameters that differ from their defaults

    With --search N it tries N points of one parameter or more, each chosen from what those before
    it measured, and tells the best: NAME= searches the parameter's whole range, NAME=LOW..HIGH a
    part of it, NAME=V1,V2 these values. With several seeds their mean counts; a run that diverges
    is the worst there is. The best of many looks better than it is: try it on fresh seeds, with
    the command that is printed last. The same search with the same --jobs finds the same points.

    With --on the runs are made by a cluster, here they are awaited. What is done is recorded (--at)
    and not made again: the same command goes on where it was interrupted or runs failed.

    Each run has a process of its own. Some scenes take several values of a number at once: the runs
    of a seed are then trained as one batch, and agree with runs alone but for rounding; --apart
    makes each alone, which is sooner where there are cores for all. A run that diverges is a
    finding, with no number. Ctrl-C or SIGTERM ends it and prints what has finished. The exit status
    is 1 or 4 if every run failed or diverged.
    """
    from dlplay.cli.sweeps import sweep as sweeping

    card = here.catalog().find(id)
    if json and csv:
        raise Mistake("--json and --csv: one of them at a time")
    count = whole_number("--seeds", seeds, 1, MOST_SEEDS)
    form = "json" if json else "csv" if csv else ""
    if search is not None:
        from dlplay.cli.sweeps import search as searching

        points = whole_number("--search", search, 1, MOST_POINTS)
        _not_too_many("--search", points * count)
        wanted = searching.plan(card, settings or [], over, seed, measure, goal)
        place = elsewhere(on, at)
        raise typer.Exit(
            searching.run(
                here,
                card,
                wanted,
                count=points,
                seeds=count,
                jobs=_at_once(jobs, place) or None,
                device=checked_device(device),
                form=form,
                place=place,
            )
        )
    if goal is not None:
        raise Mistake("--goal says what --search N looks for; alone it says nothing")
    asked = sweeping.plan(card, settings or [], over, seed)
    _not_too_many("--seeds", len(asked.values) * count)
    place = elsewhere(on, at)
    raise typer.Exit(
        sweeping.run(
            here,
            card,
            asked,
            seeds=count,
            jobs=_at_once(jobs, place) or None,
            device=checked_device(device),
            measure=measure,
            apart=apart,
            form=form,
            place=place,
        )
    )
