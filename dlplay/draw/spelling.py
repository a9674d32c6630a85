"""Contents with all their words in ASCII: Greek letters and signs spelt out before the layout."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import msgspec

from dlplay.draw.series import Curves
from dlplay.wire.events import Array
from dlplay.words import plain

T = TypeVar("T")


def spelt(content: T) -> T:
    """The same content; what is ASCII already is not copied."""
    if isinstance(content, Curves):
        return replace(
            content,
            axes=_spelt(content.axes),
            lines=spelt_keys(dict(content.lines)),
            styles=None if content.styles is None else spelt_keys(dict(content.styles)),
            pinned={plain.to_ascii(name): _run(run) for name, run in content.pinned.items()},
        )
    words: T = _spelt(content)
    return words


def _spelt(value: Any) -> Any:
    if isinstance(value, str):
        return plain.to_ascii(value)
    if isinstance(value, msgspec.Struct) and not isinstance(value, Array):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        changed = {name: new for name, old in fields.items() if (new := _spelt(old)) is not old}
        return msgspec.structs.replace(value, **changed) if changed else value
    if isinstance(value, list) and any(isinstance(v, (str, list, msgspec.Struct)) for v in value):
        return [_spelt(item) for item in value]
    return spelt_keys(value) if isinstance(value, dict) else value


def _run(run: tuple[str, str]) -> tuple[str, str]:
    return plain.to_ascii(run[0]), plain.to_ascii(run[1])


def spelt_keys(named: dict[str, Any]) -> dict[str, Any]:
    """Names spelt out, except those that would become the same."""
    new = {plain.to_ascii(name): value for name, value in named.items()}
    return new if len(new) == len(named) else named
