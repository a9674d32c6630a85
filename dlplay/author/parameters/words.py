"""Parameters that are words: one out of several, on or off, a short text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from dlplay.author.parameters.base import Parameter
from dlplay.words.nearest import did_you_mean


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
