"""What bars and their kin are drawn with, in the style of their series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dlplay.draw import palette
from dlplay.draw.canvas import Canvas
from dlplay.draw.frame import Entry
from dlplay.draw.ink import NONE
from dlplay.draw.look import View
from dlplay.draw.palette import SeriesStyle

FILLS = "█▓▒░"  # of series, where there are no colours


@dataclass(frozen=True)
class Brush:
    """Colour and sign of a series; the fill tells it apart where there are no colours."""

    color: int
    mark: str
    fill: str

    @classmethod
    def of(cls, canvas: Canvas, style: SeriesStyle, place: int) -> Brush:
        fill = FILLS[place % len(FILLS)] if canvas.look.colors == "none" else "█"
        return cls(style.color(canvas.look), style.mark, fill)

    def entry(self, name: str) -> Entry:
        mark = self.mark if self.fill == "█" and self.color != NONE else self.fill + self.mark
        return Entry(mark, self.color, name)


def of_series(canvas: Canvas, names: Iterable[str], view: View) -> list[Brush]:
    """The brush of each series."""
    numbers = palette.numbers_of(names, view.styles)
    styles = [palette.series_style(number) for number in numbers]
    return [Brush.of(canvas, style, place) for place, style in enumerate(styles)]


def of_labels(canvas: Canvas, labels: Sequence[str], view: View) -> list[Brush]:
    """The brush of each label, where what is labelled is of no series: if all are the names of
    series of the scene, theirs; else one for all."""
    known = view.styles
    if len(labels) > 1 and all(label in known for label in labels):
        return [Brush.of(canvas, palette.series_style(known[label]), 0) for label in labels]
    return of_series(canvas, [""], view) * len(labels)
