"""What sweeps and searches print alike: a chart, a table, words of the summary, JSON, CSV."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlplay.cli.results import WIDEST
from dlplay.wire import events
from dlplay.words.foreign import cell

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from dlplay.author.parameters.base import Parameter
    from dlplay.cli.options import Session
    from dlplay.course.catalog import SceneCard
    from dlplay.draw import Curves
    from dlplay.engine.summary import Summarised

    Run = events.Finished | Summarised


def run_as_object(run: Run) -> dict[str, Any]:
    """What came of a run, in JSON."""
    return {
        "status": run.status,
        "message": run.message,
        "steps": run.steps,
        "seconds": run.seconds,
        "device": run.device,
        "measures": run.measures,
        "claims": run.claims,
    }


def print_lines(
    columns: Sequence[str],
    measures: Sequence[str],
    rows: Iterable[tuple[Sequence[object], Run]],
) -> None:
    """CSV on standard output, a line a run: its cells in these columns, then every measure. One
    that has the name of a column of ours is `measured_NAME`; what was not measured is empty."""
    heads = [cell(f"measured_{name}" if name in columns else name) for name in measures]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([*columns, *heads])
    for cells, run in rows:
        measured = [repr(run.measures[name]) if name in run.measures else "" for name in measures]
        writer.writerow([*cells, *measured])


def columns_of(
    card: SceneCard, first: Sequence[str], ours: Sequence[str]
) -> tuple[list[str], list[str]]:
    """All parameters of the scene, those named `first` before the others, and the heads of their
    columns: one that has the name of a column of `ours` is `set_NAME`."""
    names = [*first, *(name for name in card.parameters if name not in first)]
    return names, [cell(f"set_{name}" if name in ours else name) for name in names]


def shown(card: SceneCard, names: Sequence[str], settings: Mapping[str, Any]) -> list[str]:
    """The cells of these parameters in a run with these settings: also what is at its default, so
    that tables of different sweeps can be told apart, and be put together."""
    values = card.defaults | dict(settings)
    return [cell(card.parameters[name].show(values[name])) for name in names]


def print_chart(
    console: Console, session: Session, heading: str, plot: Curves | events.Bars | events.Boxes
) -> None:
    """The plot under its heading."""
    from rich.text import Text

    from dlplay.draw import draw, natural_height

    look, width = session.look(console), min(console.width, WIDEST)
    console.print(Text(session.text(heading), style="bold"))
    height = natural_height(plot, width, look)
    if isinstance(plot, events.Bars):  # no more than they fill
        height = min(height, len(plot.labels) * (len(plot.series) + 2) + 1)
    console.print(draw(plot, width, height, look))


def new_table() -> Table:
    """A table without lines, its columns two blanks apart."""
    from rich.table import Table

    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")


def print_more(console: Console, left_out: int, what: str) -> None:
    """How many rows the table above has no room for, if there are any."""
    from rich.text import Text

    if left_out > 0:
        console.print(Text(f"and {left_out} more {what}: --json has them all", "dim"))


def with_unit(parameter: Parameter[Any], value: Any) -> str:
    """The value as it is shown, and its unit."""
    return parameter.show(value) + (f" {parameter.unit}" if parameter.unit else "")


def seed_words(seeds: Sequence[int]) -> str:
    """Which seeds, in words."""
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    return f"seeds {seeds[0]} to {seeds[-1]}"


def status_words(runs: Sequence[Run]) -> str:
    """How many runs ended how, in words."""
    statuses = [run.status for run in runs]
    kinds = ("done", "diverged", "failed")
    return ", ".join(f"{statuses.count(kind)} {kind}" for kind in kinds if kind in statuses)
