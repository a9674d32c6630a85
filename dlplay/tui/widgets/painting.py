"""What is new on the panels, painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dlplay.tui.model.frames import Frames
from dlplay.tui.widgets.panel import PanelView

BETWEEN = 0.02  # seconds between the paintings of two panels


class Painting:
    """At once where nothing goes on by itself. What streams, in frames of one moment: its panels
    are painted one after another, so that a key waits for one at most."""

    def __init__(self, later: Callable[[float, Callable[[], None]], Any]) -> None:
        """`later`: calls a function after so many seconds."""
        self.frames = Frames()
        self._later = later
        self._left: list[PanelView] = []  # of the present frame

    def show(
        self, views: Sequence[PanelView], take: Callable[[PanelView], bool], streams: bool
    ) -> None:
        """Paint those panels that `take` something new."""
        if not streams:
            for view in views:
                if take(view) or view in self._left:
                    view.paint()
            self._left = []
        elif self.ready:
            self.frames.begin()
            self._left = [view for view in views if take(view)]
            self._later(BETWEEN, self._next)

    @property
    def ready(self) -> bool:
        """Whether the next frame of what streams may begin."""
        return not self._left and self.frames.due

    def hurry(self) -> None:
        """What comes next is to be seen at once; what the present frame has not painted yet is
        part of that."""
        self._left = []
        self.frames.hurry()

    def _next(self) -> None:
        if self._left:
            view = self._left.pop(0)
            if view.is_attached:
                view.paint()
            self._later(BETWEEN, self._next)
