"""How panels share a rectangle: columns, rows, and pages where they do not all fit."""

from __future__ import annotations

from dataclasses import dataclass

SMALLEST = (30, 7)  # cells of a panel with its border
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
    left = columns * rows - per_page
    if left and left == rows - 1 and width / columns > BEST_SHAPE * height / rows / 2:
        return Plan(columns, rows, 1, left + 1, per_page, pages)
    return Plan(columns, rows, left + 1, 1, per_page, pages)


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
    columns, rows = grid
    shape = (width / columns) / (height / rows)
    spare = columns * rows - count
    return max(shape / BEST_SHAPE, BEST_SHAPE / shape) + 0.15 * spare
