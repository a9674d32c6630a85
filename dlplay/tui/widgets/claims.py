"""The claims of a scene beside its panels, and the words and signs for how they stand."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Static

from dlplay.author.claims import Claim
from dlplay.draw.words import wrap
from dlplay.engine.timeline import claims_at
from dlplay.tui.model.watching import Watched
from dlplay.tui.texts import Words, title
from dlplay.tui.widgets.changes import OnChange
from dlplay.tui.widgets.part import Part
from dlplay.tui.widgets.text import Inks, Scroll, put
from dlplay.wire.events import ClaimResult
from dlplay.words.numbers import bound, short

STATES = {True: ("✓", "success", "holds"), False: ("✗", "error", "fails"), None: ("·", "muted", "")}
NOT_YET = ("…", "warning", "does not hold yet")
MARGIN = 2  # columns at the right: the scrollbar's, and one that keeps the text away from it
LEAST = 8  # columns of a claim's name that its numbers leave


def standing(result: ClaimResult, whole: bool) -> tuple[str, str, str]:
    """A claim's mark, ink and word; before a run's own end nothing has failed for good."""
    return NOT_YET if result.holds is False and not whole else STATES[result.holds]


def comparison(result: ClaimResult) -> str:
    """`4.1 > 2`, `0.95 in 0.9 to 1.1`, `1.3 not > 2`; nothing where it was not measured."""
    if result.value is None:
        return ""
    words = [short(result.value), *(["not"] if result.holds is False else [])]
    words += ["in"] if isinstance(result.bound, tuple) else []
    return " ".join([*words, bound(result.relation, result.bound)])


class ClaimList(Scroll, Part):
    """Every claim: holds or fails, its short name, measured value and bound."""

    class Opened(Message):
        """The user clicked the claims."""

    def __init__(self, session: Watched) -> None:
        super().__init__(id="claims-short")
        self.border_title = "claims"
        self.session = session
        self.chosen = 0  # whose sentence stands whole where there is no room for all
        self._painted = OnChange(self.paint)

    def compose(self) -> ComposeResult:
        yield Words(id="claim-lines")

    def show(self) -> None:
        session = self.session
        self._painted.see(session.card, *judged(session), self.size, self.chosen, self.app.theme)

    def on_resize(self) -> None:
        self.show()

    def choose(self, place: int) -> None:
        """Show the sentence of this claim whole."""
        self.chosen = place % max(len(self.session.card.claims), 1)
        self.show()

    def action_next_claim(self) -> None:
        self.choose(self.chosen + 1)

    def paint(self) -> None:
        claims, (results, whole) = self.session.card.claims, judged(self.session)
        width, colours = max(self.size.width - MARGIN, 20), self.inks
        everyone = range(len(claims))
        text = summary(claims, results, width, colours, whole, full=everyone)
        if not self._fits(text, width):
            chosen = min(self.chosen, max(len(claims) - 1, 0))
            text = summary(claims, results, width, colours, whole, full=[chosen])
        put(self.query_one(Static), text)
        stands = standings(claims, results)
        self.border_subtitle = title(stands)
        self.set_class(whole and stands.startswith(f"{len(claims)} of"), "-held")

    def _fits(self, text: Text, width: int) -> bool:
        return len(text.wrap(self.app.console, width)) <= self.size.height

    def on_click(self) -> None:
        self.tell(self.Opened())


def standings(claims: Sequence[Claim], results: Sequence[ClaimResult]) -> str:
    """How many of the claims hold; nothing where there are none."""
    names = {claim.name for claim in claims}
    known = [result for result in results if result.name in names]
    if not claims:
        return ""
    if all(result.holds is None for result in known):
        return "not measured yet"
    return f"{sum(result.holds is True for result in known)} of {len(names)} hold"


def judged(session: Watched) -> tuple[list[ClaimResult], bool]:
    """The claims as they stood at the step that is looked at, and whether for good."""
    whole = session.history.whole and session.at is None
    return claims_at(session.history, session.at), whole


def summary(
    claims: tuple[Claim, ...],
    results: list[ClaimResult],
    width: int,
    inks: Inks,
    whole: bool,
    *,
    full: Collection[int],
) -> Text:
    """The claims, one line each; those of the places `full` with their sentences."""
    known = {result.name: result for result in results}
    text = Text()
    for place, claim in enumerate(claims):
        result = known.get(claim.name) or ClaimResult(claim.name, claim.text)
        mark, ink, _ = standing(result, whole)
        text.append("\n" if place else "")
        text.append(f"{mark} ", f"bold {inks[ink]}")
        if place in full:
            text.append("\n  ".join(wrap(claim.text, width - 2)))
            numbers = comparison(result) or claim.condition
            lines = "\n  ".join(wrap(numbers, width - 2))
            text.append(f"\n  {lines}", inks[ink] if result.value is not None else "dim")
            continue
        label = claim.name.replace("_", " ")
        numbers = comparison(result)
        if width - 3 - len(numbers) < min(len(label), LEAST):  # the measured value alone, then
            numbers = short(result.value)
        room = width - 3 - len(numbers)
        if len(label) > room:
            label = label[: max(room - 1, 3)] + "…"
        text.append(label.ljust(max(room, 0)))
        text.append(f" {numbers}", inks[ink])
    if not claims:
        text.append("Nothing is claimed.", "dim")
    return text
