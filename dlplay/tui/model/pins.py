"""Pinned runs: kept beside the one that goes on, and drawn over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dlplay.course.catalog import SceneCard
from dlplay.draw import Curves, Drawn
from dlplay.engine.history import History

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


def others_of(panel: str, pins: Sequence[Pin], at: int | None = None) -> dict[str, Drawn]:
    """What the pinned runs that are not hidden have in a panel, by their names."""
    found = ((pin.name, pin.history.panel(panel, at)) for pin in pins if not pin.hidden)
    return {name: content for name, content in found if content is not None}


def overlay(curves: Curves, others: Mapping[str, Drawn]) -> Curves:
    """The curves with those of other runs behind them, a series in the same style."""
    lines, pinned = dict(curves.lines), dict(curves.pinned)
    for run, content in others.items():
        if isinstance(content, Curves):
            for name, line in content.lines.items():
                label = f"{run}: {name}"
                lines[label], pinned[label] = line, (run, name)
    return replace(curves, lines=lines, pinned=pinned)


def differences(card: SceneCard, runs: list[Pin]) -> list[tuple[str, list[str]]]:
    """The parameters, and the seed, that are not the same in all runs."""
    rows = []
    for name, parameter in card.parameters.items():
        cells = [parameter.show(run.values[name]) if name in run.values else "" for run in runs]
        if len(set(cells)) > 1:
            rows.append((name, cells))
    seeds = [str(run.seed) for run in runs]
    return [*rows, ("seed", seeds)] if len(set(seeds)) > 1 else rows


class PinChoice:
    """Which of the pinned runs is chosen; the first, unless another is."""

    def __init__(self, pins: list[Pin]) -> None:
        """`pins`: a list that grows and shrinks."""
        self._pins = pins
        self._place = 0

    @property
    def place(self) -> int:
        return max(min(self._place, len(self._pins) - 1), 0)

    @property
    def pin(self) -> Pin | None:
        return self._pins[self.place] if self._pins else None

    def move(self, by: int) -> None:
        """Choose one further on, or before."""
        self._place = (self.place + by) % max(len(self._pins), 1)
