"""Graphs: nodes at their places, edges as fine lines."""

from __future__ import annotations

import math

import numpy as np

from dlplay.draw import glyphs, palette, raster
from dlplay.draw.canvas import Canvas
from dlplay.draw.frame import note
from dlplay.draw.ink import BOLD, FAINT, NONE, REVERSE
from dlplay.draw.kind import Kind
from dlplay.draw.look import View
from dlplay.wire import events

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
    _edges(canvas, graph.edges, x, y)
    _nodes(canvas, graph, x.tolist(), y.tolist())
    if labelled:
        _labels(canvas, graph, x.tolist(), y.tolist())


def _edges(canvas: Canvas, edges: list[tuple[int, int]], x: raster.Ints, y: raster.Ints) -> None:
    pairs = np.array(edges, np.int64).reshape(-1, 2)
    pairs = pairs[((pairs >= 0) & (pairs < len(x))).all(axis=1)]
    if not len(pairs):
        return
    ends = pairs.reshape(-1)
    joined = np.arange(len(ends) - 1) % 2 == 0
    dots = np.zeros((canvas.height * 4, canvas.width * 2), bool)
    raster.plot(dots, *raster.polyline(x[ends] * 2, y[ends] * 4 + 2, joined))
    canvas.dots(0, 0, dots, NONE, FAINT)


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
    """Beside the node, right or left, where no other node or label is in the way."""
    taken = np.zeros((canvas.height, canvas.width), bool)
    for column, row in zip(x, y, strict=True):
        taken[row, max(0, column - 1) : column + 2] = True
    for node, label in enumerate(graph.labels[: len(x)]):
        size = glyphs.width(label)
        if not size:
            continue
        for start in (x[node] + 2, x[node] - 1 - size):
            end = start + size
            if start < 0 or end > canvas.width or taken[y[node], max(0, start) : end + 1].any():
                continue
            canvas.text(start, y[node], label)
            taken[y[node], max(0, start - 1) : end + 1] = True
            break


GRAPH = Kind(events.Graph, draw_graph, dear=True)
