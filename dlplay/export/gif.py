"""`gif`: the page of the run as a picture that moves, for slides and READMEs.

Needs resvg (`pip install 'dlplay[gif]'`). Each line that is new in some frame is drawn once; frames
are put together from them, have one palette, and repeat nothing that stands still.
"""

from __future__ import annotations

import io
import re
from typing import Any

from PIL import Image
from rich.segment import Segment

from dlplay.export import png
from dlplay.export.film import film
from dlplay.export.options import Options
from dlplay.export.picture import Line, Page
from dlplay.export.source import Source
from dlplay.export.svg import THEME, drawn

WIDE, HIGH = 8, 16  # pixels of a cell
SECONDS, PAUSE = 8.0, 3.0  # of the film unless it is asked for, and of its last picture
RATE = 8  # pictures a second, at most
MOST = 4_000_000  # bytes: what a README or a slide bears; fewer pictures if there are more
CELLS = 600_000  # that are drawn, which takes about a minute; fewer pictures if there are more
FEWEST = 4  # pictures: of these none is left out
FILM = 0.1  # of the work: to make its lines; the rest is to draw them
SHEET = 80  # lines that are drawn at once: fonts are read anew for each drawing
FIVES = 5
COLORS = 128
Row = tuple[Segment, ...]
Picture = tuple[float, list[Row]]  # when it is shown, as a share of the film; its lines
_VIEW = re.compile(r'viewBox="[^"]*"')
_PLACE = re.compile(r'translate\(([\d.]+), ([\d.]+)\)" clip-path')


def gif(source: Source, options: Options) -> bytes:
    """The panels (or one) as they were over time, over and over; it rests on the end.

    At most `MOST` bytes, if fewer pictures a second can achieve that. Raises NoSuchPanel,
    MissingPackage.
    """
    resvg = png.renderer("gif", options.note)
    page = Page(source, options)
    seconds = options.seconds or SECONDS
    pictures = []
    for share, lines in film(source, page, max(1, int(seconds * RATE))):
        pictures.append((share, [_key(line) for line in lines]))
        options.progress(FILM * share)
    pictures = _from_the_first(pictures)
    blank = _key(page.blank)  # all are as high as the highest
    pictures = [(at, rows + [blank] * (page.height - len(rows))) for at, rows in pictures]
    at_first, whole = len(pictures), pictures[-1]
    while len(keys := _lines(pictures)) * options.width > CELLS and len(pictures) > FEWEST:
        pictures = [*pictures[:-1:2], whole]
    if len(pictures) < at_first:
        options.note(f"{len(pictures)} pictures, as it is large; a smaller --size has more")
    strips = _strips(resvg, keys, options)
    palette = _paper(strips, [*pictures[len(pictures) // 2][1], *whole[1]]).quantize(
        COLORS, Image.Quantize.MEDIANCUT
    )
    small = {
        key: strip.quantize(palette=palette, dither=Image.Dither.NONE)
        for key, strip in strips.items()
    }
    made = _written(pictures, small, seconds)
    drawn_at_first = len(pictures)
    while len(made) > MOST and len(pictures) > FEWEST:
        pictures = [*pictures[:-1:2], whole]
        made = _written(pictures, small, seconds)
    if len(made) > MOST:
        options.note(f"{len(made) / 1e6:.1f} MB: a smaller --size or one --panel makes it smaller")
    elif len(pictures) < drawn_at_first:
        options.note(f"{len(pictures)} pictures, so that it is no larger")
    return made


def _from_the_first(pictures: list[Picture]) -> list[Picture]:
    """Without the first, before any step, which is often empty; the others have its time, too."""
    pictures = pictures[1:] or pictures
    begin = pictures[0][0]
    long = 1 - begin or 1.0
    return [((share - begin) / long, rows) for share, rows in pictures]


def _lines(pictures: list[Picture]) -> list[Row]:
    """Each of their lines once."""
    return list(dict.fromkeys(row for _, rows in pictures for row in rows))


def _key(line: Line) -> Row:
    return tuple(Segment.simplify(line))


def _strips(resvg: Any, keys: list[Row], options: Options) -> dict[Row, Image.Image]:
    """Each line as a strip of pixels."""
    found, width = {}, options.width
    for first in range(0, len(keys), SHEET):
        options.progress(FILM + (1 - FILM) * first / len(keys))
        lines = keys[first : first + SHEET]
        # An empty line between two: no edge of one colours the pixels of the other.
        picture = drawn([part for line in lines for part in (list(line), [])], width, "film")
        place = _PLACE.search(picture)
        assert place
        # A little lower, so that the first pixels of a line are well within it.
        left, top = float(place[1]), float(place[2]) + png.TOP + 0.3
        # In fives, whose sizes are whole: resvg rounds those of others, and edges would show.
        across, down = FIVES * -(-width // FIVES), FIVES * -(-2 * len(lines) // FIVES)
        view = f'viewBox="{left} {top} {across * png.CELL:.0f} {down * png.LINE:.0f}"'
        data = resvg.svg_to_bytes(
            svg_string=png.shapes(_VIEW.sub(view, picture, count=1)),
            width=across * WIDE,
            height=down * HIGH,
            background=THEME.background_color.hex,
            font_family=png.FONT,
            monospace_family=png.FONT,
        )
        sheet = Image.open(io.BytesIO(bytes(data))).convert("RGB")
        for row, line in enumerate(lines):
            found[line] = sheet.crop((0, 2 * row * HIGH, width * WIDE, (2 * row + 1) * HIGH))
    return found


def _paper(strips: dict[Row, Image.Image], rows: list[Row]) -> Image.Image:
    """A picture of these lines."""
    one = next(iter(strips.values()))
    paper = Image.new(one.mode, (one.width, HIGH * len(rows)))
    if one.mode == "P":
        paper.putpalette(one.getpalette() or [])
    for number, row in enumerate(rows):
        paper.paste(strips[row], (0, number * HIGH))
    return paper


def _written(
    pictures: list[Picture],
    strips: dict[Row, Image.Image],
    seconds: float,
) -> bytes:
    starts = [round(1000 * share * seconds) for share, _ in pictures]
    ends = [*starts[1:], starts[-1] + round(1000 * PAUSE)]
    frames = [_paper(strips, rows) for _, rows in pictures]
    file = io.BytesIO()
    frames[0].save(
        file,
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=[max(20, end - start) for start, end in zip(starts, ends, strict=True)],
        loop=0,
        disposal=1,
        optimize=False,
    )
    return file.getvalue()
