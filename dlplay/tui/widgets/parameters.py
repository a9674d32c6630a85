"""The parameters of a scene with their values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text
from textual import events as input_events
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Static

from dlplay.author.parameters.base import Parameter
from dlplay.author.parameters.numbers import Float, Int
from dlplay.author.parameters.words import Choice, Toggle
from dlplay.tui.model.watching import Watched
from dlplay.tui.texts import Words, title
from dlplay.tui.widgets.changes import OnChange
from dlplay.tui.widgets.dialogs import ChoiceDialog, ask_value
from dlplay.tui.widgets.part import Part
from dlplay.tui.widgets.text import Inks, Scroll, put


class ParameterList(Scroll, Part):
    """One line a parameter: live mark, name, value; the chosen one with arrows. Its keys choose,
    turn, type."""

    class Turned(Message):
        """The user turns a parameter so many steps, or `big` ones."""

        def __init__(self, name: str, steps: int, big: bool) -> None:
            super().__init__()
            self.name = name
            self.steps = steps
            self.big = big

    class Given(Message):
        """The user gives a parameter a value."""

        def __init__(self, name: str, value: Any) -> None:
            super().__init__()
            self.name = name
            self.value = value

    def __init__(self, session: Watched, about: Static) -> None:
        """`about`: where it tells of the chosen parameter."""
        super().__init__(id="parameters")
        self.border_title = "parameters  • live"
        self.session = session
        self.about = about
        self.chosen = 0
        self._painted = OnChange(self.paint)

    def compose(self) -> ComposeResult:
        yield Words(id="parameter-lines")

    @property
    def listed(self) -> list[Parameter[Any]]:
        return list(self.session.card.parameters.values())

    @property
    def parameter(self) -> Parameter[Any] | None:
        """The chosen one."""
        listed = self.listed
        return listed[min(self.chosen, len(listed) - 1)] if listed else None

    def choose(self, name: str) -> None:
        """Choose the parameter of this name, if there is one."""
        names = [parameter.name for parameter in self.listed]
        if name in names:
            self.chosen = names.index(name)

    # What is seen

    def show(self) -> None:
        session = self.session
        sizes = self.size, self.about.size
        self._painted.see(
            *(session.card, session.shown, session.veiled, session.at),
            *(self.chosen, sizes, self.app.theme),
        )

    def on_resize(self) -> None:
        self.show()

    def paint(self) -> None:
        at, values, colours = self.session.at, self.session.shown, self.inks
        heading = f"parameters at step {at}" if at is not None else "parameters  • live"
        if self.border_title != heading:
            self.border_title = title(heading)
        width = max(self.size.width - 1, 20)
        if self.session.veiled:
            text = Text("\n").join(hidden(parameter, width) for parameter in self.listed)
        else:
            text = Text("\n").join(
                line(parameter, values[parameter.name], place == self.chosen, width, colours)
                for place, parameter in enumerate(self.listed)
            )
        text.no_wrap = True
        put(self.query_one(Static), text)
        self._keep_in_sight()
        parameter = self.parameter
        if self.session.veiled:
            put(self.about, Text("What they are is the riddle.", "dim"))
        elif parameter is not None:
            width = max(self.about.size.width - 2, 20)
            put(self.about, detail(parameter, values[parameter.name], width, colours))

    def _keep_in_sight(self) -> None:
        top, height = self.scroll_offset.y, self.size.height
        if not top <= self.chosen < top + height:
            self.scroll_to(y=max(0, self.chosen - 1), animate=False)

    # What the keys do

    def action_up(self) -> None:
        self._move(-1)

    def action_down(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        if self.listed:
            self.chosen = (self.chosen + by) % len(self.listed)
            self.show()

    def action_less(self) -> None:
        self._turn(-1)

    def action_more(self) -> None:
        self._turn(1)

    def action_much_less(self) -> None:
        self._turn(-1, big=True)

    def action_much_more(self) -> None:
        self._turn(1, big=True)

    def _turn(self, steps: int, big: bool = False) -> None:
        parameter = self.parameter
        if parameter is None:
            program = self.session.card.command
            self.note("no knob was asked for" if program else "this scene has no parameters")
        elif parameter.kind == "text":
            self.note("enter types a text")
        else:
            self.tell(self.Turned(parameter.name, steps, big))

    async def action_type(self) -> None:
        """Type the chosen parameter's value, or choose it."""
        parameter = self.parameter
        if parameter is None:
            return
        value = self.session.shown[parameter.name]

        def take(given: Any) -> None:
            if given is not None:
                self.tell(self.Given(parameter.name, given))

        if isinstance(parameter, Choice):
            options = list(parameter.options)
            await self.app.push_screen(ChoiceDialog(parameter.name, options, value), take)
        elif isinstance(parameter, Toggle):
            take(not value)
        else:
            await ask_value(self.app, parameter, value, take)

    def action_default(self) -> None:
        if self.parameter is not None:
            self.tell(self.Given(self.parameter.name, self.parameter.default))

    def action_defaults(self) -> None:
        self.ask("defaults")

    def on_click(self, event: input_events.Click) -> None:
        """Choose a parameter; on the arrows of the chosen one, turn it."""
        place = int(event.y + self.scroll_offset.y)
        if place >= len(self.listed):
            return
        arrow = 0
        if event.x >= self.size.width - 4:
            arrow = 1
        elif event.x >= self.size.width // 2:
            arrow = -1
        if place == self.chosen and arrow:
            self._turn(arrow)
        self.chosen = place
        self.show()


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


def hidden(parameter: Parameter[Any], width: int) -> Text:
    """A parameter whose value is not to be seen."""
    left = f"   {parameter.name}"
    return Text.assemble(left, " " * max(1, width - len(left) - 4), ("?", "bold"))


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
        chosen = parameter.show(value)
        for option, sign in zip(options, between(options, width), strict=True):
            text.append(sign, "dim")
            text.append(option, f"bold {inks['accent']}" if option == chosen else "dim")
        text.append("\n")
    when = "live" if parameter.live else "restarts the run"
    text.append(f"default {parameter.show(parameter.default)} · {when}", "dim")
    return text


def between(options: Sequence[str], width: int) -> list[str]:
    """What stands before each of the options: no line ends within one."""
    signs, column = [""], cell_len(options[0])
    for option in options[1:]:
        further = cell_len(option)
        fits = column + 3 + further + 2 <= width  # the sign of the next one, too
        signs.append(" · " if fits else " ·\n")
        column = column + 3 + further if fits else further
    return signs
