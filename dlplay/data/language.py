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


# A man, a woman, and what the sentences about either deal with
ROLES = (
    ("king", "queen", "crown throne castle"),
    ("man", "woman", "street shop coat"),
    ("prince", "princess", "ball horse tower"),
    ("boy", "girl", "school toy kite"),
    ("uncle", "aunt", "village letter gift"),
    ("actor", "actress", "stage film mask"),
)
KINDS = {
    "animals": ("cat", "dog", "mule", "cow", "goat", "hen"),
    "fruit": ("apple", "pear", "plum", "cherry", "fig", "grape"),
    "tools": ("hammer", "chisel", "nail", "drill", "axe", "file"),
}
_SAID_OF_KINDS = ("ran slept ate drank", "ripe sweet sour peeled", "steel heavy sharp broke")
_VERBS = ("took", "saw", "left", "kept", "wanted", "lost")
STORY_WORDS = (
    "the", "a", "and", "with", "he", "she", "his", "her", *_VERBS,
    *(word for man, woman, things in ROLES for word in (man, woman, *things.split())),
    *(word for kind in KINDS.values() for word in kind),
    *(word for said in _SAID_OF_KINDS for word in said.split()),
)  # fmt: skip


class Stories(NamedTuple):
    """`ids` [N, 8], the words of each sentence as places in `words`."""

    ids: torch.Tensor
    words: tuple[str, ...]


def stories(count: int, *, told: float = 1.0, generator: torch.Generator | None = None) -> Stories:
    """Sentences of 8 words, two thirds about people of ROLES, the others about things of KINDS.

    "king took his crown and he saw throne": a man and a woman of the same role do the same with
    the same things, so nothing but "he", "his" or "she", "her" tells them apart. The share `told`
    of the sentences has the fitting ones, in the others they are drawn by lot, both alike. Equal
    generators give the same sentences for each `told`, except for these words. Random numbers come
    from `generator`, else from the global state.
    """
    place = {word: index for index, word in enumerate(STORY_WORDS)}

    def drawn(end: int) -> torch.Tensor:
        return torch.randint(end, (count,), generator=generator)

    def ids(*rows: str) -> torch.Tensor:
        return torch.tensor([[place[word] for word in row.split()] for row in rows])

    def all_(word: str) -> torch.Tensor:
        return torch.full((count,), place[word])

    role, sex, lot = drawn(len(ROLES)), drawn(2), drawn(2)
    fitting = torch.rand(count, generator=generator) < told
    said = torch.where(fitting, sex, lot)
    people = ids(*(f"{man} {woman}" for man, woman, _ in ROLES))
    topics = ids(*(things for _, _, things in ROLES))
    verbs, pronouns = ids(" ".join(_VERBS))[0], ids("he she", "his her")
    of_people = (
        people[role, sex], verbs[drawn(len(verbs))], pronouns[1, said], topics[role, drawn(3)],
        all_("and"), pronouns[0, said], verbs[drawn(len(verbs))], topics[role, drawn(3)],
    )  # fmt: skip
    kind = drawn(len(KINDS))
    things, saying = ids(*map(" ".join, KINDS.values())), ids(*_SAID_OF_KINDS)
    of_things = (
        all_("the"), things[kind, drawn(6)], saying[kind, drawn(4)], all_("with"),
        all_("a"), things[kind, drawn(6)], saying[kind, drawn(4)], all_("and"),
    )  # fmt: skip
    person = torch.rand(count, generator=generator) < 2 / 3
    both = torch.stack(of_people, dim=1), torch.stack(of_things, dim=1)
    return Stories(torch.where(person[:, None], *both), STORY_WORDS)


# What `dates` are written with; the first two fill up and begin
DATE_SYMBOLS = "\0\1 ,./-0123456789abcdefghijklmnopqrstuvwxyz"
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip


class Dates(NamedTuple):
    """`ids` [N, 18], dates as people write them, filled up with place 0 of DATE_SYMBOLS; `answers`
    [N, 10], the same as year-month-day; `years` [N], where the year stands; `forms` [N], in which
    of DATE_FORMS each is written."""

    ids: torch.Tensor
    answers: torch.Tensor
    years: torch.Tensor
    forms: torch.Tensor


DATE_FORMS = ("12 mar 1998", "march 12, 1998", "12/03/1998", "mar 12 1998", "1998.03.12")


def dates(count: int, *, new: bool = False, device: str = "cpu") -> Dates:
    """Days of 1950 to 2029, none later in its month than the 28th, in DATE_FORMS, all as often.

    Each tenth day is kept back, in all forms, and comes only where `new` is set. Random numbers
    come from the global state, so that a run's seed decides.
    """
    drawn: list[tuple[int, int, int]] = []
    while len(drawn) < count:
        ranges = (1950, 2030), (1, 13), (1, 29)
        parts = (torch.randint(*ends, (count,), device="cpu").tolist() for ends in ranges)
        drawn += [day for day in zip(*parts, strict=True) if (sum(day) % 10 == 0) == new]
    forms = torch.randint(len(DATE_FORMS), (count,), device="cpu")
    ids = torch.zeros(count, 18, dtype=torch.long, device="cpu")
    answers, years = [], []
    for row, (form, (y, m, d)) in enumerate(zip(forms.tolist(), drawn[:count], strict=True)):
        name = _MONTHS[m - 1]
        texts = (
            f"{d} {name[:3]} {y}", f"{name} {d}, {y}", f"{d:02}/{m:02}/{y}",
            f"{name[:3]} {d} {y}", f"{y}.{m:02}.{d:02}",
        )  # fmt: skip
        text = texts[form]
        ids[row, : len(text)] = torch.tensor([DATE_SYMBOLS.index(c) for c in text])
        answers.append([DATE_SYMBOLS.index(c) for c in f"{y}-{m:02}-{d:02}"])
        years.append(text.index(str(y)))
    told = ids, torch.tensor(answers), torch.tensor(years), forms
    return Dates(*(part.to(device) for part in told))
