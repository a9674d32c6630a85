"""The parameters of a scene with their values."""

from __future__ import annotations

import math
from typing import Any

from rich.text import Text
from textual import events as input_events
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Static

from dlplay.author.parameters import Choice, Float, Int, Parameter, Toggle
from dlplay.tui.widgets.text import Inks, Scroll, put


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
        shown = shown[: max(room, 6) - 1] + "…"
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
