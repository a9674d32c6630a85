"""Graphs: nodes at their places, edges as fine lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dlplay.draw import glyphs, palette, raster
from dlplay.draw.canvas import Canvas
from dlplay.draw.frame import note
from dlplay.draw.ink import BOLD, FAINT, NONE, REVERSE
from dlplay.draw.kind import Kind
from dlplay.draw.look import View
from dlplay.wire import events

if TYPE_CHECKING:
    import numpy.typing as npt

LEAST = 3  # cells of a label that say something
FAINTER, HEAVIER = 0.25, 0.6  # shares of the greatest weight: below, a faint line; above, a thick
LEVELS = "○◉●"  # low, middle, high: nodes without groups and without colours


def draw_graph(canvas: Canvas, graph: events.Graph, view: View) -> None:
    """Edges, then nodes: shape is the group, colour the value, brackets the mark."""
    where = graph.positions.numpy()
    if where.ndim != 2 or where.shape[0] == 0 or where.shape[1] < 2:
        note(canvas, "no nodes yet")
        return
    shares = np.nan_to_num(where[:, :2].astype(np.float64), nan=0.5).clip(0, 1)
    labelled = any(graph.labels) and canvas.width >= 20
    margin = 2 if canvas.width >= 12 else 0
    right = margin
    if labelled:
        right = margin + min(max(map(glyphs.width, graph.labels)), canvas.width // 4)
    x = margin + np.round(shares[:, 0] * max(0, canvas.width - 1 - margin - right)).astype(int)
    y = np.round((1 - shares[:, 1]) * (canvas.height - 1)).astype(int)
    x, y = x.clip(0, canvas.width - 1), y.clip(0, canvas.height - 1)
    _edges(canvas, graph, x, y)
    _nodes(canvas, graph, x.tolist(), y.tolist())
    if labelled:
        _labels(canvas, graph, x.tolist(), y.tolist())


def _edges(canvas: Canvas, graph: events.Graph, x: raster.Ints, y: raster.Ints) -> None:
    pairs = np.array(graph.edges, np.int64).reshape(-1, 2)
    weights = np.zeros(len(pairs))
    if len(graph.weights) == len(pairs):
        weights = np.nan_to_num(np.array(graph.weights, np.float64), posinf=0.0, neginf=0.0)
    shares = weights / max(weights.max(initial=0.0), 1e-30)
    there = ((pairs >= 0) & (pairs < len(x))).all(axis=1)
    _lines(canvas, pairs[there & (shares < FAINTER)], x, y, attr=FAINT)
    _lines(canvas, pairs[there & (shares >= FAINTER) & (shares <= HEAVIER)], x, y)
    _lines(canvas, pairs[there & (shares > HEAVIER)], x, y, thick=True)


def _lines(
    canvas: Canvas,
    pairs: npt.NDArray[np.int64],
    x: raster.Ints,
    y: raster.Ints,
    attr: int = 0,
    thick: bool = False,
) -> None:
    if not len(pairs):
        return
    ends = pairs.reshape(-1)
    joined = np.arange(len(ends) - 1) % 2 == 0
    dots = np.zeros((canvas.height * 4, canvas.width * 2), bool)
    columns, rows = raster.polyline(x[ends] * 2, y[ends] * 4 + 2, joined)
    raster.plot(dots, columns, rows)
    if thick:
        raster.plot(dots, columns + 1, rows)
        raster.plot(dots, columns, rows + 1)
    canvas.dots(0, 0, dots, NONE, attr)


def _nodes(canvas: Canvas, graph: events.Graph, x: list[int], y: list[int]) -> None:
    look = canvas.look
    values = np.full(len(x), np.nan)
    given = graph.values[: len(x)]
    values[: len(given)] = given
    shares = palette.shade(values, graph.low, graph.high)
    colors = palette.colors_of(shares, "belief", look).tolist()
    marked = set(graph.marked)
    order = sorted(range(len(x)), key=lambda node: node in marked)
    for node in order:
        group = graph.groups[node] if node < len(graph.groups) else -1
        share = float(shares[node])
        known = not math.isnan(share)
        style = palette.series_style(max(0, group))
        mark, front = style.mark, colors[node] if known else style.color(look)
        if group < 0 and known and look.colors == "none":
            mark = LEVELS[min(2, int(share * 3))]
        attr = BOLD
        canvas.text(x[node], y[node], mark, front, attr)
        if look.colors == "none" and known and group >= 0 and x[node] + 1 < canvas.width:
            canvas.text(x[node] + 1, y[node], "-~+"[min(2, int(share * 3))], NONE, BOLD)
        if node in marked:
            _bracket(canvas, x[node], y[node], look.colors == "none" and known and group >= 0)


def _bracket(canvas: Canvas, x: int, y: int, wide: bool) -> None:
    end = x + (2 if wide else 1)
    if x >= 1 and end < canvas.width:
        color = palette.accent(canvas.look)
        canvas.text(x - 1, y, "[", color, BOLD)
        canvas.text(end, y, "]", color, BOLD)
    else:
        canvas.attr[y, x] = BOLD | REVERSE


def _labels(canvas: Canvas, graph: events.Graph, x: list[int], y: list[int]) -> None:
    """Beside the node, above or below, where no node or other label is in the way; cut where there
    is no room for the whole."""
    labels = graph.labels[: len(x)]
    taken = np.zeros((canvas.height, canvas.width), bool)
    around = [_extent(canvas, graph, node) for node in range(len(x))]
    for (left, right), column, row in zip(around, x, y, strict=True):
        taken[row, max(0, column - left) : column + right + 1] = True
    cramped = []
    for node, label in enumerate(labels):
        if label and not _put(canvas, taken, label, x[node], y[node], around[node]):
            cramped.append(node)
    for node in cramped:
        label = labels[node]
        sizes = range(glyphs.width(label) - 1, LEAST - 1, -1)
        any(_put(canvas, taken, glyphs.fit(label, size), x[node], y[node], around[node])
            for size in sizes)  # fmt: skip


def _extent(canvas: Canvas, graph: events.Graph, node: int) -> tuple[int, int]:
    """The cells that a node takes to its left and to its right."""
    grouped = node < len(graph.groups) and graph.groups[node] >= 0
    valued = node < len(graph.values) and not math.isnan(graph.values[node])
    sign = int(canvas.look.colors == "none" and grouped and valued)
    marked = int(node in graph.marked)
    return marked, sign + marked


def _put(
    canvas: Canvas, taken: raster.Dots, label: str, x: int, y: int, around: tuple[int, int]
) -> bool:
    """Write a label at the first place about its node that is free, with a blank at each side."""
    size = glyphs.width(label)
    middle = max(0, min(x - size // 2, canvas.width - size))
    beside = [(x + around[1] + 2, y), (x - around[0] - 1 - size, y)]
    over = [(middle, y - 1), (middle, y + 1)]
    slanting = [(x + 1, y - 1), (x + 1, y + 1), (x - size, y - 1), (x - size, y + 1)]
    for start, row in beside + over + slanting:
        end = start + size
        if start < 0 or end > canvas.width or not 0 <= row < canvas.height:
            continue
        blank = slice(max(0, start - 1), end + 1)
        if taken[row, blank].any():
            continue
        canvas.text(blank.start, row, " " * (min(blank.stop, canvas.width) - blank.start))
        canvas.text(start, row, label)
        taken[row, blank] = True
        return True
    return False


GRAPH = Kind(events.Graph, draw_graph, stretches=True)
