"""Finding scenes by words, and saying why each was found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from dlplay.course.catalog import Chapter, SceneCard

# Where words are looked for, the best place first.
FIELDS = ("title", "section", "chapter", "panel", "claim", "text")
SECTION = re.compile(r"^(?:section:|§)\s*", re.IGNORECASE)
AROUND = 44  # columns of the words around a match
SIGNS = re.compile(r"[*`$#]+")


@dataclass(frozen=True)
class Match:
    """A scene that was found. `field`: the place that had to be looked at for all of the words.
    `why`: the section, or the words around; empty where the title says it."""

    card: SceneCard
    field: str
    why: str


class Index:
    """The scenes of a course, to be searched as often as one types."""

    def __init__(self, chapters: Sequence[Chapter]) -> None:
        self._chapters = chapters

    def find(self, query: str, fields: Sequence[str] = FIELDS) -> list[Match]:
        """The scenes that have all of these words, the best places first, else in the order of the
        course. A query that begins with `section:` looks at sections alone."""
        if SECTION.match(query):
            query, fields = SECTION.sub("", query), ("section",)
        words = query.lower().split()
        found = [match for entry in self._entries if (match := entry.match(words, fields))]
        return sorted(found, key=lambda match: FIELDS.index(match.field))

    @cached_property
    def _entries(self) -> list[_Entry]:
        return [_Entry(card, chapter) for chapter in self._chapters for card in chapter.scenes]


class _Entry:
    """A scene, and in lower case all that words are looked for in."""

    def __init__(self, card: SceneCard, chapter: Chapter) -> None:
        self.card = card
        self.lines = {
            "title": [card.title],
            "section": list(card.covers),
            "chapter": [chapter.title, chapter.part_of(card.id), card.id],
            "panel": [f"{name}: {said}" if said else name for name, said in card.panels.items()],
            "claim": [claim.text for claim in card.claims],
            "text": [_plain(paragraph) for paragraph in card.lesson.split("\n\n")],
        }
        self.lower = {field: "\n".join(lines).lower() for field, lines in self.lines.items()}

    def match(self, words: list[str], fields: Sequence[str]) -> Match | None:
        worst = 0
        for word in words:
            place = next((n for n, field in enumerate(fields) if word in self.lower[field]), None)
            if place is None:
                return None
            worst = max(worst, place)
        field = fields[worst]
        return Match(self.card, field, "" if field == "title" else self._why(field, words))

    def _why(self, field: str, words: list[str]) -> str:
        """The line of this field that has most of the words, or what is around the first."""
        line = max(self.lines[field], key=lambda line: sum(word in line.lower() for word in words))
        word = next((word for word in words if word in line.lower()), "")
        return line if field == "section" else around(line, word)


def around(line: str, word: str, width: int = AROUND) -> str:
    """The words of a line around one of them, in about so many columns."""
    if len(line) <= width:
        return line
    place = max(line.lower().find(word), 0)
    room = max(width - len(word), 0)
    # What one side does not need, the other has.
    before = min(place, max(room // 2, room - (len(line) - place - len(word))))
    left, right = line[:place], line[place + len(word) :]
    start, end = len(left) - before, room - before
    shown = line[place : place + len(word)]
    if start > 0:
        left = "… " + left[start:].partition(" ")[2]
    if end < len(right):
        right = right[:end].rpartition(" ")[0] + " …"
    return f"{left}{shown}{right}"


def _plain(markdown: str) -> str:
    return " ".join(SIGNS.sub("", markdown).split())
