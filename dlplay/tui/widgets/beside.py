"""The same panel of two runs, side by side, at the same step."""

from __future__ import annotations

from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Container

from dlplay.course.catalog import SceneCard
from dlplay.draw import Curves, Look
from dlplay.tui.model.pins import Pin, differences
from dlplay.tui.widgets.panels import PanelView


class Beside(Container):
    """Two views of one panel; under each other where that is wider than high."""

    def compose(self) -> ComposeResult:
        yield PanelView("")
        yield PanelView("")

    def on_resize(self) -> None:
        # A cell is twice as high as it is wide, and pictures and planes like squares.
        self.set_class(self.size.width < 2.2 * self.size.height * 1.3, "-stacked")

    def show(self, card: SceneCard, runs: tuple[Pin, Pin], panel: str, look: Look, at: int) -> None:
        """Show a panel of both runs as it was after `at` steps."""
        differing = differences(card, list(runs))
        contents = [run.history.panel(panel, min(at, run.history.tick)) for run in runs]
        for place, (view, run) in enumerate(zip(self.query(PanelView), runs, strict=True)):
            other, last = contents[1 - place], run.history.tick
            content = contents[place]
            if isinstance(content, Curves) and isinstance(other, Curves):
                content = replace(content, room=tuple(other.lines.values()))
            step = f"step {min(at, last)}" + (" (its last)" if at > last else "")
            settings = [f"{name} {cells[place]}" for name, cells in differing]
            view.border_title = " · ".join([f"{run.name}: {panel}", step, *settings])
            view.put(content, look, (run.history.versions.get(panel, 0), at, panel))
