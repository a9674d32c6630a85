"""`png`: the same picture as `svg`, in pixels. Needs resvg (`pip install 'dlplay[png]'`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape
from itertools import accumulate
from typing import Any

from rich.cells import cell_len

from dlplay.export.options import MissingPackage, Options
from dlplay.export.source import Source
from dlplay.export.svg import svg

CELL, LINE, BASE = 12.2, 24.4, 20.0  # of Rich's pictures: a column, a row, the first baseline
TOP = 1.5  # by which its backgrounds are lower than its lines
FONT = "DejaVu Sans Mono"
TEXT = re.compile(r'<text class="([\w-]+)" x="([\d.]+)" y="([\d.]+)" [^>]*>(.*?)</text>')
# Braille dots by bit: column and row of a 2 x 4 grid
DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
QUADRANTS = dict(zip("▘▝▖▗▀▄▌▐▚▞▛▜▙▟█", (
    "a", "b", "c", "d", "ab", "cd", "ac", "bd", "ad", "bc", "abc", "abd", "acd", "bcd", "abcd",
), strict=True))  # fmt: skip
EMPTY = "<svg xmlns='http://www.w3.org/2000/svg' width='20' height='20'>{}</svg>"
NO_FONT = "no font was found here: the picture has no words"


def png(source: Source, options: Options) -> bytes:
    """The panels (or one) at the end, claims and address. Raises NoSuchPanel, MissingPackage."""
    resvg = renderer("png", options.note)
    return _png(resvg, shapes(svg(source, options)))


def renderer(format: str, note: Callable[[str], None]) -> Any:
    """resvg; `note` is told if there is no font here. Raises MissingPackage for this format."""
    try:
        import resvg_py
    except ImportError:
        raise MissingPackage(format, "resvg-py") from None
    if _png(resvg_py, EMPTY.format("<text y='15'>W</text>")) == _png(resvg_py, EMPTY.format("")):
        note(NO_FONT)
    return resvg_py


def _png(resvg: Any, picture: str) -> bytes:
    return bytes(resvg.svg_to_bytes(svg_string=picture, font_family=FONT, monospace_family=FONT))


def shapes(picture: str) -> str:
    """The SVG with dots and blocks drawn in place of their letters."""
    return TEXT.sub(_as_shapes, picture)


def _as_shapes(match: re.Match[str]) -> str:
    """A line of text, its dots and blocks drawn: exact in every font, and without one."""
    style, x, y, content = match[1], float(match[2]), float(match[3]), unescape(match[4])
    top = y - BASE + TOP
    starts = [0, *accumulate(map(cell_len, content))]
    found = {place: parts for place, letter in enumerate(content) if (parts := shape(letter))}
    if not found:
        return match[0]
    drawn = "".join(
        f"M{x + CELL * (starts[place] + left):.2f} {top + LINE * upper:.2f}"
        f"h{CELL * wide:.2f}v{LINE * high:.2f}h{-CELL * wide:.2f}z"
        for place, parts in found.items()
        for left, upper, wide, high in parts
    )
    rest = "".join("\xa0" if place in found else letter for place, letter in enumerate(content))
    words = match[0].replace(match[4], escape(rest)) if rest.strip() else ""
    crisp = ' shape-rendering="crispEdges"' if any(letter in "▀▄█" for letter in content) else ""
    return f'{words}<path class="{style}"{crisp} d="{drawn}"/>'


def shape(letter: str) -> list[tuple[float, float, float, float]]:
    """The rectangles of a braille pattern or a block: left, top, width, height, of a cell."""
    code = ord(letter)
    if 0x2800 < code <= 0x28FF:
        dots = [place for bit, place in enumerate(DOTS) if (code - 0x2800) >> bit & 1]
        return [(column / 2 + 0.14, row / 4 + 0.06, 0.22, 0.12) for column, row in dots]
    if 0x2581 <= code <= 0x2587:  # ▁ to ▇
        high = (code - 0x2580) / 8
        return [(0, 1 - high, 1, high)]
    if 0x2589 <= code <= 0x258F and code != 0x258C:  # ▉ to ▏
        return [(0, 0, (0x2590 - code) / 8, 1)]
    corners = {"a": (0, 0), "b": (0.5, 0), "c": (0, 0.5), "d": (0.5, 0.5)}
    return [(*corners[part], 0.5, 0.5) for part in QUADRANTS.get(letter, "")]
