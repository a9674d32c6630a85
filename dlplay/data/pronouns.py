"""Generated sentences in which one word decides whom "it" means."""

from __future__ import annotations

from typing import NamedTuple

import torch

BEINGS = ("animal", "dog", "horse", "child", "boy", "woman", "bird", "cow")
PLACES = ("street", "river", "road", "bridge", "field", "tunnel", "path", "gate")
TIRED = ("tired", "hungry", "afraid", "sleepy")  # said of beings
WIDE = ("wide", "long", "narrow", "steep")  # said of places
_VERBS = ("cross", "reach", "enter", "leave")
_FILLERS = ("today", "again", "there", "quickly")
BLANK = "·"
PRONOUN_WORDS = (
    BLANK, "the", "did", "not", "because", "it", "was", "too",
    *_FILLERS, *_VERBS, *BEINGS, *PLACES, *TIRED, *WIDE,
)  # fmt: skip


class Pronouns(NamedTuple):
    """`ids` [N, T], the words of each sentence as places in `words`; `meant` [N], the noun that
    "it" stands for, and `other` [N], the one that it does not; `at`, where "it" is."""

    ids: torch.Tensor
    meant: torch.Tensor
    other: torch.Tensor
    at: int
    words: tuple[str, ...]


def pronouns(
    count: int, *, fillers: int | None = None, generator: torch.Generator | None = None
) -> Pronouns:
    """Sentences such as "the animal did not cross the street because it was too tired".

    A being and a place come in either order, with any verb; whether "it" is the one or the other is
    told by the last word alone, which is of TIRED or of WIDE. Before "because" are 0 to 2
    `fillers`, as many in all sentences. Random numbers come from `generator`, else from the global
    state.
    """

    def drawn(words: tuple[str, ...]) -> torch.Tensor:
        lot = torch.randint(len(words), (count,), generator=generator)
        return PRONOUN_WORDS.index(words[0]) + lot

    def coins() -> torch.Tensor:
        return torch.randint(2, (count,), generator=generator) == 1

    def all_(text: str) -> list[torch.Tensor]:
        return [torch.full((count,), PRONOUN_WORDS.index(word)) for word in text.split()]

    if fillers is None:
        fillers = int(torch.randint(3, (), generator=generator))
    being, place, first, lives = drawn(BEINGS), drawn(PLACES), coins(), coins()
    begun = [
        *all_("the"), being.where(first, place), *all_("did not"), drawn(_VERBS),
        *all_("the"), place.where(first, being), *(drawn(_FILLERS) for _ in range(fillers)),
        *all_("because"),
    ]  # fmt: skip
    ids = [*begun, *all_("it was too"), drawn(TIRED).where(lives, drawn(WIDE))]
    meant, other = being.where(lives, place), place.where(lives, being)
    return Pronouns(torch.stack(ids, dim=1), meant, other, len(begun), PRONOUN_WORDS)


def swapped(ids: torch.Tensor, way: str) -> torch.Tensor:
    """Sentences [N, T] with something else in place of their adjectives: an "other adjective", one
    that is said of the other kind of noun, or "no adjective", a blank; or with "nothing" changed.
    """
    first = PRONOUN_WORDS.index(TIRED[0])
    if way == "other adjective":
        return ids.where(ids < first, (ids - first + len(TIRED)) % (2 * len(TIRED)) + first)
    return ids.masked_fill(ids >= first, 0) if way == "no adjective" else ids
