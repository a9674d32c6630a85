"""Captions in little room: wrapped, then without their last clauses, and cut last of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlplay.draw import glyphs

LITTLE = 2 / 3  # of a clause
NARROW = 3  # times as wide is the next line, where nothing begins beside a title


def beginnings(text: str) -> Iterator[str]:
    """The text, then what is left of it without its last clause, and so on; clauses end with a
    semicolon or a comma outside of brackets."""
    yield text
    depth, ends = 0, []
    for place, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if depth <= 0 and sign in ";," and text[place + 1 : place + 2] == " ":
            ends.append(place)
    for end in reversed(ends):
        yield text[:end]


def clauses(text: str, room: int) -> str:
    """As many of its clauses as fit `room` cells, from the first on; "" if not even that does."""
    return next((part for part in beginnings(text) if glyphs.width(part) <= room), "")


def wrapped(text: str, rooms: Sequence[int]) -> list[str]:
    """The text in at most as many lines as there are `rooms`, in cells, and no more than it needs.

    What does not fit loses whole clauses from its end. A first clause that is too long for all
    rooms is cut after a word; where that leaves little of it, nothing is said. The first line is
    empty where it has little room beside the others.
    """
    for part in beginnings(text):
        for many in range(1, len(rooms) + 1):
            lines, left = _filled(part, rooms[:many])
            if not left:
                return lines
    lines, _ = _filled(part, rooms)
    last = max((n for n, line in enumerate(lines) if line), default=0)
    while lines and lines[last] and glyphs.width(lines[last]) >= rooms[last]:
        lines[last] = lines[last].rpartition(" ")[0]
    if glyphs.width(" ".join(lines)) < LITTLE * glyphs.width(part):
        return [""] * len(lines)
    lines[last] += "…"
    return lines


def _filled(text: str, rooms: Sequence[int]) -> tuple[list[str], str]:
    """As many words in each line as it has room for, and those that are left."""
    if len(rooms) > 1 and NARROW * rooms[0] < rooms[1]:
        below, left = _filled(text, rooms[1:])
        if not left:
            return ["", *below], ""
    words = text.split()
    lines: list[str] = []
    for room in rooms:
        line = ""
        while words and glyphs.width(f"{line} {words[0]}" if line else words[0]) <= room:
            line = f"{line} {words.pop(0)}" if line else words.pop(0)
        lines.append(line)
    return lines, " ".join(words)
