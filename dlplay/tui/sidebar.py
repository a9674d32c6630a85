"""The side of the stage: parameters with their values, claims with their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text
from textual import events as input_events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Static

from dlplay.author.claims import Claim
from dlplay.author.parameters import Choice, Float, Int, Parameter, Toggle
from dlplay.wire.events import ClaimResult
from dlplay.words.numbers import bound, short

Inks = Mapping[str, str]
STATES = {True: ("✓", "success", "holds"), False: ("✗", "error", "fails"), None: ("·", "muted", "")}
NOT_YET = ("…", "warning", "does not hold yet")
LEAST = 8  # columns of a claim's name that its numbers leave


def standing(result: ClaimResult, whole: bool) -> tuple[str, str, str]:
    """A claim's mark, ink and word; before a run's own end nothing has failed for good."""
    return NOT_YET if result.holds is False and not whole else STATES[result.holds]


def comparison(result: ClaimResult) -> str:
    """`4.1 > 2`, `0.95 in 0.9 to 1.1`; nothing where the value was not measured."""
    if result.value is None:
        return ""
    joint = " in " if isinstance(result.bound, tuple) else " "
    return f"{short(result.value)}{joint}{bound(result.relation, result.bound)}"


def put(widget: Static, text: Text) -> None:
    """Show a text: not at all if it is there already, and without laying out the whole screen
    anew unless its number of lines changes. Ten times a second, that is what keys wait for."""
    before = widget.content
    if isinstance(before, Text):
        if before == text and before.spans == text.spans and before.style == text.style:
            return
        same_height = len(before.plain.split("\n")) == len(text.plain.split("\n"))
        widget.update(text, layout=not (same_height and text.no_wrap))
    else:
        widget.update(text)


class Scroll(VerticalScroll, can_focus=False):
    """Scrolls, and takes no keys: the screen has them all."""


class ParameterList(Scroll):
    """One line a parameter: live mark, name, value; the chosen one with arrows."""

    class Picked(Message):
        """The user clicked a parameter's line; `side` is -1 or 1 on its arrows, else 0."""

        def __init__(self, place: int, side: int) -> None:
            super().__init__()
            self.place = place
            self.side = side

    def compose(self) -> ComposeResult:
        yield Static(id="parameter-lines")

    def show(
        self, parameters: list[Parameter[Any]], values: dict[str, Any], chosen: int, inks: Inks
    ) -> None:
        width = max(self.size.width - 1, 20)
        text = Text("\n").join(
            line(parameter, values[parameter.name], place == chosen, width, inks)
            for place, parameter in enumerate(parameters)
        )
        text.no_wrap = True
        put(self.query_one(Static), text)
        if chosen < self.scroll_offset.y or chosen >= self.scroll_offset.y + self.size.height:
            self.scroll_to(y=max(0, chosen - 1), animate=False)

    def on_click(self, event: input_events.Click) -> None:
        place = event.y + self.scroll_offset.y
        side = 0
        if event.x >= self.size.width - 4:
            side = 1
        elif event.x >= self.size.width // 2:
            side = -1
        self.post_message(self.Picked(int(place), side))


def line(parameter: Parameter[Any], value: Any, chosen: bool, width: int, inks: Inks) -> Text:
    shown = parameter.show(value)
    if parameter.unit:
        shown += f" {parameter.unit}"
    if parameter.kind == "text":
        shown = repr(value)
    changed = value != parameter.default
    left = f"{'▸' if chosen else ' '}{'•' if parameter.live else ' '} {parameter.name}"
    room = width - len(left) - 5
    if len(shown) > max(room, 6):
        kept = max(room, 6) - 1
        shown = f"…{shown[-kept:]}" if parameter.kind == "file" else f"{shown[:kept]}…"
    star = "*" if changed else " "
    right = f"‹ {shown} ›{star}" if chosen else f"  {shown}  {star}"
    pad = max(1, width - len(left) - len(right))
    text = Text(no_wrap=True, overflow="crop")
    text.append(left, "bold" if chosen else "")
    text.append(" " * pad)
    text.append(right, f"bold {inks['accent']}" if changed else ("bold" if chosen else ""))
    if chosen:
        text.stylize(f"on {inks['cursor']}")
    return text


def gauge(parameter: Parameter[Any], value: Any, width: int) -> str:
    """Where the value stands in its range: `──●─────`."""
    import math

    if isinstance(parameter, (Float, Int)):
        low, high, at = parameter.min, parameter.max, float(value)
        if parameter.log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        place = round((at - low) / (high - low) * (width - 1))
        return "─" * place + "●" + "─" * (width - 1 - place)
    return ""


def detail(parameter: Parameter[Any], value: Any, width: int, inks: Inks) -> Text:
    """About the chosen parameter: what it is, its range, its default, when a change applies."""
    text = Text()
    if parameter.help:
        text.append(parameter.help + "\n")
    if isinstance(parameter, (Float, Int)):
        low, high = parameter.show(parameter.min), parameter.show(parameter.max)  # type: ignore[arg-type]
        room = max(4, min(24, width - len(low) - len(high) - 2))
        text.append(f"{low} ", "dim")
        text.append(gauge(parameter, value, room), inks["accent"])
        text.append(f" {high}\n", "dim")
    elif isinstance(parameter, (Choice, Toggle)):
        options = parameter.options if isinstance(parameter, Choice) else ("off", "on")
        for place, option in enumerate(options):
            text.append(" · " if place else "", "dim")
            text.append(
                option, f"bold {inks['accent']}" if option == parameter.show(value) else "dim"
            )
        text.append("\n")
    when = "live" if parameter.live else "restarts the run"
    text.append(f"default {parameter.show(parameter.default)} · {when}", "dim")
    return text


class ClaimList(Scroll):
    """Every claim: holds or fails, its short name, measured value and bound."""

    class Opened(Message):
        """The user clicked the claims."""

    def compose(self) -> ComposeResult:
        yield Static(id="claim-lines")

    def show(
        self, claims: tuple[Claim, ...], results: list[ClaimResult], inks: Inks, whole: bool
    ) -> None:
        width = max(self.size.width - 1, 20)
        sentences = summary(claims, results, width, inks, whole, full=True)
        fits = sum(-(-len(row.plain) // width) for row in sentences.split("\n")) <= self.size.height
        text = sentences if fits else summary(claims, results, width, inks, whole, full=False)
        text.no_wrap = not fits
        put(self.query_one(Static), text)

    def on_click(self) -> None:
        self.post_message(self.Opened())


def summary(
    claims: tuple[Claim, ...],
    results: list[ClaimResult],
    width: int,
    inks: Inks,
    whole: bool,
    *,
    full: bool,
) -> Text:
    """The claims, one line each; or, `full`, each with its sentence."""
    known = {result.name: result for result in results}
    text = Text()
    for place, claim in enumerate(claims):
        result = known.get(claim.name) or ClaimResult(claim.name, claim.text)
        mark, ink, _ = standing(result, whole)
        text.append("\n" if place else "")
        text.append(f"{mark} ", f"bold {inks[ink]}")
        if full:
            text.append(claim.text)
            numbers = comparison(result) or claim.condition
            text.append(f"\n  {numbers}", inks[ink] if result.value is not None else "dim")
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
        text.append("This scene claims nothing.", "dim")
    return text


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
