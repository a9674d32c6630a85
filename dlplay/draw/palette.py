"""One palette for everything: series and classes, and the colour maps of values.

The categorical colours are after Okabe and Ito (2008), told apart with every common colour
vision, one variant for dark and one for light backgrounds. Beside each colour stands a mark, so
that class and arm are never told by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from dlplay.draw import ink
from dlplay.draw.look import Look

if TYPE_CHECKING:
    import numpy.typing as npt

    Colors = npt.NDArray[np.int32]

LEVELS = 64  # colours in a map: cells share styles

MARKS = "●▲■◆✚▼◉○△□◇▽"


@dataclass(frozen=True)
class SeriesStyle:
    """How a series or class is told from others: colours and a mark."""

    on_dark: int
    on_light: int
    mark: str

    def color(self, look: Look) -> int:
        return self.on_dark if look.dark else self.on_light


_COLORS = (  # on dark, its ANSI number; on light, its ANSI number
    (0x56B4E9, 14, 0x0068A8, 4),  # blue
    (0xF5A623, 11, 0xB25E00, 1),  # orange
    (0x2CC295, 10, 0x00775A, 2),  # green
    (0xE58AC4, 13, 0xA3327F, 5),  # pink
    (0xF2E85C, 3, 0x7D6E00, 3),  # yellow
    (0xF2704A, 9, 0xC23B00, 9),  # vermilion
    (0x8FA2FF, 12, 0x4A4FD0, 12),  # violet
    (0xC0C0C0, 7, 0x555555, 8),  # grey
)


@cache
def series_style(index: int) -> SeriesStyle:
    """The style of the `index`-th series by order of appearance; marks repeat after 12."""
    dark, dark_ansi, light, light_ansi = _COLORS[index % len(_COLORS)]
    return SeriesStyle(
        ink.fix(dark, dark_ansi),
        ink.fix(light, light_ansi),
        MARKS[index % len(MARKS)],
    )


def numbers_of(names: Iterable[str], known: Mapping[str, int], first: int = 0) -> list[int]:
    """The numbers of these series' styles: as `known`, else from `first` on the next that none of
    them has; by place where none is known."""
    given = [known.get(name) for name in names]
    taken = {number for number in given if number is not None}
    numbers = []
    for number in given:
        if number is None:
            number = next(free for free in count(first) if free not in taken)
            taken.add(number)
        numbers.append(number)
    return numbers


def sunk(color: int, look: Look) -> int:
    """The colour of a series as another run has it: a little nearer to the background."""
    if look.colors not in ("truecolor", "256"):
        return color
    return ink.mix(color, ink.ground(look.dark), 0.35)


def accent(look: Look) -> int:
    """For what should catch the eye: the best row, the marked node."""
    return ink.fix(0xFFD75F, 11) if look.dark else ink.fix(0x9A5B00, 3)


def warning(look: Look) -> int:
    """For numbers that are not finite, units that are dead."""
    return ink.fix(0xFF6B6B, 9) if look.dark else ink.fix(0xC00020, 1)


def grid(look: Look) -> int:
    """For lines that only guide the eye."""
    return 0x343434 if look.dark else 0xD8D8D8


def level_line(look: Look, strong: bool) -> int:
    """For the level lines of a field; `strong` for the one that matters."""
    if strong:
        return 0xE8E8E8 if look.dark else 0x303030
    return 0x4C7C84 if look.dark else 0x86A4B8


_MAPS: dict[tuple[str, bool], tuple[int, ...]] = {
    ("sequential", True): (
        0x15122B, 0x2A1557, 0x50187C, 0x792282, 0xA3307E, 0xCD4071, 0xF1605D, 0xFD9567,
        0xFEC98D, 0xFCFDBF,
    ),
    ("sequential", False): (
        0xF7F4EC, 0xFBE3C0, 0xFDC38D, 0xF99A6B, 0xEA6A63, 0xC94A71, 0x9F3680, 0x742A81,
        0x4A1C6B, 0x241044,
    ),
    ("diverging", True): (
        0x7CC8FF, 0x3C97E0, 0x2368A6, 0x1A4068, 0x1B1D22, 0x5E3712, 0x9C5A12, 0xDC8A22,
        0xFFC86B,
    ),
    ("diverging", False): (
        0x08407E, 0x2A6FB0, 0x6FA8D6, 0xB7D5EA, 0xF7F6F4, 0xF6D3AD, 0xE8A15C, 0xBF6A16,
        0x7A3B02,
    ),
    ("grey", True): (0x000000, 0xFFFFFF),
    ("grey", False): (0x000000, 0xFFFFFF),
    ("token", True): (0x8A3B00, 0x63391A, 0x3C4048, 0x2C5A80, 0x2B79B4),
    ("token", False): (0xF5B887, 0xF2D6BE, 0xECECE8, 0xBBDCF2, 0x86C1EC),
    ("belief", True): (0x4DB0FF, 0x8C8C8C, 0xFFA52E),
    ("belief", False): (0x0B62B8, 0x8A8A8A, 0xB35A00),
    # Fields with something on them stay at their end of the scale of brightness.
    ("field", True): (
        0x0B1026, 0x101B45, 0x14305F, 0x174B70, 0x1C6475, 0x2B7B70, 0x4B8F66,
    ),
    ("field", False): (
        0xFFFFFF, 0xEAF3F1, 0xD3E8E6, 0xBADBDE, 0xA3CBD7, 0x93B8D0, 0x8AA5C8,
    ),
    ("signed", True): (
        0x265F97, 0x204F7C, 0x193C5D, 0x13293F, 0x14161B, 0x372510, 0x573810, 0x774C10,
        0x935D10,
    ),
    ("signed", False): (
        0x7FB2DC, 0xA3C8E6, 0xC6DDEF, 0xE3EEF6, 0xFBFBFA, 0xFBEBD8, 0xF7D6B0, 0xF0BE86,
        0xE6A45D,
    ),
}  # fmt: skip


@cache
def colormap(name: str, dark: bool) -> Colors:
    """LEVELS colours from low to high: "sequential", "diverging" (its middle is the
    background), and "field", "signed", their quieter kin for fields with something on them."""
    anchors = ink.unpack(np.array(_MAPS[name, dark], np.int32)).astype(float)
    where = np.linspace(0, len(anchors) - 1, LEVELS)
    rgb = [np.interp(where, np.arange(len(anchors)), anchors[:, c]) for c in range(3)]
    table = ink.pack(np.stack(rgb, axis=-1).round())
    table.flags.writeable = False
    return table


def shade(values: npt.NDArray[Any], low: float, high: float) -> npt.NDArray[np.float64]:
    """Values as shares of the way from `low` to `high`, clipped to 0..1; NaN stays NaN.

    Where the ends are equal, a value there is in the middle.
    """
    array = np.clip(np.asarray(values, np.float64), -1e300, 1e300)
    low, high = np.nan_to_num([low, high], nan=0.0, posinf=1e300, neginf=-1e300).tolist()
    if high <= low:
        side = np.sign(array - low) / 2 + 0.5
        return np.asarray(side, np.float64)
    return np.clip((array - low) / (high - low), 0, 1)


def colors_of(shares: npt.NDArray[Any], name: str, look: Look) -> Colors:
    """The colours of shares 0..1 in this map; NONE for NaN."""
    table = colormap(name, look.dark)
    index = np.nan_to_num(shares * (LEVELS - 1) + 0.5).astype(int).clip(0, LEVELS - 1)
    return np.where(np.isnan(shares), ink.NONE, table[index]).astype(np.int32)
