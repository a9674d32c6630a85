"""From curves to dots: thinning to columns, and lines between points."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dlplay.draw.figures import Floats
from dlplay.draw.series import Line

Ints = npt.NDArray[np.int64]
Dots = npt.NDArray[np.bool_]


def runs(mask: Dots) -> list[slice]:
    """Where it is true without a break."""
    turns = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    return [slice(a, b) for a, b in turns.reshape(-1, 2).tolist()]


def thin(line: Line, columns: Floats) -> tuple[Line, Floats]:
    """At most one bucket a column: `columns` gives each bucket's, in order; minimum, maximum and
    mean of what falls together. Finite values win over others."""
    starts = np.flatnonzero(np.diff(columns, prepend=-1.0))
    sizes = np.diff(starts, append=len(columns))
    finite = np.isfinite(line.mean)
    counts = np.add.reduceat(finite, starts, dtype=np.int64)
    sums = np.add.reduceat(np.where(finite, line.mean / sizes.max(), 0.0), starts)
    with np.errstate(all="ignore"):
        mean = np.where(counts > 0, sums / counts * sizes.max(), np.nan)
    low = np.fmin.reduceat(np.where(np.isfinite(line.low), line.low, np.nan), starts)
    high = np.fmax.reduceat(np.where(np.isfinite(line.high), line.high, np.nan), starts)
    return Line(line.x[starts], low, high, mean), columns[starts]


def polyline(columns: Ints, rows: Ints, joined: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """All dots of a line through these points; `joined` [N - 1] says which neighbours connect."""
    if len(columns) < 2 or not joined.any():
        return columns, rows
    c, r = columns[:-1][joined], rows[:-1][joined]
    dc, dr = columns[1:][joined] - c, rows[1:][joined] - r
    steps = np.maximum(np.maximum(abs(dc), abs(dr)), 1)
    which = np.repeat(np.arange(len(c)), steps + 1)
    first = np.cumsum(steps + 1) - (steps + 1)
    share = (np.arange(len(which)) - first[which]) / steps[which]
    along = c[which] + np.round(dc[which] * share).astype(np.int64)
    down = r[which] + np.round(dr[which] * share).astype(np.int64)
    return np.concatenate([along, columns]), np.concatenate([down, rows])


DASHES = (6, 2, 10, 3)  # of other runs, in dots


def dash(place: int) -> int:
    """The dots of a dash of the lines of another run, the first of which has place 0."""
    return DASHES[place % len(DASHES)]


def dashed(columns: Ints, rows: Ints, points: int, size: int) -> tuple[Ints, Ints]:
    """A polyline of so many points in dashes of `size` dots, with gaps a little smaller."""
    if len(columns) <= points:  # no lines, points alone
        return columns, rows
    columns, rows = columns[:-points], rows[:-points]
    new = np.append(True, (np.diff(columns) != 0) | (np.diff(rows) != 0))
    columns, rows = columns[new], rows[new]
    kept = np.arange(len(columns)) % (2 * size - size // 3) < size
    return columns[kept], rows[kept]


def spans(columns: Ints, tops: Ints, bottoms: Ints, dots: Dots) -> None:
    """Set vertical runs of dots from `tops` to `bottoms`, both included."""
    sizes = bottoms - tops + 1
    which = np.repeat(np.arange(len(columns)), sizes)
    first = np.cumsum(sizes) - sizes
    dots[tops[which] + np.arange(len(which)) - first[which], columns[which]] = True


def plot(dots: Dots, columns: Any, rows: Any) -> None:
    """Set dots, those outside left out."""
    height, width = dots.shape
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    dots[rows[inside], columns[inside]] = True
