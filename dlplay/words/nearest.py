"""The nearest allowed word to a mistyped one, for messages about mistakes."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST = 200  # characters: to compare two texts takes as long as their lengths' product


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The allowed word most like `word`, or None where nothing is much like it."""
    if len(word) > LONGEST:
        return None
    options = [option for option in allowed if len(option) <= LONGEST]
    folded = {option.lower(): option for option in options}
    matches = get_close_matches(word.lower(), folded, n=1, cutoff=0.5)
    if matches:
        return folded[matches[0]]
    holding = [option for option in options if word and word.lower() in option.lower()]
    return holding[0] if holding else None


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """A sentence with the nearest match (with a leading space), or nothing."""
    match = nearest(word, allowed)
    return f" Did you mean {match!r}?" if match is not None else ""
