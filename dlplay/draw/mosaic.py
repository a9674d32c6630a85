"""How panels share a rectangle: one leads, the others share what it leaves.

The lead has half of the rectangle or more, unless its picture cannot fill that. The others are as
high as what they hold; those that find no room are on further pages, beside the lead. Where there
is no room for any, each panel is alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

SMALLEST = (30, 9)  # cells of a picture beside the lead, with its border
LOWEST = 5  # rows of what holds few lines
LEAD = 16  # rows that the lead has at least where another is under it
BEST_SHAPE = 2.6  # width to height, in cells: a little wider than square to the eye
LYING = 3  # width to height of pictures under the lead
NARROW = 14  # rows of those that are narrow: their names take some
CUT = 4  # and that a table is too narrow
IDLE = 20  # how bad it is that room lies idle
SHARES = (1 / 2, 2 / 5, 1 / 3)  # of the width, for a column beside the lead


@dataclass(frozen=True)
class Want:
    """What a panel would like: so many `rows` at a width, with its border. One that `stretches`
    is a picture, and better the larger it is; others have no use for more. `fills` is the width
    and height that it takes of those that it is given; narrower than `width` it is cut."""

    rows: Callable[[int], int]
    stretches: bool = True
    fills: Callable[[int, int], tuple[int, int]] = lambda width, height: (width, height)
    width: int = 0

    def good(self, width: int) -> int:
        """Rows that do it justice under the lead: a picture's own, or more to suit its width."""
        rows = self.rows(width)
        if not self.stretches:
            return rows
        return max(rows, self.fills(width, max(width // LYING, NARROW))[1])

    def least(self, width: int) -> int:
        if self.stretches:
            return SMALLEST[1]
        return max(LOWEST, min(self.rows(width), SMALLEST[1]))


@dataclass(frozen=True)
class Place:
    """Where a panel is, in cells."""

    x: int
    y: int
    width: int
    height: int


def pages(wants: Sequence[Want], lead: int, width: int, height: int) -> list[list[int]]:
    """Which panels are seen together, by their numbers; the lead first, on every page. Where
    nothing fits beside it, one panel a page."""
    others = [number for number in range(len(wants)) if number != lead]
    if not others:
        return [[lead]]
    for count in range(len(others), 0, -1):
        # Pages of even size look calmer than a full one and a rest.
        even = math.ceil(len(others) / math.ceil(len(others) / count))
        groups = [[lead, *others[at : at + even]] for at in range(0, len(others), even)]
        if all(_layouts([wants[n] for n in group], width, height) for group in groups):
            return groups
    return [[number] for number in range(len(wants))]


def places(wants: Sequence[Want], width: int, height: int) -> list[Place]:
    """Where the panels of a page are, the lead first."""
    layouts = _layouts(wants, width, height) if len(wants) > 1 else []
    return min(layouts, key=lambda layout: _strain(wants, layout), default=[whole(width, height)])


def whole(width: int, height: int) -> Place:
    """All of the rectangle."""
    return Place(0, 0, width, height)


def _layouts(wants: Sequence[Want], width: int, height: int) -> list[list[Place]]:
    """All that can be done with the lead and some others, so that each is of a bearable size."""
    half = max(LEAD, math.ceil(height / 2))
    leads = {half, max(half, wants[0].rows(width))}
    below = (
        _below(wants, columns, width, height, lead)
        for columns in range(1, len(wants))
        for lead in sorted(leads)
    )
    beside = (_beside(wants, int(width * share), width, height) for share in SHARES)
    return [layout for layout in (*below, *beside) if layout]


def _below(wants: Sequence[Want], columns: int, width: int, height: int, lead: int) -> list[Place]:
    """The others in rows under the lead, so many in each, that has so many rows at least; nothing
    where they do not fit."""
    cell, others = width // columns, wants[1:]
    rows = [others[at : at + columns] for at in range(0, len(others), columns)]
    room = height - lead
    least = [max(want.least(cell) for want in row) for row in rows]
    if cell < SMALLEST[0] or sum(least) > room:
        return []
    heights = _shared(room, [max(want.good(cell) for want in row) for row in rows], least)
    growing = [n for n, row in enumerate(rows) if any(want.stretches for want in row)]
    top = height - sum(heights)
    idle = top - max(SMALLEST[1], wants[0].fills(width, top)[1])
    for _ in range(idle if growing and idle > 0 else 0):
        heights[min(growing, key=lambda n: heights[n])] += 1
    top = height - sum(heights)
    layout = [Place(0, 0, width, top)]
    for row, high in zip(rows, heights, strict=True):
        edges = [width * n // len(row) for n in range(len(row) + 1)]
        layout += [Place(a, top, b - a, high) for a, b in pairwise(edges)]
        top += high
    return layout


def _beside(wants: Sequence[Want], wide: int, width: int, height: int) -> list[Place]:
    """The others in a column beside the lead; nothing where they do not fit."""
    others = wants[1:]
    least = [want.least(wide) for want in others]
    if not SMALLEST[0] <= wide <= width - wide or sum(least) > height:
        return []
    heights = _shared(height, [want.rows(wide) for want in others], least)
    growing = [place for place, want in enumerate(others) if want.stretches]
    for _ in range(height - sum(heights) if growing else 0):
        short = [n for n in growing if others[n].fills(wide, heights[n] + 1)[1] > heights[n]]
        short = short or growing
        heights[min(short, key=lambda n: heights[n])] += 1
    layout, top = [Place(0, 0, width - wide, height)], 0
    for high in heights:
        layout.append(Place(width - wide, top, wide, high))
        top += high
    return layout


def _shared(room: int, wanted: Sequence[int], least: Sequence[int]) -> list[int]:
    """Rows for each, no more than it wants (or needs at least); who wants little gets it whole."""
    given = list(least)
    for _ in range(room - sum(given)):
        short = [n for n in range(len(given)) if given[n] < wanted[n]]
        if not short:
            break
        given[min(short, key=lambda n: given[n])] += 1
    return given


def _strain(wants: Sequence[Want], layout: Sequence[Place]) -> float:
    """How far the pictures are from their best shape, how much of the rectangle lies idle, and
    what has to be cut."""
    area = sum(place.width * place.height for place in layout)
    lead = layout[0]
    wide, high = wants[0].fills(lead.width, lead.height)
    strain = 2 * _unfit(lead.width / lead.height) - 4 * wide * high / area
    strain += IDLE * (lead.width * lead.height - wide * high) / area
    for want, place in zip(wants, layout, strict=True):
        strain += CUT * max(want.width - place.width, 0) / max(want.width, 1)
    for want, place in zip(wants[1:], layout[1:], strict=True):
        rows = want.rows(place.width)
        if want.stretches:
            taken = math.prod(want.fills(place.width, place.height))
            strain += _unfit(place.width / place.height)
            strain += IDLE * max(place.width * place.height - taken, 0) / area
        else:
            idle = max(place.height - rows, 0) * place.width / area
            strain += 1 + IDLE * idle + 2 * max(rows - place.height, 0) / max(rows, 1)
    bottom = max(place.y + place.height for place in layout[1:])
    left = (lead.height - bottom) * min(place.width for place in layout[1:])
    return strain + IDLE * max(left, 0) / area


def _unfit(shape: float) -> float:
    """How far a shape is from the best; 1 is perfect."""
    return max(shape / BEST_SHAPE, BEST_SHAPE / shape)
