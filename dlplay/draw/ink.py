"""Colours and attributes as numbers, and the Rich styles made from them, each made once.

A colour is 0xRRGGBB, or NONE for the terminal's own. Making a `Style` costs ten times as much as
drawing the cell, so every drawing goes through `style`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.color import Color
from rich.style import Style

from dlplay.draw.look import Colors

if TYPE_CHECKING:
    import numpy.typing as npt

NONE = -1

BOLD, DIM, ITALIC, UNDERLINE, REVERSE, FAINT = 1, 2, 4, 8, 16, 32
# FAINT: the same colour, half sunk into the background; dim where colours cannot be mixed.

PLAIN = Style.null()

_ANSI = (
    0x000000, 0xB03030, 0x30A030, 0xA08020, 0x3050C0, 0xA03AA0, 0x2AA0A0, 0xB8B8B8,
    0x686868, 0xFF5F5F, 0x5FE05F, 0xF5E050, 0x6E9CFF, 0xFF7FD0, 0x5FE8F0, 0xFFFFFF,
)  # fmt: skip
_fixed: dict[int, int] = {}  # colours of the palette whose ANSI number was chosen by hand


def fix(color: int, ansi: int) -> int:
    """Let this colour be that one of the 16 where there are no more."""
    _fixed[color] = ansi
    return color


def split(color: int) -> tuple[int, int, int]:
    return color >> 16 & 255, color >> 8 & 255, color & 255


def mix(one: int, other: int, share: float) -> int:
    """A colour between two: `share` of the other."""
    parts = (round(a + (b - a) * share) for a, b in zip(split(one), split(other), strict=True))
    red, green, blue = parts
    return red << 16 | green << 8 | blue


def ground(dark: bool) -> int:
    """About the colour of the background."""
    return 0x121212 if dark else 0xF6F6F6


def contrast(background: int) -> int:
    """Black or white, whichever is read more easily on this."""
    red, green, blue = split(background)
    return 0x000000 if red * 299 + green * 587 + blue * 114 > 132_000 else 0xFFFFFF


def pack(rgb: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """[..., 3] of 0..255 to colours."""
    whole = rgb.astype(np.int32)
    packed: npt.NDArray[np.int32] = whole[..., 0] << 16 | whole[..., 1] << 8 | whole[..., 2]
    return packed


def unpack(colors: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Colours to [..., 3] of 0..255."""
    return np.stack([colors >> 16 & 255, colors >> 8 & 255, colors & 255], axis=-1)


def between(one: npt.NDArray[np.int32], other: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """The colours half-way, in steps of 4: few enough to be cached."""
    half = (unpack(one) + unpack(other)) >> 1
    return pack(half & 0xFC | 0x02)


@lru_cache(maxsize=4096)
def ansi16(color: int) -> int:
    """The nearest of the 16 standard colours."""
    if color in _fixed:
        return _fixed[color]
    red, green, blue = split(color)
    distances = [
        (red - r) ** 2 * 2 + (green - g) ** 2 * 4 + (blue - b) ** 2 * 3
        for r, g, b in map(split, _ANSI)
    ]
    return distances.index(min(distances))


@lru_cache(maxsize=8192)
def ansi256(color: int) -> int:
    """The nearest of the 6x6x6 cube and the 24 greys."""
    red, green, blue = split(color)
    steps = [0 if c < 48 else 1 if c < 115 else (c - 35) // 40 for c in (red, green, blue)]
    cube = [0 if step == 0 else 55 + 40 * step for step in steps]
    grey = min(23, max(0, round(((red + green + blue) / 3 - 8) / 10)))
    shade = 8 + 10 * grey
    far = sum((a - b) ** 2 for a, b in zip(cube, (red, green, blue), strict=True))
    near = sum((shade - c) ** 2 for c in (red, green, blue))
    if near < far:
        return 232 + grey
    return 16 + 36 * steps[0] + 6 * steps[1] + steps[2]


def _color(color: int, colors: Colors) -> Color | None:
    if color == NONE or colors == "none":
        return None
    if colors == "16":
        return Color.from_ansi(ansi16(color))
    if colors == "256":
        return Color.from_ansi(ansi256(color))
    return Color.from_rgb(*split(color))


@lru_cache(maxsize=65536)
def style(front: int, back: int, attributes: int, colors: Colors, dark: bool) -> Style:
    """The Rich style for these; made once."""
    if front == NONE and back == NONE and attributes == 0:
        return PLAIN
    if attributes & FAINT:
        if front != NONE and colors in ("truecolor", "256"):
            front = mix(front, ground(dark), 0.5)
        else:
            attributes |= DIM
    return Style(
        color=_color(front, colors),
        bgcolor=_color(back, colors),
        bold=True if attributes & BOLD else None,
        dim=True if attributes & DIM else None,
        italic=True if attributes & ITALIC else None,
        underline=True if attributes & UNDERLINE else None,
        reverse=True if attributes & REVERSE else None,
    )
