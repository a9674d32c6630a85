"""What opens over a screen: typing a value, choosing one, the help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from dlplay.author.files import taken
from dlplay.author.parameters.base import Parameter, ParameterError
from dlplay.author.parameters.file import File
from dlplay.tui.actions import EVERYWHERE, Action
from dlplay.tui.texts import Words, options, title
from dlplay.tui.widgets.text import Scroll

NO_FILES = "files are not read here, only what comes with dlplay"
SHOWN = 12  # of the names that what was typed may become


class ValueDialog(ModalScreen[Any]):
    """Type a parameter's value; a wrong one is told on the spot, and the dialog stays.

    A path is completed by tab, as far as the files that lie there leave no choice.
    """

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("tab", "complete", show=False, priority=True),
    ]

    def __init__(self, parameter: Parameter[Any], value: Any) -> None:
        super().__init__()
        self.parameter = parameter
        self.value = value

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = title(self.parameter.name)
            takes_file = isinstance(self.parameter, File)
            keys = f"enter sets · {'tab completes a path · ' * (takes_file and taken())}esc cancels"
            box.border_subtitle = title(keys)
            about = f"{self.parameter.help or self.parameter.name}\n{self.parameter.allowed}"
            yield Words(about + f"\n({NO_FILES})" * (takes_file and not taken()))
            yield Input(self.parameter.show(self.value), select_on_focus=True)
            yield Words(id="complaint")

    def action_complete(self) -> None:
        if not isinstance(self.parameter, File):
            return
        typed = self.query_one(Input)
        found = self.parameter.completions(typed.value)
        further = _shared(found)
        if len(further) > len(typed.value):
            typed.value = further
        typed.cursor_position = len(typed.value)
        nothing = "nothing here begins so" if taken() else NO_FILES
        told = "" if len(found) == 1 else nothing
        if len(found) > 1:
            names = [path[path.rstrip("/").rfind("/") + 1 :] for path in found]
            told = "  ".join(names[:SHOWN]) + f"  … {len(names)} in all" * (len(names) > SHOWN)
        self.query_one("#complaint", Static).update(Text(told))

    @on(Input.Submitted)
    def take(self, event: Input.Submitted) -> None:
        text = event.value if self.parameter.kind == "text" else event.value.strip()
        try:
            self.dismiss(self.parameter.parse(text))
        except ParameterError as error:
            self.query_one("#complaint", Static).update(Text(str(error), "bold"))


def _shared(words: list[str]) -> str:
    """What all of them begin with."""
    beginning = words[0] if words else ""
    while not all(word.startswith(beginning) for word in words):
        beginning = beginning[:-1]
    return beginning


async def ask_value(
    app: App[object], parameter: Parameter[Any], value: Any, take: Callable[[Any], None]
) -> None:
    """Have a value typed; `take` gets it, or None. What is typed next goes there at once."""
    dialog = ValueDialog(parameter, value)
    await app.push_screen(dialog, take)
    dialog.set_focus(dialog.query_one(Input))


class ChoiceDialog(ModalScreen[Any]):
    """Choose one of a parameter's options."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
    ]

    def __init__(self, name: str, options: list[str], value: str) -> None:
        super().__init__()
        self.parameter_name = name
        self.options = options
        self.value = value

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = title(self.parameter_name)
            box.border_subtitle = "enter chooses · ↑↓ another · esc cancels"
            yield options(self.options)

    def on_mount(self) -> None:
        choices = self.query_one(OptionList)
        choices.highlighted = self.options.index(self.value)
        choices.focus()

    def action_move(self, by: int) -> None:
        choices = self.query_one(OptionList)
        choices.action_cursor_down() if by > 0 else choices.action_cursor_up()

    @on(OptionList.OptionSelected)
    def take(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self.options[event.option_index])


class Help(ModalScreen[None]):
    """All keys of a screen, by group."""

    BINDINGS = [
        Binding("escape,q,question_mark,f1,enter", "dismiss", "Close"),
        Binding("down,j", "scroll(2)", show=False),
        Binding("up,k", "scroll(-2)", show=False),
        Binding("pagedown,space", "scroll(12)", show=False),
        Binding("pageup", "scroll(-12)", show=False),
    ]

    def __init__(self, heading: str, actions: tuple[Action, ...]) -> None:
        super().__init__()
        self.heading = heading
        self.actions = (*actions, *EVERYWHERE)

    def compose(self) -> ComposeResult:
        with Scroll(classes="dialog help") as box:
            box.border_title = title(self.heading)
            box.border_subtitle = "esc closes · ↓ scrolls"
            yield Words(self.table())

    def action_scroll(self, by: int) -> None:
        self.query_one(Scroll).scroll_relative(y=by, animate=False)

    def table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(justify="right", style="bold", no_wrap=True)
        table.add_column()
        group = ""
        for action in self.actions:
            if action.name.startswith("zoom_to(") and action.name != "zoom_to(1)":
                continue
            if action.group != group:
                table.add_row("", Text(f"\n{action.group}" if group else action.group, "bold"))
                group = action.group
            if action.name == "zoom_to(1)":
                table.add_row("1 to 9", "Zoom the panel of that number, and back")
            else:
                table.add_row(Text(action.written), Text(action.explained(self.app.is_web)))
        return table
