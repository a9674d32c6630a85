"""The round numbers on which keys and sweeps climb: 1, 2, 5, 10 and finer ones."""

from __future__ import annotations

import math
from collections.abc import Sequence

# Within a decade, then times ten.
FINE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
COARSE = (1.0, 2.0, 5.0)


def tidy(value: float, digits: int = 10) -> float:
    return float(f"{value:.{digits}g}")


def nice(value: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above `value`."""
    power = 10.0 ** math.floor(math.log10(value))
    return tidy(max(rung * power for rung in COARSE if rung * power <= value * (1 + 1e-9)))


def climb(value: float, up: bool, ladder: Sequence[float]) -> float:
    """The next rung above or below a positive value."""
    exponent = math.floor(math.log10(value) + 1e-9)
    rungs = sorted(
        tidy(rung * 10.0**e) for e in range(exponent - 1, exponent + 2) for rung in ladder
    )
    if up:
        return next(rung for rung in rungs if rung > value * (1 + 1e-9))
    return next(rung for rung in reversed(rungs) if rung < value * (1 - 1e-9))
