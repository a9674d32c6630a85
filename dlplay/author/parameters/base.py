"""What a parameter is: a value with a type, which is checked, read, shown, turned and spread.

It is a descriptor: inside a scene, `self.learning_rate` is the value in force at this step.
"""

from __future__ import annotations

from typing import Any, ClassVar, Generic, Self, TypeVar, overload

Value = float | int | str | bool
T = TypeVar("T", bound=Value)


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
