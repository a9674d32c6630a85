"""What a panel shows: the right drawing for each kind of content."""

from __future__ import annotations

import math

import numpy as np

from dlplay.draw import (
    bars,
    curves,
    figures,
    graph,
    heatmap,
    histograms,
    images,
    plane,
    tables,
    words,
    xray,
)
from dlplay.draw.canvas import Canvas
from dlplay.draw.drawing import Drawing
from dlplay.draw.look import Look, View
from dlplay.draw.series import Curves
from dlplay.draw.spelling import spelt
from dlplay.wire import events

Drawn = events.AnyContent | Curves


def draw(content: Drawn, width: int, height: int, look: Look, view: View = View()) -> Drawing:  # noqa: B008
    """Draw a panel's content in exactly `height` lines of `width` cells, whatever the data."""
    canvas = Canvas(width, height, look)
    if look.ascii:
        content = spelt(content)
    if canvas.width and canvas.height:
        with np.errstate(all="ignore"):
            _draw(canvas, content, view)
    return canvas.done()


def _draw(canvas: Canvas, content: Drawn, view: View) -> None:
    match content:
        case Curves():
            curves.draw_curves(canvas, content, view)
        case events.Plot():
            curves.draw_curves(canvas, Curves.of(content), view)
        case events.Image():
            images.draw_image(canvas, content, view.fit)
        case events.Heatmap():
            heatmap.draw_heatmap(canvas, content, view.frame)
        case events.Text():
            words.draw_text(canvas, content)
        case events.Tokens():
            words.draw_tokens(canvas, content)
        case events.Table():
            tables.draw_table(canvas, content)
        case events.Plane():
            plane.draw_plane(canvas, content)
        case events.Bars():
            bars.draw_bars(canvas, content)
        case events.Histogram():
            histograms.draw_histogram(canvas, content)
        case events.Graph():
            graph.draw_graph(canvas, content)
        case events.XRay():
            xray.draw_xray(canvas, content)


def frames(content: Drawn) -> int:
    """How many frames the content has: the matrices of a heatmap, else 1."""
    if isinstance(content, events.Heatmap) and content.values.shape:
        return max(1, content.values.shape[0])
    return 1


def frame_name(content: Drawn, i: int) -> str:
    """The name of the i-th frame (counted round), its number if it has none, "" if it is alone."""
    count = frames(content)
    if count == 1 and not (isinstance(content, events.Heatmap) and content.names):
        return ""
    assert isinstance(content, events.Heatmap)
    i %= count
    return content.names[i] if i < len(content.names) else f"{i + 1} of {count}"


def caption(content: Drawn, view: View = View()) -> str:  # noqa: B008
    """A few words on what is seen: the frame and its range; "" if there is nothing to say."""
    if isinstance(content, events.Heatmap):
        ends = f"{figures.number(content.low)} to {figures.number(content.high)}"
        return " · ".join(part for part in (frame_name(content, view.frame), ends) if part)
    if isinstance(content, Curves):
        log = content.axes.log if view.log is None else view.log
        return {"x": "log x", "y": "log y", "xy": "log x and y"}.get(log, "")
    return ""


def natural_height(content: Drawn, width: int, look: Look) -> int:
    """The rows that the content would like at this width."""
    width = max(1, width)
    match content:
        case events.Image():
            return images.natural_height(content, width)
        case events.Heatmap():
            return heatmap.natural_height(content, width)
        case events.Text():
            return max(1, len(words.wrap(content.text, width, content.tail)))
        case events.Tokens():
            return words.tokens_height(content, width)
        case events.Table():
            return len(content.rows) + 1
        case events.XRay():
            return len(content.layers) + 1
        case _:
            return max(8, min(20, math.ceil(width / 4)))
