"""Pinned runs: kept beside the one that goes on, drawn over it, and compared with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from dlplay.course.catalog import SceneCard
from dlplay.draw import Curves
from dlplay.engine.history import History
from dlplay.tui.sidebar import Inks, comparison, standing
from dlplay.words.numbers import short

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass
class Pin:
    """A run that stays: its settings, its history, a name, whether it is drawn, and its recording
    if it has one."""

    name: str
    values: dict[str, Any]
    seed: int
    history: History
    hidden: bool = False
    path: Path | None = None


def next_name(pins: list[Pin]) -> str:
    """The first letter that no pin has."""
    taken = {pin.name for pin in pins}
    return next((letter for letter in LETTERS if letter not in taken), f"run {len(pins) + 1}")


def overlay(curves: Curves, panel: str, pins: list[Pin], at: int | None = None) -> Curves:
    """The curves with those of the pinned runs over them, each in a style of its own."""
    lines = dict(curves.lines)
    for pin in pins:
        content = None if pin.hidden else pin.history.panel(panel, at)
        if isinstance(content, Curves):
            lines |= {f"{pin.name}: {name}": line for name, line in content.lines.items()}
    return replace(curves, lines=lines)


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


def differences(card: SceneCard, runs: list[Pin]) -> list[tuple[str, list[str]]]:
    """The parameters, and the seed, that are not the same in all runs."""
    rows = []
    for name, parameter in card.parameters.items():
        cells = [parameter.show(run.values[name]) if name in run.values else "" for run in runs]
        if len(set(cells)) > 1:
            rows.append((name, cells))
    seeds = [str(run.seed) for run in runs]
    return [*rows, ("seed", seeds)] if len(set(seeds)) > 1 else rows


def _verdict(run: Pin, name: str, inks: Inks) -> Text:
    for result in run.history.claims:
        if result.name == name:
            mark, ink, _ = standing(result, run.history.whole)
            return Text(f"{mark} {comparison(result)}", inks[ink])
    return Text("·", inks["muted"])
