"""Captions in little room: wrapped, then without their last clauses, and cut last of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from dlplay.draw import glyphs

ENDS = {";": 0.0, ":": 0.0, ".": 0.0, ",": 0.5}  # how bad it is that a line ends there; else 1
UNEVEN = 3  # times as long is a line that makes another look lost
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

    Lines end with a clause where they can, else they are about equally long. What does not fit
    loses whole clauses from its end. A first clause that is too long for all rooms is cut after a
    word; where that leaves little of it, nothing is said. The first line is empty where it has
    little room beside the others.
    """
    for part in beginnings(text):
        for many in range(1, len(rooms) + 1):
            lines, left = _filled(part, rooms[:many])
            if not left:
                return _even(lines, rooms[:many])
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


def _even(lines: list[str], rooms: Sequence[int]) -> list[str]:
    """The same words in as many lines: no line looks lost beside another, then the fewest of them
    end within a clause, then the lengths differ least, and the first is the longer one."""
    if not all(lines):  # the first is empty for want of room
        return ["", *_even(lines[1:], rooms[1:])] if lines[1:] else lines
    words = " ".join(lines).split()
    found = []
    for cuts in combinations(range(1, len(words)), len(lines) - 1):
        each = [" ".join(words[a:b]) for a, b in pairwise((0, *cuts, len(words)))]
        widths = [glyphs.width(line) for line in each]
        if all(width <= room for width, room in zip(widths, rooms, strict=True)):
            shortest, longest = min(widths), max(widths)
            within = sum(ENDS.get(line[-1], 1.0) for line in each[:-1])
            uneven = longest > UNEVEN * shortest
            found.append((uneven, within, longest - shortest, -widths[0], each))
    return min(found)[-1]
