"""How matrices stand side by side: in columns or lines, as large as they can all be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations, pairwise

GAP = 2  # columns between two
CAPTION = 10  # cells of a name that a narrow matrix makes room for
EVERY = 6  # so many are arranged in all ways
MIXED = 0.7  # what a size is worth where pictures and numbers share a column or a line
APART = 0.9  # and for each column or line of numbers but the first
TALLEST = 5  # rows of a cell
SCALES = (*range(32, 1, -1), 1.75, 1.5, 1.25, *(step / 24 for step in range(24, 0, -1)))


@dataclass(frozen=True)
class Size:
    """What the layout knows of a matrix. `cell`: columns that its numbers need; 0 for a picture."""

    rows: int
    columns: int
    name: int
    cell: int


@dataclass(frozen=True)
class Spot:
    """Where a matrix stands: its name in row `y`, its cells below. `across`, `down`: the size of a
    cell with a number; of a picture they are 0, and `scale` is the pixels of a cell."""

    x: int
    y: int
    width: int  # with the room for the name
    across: int
    down: int
    scale: float


@lru_cache(maxsize=64)
def arranged(sizes: tuple[Size, ...], width: int, height: int) -> tuple[list[Spot], int]:
    """The arrangement in which the pictures, then the numbers, are largest; and its height.

    Where there is no room for the numbers, they are left out; where there is none for cells of
    their own either, all are pictures.
    """
    sizes = tuple(replace(s, cell=_widest(s, sizes)) for s in sizes)
    bare = tuple(Size(s.rows, s.columns, s.name, 2 if s.cell else 0) for s in sizes)
    pictures = tuple(Size(s.rows, s.columns, 0, 0) for s in sizes)
    for tried in (sizes, bare, pictures):
        found = [_largest(tried, way, width, height) for way in _ways(len(sizes))]
        best = max(found, key=lambda fit: (fit.worth(), fit.down, -fit.way.uneven()))
        if best.scale:
            break
    else:
        best = _Fit(pictures, _Way([list(range(len(sizes)))], False), SCALES[-1], 1)
    return best.spots(width), best.extent()[1]


def _widest(size: Size, sizes: tuple[Size, ...]) -> int:
    """The columns of a cell: the same in all of this shape, so that cells lie over cells."""
    shape = size.rows, size.columns
    return max(other.cell for other in sizes if (other.rows, other.columns) == shape)


@dataclass(frozen=True)
class _Way:
    """Groups of neighbours, each a column, or each a line."""

    groups: list[list[int]]
    columns: bool

    def uneven(self) -> int:
        """By how many the largest group has more than the smallest."""
        sizes = [len(group) for group in self.groups]
        return max(sizes) - min(sizes)


def _ways(count: int) -> Iterator[_Way]:
    """The ways in which so many can be arranged: all, or those with as many in each group."""
    order = list(range(count))
    if count <= EVERY:
        cuts = [cut for size in order for cut in combinations(order[1:], size)]
    else:
        cuts = [tuple(order[many::many]) for many in range(count, 0, -1)]
    for cut in cuts:
        groups = [order[a:b] for a, b in pairwise([0, *cut, count])]
        yield _Way(groups, False)
        if 1 < len(groups) < count:
            yield _Way(groups, True)


@dataclass(frozen=True)
class _Fit:
    """An arrangement at certain sizes; a `scale` of 0 says that there is no room for it."""

    sizes: tuple[Size, ...]
    way: _Way
    scale: float
    down: int

    def across(self, size: Size) -> int:
        return max(size.cell, 2 * self.down) if size.cell else 0

    def box(self, size: Size) -> tuple[int, int]:
        """Columns and rows of a matrix with its name."""
        if size.cell:
            wide, tall = self.across(size) * size.columns, self.down * size.rows
        else:
            wide = pixel_count(size.columns, self.scale)
            tall = (pixel_count(size.rows, self.scale) + 1) // 2
        return max(wide, min(size.name, CAPTION)), tall + 1

    def worth(self) -> float:
        """How good it is: numbers that belong together stand together, apart from pictures."""
        if all(size.cell for size in self.sizes):
            return self.scale
        kinds = [{self.sizes[n].cell > 0 for n in group} for group in self.way.groups]
        if any(len(kind) > 1 for kind in kinds):
            return self.scale * MIXED
        return float(self.scale * APART ** max(0, kinds.count({True}) - 1))

    def groups(self) -> list[tuple[int, int]]:
        """Columns and rows of each group."""
        out = []
        for group in self.way.groups:
            wide, tall = zip(*(self.box(self.sizes[n]) for n in group), strict=True)
            if self.way.columns:
                out.append((max(wide), sum(tall)))
            else:
                out.append((sum(wide) + GAP * (len(group) - 1), max(tall)))
        return out

    def extent(self) -> tuple[int, int]:
        wide, tall = zip(*self.groups(), strict=True)
        if self.way.columns:
            return sum(wide) + GAP * (len(wide) - 1), max(tall)
        return max(wide), sum(tall)

    def spots(self, width: int) -> list[Spot]:
        """Where each stands, all of them in the middle of their columns or lines."""
        whole, high = self.extent()
        x, y, out = max(0, (width - whole) // 2), 0, []
        for group, (wide, tall) in zip(self.way.groups, self.groups(), strict=True):
            left, top = x, y
            if self.way.columns:
                top += (high - tall) // 2
            else:
                left += (whole - wide) // 2
            for n in group:
                size = self.sizes[n]
                one_wide, one_tall = self.box(size)
                down = self.down if size.cell else 0
                scale = 0 if size.cell else self.scale
                if self.way.columns:
                    spare = (wide - one_wide) // 2
                    out.append(Spot(left + spare, top, one_wide, self.across(size), down, scale))
                    top += one_tall
                else:
                    spare = (tall - one_tall) // 2
                    out.append(Spot(left, top + spare, one_wide, self.across(size), down, scale))
                    left += one_wide + GAP
            if self.way.columns:
                x += wide + GAP
            else:
                y += tall
        return out


def _largest(sizes: tuple[Size, ...], way: _Way, width: int, height: int) -> _Fit:
    """The largest pictures, then the largest cells, that fit when they are arranged so."""

    def fits(scale: float, down: int) -> bool:
        wide, tall = _Fit(sizes, way, scale, down).extent()
        return wide <= width and tall <= height

    scales: tuple[float, ...] = SCALES if not all(size.cell for size in sizes) else (1.0,)
    low, high = 0, len(scales)  # the first that fits lies between
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(scales[middle], 1) else (middle + 1, high)
    if low == len(scales):
        return _Fit(sizes, way, 0, 0)
    most = TALLEST if len(scales) == 1 else 3
    down = next(down for down in range(most, 0, -1) if down == 1 or fits(scales[low], down))
    return _Fit(sizes, way, scales[low], down)


def pixel_count(count: int, scale: float) -> int:
    """Pixels of so many cells."""
    return max(1, math.floor(count * scale))
