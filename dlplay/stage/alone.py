"""The stage of a program of one's own that nobody watches: its calls change nothing."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, TypeVar

T = TypeVar("T")
MOST_STEPS = 10**15
DRAWING = (
    "axes", "bars", "claim", "curve", "events", "graph", "headline", "heatmap", "histogram",
    "image", "log", "matrices", "measure", "plane", "plot", "spread", "stack", "table", "text",
    "tokens", "watch",
)  # fmt: skip
CALLS = (*DRAWING, "changed", "every", "knob", "look", "loop", "probe", "step", "total", "watched")


class Alone:
    """What draws, draws nothing; what steers, lets go on; `watched` is False.

    `step`, `total`: of the innermost loop; `total` is 0 where that is not known.
    """

    watched = False

    def __init__(self) -> None:
        self.step = 0
        self.total = 0

    def loop(self, steps: int | Iterable[T], phase: str = "") -> Iterator[Any]:
        """Count to `steps`, or go through what is given; between two steps a watcher may pause,
        stop, or turn a knob. `phase` names this loop where there are several."""
        outer = self.step, self.total
        items, total = counted(steps)
        try:
            for step, item in enumerate(items):
                self.step, self.total = step, total
                yield item
        finally:
            self.step, self.total = outer

    def every(self, steps: int) -> bool:
        """Whether this is a step for an expensive look: each `steps`-th, and the last."""
        return self.step % max(1, steps) == 0 or self.step == self.total - 1

    def changed(self, *names: str) -> bool:
        """Whether one of these knobs was turned just before this step."""
        return False

    def knob(self, name: str, default: T, **said: Any) -> T:
        """The value of a knob at this moment: ask again in the loop, and it is turned live.

        `min`, `max`, `log`: the range of a number; `options`: the words to choose from; `help`:
        one plain phrase.
        """
        return default

    def look(self, every: int = 1, *models: Any) -> Callable[[T], T]:
        """Mark a function that only looks; a watcher has it called after each `every`-th step."""
        return lambda function: function

    def probe(self, *models: Any) -> AbstractContextManager[None]:
        """For all that only looks: no gradients, `models` in evaluation mode, and afterwards the
        random state and the modes as they were."""
        from dlplay.stage.probing import probing

        return probing([each for each in models if hasattr(each, "modules")], cuda=on_cuda())

    def __getattr__(self, name: str) -> Any:
        if name in DRAWING:
            return _nothing
        raise no_call(name)


def no_call(name: str) -> AttributeError:
    """What a name that the stage does not have raises, watched or not."""
    from dlplay.words.nearest import did_you_mean

    return AttributeError(f"the stage has no {name!r}.{did_you_mean(name, CALLS)}")


def counted(steps: int | Iterable[T]) -> tuple[Iterable[Any], int]:
    """What a loop goes through, and how many steps that is: 0 where it is not known."""
    if isinstance(steps, numbers.Integral):  # numpy's, too
        return range(int(steps)), _sensible(int(steps))
    try:
        total = _sensible(len(steps))  # type: ignore[arg-type]
    except (TypeError, NotImplementedError, OverflowError):  # a generator, a stream of data
        total = 0
    return steps, total  # type: ignore[return-value]


def _sensible(steps: int) -> int:
    """What is longer than any run goes on has no end that is worth telling."""
    return steps if 0 < steps < MOST_STEPS else 0


def on_cuda() -> bool:
    """Whether this program has begun to use CUDA."""
    import sys

    cuda = getattr(sys.modules.get("torch"), "cuda", None)  # not there while torch is imported
    begun = getattr(cuda, "is_initialized", None)
    return bool(begun and begun())


def _nothing(*values: Any, **named: Any) -> None:
    """In place of a call that draws."""
