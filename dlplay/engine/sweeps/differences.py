"""Is a difference between two values of a sweep more than seeds explain?

The same seeds were run at both values, so the runs are paired. If the value did nothing, each
seed's difference could as well have the other sign: the p-value is the share of all choices of
signs whose mean is as far from 0 (a paired permutation test; Fisher, 1935). Of many pairs some look
different by chance, so the p-values are corrected for their number (Holm, 1979).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dlplay.author.parameters.base import Value
from dlplay.engine.comparing import checked
from dlplay.words.numbers import short

if TYPE_CHECKING:
    import numpy.typing as npt

    from dlplay.engine.sweeps.runs import Sweep

LEVEL = 0.05
EXACT = 14  # seeds up to which all choices of signs are counted
DRAWN = 20_000  # choices of signs where there are more
BLOCK = 1000  # of them at a time: with a thousand seeds all of them take half a gigabyte


@dataclass(frozen=True)
class Difference:
    """A measure at `other` minus at `one`, over the seeds that have both.

    `p`: corrected for all pairs of the sweep. `least`: the smallest p that so many seeds and pairs
    can give; NaN, as p, for fewer than two seeds. `same`: whether each seed has the same number at
    both.
    """

    one: Value
    other: Value
    mean: float
    seeds: int
    p: float
    least: float
    same: bool = False

    @property
    def told(self) -> bool:
        """Whether it is more than seeds explain."""
        return self.p < LEVEL

    def words(self, name: str) -> str:
        """The verdict; `name` is the parameter's."""
        if self.seeds < 2:
            return "too few seeds to tell"
        if self.same:
            return "nothing: the same on every seed"
        if self.told:
            return f"{name}, not the seed (p = {_p(self.p)})"
        if self.least >= LEVEL:
            return f"too few seeds to tell (p = {_p(self.least)} at best)"
        return f"no more than seeds do (p = {_p(self.p)})"

    def brief(self) -> str:
        """The verdict in a column of a table."""
        if self.same and self.seeds > 1:
            return "no, the same"
        if self.told:
            return f"yes, p = {_p(self.p)}" if self.p >= 0.001 else "yes, p < 0.001"
        if self.seeds < 2 or self.least >= LEVEL:
            return "too few seeds"
        return f"no, p = {_p(self.p)}"


def differences(sweep: Sweep, measure: str) -> list[Difference]:
    """Each pair of values, in the sweep's order. LookupError if no run reported the measure."""
    checked(measure, sweep.measures)
    numbers = {
        value: {
            run.seed: run.measures[measure]
            for run in sweep.at(value)
            if run.status == "done" and math.isfinite(run.measures.get(measure, math.nan))
        }
        for value in sweep.values
    }
    found = []
    for one, other in itertools.combinations(sweep.values, 2):
        both = sorted(numbers[one].keys() & numbers[other].keys())
        apart = np.array([numbers[other][seed] - numbers[one][seed] for seed in both])
        found.append((one, other, apart))
    ps = corrected([paired_p(apart) for *_, apart in found])
    tested = sum(len(apart) > 1 for *_, apart in found)
    return [
        Difference(
            one,
            other,
            float(apart.mean()) if len(apart) else math.nan,
            len(apart),
            p,
            min(1.0, tested * 2.0 ** (1 - len(apart))) if len(apart) > 1 else math.nan,
            len(apart) > 0 and not apart.any(),
        )
        for (one, other, apart), p in zip(found, ps, strict=True)
    ]


def paired_p(apart: npt.NDArray[np.float64]) -> float:
    """Of paired differences [N] the two-sided p-value by changed signs; NaN for N < 2.

    All 2^N choices of signs up to `EXACT` seeds; beyond, `DRAWN` of them, always the same, and the
    one that was seen.
    """
    count = len(apart)
    if count < 2:
        return math.nan
    if count <= EXACT:
        bits = np.arange(2**count)[:, None] >> np.arange(count) & 1
        sums = (2.0 * bits - 1) @ apart
    else:
        random = np.random.default_rng(0)
        blocks = (random.integers(0, 2, (BLOCK, count)) for _ in range(DRAWN // BLOCK))
        sums = np.concatenate([[apart.sum()], *((2.0 * drawn - 1) @ apart for drawn in blocks)])
    means = np.abs(sums)
    room = 1e-9 * np.abs(apart).sum()  # sums of the same numbers in another order
    return float((means >= abs(apart.sum()) - room).mean())


def corrected(ps: Sequence[float]) -> list[float]:
    """Holm's correction; a NaN was no test, and stays."""
    tests = sorted((p, place) for place, p in enumerate(ps) if not math.isnan(p))
    found = list(ps)
    worst = 0.0
    for rank, (p, place) in enumerate(tests):
        worst = max(worst, min(1.0, (len(tests) - rank) * p))
        found[place] = worst
    return found


def _p(p: float) -> str:
    return "less than 0.001" if p < 0.001 else short(round(p, 3) if p < 0.1 else round(p, 2))
