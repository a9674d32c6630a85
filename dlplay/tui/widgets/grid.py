"""All panels of a run, fitted to the terminal."""

from __future__ import annotations

from rich.cells import cell_len
from textual import on
from textual.actions import SkipAction
from textual.containers import Container
from textual.message import Message

from dlplay import draw
from dlplay.draw.captions import clauses
from dlplay.draw.mosaic import Place, pages, places, whole
from dlplay.tui.model.watching import Watched
from dlplay.tui.texts import title
from dlplay.tui.widgets.changes import OnChange
from dlplay.tui.widgets.painting import Painting
from dlplay.tui.widgets.panel import PanelView
from dlplay.tui.widgets.part import Part
from dlplay.wire import events
from dlplay.words.foreign import one_line

XRAY = "x-ray"
AROUND = 8  # cells of a border that its title cannot have, and two between name and caption
AWAITED = {  # what a panel in which nothing is drawn waits for, as the run stands
    "ready": "not started",
    "starting": "starting …",
    "repeating": "starting …",
    "running": "nothing drawn yet",
    "paused": "nothing drawn yet",
    "stopping": "nothing drawn yet",
}


class PanelGrid(Container, Part):
    """All panels of a run; those that do not fit are on further pages."""

    class Arranged(Message):
        """Another panel is chosen, or other panels are seen; `zoom`: by a zoom, or its end."""

        def __init__(self, zoom: bool = False) -> None:
            super().__init__()
            self.zoom = zoom

    def __init__(self, session: Watched) -> None:
        super().__init__(id="panels")
        self.session = session
        self.painting = Painting(self.set_timer)
        self._run = OnChange(self.forget)
        self._xray = OnChange(self._choose_xray)
        self._wants = OnChange(self.lay_out)
        self._led = ""  # the panel that was made the lead
        self.views: list[PanelView] = []
        self.chosen = 0
        self.zoomed = False
        self.page = 0
        self.pages = 1

    # What is seen

    @property
    def names(self) -> list[str]:
        """The panels that the scene declares, those that it drew, and the x-ray."""
        drawn = [name for name in self.session.history.names if name != XRAY]
        names = list(dict.fromkeys([*self.session.card.panels, *drawn]))
        return [*names, XRAY] if self.session.xray else names

    def show(self) -> None:
        self._run.see(self.session.runs)
        if set(self.names) != {view.panel for view in self.views}:
            self.have(self.names)
        self._xray.see(self.session.xray)
        state = AWAITED.get(self.session.state, "nothing was drawn here")
        for view in self.views:
            gone = view.panel == XRAY and self.session.gone
            view.promise(self._told(view), "its process is gone" if gone else state)
        wide = max(self.size.width // 2, 3)
        size = wide, max(self.size.height, 3)
        wants = [view.want for view in self.views]
        self._wants.see([(w.stretches, w.rows(wide), w.width, w.fills(*size)) for w in wants])
        self.painting.show(self.views, self._take, self._streams)

    @property
    def _streams(self) -> bool:
        """Whether what is seen goes on by itself."""
        session = self.session
        return session.playing or (session.at is None and session.history.finished is None)

    @property
    def ready(self) -> bool:
        """Whether there is time for what is new."""
        return not self._streams or self.painting.ready

    def _take(self, view: PanelView) -> bool:
        session = self.session
        return view.take(session.history, self.look, session.at, session.pins, session.veil)

    def forget(self) -> None:
        """A new run begins."""
        for view in self.views:
            view.forget()

    def _choose_xray(self) -> None:
        if self.session.xray:
            self.choose(len(self.views) - 1)
            self.tell(self.Arranged())

    @on(PanelView.Seen)
    def fill_at_once(self, event: PanelView.Seen) -> None:
        """Show what a panel has that has just come into sight."""
        event.stop()
        if event.panel in self.views and self._take(event.panel):
            event.panel.paint()

    def have(self, names: list[str]) -> None:
        """Have a panel for each of these names, in this order."""
        if names == [view.panel for view in self.views]:
            return
        known = {view.panel: view for view in self.views}
        wanted = [known.pop(name) if name in known else PanelView(name) for name in names]
        for view in known.values():
            view.remove()
        fresh = [view for view in wanted if view not in self.views]
        self.views = wanted
        for view in fresh:
            view.display = False  # until it has a place
        if fresh:
            self.mount(*fresh)
        for place, view in enumerate(wanted):
            self.move_child(view, after=wanted[place - 1]) if place else None
        self.chosen = min(self.chosen, max(len(wanted) - 1, 0))
        self.lay_out()

    def lay_out(self) -> None:
        """Fit the panels to the size; mark the chosen one."""
        if not self.views or not self.size:
            return
        groups = self._groups()
        self.pages = len(groups)
        self.page = min(self.page, self.pages - 1)
        shown = groups[self.page]
        found = places([self.views[n].want for n in shown], *self.size)
        for number, view in enumerate(self.views):
            view.display = number in shown
            view.set_class(number == self.chosen and len(self.views) > 1, "-chosen")
            name, place = f"{number + 1} {view.panel}", whole(0, 0)
            if view.display:
                place = found[shown.index(number)]
                _move(view, place)
            # That of the chosen one stands under the panels.
            caption = "" if number == self.chosen else self._told(view)
            room = place.width - AROUND - cell_len(name)
            view.border_title = title(name, clauses(caption, room))

    def _told(self, view: PanelView) -> str:
        """What is to be seen in a panel."""
        return one_line(self.session.card.panels.get(view.panel, ""))

    def _groups(self) -> list[list[int]]:
        """Which panels are seen together."""
        if self.zoomed:
            return [[self.chosen]]
        return pages([view.want for view in self.views], self.lead, *self.size)

    @property
    def lead(self) -> int:
        """The number of the panel that has most room: the first, unless another was made it."""
        names = [view.panel for view in self.views]
        return names.index(self._led) if self._led in names else 0

    def on_resize(self) -> None:
        self.lay_out()

    @property
    def current(self) -> PanelView | None:
        return self.views[self.chosen] if self.views else None

    def choose(self, place: int) -> None:
        """Choose a panel, and turn to its page."""
        if not self.views:
            return
        self.chosen = place % len(self.views)
        if not self.zoomed and self.size:
            groups = self._groups()
            if self.page >= len(groups) or self.chosen not in groups[self.page]:
                self.page = next(n for n, group in enumerate(groups) if self.chosen in group)
        self.lay_out()

    def zoom(self, place: int | None = None) -> None:
        """Give a panel the whole place; the same again gives it back."""
        if place is not None and place >= len(self.views):
            return
        same = place is None or place == self.chosen
        if place is not None:
            self.chosen = place
        self.zoomed = not (self.zoomed and same)
        self.choose(self.chosen)

    def unzoom(self) -> None:
        """Give all panels their place back."""
        if self.zoomed:
            self.zoom()
            self.tell(self.Arranged())

    def turn_page(self, by: int) -> None:
        self.page = (self.page + by) % self.pages
        self.lay_out()

    @property
    def where(self) -> str:
        """Which panels are seen, where they are not all: `panels 1 4 of 5`."""
        shown = [str(number + 1) for number, view in enumerate(self.views) if view.display]
        if not shown or len(shown) == len(self.views):
            return ""
        more = "z: all" if self.zoomed else "pgdn: more"
        several = "s" if len(shown) > 1 else ""
        return f"panel{several} {' '.join(shown)} of {len(self.views)} · {more}"

    # What the keys do

    def action_zoom(self) -> None:
        self.zoom()
        self.tell(self.Arranged(zoom=True))

    def action_zoom_to(self, number: int) -> None:
        if number > len(self.views):
            self.note(f"there is no panel {number}")
            return
        self.zoom(number - 1)
        self.tell(self.Arranged(zoom=True))

    def action_lead(self) -> None:
        """Make the chosen panel the lead; if it is that already, the first one again."""
        if self.current is None:
            return
        self._led = "" if self.chosen == self.lead else self.current.panel
        self.zoomed = False
        self.choose(self.chosen)
        self.note(f"{self.views[self.lead].panel} leads")
        self.tell(self.Arranged())

    def action_next_panel(self) -> None:
        self.choose(self.chosen + 1)
        self.tell(self.Arranged())

    def action_previous_panel(self) -> None:
        self.choose(self.chosen - 1)
        self.tell(self.Arranged())

    @on(PanelView.Picked)
    def pick_panel(self, event: PanelView.Picked) -> None:
        event.stop()
        self.choose(self.views.index(event.panel))
        if event.zoom:
            self.zoom()
        self.tell(self.Arranged())

    def action_next_page(self) -> None:
        self._turn_page(1)

    def action_previous_page(self) -> None:
        self._turn_page(-1)

    def _turn_page(self, by: int) -> None:
        if self.pages < 2:
            raise SkipAction
        self.turn_page(by)
        self.note(f"panels: page {self.page + 1} of {self.pages}")
        self.tell(self.Arranged())

    def action_xray(self) -> None:
        self.ask("xray")

    def action_log_axis(self) -> None:
        self._switch_axis("y")

    def action_log_x_axis(self) -> None:
        self._switch_axis("x")

    def _switch_axis(self, axis: str) -> None:
        views = self._meant(draw.Curves)
        if not views:
            self.note("no panel here has curves")
        for view in views:
            content = view.content
            log = content.axes.log if isinstance(content, draw.Curves) else ""
            log = view.view.log if view.view.log is not None else log
            log = log.replace(axis, "") if axis in log else log + axis
            view.turn(log="xy" if set(log) == {"x", "y"} else log)
            scale = "logarithmic" if axis in log else "linear"
            self.note(f"{axis} axis {scale}")

    def action_next_frame(self) -> None:
        self._turn_frame(1)

    def action_previous_frame(self) -> None:
        self._turn_frame(-1)

    def _turn_frame(self, by: int) -> None:
        views = [view for view in self._meant(events.Heatmap) if view.frames > 1]
        if not views:
            self.note("no panel here has several maps")
        for view in views:
            view.turn(frame=(view.view.frame + by) % view.frames)

    def _meant(self, kind: type) -> list[PanelView]:
        """The panels that a key is meant for: the chosen one if it is of that kind, or all."""
        if self.current is not None and isinstance(self.current.content, kind):
            return [self.current]
        return [view for view in self.views if isinstance(view.content, kind)]


def _move(view: PanelView, place: Place) -> None:
    """Put a panel in its place."""
    styles = view.styles
    styles.offset = (place.x, place.y)
    styles.width, styles.height = place.width, place.height
