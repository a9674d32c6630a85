"""The side of the stage: parameters with their values, claims with their numbers."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from dlplay.tui.widgets.claims import ClaimList
from dlplay.tui.widgets.parameters import ParameterList


class Sidebar(Vertical):
    """Parameters, what is to know about the chosen one, and the claims."""

    def compose(self) -> ComposeResult:
        parameters = ParameterList(id="parameters")
        parameters.border_title = "parameters  • live"
        yield parameters
        yield Static(id="detail")
        claims = ClaimList(id="claims-short")
        claims.border_title = "claims"
        yield claims
