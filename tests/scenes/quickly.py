"""One short run of each scene, shared by all the tests that only ask what such a run leaves."""

from __future__ import annotations

from functools import cache

from dlplay import run
from dlplay.engine.headless import Result
from dlplay.engine.history import History

SEED = 5


def quick(card) -> tuple[Result, History]:
    """The scene at its quick settings on the CPU, and the history of the run."""
    return _quick(card.id, tuple(card.quick.items()))


@cache
def _quick(id: str, settings: tuple) -> tuple[Result, History]:
    history = History()
    return run(id, seed=SEED, device="cpu", watch=history.feed, **dict(settings)), history
