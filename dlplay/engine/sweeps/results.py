"""What a sweep found: its runs, each measure by value with its spread, and what to draw of them."""

from __future__ import annotations

import math
import shlex
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlplay.author.parameters.base import Parameter, Value
from dlplay.course.catalog import SceneCard
from dlplay.draw import Curves, Line
from dlplay.engine.comparing import checked, main_measure
from dlplay.engine.summary import Summarised
from dlplay.engine.sweeps.curves import cut, end_badly, ends_badly, room_for, together
from dlplay.stage.arrays import box
from dlplay.wire import events
from dlplay.words.address import elsewhere, show_settings
from dlplay.words.nearest import did_you_mean

if TYPE_CHECKING:
    import numpy.typing as npt

    from dlplay.engine.history import History

DECADES = 100.0  # from here on between the least and the greatest, an axis is logarithmic
NOTHING = np.zeros(0)


@dataclass(frozen=True)
class SweepRun(Summarised):
    """One run of a sweep: its summary, whose fields it has, and these. `history`: all that it
    showed, where the sweep keeps it; `recording`: its file, where it is recorded."""

    value: Value
    finished: events.Finished
    curves: Mapping[str, Mapping[str, Line]]  # panel, series -> the curve, thinned
    history: History | None = field(default=None, repr=False, compare=False)
    recording: Path | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Row:
    """A measure at one value: over the `count` runs that are done and have a finite number.

    `mean`, `low` and `high` are NaN where `count` is 0. `diverged` and `failed` count the runs
    that have no number for that reason.
    """

    value: Value
    mean: float
    low: float
    high: float
    count: int
    diverged: int = 0
    failed: int = 0


@dataclass
class Sweep:
    """What a sweep found. `runs` are in the order of `values`, then of seeds; where it was
    `stopped`, they are those that had finished. `together`: those of a seed were trained as one
    batch; `apart`: none were to be."""

    card: SceneCard
    parameter: Parameter[Any]
    values: list[Any]
    seeds: list[int]
    settings: dict[str, Any] = field(default_factory=dict)  # the other parameters that were set
    runs: list[SweepRun] = field(default_factory=list)
    axes: dict[str, events.Axes] = field(default_factory=dict)  # of each panel of curves
    stopped: bool = False
    together: bool = False
    apart: bool = False

    @property
    def total(self) -> int:
        """The runs that there are when all have finished."""
        return len(self.values) * len(self.seeds)

    @property
    def measures(self) -> list[str]:
        """The names of all measures, in the order in which the runs report them."""
        return list(dict.fromkeys(name for run in self.runs for name in run.measures))

    @property
    def panels(self) -> dict[str, list[str]]:
        """The panels that have curves, each with its series."""
        found: dict[str, dict[str, None]] = {}
        for run in self.runs:
            for panel, series in run.curves.items():
                found.setdefault(panel, {}).update(dict.fromkeys(series))
        return {panel: list(series) for panel, series in found.items()}

    @property
    def main_measure(self) -> str | None:
        """The measure that the first claim is about; without one the first; None without any."""
        return main_measure(self.card, self.measures)

    def at(self, value: Value) -> list[SweepRun]:
        """The finished runs at this value."""
        return [run for run in self.runs if run.value == value]

    @property
    def command(self) -> str:
        """What to write to make this sweep again."""
        values = ",".join(self.parameter.show(value) for value in self.values)
        words = [self.card.id, shlex.quote(f"{self.parameter.name}={values}")]
        words += show_settings(self.card, self.settings)
        if len(self.seeds) > 1:
            words.append(f"--seeds {len(self.seeds)}")
        if self.seeds[0]:
            words.append(f"--seed {self.seeds[0]}")
        if self.apart:
            words.append("--apart")
        return "dlplay sweep " + " ".join(words) + elsewhere(self.card)

    def label(self, value: Value) -> str:
        """`name=value`."""
        return f"{self.parameter.name}={self.parameter.show(value)}"

    def measure(self, name: str) -> list[Row]:
        """The measure at every value. LookupError, with the nearest name, if no run reported it."""
        checked(name, self.measures)
        return [_row(value, name, self.at(value)) for value in self.values]

    def holding(self, value: Value) -> tuple[int, int]:
        """How many claims hold at this value with every seed that has finished, and of how many."""
        runs = self.at(value)
        names = [claim.name for claim in self.card.claims]
        held = [{c.name for c in r.claims if c.holds and r.status == "done"} for r in runs]
        return sum(bool(runs) and all(name in h for h in held) for name in names), len(names)

    def curves(self, panel: str, series: str | None = None) -> dict[Any, Line]:
        """The curve at each value that has one: its mean over seeds, and their least and greatest.

        `series`: the panel's first unless given. Where some seeds diverged, the others make the
        mean; where all did, it is theirs, and ends in NaN. LookupError for a name that no run drew.
        """
        series = self._series(panel, series)
        found = {}
        for value in self.values:
            runs = [run for run in self.at(value) if series in run.curves.get(panel, {})]
            standing = [run for run in runs if run.status != "diverged"] or runs
            if not standing:
                continue
            lines = [run.curves[panel][series] for run in standing]
            line = together(lines)
            bad = all(ends_badly(each) for each in lines) and not ends_badly(line)
            found[value] = end_badly(line) if bad else line
        return found

    def as_plot(self, measure: str) -> Curves | events.Bars | events.Boxes:
        """The measure against the parameter, to be drawn: a curve with the spread over seeds; for
        a choice bars, or of several seeds boxes. Values at which every run diverged are named, and
        have no number."""
        rows = self.measure(measure)
        name, panel = self.parameter.name, f"{measure} by {self.parameter.name}"
        if self.parameter.kind not in ("number", "integer"):
            return self._as_bars(rows, panel, measure)
        columns = ([float(row.value) for row in rows], *zip(*map(_numbers, rows), strict=True))
        order = np.argsort(columns[0], kind="stable")
        line = _between_ends(Line(*(np.array(column)[order] for column in columns)))
        lost = [self.parameter.show(row.value) for row in rows if row.diverged and not row.count]
        lines = {measure: line}
        if lost:
            lines[f"diverged at {', '.join(lost)}"] = Line(NOTHING, NOTHING, NOTHING, NOTHING)
        log = "x" if getattr(self.parameter, "log", False) or _spans(line.x) else ""
        log += "y" if _spans(np.concatenate([line.low, line.high])) else ""
        room = () if "y" in log else room_for(line)
        return Curves(events.Axes(panel=panel, x=name, log=log), lines, room=room)

    def as_curves(
        self, panel: str, series: str | None = None, label: Callable[[Value], str] | None = None
    ) -> Curves:
        """A panel's curves to be drawn together, one colour a value; diverged ones as far as they
        leave the others readable. `label`: what to call a value's curve, in place of `name=value`.
        """
        series = self._series(panel, series)
        curves = self.curves(panel, series)
        axes = self.axes.get(panel) or events.Axes(panel=panel)
        others = [line for line in curves.values() if not ends_badly(line)]
        lines, styles = {}, {}
        for index, value in enumerate(self.values):
            if value not in curves:
                continue
            line = curves[value]
            name = (label or self.label)(value) + self._lost(value)
            lines[name] = cut(line, others, "y" in axes.log) if ends_badly(line) else line
            styles[name] = index
        return Curves(axes, lines, styles)

    def _lost(self, value: Value) -> str:
        """How many of its seeds diverged, where the others make the curve."""
        statuses = [run.status for run in self.at(value)]
        lost = statuses.count("diverged")
        return f" ({lost} of {len(statuses)} diverged)" if 0 < lost < len(statuses) else ""

    def _series(self, panel: str, series: str | None) -> str:
        if panel not in self.panels:
            names = ", ".join(self.panels) or "none"
            raise LookupError(
                f"no panel {panel!r} has curves; there are {names}."
                f"{did_you_mean(panel, self.panels)}"
            )
        known = self.panels[panel]
        if series is not None and series not in known:
            raise LookupError(
                f"{panel} has no series {series!r}; it has {', '.join(known)}."
                f"{did_you_mean(series, known)}"
            )
        return series if series is not None else known[0]

    def _as_bars(self, rows: list[Row], panel: str, measure: str) -> events.Bars | events.Boxes:
        labels = [
            self.label(row.value) + (" (diverged)" if row.diverged and not row.count else "")
            for row in rows
        ]
        if len(self.seeds) > 1:
            boxes = [box(_finite(self.at(row.value), measure)) for row in rows]
            log = _spans(np.array([end for each in boxes for end in (each.least, each.most)]))
            return events.Boxes(panel=panel, labels=labels, boxes=boxes, log=log, unit=measure)
        series = {measure: [row.mean for row in rows]}
        return events.Bars(
            panel=panel, labels=labels, series=series, log=_spans(np.array(series[measure]))
        )


def _row(value: Value, name: str, runs: list[SweepRun]) -> Row:
    numbers = _finite(runs, name)
    diverged = sum(run.status == "diverged" for run in runs)
    failed = sum(run.status == "failed" for run in runs)
    if not numbers:
        return Row(value, math.nan, math.nan, math.nan, 0, diverged, failed)
    mean = statistics.fmean(numbers)
    return Row(value, mean, min(numbers), max(numbers), len(numbers), diverged, failed)


def _finite(runs: list[SweepRun], name: str) -> list[float]:
    numbers = [run.measures[name] for run in runs if run.status == "done" and name in run.measures]
    return [number for number in numbers if math.isfinite(number)]


def _numbers(row: Row) -> tuple[float, float, float]:
    return row.low, row.high, row.mean


def _between_ends(line: Line) -> Line:
    """Without the values at either end that have no number; a gap between others stays one."""
    (known,) = np.nonzero(np.isfinite(line.mean))
    if not len(known):
        return line
    kept = slice(known[0], known[-1] + 1)
    return Line(*(column[kept] for column in (line.x, line.low, line.high, line.mean)))


def _spans(values: npt.NDArray[Any]) -> bool:
    """Whether these are all positive and span decades."""
    finite = values[np.isfinite(values)]
    return bool(len(finite) and finite.min() > 0 and finite.max() >= DECADES * finite.min())
