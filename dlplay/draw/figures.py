"""Numbers as people read them: values, ticks on an axis, and the scale between."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SPARE = 0.15  # of an axis, at most, for ticks at equal gaps
HUGE = 1e300  # beyond this, spans overflow
_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def number(value: float) -> str:
    """A value in three significant digits: 0.231, 12.3, 1234, 4.5e-06."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1e6 or size < 1e-4:
        return _short_exponent(f"{value:.2e}")
    if value == int(value):
        return str(int(value))
    decimals = max(0, 2 - math.floor(math.log10(size)))
    return f"{value:.{decimals}f}"


def _short_exponent(text: str) -> str:
    """1.20e-05 -> 1.2e-5"""
    digits, _, exponent = text.partition("e")
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return f"{digits}e{int(exponent)}" if exponent else digits


def count(value: float) -> str:
    """A large whole number: 940, 12.5k, 3.2M."""
    for unit, name in _UNITS:
        if abs(value) >= unit and math.isfinite(value):
            scaled = value / unit
            return f"{scaled:.0f}{name}" if scaled >= 100 else f"{scaled:.3g}{name}"
    return number(value)


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`; `at` gives the share of the way, NaN off a log axis. `step`:
    from tick to tick, where it was chosen; 0 if not."""

    low: float
    high: float
    log: bool = False
    step: float = 0.0

    def at(self, values: npt.ArrayLike) -> Floats:
        array = np.clip(np.asarray(values, np.float64), -HUGE, HUGE)
        low, high = self.low, self.high
        if self.log:
            with np.errstate(all="ignore"):
                array = np.where(array > 0, np.log10(array), np.nan)
            low, high = math.log10(low), math.log10(high)
        share: Floats = (array - low) / (high - low)
        return share

    def ticks(self, most: int) -> tuple[list[float], list[str]]:
        """At most `most` round values on the axis, and their texts."""
        if most <= 0:
            return [], []
        if self.log:
            values = log_ticks(self.low, self.high, most)
            if len(values) > 1 or most == 1:
                return values, [_power(value) for value in values]
        if self.step:
            values = _multiples(self.low, self.high, self.step)
        else:
            values = linear_ticks(self.low, self.high, most)
        if self.log:
            values = [value for value in values if value > 0]
        return values, labels(values)

    def evened(self, rows: int, most: int) -> Scale:
        """Reaching a little higher, so that between its ticks are equally many of these rows of
        cells; the same where that would take too much."""
        span = self.high - self.low
        if self.log or rows < 2 or not (span > 0 and math.isfinite(span)):
            return self
        reach = rows - 0.25  # from the middle of the lowest dot to that of the highest
        for step in _steps(span, most):
            gap = math.floor(reach * step / span + 1e-9)
            count = math.floor(self.high / step + 1e-9) - math.ceil(self.low / step - 1e-9) + 1
            if gap >= 2 and 3 <= count <= most:
                wider = step * reach / gap
                if wider <= span * (1 + SPARE):
                    return Scale(self.low, self.low + wider, step=step)
        return self


def scale_of(values: npt.NDArray[Any], log: bool = False, *, roomy: bool = True) -> Scale | None:
    """The scale that holds all finite (on a log axis: positive) values; None if there are none.

    `roomy`: a linear axis that nearly reaches zero goes there. One that holds a single value has
    it in its middle; where it is not roomy from zero on, so that a first step is not between .5
    and 1.5.
    """
    finite = values[np.isfinite(values)]
    if log:
        finite = finite[finite > 0]
    if not finite.size:
        return None
    low = float(np.clip(finite.min(), -HUGE, HUGE))
    high = float(np.clip(finite.max(), -HUGE, HUGE))
    if log:
        low = max(low, 1e-300)
        if high / low < 1.02:
            low, high = low / 1.5, high * 1.5
        return Scale(low, high, True)
    if roomy and 0 < low < 0.25 * high:
        low = 0.0
    if roomy and 0.25 * low < high < 0:
        high = 0.0
    if roomy and low >= 0 and 0 < 1 - high < 0.25 * (high - low):  # shares end at the whole
        high = 1.0
    if high - low <= 1e-9 * max(abs(low), abs(high)) or high - low < 1e-300:
        reach = (0.5 if roomy else 1.0) * max(abs(low), abs(high)) or 1.0
        low, high = low - reach, high + reach
    return Scale(*_snapped(low, high))


def _snapped(low: float, high: float) -> tuple[float, float]:
    """An end that is almost a round number goes there, so that a tick may stand at it."""
    ticks = linear_ticks(low, high, 6)
    if len(ticks) < 2:
        return low, high
    step = ticks[1] - ticks[0]
    before, after = ticks[0] - step, ticks[-1] + step
    if low - before < 0.2 * step:
        low = before
    if after - high < 0.2 * step:
        high = after
    return low, high


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten, at most `most` of them; two more if they
    would else be fewer than three."""
    span = high - low
    if not (span > 0 and math.isfinite(span)) or most < 1:
        return []
    finer: list[float] = []
    for step in _steps(span, most):
        ticks = _multiples(low, high, step)
        if len(ticks) <= most:
            return finer if most >= 4 and len(ticks) < 3 and len(finer) <= most + 2 else ticks
        finer = ticks
    return []


def _steps(span: float, most: int) -> list[float]:
    """Round distances of ticks, of which the first are too small for so few."""
    power = 10.0 ** math.floor(math.log10(span / most))
    return [power * factor for factor in (1, 2, 5, 10, 20, 50, 100)]


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    decimals = 12 - math.floor(math.log10(step))
    return [
        round(i * step, decimals) if decimals < 300 else i * step for i in range(first, last + 1)
    ]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Powers of ten, every k-th of them if there are many; their 2- and 5-folds if few."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    exponents = list(range(first, last + 1))
    if len(exponents) < 3:
        for factors in ((1, 2, 5), (1, 3), (1,)):
            fine = [
                factor * 10.0**e
                for e in range(first - 1, last + 1)
                for factor in factors
                if low * (1 - 1e-9) <= factor * 10.0**e <= high * (1 + 1e-9)
            ]
            if len(fine) <= most and (len(fine) > len(exponents) or factors == (1,)):
                return fine
    if len(exponents) > most:
        every = math.ceil(len(exponents) / most)
        exponents = [e for e in exponents if e % every == 0][:most]
    return [10.0**e for e in exponents]


def labels(values: list[float]) -> list[str]:
    """Texts of evenly spaced ticks, all with the same unit and decimals."""
    if not values:
        return []
    most = max(abs(value) for value in values)
    step = abs(values[1] - values[0]) if len(values) > 1 else most or 1.0
    if most == 0:
        return ["0"] * len(values)
    if most >= 1e15 or most < 1e-3:
        return ["0" if value == 0 else _short_exponent(f"{value:.2e}") for value in values]
    unit, name = next(((u, n) for u, n in _UNITS if most >= u * (10 if u == 1e3 else 1)), (1.0, ""))
    decimals = max(0, -math.floor(math.log10(step / unit) + 1e-9))
    if decimals > 7:
        return [f"{value:.4g}" for value in values]
    return ["0" if value == 0 else f"{value / unit:.{decimals}f}{name}" for value in values]


def _power(value: float) -> str:
    if value >= 1e13 or value < 0.9e-3:
        return _short_exponent(f"{value:.0e}")
    if value >= 9999:
        return count(value)
    return f"{value:g}"
