"""The interface in ASCII alone: the last step before the terminal, whatever was drawn."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from dlplay.words.plain import as_wide


class Ascii(LineFilter):
    """Every line of the screen, in ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(as_wide(text), style, control) for text, style, control in segments]
