"""The same panel of two runs, side by side, at the same step."""

from __future__ import annotations

from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from dlplay.draw import Curves
from dlplay.tui.model.pins import Pin, PinChoice, differences
from dlplay.tui.model.watching import Watched
from dlplay.tui.texts import title
from dlplay.tui.widgets.grid import PanelGrid
from dlplay.tui.widgets.panel import PanelView
from dlplay.tui.widgets.part import Part


class Beside(Container, Part):
    """The chosen panel of this run and of the chosen pinned one; under each other where that is
    wider than high. Its keys choose another pin."""

    class Emptied(Message):
        """There is no pinned run, or no panel."""

    def __init__(self, session: Watched, grid: PanelGrid, choice: PinChoice) -> None:
        super().__init__(id="beside")
        self.session = session
        self.grid = grid
        self.choice = choice

    def compose(self) -> ComposeResult:
        yield PanelView("")
        yield PanelView("")

    def on_resize(self) -> None:
        # A cell is twice as high as it is wide, and pictures and planes like squares.
        self.set_class(self.size.width < 2.2 * self.size.height * 1.3, "-stacked")

    def action_up(self) -> None:
        self._move(-1)

    def action_down(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        self.choice.move(by)
        self.show()

    def show(self) -> None:
        pin, view = self.choice.pin, self.grid.current
        if pin is None or view is None:
            self.post_message(self.Emptied())
        else:
            self._put((self.session.now, pin), view.panel, self.session.tick)

    def _put(self, runs: tuple[Pin, Pin], panel: str, at: int) -> None:
        """Show a panel of both runs as it was after `at` steps."""
        differing = differences(self.session.card, list(runs))
        contents = [run.history.panel(panel, min(at, run.history.tick)) for run in runs]
        for place, (view, run) in enumerate(zip(self.query(PanelView), runs, strict=True)):
            other, last = contents[1 - place], run.history.tick
            content = contents[place]
            if isinstance(content, Curves) and isinstance(other, Curves):
                content = replace(content, room=tuple(other.lines.values()))
            step = f"step {min(at, last)}" + (" (its last)" if at > last else "")
            name = "this run" if run.name == "now" and self.session.at is not None else run.name
            settings = [f"{name} {cells[place]}" for name, cells in differing]
            view.border_title = title(" · ".join([f"{name}: {panel}", step, *settings]))
            styles = self.session.history.styles
            drawn = tuple((each.history, each.history.versions.get(panel, 0)) for each in runs)
            version = drawn, at, panel, styles.moves
            view.put(content, self.look, version, styles.numbers)
