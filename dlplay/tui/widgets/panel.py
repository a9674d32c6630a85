"""A panel: what a run draws under one name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import monotonic, thread_time

from rich.style import Style
from textual import events as input_events
from textual.filter import LineFilter
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from dlplay import draw
from dlplay.engine.history import History
from dlplay.tui.model.pins import Pin, others_of, overlay
from dlplay.tui.model.veil import Veil
from dlplay.tui.texts import Harmless, title
from dlplay.tui.widgets.mosaic import Want

UNKNOWN = 12  # rows of a panel of which nothing is known yet

REST = 20  # times as long as a drawing took: of four panels, at most a fifth of a core


class PanelView(Widget):
    """One panel. It draws itself when it is seen and something changed."""

    class Picked(Message):
        """The user clicked the panel; `zoom` on a double click."""

        def __init__(self, panel: PanelView, zoom: bool) -> None:
            super().__init__()
            self.panel = panel
            self.zoom = zoom

    class Seen(Message):
        """The panel has a place on the screen, after it had none or another one."""

        def __init__(self, panel: PanelView) -> None:
            super().__init__()
            self.panel = panel

    def __init__(self, name: str) -> None:
        super().__init__(classes="panel")
        self.panel = name
        self.content: draw.Drawn | None = None
        self.view = draw.View()
        self.look = draw.Look()
        self._version: tuple[object, ...] = (-1, None)
        self._captioned = ""
        self._stretches = True
        self._rows: dict[int, int] = {}  # at a width: the most that was wanted in this run
        self._new_run = False
        self._strips: list[Strip] = []
        self._drawn_for: tuple[object, ...] = ()
        self._rests_until = 0.0

    def show(
        self,
        history: History,
        look: draw.Look,
        turn: bool,
        at: int | None = None,
        pins: Sequence[Pin] = (),
        veil: Veil | None = None,
    ) -> None:
        """Take what the history has for this panel, if it is new and its turn.

        `turn`: whether it is the turn of those that are dear to draw; for them every other tick is
        enough. `at`: the tick to look back to; None: now. `pins`: runs to draw over it.
        `veil`: what its words may not tell; None: they may tell all.
        """
        # A pinned run is over: what it draws depends on whether it is there alone.
        seen = tuple((id(pin), pin.name) for pin in pins if not pin.hidden)
        version = (history.versions.get(self.panel, 0), at, seen, history.styles.moves, bool(veil))
        if version == self._version and look == self.look:
            return
        if not self.region or not self.display:
            return
        if not turn and self.content is not None and draw.dear(self.content):
            return
        self._version, self.look = version, look
        self.content = history.panel(self.panel, at)
        if veil is not None and self.content is not None:
            self.content = veil.panel(self.content)
        others = others_of(self.panel, pins, at)
        self.view = replace(self.view, styles=history.styles.numbers, pinned=others)
        if isinstance(self.content, draw.Curves):
            self.content = overlay(self.content, others)
        self.caption()
        self.refresh()

    @property
    def want(self) -> Want:
        """How high it would like to be. That never shrinks while a run goes on, and until there is
        something it is as it was in the run before: panels are not to move without need."""
        if self.content is not None:
            self._stretches = draw.dear(self.content)
            if self._new_run:
                self._rows, self._new_run = {}, False
        return Want(self.rows, self._stretches, self._most)

    def _most(self, width: int) -> float:
        """The rows beyond which it has no use for more, with its border."""
        most = None if self.content is None else draw.most_height(self.content, width - 2)
        return math.inf if most is None else most + 2

    def rows(self, width: int) -> int:
        """The rows that it would like at this width, with its border."""
        rows = self._rows.get(width, UNKNOWN)
        if self.content is not None:
            wanted = draw.natural_height(self.content, width - 2, self.look) + 2
            rows = self._rows[width] = max(wanted, self._rows.get(width, 0))
        return rows

    def put(
        self,
        content: draw.Drawn | None,
        look: draw.Look,
        version: tuple[object, ...],
        styles: Mapping[str, int] | None = None,
    ) -> None:
        """Show this content, which anything that differs in `version` makes another. `styles`: of
        its series by name, where it is a panel of a run."""
        if (version, look) != (self._version, self.look):
            self.view = replace(self.view, styles=styles or {})
            self._version, self.look, self.content = version, look, content
            self.caption()
            self.refresh()

    def forget(self) -> None:
        """A new run begins: what the old one drew is gone."""
        self._version, self.content, self._new_run = (-1, None), None, True
        self.caption()
        self.refresh()

    def turn(self, **changes: object) -> None:
        """Change how the content is seen: another frame, other axes."""
        self.view = replace(self.view, **changes)  # type: ignore[arg-type]
        self.caption()
        self.refresh()

    def caption(self) -> None:
        text = draw.caption(self.content, self.view) if self.content is not None else ""
        drawn, at = getattr(self.content, "tick", None), self._version[1]
        if at is not None and drawn is not None and drawn != at:  # between two that were kept
            text = f"{text} · as of step {drawn}" if text else f"as of step {drawn}"
        if text != self._captioned:
            self._captioned = text
            self.border_subtitle = title(text)

    @property
    def frames(self) -> int:
        return draw.frames(self.content) if self.content is not None else 1

    @property
    def rested(self) -> bool:
        """Whether drawing it again now leaves nearly all the time to others."""
        return monotonic() >= self._rests_until

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without the last one: a canvas holds nothing that a terminal would obey, and a panel is
        painted often."""
        return [each for each in super().get_line_filters() if not isinstance(each, Harmless)]

    def render_line(self, y: int) -> Strip:
        # The theme stands for the style, which is dear to compute for every line.
        key = (self._version, self.size, self.view, self.look, self.app.theme)
        if key != self._drawn_for:
            self._drawn_for = key
            self._strips = self._draw(self.size, self.rich_style)
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)

    def _draw(self, size: Size, style: Style) -> list[Strip]:
        if self.content is None or not size:
            return [Strip.blank(size.width, style) for _ in range(size.height)]
        began = thread_time()
        drawing = draw.draw(self.content, size.width, size.height, self.look, self.view)
        self._rests_until = monotonic() + REST * (thread_time() - began)
        return [Strip(line, size.width).apply_style(style) for line in drawing.lines]

    def on_resize(self) -> None:
        if self.size:
            self.post_message(self.Seen(self))

    def on_click(self, event: input_events.Click) -> None:
        self.post_message(self.Picked(self, event.chain == 2))
