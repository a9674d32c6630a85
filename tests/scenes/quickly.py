"""One short run of each scene, shared by all the tests that only ask what such a run leaves."""

from __future__ import annotations

from functools import lru_cache

import pytest

from dlplay import run
from dlplay.course.catalog import Catalog, built_in
from dlplay.engine.headless import Result
from dlplay.engine.history import History

SEED = 5


def quick(card) -> tuple[Result, History]:
    """The scene at its quick settings on the CPU, and the history of the run."""
    return _quick(card.id, tuple(card.quick.items()))


# The tests of one scene follow one another, so a few runs are kept: all would be gigabytes.
@lru_cache(maxsize=8)
def _quick(id: str, settings: tuple) -> tuple[Result, History]:
    history = History()
    return run(id, seed=SEED, device="cpu", watch=history.feed, **dict(settings)), history


# On the tests that make a short run of their own of every scene: a commit draws the scenes whose
# tests are made, all of a scene together, for they share its quick run. What it changed is drawn.
short_run = pytest.mark.sampled(pool="short runs", scenes=True)

FIRST = {chapter.scenes[0].id for chapter in Catalog([built_in()]).chapters}


def first_of_each_chapter(cards):
    """A parameter `card` for what hardly ever fails for one scene alone: the quick tests take the
    first of each chapter, and the others are among those that each commit draws from."""
    rare = (pytest.mark.full, pytest.mark.sampled)
    return pytest.mark.parametrize(
        "card",
        [pytest.param(c, id=c.id, marks=() if c.id in FIRST else rare) for c in cards],
    )
