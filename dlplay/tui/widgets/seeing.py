"""The line under the panels that says what to see."""

from __future__ import annotations

from rich.text import Text

from dlplay.tui.model.watching import Watched
from dlplay.tui.texts import Words
from dlplay.tui.widgets.grid import PanelGrid
from dlplay.tui.widgets.part import Part
from dlplay.tui.widgets.text import put
from dlplay.words.foreign import one_line

MOST = 3  # rows, for a caption that is longer than it should be


class Seeing(Words, Part):
    """The caption of the chosen panel; not there in a scene that has none."""

    def __init__(self, session: Watched, grid: PanelGrid) -> None:
        super().__init__(id="seeing")
        self.session = session
        self.grid = grid

    def show(self) -> None:
        captions = dict(self.session.card.panels)
        self.set_class(any(captions.values()), "-open")
        if not any(captions.values()):
            return
        chosen = self.grid.current
        name = chosen.panel if chosen is not None else next(iter(captions))
        self._keep_rows(captions)
        put(self, saying(name, captions.get(name, ""), self.inks["accent"]))

    def _keep_rows(self, captions: dict[str, str]) -> None:
        """As many rows as the longest caption needs: nothing moves when another is chosen."""
        width = max(self.app.size.width - 2, 1)  # known before the screen is laid out
        rows = max(
            len(saying(name, text).wrap(self.app.console, width)) for name, text in captions.items()
        )
        rows = min(rows, MOST)
        if self.styles.height is None or self.styles.height.value != rows:
            self.styles.height = rows


def saying(name: str, caption: str, ink: str = "") -> Text:
    """The name of a panel and what to see in it."""
    text = Text(one_line(name), f"bold {ink}")
    if caption:
        text.append(f": {one_line(caption)}", "not bold default")
    return text
