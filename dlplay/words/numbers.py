"""Measured numbers and bounds as people read them, the same on every surface."""

from __future__ import annotations

import math

STANDS = {True: ("✓ holds", "green"), False: ("✗ fails", "red"), None: ("· not measured", "yellow")}
NOT_YET = ("… not yet", "yellow")


def stands(holds: bool | None, whole: bool) -> tuple[str, str]:
    """How a claim stands, in words and a colour.

    `whole`: whether the run came to its own end; before that, nothing has failed for good.
    """
    return NOT_YET if holds is False and not whole else STANDS[holds]


def attempts(count: int) -> str:
    """`1 attempt`, `2 attempts`."""
    return f"{count} attempt{'' if count == 1 else 's'}"


def steps(count: int) -> str:
    """`1 step`, `2,000 steps`."""
    return f"{count:,} step{'' if count == 1 else 's'}"


def short(value: float | None) -> str:
    """A measured value in four figures; nothing for None."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return str(float(value))
    if abs(value) < 1e6 and (value == int(value) or abs(value) >= 1000):
        return str(round(value))
    return f"{value:.4g}"


def last_place(value: float) -> float:
    """What the last figure is worth that `short` shows of this finite number."""
    if 1000 <= abs(value) < 1e6:
        return 1.0
    digits = math.floor(math.log10(abs(value))) if value else 0
    return float(f"1e{max(digits - 3, -300)}")


def bound(relation: str, limit: float | tuple[float, float] | None) -> str:
    """What a claim compares with: `> 2`, `0.9 to 1.1`, `1 ± 1e-06`; nothing for None."""
    if limit is None:
        return ""
    if isinstance(limit, (tuple, list)):
        low, high = short(limit[0]), short(limit[1])
        if low == high:
            return f"{low} ± {(limit[1] - limit[0]) / 2:.2g}"
        return f"{low} to {high}"
    return f"{relation} {short(limit)}"
