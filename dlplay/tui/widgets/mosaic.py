"""How panels share a rectangle: columns, rows, and pages where they do not all fit."""

from __future__ import annotations

from dataclasses import dataclass

SMALLEST = (30, 9)  # cells of a panel with its border
BEST_SHAPE = 2.6  # width to height, in cells: a little wider than square to the eye


@dataclass(frozen=True)
class Plan:
    """A grid of `columns` x `rows`, the first panel `column_span` x `row_span`.

    `per_page` panels are seen at a time, on `pages` pages.
    """

    columns: int
    rows: int
    column_span: int
    row_span: int
    per_page: int
    pages: int


def plan(count: int, width: int, height: int) -> Plan:
    """The best grid for `count` panels in `width` x `height` cells."""
    count = max(count, 1)
    per_page = count
    while per_page > 1 and not _grids(per_page, width, height):
        per_page -= 1
    # Pages of even size look calmer than a full one and a rest.
    pages = -(-count // per_page)
    per_page = -(-count // pages)
    columns, rows = min(
        _grids(per_page, width, height) or [(1, 1)],
        key=lambda grid: _strain(per_page, grid, width, height),
    )
    return Plan(columns, rows, *_spans(per_page, columns, rows, width, height), per_page, pages)


def _spans(count: int, columns: int, rows: int, width: int, height: int) -> tuple[int, int]:
    """The first panel takes the spare cells, sideways or downwards, whichever suits its shape."""
    left = columns * rows - count
    cell = (width / columns) / (height / rows)
    tall = left == rows - 1 and _unfit(cell / (left + 1)) < _unfit(cell * (left + 1))
    return (1, left + 1) if tall else (left + 1, 1)


def _grids(count: int, width: int, height: int) -> list[tuple[int, int]]:
    """Grids that hold `count` panels of a bearable size, all spare cells in one row or column."""
    found = []
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        left = columns * rows - count
        if left < columns and width // columns >= SMALLEST[0] and height // rows >= SMALLEST[1]:
            found.append((columns, rows))
    return found


def _strain(count: int, grid: tuple[int, int], width: int, height: int) -> float:
    """How far the panels are from their best shape, on the average, and how uneven in size."""
    columns, rows = grid
    cell = (width / columns) / (height / rows)
    across, down = _spans(count, columns, rows, width, height)
    shapes = _unfit(cell * across / down) + (count - 1) * _unfit(cell)
    return shapes / count + 0.15 * (columns * rows - count)


def _unfit(shape: float) -> float:
    """How far a shape is from the best; 1 is perfect."""
    return max(shape / BEST_SHAPE, BEST_SHAPE / shape)
