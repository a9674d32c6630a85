"""`dlplay sweep --search`: which parameters are searched, the runs, and what was best."""

from __future__ import annotations

import csv
import re
import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlplay.author.parameters import ParameterError
from dlplay.cli import streams
from dlplay.cli.exits import Exit, Mistake, complain
from dlplay.cli.interrupts import SHOW_CURSOR, Interrupts
from dlplay.cli.options import chosen_seed
from dlplay.cli.results import WIDEST
from dlplay.cli.sweeps.command import launched, ranged, several
from dlplay.cli.waiting import goes_on, progress
from dlplay.course.catalog import BrokenScene
from dlplay.engine.comparing import checked
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
from dlplay.words.address import address, elsewhere, parse_settings, show_setting, show_settings
from dlplay.words.foreign import cell
from dlplay.words.nearest import did_you_mean
from dlplay.words.numbers import short

if TYPE_CHECKING:
    from rich.console import Console

    from dlplay.cli.options import Session
    from dlplay.course.catalog import SceneCard
    from dlplay.engine.cluster.places import Cluster
    from dlplay.engine.pool import Job, Running
    from dlplay.engine.sweeps.search import Point, Search

TOP = 10  # points of the table
TELLING = 6  # seeds, the fewest that can tell two values apart
OWN_COLUMNS = ("point", "seed", "status", "steps")


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
    if card.broken:
        raise BrokenScene(f"{card.id} cannot be read: {card.broken}")
    searched: dict[str, str] = {}
    fixed = []
    for word in words:
        name, sign, text = word.partition("=")
        if not sign or not _searches(card, name, text):
            fixed.append(word)
        elif name in searched:
            raise ParameterError(f"{name} is given twice")
        else:
            searched[name] = text
    settings, seed_word = parse_settings(card, fixed)
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
    wanted = measure or main_measure(card)
    if wanted is None:
        raise Mistake(f"no claim of {card.id} says what to search for: --measure NAME does")
    first = chosen_seed(seed, seed_word) or 0
    return Plan(axes, settings, first, wanted, _goal(card, wanted, goal))


def _searches(card: SceneCard, name: str, text: str) -> bool:
    """Whether this leaves the parameter open."""
    return ranged(card, name, text) or several(card, name, text)


def _goal(card: SceneCard, measure: str, goal: str | None) -> str:
    if goal is not None:
        if goal not in GOALS:
            hint = did_you_mean(goal, GOALS)
            raise Mistake(f"--goal takes one of {', '.join(GOALS)}, not {goal!r}.{hint}")
        return goal
    known = goal_of(card, measure)
    if known is None:
        hint = did_you_mean(measure, measures_claimed(card))
        raise Mistake(
            f"no claim says which end of {measure} is better: "
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
) -> Exit:
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
    search = _make(session, searching)
    if form == "json":
        streams.print_json(as_object(search))
    elif form == "csv":
        print_csv(search)
    elif search.runs:
        where = place.asked if place else ""
        print_search(session.console(), search, session, device, where)
    failures = [run.message for run in search.runs if run.status == "failed"]
    for message in dict.fromkeys(failures):
        complain(f"{failures.count(message)} of {len(search.runs)} runs failed: {message}")
    if search.stopped:
        complain(f"interrupted: {len(search.tried)} of {search.count} points were tried")
    if place and (search.stopped or failures):
        complain(goes_on(place))
    if search.stopped:
        return Exit.INTERRUPTED
    statuses = {run.status for run in search.runs}
    if "done" in statuses:
        return Exit.DONE
    return Exit.DIVERGED if "diverged" in statuses else Exit.FAILED


def _make(session: Session, searching: Searching) -> Search:
    """Run it with progress; Ctrl-C ends it with what has finished."""

    def label(job: Job) -> str:
        return f"point {job.number} of {searching.result.count} (seed {job.seed})"

    with ExitStack() as stack:
        show = progress(stack, session, label)
        stack.enter_context(Interrupts(searching.stop, SHOW_CURSOR if sys.stderr.isatty() else b""))

        def watch(under: Sequence[Running], over: int, total: int) -> None:
            _check_measure(searching.result)
            show(under, over, total)

        return searching.run(watch)


def _check_measure(search: Search) -> None:
    """Raise Mistake as soon as it is plain that this scene has no such measure."""
    name = search.measure
    if name in search.measures or not any(run.status == "done" for run in search.runs):
        return
    if re.search(rf"\b{re.escape(name)}\b", search.card.source):  # at some settings it may
        return
    try:
        checked(name, search.measures)
    except LookupError as error:
        raise Mistake(f"--measure: {error}") from None


# What to write


def command(search: Search) -> str:
    """What makes this search again."""
    words = [search.card.id, *(shlex.quote(each.words) for each in search.axes)]
    words += show_settings(search.card, search.settings)
    words += [f"--search {search.count}", f"--measure {search.measure}", f"--goal {search.goal}"]
    words += [*_seeds(len(search.seeds), search.seeds[0]), f"--jobs {search.jobs}"]
    return "dlplay sweep " + " ".join(words) + elsewhere(search.card)


def run_command(search: Search, point: Point, device: str = "auto") -> str:
    """What runs this point."""
    values = search.card.defaults | search.settings | dict(point.settings)
    line = address(search.card, values, search.seeds[0], device)
    return f"dlplay run {line}{elsewhere(search.card)}"


def fresh_command(search: Search, point: Point) -> str | None:
    """What holds this point against a default, on seeds that had no part in its choice: a sweep of
    the first parameter that is not at its default; None where all are."""
    card, defaults = search.card, search.card.defaults
    moved = [n for n, value in point.settings.items() if value != defaults[n]]
    if not moved:
        return None
    show = card.parameters[moved[0]].show
    swept = f"{moved[0]}={show(defaults[moved[0]])},{show(point.settings[moved[0]])}"
    rest = {n: v for n, v in (search.settings | dict(point.settings)).items() if n != moved[0]}
    words = [card.id, shlex.quote(swept), *show_settings(card, rest), f"--measure {search.measure}"]
    words += _seeds(TELLING, search.seeds[-1] + 1)
    return "dlplay sweep " + " ".join(words) + elsewhere(card)


def _seeds(count: int, first: int) -> list[str]:
    return [f"--seeds {count}"] * (count > 1) + [f"--seed {first}"] * bool(first)


# What it looks like


def as_object(search: Search) -> dict[str, Any]:
    """The search in JSON: every point with its runs, in the order in which they were chosen."""
    best = search.best
    return {
        "scene": search.card.id,
        "searched": {
            each.name: {"values": each.values}
            if each.values
            else {"low": each.low, "high": each.high, "log": each.log}
            for each in search.axes
        },
        "settings": search.settings,
        "measure": search.measure,
        "goal": search.goal,
        "points": search.count,
        "seeds": search.seeds,
        "jobs": search.jobs,
        "stopped": search.stopped,
        "best": best and {"point": best.number, **_told(search, best)},
        "commands": {
            "search": command(search),
            "best": best and run_command(search, best),
            "fresh": best and fresh_command(search, best),
        },
        "tried": [
            {
                "point": point.number,
                **_told(search, point),
                "runs": [
                    {
                        "seed": seed,
                        "status": run.status,
                        "message": run.message,
                        "steps": run.steps,
                        "seconds": run.seconds,
                        "device": run.device,
                        "measures": run.measures,
                        "claims": run.claims,
                    }
                    for seed, run in sorted(point.runs.items())
                ],
            }
            for point in search.points
        ],
    }


def _told(search: Search, point: Point) -> dict[str, Any]:
    return {"settings": dict(point.settings), "value": search.value(point)}


def print_csv(search: Search) -> None:
    """One line a run of each point. A column of ours that a measure or a parameter has the name of
    stays ours: theirs is `measured_NAME` or `set_NAME`."""
    measures = search.measures
    own = {*OWN_COLUMNS, *(each.name for each in search.axes)}
    names = [f"set_{a.name}" if a.name in OWN_COLUMNS else a.name for a in search.axes]
    heads = [cell(f"measured_{name}" if name in own else name) for name in measures]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["point", *names, *OWN_COLUMNS[1:], *heads])
    for point in search.points:
        at = [cell(a.parameter.show(point.settings[a.name])) for a in search.axes]
        for seed, run in sorted(point.runs.items()):
            measured = [repr(run.measures[n]) if n in run.measures else "" for n in measures]
            writer.writerow([point.number, *at, seed, run.status, run.steps, *measured])


def print_search(
    console: Console, search: Search, session: Session, device: str, where: str = ""
) -> None:
    """The best so far by the number of points, the best points, and what that is worth. `where`:
    the options that say where the runs were made, if not here."""
    from rich.text import Text

    def say(text: str, style: str = "") -> None:
        console.print(Text(session.text(text), style), soft_wrap=True)

    say(search.card.title, "bold")
    console.print()
    if search.best is not None:
        _print_chart(console, search, session)
        console.print()
        _print_table(console, search, session)
        console.print()
    say(summary(search))
    say(f"{command(search)} {where}".rstrip())
    best = search.best
    if best is None:
        return
    console.print()
    points = _count(len(search.tried), "point")
    say(f"The best of {points} on {_of_seeds(search)} looks better than it is. It is run by")
    say(run_command(search, best, device))
    if (fresh := fresh_command(search, best)) is not None:
        say("and held against a default, on seeds that had no part in the choice, by")
        say(fresh)


def _print_chart(console: Console, search: Search, session: Session) -> None:
    from rich.text import Text

    from dlplay.draw import Curves, Line, draw, natural_height
    from dlplay.wire.events import Axes

    numbers, best = zip(*search.best_so_far(), strict=True)
    heading = f"the {search.goal} {search.measure} so far, by points tried"
    if len(search.seeds) > 1:
        heading += f": mean of {len(search.seeds)} seeds"
    console.print(Text(session.text(heading), style="bold"))
    log = "y" if min(best) > 0 and max(best) >= 100 * min(best) else ""
    plot = Curves(
        Axes(panel=heading, x="points tried", log=log), {search.measure: Line.of(numbers, best)}
    )
    look, width = session.look(console), min(console.width, WIDEST)
    console.print(draw(plot, width, natural_height(plot, width, look), look))


def _print_table(console: Console, search: Search, session: Session) -> None:
    from rich.table import Table
    from rich.text import Text

    several_seeds = len(search.seeds) > 1
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    heads = [*(each.name for each in search.axes), search.measure]
    heads += ["low to high"] * several_seeds + ["point"]
    for head in heads:
        table.add_column(Text(session.text(head)), justify="right")
    for point in search.ranked[:TOP]:
        cells = [_with_unit(each, point) for each in search.axes]
        row = [Text(session.text(each)) for each in cells]
        row.append(Text(short(search.value(point)), "bold"))
        if several_seeds:
            numbers = search.numbers(point)
            row.append(Text(f"{short(min(numbers))} to {short(max(numbers))}"))
        table.add_row(*row, Text(str(point.number), "dim"))
    console.print(table)
    if len(search.ranked) > TOP:
        more = f"and {len(search.ranked) - TOP} more points: --json has them all"
        console.print(Text(more, "dim"))


def _with_unit(each: Axis, point: Point) -> str:
    unit = f" {each.parameter.unit}" if each.parameter.unit else ""
    return each.parameter.show(point.settings[each.name]) + unit


def summary(search: Search) -> str:
    """How many points and runs there were and how they ended, in one line."""
    statuses = [run.status for run in search.runs]
    kinds = [f"{statuses.count(s)} {s}" for s in ("done", "diverged", "failed") if s in statuses]
    points = _count(len(search.tried), "point")
    different = len({point.key for point in search.tried})
    if different < len(search.tried):
        points += f", {different} of them different"
    return f"{points}: {_count(len(statuses), 'run')}, {_of_seeds(search)}: {', '.join(kinds)}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _of_seeds(search: Search) -> str:
    if len(search.seeds) == 1:
        return f"seed {search.seeds[0]}"
    return f"seeds {search.seeds[0]} to {search.seeds[-1]}"
