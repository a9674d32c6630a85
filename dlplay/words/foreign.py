"""Text of a user, a scene, a recording or a file, as it may be shown: nothing in it is obeyed.

A terminal obeys control characters, and some reorder or hide what stands beside them. Each becomes
one visible sign, so that places in the text stay what they were.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

LOST = "\ufffd"  # in place of what has no sign of its own
JOINERS = "\u200c\u200d"  # of letters and of pictures: without them words change
FORMULAS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")  # with which a formula begins; wide ones too
LONGEST = 60  # characters of a style
FORMULAS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")  # with which a formula begins; wide ones too
LONGEST = 60  # characters of a style
SGR = re.compile(r"\x1b\[[0-9;:]{0,60}m")  # colours and styles, in what a run prints
_PARTS = re.compile(f"({SGR.pattern})")
_MOVES = re.compile(rf"({SGR.pattern}|\x1b\[[02]?K|\r|\x08)")


@lru_cache(maxsize=4096)
def _sign(character: str) -> str:
    code, kind = ord(character), unicodedata.category(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if kind in ("Cc", "Cs", "Zl", "Zp") or (kind == "Cf" and character not in JOINERS):
        return LOST
    return character


def shown(text: str) -> str:
    """The text with a sign in place of each character that a terminal would obey, of what turns
    the direction of writing, and of undecoded bytes. Line feeds and tabs stay."""
    if text.isprintable():
        return text
    return "".join(c if c in "\n\t" or c.isprintable() else _sign(c) for c in text)


def one_line(text: str) -> str:
    """The same without line feeds and tabs, which become blanks."""
    return shown(text).replace("\n", " ").replace("\t", " ")


def printed(text: str) -> str:
    """What a run printed, as a terminal would show it once it is over: of a progress bar its last
    state. Colours stay; whatever else orders a terminal about becomes visible."""
    if text.isprintable():
        return text
    lines = (_last_state(line) for line in text.split("\n"))
    return "\n".join("".join(map(_part, _PARTS.split(line))) for line in lines)


def uncoloured(line: str) -> str:
    """Something printed without its colours."""
    return SGR.sub("", line) if "\x1b" in line else line


def _part(part: str) -> str:
    return part if SGR.fullmatch(part) else shown(part)


def _last_state(line: str) -> str:
    """The line once carriage returns, steps back and erased ends have been obeyed."""
    line = line.rstrip("\r")
    if "\r" not in line and "\b" not in line and "\x1b[" not in line:
        return line
    cells: list[str] = []
    place, style = 0, ""
    for part in _MOVES.split(line):
        if part == "\r":
            place = 0
        elif part == "\b":
            place = max(0, place - 1)
        elif part in ("\x1b[K", "\x1b[0K"):
            del cells[place:]
        elif part == "\x1b[2K":
            cells[:] = [" "] * place
        elif SGR.fullmatch(part):
            ends = part in ("\x1b[m", "\x1b[0m")
            style = "" if ends else style + part if len(style) < LONGEST else part
        elif part:
            cells += [" "] * (place - len(cells))
            cells[place : place + len(part)] = [style + c for c in part] if style else part
            place += len(part)
    return "".join(_joined(cells))


def _joined(cells: Iterable[str]) -> Iterator[str]:
    """Cells with their styles, each style written where it begins."""
    now = ""
    for cell in cells:
        style, character = cell[:-1], cell[-1]
        if style != now:
            yield f"\x1b[0m{style}" if now else style
            now = style
        yield character
    if now:
        yield "\x1b[0m"


def cell(text: str) -> str:
    """Text for a cell of a table that a spreadsheet reads: a formula is quoted, so that it is
    none; numbers stay numbers."""
    safe = shown(text)
    if text.lstrip()[:1] not in FORMULAS and text[:1] not in ("\t", "\r"):
        return safe
    try:
        float(text)
    except ValueError:
        return f"'{safe}"
    return safe


def is_text(value: str) -> bool:
    """Whether a text can be written out: half a surrogate pair cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
