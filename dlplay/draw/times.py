"""Events on a line: when something happened, a row a series."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from dlplay.draw import brushes, lanes, sheets
from dlplay.draw.canvas import Canvas
from dlplay.draw.figures import HUGE, Floats, Scale
from dlplay.draw.frame import note
from dlplay.draw.kind import Kind, Rows
from dlplay.draw.look import View
from dlplay.draw.tables import draw_table
from dlplay.wire import events


def draw_times(canvas: Canvas, times: events.Times, view: View) -> None:
    """An upright stroke for each event; strokes that share a column of dots are one."""
    places = {name: _finite(values) for name, values in times.series.items()}
    if not any(len(values) for values in places.values()):
        note(canvas, "nothing yet")
        return
    if sheets.plotext() is None:
        draw_table(canvas, as_table(times), view)
        return
    scale = _scale(times)
    found = lanes.lay(canvas, 0, list(places), scale, times.x)
    if found is None:
        return
    sheet = sheets.Sheet(found.area.width, found.area.height, found.shown)
    plain = canvas.look.ascii
    half = (0.5 if plain else 0.9) * found.thick / found.slot / 2
    painted = brushes.of_series(canvas, places, view)[: found.shown]
    for group, (brush, values) in enumerate(zip(painted, places.values(), strict=False)):
        columns = _columns(scale.at(values), found.area.width * (1 if plain else 2))
        middle = found.middle(group)
        ends = [middle + half] * len(columns)
        sheet.stems(columns, middle - half, ends, brush.color, "|" if plain else "braille")
    sheet.onto(canvas, found.area)


def _columns(shares: Floats, columns: int) -> list[float]:
    """The middles of the columns in which something lies; what is beyond the ends is left out."""
    inside = shares[(shares >= 0) & (shares <= 1)]
    taken = np.unique((inside * columns).astype(int).clip(0, columns - 1))
    middles: list[float] = ((taken + 0.5) / columns).tolist()
    return middles


def _finite(values: list[float]) -> Floats:
    array = np.asarray(values, np.float64)
    return array[np.isfinite(array)].clip(-HUGE, HUGE)


def _scale(times: events.Times) -> Scale:
    low, high = (
        min(max(end, -HUGE), HUGE) if math.isfinite(end) else other
        for end, other in ((times.low, 0.0), (times.high, 1.0))
    )
    if high - low <= 1e-9 * max(abs(low), abs(high)) or high - low < 1e-300:
        reach = 0.5 * max(abs(low), abs(high)) or 1.0
        low, high = low - reach, low + reach
    return Scale(low, high)


def as_table(times: events.Times) -> events.Table:
    """How many there are of each series, the first and the last."""
    rows: list[list[str | float | int]] = []
    for name, values in times.series.items():
        finite = _finite(values)
        ends = (float(finite.min()), float(finite.max())) if len(finite) else (math.nan, math.nan)
        rows.append([name, len(finite), *ends])
    return events.Table(panel=times.panel, columns=["", "events", "first", "last"], rows=rows)


def _parts(times: events.Times) -> Iterator[Rows]:
    table = as_table(times)
    yield Rows(table.columns, table.rows)


TIMES = Kind(
    events.Times,
    draw_times,
    stretches=True,
    height=lambda times, width: lanes.natural(len(times.series)),
    caption=lambda times, view: " · ".join(sheets.missing()),
    parts=_parts,
)
