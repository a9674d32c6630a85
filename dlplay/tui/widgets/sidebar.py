"""The side of the stage: parameters with their values, claims with their numbers."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical

from dlplay.tui.model.watching import Watched
from dlplay.tui.texts import Words
from dlplay.tui.widgets.claims import ClaimList
from dlplay.tui.widgets.parameters import ParameterList
from dlplay.tui.widgets.part import Part


class Sidebar(Vertical):
    """Parameters, what is to know about the chosen one, and the claims."""

    def __init__(self, session: Watched) -> None:
        super().__init__()
        about = Words(id="detail")
        self.about = about
        self.parameters = ParameterList(session, about)
        self.claims = ClaimList(session)

    @property
    def parts(self) -> tuple[Part, ...]:
        """What has to be shown anew."""
        return self.parameters, self.claims

    def compose(self) -> ComposeResult:
        yield self.parameters
        yield self.about
        yield self.claims
