"""The one-line address of a run: `optimization/race learning_rate=0.1 --seed 3`, both ways."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from dlplay.catalog import SceneCard
from dlplay.nearest import did_you_mean
from dlplay.parameters import Parameter, ParameterError
from dlplay.scene import find


def parse_settings(card: SceneCard, words: Iterable[str]) -> tuple[dict[str, Any], int | None]:
    """The settings in `name=value` words, and the seed if `seed=N` is among them.

    Raises ParameterError for a word that is no setting, a wrong name or a wrong value.
    """
    settings: dict[str, Any] = {}
    seed: int | None = None
    for word in words:
        name, sign, text = word.partition("=")
        if not sign or not name:
            raise ParameterError(_no_setting(card, word))
        if name in settings or (name == "seed" and seed is not None):
            raise ParameterError(f"{name} is given twice")
        if name == "seed":
            seed = parse_seed(text)
        else:
            settings[name] = find(card.parameters, name).parse(text)
    return settings, seed


def parse_seed(text: str) -> int:
    """A seed; ParameterError for anything but a whole number from 0 to 2⁶³ - 1."""
    if not text.isascii() or not text.isdigit() or int(text) >= 2**63:
        raise ParameterError(f"seed takes a whole number from 0 to {2**63 - 1}, not {text!r}")
    return int(text)


def _no_setting(card: SceneCard, word: str) -> str:
    names = list(card.parameters)
    if not names:
        return f"{word!r} is no setting: {card.id} has no parameters"
    hint = did_you_mean(word, names)
    if word in names:  # the name alone
        return f"{word} needs a value: {word}=..., {card.parameters[word].allowed}"
    example = show_setting(card.parameters, names[0], card.parameters[names[0]].default)
    return f"{word!r} is no setting: write name=value, such as {example}.{hint}"


def show_setting(parameters: Mapping[str, Parameter[Any]], name: str, value: Any) -> str:
    """`name=value`, ready to paste into a shell."""
    try:
        parameter = find(parameters, name)
        text = parameter.show(parameter.check(value))
    except ParameterError:
        text = str(value)
    return f"{name}={shlex.quote(text)}"


def show_settings(card: SceneCard, values: Mapping[str, Any]) -> list[str]:
    """The settings that differ from the scene's defaults, ready to paste into a shell."""
    defaults = card.defaults
    return [
        show_setting(card.parameters, name, value)
        for name, value in values.items()
        if name not in defaults or value != defaults[name]
    ]


def address(card: SceneCard, values: Mapping[str, Any], seed: int, device: str = "auto") -> str:
    """What to write after `dlplay open` or `dlplay run` to start this run again."""
    words = [card.id, *show_settings(card, values), f"--seed {seed}"]
    return " ".join(words if device == "auto" else [*words, f"--device {device}"])
