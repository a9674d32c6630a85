"""What a run writes, without the settings that a riddle asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec

from dlplay.course.cards import SceneCard
from dlplay.draw import Curves, Drawn

HIDDEN = "?"
_NUMBER = r"[-−+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"


class Veil:
    """Hides the values that the knobs of a scene's tries can have, whichever of them was turned:
    what is hidden must not tell it either.

    Fractions are hidden wherever they stand. A whole number or a word is so only as a setting,
    `units = 2`, `units 2`, `2 units`: elsewhere it says something else.
    """

    def __init__(self, card: SceneCard) -> None:
        values: dict[str, set[Any]] = {}
        for each in card.tries:
            for name, value in each.settings(card.parameters).items():
                values.setdefault(name, {card.parameters[name].default}).add(value)
        everything = {value for found in values.values() for value in found}
        numbers = {v for v in everything if isinstance(v, (int, float)) and not isinstance(v, bool)}
        self._numbers = frozenset(float(value) for value in numbers)
        shown = {
            card.parameters[name].show(value) for name, found in values.items() for value in found
        }
        words = {text for text in shown if not re.fullmatch(_NUMBER, text)}
        longest_first = sorted(map(re.escape, words), key=len, reverse=True)
        token = "|".join([*longest_first, _NUMBER])
        names = "|".join(sorted((_spoken(name) for name in values), key=len, reverse=True)) or "$^"
        self._set = re.compile(rf"(=\s*|\b(?:{names}):?\s+)({token})(?!\w|\.\d)")
        self._counted = re.compile(rf"(?<![\w.])({_NUMBER})(\s+(?:{names})\b)")
        self._fraction = re.compile(rf"(?<![\w.])(?=[-−+]?\d+[.eE]){_NUMBER}(?![\w%]|\.\d)")
        self._words = frozenset(words)

    def text(self, text: str) -> str:
        """The text with `?` for each setting that a knob of the tries can have."""
        text = self._set.sub(lambda found: found[1] + self._hidden(found[2]), text)
        text = self._counted.sub(lambda found: self._hidden(found[1]) + found[2], text)
        return self._fraction.sub(lambda found: self._hidden(found[0]), text)

    def panel(self, content: Drawn) -> Drawn:
        """The panel with its words so hidden."""
        if isinstance(content, Curves):
            axes = content.axes
            axes = msgspec.structs.replace(axes, x=self.text(axes.x), y=self.text(axes.y))
            return replace(content, axes=axes)
        names = [name for name in content.__struct_fields__ if name != "panel"]
        told = {name: self._told(getattr(content, name)) for name in names}
        return msgspec.structs.replace(content, **told)

    def _told(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        return [self._told(each) for each in value] if _holds_words(value) else value

    def _hidden(self, token: str) -> str:
        if token in self._words:
            return HIDDEN
        try:
            number = float(token.replace("−", "-"))
        except ValueError:
            return token
        return HIDDEN if any(_written(value, token, number) for value in self._numbers) else token


def _spoken(name: str) -> str:
    """A parameter's name as a pattern: `learning_rate`, `learning rate`."""
    return re.escape(name).replace("_", "[_ ]")


def _holds_words(value: Any) -> bool:
    return isinstance(value, list) and _any_words(value)


def _any_words(values: Iterable[Any]) -> bool:
    return any(isinstance(each, str) or _holds_words(each) for each in values)


def _written(value: float, token: str, number: float) -> bool:
    """Whether a text of this precision may stand for the value."""
    if not number:
        return not value
    mantissa, _, exponent = token.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    unit = 10.0 ** (int(exponent or 0) - decimals)
    return abs(value - number) <= unit / 2 * (1 + 1e-9)
