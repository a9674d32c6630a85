"""Runs at other settings over the healthy run, and the way back."""

from __future__ import annotations

from typing import Any, Literal

from dlplay.tui.model.pins import Pin
from dlplay.tui.model.session import Session
from dlplay.tui.model.watching import Watched
from dlplay.wire.events import ClaimResult


class Excursion:
    """What a try or a riddle does to a session: the healthy run is pinned, others run over it,
    and in the end the settings are given back.

    The healthy run is one at the defaults that is done; where there is none, none is pinned.
    """

    def __init__(self, session: Watched) -> None:
        """`session`: one that can do more than be watched, once it begins."""
        self.session = session
        self.healthy: Pin | None = None
        self._ours = False  # whether we pinned it
        self._before: dict[str, Any] | None = None  # the settings to give back
        self._played: tuple[Any, ...] | None = None  # the settings of the run under way
        self._number = 0  # of it

    @property
    def steered(self) -> Session:
        assert isinstance(self.session, Session), "a recording cannot be turned"
        return self.session

    def begin(self, settings: dict[str, Any], name: str) -> None:
        """Run these settings, with the defaults of all others, over the healthy run; `name`: what
        that one is called in legends."""
        session = self.steered
        self._depart(name)
        session.play(settings)
        self._played, self._number = session.settings, session.runs

    def set_out(self, name: str) -> bool:
        """Show the healthy run, with its settings; the runs that come next are drawn over it.
        False where there is none."""
        session = self.steered
        if self.found is None:
            return False
        self._depart(name)
        healthy = self.healthy
        assert healthy is not None
        if session.history is not healthy.history or session.stale or session.after:
            session.adopt(session.card.defaults, session.seed, healthy.history, healthy.path)
        self.keep_apart()
        return True

    def keep_apart(self) -> None:
        """The healthy run is not drawn over itself."""
        if self.healthy is not None and self._ours:
            self.healthy.hidden = self.session.history is self.healthy.history

    def _depart(self, name: str) -> None:
        """Remember the settings, and keep the healthy run under this name."""
        if self._before is None:
            self._before = dict(self.session.values)
        self._played = None
        self._keep_healthy()
        if self.healthy is not None and self._ours:
            self.healthy.name, self.healthy.hidden = name, False

    def look(self) -> Literal["none", "going", "over", "left"]:
        """How the run stands that was begun; `left`: another is shown, or it was turned on its
        way."""
        session = self.session
        if self._played is None:
            return "none"
        over = session.runs == self._number and session.history.finished is not None
        if session.settings != self._played:
            return "over" if over else "left"
        if session.runs >= self._number:
            self._number = session.runs  # the same once more is the same
        return "over" if session.history.finished is not None else "going"

    def rest(self) -> str:
        """Show the healthy run meanwhile, if it is kept."""
        session, healthy = self.steered, self.healthy
        self._played = None
        if healthy is not None and healthy in session.pins:
            session.adopt(session.card.defaults, session.seed, healthy.history, healthy.path)
            healthy.hidden = healthy.hidden or self._ours  # it is not drawn over itself
        return ""

    def give_back(self) -> str:
        """Give the settings back that were there before, with their run if it is kept; what is to
        be said."""
        session, before, healthy, ours = self.steered, self._before, self.healthy, self._ours
        self.forget()
        if before is None:
            return ""
        if healthy is not None and healthy in session.pins and before == session.card.defaults:
            session.adopt(before, session.seed, healthy.history, healthy.path)
            if ours:
                session.pins.remove(healthy)
            return "back at the run before"
        if session.active:
            session.stop()
        session.values = before
        return "the settings from before; space runs them"

    def forget(self) -> None:
        """Somebody else has taken over: nothing is to be given back."""
        self._before, self._played = None, None
        self.healthy, self._ours = None, False

    @property
    def found(self) -> Pin | None:
        """The healthy run: the one that is kept, or a pinned one, or this one."""
        pins = self.session.pins
        if self.healthy is not None and self.healthy in pins:
            return self.healthy
        return next(filter(self._is_healthy, [*pins, self.session.now]), None)

    def _keep_healthy(self) -> None:
        pins, found = self.session.pins, self.found
        if found is None or found not in pins:
            # Not in the library: nobody has asked for its recording to be kept for good.
            self._ours = found is not None
            pins.extend([found] if found is not None else [])
        elif found is not self.healthy:
            self._ours = False
        self.healthy = found

    def _is_healthy(self, pin: Pin) -> bool:
        finished, session = pin.history.finished, self.session
        return (
            finished is not None
            and finished.status == "done"
            and finished.parameters == session.card.defaults
            and finished.seed == session.seed
            and not pin.history.tweaks
        )

    def results(self) -> tuple[dict[str, ClaimResult], dict[str, ClaimResult]]:
        """The claims as the healthy run left them, if it is kept, and as this one did."""
        before = self.healthy.history.finished if self.healthy is not None else None
        now = self.session.history.finished
        return (
            {claim.name: claim for claim in before.claims} if before is not None else {},
            {claim.name: claim for claim in now.claims} if now is not None else {},
        )
