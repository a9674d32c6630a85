"""`dlplay sweep --search`: which parameters are searched, the runs, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlplay.author.parameters.base import ParameterError
from dlplay.cli.exits import Mistake
from dlplay.cli.options import chosen_seed
from dlplay.cli.sweeps import search_tables as tables
from dlplay.cli.sweeps.making import launched, make, told
from dlplay.cli.sweeps.measures import missing
from dlplay.cli.sweeps.words import ranged, read, several
from dlplay.engine.pool import Job
from dlplay.engine.sweeps.search import (
    GOALS,
    Axis,
    NoOptuna,
    Searching,
    axis,
    goal_of,
    main_measure,
    measures_claimed,
)
from dlplay.words.address import show_setting
from dlplay.words.nearest import did_you_mean

if TYPE_CHECKING:
    from dlplay.cli.options import Session
    from dlplay.course.catalog import SceneCard
    from dlplay.engine.cluster.places import Cluster


@dataclass(frozen=True)
class Plan:
    """What the words of the command ask for."""

    axes: list[Axis]
    settings: dict[str, Any]
    seed: int  # the first
    measure: str
    goal: str


def plan(
    card: SceneCard,
    words: Sequence[str],
    over: str | None,
    seed: str | None,
    measure: str | None,
    goal: str | None,
) -> Plan:
    """The parameters to search, the others' values, and what is best.

    Raises Mistake or ParameterError, with what to write instead; BrokenScene.
    """
    found = read(card, words, _searches)
    searched, settings = found.open, found.settings
    if over is not None:
        searched.setdefault(over, "")
    axes = [axis(card, name, text) for name, text in searched.items()]
    if not axes:
        raise Mistake(
            "--search searches parameters that are left open: NAME= for the whole range, "
            f"NAME=LOW..HIGH, or NAME=A,B. {card.id} has {', '.join(card.parameters) or 'none'}."
        )
    for each in axes:
        if each.name in settings:
            given = show_setting(card.parameters, each.name, settings[each.name])
            raise ParameterError(f"{each.name} is to be searched, and has one value: {given}")
    if goal is not None and goal not in GOALS:
        hint = did_you_mean(goal, GOALS)
        raise Mistake(f"--goal takes one of {', '.join(GOALS)}, not {goal!r}.{hint}")
    wanted = measure if measure is not None else main_measure(card)
    if wanted is None:
        raise Mistake(f"no claim of {card.id} says what to search for: --measure NAME does")
    first = chosen_seed(seed, found.seed) or 0
    return Plan(axes, settings, first, wanted, _goal(card, wanted, goal))


def _searches(card: SceneCard, name: str, text: str) -> bool:
    """Whether this leaves the parameter open."""
    return ranged(card, name, text) or several(card, name, text)


def _goal(card: SceneCard, measure: str, goal: str | None) -> str:
    if goal is not None:
        return goal
    known = goal_of(card, measure)
    if known is None:
        hint = did_you_mean(measure, measures_claimed(card))
        raise Mistake(
            f"no claim says which end of {measure!r} is better: "
            f"--goal least, or --goal greatest.{hint}"
        )
    return known


def run(
    session: Session,
    card: SceneCard,
    asked: Plan,
    *,
    count: int,
    seeds: int,
    jobs: int | None,
    device: str,
    form: str,
    place: Cluster | None = None,
) -> int:
    """Make the runs and print what they left: as a chart and a table, as "json" or as "csv".

    `count`: points to try. `place`: where the runs are made, if not here."""
    try:
        searching = Searching(
            card,
            asked.axes,
            count=count,
            measure=asked.measure,
            goal=asked.goal,
            seeds=seeds,
            first_seed=asked.seed,
            settings=asked.settings,
            jobs=jobs,
            device=device,
            launcher=place or launched(device),
        )
    except NoOptuna as error:
        raise Mistake(f"--search: {error}") from None
    search = searching.result

    def label(job: Job) -> str:
        return f"point {job.number} of {search.count} (seed {job.seed})"

    def wrong() -> str:
        over = len(search.tried) == search.count
        return missing(card, search.measure, search.runs, search.measures, over=over)

    ended = make(session, searching, label, wrong)
    if form == "json":
        tables.print_json(search)
    elif form == "csv":
        tables.print_csv(search)
    elif search.runs:
        where = place.asked if place else ""
        tables.print_search(session.console(), search, session, device, where)
    tried = f"{len(search.tried)} of {search.count} points were tried"
    tried = tried if search.stopped else ""
    return told(search.runs, tried, place, wrong=wrong(), ended=ended)
