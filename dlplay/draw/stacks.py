"""Stacked bars: what each is made of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlplay.draw import brushes, lanes, sheets
from dlplay.draw.bars import draw_bars
from dlplay.draw.canvas import Canvas
from dlplay.draw.figures import HUGE, Floats, Scale
from dlplay.draw.frame import Entry, legend, note
from dlplay.draw.kind import Kind, Rows
from dlplay.draw.look import View
from dlplay.wire import events


def draw_stack(canvas: Canvas, stack: events.Stack, view: View) -> None:
    """A lying bar a label, its pieces in the order of the series."""
    if sheets.plotext() is None:
        draw_bars(canvas, _as_bars(stack), view)
        return
    pieces = _pieces(stack)
    total = float(pieces.sum(axis=0).max()) if pieces.size else 0.0
    if total <= 0:
        note(canvas, "nothing yet")
        return
    painted = brushes.of_series(canvas, stack.series, view)
    entries = [
        Entry(brush.fill if canvas.look.colors == "none" else "■", brush.color, name)
        for brush, name in zip(painted, stack.series, strict=True)
    ]
    used = legend(canvas, entries, 1 if canvas.height < 10 else 2) if canvas.height > 2 else 0
    found = lanes.lay(canvas, used, stack.labels, Scale(0.0, total), stack.unit)
    if found is None:
        return
    sheet = sheets.Sheet(found.area.width, found.area.height, found.shown)
    middles = [found.middle(group) for group in range(found.shown)]
    sizes = (pieces[:, : found.shown] / total).tolist()
    looks = [(brush.color, brush.fill) for brush in painted]
    sheet.stacks(middles, sizes, found.share, looks)
    sheet.onto(canvas, found.area)


def _pieces(stack: events.Stack) -> Floats:
    """[series, labels], none of them below zero or beyond all bounds."""
    count = len(stack.labels)
    rows = [[*sizes, *[0.0] * count][:count] for sizes in stack.series.values()]
    array = np.nan_to_num(np.array(rows, np.float64).reshape(len(rows), count), posinf=0.0)
    out: Floats = array.clip(0, HUGE / max(1, len(rows)))
    return out


def _as_bars(stack: events.Stack) -> events.Bars:
    return events.Bars(panel=stack.panel, labels=stack.labels, series=stack.series, unit=stack.unit)


def _parts(stack: events.Stack) -> Iterator[Rows]:
    yield Rows(["", *stack.series], zip(stack.labels, *stack.series.values(), strict=False))


STACK = Kind(
    events.Stack,
    draw_stack,
    stretches=True,
    height=lambda stack, width: lanes.natural(len(stack.labels), 1),
    caption=lambda stack, view: " · ".join(sheets.missing()),
    parts=_parts,
)
