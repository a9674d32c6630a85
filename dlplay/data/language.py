"""Generated texts of a small made-up language, for what must be known of every word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import torch

POSITIVE = ("good", "great", "lovely")
NEGATIVE = ("bad", "dull", "awful")
# What is in a review and says nothing of its verdict
FILLERS = (
    "the", "a", "film", "story", "music", "scene", "actor", "ending", "we", "saw", "it", "here",
    "was", "today", "again", "with", "in", "and", "for", "my",
)  # fmt: skip
REVIEW_WORDS = ("not", *POSITIVE, *NEGATIVE, *FILLERS)


class Reviews(NamedTuple):
    """`ids` [N, T], the words of each review as places in `words`; `labels` [N], 1 is positive."""

    ids: torch.Tensor
    labels: torch.Tensor
    words: tuple[str, ...]


def reviews(
    count: int,
    *,
    length: int = 9,
    negation: bool = True,
    gap: int = 0,
    after: int = 0,
    generator: torch.Generator | None = None,
) -> Reviews:
    """Reviews with a verdict among fillers, as many positive as negative ones on average.

    With `negation` each has one word of POSITIVE, one of NEGATIVE and one "not", which belongs to
    the one or the other: "good ... not bad" and "not bad ... good" are positive, "bad ... not good"
    and "not good ... bad" negative, all as often. So the words alone say nothing of the verdict.
    Without it two words of POSITIVE, or two of NEGATIVE, tell it, and there is no "not".

    `length`: words of a review, without the `after` fillers that follow. `gap`: fillers between
    "not" and its word. Random numbers come from `generator`, else from the global state. Raises
    ValueError if the verdict does not fit into `length`.
    """
    verdict = 3 + gap if negation else 2
    if length < verdict:
        raise ValueError(f"the verdict takes {verdict} words; length is {length}")

    def drawn(end: int, *shape: int) -> torch.Tensor:
        return torch.randint(end, shape, generator=generator)

    ids = 1 + len(POSITIVE) + len(NEGATIVE) + drawn(len(FILLERS), count, length + after)
    labels = drawn(2, count)
    # Two parts, among the fillers in any two of the slots
    slots = length - verdict + 2
    first = drawn(slots, count)
    second = (first + 1 + drawn(slots - 1, count)) % slots
    first, second = torch.minimum(first, second), torch.maximum(first, second)
    positive, negative = 1 + drawn(3, count), 1 + len(POSITIVE) + drawn(3, count)
    row = torch.arange(count)
    if not negation:
        others = 1 + drawn(3, count) + len(POSITIVE) * (1 - labels)
        ids[row, first] = torch.where(labels == 1, positive, negative)
        ids[row, second] = others
        return Reviews(ids, labels, REVIEW_WORDS)
    plain = torch.where(labels == 1, positive, negative)
    denied = torch.where(labels == 1, negative, positive)
    early = drawn(2, count)  # whether the part with "not" comes first
    at = torch.where(early == 1, first, second)
    ids[row, torch.where(early == 1, second + 1 + gap, first)] = plain
    ids[row, at] = REVIEW_WORDS.index("not")
    ids[row, at + 1 + gap] = denied
    return Reviews(ids, labels, REVIEW_WORDS)


def spelt(text: str, words: Sequence[str]) -> tuple[list[int], list[str]]:
    """A text as places in `words`, and what it has of other words, each once; case is ignored."""
    place = {word: index for index, word in enumerate(words)}
    found = re.findall(r"\w+(?:['’]\w+)*", text.lower())
    strange = dict.fromkeys(word for word in found if word not in place)
    return [place[word] for word in found if word in place], list(strange)
