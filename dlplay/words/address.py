"""The one-line address of a run: `optimization/race rate=0.1 --seed 3`, both ways.

What was turned while it ran stands in it with its step: `rate@120=0.5` once 120 steps were made.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from dlplay.author.parameters.base import Parameter, ParameterError
from dlplay.author.parameters.settings import checked_live, find
from dlplay.course.catalog import SceneCard, roots, user_folder
from dlplay.wire.events import Tweaked
from dlplay.words.nearest import did_you_mean

WATCH = "dlplay watch"  # begins the command for a program of the user's own


@dataclass
class Words:
    """What `name=value` words say: settings, the seed if it is among them, changes on the way."""

    settings: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    tweaks: list[Tweaked] = field(default_factory=list)


def parse_words(card: SceneCard, words: Iterable[str]) -> Words:
    """The settings in `name=value` words, and the changes in `name@step=value` words, in order.

    Raises ParameterError for a word that is neither, a wrong name, step or value, or a change of
    a parameter that is not live.
    """
    found = Words()
    for word in words:
        name, sign, text = word.partition("=")
        if not sign or not name:
            raise ParameterError(_no_setting(card, word))
        if "@" in name:
            tweak = _tweak(card, name, text)
            if any((t.name, t.tick) == (tweak.name, tweak.tick) for t in found.tweaks):
                raise ParameterError(f"{name} is given twice")
            found.tweaks.append(tweak)
        elif name in found.settings or (name == "seed" and found.seed is not None):
            raise ParameterError(f"{name} is given twice")
        elif name == "seed":
            found.seed = parse_seed(text)
        else:
            found.settings[name] = find(card.parameters, name).parse(text)
    found.tweaks.sort(key=lambda tweak: tweak.tick)
    return found


def _tweak(card: SceneCard, place: str, text: str) -> Tweaked:
    """The change in `name@step=value`."""
    name, _, step = place.partition("@")
    parameter = find(card.parameters, name)
    if not step.isascii() or not step.isdigit() or int(step) >= 2**53:
        raise ParameterError(
            f"{place} needs a step: how many steps were made before the change, as in {name}@120"
        )
    value = parameter.parse(text)
    return Tweaked(tick=int(step), name=name, value=checked_live(card.parameters, name, value))


def parse_settings(card: SceneCard, words: Iterable[str]) -> tuple[dict[str, Any], int | None]:
    """The settings in `name=value` words, and the seed if `seed=N` is among them.

    Raises ParameterError as `parse_words` does, and for a change on the way.
    """
    found = parse_words(card, words)
    if found.tweaks:
        raise ParameterError(
            f"{show_tweak(card.parameters, found.tweaks[0])} is a change during a run, which "
            "cannot be given here"
        )
    return found.settings, found.seed


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
    return f"{shlex.quote(name)}={shlex.quote(text)}"


def show_tweak(parameters: Mapping[str, Parameter[Any]], tweak: Tweaked) -> str:
    """`name@step=value`, ready to paste into a shell."""
    name = shlex.quote(tweak.name)
    value = show_setting(parameters, tweak.name, tweak.value).removeprefix(f"{name}=")
    return f"{name}@{tweak.tick}={value}"


def show_settings(card: SceneCard, values: Mapping[str, Any]) -> list[str]:
    """The settings that differ from the scene's defaults, ready to paste into a shell."""
    defaults = card.defaults
    return [
        show_setting(card.parameters, name, value)
        for name, value in values.items()
        if name not in defaults or value != defaults[name]
    ]


def elsewhere(card: SceneCard) -> str:
    """` --scenes DIR` for a scene in a folder that is searched only where it is asked for."""
    if card.path == Path() or os.path.realpath(card.root) in _searched(
        os.environ.get("DLPLAY_SCENES"), user_folder()
    ):
        return ""
    return f" --scenes {shlex.quote(os.path.realpath(card.root))}"


@lru_cache(maxsize=8)
def _searched(by_environment: str | None, by_user: Path) -> frozenset[str]:
    """The folders that are searched anyway, as things stand."""
    return frozenset(map(str, roots()))


def line_of(
    card: SceneCard,
    word: str,
    values: Mapping[str, Any],
    seed: int,
    device: str = "auto",
    tweaks: Iterable[Tweaked] = (),
    sabotage: str = "",
) -> str:
    """The command that makes this run again: `dlplay run ...`, with the `word` for a scene; for a
    program of the user's own `dlplay watch ...`. Only `dlplay run` sabotages."""
    if not card.command:
        line = address(card, values, seed, device, tweaks, sabotage)
        return f"dlplay {'run' if sabotage else word} {line}{elsewhere(card)}"
    words = [WATCH, *show_settings(card, values)]
    words += [show_tweak(card.parameters, tweak) for tweak in tweaks]
    return " ".join([*words, "--", shlex.join(card.command)])


def address(
    card: SceneCard,
    values: Mapping[str, Any],
    seed: int,
    device: str = "auto",
    tweaks: Iterable[Tweaked] = (),
    sabotage: str = "",
) -> str:
    """What to write after `dlplay open` or `dlplay run` to start this run again.

    `values`: the parameters with which it began. `tweaks`: what was turned on the way. `sabotage`:
    how it was spoilt, if it was; `dlplay open` does not take that.
    """
    words = [shlex.quote(card.id), *show_settings(card, values)]
    words += [show_tweak(card.parameters, tweak) for tweak in tweaks]
    words.append(f"--seed {seed}")
    words += [f"--device {device}"] if device != "auto" else []
    return " ".join([*words, f"--sabotage {shlex.quote(sabotage)}"] if sabotage else words)
