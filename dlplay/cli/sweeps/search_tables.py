"""A search on paper: the best so far by points, a table of the best points; or JSON, or CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlplay.cli import streams
from dlplay.cli.sweeps import search_commands as commands
from dlplay.cli.sweeps import tables
from dlplay.wire.events import Axes
from dlplay.words.foreign import cell
from dlplay.words.numbers import short

if TYPE_CHECKING:
    from rich.console import Console

    from dlplay.cli.options import Session
    from dlplay.engine.sweeps.search import Point, Search
    from dlplay.wire.events import Finished

TOP = 10  # points of the table
OWN_COLUMNS = ("scene", "point", "seed", "status", "steps")


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
            "search": commands.again(search),
            "best": best and commands.running(search, best),
            "fresh": best and commands.afresh(search, best),
        },
        "tried": [
            {
                "point": point.number,
                **_told(search, point),
                "runs": [
                    {"seed": seed, **tables.run_as_object(run)}
                    for seed, run in sorted(point.runs.items())
                ],
            }
            for point in search.points
        ],
    }


def _told(search: Search, point: Point) -> dict[str, Any]:
    return {"settings": dict(point.settings), "value": search.value(point)}


def print_json(search: Search) -> None:
    """One object on standard output."""
    streams.print_json(as_object(search))


def print_csv(search: Search) -> None:
    """One line a run of each point: the scene, the point, all parameters, those that are searched
    first, the seed, how it ended, every measure."""
    card = search.card
    names, heads = tables.columns_of(card, [each.name for each in search.axes], OWN_COLUMNS)

    def cells(point: Point, seed: int, run: Finished) -> list[object]:
        given = tables.shown(card, names, search.settings | dict(point.settings))
        return [cell(card.id), point.number, *given, seed, run.status, run.steps]

    rows = (
        (cells(point, seed, run), run)
        for point in search.points
        for seed, run in sorted(point.runs.items())
    )
    tables.print_lines([*OWN_COLUMNS[:2], *heads, *OWN_COLUMNS[2:]], search.measures, rows)


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
    if not search.runs or search.measure in search.measures:  # else its command is no good
        say(f"{commands.again(search)} {where}".rstrip())
    best = search.best
    if best is None:
        return
    console.print()
    points, seeds = _count(len(search.tried), "point"), tables.seed_words(search.seeds)
    say(f"The best of {points} on {seeds} looks better than it is. It is run by")
    say(commands.running(search, best, device))
    if (fresh := commands.afresh(search, best)) is not None:
        say("and held against a default, on seeds that had no part in the choice, by")
        say(fresh)


def _print_chart(console: Console, search: Search, session: Session) -> None:
    from dlplay.draw import Curves, Line
    from dlplay.engine.sweeps.curves import room_for

    numbers, best = zip(*search.best_so_far(), strict=True)
    heading = f"the {search.goal} {search.measure} so far, by points tried"
    if len(search.seeds) > 1:
        heading += f": mean of {len(search.seeds)} seeds"
    log = "y" if min(best) > 0 and max(best) >= 100 * min(best) else ""
    axes = Axes(panel=heading, x="points tried", log=log)
    line = Line.of(numbers, best)
    plot = Curves(axes, {search.measure: line}, room=() if log else room_for(line))
    tables.print_chart(console, session, heading, plot)


def _print_table(console: Console, search: Search, session: Session) -> None:
    from rich.text import Text

    several_seeds = len(search.seeds) > 1
    table = tables.new_table()
    heads = [*(each.name for each in search.axes), search.measure]
    heads += ["low to high"] * several_seeds + ["point"]
    for head in heads:
        table.add_column(Text(session.text(head)), justify="right")
    for point in search.ranked[:TOP]:
        cells = [tables.with_unit(a.parameter, point.settings[a.name]) for a in search.axes]
        row = [Text(session.text(each)) for each in cells]
        row.append(Text(short(search.value(point)), "bold"))
        if several_seeds:
            numbers = search.numbers(point)
            row.append(Text(f"{short(min(numbers))} to {short(max(numbers))}"))
        table.add_row(*row, Text(str(point.number), "dim"))
    console.print(table)
    tables.print_more(console, len(search.ranked) - TOP, "points")


def summary(search: Search) -> str:
    """How many points and runs there were and how they ended, in one line."""
    points = _count(len(search.tried), "point")
    different = len({point.key for point in search.tried})
    if different < len(search.tried):
        points += f", {different} of them different"
    seeds, statuses = tables.seed_words(search.seeds), tables.status_words(search.runs)
    return f"{points}: {_count(len(search.runs), 'run')}, {seeds}: {statuses}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
