"""Keys in the order in which they were typed, each for what it was typed for."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from textual import events
from textual.app import App
from textual.message_pump import MessagePump

Way = Sequence[MessagePump]

LEAVES = "ctrl+q"  # waits for nothing
ROUNDS = 12  # at most, until the next key is heard


class KeyByKey(App[None]):
    """An app that hears a key, or a paste, once it is known who is to hear it.

    Textual hands a key to the widget that has the focus; up from there it comes to the bindings
    of the screen and of the app, in turns with whatever else there is to do. Of several keys that
    come in one read, the second would be under way before the first has opened the dialog that
    the second was typed into. So a callback follows the key on its way, from the focus up to the
    app, in rounds: until the focus stays where it is, and whoever has it has nothing left to tell.
    """

    _held: deque[events.Key | events.Paste]
    _hears = False

    @property
    def hearing(self) -> bool:
        """Whether a key is under way, or waits."""
        return self._hears

    async def on_event(self, event: events.Event) -> None:
        typed = isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded
        if not typed or (isinstance(event, events.Key) and event.key == LEAVES):
            await super().on_event(event)
        elif self._hears:
            self._held.append(event)  # type: ignore[arg-type]
        else:
            self._held = deque([event])  # type: ignore[list-item]
            await self._hear()

    async def _hear(self) -> None:
        """Hear the next key, if there is one."""
        self._hears = bool(self._held)
        if self._held:
            way = self._way()  # before the key changes it
            await super().on_event(self._held.popleft())
            self._follow(way, way, round=1)

    def _way(self) -> Way:
        """Who hears a key, in this order."""
        if not self.screen_stack:
            return [self]
        return (self.focused or self.screen).ancestors_with_self

    def _follow(self, rest: Way, way: Way, round: int, quiet: bool = True) -> None:
        """Go on to the next one who is still there. `quiet`: whether those before had nothing
        left to do."""
        for place, pump in enumerate(rest):
            if pump.call_later(self._arrive, rest[place:], way, round, quiet):
                return

    async def _arrive(self, rest: Way, way: Way, round: int, quiet: bool) -> None:
        """Be with the first of the rest, which has done all that came before."""
        if len(rest) > 1:
            self._follow(rest[1:], way, round, quiet and not rest[0].message_queue_size)
            return
        now = self._way()
        # A widget with the focus tells in messages what it made of a key: they may still be on
        # their way. Without one, whatever opens or closes has done so in the app's own turn.
        settled = self.focused is None or (round > 1 and quiet)
        if round < ROUNDS and not (settled and list(now) == list(way)):
            self._follow(now, now, round + 1)
        else:
            await self._hear()
