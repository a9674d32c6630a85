"""Parameters that are numbers: a range, the steps of a key, the spread of a sweep."""

from __future__ import annotations

import math
from typing import Any

from dlplay.author.parameters.base import Parameter, ParameterError, T
from dlplay.author.parameters.ladders import COARSE, FINE, climb, nice, tidy


class _Number(Parameter[T]):
    """What Float and Int share: a range, and steps within it."""

    def __init__(
        self,
        default: T,
        *,
        min: float,
        max: float,
        log: bool = False,
        step: float | None = None,
        live: bool = False,
        help: str = "",
        unit: str = "",
    ) -> None:
        if not min < max:
            raise ParameterError(f"min must be below max, not {min} and {max}")
        if log and min <= 0:
            raise ParameterError(f"a logarithmic range must start above 0, not at {min}")
        self.min, self.max, self.log = min, max, log
        self.step = step
        super().__init__(default, live=live, help=help, unit=unit)

    def _cast(self, value: float) -> T:
        raise NotImplementedError

    def _clip(self, value: float) -> T:
        return self._cast(min(max(value, self.min), self.max))

    def _range(self, value: float) -> T:
        if not self.min <= value <= self.max:
            raise self._refuse(value)
        return self._cast(value)

    def _stride(self, big: bool) -> float:
        step = self.step or nice((self.max - self.min) / 50)
        return step * 10 if big else step

    def nudge(self, value: T, steps: int, big: bool = False) -> T:
        number = float(value)
        for _ in range(abs(steps)):
            number = self._next(number, up=steps > 0, big=big)
        return self._clip(number)

    def _next(self, value: float, up: bool, big: bool) -> float:
        if self.log:
            return climb(value, up, COARSE if big else FINE)
        stride = self._stride(big)
        # Land on the grid of strides, so that values stay round however one got here.
        position = value / stride
        nearest = round(position)
        if up:
            target = nearest + 1 if nearest <= position + 1e-9 else nearest
        else:
            target = nearest - 1 if nearest >= position - 1e-9 else nearest
        return tidy(target * stride)

    def spread(self, count: int, around: T | None = None) -> list[T]:
        middle = self.default if around is None else self.check(around)
        count = max(count, 2)
        below = self._further(float(middle), count - 1, up=False)
        above = self._further(float(middle), count - 1, up=True)
        # What one side has not, the other may have more of.
        down = min(len(below), max((count - 1) // 2, count - 1 - len(above)))
        found = [*reversed(below[:down]), float(middle), *above[: count - 1 - down]]
        return list(dict.fromkeys(self._cast(value) for value in found))

    def _further(self, middle: float, count: int, up: bool) -> list[float]:
        """Round values on one side, nearest first: within the range, and its end if it is near."""
        found: list[float] = []
        end, value = float(self.max if up else self.min), middle
        while len(found) < count:
            value = self._leap(middle, value, up)
            if not self.min <= value <= self.max:
                break
            found.append(value)
        last = found[-1] if found else middle
        if len(found) < count and self._apart(last, end) and (not found or not self.log):
            found.append(end)
        return found

    def _apart(self, one: float, other: float) -> bool:
        """Whether the range's end is far enough from the last value to be one of its own."""
        return one != other and (self.log or abs(other - one) >= self._gap(one) / 3)

    def _leap(self, middle: float, value: float, up: bool) -> float:
        if not self.log:
            return tidy(value + (self._gap(middle) if up else -self._gap(middle)))
        if middle > 1 and math.log2(middle).is_integer():  # sizes of batches and layers
            return value * 2 if up else value / 2
        after = climb(value, up, COARSE)
        near = value == middle and max(after / value, value / after) < 1.5
        return climb(after, up, COARSE) if near else after

    def _gap(self, middle: float) -> float:
        """Between two neighbours of a linear spread: half the value, at most a quarter of the
        range."""
        span = self.max - self.min
        gap = nice(min(span / 4, abs(middle) / 2 if middle else span / 10))
        return max(self.step, round(gap / self.step) * self.step) if self.step else gap

    def schema(self) -> dict[str, Any]:
        ends = {"minimum": self.min, "maximum": self.max, "log": self.log}
        return {"type": self.kind, **ends, **super().schema()}


class Float(_Number[float]):
    """A real number from `min` to `max`; with `log`, keys multiply instead of adding."""

    kind = "number"

    @property
    def allowed(self) -> str:
        return f"a number from {self.show(self.min)} to {self.show(self.max)}"

    def _cast(self, value: float) -> float:
        return float(value)

    def check(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._refuse(value)
        return self._range(float(value))

    def parse(self, text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise self._refuse(text) from None
        return self.check(number)

    def show(self, value: float) -> str:
        # The shortest text that reads back to the same number, without a needless exponent.
        if not isinstance(value, int | float):
            return super().show(value)
        text = repr(float(value))
        if text.endswith(".0"):
            return text[:-2]
        if 1e-4 <= abs(value) < 1e6 and "e" in text:
            return f"{value:f}".rstrip("0")
        return text


class Int(_Number[int]):
    """A whole number from `min` to `max`; with `log`, keys multiply instead of adding."""

    kind = "integer"

    @property
    def allowed(self) -> str:
        return f"a whole number from {self.min:.0f} to {self.max:.0f}"

    def _cast(self, value: float) -> int:
        return round(value)

    def check(self, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._refuse(value)
        if not math.isfinite(value) or value != int(value):
            raise self._refuse(value)
        return self._range(int(value))

    def parse(self, text: str) -> int:
        try:
            number = float(text)
            if not math.isfinite(number):
                raise ValueError
        except ValueError:
            raise self._refuse(text) from None
        return self.check(number)

    def _stride(self, big: bool) -> float:
        return max(1.0, round(super()._stride(big)))

    def _gap(self, middle: float) -> float:
        return max(1.0, round(super()._gap(middle)))

    def _next(self, value: float, up: bool, big: bool) -> float:
        after = super()._next(value, up, big)
        while self.log and round(after) == round(value):  # 1.2 is no step up from 1
            after = climb(after, up, COARSE if big else FINE)
        return after
