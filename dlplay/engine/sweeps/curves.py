"""Curves of several runs as one: thinned, and gathered over seeds into a mean and its spread."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from dlplay.draw import Line
from dlplay.draw.figures import Floats
from dlplay.draw.raster import thin
from dlplay.words.numbers import last_place

POINTS = 512  # of a curve that is kept of each run
PLACES = 10  # of the last figure that a table shows, the least that an axis covers


def ends_badly(line: Line) -> bool:
    """Whether the last value is not finite: the run diverged there."""
    return len(line) > 0 and not np.isfinite(line.mean[-1])


def thinned(line: Line, points: int = POINTS) -> Line:
    """At most about so many buckets, each with the range and the mean of those it joins."""
    count = len(line)
    if count <= points:
        return line
    body, end = (_part(line, 0, count - 1), line) if ends_badly(line) else (line, None)
    less, _ = thin(body, np.floor(np.arange(len(body)) * points / len(body)))
    return less if end is None else _joined(less, _part(end, count - 1, count))


def together(lines: Sequence[Line]) -> Line:
    """The mean over runs at each x, with the least and the greatest of the runs as its range.

    Runs that end early take part as far as they go. One run alone stays as it is.
    """
    if len(lines) == 1:
        return lines[0]
    longest = max(lines, key=len)
    x = longest.x
    if all(np.array_equal(line.x, x[: len(line)]) for line in lines):
        rows = [_padded(line.mean, len(x)) for line in lines]
    elif all(len(line) and (np.diff(line.x) >= 0).all() for line in lines):
        x = np.unique(np.concatenate([line.x for line in lines]))
        rows = [np.interp(x, line.x, line.mean, left=np.nan, right=np.nan) for line in lines]
    else:  # they run to and fro along x: point by point, as they were drawn
        rows = [_padded(line.mean, len(x)) for line in lines]
    ys = np.where(np.isfinite(rows), rows, np.nan)
    with warnings.catch_warnings():  # where no run has a number, neither has the mean
        warnings.simplefilter("ignore", RuntimeWarning)
        return Line(x, np.nanmin(ys, axis=0), np.nanmax(ys, axis=0), np.nanmean(ys, axis=0))


def room_for(line: Line) -> tuple[Line, ...]:
    """What a linear axis is to have room for beside this line, so that it does not make a slope of
    what the figures of a table do not tell apart."""
    values = np.concatenate([line.low, line.high])
    known = values[np.isfinite(values)]
    if not len(known):
        return ()
    low, high = float(known.min()), float(known.max())
    wide = PLACES * last_place(max(abs(low), abs(high)))
    if not 0 < high - low < wide:
        return ()
    middle = low / 2 + high / 2
    at = line.x[:1].repeat(2)
    return (Line.of(at, [middle - wide / 2, middle + wide / 2]),)


def cut(line: Line, others: Sequence[Line], log: bool) -> Line:
    """A diverged curve up to where it leaves the range of the others by more than their span.

    So that they can still be read beside it; its end is marked as not finite.
    """
    scale = _log10 if log else _same
    seen = [scale(y) for other in others for y in (other.low, other.high)]
    values = np.concatenate([*seen, scale(line.mean[:1])]) if seen else np.zeros(0)
    values = values[np.isfinite(values)]
    if not values.size:
        return line
    low, high = float(values.min()), float(values.max())
    span = high - low or 1.0
    y = scale(line.mean)
    with np.errstate(invalid="ignore"):
        outside = ~((y >= low - span) & (y <= high + span))
    if not outside.any():
        return line
    first = int(outside.argmax())
    return _joined(_part(line, 0, first), _nowhere(line.x[first : first + 1]))


def end_badly(line: Line) -> Line:
    """The line with an end that is not finite."""
    return _joined(line, _nowhere(line.x[-1:]))


def _nowhere(x: Floats) -> Line:
    nothing = np.full(len(x), np.nan)
    return Line(x, nothing, nothing, nothing)


def _log10(values: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(np.asarray(values, np.float64))


def _same(values: Floats) -> Floats:
    return values


def _padded(values: Floats, length: int) -> Floats:
    return np.pad(values.astype(float), (0, length - len(values)), constant_values=np.nan)


def _part(line: Line, start: int, end: int) -> Line:
    return Line(*(a[start:end] for a in (line.x, line.low, line.high, line.mean)))


def _joined(first: Line, then: Line) -> Line:
    ends = zip(
        (first.x, first.low, first.high, first.mean),
        (then.x, then.low, then.high, then.mean),
        strict=True,
    )
    return Line(*(np.concatenate(pair) for pair in ends))
