"""The page of all claims in full."""

from __future__ import annotations

from textual.actions import SkipAction
from textual.message import Message

from dlplay.author.claims import Claim
from dlplay.tui.model.watching import Watched
from dlplay.tui.texts import title
from dlplay.tui.widgets.changes import OnChange
from dlplay.tui.widgets.claims import judged
from dlplay.tui.widgets.prose import claim_lines
from dlplay.tui.widgets.text_pages import TextPage


class ClaimsPage(TextPage):
    """All claims in full. Its keys choose one, and begin to break it."""

    class Chosen(Message):
        """The user chose the claim at this place."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    class BreakAsked(Message):
        """The user wants to break this claim; None: there is none."""

        def __init__(self, claim: Claim | None) -> None:
            super().__init__()
            self.claim = claim

    def __init__(self, session: Watched) -> None:
        super().__init__(session, "claims")
        self.chosen = -1  # none yet
        played = not (session.recorded or session.card.command)
        self.border_subtitle = title("enter: break it yourself" if played else "")
        self._painted = OnChange(self.paint)

    @property
    def listed(self) -> tuple[Claim, ...]:
        return self.session.card.claims

    def show(self) -> None:
        card, theme = self.session.card, self.app.theme
        self._painted.see(card, *judged(self.session), self.chosen, theme)

    def paint(self) -> None:
        results, whole = judged(self.session)
        chosen = max(self.chosen, 0)
        self.put(claim_lines(self.session.card, results, self.inks, chosen, whole))

    def action_up(self) -> None:
        self._move(-1)

    def action_down(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        if not self.listed:
            self.scroll_by(2 * by)
            return
        self.chosen = (max(self.chosen, 0) + by) % len(self.listed)
        self.tell(self.Chosen(self.chosen))
        self.show()

    def action_type(self) -> None:
        """Break the chosen claim yourself."""
        if self.session.card.command:
            raise SkipAction  # what is claimed there is no game
        place = max(self.chosen, 0)
        self.tell(self.BreakAsked(self.listed[place] if self.listed else None))
