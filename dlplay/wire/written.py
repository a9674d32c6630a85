"""Values as JSON, and events as texts that can be sent: whatever texts they hold.

Half a surrogate pair is no character. It comes from file names that are not UTF-8 and from texts
that a scene has cut in two; UTF-8 has no way to write it, and JSON its escape.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

import msgspec

from dlplay.wire.base import Array
from dlplay.words.foreign import LOST, shown

HALF = re.compile("[\ud800-\udfff]")


def as_json(value: Any, indent: int = 0) -> bytes:
    """The value as JSON in UTF-8. Numbers that are not finite become null; a text can be pasted
    into a terminal."""
    try:
        data = msgspec.json.encode(value)
    except UnicodeEncodeError:
        plain = _finite(msgspec.to_builtins(value, str_keys=True))
        return json.dumps(plain, indent=indent or None).encode()
    data = msgspec.json.format(data, indent=indent) if indent else data
    return data if data.isascii() else _escaped(data.decode()).encode()


def _escaped(text: str) -> str:
    """The JSON with escapes for what a terminal would obey, and is shown in none."""
    return "".join(c if c == "\n" or shown(c) == c else json.dumps(c)[1:-1] for c in text)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def whole(text: str) -> str:
    """The text with a sign for each half of a character."""
    return HALF.sub(LOST, text)


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """The same value with all its texts changed, also those within."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {with_texts(k, change): with_texts(item, change) for k, item in value.items()}
    if isinstance(value, (list, tuple)) and any(
        not isinstance(item, (int, float)) for item in value
    ):
        return type(value)(with_texts(item, change) for item in value)
    if isinstance(value, msgspec.Struct) and not isinstance(value, Array):
        known = {name: getattr(value, name) for name in value.__struct_fields__}
        new = {name: with_texts(item, change) for name, item in known.items()}
        changed = {name: item for name, item in new.items() if item is not known[name]}
        return msgspec.structs.replace(value, **changed) if changed else value
    return value
