"""`cast`: the whole run as a terminal recording, in asciinema's format, version 2.

https://docs.asciinema.org/manual/asciicast/v2/: a header, then one event a line, [seconds, "o",
output]. Only rows that changed are written again.
"""

from __future__ import annotations

import json
from functools import lru_cache

from rich.color import ColorSystem
from rich.style import Style

from dlplay.export.film import film
from dlplay.export.options import Options
from dlplay.export.picture import PLAIN, Line, Page, printable
from dlplay.export.source import Source

FRAMES = 20  # a second, at most
SHORTEST, LONGEST = 5.0, 30.0  # seconds of a cast; that of a run lies between them
BEGIN = "\x1b[?25l\x1b[2J"
END = "\x1b[0m\x1b[{row};1H\n\x1b[?25h"  # what is written next, a prompt, stands under the page


def cast(source: Source, options: Options) -> str:
    """The page of the run as it was over time: every tick takes equally long.

    Unless its length is asked for, a run of less than 5 s is stretched, one of more than 30 s
    squeezed. Raises NoSuchPanel.
    """
    page = Page(source, options)
    done = source.history.finished
    seconds = options.seconds or min(LONGEST, max(SHORTEST, done.seconds if done else LONGEST))
    lines = []
    shown: list[Line] = []
    rows: list[str] = []
    for share, picture in film(source, page, int(seconds * FRAMES)):
        before, known = rows, dict(enumerate(zip(shown, rows, strict=True)))
        shown, rows = picture, []
        for number, line in enumerate(picture):
            old, row = known.get(number, (None, ""))
            rows.append(row if line is old else _ansi(line))
        output = ("" if before else BEGIN) + _changes(before, rows)
        if output:
            lines.append(_event(share * seconds, output))
        options.progress(share)
    lines.append(_event(seconds, END.format(row=page.height)))
    header = {
        "version": 2,
        "width": options.width,
        "height": page.height + 1,  # the last is for the cursor
        "title": printable(source.title),
        "env": {"TERM": "xterm-256color"},
    }
    return "\n".join([json.dumps(header, ensure_ascii=False), *lines]) + "\n"


def _event(seconds: float, output: str) -> str:
    return json.dumps([round(seconds, 3), "o", output], ensure_ascii=False)


def _changes(old: list[str], new: list[str]) -> str:
    """What turns the old rows into the new."""
    return "".join(
        f"\x1b[{number};1H{row}"
        for number, row in enumerate(new, 1)
        if number > len(old) or old[number - 1] != row
    )


def _ansi(line: Line) -> str:
    parts: list[str] = []
    last = _codes(None)
    for text, style, _ in line:
        if not text:
            continue
        codes = _codes(style)
        if codes != last:
            parts += [last[1], codes[0]]
            last = codes
        parts.append(text)
    return "".join([*parts, last[1]])


@lru_cache(maxsize=8192)  # most of a frame was in the one before
def _codes(style: Style | None) -> tuple[str, str]:
    """What a terminal is told before a text of this style, and after it."""
    before, _, after = (
        (style or PLAIN).render("\0", color_system=ColorSystem.TRUECOLOR).partition("\0")
    )
    return before, after
