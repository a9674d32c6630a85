"""The parameters of a scene: typed, ranged values, each declared once.

One declaration becomes the widget in the interface, `name=value` on the command line, the JSON
schema, the axis of a sweep and the run's one-line address. A parameter is a descriptor: inside a
scene, `self.learning_rate` is the value in force at this step.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, Self, TypeVar, overload

from dlplay.author import files
from dlplay.author.contents import NotThere, Unfit
from dlplay.words.nearest import did_you_mean

Value = float | int | str | bool
T = TypeVar("T", bound=Value)

# Steps of the ladders on which logarithmic parameters climb: within a decade, then times ten.
FINE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
COARSE = (1.0, 2.0, 5.0)


class ParameterError(ValueError):
    """A value that a parameter does not take; the message says what it does take."""


class Parameter(Generic[T]):
    """A typed value of a scene that the user may set.

    `live`: a change reaches a run under way, at its next step. `help`: one plain phrase.
    `unit`: shown behind the value.
    """

    kind: ClassVar[str]

    def __init__(self, default: T, *, live: bool = False, help: str = "", unit: str = "") -> None:
        self.name = ""
        self.live = live
        self.help = help
        self.unit = unit
        self.default: T = self.check(default)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, scene: None, owner: type) -> Self: ...
    @overload
    def __get__(self, scene: object, owner: type) -> T: ...
    def __get__(self, scene: object | None, owner: type) -> Self | T:
        if scene is None:
            return self
        value: T = scene.__dict__["_values"][self.name]
        scene.__dict__["_asked"].add(self.name)
        return value

    def __set__(self, scene: object, value: object) -> None:
        raise AttributeError(f"{self.name} is the user's to set; keep your own copy of it instead")

    @property
    def allowed(self) -> str:
        """What the parameter takes, in words."""
        raise NotImplementedError

    def check(self, value: object) -> T:
        """The value in the parameter's own type; ParameterError if it is not allowed."""
        raise NotImplementedError

    def parse(self, text: str) -> T:
        """The value written as `text`; ParameterError if it is not allowed."""
        raise NotImplementedError

    def show(self, value: T) -> str:
        """The value as text that `parse` reads back to the same value; whatever else a stranger's
        recording has in its place, as text."""
        return str(value)

    def nudge(self, value: T, steps: int, big: bool = False) -> T:
        """The value `steps` presses of a key further (back, if negative)."""
        raise NotImplementedError

    def spread(self, count: int, around: T | None = None) -> list[T]:
        """At most `count` distinct values for a sweep, in order.

        Of a number they lie about `around` (unless given, the default), which is one of them, as
        near as is worth a run each: of a logarithmic one two or three times further each.
        """
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """JSON schema, with `live`, `log` and `unit` as extra keywords."""
        base: dict[str, Any] = {"default": self.default, "live": self.live}
        if self.help:
            base["description"] = self.help
        if self.unit:
            base["unit"] = self.unit
        return base

    def _refuse(self, value: object, hint: str = "") -> ParameterError:
        name = self.name or "this parameter"
        return ParameterError(f"{name} takes {self.allowed}, not {value!r}.{hint}")


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
        step = self.step or _nice((self.max - self.min) / 50)
        return step * 10 if big else step

    def nudge(self, value: T, steps: int, big: bool = False) -> T:
        number = float(value)
        for _ in range(abs(steps)):
            number = self._next(number, up=steps > 0, big=big)
        return self._clip(number)

    def _next(self, value: float, up: bool, big: bool) -> float:
        if self.log:
            return _climb(value, up, COARSE if big else FINE)
        stride = self._stride(big)
        # Land on the grid of strides, so that values stay round however one got here.
        position = value / stride
        nearest = round(position)
        if up:
            target = nearest + 1 if nearest <= position + 1e-9 else nearest
        else:
            target = nearest - 1 if nearest >= position - 1e-9 else nearest
        return _tidy(target * stride)

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
            return _tidy(value + (self._gap(middle) if up else -self._gap(middle)))
        if middle > 1 and math.log2(middle).is_integer():  # sizes of batches and layers
            return value * 2 if up else value / 2
        after = _climb(value, up, COARSE)
        near = value == middle and max(after / value, value / after) < 1.5
        return _climb(after, up, COARSE) if near else after

    def _gap(self, middle: float) -> float:
        """Between two neighbours of a linear spread: half the value, at most a quarter of the
        range."""
        span = self.max - self.min
        gap = _nice(min(span / 4, abs(middle) / 2 if middle else span / 10))
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
            after = _climb(after, up, COARSE if big else FINE)
        return after


class Choice(Parameter[str]):
    """One word out of `options`."""

    kind = "choice"

    def __init__(
        self,
        default: str,
        options: Sequence[str],
        *,
        live: bool = False,
        help: str = "",
        unit: str = "",
    ) -> None:
        self.options = tuple(options)
        super().__init__(default, live=live, help=help, unit=unit)

    @property
    def allowed(self) -> str:
        return "one of " + ", ".join(self.options)

    def check(self, value: object) -> str:
        if value not in self.options:
            raise self._refuse(value, did_you_mean(str(value), self.options))
        return str(value)

    def parse(self, text: str) -> str:
        return self.check(text)

    def nudge(self, value: str, steps: int, big: bool = False) -> str:
        position = self.options.index(value) + steps
        if big:
            return self.options[-1 if steps > 0 else 0]
        return self.options[position % len(self.options)]

    def spread(self, count: int, around: str | None = None) -> list[str]:
        return list(self.options[:count])

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.options), **super().schema()}


class Toggle(Parameter[bool]):
    """On or off."""

    kind = "toggle"
    WORDS: ClassVar[dict[str, bool]] = {
        "on": True, "true": True, "yes": True, "1": True,
        "off": False, "false": False, "no": False, "0": False,
    }  # fmt: skip

    @property
    def allowed(self) -> str:
        return "on or off"

    def check(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise self._refuse(value)
        return value

    def parse(self, text: str) -> bool:
        if text.lower() not in self.WORDS:
            raise self._refuse(text)
        return self.WORDS[text.lower()]

    def show(self, value: bool) -> str:
        return super().show(value) if not isinstance(value, bool) else "on" if value else "off"

    def nudge(self, value: bool, steps: int, big: bool = False) -> bool:
        return not value if steps % 2 else value

    def spread(self, count: int, around: bool | None = None) -> list[bool]:
        return [False, True]

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean", **super().schema()}


class Text(Parameter[str]):
    """A short text, such as a prompt, of at most `max_length` characters."""

    kind = "text"

    def __init__(
        self,
        default: str,
        *,
        max_length: int = 200,
        live: bool = False,
        help: str = "",
        unit: str = "",
    ) -> None:
        self.max_length = max_length
        super().__init__(default, live=live, help=help, unit=unit)

    @property
    def allowed(self) -> str:
        return f"a text of at most {self.max_length} characters"

    def check(self, value: object) -> str:
        if not isinstance(value, str) or len(value) > self.max_length:
            raise self._refuse(value)
        return value

    def parse(self, text: str) -> str:
        return self.check(text)

    def nudge(self, value: str, steps: int, big: bool = False) -> str:
        return value

    def spread(self, count: int, around: str | None = None) -> list[str]:
        return [self.default if around is None else around]

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.max_length, **super().schema()}


class File(Parameter[str]):
    """A file of the user's own, or what is bundled: what the loader of that kind takes.

    `kind`: "text", "image", "images" (a folder of them) or "table" (CSV); dlplay.data has a loader
    by each of these names. `names`: what the scene itself has, in place of what is bundled. The
    value is the name of what is bundled, such as the default, or the path of a file that was there
    when it was given: as it was given, so it starts from the folder in which dlplay was started
    unless it is a whole path.
    """

    kind = "file"

    def __init__(
        self,
        default: str,
        *,
        kind: str,
        names: Sequence[str] = (),
        live: bool = False,
        help: str = "",
        unit: str = "",
    ) -> None:
        if kind not in files.FILE_KINDS:
            kinds = ", ".join(files.FILE_KINDS)
            hint = did_you_mean(kind, files.FILE_KINDS)
            raise ParameterError(f"the kind of a File is one of {kinds}, not {kind!r}.{hint}")
        self.content = kind
        self.bundled = tuple(names) or files.FILE_KINDS[kind].bundled
        if default not in self.bundled:
            known = ", ".join(self.bundled)
            raise ParameterError(f"a File's default is bundled, one of {known}, not {default!r}")
        super().__init__(default, live=live, help=help, unit=unit)

    @property
    def allowed(self) -> str:
        names = ", ".join(self.bundled)
        if not files.taken():
            return f"one of {names}"
        return f"{names}, or the path of {files.FILE_KINDS[self.content].what}"

    def check(self, value: object) -> str:
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if not isinstance(value, str):
            raise self._refuse(value)
        if value in self.bundled:
            return value
        try:
            files.look(self.content, files.absolute(value))
        except NotThere as error:
            match = files.similar(self.bundled, value)
            hint = f" Did you mean {match!r}?" if match is not None else ""
            raise self._unfit(value, error, hint) from None
        except Unfit as error:
            raise self._unfit(value, error) from None
        return value

    def completions(self, typed: str) -> list[str]:
        """What a name or a path that was begun may become, in order; a folder ends with a slash."""
        names = [] if "/" in typed else [name for name in self.bundled if name.startswith(typed)]
        return [*names, *(files.completions(self.content, typed) if files.taken() else [])]

    def digest(self, value: str) -> str:
        """SHA-256 of the user's own file; "" for what is bundled or cannot be read."""
        return "" if value in self.bundled else files.digest(self.content, value)

    def _unfit(self, value: str, why: Unfit, hint: str = "") -> ParameterError:
        name = self.name or "this parameter"
        return ParameterError(f"{name} takes {self.allowed}, not {value!r}: {why}.{hint}")

    def parse(self, text: str) -> str:
        return self.check(text)

    def nudge(self, value: str, steps: int, big: bool = False) -> str:
        if value not in self.bundled:
            return value  # a key pressed too often must not lose what was typed
        if big:
            return self.bundled[-1 if steps > 0 else 0]
        return self.bundled[(self.bundled.index(value) + steps) % len(self.bundled)]

    def spread(self, count: int, around: str | None = None) -> list[str]:
        own = [around] if around is not None and around not in self.bundled else []
        return [*own, *self.bundled][:count]

    def schema(self) -> dict[str, Any]:
        content = {"format": "path", "content": self.content, "bundled": list(self.bundled)}
        return {"type": "string", **content, **super().schema()}


KINDS: dict[str, type[Parameter[Any]]] = {
    "Float": Float,
    "Int": Int,
    "Choice": Choice,
    "Toggle": Toggle,
    "Text": Text,
    "File": File,
}


def _tidy(value: float, digits: int = 10) -> float:
    return float(f"{value:.{digits}g}")


def _nice(value: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above `value`."""
    power = 10.0 ** math.floor(math.log10(value))
    return _tidy(max(rung * power for rung in COARSE if rung * power <= value * (1 + 1e-9)))


def _climb(value: float, up: bool, ladder: Sequence[float]) -> float:
    """The next rung above or below a positive value."""
    exponent = math.floor(math.log10(value) + 1e-9)
    rungs = sorted(
        _tidy(rung * 10.0**e) for e in range(exponent - 1, exponent + 2) for rung in ladder
    )
    if up:
        return next(rung for rung in rungs if rung > value * (1 + 1e-9))
    return next(rung for rung in reversed(rungs) if rung < value * (1 - 1e-9))
