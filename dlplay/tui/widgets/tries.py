"""The strip under the panels in which tries are offered, asked and told."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import cast

from rich.text import Text
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Static

from dlplay.tui.model.tries import Measured, Tries
from dlplay.tui.model.watching import Watched
from dlplay.tui.program import Program
from dlplay.tui.widgets.changes import OnChange
from dlplay.tui.widgets.claims import standing
from dlplay.tui.widgets.part import Part
from dlplay.tui.widgets.text import Inks, Scroll, put
from dlplay.words.numbers import bound, short

ROWS = 8  # that it takes at most


class TryStrip(Scroll, Part):
    """A try: its question, its options, and what came of it. While it asks or tells, its keys
    come before those of the panels."""

    class Wanted(Message):
        """The session is to be changed: `act` does it, and returns what is to be said. `knob`:
        the parameter that it turns."""

        def __init__(self, act: Callable[[], str], knob: str = "") -> None:
            super().__init__()
            self.act = act
            self.knob = knob

    def __init__(self, session: Watched) -> None:
        super().__init__(id="tries")
        self.session = session
        self.tries = Tries(session)
        self._painted = OnChange(self.paint)

    def compose(self) -> ComposeResult:
        yield Static(id="try-lines", markup=False)

    def show(self) -> None:
        tries, screen = self.tries, self.screen
        if tries.progress is None:
            tries.progress = cast(Program, self.app).progress
        tries.see()
        about = tries.state, tries.place, tries.said, self.session.runs
        self._painted.see(*about, self.session.card, screen.size, self.app.theme)

    def paint(self) -> None:
        tries = self.tries
        self.set_class(tries.state != "closed", "-open")
        if tries.state != "closed":
            put(
                self.query_one(Static), lines(tries, max(self.screen.size.width - 3, 20), self.inks)
            )
            self.scroll_home(animate=False)

    # What the keys do

    def action_tries(self) -> None:
        said = self.tries.ask()
        if said:
            self.note(said)
        self.show()

    def action_zoom_to(self, number: int) -> None:
        self._only_while("asking")
        options = len(self.tries.current.options)
        if number > options:
            self.note(f"the answers are 1 to {options}")
            return
        self._answer(number)

    def action_source(self) -> None:
        """Show it without an answer."""
        self._only_while("asking")
        self._answer(None)

    def action_type(self) -> None:
        self._only_while("asking", "told")
        if self.tries.state == "asking":
            self.note(f"1 to {len(self.tries.current.options)} answers, s shows it without")
        elif not self.tries.next():
            self._leave()
        self.show()

    def action_back(self) -> None:
        self._only_while("asking", "running", "told")
        self._leave()

    def _only_while(self, *states: str) -> None:
        if self.tries.state not in states:
            raise SkipAction

    def _answer(self, option: int | None) -> None:
        self.tries.answer(option)
        self.tell(self.Wanted(self.tries.play, self.tries.knob))

    def _leave(self) -> None:
        self.tries.close()
        self.tell(self.Wanted(self.tries.give_back))


def lines(tries: Tries, width: int, inks: Inks) -> Text:
    """What the strip says; each row of it at most `width` columns."""
    match tries.state:
        case "offered":
            rows = [_offer(tries, inks)]
        case "asking":
            rows = _question(tries, width, inks)
        case "running":
            rows = [_heading(tries, inks), *_wrapped(tries.current.question, width, "bold")]
            rows += _said(tries, width)
        case _:
            rows = _verdict(tries, width, inks)
    for row in rows:
        row.truncate(width, overflow="ellipsis")
    text = Text("\n").join(rows)
    text.no_wrap = True
    return text


def _offer(tries: Tries, inks: Inks) -> Text:
    count = f"try {tries.place + 1} of {len(tries.listed)}: "
    return Text.assemble(("t ", f"bold {inks['accent']}"), count, tries.current.question)


def _heading(tries: Tries, inks: Inks) -> Text:
    count = f"try {tries.place + 1} of {len(tries.listed)}  "
    setting = tries.current.setting
    usual = f"  instead of {tries.usual}"
    return Text.assemble((count, "dim"), (setting, f"bold {inks['accent']}"), (usual, "dim"))


def _question(tries: Tries, width: int, inks: Inks) -> list[Text]:
    each = tries.current
    rows = [_heading(tries, inks), *_wrapped(each.question, width, "bold")]
    for number, option in enumerate(each.options, 1):
        first, *more = textwrap.wrap(option, max(width - 3, 10)) or [""]
        rows.append(Text.assemble((f"{number}  ", f"bold {inks['accent']}"), first))
        rows += [Text(f"   {line}") for line in more]
    other = " · t another try" if len(tries.listed) > 1 else ""
    keys = f"1 to {len(each.options)} answers · s shows it without an answer{other} · esc leaves"
    return [*rows, Text(keys, "dim")]


def _said(tries: Tries, width: int) -> list[Text]:
    if tries.said is None:
        return []
    return _wrapped(f"You said: {tries.current.options[tries.said - 1]}", width, "")


def _verdict(tries: Tries, width: int, inks: Inks) -> list[Text]:
    verdict, each = tries.verdict, tries.current
    truth = each.options[verdict.right - 1]
    if verdict.said == verdict.right:
        head, ink = f"✓ Right: {truth}", "success"
    elif verdict.said is None:
        head, ink = f"So it is: {truth}", "accent"
    else:
        said = each.options[verdict.said - 1]
        head, ink = f"✗ You said: {said}. So it is: {truth}", "error"
    why = _wrapped(each.why, width, "")
    going = "leaves" if tries.last else "next try"
    keys = Text(f"enter {going} · t another try · esc back to the run before", "dim")
    rows = [_heading(tries, inks), *_wrapped(head, width, f"bold {inks[ink]}"), *why]
    room = max(ROWS - len(rows) - 1, 1)
    if verdict.ended not in ("done", "diverged"):
        rows.append(Text(f"The run {verdict.ended} before its end: nothing is measured.", "dim"))
    else:
        rows += [_measured(about, inks) for about in verdict.measured[:room]]
    return [*rows, keys]


def _measured(about: Measured, inks: Inks) -> Text:
    """`✗ 0.98 → 0.61, not > 0.92  the claim's sentence`."""
    now, before = about.now, about.before
    mark, ink, _ = standing(now, whole=True)
    numbers = short(now.value) if now.value is not None else "not measured"
    if before is not None and before.value is not None:
        numbers = f"{short(before.value)} → {numbers}"
    if now.value is not None:
        joint = "" if now.holds else "not "
        sign = "in " if isinstance(now.bound, tuple) else ""
        numbers += f", {joint}{sign}{bound(now.relation, now.bound)}"
    return Text.assemble((f"{mark} {numbers}  ", f"bold {inks[ink]}"), now.claim)


def _wrapped(text: str, width: int, style: str) -> list[Text]:
    return [Text(line, style) for line in textwrap.wrap(text, width) or [""]]
