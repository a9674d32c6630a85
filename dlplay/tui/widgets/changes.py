"""Doing something again only when what it depends on has changed."""

from __future__ import annotations

from collections.abc import Callable

_NOTHING = object()


class OnChange:
    """Calls `do` whenever it sees something else than the last time, and the first time."""

    def __init__(self, do: Callable[[], object]) -> None:
        self._do = do
        self._seen: object = _NOTHING

    def see(self, *value: object) -> None:
        if self._seen is _NOTHING or value != self._seen:
            self._seen = value
            self._do()
