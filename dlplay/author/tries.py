"""Tries: one knob turned, a question about what will happen, the answers, and why it is so."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlplay.author.parameters.base import Parameter, ParameterError
from dlplay.author.parameters.settings import find
from dlplay.words.nearest import did_you_mean

BUDGET = "steps"  # the parameter that says for how long; a try may shorten it
OPTIONS = range(2, 5)


class TryError(ValueError):
    """A try that does not fit its scene; the message says what is wrong."""


@dataclass(frozen=True, init=False)
class Try:
    """An experiment that one predicts before one sees it.

    `setting`: the knob and its value as on the command line, `"units=2"`; a budget may go with
    it, `"units=2 steps=100"`. `question`: what will happen? `options`: two to four answers that
    a thoughtful student could hold, of which number `right`, counted from 1, is so. `why`: the
    mechanism. `breaks`, `keeps`: the claims that this run breaks, and that it keeps.
    """

    setting: str
    question: str
    options: tuple[str, ...]
    right: int
    why: str
    breaks: tuple[str, ...]
    keeps: tuple[str, ...]

    def __init__(
        self,
        setting: str,
        question: str,
        options: Sequence[str],
        *,
        right: int,
        why: str,
        breaks: str | Sequence[str] = (),
        keeps: str | Sequence[str] = (),
    ) -> None:
        """Raises TryError for what no try can be; whether it fits its scene, `settings` says."""
        if isinstance(options, str) or len(options) not in OPTIONS:
            raise TryError(f"the try {setting!r} needs 2 to 4 options")
        if right not in range(1, len(options) + 1):
            raise TryError(f"the try {setting!r} has options 1 to {len(options)}, not {right}")
        known = {
            "setting": setting,
            "question": question,
            "options": tuple(options),
            "right": right,
            "why": why,
            "breaks": _names(breaks),
            "keeps": _names(keeps),
        }
        for name, value in known.items():
            object.__setattr__(self, name, value)

    def settings(self, parameters: Mapping[str, Parameter[Any]]) -> dict[str, Any]:
        """The values that it gives. ParameterError for a wrong name or value."""
        found: dict[str, Any] = {}
        for word in _words(self.setting):
            name, sign, text = word.partition("=")
            if not sign:
                raise ParameterError(f"{word!r} is no setting: write name=value")
            found[name] = find(parameters, name).parse(text)
        return found

    def knob(self, parameters: Mapping[str, Parameter[Any]]) -> str:
        """The parameter that it turns, the budget aside. TryError where it is not exactly one."""
        turned = [name for name in self.settings(parameters) if name != BUDGET]
        if len(turned) > 1:
            raise TryError(f"the try {self.setting!r} turns {len(turned)} knobs; a try turns one")
        return turned[0] if turned else BUDGET

    def check(self, parameters: Mapping[str, Parameter[Any]], claims: Sequence[str]) -> None:
        """Whether it fits its scene. TryError or ParameterError, with the nearest match."""
        settings, knob = self.settings(parameters), self.knob(parameters)
        if settings.get(knob) == parameters[knob].default:
            raise TryError(f"the try {self.setting!r} leaves {knob} at its default")
        for name in (*self.breaks, *self.keeps):
            if name not in claims:
                hint = did_you_mean(name, claims)
                raise TryError(f"the try {self.setting!r} names a claim {name!r}.{hint}")
        if not self.breaks and not self.keeps:
            raise TryError(f"the try {self.setting!r} says of no claim that it breaks or is kept")
        if both := set(self.breaks) & set(self.keeps):
            raise TryError(f"the try {self.setting!r} breaks and keeps {', '.join(sorted(both))}")


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _words(setting: str) -> list[str]:
    try:
        return shlex.split(setting)
    except ValueError as error:
        raise ParameterError(f"{setting!r} cannot be read: {error}") from None
