"""What a panel shows, whatever its kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import cast

import numpy as np

from dlplay.draw.canvas import Canvas
from dlplay.draw.captions import wrapped
from dlplay.draw.drawing import Drawing
from dlplay.draw.frame import note
from dlplay.draw.kind import Part
from dlplay.draw.kinds import Drawn, kind_of
from dlplay.draw.look import Look, View
from dlplay.draw.spelling import spelt, spelt_keys


def draw(content: Drawn, width: int, height: int, look: Look, view: View = View()) -> Drawing:  # noqa: B008
    """Draw a panel's content in exactly `height` lines of `width` cells, whatever the data."""
    canvas = Canvas(width, height, look)
    if look.ascii:
        others = {run: spelt(cast(Drawn, each)) for run, each in view.pinned.items()}
        view = replace(view, styles=spelt_keys(dict(view.styles)), pinned=spelt_keys(others))
        content = spelt(content)
    if canvas.width and canvas.height:
        with np.errstate(all="ignore"):
            kind_of(content).draw(canvas, content, view)
    return canvas.done()


def empty(caption: str, state: str, width: int, height: int, look: Look) -> Drawing:
    """A panel in which nothing is drawn yet: what will be seen, and what it waits for."""
    canvas = Canvas(width, height, look)
    told = wrapped(caption, [max(width - 4, 0)] * max(height - 2, 0))
    gap = [""] if told and state else []
    note(canvas, *told, *gap, state)
    return canvas.done()


def stretches(content: Drawn) -> bool:
    """Whether it is a picture, better the larger it is."""
    return kind_of(content).stretches


def frames(content: Drawn) -> int:
    """How many frames the content has: the matrices of a heatmap, else 1."""
    return max(1, len(kind_of(content).frames(content)))


def frame_name(content: Drawn, i: int) -> str:
    """The name of the i-th frame (counted round), its number if it has none, "" if it is alone."""
    names = kind_of(content).frames(content)
    return names[i % len(names)] if names else ""


def caption(content: Drawn, view: View = View()) -> str:  # noqa: B008
    """A few words on what is seen: the frame, its range, that pinned runs are not; "" if there is
    nothing to say."""
    kind = kind_of(content)
    alone = "this run alone" if view.pinned and not kind.overlays(content) else ""
    said = frame_name(content, view.frame), kind.caption(content, view), alone
    return " · ".join(part for part in said if part)


def natural_height(content: Drawn, width: int, look: Look) -> int:
    """The rows that the content would like at this width."""
    return kind_of(content).height(content, max(1, width))


def natural_width(content: Drawn) -> int:
    """The columns below which the content is cut; 0 where it never is."""
    return kind_of(content).width(content)


def filled(content: Drawn, width: int, height: int) -> tuple[int, int]:
    """The width and height that a picture takes of these."""
    return kind_of(content).fills(content, max(1, width), max(1, height))


def parts(content: Drawn) -> Iterable[Part]:
    """The content as pictures, histograms, tables and texts, for programs that know those."""
    return kind_of(content).parts(content)
