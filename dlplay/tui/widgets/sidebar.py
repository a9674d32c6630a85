"""The side of the stage: parameters with their values, claims with their numbers."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from dlplay.tui.model.watching import Watched
from dlplay.tui.widgets.claims import ClaimList
from dlplay.tui.widgets.parameters import ParameterList


class Sidebar(Vertical):
    """Parameters, what is to know about the chosen one, and the claims."""

    def __init__(self, session: Watched) -> None:
        super().__init__()
        about = Static(id="detail")
        self.about = about
        self.parameters = ParameterList(session, about)
        self.claims = ClaimList(session)

    def compose(self) -> ComposeResult:
        yield self.parameters
        yield self.about
        yield self.claims
