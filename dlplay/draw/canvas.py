"""A grid of cells to draw on: characters, colours, braille dots and half blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from dlplay.draw import glyphs, ink
from dlplay.draw.drawing import Drawing
from dlplay.draw.ink import NONE
from dlplay.draw.look import Look

if TYPE_CHECKING:
    import numpy.typing as npt

    Dots = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int32]

SPACE = ord(" ")
UPPER = ord("▀")
SHADES = " ░▒▓█"
ASCII_SHADES = " .:-=+*#%@"
MINUS_SHADES = " ·-=≡"  # for values below zero, where colours cannot tell
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint8)


class Canvas:
    """`height` rows of `width` cells: `char` (code points), `front`, `back` (colours), `attr`."""

    def __init__(self, width: int, height: int, look: Look) -> None:
        self.width, self.height, self.look = max(0, width), max(0, height), look
        shape = self.height, self.width
        self.char = np.full(shape, SPACE, np.int32)
        self.front = np.full(shape, NONE, np.int32)
        self.back = np.full(shape, NONE, np.int32)
        self.attr = np.zeros(shape, np.int32)

    def text(
        self,
        x: int,
        y: int,
        text: str,
        front: int = NONE,
        attr: int = 0,
        back: int | None = None,
        until: int | None = None,
    ) -> int:
        """Write from (x, y), cut at `until` or the edge; the column after the last cell.

        `back` of None leaves the background as it is.
        """
        codes = glyphs.cells(text)
        end = self.width if until is None else min(until, self.width)
        if not 0 <= y < self.height or x >= end:
            return x
        skip = max(0, -x)
        codes = codes[skip : end - x]
        if not codes:
            return x
        start = max(0, x)
        stop = start + len(codes)
        row = self.char[y]
        row[start:stop] = codes
        if stop < self.width and row[stop] == glyphs.TAIL:
            row[stop] = SPACE
        self.front[y, start:stop] = front
        self.attr[y, start:stop] = attr
        if back is not None:
            self.back[y, start:stop] = back
        return stop

    def clear(self, top: int) -> None:
        """Take away what is drawn from row `top` on."""
        self.char[top:], self.attr[top:] = SPACE, 0
        self.front[top:] = self.back[top:] = NONE

    def right(self, end: int, y: int, text: str, front: int = NONE, attr: int = 0) -> None:
        """Write so that the text ends before column `end`."""
        self.text(end - glyphs.width(text), y, text, front, attr)

    def dots(self, x: int, y: int, dots: Dots, front: int = NONE, attr: int = 0) -> None:
        """Set braille dots, [4 rows, 2 columns] a cell, from the cell (x, y) on.

        They join dots that are there, and replace faint ones and other characters.
        """
        patterns = braille(dots)
        part = (slice(y, y + patterns.shape[0]), slice(x, x + patterns.shape[1]))
        there = self.char[part]
        kept = (there >= 0x2800) & (there < 0x2900)
        if not attr & ink.FAINT:
            kept &= self.attr[part] & ink.FAINT == 0
        old = np.where(kept, there, 0x2800)
        inked = patterns != 0
        there[inked] = (old | patterns)[inked]
        self.front[part][inked] = front
        self.attr[part][inked] = attr

    def strands(self, x: int, y: int, strands: list[tuple[Dots, int]], attr: int = 0) -> None:
        """Set the dots of several lines; where they share cells, their colours take turns."""
        if not strands:
            return
        inked = np.stack([braille(dots) > 0 for dots, _ in strands])
        order, count = inked.cumsum(axis=0) - 1, inked.sum(axis=0)
        rows, columns = np.indices(count.shape)
        turn = (columns // 2 + rows) % np.maximum(count, 1)
        colors = np.full(count.shape, NONE, np.int32)
        for index, (_, color) in enumerate(strands):
            colors[inked[index] & (order[index] == turn)] = color
        union = np.logical_or.reduce([dots for dots, _ in strands])
        self.dots(x, y, union, NONE, attr)
        part = (slice(y, y + count.shape[0]), slice(x, x + count.shape[1]))
        self.front[part][count > 0] = colors[count > 0]

    def halves(self, x: int, y: int, colors: Ints) -> None:
        """Draw pixels, two a cell, one above the other: [rows, columns] of colours."""
        rows, columns = colors.shape
        if rows % 2:
            colors = np.concatenate([colors, np.full((1, columns), NONE, np.int32)])
        top, bottom = colors[0::2], colors[1::2]
        height = min(top.shape[0], self.height - y)
        width = min(columns, self.width - x)
        if height <= 0 or width <= 0:
            return
        top, bottom = top[:height, :width], bottom[:height, :width]
        part = (slice(y, y + height), slice(x, x + width))
        if self.look.ascii:
            both = np.where(bottom == NONE, top, ink.between(top, bottom))
            self.back[part] = np.where(top == NONE, bottom, both)
            return
        same = top == bottom
        only_bottom = (top == NONE) & ~same
        self.char[part] = np.where(same, SPACE, np.where(only_bottom, ord("▄"), UPPER))
        self.front[part] = np.where(only_bottom, bottom, top)
        self.back[part] = np.where(only_bottom, NONE, bottom)
        self.attr[part] = 0

    def beneath(self, x: Any, y: Any) -> Ints:
        """One colour for what is in each of these cells, as a ground for what is drawn over it: of
        two pixels the one between. NONE where nothing is."""
        front, back = self.front[y, x], self.back[y, x]
        halves = (self.char[y, x] == UPPER) & (front != NONE) & (back != NONE)
        return np.where(halves, ink.between(front, back), back).astype(np.int32)

    def shades(
        self,
        x: int,
        y: int,
        amounts: npt.NDArray[Any],
        front: Ints | int = NONE,
        ramp: str | None = None,
    ) -> None:
        """Draw amounts of ink, 0..1, one a cell: [rows, columns]."""
        if ramp is None:
            ramp = ASCII_SHADES if self.look.ascii else SHADES
        codes = np.array([ord(c) for c in ramp], np.int32)
        height = min(amounts.shape[0], self.height - y)
        width = min(amounts.shape[1], self.width - x)
        if height <= 0 or width <= 0:
            return
        level = np.clip(amounts[:height, :width] * len(codes), 0, len(codes) - 1).astype(int)
        part = (slice(y, y + height), slice(x, x + width))
        self.char[part] = codes[level]
        self.front[part] = front if isinstance(front, int) else front[:height, :width]

    def done(self) -> Drawing:
        """The drawing."""
        char, front, back = self.char, self.front, self.back
        char = glyphs.to_ascii(char) if self.look.ascii else _mended(char)
        if self.look.colors == "none":
            front = back = np.full_like(char, NONE)
        # A space shows no colour of its own: without one it joins its neighbours' segment.
        blank = (char == SPACE) & (self.attr & (ink.UNDERLINE | ink.REVERSE) == 0)
        front = np.where(blank, NONE, front)
        attr = np.where(blank, 0, self.attr)
        # A cell's look in one number, so that one comparison finds where it changes: from bit 33
        # on the colour, from bit 8 on the background, each 24 bits and 1 for NONE (-1), then the
        # attributes.
        keys = (front.astype(np.int64) + 1 << 33) | (back.astype(np.int64) + 1 << 8) | attr
        changes = keys[:, 1:] != keys[:, :-1]
        styles: dict[int, Style] = {}
        rows = range(self.height)
        lines = [self._line(char[y], keys[y], changes[y], styles) for y in rows]
        return Drawing(lines, self.width)

    def _line(
        self,
        codes: Ints,
        keys: npt.NDArray[np.int64],
        changes: Dots,
        styles: dict[int, Style],
    ) -> list[Segment]:
        """A row's segments, one for each run of cells that look alike; see `done` for the keys.
        `styles`: those of the keys that there were so far."""
        if not len(codes):
            return []
        starts = [0, *(np.flatnonzero(changes) + 1).tolist()]
        look = self.look
        text: str = codes.astype("<u4").tobytes().decode("utf-32-le", errors="replace")
        wide = "\0" in text
        line = []
        for key, start, end in zip(
            keys[starts].tolist(), starts, [*starts[1:], len(text)], strict=True
        ):
            part = text[start:end].replace("\0", "") if wide else text[start:end]
            style = styles.get(key)
            if style is None:
                front, back, attr = (key >> 33) - 1, (key >> 8 & 0x1FFFFFF) - 1, key & 0xFF
                style = styles[key] = ink.style(front, back, attr, look.colors, look.dark)
            line.append(Segment(part, style))
        return line


def braille(dots: Dots) -> Ints:
    """Dots [4 * rows, 2 * columns] to the patterns of braille cells, 0 for an empty one."""
    rows, columns = dots.shape[0] // 4, dots.shape[1] // 2
    cells = dots.reshape(rows, 4, columns, 2)
    patterns: Ints = np.einsum("rdcs,ds->rc", cells, _BITS, dtype=np.int32)
    return np.where(patterns > 0, patterns | 0x2800, 0).astype(np.int32)


def _mended(char: Ints) -> Ints:
    """Every row exactly as wide as it should be, whatever characters a text brought in."""
    foreign = (char == glyphs.TAIL) | (char > 0x2FF) & ((char < 0x2000) | (char > 0x2BFF))
    rows = np.flatnonzero(foreign.any(axis=1)).tolist()
    if not rows:
        return char
    char = char.copy()
    for y in rows:
        row = char[y]
        orphan = (row == glyphs.TAIL) & np.append(True, row[:-1] <= 0x2FF)
        row[orphan] = SPACE
        if cell_len(glyphs.row_text(row)) != len(row):
            char[y] = glyphs.simple_row(row)
    return char
