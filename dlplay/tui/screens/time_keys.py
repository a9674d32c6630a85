"""Keys that travel through a run's time, and branch off from it."""

from __future__ import annotations

from dlplay.author.parameters import ParameterError
from dlplay.engine.timeline import marks
from dlplay.tui.screens.stage_view import StageView


class TimeKeys(StageView):
    """The stage, with the keys of time."""

    def seek(self, tick: int) -> None:
        """Look at the run as it was at a tick."""
        if not self.session.history.tick:
            self.note("there is no history yet")
            return
        was_back = self.session.at is not None
        self.session.seek(tick)
        self.show_parameters()
        if was_back and self.session.at is None:
            self.clear_log()
            self.note("now")
        self.paint()

    def travel(self, share: float) -> None:
        """Go through time by a share of the run, by one step at least."""
        last = self.session.history.tick
        at = last if self.session.at is None else self.session.at
        step = max(1, round(last * abs(share)))
        self.seek(at + (step if share > 0 else -step))

    def action_earlier(self) -> None:
        self.travel(-0.01)

    def action_later(self) -> None:
        self.travel(0.01)

    def action_step_earlier(self) -> None:
        self.travel(-1e-9)

    def action_step_later(self) -> None:
        self.travel(1e-9)

    def action_much_earlier(self) -> None:
        self.travel(-0.1)

    def action_much_later(self) -> None:
        self.travel(0.1)

    def action_beginning(self) -> None:
        self.seek(1)

    def action_now(self) -> None:
        self.seek(self.session.history.tick)

    def to_mark(self, forward: bool) -> None:
        history = self.session.history
        at = history.tick if self.session.at is None else self.session.at
        ticks = [mark.tick for mark in marks(history)]
        ahead = [t for t in ticks if (t > at if forward else t < at)]
        if not ticks:
            self.note("nothing is marked: no tweak, no spike, no divergence")
        elif ahead:
            self.seek(min(ahead) if forward else max(ahead))
        else:
            self.note("no mark further on" if forward else "no mark before this")

    def action_next_mark(self) -> None:
        self.to_mark(forward=True)

    def action_previous_mark(self) -> None:
        self.to_mark(forward=False)

    def action_branch(self) -> None:
        """Go on from the step that is looked at, as a new run, beside the old one."""
        session = self.session
        if session.state == "repeating":
            self.note("the branch is on its way; x stops it")
            return
        if session.at is None:
            self.note("go back in time first: < > ( ) { } m home; then B goes on from there")
            return
        try:
            pin = session.branch()
        except ParameterError as error:
            self.note(str(error))
            return
        self.note(f"branching at step {session.at}; the run so far is pinned as {pin.name}")
        self.tick()
