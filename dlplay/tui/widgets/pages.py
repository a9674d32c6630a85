"""What can be seen in place of the panels, and the keys to it."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import ContentSwitcher

from dlplay.tui.model.pins import PinChoice
from dlplay.tui.model.watching import Watched
from dlplay.tui.widgets.beside import Beside
from dlplay.tui.widgets.claims_page import ClaimsPage
from dlplay.tui.widgets.comparison import ComparePage
from dlplay.tui.widgets.grid import PanelGrid
from dlplay.tui.widgets.part import Part
from dlplay.tui.widgets.text_pages import LessonPage, LogPage, SourcePage


class Pages(ContentSwitcher, Part):
    """The panels, or a page in their place. Its keys open pages and close them."""

    class Turned(Message):
        """Another page is seen."""

    def __init__(self, session: Watched, grid: PanelGrid) -> None:
        super().__init__(id="main", initial="panels")
        self.session = session
        self.grid = grid
        self.choice = PinChoice(session.pins)

    def compose(self) -> ComposeResult:
        yield self.grid
        yield LessonPage(self.session)
        yield ClaimsPage(self.session)
        yield SourcePage(self.session)
        yield ComparePage(self.session, self.choice)
        yield Beside(self.session, self.grid, self.choice)
        yield LogPage(self.session)

    @property
    def page(self) -> str:
        """The page in place of the panels, or "panels"."""
        return self.current or "panels"

    @property
    def in_place(self) -> Part:
        """What is seen."""
        return self.get_child_by_id(self.page, Part)

    def show(self) -> None:
        self.grid.show()
        if self.in_place is not self.grid:
            self.in_place.show()

    def open(self, name: str) -> None:
        """Show this page, or the panels."""
        self.current = name
        self.tell(self.Turned())

    def switch(self, name: str) -> None:
        """Show this page, or the panels if it is there already; all of them."""
        self.grid.unzoom()
        self.open("panels" if self.page == name else name)

    def action_claims(self) -> None:
        self.switch("claims")

    def action_source(self) -> None:
        self.switch("source")

    def action_log(self) -> None:
        self.switch("log")

    def action_compare(self) -> None:
        self.switch("compare")

    def action_beside(self) -> None:
        """The chosen panel of this run and of a pinned one, side by side."""
        if self.session.pins:
            self.switch("beside")
        else:
            self.note("no run is pinned: p pins this one")

    @on(Beside.Emptied)
    def leave_beside(self, event: Beside.Emptied) -> None:
        """Nothing is there to be set beside this run."""
        event.stop()
        self.open("panels")
