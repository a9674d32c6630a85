"""The parameter that is a file: one of the user's own, or what is bundled."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from dlplay.author import files
from dlplay.author.contents import NotThere, Unfit
from dlplay.author.parameters.base import Parameter, ParameterError
from dlplay.words.nearest import did_you_mean


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
