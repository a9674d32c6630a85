"""Boxes on images: thin lines in the cells of a picture, which stays visible under them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dlplay.draw import glyphs, ink, palette
from dlplay.draw.canvas import Canvas
from dlplay.draw.frame import Entry, legend
from dlplay.draw.ink import BOLD, NONE
from dlplay.draw.look import View
from dlplay.draw.palette import SeriesStyle
from dlplay.wire import events

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8  # the ends of the lines in a cell, and what they make together
LIGHT = " ╵╷│╴┘┐┤╶└┌├─┴┬┼"
OTHERS = (" ║║║═╝╗╣═╚╔╠═╩╦╬", " ╹╻┃╸┛┓┫╺┗┏┣━┻┳╋")  # of more names, where there are no colours
ASCII = (" |||-+++-+++-+++", " ###=###=###=###", " :::~***~***~***")
EDGE = 1e-4  # of a cell: rounding
SMALLEST = 5, 3  # columns and rows of a box with sides; of a smaller one only the corners are seen
LEAST = 4  # cells of a label that say something


@dataclass(frozen=True)
class Pen:
    """The boxes of one name, and what they are drawn with."""

    outlines: events.Outlines
    style: SeriesStyle
    lines: str


@dataclass(frozen=True)
class Place:
    """Where an image stands: its first cell, its size in cells and half rows, and in pixels."""

    x: int
    y: int
    width: int
    height: int
    columns: int
    rows: int

    def edges(self, box: npt.NDArray[Any]) -> tuple[int, int, int, int]:
        """The columns and rows of cells that the sides of a box run through, from (0, 0) on.

        A side between two cells runs through the one outside, so that what it is around is seen.
        """
        left, top, right, bottom = box.clip(-1e6, 1e6).tolist()
        across, down = self.width / self.columns, self.height / self.rows / 2
        return (
            math.ceil(left * across - EDGE) - 1,
            math.ceil(top * down - EDGE) - 1,
            math.floor(right * across + EDGE),
            math.floor(bottom * down + EDGE),
        )


def pens(canvas: Canvas, image: events.Image, view: View) -> list[Pen]:
    """What the boxes of each name are drawn with."""
    numbers = palette.numbers_of((each.name for each in image.boxes), view.styles)
    sets = ASCII if canvas.look.ascii else (LIGHT, *OTHERS)
    plain = canvas.look.colors == "none"
    return [
        Pen(each, palette.series_style(number), sets[place % len(sets) if plain else 0])
        for place, (each, number) in enumerate(zip(image.boxes, numbers, strict=True))
    ]


def legend_of(canvas: Canvas, pens: list[Pen]) -> int:
    """Write what the boxes are called; the rows used."""
    plain = canvas.look.colors == "none"
    entries = [
        Entry(
            pen.lines[LEFT | RIGHT] + pen.style.mark if plain else pen.style.mark,
            pen.style.color(canvas.look),
            pen.outlines.name,
        )
        for pen in pens
        if pen.outlines.name
    ]
    return legend(canvas, entries, 1) if entries else 0


def draw_outlines(canvas: Canvas, place: Place, pens: list[Pen], index: int) -> None:
    """Draw the boxes of the `index`-th image; in cells that names share their colours take turns.

    Labels stand on the upper side of their boxes.
    """
    high, wide = math.ceil(place.height / 2), place.width
    high, wide = min(high, canvas.height - place.y), min(wide, canvas.width - place.x)
    if high <= 0 or wide <= 0:
        return
    layers, notes = [], []
    for pen in pens:
        bits = np.zeros((high, wide), np.int32)
        edges, images = pen.outlines.edges.numpy(), pen.outlines.images
        labels = pen.outlines.labels or [""] * len(images)
        for box, number, label in zip(edges, images, labels, strict=False):
            if number == index and np.isfinite(box).all():
                seen = _box(bits, place.edges(box))
                if seen and label:
                    notes.append((pen, label, *seen))
        layers.append(bits)
    inked = np.stack(layers) > 0
    order, count = inked.cumsum(axis=0) - 1, inked.sum(axis=0)
    rows, columns = np.indices(count.shape)
    turn = (columns // 2 + rows) % np.maximum(count, 1)
    for pen, bits, here, rank in zip(pens, layers, inked, order, strict=True):
        y, x = np.nonzero(here & (rank == turn))
        beneath = canvas.beneath(place.x + x, place.y + y)
        codes = np.array([ord(sign) for sign in pen.lines], np.int32)
        canvas.char[place.y + y, place.x + x] = codes[bits[y, x]]
        canvas.front[place.y + y, place.x + x] = _seen(canvas, pen.style, beneath)
        canvas.back[place.y + y, place.x + x] = beneath
        canvas.attr[place.y + y, place.x + x] = BOLD
    for pen, label, left, top, right in notes:
        text = glyphs.fit(label, min(right, wide - 1) - left - 1)
        if glyphs.width(text) >= min(LEAST, glyphs.width(label)):
            color = pen.style.color(canvas.look)
            _label(canvas, place.x + left + 1, place.y + top, text, color)


def _label(canvas: Canvas, x: int, y: int, text: str, color: int) -> None:
    """Write on a quiet ground, so that letters are read on any picture."""
    here = slice(x, x + glyphs.width(text))
    beneath = canvas.back[y, here].copy()
    canvas.text(x, y, text, color, BOLD)
    ground = ink.unpack(beneath) * 0.3 + np.array(ink.split(ink.ground(canvas.look.dark))) * 0.7
    quiet = ink.pack(ground.astype(np.int32) & 0xFC)
    canvas.back[y, here] = np.where(beneath == NONE, NONE, quiet)


def _box(
    bits: npt.NDArray[np.int32], edges: tuple[int, int, int, int]
) -> tuple[int, int, int] | None:
    """Add a box's lines to the cells of an image; its upper side: left, row, right.

    A side that the image's border would hide runs along the border; one further out is not seen.
    """
    high, wide = bits.shape
    left, top, right, bottom = edges
    if right < 0 or bottom < 0 or left >= wide or top >= high or right < left or bottom < top:
        return None
    sides = left >= -1, top >= -1, right <= wide, bottom <= high
    left, right = max(0, left), min(wide - 1, right)
    top, bottom = max(0, top), min(high - 1, bottom)
    small = right - left + 1 < SMALLEST[0] or bottom - top + 1 < SMALLEST[1]
    for row, drawn, turned in ((top, sides[1], DOWN), (bottom, sides[3], UP)):
        if not drawn:
            continue
        if not small:
            bits[row, left : right + (not sides[2])] |= RIGHT
            bits[row, left + sides[0] : right + 1] |= LEFT
        for column, there, end in ((left, sides[0], RIGHT), (right, sides[2], LEFT)):
            if there:
                bits[row, column] |= end | (turned if bottom > top else 0)
    if not small:
        for column, there in ((left, sides[0]), (right, sides[2])):
            if there:
                bits[top : bottom + (not sides[3]), column] |= DOWN
                bits[top + sides[1] : bottom + 1, column] |= UP
    return left, top, right


def _seen(
    canvas: Canvas, style: SeriesStyle, beneath: npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    """The colour of a line: the variant that is read on what is beneath it."""
    light = ink.unpack(beneath) @ np.array([299, 587, 114]) > 150_000
    color = np.where(light, style.on_light, style.on_dark)
    return np.where(beneath == NONE, style.color(canvas.look), color).astype(np.int32)
