"""From events to characters: pure functions of (data, width, height, look)."""

from dlplay.draw import palette
from dlplay.draw.drawing import Drawing
from dlplay.draw.kind import Counts, Part, Picture, Rows, Words
from dlplay.draw.kinds import Drawn
from dlplay.draw.look import Look, View
from dlplay.draw.panel import (
    caption,
    draw,
    empty,
    filled,
    frame_name,
    frames,
    natural_height,
    natural_width,
    parts,
    stretches,
)
from dlplay.draw.series import Curves, Line

__all__ = [
    "Counts",
    "Curves",
    "Drawing",
    "Drawn",
    "Line",
    "Look",
    "Part",
    "Picture",
    "Rows",
    "View",
    "Words",
    "caption",
    "draw",
    "empty",
    "filled",
    "frame_name",
    "frames",
    "natural_height",
    "natural_width",
    "palette",
    "parts",
    "stretches",
]
