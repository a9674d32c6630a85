"""All kinds of content that a panel can show. A new one has its line here."""

from __future__ import annotations

from typing import Any

from dlplay.draw import (
    bars,
    boxes,
    curves,
    graph,
    heatmap,
    histograms,
    images,
    matrices,
    plane,
    stacks,
    tables,
    times,
    words,
    xray,
)
from dlplay.draw.kind import Kind
from dlplay.draw.series import Curves
from dlplay.wire import events

Drawn = events.AnyContent | Curves

KINDS: dict[type, Kind[Any]] = {
    kind.content: kind
    for kind in (
        curves.CURVES,
        curves.PLOT,
        images.IMAGE,
        heatmap.HEATMAP,
        matrices.MATRICES,
        plane.PLANE,
        bars.BARS,
        histograms.HISTOGRAM,
        boxes.BOXES,
        stacks.STACK,
        times.TIMES,
        graph.GRAPH,
        words.TEXT,
        words.TOKENS,
        tables.TABLE,
        xray.XRAY,
    )
}


def kind_of(content: Drawn) -> Kind[Any]:
    """What is known of contents like this one."""
    return KINDS[type(content)]
