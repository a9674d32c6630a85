"""What the browser and the stage share: fitting the terminal, help, actions by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, cast

from textual import events as input_events
from textual.app import SystemCommand
from textual.binding import ActiveBinding
from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Static

from dlplay.tui.actions import KEY_NAMES, NO_EDITOR, Action
from dlplay.tui.editing import edit
from dlplay.tui.program import Program
from dlplay.tui.texts import command
from dlplay.tui.widgets.dialogs import Help

SMALLEST = (60, 16)
NOTE_SECONDS = 3.0  # for which a screen says what a key did


class FullScreen(Screen[None]):
    """A screen whose actions come from a table."""

    ACTIONS: ClassVar[tuple[Action, ...]] = ()
    WIDTHS: ClassVar[dict[str, int]] = {}  # class of the screen -> from this width on
    HEADING = ""

    @property
    def dlplay(self) -> Program:
        return cast(Program, self.app)

    def on_compose(self) -> None:
        # The size is known before anything is laid out, and told only after that.
        self._suit(self.app.size)

    def on_resize(self, event: input_events.Resize) -> None:
        self._suit(event.size)

    def _suit(self, size: Size) -> None:
        width, height = size
        small = width < SMALLEST[0] or height < SMALLEST[1]
        self.set_class(small, "-small")
        for message in self.query(".too-small").results(Static) if small else ():
            message.update(_too_small(width, height, self.app.is_web))
        for name, least in self.WIDTHS.items():
            self.set_class(width >= least, name)
        self.fit(width, height)

    def fit(self, width: int, height: int) -> None:
        """Lay out for this size; for the subclass."""

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """What the footer is made of: nothing while a dialog lies over it, which says its own
        keys."""
        found = super().active_bindings
        return self.footed(found) if self.is_active else only(found, {})

    def footed(self, found: dict[str, ActiveBinding]) -> dict[str, ActiveBinding]:
        """The bindings, with those in the footer that matter now; for the subclass."""
        return found

    def on_screen_suspend(self) -> None:
        self.call_after_refresh(self.refresh_bindings)

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self.refresh_bindings)

    def repaint(self) -> None:
        """Draw anew what is seen: colours have changed; for the subclass."""
        raise NotImplementedError

    def note(self, text: str) -> None:
        """Say what a key did, where it covers nothing; for the subclass."""
        raise NotImplementedError

    def action_help(self) -> None:
        self.app.push_screen(Help(self.HEADING, self.offered))

    @property
    def offered(self) -> tuple[Action, ...]:
        """The actions that there are, as things stand."""
        return self.ACTIONS

    def commands(self) -> Iterable[SystemCommand]:
        """The actions of this screen for the command palette."""
        for action in self.offered:
            run = self._runner(action.name)
            explained = action.explained(self.app.is_web)
            yield command(action.label, f"{explained} ({action.written})", run)

    def _runner(self, name: str) -> Any:
        async def run() -> None:
            await self.action_do(name)

        return run

    async def action_do(self, name: str) -> None:
        """Do what an action of the table says."""
        await self.run_action(name)

    @property
    def no_editor(self) -> bool:
        """Whether there is none, as in a browser; it is said."""
        if self.app.is_web:
            self.note(NO_EDITOR)
        return self.app.is_web

    def edit_file(self, path: Path, line: int = 0) -> None:
        """Open a file in the user's editor, at this line if one is given; tell what went wrong."""
        trouble = edit(self.app, path, line)
        if trouble:
            self.notify(trouble, title="The editor", severity="error", markup=False)


def only(found: dict[str, ActiveBinding], labels: Mapping[str, str]) -> dict[str, ActiveBinding]:
    """The bindings with none in the footer but those of these actions, called so there."""
    return {
        key: active._replace(
            binding=replace(
                active.binding,
                show=active.binding.action in labels,
                key_display=active.binding.key_display or KEY_NAMES.get(key),
                description=labels.get(active.binding.action, active.binding.description),
            )
        )
        for key, active in found.items()
    }


def _too_small(width: int, height: int, in_a_browser: bool) -> str:
    """What is said where there is no room for more."""
    least = f"{SMALLEST[0]} x {SMALLEST[1]}"
    if in_a_browser:
        return (
            f"{width} x {height} letters are too few:\n"
            f"dlplay needs {least}.\n\n"
            "Make the window larger, or\nthe letters smaller, with\n?fontsize=6 in the address."
        )
    return (
        f"{width} x {height} is too small a terminal:\n"
        f"dlplay needs {least}, and likes 80 x 24 or more."
    )
