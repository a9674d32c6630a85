"""The data of a curve panel, made from many Points events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dlplay.wire import events

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Line:
    """A series, thinned to buckets: `low`, `high` and `mean` of the y of each, at its `x`."""

    x: Array
    low: Array
    high: Array
    mean: Array

    @classmethod
    def of(cls, x: Any, y: Any) -> Line:
        """A series as it is, one point a bucket."""
        xs, ys = np.asarray(x, np.float64), np.asarray(y, np.float64)
        return cls(xs, ys, ys, ys)

    def __len__(self) -> int:
        return min(len(self.x), len(self.low), len(self.high), len(self.mean))


@dataclass(frozen=True, eq=False)
class Curves:
    """Series on shared axes. `styles`: the palette's index of a series, where it is not its
    place in `lines`. `scatter`: marks, no lines. `room`: lines that are not drawn but for which
    the axes have room, so that two charts side by side have the same axes. `lasts`: the legend
    tells the last value of each line, which says something where the x axis is time. `pinned`: of
    lines that belong to another run, its name and the series that they show; they look like that
    series, dashed."""

    axes: events.Axes
    lines: Mapping[str, Line]
    styles: Mapping[str, int] | None = None
    scatter: bool = False
    room: Sequence[Line] = ()
    lasts: bool = True
    pinned: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, plot: events.Plot, axes: events.Axes | None = None) -> Curves:
        """A whole plot as curves."""
        lines = {name: Line.of(x[: len(y)], y[: len(x)]) for name, (x, y) in plot.series.items()}
        axes = axes or events.Axes(panel=plot.panel, x="")
        return cls(axes, lines, scatter=plot.scatter, lasts=False)
