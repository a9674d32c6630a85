"""The table that compares a run with the pinned ones."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from dlplay.course.catalog import SceneCard
from dlplay.tui.model.pins import Pin, differences
from dlplay.tui.widgets.claims import comparison, standing
from dlplay.tui.widgets.text import Inks
from dlplay.words.numbers import short


def comparison_table(card: SceneCard, now: Pin, pins: list[Pin], inks: Inks, chosen: int) -> Table:
    """One column a run: the settings that differ, the claims, the measures."""
    runs = [now, *pins]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=False)
    table.add_column("", style="dim", overflow="fold", max_width=40)
    for place, run in enumerate(runs):
        words = Text(run.name + (" (hidden)" if run.hidden else ""))
        if place == chosen + 1:
            words.stylize(f"bold {inks['accent']} reverse")
        table.add_column(words, justify="right", no_wrap=True)
    for name, cells in differences(card, runs):
        table.add_row(Text(name, "bold"), *cells)
    _gap(table, len(runs))
    for claim in card.claims:
        table.add_row(claim.text, *(_verdict(run, claim.name, inks) for run in runs))
    _gap(table, len(runs))
    for name in dict.fromkeys(name for run in runs for name in run.history.measures):
        table.add_row(name, *(short(run.history.measures.get(name)) for run in runs))
    return table


def _gap(table: Table, columns: int) -> None:
    table.add_row("", *([""] * columns))


def _verdict(run: Pin, name: str, inks: Inks) -> Text:
    for result in run.history.claims:
        if result.name == name:
            mark, ink, _ = standing(result, run.history.whole)
            return Text(f"{mark} {comparison(result)}", inks[ink])
    return Text("·", inks["muted"])
