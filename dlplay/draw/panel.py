"""What a panel shows, whatever its kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from dlplay.draw.canvas import Canvas
from dlplay.draw.drawing import Drawing
from dlplay.draw.kind import Part
from dlplay.draw.kinds import Drawn, kind_of
from dlplay.draw.look import Look, View
from dlplay.draw.spelling import spelt, spelt_keys


def draw(content: Drawn, width: int, height: int, look: Look, view: View = View()) -> Drawing:  # noqa: B008
    """Draw a panel's content in exactly `height` lines of `width` cells, whatever the data."""
    canvas = Canvas(width, height, look)
    if look.ascii:
        content, view = spelt(content), replace(view, styles=spelt_keys(dict(view.styles)))
    if canvas.width and canvas.height:
        with np.errstate(all="ignore"):
            kind_of(content).draw(canvas, content, view)
    return canvas.done()


def dear(content: Drawn) -> bool:
    """Whether it costs ten times what words and numbers cost to draw."""
    return kind_of(content).dear


def frames(content: Drawn) -> int:
    """How many frames the content has: the matrices of a heatmap, else 1."""
    return max(1, len(kind_of(content).frames(content)))


def frame_name(content: Drawn, i: int) -> str:
    """The name of the i-th frame (counted round), its number if it has none, "" if it is alone."""
    names = kind_of(content).frames(content)
    return names[i % len(names)] if names else ""


def caption(content: Drawn, view: View = View()) -> str:  # noqa: B008
    """A few words on what is seen: the frame, its range; "" if there is nothing to say."""
    said = frame_name(content, view.frame), kind_of(content).caption(content, view)
    return " · ".join(part for part in said if part)


def natural_height(content: Drawn, width: int, look: Look) -> int:
    """The rows that the content would like at this width."""
    return kind_of(content).height(content, max(1, width))


def parts(content: Drawn) -> Iterable[Part]:
    """The content as pictures, histograms, tables and texts, for programs that know those."""
    return kind_of(content).parts(content)
