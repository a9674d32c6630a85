"""The title line of the stage."""

from __future__ import annotations

from rich.text import Text

from dlplay.tui.model.watching import Watched
from dlplay.tui.texts import Words
from dlplay.tui.widgets.pages import Pages
from dlplay.tui.widgets.part import Part
from dlplay.tui.widgets.text import put


class Title(Words, Part):
    """The scene, and which of its panels are seen."""

    def __init__(self, session: Watched, pages: Pages) -> None:
        super().__init__(id="top")
        self.session = session
        self.pages = pages

    def show(self) -> None:
        page, card = self.pages.page, self.session.card
        where = self.pages.grid.where if page == "panels" else page
        kind = "sabotaged recording" if self.session.sabotaged else "recording"
        title, about = card.title, f"  {kind}" if self.session.recorded else ""
        named = f"  {card.id}" + about.replace("  ", " · ")
        if len(title) + len(where) + 4 > self.screen.size.width:
            where = where.partition(" · ")[0]
        width = self.screen.size.width - 4 - len(title) - len(where)
        about = named if len(named) + 2 <= width else about
        room = width - len(about)
        top = Text.assemble((title, "bold"), (about, "dim"), " " * max(room, 2), (where, "dim"))
        top.no_wrap = True
        put(self, top)
