"""A made-up world to ask about: names, and of each a river, a king, a metal, a flower, a dish."""

from __future__ import annotations

from typing import NamedTuple

import torch

RELATIONS = ("river", "king", "metal", "flower", "dish")
_CONSONANTS = "dklmnrst"
_VOWELS = "aeio"


class Library(NamedTuple):
    """A fact for each name and relation, N in all. `headings` [N], such as "kamosi river", of the
    passages; `questions` [N], such as "river of kamosi"; `misspelt` [M][N], the same with one
    letter of the name exchanged, M times anew; `answers`, words that may be the content."""

    headings: list[str]
    questions: list[str]
    misspelt: list[list[str]]
    answers: list[str]


def library(names: int = 200, *, answers: int = 40, spellings: int = 5) -> Library:
    """The same world at each call. Names have three syllables of 32, answers two; the facts of a
    name stand together. ValueError for more than 5,000 names or 500 answers."""
    if names > 5000 or answers > 500:
        raise ValueError(f"at most 5000 names and 500 answers, not {names} and {answers}")
    dice = torch.Generator().manual_seed(0)

    def one_of(choices: list[str]) -> str:
        return choices[int(torch.randint(len(choices), (1,), generator=dice, device="cpu"))]

    syllables = [consonant + vowel for consonant in _CONSONANTS for vowel in _VOWELS]

    def drawn(count: int, length: int) -> list[str]:
        words: dict[str, None] = {}
        while len(words) < count:
            words["".join(one_of(syllables) for _ in range(length))] = None
        return list(words)

    def spoilt(name: str) -> str:
        place = int(one_of([str(i) for i in range(len(name))]))
        kin = _VOWELS if name[place] in _VOWELS else _CONSONANTS
        return name[:place] + one_of(list(kin.replace(name[place], ""))) + name[place + 1 :]

    pairs = [(name, relation) for name in drawn(names, 3) for relation in RELATIONS]
    return Library(
        [f"{name} {relation}" for name, relation in pairs],
        [f"{relation} of {name}" for name, relation in pairs],
        [[f"{relation} of {spoilt(name)}" for name, relation in pairs] for _ in range(spellings)],
        drawn(answers, 2),
    )
