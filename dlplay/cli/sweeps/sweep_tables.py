"""A sweep on paper: the measure against the parameter, a table of values; or JSON, or CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlplay.cli import streams
from dlplay.cli.sweeps import tables
from dlplay.engine.sweeps.differences import differences
from dlplay.words.foreign import cell
from dlplay.words.numbers import short

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from dlplay.cli.options import Session
    from dlplay.engine.sweeps.runs import Row, Sweep, SweepRun

PAIRS = 15  # of values, that are printed
TOGETHER = "each seed's runs were trained as one batch: as alone (--apart), but for rounding"
COLUMNS = ("scene", "seed", "status", "steps")


def as_object(sweep: Sweep) -> dict[str, Any]:
    """The sweep in JSON: every run with its measures and claims."""
    return {
        "scene": sweep.card.id,
        "parameter": sweep.parameter.name,
        "values": sweep.values,
        "seeds": sweep.seeds,
        "settings": sweep.settings,
        "stopped": sweep.stopped,
        "together": sweep.together,
        "differences": {
            measure: [
                {
                    "values": [each.one, each.other],
                    "mean": each.mean,
                    "seeds": each.seeds,
                    "p": each.p,
                }
                for each in differences(sweep, measure)
                if each.seeds > 1
            ]
            for measure in (sweep.measures if len(sweep.seeds) > 1 else ())
        },
        "runs": [
            {"value": run.value, "seed": run.seed, **tables.run_as_object(run)}
            for run in sweep.runs
        ],
    }


def print_json(sweep: Sweep) -> None:
    """One object on standard output."""
    streams.print_json(as_object(sweep))


def print_csv(sweep: Sweep) -> None:
    """One line a run: the scene, its parameters, the swept one first, the seed, how it ended, every
    measure."""
    card, name = sweep.card, sweep.parameter.name
    names, heads = tables.columns_of(card, [name], COLUMNS)

    def cells(run: SweepRun) -> list[object]:
        given = tables.shown(card, names, sweep.settings | {name: run.value})
        return [cell(card.id), *given, run.seed, run.status, run.steps]

    rows = ((cells(run), run) for run in sweep.runs)
    tables.print_lines([COLUMNS[0], *heads, *COLUMNS[1:]], sweep.measures, rows)


def print_sweep(
    console: Console, sweep: Sweep, measure: str | None, session: Session, where: str = ""
) -> None:
    """The chart of the measure (unless given, of the scene's main one) and the table. `where`: the
    options that say where the runs were made, if not here."""
    from rich.text import Text

    name = measure if measure in sweep.measures else sweep.main_measure
    console.print(Text(session.text(sweep.card.title), style="bold"))
    console.print()
    if name is not None and any(row.count for row in sweep.measure(name)):
        _print_chart(console, sweep, name, session)
        console.print()
    _print_table(console, sweep, name, session)
    console.print()
    if name is not None and len(sweep.seeds) > 1:
        _print_differences(console, sweep, name, session)
    console.print(Text(session.text(summary(sweep))))
    if sweep.together:
        console.print(Text(session.text(TOGETHER), "dim"))
    line = f"{sweep.command} {where}".rstrip()
    console.print(Text(session.text(line)), soft_wrap=True)


def _print_chart(console: Console, sweep: Sweep, name: str, session: Session) -> None:
    plot = sweep.as_plot(name)
    heading = f"{name} by {sweep.parameter.name}{_spread_words(sweep, plot)}"
    tables.print_chart(console, session, heading, plot)


def _spread_words(sweep: Sweep, plot: Any) -> str:
    from dlplay.draw.boxes import middle_of

    if len(sweep.seeds) < 2:
        return ""
    return f": {middle_of(plot)}, lowest and highest of {len(sweep.seeds)} seeds"


def _print_table(console: Console, sweep: Sweep, name: str | None, session: Session) -> None:
    from rich.text import Text

    table = tables.new_table()
    table.add_column(session.text(sweep.parameter.name), justify="right")
    if name is not None:
        table.add_column(session.text(name), justify="right")
        if len(sweep.seeds) > 1:
            table.add_column("low to high", justify="right")
    if sweep.card.claims:
        table.add_column("claims that hold")
    table.add_column("")
    rows = sweep.measure(name) if name is not None else [None] * len(sweep.values)
    for value, row in zip(sweep.values, rows, strict=True):
        cells = [Text(session.text(tables.with_unit(sweep.parameter, value)))]
        if row is not None:
            cells.append(Text(short(row.mean) if row.count else "", "bold"))
            if len(sweep.seeds) > 1:
                cells.append(Text(f"{short(row.low)} to {short(row.high)}" if row.count else ""))
        if sweep.card.claims:
            held, of = sweep.holding(value)
            cells.append(Text(f"{held} of {of}" if sweep.at(value) else ""))
        table.add_row(*cells, _status(sweep, value, row))
    console.print(table)


def _print_differences(console: Console, sweep: Sweep, name: str, session: Session) -> None:
    """For each pair of values whether the seeds alone would explain what lies between them."""
    from rich.text import Text

    found = [each for each in differences(sweep, name) if each.seeds]
    if not found:
        return
    table = tables.new_table()
    table.add_column(session.text(sweep.parameter.name))
    table.add_column(session.text(f"{name} differs by"), justify="right")
    table.add_column("what explains it")
    show = sweep.parameter.show
    for each in found[:PAIRS]:
        table.add_row(
            Text(session.text(f"{show(each.one)} to {show(each.other)}")),
            Text(signed(each.mean), "bold" if each.told else ""),
            Text(session.text(each.words(sweep.parameter.name))),
        )
    console.print(table)
    tables.print_more(console, len(found) - PAIRS, "pairs")
    console.print()


def signed(value: float) -> str:
    """With its sign: a difference."""
    return short(value) if value <= 0 else f"+{short(value)}"


def _status(sweep: Sweep, value: Any, row: Row | None) -> Text:
    """What is to be said of this value's runs, if they are not all done and measured."""
    from rich.text import Text

    runs = sweep.at(value)
    if not runs:
        return Text("not run", "dim")
    words = []
    for status in ("diverged", "failed"):
        count = sum(run.status == status for run in runs)
        if count:
            words.append(status if count == len(runs) else f"{count} of {len(runs)} {status}")
    if row is not None and row.count + row.diverged + row.failed < len(runs):
        words.append(f"{len(runs) - row.count - row.diverged - row.failed} without a number")
    if len(runs) < len(sweep.seeds):
        words.append(f"{len(runs)} of {len(sweep.seeds)} seeds")
    return Text(", ".join(words), "yellow")


def summary(sweep: Sweep) -> str:
    """How many runs there were and how they ended, in one line."""
    seeds, statuses = tables.seed_words(sweep.seeds), tables.status_words(sweep.runs)
    return f"{len(sweep.runs)} runs, {seeds}: {statuses}"
