"""Runs of one scene beside each other: grouped by their settings, a measure with its spread."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlplay.course.catalog import SceneCard
from dlplay.stage.arrays import box
from dlplay.wire import events
from dlplay.words.nearest import did_you_mean


@dataclass(frozen=True)
class Compared:
    """A run: its name here, its settings and seed, what it measured, whether it was done, and how
    it was sabotaged, if it was."""

    name: str
    values: Mapping[str, Any]
    seed: int
    measures: Mapping[str, float]
    done: bool = True
    sabotage: str = ""


@dataclass(frozen=True)
class Group:
    """Runs that differ in their seeds alone. `label`: the settings that other groups have not, and
    how they were sabotaged, if others were not so."""

    label: str
    runs: list[Compared]

    def numbers(self, measure: str) -> list[float]:
        """What its runs that are done measured, each seed once: a run made again adds nothing."""
        found = {
            (run.seed, run.measures[measure])
            for run in self.runs
            if run.done and math.isfinite(run.measures.get(measure, math.nan))
        }
        return [number for _, number in sorted(found)]


def groups(card: SceneCard, runs: Sequence[Compared]) -> list[Group]:
    """The runs by their settings, in order of appearance."""
    found: dict[tuple[tuple[str, str], ...], list[Compared]] = {}
    # Those of a program of one's own, or of a scene that was another or is gone, say the runs.
    names = list(dict.fromkeys([*card.parameters, *(name for run in runs for name in run.values)]))
    for run in runs:
        known = {name: _shown(card, name, run.values) for name in names}
        key = (*known.items(), ("sabotage", run.sabotage or "none"))
        found.setdefault(key, []).append(run)
    differ = [place for place in range(len(names) + 1) if len({key[place] for key in found}) > 1]
    return [
        Group(" ".join("=".join(key[place]) for place in differ) or "these settings", mine)
        for key, mine in found.items()
    ]


def measures_of(runs: Sequence[Compared]) -> list[str]:
    """The names of all measures, in the order in which the runs report them."""
    return list(dict.fromkeys(name for run in runs for name in run.measures))


def main_measure(card: SceneCard, measures: Sequence[str]) -> str | None:
    """The measure that the first claim is about; without one the first; None without any."""
    for claim in card.claims:
        for word in re.findall(r"\w+", claim.condition):
            if word in measures:
                return str(word)
    return next(iter(measures), None)


def checked(measure: str, known: Sequence[str]) -> str:
    """The measure. LookupError, with the nearest name, if no run reported it."""
    if measure not in known:
        has = ", ".join(known) or "nothing"
        raise LookupError(
            f"no run measured {measure!r}; they measured {has}.{did_you_mean(measure, known)}"
        )
    return measure


def chart(found: Sequence[Group], measure: str) -> events.Boxes | events.Bars:
    """The measure by group: boxes where any has several seeds, else bars."""
    labels = [group.label for group in found]
    numbers = [group.numbers(measure) for group in found]
    if any(len(each) > 1 for each in numbers):
        boxes = [box(each) for each in numbers]
        return events.Boxes(panel=measure, labels=labels, boxes=boxes, unit=measure)
    bars = [each[0] if each else math.nan for each in numbers]
    return events.Bars(panel=measure, labels=labels, series={"": bars})


def heading(found: Sequence[Group], measure: str) -> str:
    """What the chart shows, in words."""
    from dlplay.draw.boxes import middle_of

    most = max((len(group.numbers(measure)) for group in found), default=0)
    if most < 2:
        return measure
    return f"{measure}: {middle_of(chart(found, measure))}, lowest and highest of {most} seeds"


def _shown(card: SceneCard, name: str, values: Mapping[str, Any]) -> str:
    if name not in values:
        return ""
    return (
        card.parameters[name].show(values[name]) if name in card.parameters else str(values[name])
    )
