"""From events to characters: pure functions of (data, width, height, look)."""

from dlplay.draw import palette
from dlplay.draw.drawing import Drawing
from dlplay.draw.look import Look, View
from dlplay.draw.panel import caption, draw, frame_name, frames, natural_height
from dlplay.draw.series import Curves, Line

__all__ = [
    "Curves",
    "Drawing",
    "Line",
    "Look",
    "View",
    "caption",
    "draw",
    "frame_name",
    "frames",
    "natural_height",
    "palette",
]
