"""Characters: what a text becomes in cells, and what stands for what where there is only ASCII."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.cells import cell_len

from dlplay.words import plain
from dlplay.words.foreign import shown

if TYPE_CHECKING:
    import numpy.typing as npt

BRAILLE = 0x2800
TAIL = 0  # the second cell of a wide character

_ASCII = {  # what drawings are made of; plain.py has the rest
    "●": "o", "▲": "^", "■": "#", "◆": "*", "✚": "+", "▼": "v", "◉": "8", "○": "0", "△": "A",
    "□": "@", "◇": "&", "▽": "V", "★": "*", "✗": "X", "·": ".", "┤": "|", "┈": ".", "╌": "-",
    "█": "#", "▓": "%", "▒": "=", "░": ":", "▁": "_", "▂": ".", "▃": "-", "▄": "=", "▅": "+",
    "▆": "*", "▇": "%", "▏": "|", "▎": "|", "▍": "|", "±": "~", "−": "-", "–": "-", "↵": "$",
    "␣": "_", "≡": "=",
}  # fmt: skip


def _ascii_dots(pattern: int) -> str:
    """The ASCII character whose ink lies about where that of a braille cell does."""
    bits = ((0x01, 0, 0), (0x02, 1, 0), (0x04, 2, 0), (0x40, 3, 0),
            (0x08, 0, 1), (0x10, 1, 1), (0x20, 2, 1), (0x80, 3, 1))  # fmt: skip
    dots = [(row, column) for bit, row, column in bits if pattern & bit]
    if not dots:
        return " "
    rows = [row for row, _ in dots]
    if len(dots) >= 7:
        return "#"
    if max(rows) - min(rows) < 2:
        middle = sum(rows) / len(rows)
        return "'" if middle < 1 else "-" if middle < 2.3 else "." if len(dots) == 1 else "_"
    left = [row for row, column in dots if column == 0]
    right = [row for row, column in dots if column == 1]
    if not left or not right:
        return "|"
    slope = sum(right) / len(right) - sum(left) / len(left)
    return "\\" if slope > 0.6 else "/" if slope < -0.6 else "|"


_DOTS = np.array([ord(_ascii_dots(pattern)) for pattern in range(256)], np.int32)


@lru_cache(maxsize=4096)
def _plain(code: int) -> int:
    character = chr(code)
    return ord(_ASCII.get(character) or plain.as_wide(character)[:1] or "?")


def to_ascii(codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """The same cells in characters below 128; a wide character becomes two."""
    out = np.where(codes == TAIL, ord(" "), codes)
    dots = (out >= BRAILLE) & (out < BRAILLE + 256)
    out[dots] = _DOTS[out[dots] - BRAILLE]
    for code in np.unique(out[out > 126]).tolist():
        out[out == code] = _plain(code)
    return out


def is_simple(text: str) -> bool:
    """Whether every character is one cell for certain: nothing to measure."""
    return text.isascii() and text.isprintable()


@lru_cache(maxsize=8192)
def cells(text: str) -> tuple[int, ...]:
    """The code points of a text, one a cell: wide characters take two, marks without a width of
    their own none. Characters that a terminal would obey have their signs (`words/foreign.py`)."""
    if is_simple(text):
        return tuple(map(ord, text))
    codes: list[int] = []
    for character in shown(text):
        width = _width(character)
        if width == 0:
            continue
        codes.append(ord(character) if character.isprintable() else 0x20)
        if width == 2:
            codes.append(TAIL)
    return tuple(codes)


@lru_cache(maxsize=8192)
def _width(character: str) -> int:
    code = ord(character)
    if code < 0x20 or not character.isprintable():
        return 1 if character in "\t\n\r\u00a0" or character.isspace() else 0
    if 0x1F1E6 <= code <= 0x1F1FF or 0x1F3FB <= code <= 0x1F3FF or 0xFE00 <= code <= 0xFE0F:
        return 0  # halves of flags, skin tones, variation selectors: they join with neighbours
    if unicodedata.category(character)[0] == "M":
        return 0
    return min(2, cell_len(character))


def width(text: str) -> int:
    """The cells that a text takes."""
    return len(text) if is_simple(text) else len(cells(text))


def fit(text: str, room: int) -> str:
    """The text, cut to `room` cells with an ellipsis where it is longer."""
    if room <= 0:
        return ""
    if width(text) <= room:
        return text
    if room == 1:
        return text[:1] if width(text[:1]) == 1 else "…"
    kept, used = [], 0
    for character in text:
        more = len(cells(character))
        if used + more > room - 1:
            break
        kept.append(character)
        used += more
    return "".join(kept).rstrip() + "…"


def fit_words(text: str, room: int) -> str:
    """The same, cut after a whole word where at least half of the room is filled so."""
    cut = fit(text, room)
    if cut == text or not cut.endswith("…"):
        return cut
    kept = cut[:-1]
    words = kept if text[len(kept)] == " " else kept.rpartition(" ")[0].rstrip(" ,;:·")
    return f"{words}…" if 2 * width(words) >= room else cut


def fit_apart(texts: Sequence[str], rooms: int | Sequence[int]) -> list[str]:
    """The same for several texts, each in its own room or all in the same; those that would look
    alike are cut within a word or, if that does not help, keep their ends instead."""
    each = [rooms] * len(texts) if isinstance(rooms, int) else rooms
    out = [_middle_out(text, room) for text, room in zip(texts, each, strict=True)]
    for way in (fit, fit_words):
        cut = [way(text, room) for text, room in zip(texts, each, strict=True)]
        seen: dict[str, set[str]] = {}
        for text, short in zip(texts, cut, strict=True):
            seen.setdefault(short, set()).add(text)
        out = [new if len(seen[new]) == 1 else old for new, old in zip(cut, out, strict=True)]
    return out


def _middle_out(text: str, room: int) -> str:
    """The text without its middle, where it is longer than `room` cells."""
    if width(text) <= room or room < 3:
        return fit(text, room)
    tail = ""
    for character in reversed(text):
        if width(character + tail) > room // 2:
            break
        tail = character + tail
    return fit(text, room - width(tail)) + tail


def row_text(codes: npt.NDArray[np.int32]) -> str:
    """The characters of one row, its TAIL cells left out."""
    text: str = codes.astype("<u4").tobytes().decode("utf-32-le", errors="replace")
    return text.replace("\0", "")


def simple_row(codes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A row in which nothing may join with its neighbour or be of unclear width."""
    unclear = (codes == TAIL) | ((codes > 0x2FF) & ((codes < 0x2000) | (codes > 0x2BFF)))
    return np.where(unclear, ord("?"), codes)
