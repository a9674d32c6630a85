"""What the parts of the stage have in common."""

from __future__ import annotations

from typing import cast

from textual.message import Message
from textual.widget import Widget

from dlplay.draw import Look
from dlplay.tui.model.steering import Ask
from dlplay.tui.model.watching import Watched
from dlplay.tui.program import Program
from dlplay.tui.themes import inks
from dlplay.tui.widgets.text import Inks


class Noted(Message):
    """Something to say in the status line."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Asked(Message):
    """The user asks something of the run."""

    def __init__(self, what: Ask) -> None:
        super().__init__()
        self.what = what


class Part(Widget):
    """A part of the stage: it watches the session, has keys of its own, and tells what they ask.

    The methods `action_...` are its keys, by the table of actions. None of them needs the focus:
    the screen offers a key to its parts in turn, and one that has nothing to do with it just now
    raises SkipAction. What a key asks of the session is told to the screen, never done here.

    A part comes last among the bases of a class: the style is that of the first.
    """

    session: Watched

    def show(self) -> None:
        """Show what is new."""

    def tell(self, message: Message) -> None:
        """Give a message to the screen at once, so that messages stay in the order of the keys."""
        self.screen.post_message(message)

    def note(self, text: str) -> None:
        """Say in the status line what a key did."""
        self.tell(Noted(text))

    def ask(self, what: Ask) -> None:
        """Ask something of the run."""
        self.tell(Asked(what))

    @property
    def look(self) -> Look:
        """What the terminal can show, with the theme's background."""
        return self.program.look

    @property
    def program(self) -> Program:
        return cast(Program, self.app)

    @property
    def inks(self) -> Inks:
        """The theme's colours by meaning."""
        return inks(self.app)
