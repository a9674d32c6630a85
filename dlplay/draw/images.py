"""Images: a grid of pictures in half blocks, and the boxes on them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from dlplay.draw import glyphs, ink, outlines
from dlplay.draw.canvas import Canvas
from dlplay.draw.frame import note
from dlplay.draw.ink import FAINT, NONE
from dlplay.draw.kind import Kind, Picture, Rows
from dlplay.draw.look import View
from dlplay.wire import events

if TYPE_CHECKING:
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

SMALLEST = 12  # pixels a side: what shrunk images keep
LARGEST = 64  # times a pixel's size
WORTH = 1.2  # by which images must grow, for pixels of unequal size
NAMED = 4  # the share of the width, one in so many, that the names of rows may take


@dataclass(frozen=True)
class Grid:
    """How N images are laid out: each `width` x `height` pixels, `columns` in a row, `shown`."""

    width: int
    height: int
    columns: int
    shown: int
    caption: int  # rows below each image for its caption
    head: int = 0  # rows above all for what is said once for each column
    side: int = 0  # columns before all for what is said once for each row

    @property
    def cell_rows(self) -> int:
        return math.ceil(self.height / 2) + self.caption

    @property
    def gap(self) -> int:
        """Rows between two images: captions part them already."""
        return 0 if self.caption else 1


def draw_image(canvas: Canvas, image: events.Image, view: View) -> None:
    """Draw as many images as fit, as large as they can all be."""
    pixels = image.pixels.numpy()
    if pixels.ndim != 4 or 0 in pixels.shape:
        note(canvas, "no image yet")
        return
    pens = outlines.pens(canvas, image, view)
    top = outlines.legend_of(canvas, pens) if canvas.height >= 6 else 0
    room = canvas.height - top
    grid = layout(image, canvas.width, room, view.fit)
    if grid.shown < len(pixels) and room > 1:  # what says so has a row, covering nothing
        grid = layout(image, canvas.width, room - 1, view.fit)
    across = grid.side + grid.columns * grid.width + (grid.columns - 1)
    left = max(0, (canvas.width - across) // 2) + grid.side
    top += grid.head
    for index in range(grid.shown):
        row, column = divmod(index, grid.columns)
        x = left + column * (grid.width + 1)
        y = top + row * (grid.cell_rows + grid.gap)
        _picture(canvas, x, y, resized(pixels[index], grid.width, grid.height))
        if pens:
            place = outlines.Place(x, y, grid.width, grid.height, *pixels.shape[2:0:-1])
            outlines.draw_outlines(canvas, place, pens, index)
    _captions(canvas, image, grid, left, top)
    rest = len(pixels) - grid.shown
    if rest > 0:
        canvas.right(canvas.width, canvas.height - 1, f" +{rest} more", NONE, FAINT)


def _captions(canvas: Canvas, image: events.Image, grid: Grid, left: int, top: int) -> None:
    """Each where it is said: over the columns, before the rows, or under the images."""
    said = image.captions[: grid.shown]
    step = grid.cell_rows + grid.gap
    if grid.head:
        _line(canvas, said[: grid.columns], grid.width, left, top - 1)
    for row, first in enumerate(range(0, len(said), grid.columns)):
        y = top + row * step
        if grid.side:
            text = glyphs.fit(said[first], grid.side - 1)
            canvas.text(left - grid.side, y + (grid.cell_rows - 1) // 2, text)
        elif grid.caption:
            line = said[first : first + grid.columns]
            _line(canvas, line, grid.width, left, y + grid.cell_rows - 1)


def _line(canvas: Canvas, captions: Sequence[str], width: int, x: int, y: int) -> None:
    """The captions of neighbours, each `width` cells and one apart; what several say is said once,
    with a line that shows for whom."""
    for caption, several in groupby(captions):
        count = len(list(several))
        each = [count] if count > 1 and caption and not _spaced(caption) else [1] * count
        for images in each:
            room = images * (width + 1) - 1
            text = glyphs.fit(caption, room)
            start = x + (room - glyphs.width(text)) // 2
            if images > 1:
                canvas.text(x, y, "─" * max(0, start - 1 - x), NONE, FAINT)
                end = start + glyphs.width(text) + 1
                canvas.text(end, y, "─" * (x + room - end), NONE, FAINT)
            canvas.text(start, y, text)
            x += room + 1


def _spaced(caption: str) -> bool:
    """Whether its words stand in columns of their own: they are over parts of one image."""
    return "  " in caption.strip()


def _said_once(image: events.Image) -> str:
    """Which captions repeat: those of the "columns", those of the "rows", or "" for none."""
    if not any(image.captions):
        return ""
    count, across = len(image.captions), image.columns or len(image.captions)
    across = 1 if len(set(image.captions)) == 1 else min(across, count)
    lines = [image.captions[at : at + across] for at in range(0, count, across)]
    if len(lines) > 1 and all(line == lines[0][: len(line)] for line in lines):
        return "columns"
    if len(lines) > 1 and across > 1 and all(len(set(line)) == 1 for line in lines):
        return "rows"
    return ""


def layout(image: events.Image, width: int, height: int, fit: bool = True) -> Grid:
    """The largest size at which all images fit; if there is none, as many as fit.

    Without `fit` a pixel is a pixel, and what is beyond the edge is not seen.
    """
    once = _said_once(image) if height > 2 else ""
    if once == "columns":
        return replace(_layout(image, width, height - 1, fit, 0), head=1)
    below = _layout(image, width, height, fit, int(any(image.captions) and height > 2))
    if once == "rows":
        side = max(map(glyphs.width, image.captions)) + 1
        beside = _layout(image, width - side, height, fit, 0) if side <= width // NAMED else below
        if (beside.shown, beside.width) > (below.shown, below.width):
            return replace(beside, side=side)
    return below


def _layout(image: events.Image, width: int, height: int, fit: bool, caption: int) -> Grid:
    """The same, for images with so many rows for a caption under each."""
    count, rows, columns = image.pixels.shape[:3]
    best: Grid | None = None
    sizes = _sizes(columns, rows, width, height - caption, count == 1) if fit else [(columns, rows)]
    for wide, tall in sizes:
        grid = _arrange(count, wide, tall, image.columns, caption, width, height)
        if best is None or grid.shown > best.shown:
            best = grid
        if grid.shown == count:
            break
    assert best is not None
    if fit and best.shown == count and best.width >= columns:
        best = _grown(best, image, width, height)
    if not best.shown and image.columns:  # whole rows were asked for: rather tiny than nothing
        wide = max(1, (width + 1) // image.columns - 1)
        tall = max(1, round(rows * wide / columns))
        best = _arrange(count, wide, tall, image.columns, caption, width, height)
    return best


def _grown(grid: Grid, image: events.Image, width: int, height: int) -> Grid:
    """Larger, if all images fit at a size between two whole multiples that is worth it."""
    count, rows, columns = image.pixels.shape[:3]
    most = min(LARGEST, width / columns, 2 * (height - grid.caption) / rows)
    scale = most
    while scale >= WORTH * grid.width / columns:
        wide, tall = int(columns * scale), int(rows * scale)
        larger = _arrange(count, wide, tall, image.columns, grid.caption, width, height)
        if larger.shown == count:
            return larger
        scale *= 0.97
    return grid


def _sizes(columns: int, rows: int, width: int, height: int, single: bool) -> list[tuple[int, int]]:
    """Sizes to try, in pixels, the largest first: whole multiples, then shrunk."""
    most = min(LARGEST, max(1, width // columns), max(1, 2 * height // rows))
    sizes = [(columns * k, rows * k) for k in range(most, 0, -1)]
    if columns > width or rows > 2 * height:
        sizes = []
    least = min(SMALLEST, max(rows, columns))
    full = min(1.0, width / columns, 2 * max(1, height) / rows)
    shares = [full] if single else [full * step / 24 for step in range(24, 1, -1)]
    for share in shares:
        small = max(1, round(columns * share)), max(1, round(rows * share))
        if (max(small) >= least or share == full) and small not in sizes:
            sizes.append(small)
    return sizes


def _arrange(
    count: int, wide: int, tall: int, columns: int, caption: int, width: int, height: int
) -> Grid:
    across = max(1, (width + 1) // (wide + 1))
    if columns:
        if columns > across:
            return Grid(wide, tall, across, 0, caption)
        across = columns
    across = min(across, count)
    grid = Grid(wide, tall, across, 0, caption)
    down = max(1, (height + grid.gap) // (grid.cell_rows + grid.gap))
    if not columns and across * down >= count:
        across = math.ceil(count / math.ceil(count / across))  # no ragged last row
    return Grid(wide, tall, across, min(count, across * down), caption)


def resized(pixels: Pixels, width: int, height: int) -> Pixels:
    """[H, W, C] at another size: pixels repeated where it grows, averaged where it shrinks."""
    rows, columns = pixels.shape[:2]
    if (rows, columns) == (height, width):
        return pixels
    if height >= rows and width >= columns:
        down_at, across_at = np.arange(height) * rows // height, np.arange(width) * columns // width
        grown: Pixels = pixels[down_at][:, across_at]
        return grown
    down = averaging(rows, height)
    across = averaging(columns, width)
    small = np.einsum("hr,rcd,wc->hwd", down, pixels.astype(np.float32), across, optimize=True)
    shrunk: Pixels = small.round().astype(np.uint8)
    return shrunk


def averaging(size: int, target: int) -> npt.NDArray[np.float32]:
    """[target, size]: the weights of the area that each of `target` pixels covers."""
    edges = np.linspace(0, size, target + 1)
    cells = np.arange(size)
    upper = np.minimum(edges[1:, None], cells[None] + 1)
    lower = np.maximum(edges[:-1, None], cells[None])
    overlap = np.maximum(upper - lower, 0)
    weights: npt.NDArray[np.float32] = overlap / overlap.sum(axis=1, keepdims=True)
    return weights.astype(np.float32)


def _picture(canvas: Canvas, x: int, y: int, pixels: Pixels) -> None:
    if canvas.look.shaded:
        _shaded(canvas, x, y, pixels)
        return
    canvas.halves(x, y, quantised(pixels))


def quantised(pixels: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """Colours in 64 greys, or 16 steps a channel: few enough for their styles to be cached."""
    if pixels.shape[-1] == 1:
        grey = pixels[..., 0].astype(np.int32)
        grey = grey & 0xFC | grey >> 6
        return grey << 16 | grey << 8 | grey
    steps = (pixels.astype(np.int32) * 15 + 127) // 255 * 17
    return ink.pack(steps)


def _shaded(canvas: Canvas, x: int, y: int, pixels: Pixels) -> None:
    """Ramps of characters: light is ink on a dark terminal, the lack of it on a light one."""
    padded = np.concatenate([pixels, pixels[-1:]]) if len(pixels) % 2 else pixels
    pairs = (padded[0::2].astype(np.float32) + padded[1::2]) / 2
    weights = [1.0] if pairs.shape[-1] == 1 else [0.299, 0.587, 0.114]
    light = pairs @ np.array(weights, np.float32) / 255
    colors: npt.NDArray[np.int32] | int = NONE
    if canvas.look.colors == "16" and pairs.shape[-1] == 3:
        strongest = np.maximum(pairs.max(axis=-1, keepdims=True), 1)
        grey = np.ptp(pairs, axis=-1) < 40
        colors = np.where(grey, NONE, ink.pack((pairs / strongest * 3).round() * 85))
    canvas.shades(x, y, light if canvas.look.dark else 1 - light, colors)


def natural_height(image: events.Image, width: int) -> int:
    """The rows of the whole grid, each image at a size at which it can be read."""
    if len(image.pixels.shape) != 4 or 0 in image.pixels.shape:
        return 1
    count, rows, columns = image.pixels.shape[:3]
    head, caption = _caption_rows(image)
    share = min(1.0, width / columns)
    scale = max(1, min(20 // rows, width // columns)) if share == 1 else share
    wide, tall = max(1, round(columns * scale)), max(1, round(rows * scale))
    if image.columns and image.columns * (wide + 1) - 1 > width:  # smaller, in as many columns
        wide = max(1, (width + 1) // image.columns - 1)
        tall = max(1, round(rows * wide / columns))
    across = max(1, min(image.columns or (width + 1) // (wide + 1), count))
    grid = Grid(wide, tall, across, count, caption)
    lines = math.ceil(count / across)
    named = any(each.name for each in image.boxes)
    return lines * grid.cell_rows + (lines - 1) * grid.gap + named + head


def _caption_rows(image: events.Image) -> tuple[int, int]:
    """Rows over all images, and under each, that captions take."""
    columns = _said_once(image) == "columns"
    return int(columns), int(any(image.captions) and not columns)


def _fills(image: events.Image, width: int, height: int) -> tuple[int, int]:
    """All rows, but where it is said how many images are beside each other: no more than those at
    which they are as wide as they can be."""
    if len(image.pixels.shape) != 4 or 0 in image.pixels.shape:
        return width, 1
    count, rows, columns = image.pixels.shape[:3]
    if not image.columns and count > 1:  # as many beside each other as there is room for
        return width, height
    across = min(image.columns or count, count)
    wide = max(1, (width + 1) // across - 1)
    head, caption = _caption_rows(image)
    grid = Grid(wide, math.ceil(rows * wide / columns), across, count, caption)
    lines = math.ceil(count / across)
    named = any(each.name for each in image.boxes)
    return width, min(height, lines * (grid.cell_rows + grid.gap) - grid.gap + named + head)


def _parts(image: events.Image) -> Iterator[Picture | Rows]:
    for number, picture in enumerate(image.pixels.numpy()):
        yield Picture(str(number), picture)
    if image.boxes:
        yield Rows(("image", "box", "label", "left", "top", "right", "bottom"), _rows(image))


def _rows(image: events.Image) -> Iterator[Sequence[str | int | float]]:
    for each in image.boxes:
        labels = each.labels or [""] * len(each.images)
        for number, label, edges in zip(each.images, labels, each.edges.numpy(), strict=True):
            yield number, each.name, label, *(round(edge, 2) for edge in edges.tolist())


IMAGE = Kind(
    events.Image,
    draw_image,
    stretches=True,
    height=natural_height,
    fills=_fills,
    parts=_parts,
)
