"""Looks: the parts of a scene that only draw and measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Look:
    """A function that only looks, when it is due, and the models that it looks at.

    `level`: how many loops were under way where it was defined; the loops directly within call it.
    `seen`: the tick at which it was called last, -1 before; `step`, `total`: where its loop was
    last; `stale`: steps were made since it was called.
    """

    function: Callable[[], None]
    every: int
    models: tuple[Any, ...]
    level: int
    seen: int = -1
    step: int = 0
    total: int = 1
    stale: bool = False

    def is_due(self, step: int, total: int) -> bool:
        """Whether step `step` of `total` is one to look at: each k-th, and the last."""
        return step % self.every == 0 or step == total - 1
