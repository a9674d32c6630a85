"""Branching: how to be at a step of a run once more, and go on from there with other values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dlplay.author.parameters.base import ParameterError
from dlplay.author.parameters.settings import checked_live
from dlplay.course.catalog import SceneCard
from dlplay.engine.history import History
from dlplay.wire import events


@dataclass(frozen=True)
class Branch:
    """A run that repeats another up to the tick `at` and then goes its own way.

    `settings`, `seed`, `device`: as the other began. `tweaks`: those of the other up to `at`, and
    at `at` the values that differ.
    """

    at: int
    settings: dict[str, Any]
    seed: int
    device: str
    tweaks: tuple[events.Tweaked, ...]


def branch(card: SceneCard, history: History, at: int, changes: Mapping[str, Any]) -> Branch:
    """The branch of a run at a tick where live parameters take other values.

    Raises ParameterError for a parameter that is not there or not live, and for a run that has
    not begun.
    """
    started = history.started
    if started is None:
        raise ParameterError("nothing has run yet")
    before = [tweak for tweak in history.tweaks if tweak.tick <= at]
    fresh = [
        events.Tweaked(tick=at, name=name, value=checked_live(card.parameters, name, value))
        for name, value in changes.items()
    ]
    return Branch(at, dict(started.parameters), started.seed, started.device, tuple(before + fresh))
