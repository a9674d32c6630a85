"""Charts by plotext: the one place that knows it. What is drawn here lands on a canvas's area.

plotext is imported at the first chart, and only what it makes public is used. It ends the process
where a number is not finite, or lies far outside the limits: `Sheet` lets no such number through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dlplay.draw import ink
from dlplay.draw.frame import Area
from dlplay.draw.look import Look
from dlplay.wire import events

if TYPE_CHECKING:
    import numpy.typing as npt

    from dlplay.draw.canvas import Canvas

    Numbers = Sequence[float] | npt.NDArray[np.float64]

MISSING = "plotext is not installed: drawn simply"
EDGE = 1e-6  # of a cell: nothing lies on the very edge, where it would be outside
_SGR = re.compile(r"\x1b\[([0-9;]*)m")


@cache
def plotext() -> Any:
    """The module; None where it is not installed, does not load, or is another than the sixth."""
    try:
        import plotext

        plotext.terminal.limit(False, False)  # else no chart is larger than the terminal
        return plotext if plotext.__version__.startswith("6.") else None
    except (ImportError, OSError, AttributeError):
        return None


def chosen(look: Look) -> bool:
    """Whether plotext is to draw what our own canvas draws too."""
    return look.charts == "plotext" and plotext() is not None


def missing() -> list[str]:
    """What a caption has to say, if there is no plotext."""
    return [] if plotext() else [MISSING]


def wanting(content: object) -> bool:
    """Whether this is drawn simply, for want of plotext."""
    kinds = (events.Boxes, events.Stack, events.Times)
    return isinstance(content, kinds) and plotext() is None


class Sheet:
    """One chart of `width` x `height` cells. x goes from 0 to 1, y from 0 (below) to `top`.

    Numbers beyond are drawn at the edge; those that are not finite must not be given.
    """

    def __init__(self, width: int, height: int, top: float = 1.0) -> None:
        self.plotext = plotext()
        self.width, self.height, self.top = width, height, top
        # A figure of its own: the public one is shared by all threads, and remembers.
        self.figure = type(self.plotext.figure)(self.plotext.terminal)
        self.figure.plot_size(width, height)
        self.figure.axes(False)
        self.figure.legend(False)
        self.figure.canvas("default")
        for axis, most in (("x", 1.0), ("y", top)):
            self.figure.ruler(axis).lim(0, most).alignment(lim="edge")

    def line(self, x: Numbers, y: Numbers, color: int, mark: str) -> None:
        """Points in order, joined."""
        if len(x):
            kept = _turns(np.asarray(x, np.float64), np.asarray(y, np.float64))
            signal = self._signal(np.asarray(x)[kept], np.asarray(y)[kept], color, mark)
            self.figure.draw(signal.lines(True))

    def marks(self, x: Numbers, y: Numbers, color: int, mark: str) -> None:
        """Points by themselves."""
        if len(x):
            self.figure.draw(self._signal(x, y, color, mark))

    def stems(self, x: Numbers, low: float, high: Numbers, color: int, mark: str) -> None:
        """An upright line at each x, from `low` to its `high`."""
        if not len(x):
            return
        upper = self._signal(x, high, color, mark)
        upper.fill(self._signal(x, [low] * len(x), color, mark)).density("full", scope="fill")
        self.figure.draw(upper)

    def block(self, x: tuple[float, float], y: tuple[float, float], color: int, fill: str) -> None:
        """All cells from one corner to the other."""
        sides = self._within(x, 1.0, self.width).tolist()
        ends = self._within(y, self.top, self.height).tolist()
        self.figure.draw(self.figure.rectangle(sides, ends, marker=self._marker(fill, color)))

    def boxes(self, y: Numbers, fives: Sequence[Sequence[float]], thick: float, color: int) -> None:
        """Lying boxes around y: five numbers each, in order. Their `y` are 1 apart."""
        if not len(y):
            return
        centres = self._within(y, self.top, self.height).tolist()
        five = [sorted(self._within(each, 1.0, self.width).tolist()) for each in fives]
        marker = self._marker("█", color)
        box = self.figure.box(centres, five, width=thick, orientation="h", marker=marker)
        self.figure.draw(box)

    def stacks(
        self,
        y: Numbers,
        sizes: Sequence[Sequence[float]],
        thick: float,
        looks: Sequence[tuple[int, str]],
    ) -> None:
        """Lying bars around y, of pieces one after another: a row of sizes, a colour and a fill a
        series. Their `y` are 1 apart."""
        if not len(y) or not len(sizes):
            return
        pieces = np.diff(_ends(sizes, self.width), axis=0, prepend=0).tolist()
        centres = self._within(y, self.top, self.height).tolist()
        markers = [self._marker(fill, color) for color, fill in looks]
        bars = self.figure.bar(
            centres, pieces, width=thick, orientation="h", stacked=True, marker=markers
        )
        self.figure.draw(bars)

    def onto(self, canvas: Canvas, area: Area) -> None:
        """Put what was drawn on a canvas, over what is there."""
        for axis in ("x", "y"):
            self.figure.ruler(axis).ticks([], [])
        lines = self.figure.build().string().split("\n")
        for row, line in enumerate(lines[: self.height]):
            x = area.x
            for text, front, back in _runs(line):
                if back != ink.NONE or text.strip():
                    _put(canvas, x, area.y + row, text, front, back)
                x += len(text)

    def _signal(self, x: Numbers, y: Numbers, color: int, mark: str) -> Any:
        return self.figure.signal(
            self._within(x, 1.0, self.width).tolist(),
            self._within(y, self.top, self.height).tolist(),
            marker=self._marker(mark, color),
        )

    def _marker(self, mark: str, color: int) -> Any:
        pixel = self.plotext.pixel(foreground=ink.split(color))
        return self.plotext.marker(mark, pixel=pixel)

    @staticmethod
    def _within(values: Numbers, most: float, cells: int) -> npt.NDArray[np.float64]:
        """The values inside the limits, however far they are out; NaN at the lower one."""
        edge = EDGE * most / cells
        array = np.nan_to_num(np.asarray(values, np.float64), nan=0.0, posinf=most, neginf=0.0)
        return array.clip(edge, most - edge)


def _turns(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """The points of a line that it cannot do without: those inside a level stretch change nothing,
    and each point costs as much as a whole level line."""
    kept = np.ones(len(x), bool)
    if len(x) > 2 and (np.diff(x) >= 0).all():
        level = np.diff(y) == 0
        kept[1:-1] = ~(level[:-1] & level[1:])
    return kept


def _ends(sizes: Sequence[Sequence[float]], cells: int) -> npt.NDArray[np.float64]:
    """Where each piece of a bar ends. plotext fills the cell of an end too, and the next piece
    takes it back; so the last piece of all ends a cell earlier, but fills one at least."""
    lengths = np.nan_to_num(np.asarray(sizes, np.float64), posinf=0.0, neginf=0.0).clip(0, 1)
    ends = np.cumsum(lengths, axis=0).clip(0, 1)
    ends = (np.round(ends * cells) + 0.5) / cells * (ends > 0)  # the middle of a cell
    last = np.isclose(ends, ends[-1])
    before = np.where(last, 0.0, ends).max(axis=0)
    short = np.maximum(ends[-1] - 1 / cells, before + EDGE / cells) * (ends[-1] > 0)
    out: npt.NDArray[np.float64] = np.where(last, short, ends).clip(0, 1 - EDGE / cells)
    return out


def _put(canvas: Canvas, x: int, y: int, text: str, front: int, back: int) -> None:
    codes = np.array([ord(character) for character in text], np.int32)
    seen = (codes != ord(" ")) | (back != ink.NONE)
    where = slice(x, x + len(codes))
    canvas.char[y, where][seen] = codes[seen]
    canvas.front[y, where][seen] = front
    canvas.attr[y, where][seen] = 0
    if back != ink.NONE:
        canvas.back[y, where][seen] = back


def _runs(line: str) -> Iterator[tuple[str, int, int]]:
    """Pieces of a line in one look: text, colour, background."""
    front = back = ink.NONE
    for number, piece in enumerate(_SGR.split(line)):
        if number % 2 == 0:
            if piece:
                yield piece, front, back
            continue
        front, back = _turned(piece, front, back)


@lru_cache(maxsize=4096)
def _turned(codes: str, front: int, back: int) -> tuple[int, int]:
    """The colours after an SGR sequence. A colour that is none of ours is plotext's own for what
    stands on a box: it is made one that can be read there."""
    kind, _, rest = codes.partition(";")
    if kind not in ("38", "48"):
        return ink.NONE, ink.NONE
    numbers = [int(number) for number in rest.split(";")]
    if numbers[0] != 2:
        return -2, back
    color = numbers[1] << 16 | numbers[2] << 8 | numbers[3]
    if kind == "38":
        return color, back
    return (ink.contrast(color) if front == -2 else front), color
