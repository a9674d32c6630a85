"""The scenes of the course in the command palette."""

from __future__ import annotations

from functools import partial
from typing import cast

from rich.text import Text
from textual.command import Hits, Provider

from dlplay.course.catalog import SceneCard
from dlplay.tui.model.finding import Match
from dlplay.tui.program import Program
from dlplay.tui.texts import found

FIELDS = ("title", "section", "chapter")
LEAST = 1.0  # the score of a scene whose title does not say why it was found


class SceneCommands(Provider):
    """Finds scenes by the words of their titles, sections and chapters; choosing one opens it."""

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for match in cast(Program, self.app).index.find(query, FIELDS):
            score = matcher.match(match.card.title) if match.field == "title" else 0.0
            shown = Text.assemble("Open: ", (match.card.title, "bold"))
            open_it = partial(self._open, match.card)
            yield found(max(score, LEAST), shown, open_it, match.card.title, _about(match))

    def _open(self, card: SceneCard) -> None:
        cast(Program, self.app).open_scene(card)


def _about(match: Match) -> str:
    """Where it is, and why it was found."""
    why = match.why if match.field == "section" else ""
    return " · ".join(part for part in (match.card.id, why) if part)
