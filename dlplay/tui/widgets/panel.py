"""A panel: what a run draws under one name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from rich.segment import Segment
from rich.style import Style
from textual import events as input_events
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from dlplay import draw
from dlplay.draw.mosaic import Want
from dlplay.engine.history import History
from dlplay.tui.model.pins import Pin, others_of, overlay
from dlplay.tui.model.veil import Veil
from dlplay.tui.program import Program
from dlplay.tui.texts import Harmless, title

UNKNOWN = 12  # rows of a panel of which nothing is known yet

Version = tuple[object, ...]
# Of what is to be painted next: its version, look, content, the styles of its series, pinned runs
Taken = tuple[Version, draw.Look, draw.Drawn | None, Mapping[str, int], Mapping[str, object]]


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
        self._version: Version = (-1, None)
        self._taken: Taken | None = None
        self._captioned = ""
        self._promise = "", ""  # while nothing is drawn: its caption, and what it waits for
        self._stretches = True
        self._wide = 0
        self._rows: dict[int, int] = {}  # at a width: the most that was wanted in this run
        self._new_run = False
        self._strips: list[Strip] = []
        self._drawn_for: tuple[object, ...] = ()

    def take(
        self,
        history: History,
        look: draw.Look,
        at: int | None = None,
        pins: Sequence[Pin] = (),
        veil: Veil | None = None,
    ) -> bool:
        """Take what the history has for this panel. Returns whether that is new, and is to be
        painted.

        `at`: the tick to look back to; None: now. `pins`: runs to draw over it. `veil`: what its
        words may not tell; None: they may tell all.
        """
        # A pinned run is over: what it draws depends on whether it is there alone.
        seen = tuple((pin.history, pin.name) for pin in pins if not pin.hidden)
        version = (history.versions.get(self.panel, 0), at, seen, history.styles.moves, bool(veil))
        if version == self._version and look == self.look:
            return False
        if not self.region or not self.display:
            return False
        content = history.panel(self.panel, at)
        if veil is not None and content is not None:
            content = veil.panel(content)
        others = others_of(self.panel, pins, at)
        if isinstance(content, draw.Curves):
            content = overlay(content, others)
        self._taken = version, look, content, history.styles.numbers, others
        return True

    def paint(self) -> None:
        """Draw what was taken, and repaint the lines that are not as they were."""
        if self._taken is not None:
            self._version, self.look, self.content, styles, others = self._taken
            self.view = replace(self.view, styles=styles, pinned=others)
            self._taken = None
            self.caption()
        before, after = self._strips, self._drawn()
        if not before or len(before) != len(after):
            self.refresh()
            return
        rows = [y for y, (was, now) in enumerate(zip(before, after, strict=True)) if was != now]
        if rows:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in rows))

    @property
    def want(self) -> Want:
        """How high it would like to be. That never shrinks while a run goes on, and until there is
        something it is as it was in the run before: panels are not to move without need."""
        if self.content is not None:
            self._stretches = draw.stretches(self.content)
            if self._new_run:
                self._rows, self._wide, self._new_run = {}, 0, False
            wide = draw.natural_width(self.content)
            self._wide = max(self._wide, wide + 2 if wide else 0)
        return Want(self.rows, self._stretches, self._fills, self._wide)

    def _fills(self, width: int, height: int) -> tuple[int, int]:
        """The width and height that it takes of these, with its border."""
        if self.content is None:
            return width, height
        wide, high = draw.filled(self.content, width - 2, height - 2)
        return wide + 2, high + 2

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
        version: Version,
        styles: Mapping[str, int] | None = None,
    ) -> None:
        """Show this content, which anything that differs in `version` makes another. `styles`: of
        its series by name, where it is a panel of a run."""
        if (version, look) != (self._version, self.look):
            self._taken = None
            self.view = replace(self.view, styles=styles or {})
            self._version, self.look, self.content = version, look, content
            self.caption()
            self.refresh()

    def forget(self) -> None:
        """A new run begins: what the old one drew is gone."""
        self._version, self.content, self._new_run = (-1, None), None, True
        self._taken = None
        self._drawn_for = ()  # what another run draws next may have the version of what is gone
        self.caption()
        self.refresh()

    def promise(self, caption: str, state: str) -> None:
        """What stands here until something is drawn."""
        if (caption, state) != self._promise:
            self._promise = caption, state
            if self.content is None:
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

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without those that it need not pass, as a panel is painted often: a canvas holds nothing
        that a terminal would obey, and its colours are made the terminal's as it is drawn."""
        spared = (Harmless, ANSIToTruecolor)
        return [each for each in super().get_line_filters() if not isinstance(each, spared)]

    def render_line(self, y: int) -> Strip:
        strips = self._drawn()
        return strips[y] if y < len(strips) else Strip.blank(self.size.width)

    def _drawn(self) -> list[Strip]:
        """Its lines, as they are to be now."""
        # The theme stands for the style, which is dear to compute for every line.
        promise = self._promise if self.content is None else None
        key = (self._version, self.size, self.view, self.look, self.app.theme, promise)
        if key != self._drawn_for:
            self._drawn_for = key
            self._strips = self._draw(self.size, self.rich_style)
        return self._strips

    def _draw(self, size: Size, style: Style) -> list[Strip]:
        if not size:
            return []
        if self.content is None:
            look = cast(Program, self.app).look
            drawing = draw.empty(*self._promise, size.width, size.height, look)
        else:
            drawing = draw.draw(self.content, size.width, size.height, self.look, self.view)
        every = self.app.get_line_filters()
        filters = [each for each in every if isinstance(each, ANSIToTruecolor)]
        background = self.background_colors[1]
        inks: dict[Style | None, Style | None] = {}

        def ink(style_there: Style | None) -> Style | None:
            if style_there not in inks:
                line = [Segment(" ", style if style_there is None else style + style_there)]
                for each in filters:
                    line = each.apply(line, background)
                inks[style_there] = line[0].style
            return inks[style_there]

        return [
            Strip([Segment(text, ink(there)) for text, there, _ in line], size.width)
            for line in drawing.lines
        ]

    def on_resize(self) -> None:
        if self.size:
            self.post_message(self.Seen(self))

    def on_click(self, event: input_events.Click) -> None:
        self.post_message(self.Picked(self, event.chain == 2))
