"""Claims: sentences of the theory with numbers that a run measures.

A scene declares its sentences by name and makes each claim where its number is made,
`stage.claim("sooner", ratio, above=2)`. The comparison is kept as data (value, relation, bound),
so that every surface can show *measured 4.1, claimed > 2: holds*.

Scenes of the old form decorate a method that compares measured values; `claim`, `Measure` and
`Comparison` are theirs and go with the last of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dlplay.wire.events import ClaimResult
from dlplay.words.nearest import did_you_mean


class NotMeasured(LookupError):
    """A claim asked for a measure that the run has not reported."""


Bound = float | tuple[float, float]

# The keywords of `stage.claim`: the sign that is shown, and what it means. NaN passes none.
RELATIONS: dict[str, tuple[str, Callable[[float, Any], bool]]] = {
    "above": (">", lambda value, limit: value > limit),
    "below": ("<", lambda value, limit: value < limit),
    "at_least": ("≥", lambda value, limit: value >= limit),
    "at_most": ("≤", lambda value, limit: value <= limit),
    "within": ("in", lambda value, ends: ends[0] <= value <= ends[1]),
    "equal": ("=", lambda value, limit: value == limit),
}


class ClaimError(ValueError):
    """A claim made in a way that says nothing; the message says how it is made."""


def relation_of(name: str, bounds: Mapping[str, Any]) -> tuple[str, Bound]:
    """The one relation among these keywords, and its bound. ClaimError for anything else."""
    if len(bounds) != 1:
        words = ", ".join(RELATIONS)
        raise ClaimError(f"the claim {name!r} takes one bound, as one of {words}")
    ((relation, limit),) = bounds.items()
    if relation not in RELATIONS:
        hint = did_you_mean(relation, RELATIONS)
        raise ClaimError(f"the claim {name!r} takes one of {', '.join(RELATIONS)}.{hint}")
    if relation == "within":
        if not isinstance(limit, (tuple, list)) or len(limit) != 2 or not limit[0] < limit[1]:
            raise ClaimError(f"the claim {name!r} is within=(low, high), not {limit!r}")
        return relation, (float(limit[0]), float(limit[1]))
    if isinstance(limit, bool) or not isinstance(limit, (int, float)):
        raise ClaimError(f"the claim {name!r} has a number as its bound, not {limit!r}")
    return relation, float(limit)


@dataclass(frozen=True)
class Comparison:
    """A measured value held against a bound."""

    value: float
    relation: str
    bound: float | tuple[float, float]
    holds: bool

    def __bool__(self) -> bool:
        raise TypeError(
            "a claim returns one comparison; for a range write measured.x.between(low, high)"
        )


@dataclass(frozen=True, eq=False)
class Measure:
    """A measured number: arithmetic gives measures, comparing gives a Comparison."""

    value: float

    def _compare(
        self, relation: str, other: object, test: Callable[[float, float], bool]
    ) -> Comparison:
        bound = number(other)
        return Comparison(self.value, relation, bound, test(self.value, bound))

    def __gt__(self, other: object) -> Comparison:
        return self._compare(">", other, lambda a, b: a > b)

    def __ge__(self, other: object) -> Comparison:
        return self._compare("≥", other, lambda a, b: a >= b)

    def __lt__(self, other: object) -> Comparison:
        return self._compare("<", other, lambda a, b: a < b)

    def __le__(self, other: object) -> Comparison:
        return self._compare("≤", other, lambda a, b: a <= b)

    def __eq__(self, other: object) -> Comparison:  # type: ignore[override]
        return self._compare("=", other, lambda a, b: a == b)

    __hash__ = None  # type: ignore[assignment]

    def between(self, low: float, high: float) -> Comparison:
        """low ≤ value ≤ high."""
        ends = (number(low), number(high))
        return Comparison(self.value, "in", ends, ends[0] <= self.value <= ends[1])

    def __add__(self, other: object) -> Measure:
        return Measure(self.value + number(other))

    def __sub__(self, other: object) -> Measure:
        return Measure(self.value - number(other))

    def __mul__(self, other: object) -> Measure:
        return Measure(self.value * number(other))

    def __truediv__(self, other: object) -> Measure:
        return Measure(_divide(self.value, number(other)))

    def __rtruediv__(self, other: object) -> Measure:
        return Measure(_divide(number(other), self.value))

    def __rsub__(self, other: object) -> Measure:
        return Measure(number(other) - self.value)

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Measure:
        return Measure(-self.value)

    def __abs__(self) -> Measure:
        return Measure(abs(self.value))

    def __float__(self) -> float:
        return self.value


class Measures:
    """The measures of a run, as attributes: `measured.speedup`."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self._values = {name: float(value) for name, value in values.items()}

    def __getattr__(self, name: str) -> Measure:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Measure:
        if name not in self._values:
            hint = did_you_mean(name, self._values)
            raise NotMeasured(f"this run has not measured {name!r}.{hint}")
        return Measure(self._values[name])


@dataclass(frozen=True)
class Claim:
    """A sentence, the method that tests it, and a setting at which it breaks."""

    name: str
    text: str
    breaks: Mapping[str, Any] = field(default_factory=dict)
    test: Callable[[Any, Measures], Comparison] | None = None
    condition: str = ""

    @property
    def unmeasured(self) -> ClaimResult:
        """How it stands before its number was made."""
        return ClaimResult(self.name, self.text, reason="not measured yet")

    def hold(self, value: float, relation: str, limit: Bound) -> ClaimResult:
        """Hold this value against the bound; what is not a number never holds."""
        sign, test = RELATIONS[relation]
        return ClaimResult(self.name, self.text, value, sign, limit, test(value, limit))

    def judge(self, scene: object, measures: Mapping[str, float]) -> ClaimResult:
        """Hold the claim against the measures reported so far.

        Raises TypeError where the method returns something other than a comparison.
        """
        if self.test is None:
            raise TypeError(f"the claim {self.name!r} was read from a file, not loaded")
        try:
            outcome = self.test(scene, Measures(measures))
        except NotMeasured as missing:
            return ClaimResult(self.name, self.text, reason=str(missing))
        if not isinstance(outcome, Comparison):
            raise TypeError(
                f"the claim {self.name!r} must return a comparison of a measure, "
                f"such as `measured.x > 2`, not {outcome!r}"
            )
        return ClaimResult(
            self.name, self.text, outcome.value, outcome.relation, outcome.bound, outcome.holds
        )


def claim(
    text: str, *, breaks: Mapping[str, Any] | None = None
) -> Callable[[Callable[[Any, Measures], Comparison]], Any]:
    """Declare a method `(self, measured) -> comparison` as a claim of the scene.

    `text`: the sentence, plain and exact. `breaks`: settings at which a run refutes it; offered
    to the user as an experiment, and tested.
    """

    def declare(test: Callable[[Any, Measures], Comparison]) -> Claim:
        return Claim(test.__name__, text, breaks or {}, test)

    return declare


def number(value: object) -> float:
    """A float from a number, a measure or a one-element tensor."""
    return float(value)  # type: ignore[arg-type]


def _divide(above: float, below: float) -> float:
    if below == 0:
        return math.nan if above == 0 or math.isnan(above) else math.copysign(math.inf, above)
    return above / below
