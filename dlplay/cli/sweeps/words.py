"""The words of `dlplay sweep`: which of them leave a parameter open, and what the others set."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlplay.author.parameters.base import ParameterError
from dlplay.author.parameters.file import File
from dlplay.author.parameters.words import Text
from dlplay.course.catalog import BrokenScene
from dlplay.words.address import parse_settings

if TYPE_CHECKING:
    from dlplay.course.catalog import SceneCard


@dataclass(frozen=True)
class Words:
    """What was written: of each parameter that is left `open` what stands after its sign, of the
    others their values."""

    open: dict[str, str]
    settings: dict[str, Any]
    seed: int | None


def read(
    card: SceneCard, words: Sequence[str], leaves_open: Callable[[SceneCard, str, str], bool]
) -> Words:
    """The words of a command. `leaves_open` is asked of a scene's NAME=TEXT.

    Raises ParameterError; BrokenScene.
    """
    if card.broken:
        raise BrokenScene(f"{card.id} cannot be read: {card.broken}")
    found: dict[str, str] = {}
    fixed = []
    for word in words:
        name, sign, text = word.partition("=")
        if not sign or not leaves_open(card, name, text):
            fixed.append(word)
        elif name in found:
            raise ParameterError(f"{name} is given twice")
        else:
            found[name] = text
    return Words(found, *parse_settings(card, fixed))


def several(card: SceneCard, name: str, text: str) -> bool:
    """Whether this is a list of values, or the wish for a spread; a text's commas are its own."""
    parameter = card.parameters.get(name)
    if parameter is None or isinstance(parameter, Text):
        return False
    if isinstance(parameter, File) and os.path.exists(os.path.expanduser(text)):
        return False
    return not text or "," in text


def ranged(card: SceneCard, name: str, text: str) -> bool:
    """Whether this is a part of a number's range, low..high."""
    parameter = card.parameters.get(name)
    return parameter is not None and parameter.kind in ("number", "integer") and ".." in text
