"""How far a student is in the course, chapter by chapter."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from dlplay.course.cards import SceneCard
from dlplay.course.catalog import Catalog
from dlplay.course.progress import Answer, Progress


class Page(msgspec.Struct, frozen=True):
    """One scene: its runs, its tries, the first answers by the try's setting, claims broken, and
    the fewest attempts that those took which were broken in the game."""

    id: str
    runs: int
    held: bool
    tries: int
    answers: list[tuple[str, Answer]]
    broken: list[str]
    attempts: dict[str, int]


class Reached(msgspec.Struct, frozen=True):
    """One chapter, in numbers. `right`: tries that were right at first. `games`: claims broken in
    the game, in `attempts` all together."""

    id: str
    title: str
    pages: int
    seen: int
    tries: int
    answered: int
    right: int
    broken: int
    games: int
    attempts: int
    scenes: list[Page]


def reached(catalog: Catalog, progress: Progress) -> Iterator[Reached]:
    """Every chapter of the course."""
    for chapter in catalog.chapters:
        pages = [page(card, progress) for card in chapter.scenes if not card.broken]
        answers = [answer for each in pages for _, answer in each.answers]
        yield Reached(
            chapter.id,
            chapter.title,
            pages=len(pages),
            seen=sum(each.runs > 0 for each in pages),
            tries=sum(each.tries for each in pages),
            answered=len(answers),
            right=sum(answer.right for answer in answers),
            broken=sum(len(each.broken) for each in pages),
            games=sum(len(each.attempts) for each in pages),
            attempts=sum(sum(each.attempts.values()) for each in pages),
            scenes=pages,
        )


def page(card: SceneCard, progress: Progress) -> Page:
    """One scene; answers to tries that it has no more do not count."""
    done = progress.of(card.id)
    answers = [(each.setting, progress.first_answer(card.id, each)) for each in card.tries]
    given = [(setting, answer) for setting, answer in answers if answer is not None]
    names = {claim.name for claim in card.claims}
    broken = [name for name in done.broken if name in names]
    attempts = {name: count for name, count in done.attempts.items() if name in names}
    return Page(card.id, done.runs, done.held, len(card.tries), given, broken, attempts)


def next_scene(catalog: Catalog, progress: Progress) -> SceneCard | None:
    """The first scene of the course that was not yet seen to its end; None where all were."""
    scenes = (card for card in catalog.scenes if not card.broken)
    return next((card for card in scenes if not progress.of(card.id).runs), None)
