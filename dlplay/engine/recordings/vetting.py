"""What a recording that somebody else sent may hold: events that make sense, and plain text.

A checksum guards against accidents only. Whoever shows the events may rely on what their
docstrings promise (shapes, equal lengths), and on text without terminal escapes.
"""

from __future__ import annotations

from typing import cast

from dlplay.wire import events
from dlplay.wire.written import with_texts
from dlplay.words.foreign import printed, shown


def vetted(event: events.AnyEvent) -> events.AnyEvent | None:
    """The event with its control characters replaced; None if it makes no sense."""
    if not events.sound(event):
        return None
    # What a run printed may be coloured.
    clean = printed if isinstance(event, events.Logged) else _plain
    return cast(events.AnyEvent, with_texts(event, clean))


def _plain(text: str) -> str:
    """The text as it can be shown; line feeds and tabs are kept."""
    return shown(text.replace("\r\n", "\n"))
