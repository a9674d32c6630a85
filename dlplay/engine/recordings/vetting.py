"""What a recording that somebody else sent may hold: events that make sense, and plain text.

A checksum guards against accidents only. Whoever shows the events may rely on what their
docstrings promise (shapes, equal lengths), and on text without terminal escapes.
"""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec

from dlplay.wire import events

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def vetted(event: events.AnyEvent) -> events.AnyEvent | None:
    """The event with its control characters replaced; None if it makes no sense."""
    if not events.sound(event):
        return None
    return cast(events.AnyEvent, _plain(event))


def _plain(value: Any) -> Any:
    """The same value; line feeds and tabs are all that is left of control characters."""
    if isinstance(value, str):
        return CONTROL.sub("\ufffd", value.replace("\r", "\n")) if CONTROL.search(value) else value
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and any(
        not isinstance(item, (int, float)) for item in value
    ):
        return type(value)(_plain(item) for item in value)
    if isinstance(value, msgspec.Struct) and not isinstance(value, events.Array):
        known = {name: getattr(value, name) for name in value.__struct_fields__}
        plain = {name: _plain(item) for name, item in known.items()}
        changed = {name: item for name, item in plain.items() if item is not known[name]}
        return msgspec.structs.replace(value, **changed) if changed else value
    return value
