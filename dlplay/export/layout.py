"""Where panels stand in a picture: rows of equal height, each filled from side to side."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

BEST_SHAPE = 2.6  # width to height, in cells: a little wider than square to the eye
NARROWEST = 28
LOWEST = 8  # a row of panels; a picture grows rather than cut them lower


@dataclass(frozen=True)
class Place:
    """A panel's title and drawing, in cells."""

    x: int
    y: int
    width: int
    height: int


def places(count: int, width: int, height: int, gap: int = 2) -> list[Place]:
    """A place for each of `count` panels in `width` x `height` cells, in reading order.

    Between panels of a row are `gap` columns. Where they would be too low, the rows go on
    beneath `height`.
    """
    if count == 0:
        return []
    most = max(1, (width + gap) // (NARROWEST + gap))
    rows = min(range(-(-count // most), count + 1), key=lambda n: _strain(count, n, width, height))
    tall = max(LOWEST, height // rows)
    found = []
    for row, panels in enumerate(_shares(count, rows)):
        edges = [round(i * (width + gap) / panels) for i in range(panels + 1)]
        found += [
            Place(left, row * tall, right - left - gap, tall) for left, right in pairwise(edges)
        ]
    return found


def _shares(count: int, rows: int) -> list[int]:
    """Panels of each row: the first rows have fewer, for the first panel matters most."""
    return [(count + row) // rows for row in range(rows)]


def _strain(count: int, rows: int, width: int, height: int) -> float:
    """How far the panels are from their best shape, on the average."""
    tall = max(LOWEST, height / rows)
    shapes = [(width / n / tall, n) for n in _shares(count, rows)]
    return sum(max(s / BEST_SHAPE, BEST_SHAPE / s) * n for s, n in shapes) / count
