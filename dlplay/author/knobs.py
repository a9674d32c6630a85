"""The knobs of a training program of one's own: parameters that are declared while it runs."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

from dlplay.author.parameters.base import Parameter, ParameterError
from dlplay.author.parameters.numbers import Float, Int
from dlplay.author.parameters.words import Choice, Text, Toggle
from dlplay.wire.events import Knob

FAR = 1000.0  # how many times its default a number may be, where no range is given
LONGEST = 1000  # characters of a text
MOST = 10**15 - 1  # of a whole number


def parameter_of(
    name: str,
    default: Any,
    *,
    min: float | None = None,
    max: float | None = None,
    log: bool | None = None,
    options: Sequence[str] = (),
    help: str = "",
) -> Parameter[Any]:
    """The parameter that a program asks for: of the kind of its default.

    A number without a range may be a thousand times less or more, on a logarithmic scale; zero or
    a negative one as far from zero on both sides, on a linear one; the whole number 0 is the least
    of its range. A word with `options` is one of them. ParameterError for what cannot be.
    """
    try:
        made = _made(default, min, max, log, options, help)
    except ParameterError as error:
        raise ParameterError(f"{name}: {error}".replace(": this parameter", "", 1)) from None
    made.name = name
    return made


def _made(
    default: Any,
    min: float | None,
    max: float | None,
    log: bool | None,
    options: Sequence[str],
    help: str,
) -> Parameter[Any]:
    made: Parameter[Any]
    if type(default).__name__ in ("bool", "bool_"):  # numpy's is none
        made = Toggle(bool(default), help=help)
    elif isinstance(default, str):
        made = (
            Choice(default, options, help=help)
            if options
            else Text(default, max_length=LONGEST, help=help)
        )
    elif isinstance(default, numbers.Integral):
        whole = int(default)
        if abs(whole) > MOST:
            raise ParameterError(f"a whole number of a knob has at most 15 digits, not {whole}")
        least, most, scale = _range(whole, min, max, log)
        low, high = math.floor(least), math.ceil(most)
        made = Int(whole, min=low, max=high, log=scale, help=help)
    elif hasattr(default, "__float__"):
        value = float(default)
        if not math.isfinite(value):
            raise ParameterError(f"a knob is a number that is finite, not {value}")
        least, most, scale = _range(value, min, max, log)
        made = Float(value, min=least, max=most, log=scale, help=help)
    else:
        raise ParameterError(f"a knob is a number, a word, or on or off, not {default!r}")
    return made


def _range(
    default: float, min: float | None, max: float | None, log: bool | None
) -> tuple[float, float, bool]:
    """The least and greatest value, and whether the scale is logarithmic."""
    if default > 0 and min is None and max is None:
        least, most = default / FAR, default * FAR
        if isinstance(default, int):
            least = 1
        return least, most, log is not False
    if default == 0 and isinstance(default, int):  # a count, or a seed
        min = 0 if min is None else min
    width = FAR * (abs(default) or 1.0)
    least = min if min is not None else -width
    most = max if max is not None else width
    if min is None and (log or (default > 0 and most > 0)):
        least = 1 if isinstance(default, int) else default / FAR
    return least, most, bool(log)


def told(parameter: Parameter[Any], value: Any, *, tick: int, trouble: str = "") -> Knob:
    """The event that tells of a parameter."""
    number = isinstance(parameter, (Float, Int))
    return Knob(
        tick=tick,
        name=parameter.name,
        kind=parameter.kind,
        default=parameter.default,
        value=value,
        low=float(parameter.min) if isinstance(parameter, (Float, Int)) else 0.0,
        high=float(parameter.max) if isinstance(parameter, (Float, Int)) else 0.0,
        log=number and bool(getattr(parameter, "log", False)),
        options=list(parameter.options) if isinstance(parameter, Choice) else [],
        live=parameter.live,
        help=parameter.help,
        trouble=trouble,
    )


def built(knob: Knob) -> Parameter[Any]:
    """The parameter that an event tells of; ParameterError where it makes no sense."""
    said: dict[str, Any] = {"live": knob.live, "help": knob.help}
    made: Parameter[Any]
    match knob.kind:
        case "toggle":
            made = Toggle(knob.default, **said)  # type: ignore[arg-type]
        case "choice":
            made = Choice(str(knob.default), knob.options, **said)
        case "integer":
            low, high = int(knob.low), int(knob.high)
            made = Int(knob.default, min=low, max=high, log=knob.log, **said)  # type: ignore[arg-type]
        case "number":
            made = Float(knob.default, min=knob.low, max=knob.high, log=knob.log, **said)  # type: ignore[arg-type]
        case _:
            made = Text(str(knob.default), max_length=LONGEST, **said)
    made.name = knob.name
    return made
