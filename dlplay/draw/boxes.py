"""Boxes: how the numbers of each group are distributed. Of a few numbers, their mean and range."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from dlplay.draw import brushes, figures, lanes, sheets
from dlplay.draw.brushes import Brush
from dlplay.draw.canvas import Canvas
from dlplay.draw.figures import HUGE, Scale
from dlplay.draw.frame import note
from dlplay.draw.ink import BOLD, FAINT, NONE
from dlplay.draw.kind import Kind, Rows
from dlplay.draw.look import View
from dlplay.draw.tables import draw_table
from dlplay.wire import events
from dlplay.wire.events import Box

FEW = 5  # numbers that have quartiles worth the name


def draw_boxes(canvas: Canvas, boxes: events.Boxes, view: View) -> None:
    """A lying box a group, all on one axis."""
    log = boxes.log if view.log is None else "y" in view.log
    ends = np.array([end for box in boxes.boxes for end in (box.least, box.most)], np.float64)
    scale = figures.scale_of(ends, log)
    if not boxes.labels or scale is None:
        note(canvas, "nothing above zero: no logarithm" if _finite(ends) else "nothing yet")
        return
    if sheets.plotext() is None:
        draw_table(canvas, as_table(boxes), view)
        return
    found = lanes.lay(canvas, 0, boxes.labels, scale, boxes.unit)
    if found is None:
        return
    drawn = [(group, box) for group, box in enumerate(boxes.boxes[: found.shown])]
    for group, box in drawn:
        if not _drawable(box, scale):
            canvas.text(found.area.x, found.area.y + found.row(group), "n/a", NONE, FAINT)
    painted = brushes.of_labels(canvas, boxes.labels, view)
    alike: dict[Brush, list[tuple[float, Box]]] = {}
    for group, box in drawn:
        if _drawable(box, scale):
            alike.setdefault(painted[group], []).append((found.middle(group), box))
    _draw(canvas, found, scale, alike)


def _draw(
    canvas: Canvas,
    found: lanes.Lanes,
    scale: Scale,
    alike: dict[Brush, list[tuple[float, Box]]],
) -> None:
    sheet = sheets.Sheet(found.area.width, found.area.height, found.shown)
    for brush, groups in alike.items():
        many = [(y, _shares(box, scale)) for y, box in groups if box.count >= FEW]
        sheet.boxes([y for y, _ in many], [five for _, five in many], found.share, brush.color)
        _ranges(sheet, scale, brush, [(y, box) for y, box in groups if box.count < FEW])
    sheet.onto(canvas, found.area)
    if canvas.look.colors == "none":
        canvas.attr[found.area.y : found.area.y + found.area.height, found.area.x :] |= BOLD


def _ranges(
    sheet: sheets.Sheet, scale: Scale, brush: Brush, groups: list[tuple[float, Box]]
) -> None:
    """From the least to the most, with the mean between."""
    for y, box in groups:
        least, *_, most = _shares(box, scale)
        sheet.line([least, most], [y, y], brush.color, "─")
        sheet.marks([least], [y], brush.color, "├")
        sheet.marks([most], [y], brush.color, "┤")
    means = [_share(box.mean, scale) for _, box in groups]
    sheet.marks(means, [y for y, _ in groups], brush.color, brush.mark)


def _drawable(box: Box, scale: Scale) -> bool:
    return box.count > 0 and math.isfinite(_share(box.most, scale))


def _shares(box: Box, scale: Scale) -> list[float]:
    five = (box.least, box.lower, box.middle, box.upper, box.most)
    # On a logarithmic axis what is not above zero lies at the lower end.
    return [_share(value, scale) if math.isfinite(_share(value, scale)) else 0.0 for value in five]


def _share(value: float, scale: Scale) -> float:
    return float(np.clip(scale.at(np.clip(value, -HUGE, HUGE)), 0, 1))


def _finite(values: figures.Floats) -> bool:
    return bool(np.isfinite(values).any())


def middle_of(content: object) -> str:
    """What is seen between the least and the most of several numbers, in a word."""
    return "quartiles" if isinstance(content, events.Boxes) and _boxed(content) else "mean"


def _boxed(boxes: events.Boxes) -> bool:
    return any(box.count >= FEW for box in boxes.boxes)


def as_table(boxes: events.Boxes) -> events.Table:
    """The same in figures."""
    heads = ["", "least", "quarter", "median", "quarter", "most", "mean", "count"]
    rows: list[list[str | float | int]] = [
        [label, box.least, box.lower, box.middle, box.upper, box.most, box.mean, box.count]
        for label, box in zip(boxes.labels, boxes.boxes, strict=False)
    ]
    return events.Table(panel=boxes.panel, columns=heads, rows=rows)


def _parts(boxes: events.Boxes) -> Iterator[Rows]:
    table = as_table(boxes)
    yield Rows(table.columns, table.rows)


def _caption(boxes: events.Boxes, view: View) -> str:
    bad = sum(box.bad for box in boxes.boxes)
    said = [f"{bad} not finite"] if bad else []
    return " · ".join([*said, *sheets.missing()])


BOXES = Kind(
    events.Boxes,
    draw_boxes,
    stretches=True,
    height=lambda boxes, width: lanes.natural(len(boxes.labels), boxed=_boxed(boxes)),
    caption=_caption,
    parts=_parts,
)
