"""Break it yourself: a claim is chosen, and one turns knobs until it fails."""

from __future__ import annotations

from typing import Any, Literal

from dlplay.author.claims import Claim
from dlplay.author.tries import BUDGET, Try
from dlplay.course.progress import Progress
from dlplay.engine.history import History
from dlplay.tui.model.excursion import Excursion
from dlplay.tui.model.tries import ENDS, Measured
from dlplay.tui.model.watching import Watched
from dlplay.wire.events import ClaimResult
from dlplay.words.address import show_setting
from dlplay.words.numbers import bound, short

State = Literal["closed", "choosing", "playing", "broken", "given up", "showing", "shown"]
HEALTHY = "healthy"
NO_HEALTHY = "first the run at the defaults, to its end: only what holds can be broken"
NONE_HELD = "no claim holds in the run at the defaults with this seed: there is none to break"
NO_CLAIMS = "nothing is claimed here"
HINT = "Turn a knob (← →): each run that ends is an attempt. esc leaves."
UNTURNED = "Nothing is turned: that is no attempt. Turn a knob (← →)."
BUDGET_ALONE = "Only steps was turned: how long it runs does not count. Turn another knob."
SHORTENED = "It ran for fewer steps than by default: that alone may be why, so it does not count."
TOLD = "That way has been told to you: it does not count. Find another one."


class Breaking:
    """Which claim is to be broken, and how far it is.

    What changes the session (`begin`, `rest`, `show_way`, and what the `way` does) is apart from
    what only changes what is seen (`offer`, `move`, `choose`, `give_up`, `close`): keys do the
    latter at once.
    """

    def __init__(self, session: Watched, way: Excursion, progress: Progress | None = None) -> None:
        """`progress`: where it is kept what was broken; None: nowhere."""
        self.session = session
        self.way = way
        self.progress = progress
        self.state: State = "closed"
        self.choices: tuple[Claim, ...] = ()
        self.place = 0
        self.attempts = 0
        self.before = 0  # the fewest that it took in an earlier game
        self.said = ""  # what came of the run before, or what is to be done
        self.turned: dict[str, Any] = {}  # by the run that was judged last
        self._judged: History | None = None
        self._tried: list[tuple[Any, ...]] = []
        self._told: set[str] = set()  # the claims whose known way was shown

    @property
    def claim(self) -> Claim:
        """The one that is chosen."""
        return self.choices[self.place]

    @property
    def known(self) -> dict[str, Any]:
        """The settings that are known to break it; none where no way is known."""
        return dict(self.claim.breaks)

    @property
    def teacher(self) -> Try | None:
        """The try that tells why it breaks: one with the settings that were turned, or the one
        that gave the known way."""
        turned = self.turned if self.state == "broken" else self.known
        return next((each for each in self._breakers if self._settings(each) == turned), None)

    def best(self, claim: Claim) -> int:
        """The fewest attempts that it took; 0 where it was never broken in the game."""
        done = self.progress.of(self.session.card.id) if self.progress is not None else None
        return done.attempts.get(claim.name, 0) if done is not None else 0

    @property
    def measured(self) -> Measured:
        """The claim as the healthy run left it, and as this one did."""
        before, now = self.way.results()
        name = self.claim.name
        return Measured(before.get(name), now.get(name) or self.claim.unmeasured)

    def shown(self, values: dict[str, Any]) -> str:
        """`units=2, rate=0.5 instead of units=16, rate=0.05`."""
        card = self.session.card
        pairs = [
            [show_setting(card.parameters, name, value) for name, value in each.items()]
            for each in (values, {name: card.defaults.get(name) for name in values})
        ]
        return " instead of ".join(", ".join(settings) for settings in pairs)

    # What only changes what is seen

    def offer(self, chosen: int = 0) -> str:
        """Offer the claims that hold in the healthy run, that of the place `chosen` first; what is
        to be said where there is none."""
        claims, healthy = self.session.card.claims, self.way.found
        finished = healthy.history.finished if healthy is not None else None
        if not claims:
            return NO_CLAIMS
        if finished is None:
            return NO_HEALTHY
        held = {result.name for result in finished.claims if result.holds}
        first = claims[min(chosen, len(claims) - 1)]
        listed = [first, *(claim for claim in claims if claim is not first)]
        self.choices = tuple(claim for claim in listed if claim.name in held)
        if not self.choices:
            return NONE_HELD
        self.place = 0
        self._become("choosing")
        return ""

    def move(self, by: int) -> None:
        """Another of the claims that are offered."""
        self.place = (self.place + by) % len(self.choices)

    def choose(self, place: int | None = None) -> None:
        """Take the claim of this place, or the one that is marked; `begin` comes next."""
        self.place = self.place if place is None else place
        self.attempts, self.said, self._tried = 0, HINT, []
        self._judged = self.session.history
        self._become("playing")

    def give_up(self) -> None:
        """Tell the known way; `rest` comes next."""
        self._told.add(self.claim.name)
        self._judged = None
        self._become("given up")

    def close(self) -> None:
        """Leave it."""
        self._become("closed")

    # What changes the session

    def begin(self) -> str:
        """Show the healthy run, over which the attempts are drawn."""
        if not self.way.set_out(HEALTHY):
            self.close()
            return NO_HEALTHY
        self._judged = self.session.history
        return ""

    def rest(self) -> str:
        """Show the healthy run meanwhile."""
        said = self.way.rest()
        self._judged = self.session.history
        return said

    def show_way(self) -> str:
        """Run what is known to break it."""
        self._become("showing")
        self.way.begin(self.known, HEALTHY)
        return ""

    # How far it is

    def see(self) -> None:
        """Look at what has run."""
        names = [claim.name for claim in self.session.card.claims]
        if self.state == "closed":
            return
        if self.claim.name not in names:  # the file was read again
            self._let_go()
        elif self.state == "choosing" and self.way.found is None:
            self.close()
        elif self.state == "playing":
            self.way.keep_apart()
            self._judge()
        elif self.state in ("broken", "given up"):
            if self._judged not in (self.session.history, None):  # another run has begun
                self._let_go()
        elif self.state in ("showing", "shown"):
            standing = self.way.look()
            if standing == "left":
                self._let_go()
            elif standing != "none":
                self._become("shown" if standing == "over" else "showing")

    def _judge(self) -> None:
        """Look at a run that has ended since the last look."""
        session, history = self.session, self.session.history
        finished = history.finished
        if finished is None or history is self._judged or session.run is None:
            return
        self._judged = history
        defaults = session.card.defaults
        tweaked = {tweak.name for tweak in history.tweaks}
        values = finished.parameters
        self.turned = {
            name: value
            for name, value in values.items()
            if name in tweaked or value != defaults.get(name)
        }
        settings = (finished.seed, *values.items(), *((t.tick, t.name) for t in history.tweaks))
        if not finished.whole:
            self.said = f"The run {ENDS.get(finished.status, finished.status)}: no attempt."
        elif not self.turned:
            self.said = UNTURNED
        elif set(self.turned) == {BUDGET}:
            self.said = BUDGET_ALONE
        elif BUDGET in self.turned and values[BUDGET] < defaults[BUDGET]:
            self.said = SHORTENED
        elif self._was_told():
            self.said = TOLD
        elif settings in self._tried:
            self.said = "The same once more gives the same numbers: no attempt."
        else:
            self._tried.append(settings)
            self._count(next((c for c in finished.claims if c.name == self.claim.name), None))

    def _count(self, result: ClaimResult | None) -> None:
        self.attempts += 1
        if result is not None and result.holds is False:
            self.before = self.best(self.claim)
            if self.progress is not None:
                self.progress.broke(self.session.card.id, self.claim.name, self.attempts)
            self._become("broken")
            return
        if result is None or result.value is None:
            outcome = "is not measured"
        else:
            sign = "in " if isinstance(result.bound, tuple) else ""
            outcome = f"holds, {short(result.value)} {sign}{bound(result.relation, result.bound)}"
        self.said = f"Attempt {self.attempts}: it {outcome}, with {self.shown(self.turned)}."

    def _was_told(self) -> bool:
        """Whether the way that was taken is no find: a try that was answered has told it, or it
        was shown when one gave up."""
        if self.claim.name in self._told and self.turned == self.known:
            return True
        id, known = self.session.card.id, self.progress
        return known is not None and any(
            self._settings(each) == self.turned and known.first_answer(id, each) is not None
            for each in self._breakers
        )

    @property
    def _breakers(self) -> list[Try]:
        return [each for each in self.session.card.tries if self.claim.name in each.breaks]

    def _settings(self, each: Try) -> dict[str, Any]:
        return each.settings(self.session.card.parameters)

    def _let_go(self) -> None:
        self.close()
        self.way.forget()

    def _become(self, state: State) -> None:
        self.state = state
        # While it is played each change is another run, of a knob that only looks too.
        self.session.afresh = state == "playing"
