"""The names of all panels, where not all of them are seen."""

from __future__ import annotations

from rich.text import Text

from dlplay.tui.texts import Words
from dlplay.tui.widgets.pages import Pages
from dlplay.tui.widgets.part import Part
from dlplay.tui.widgets.text import put
from dlplay.words.foreign import one_line

SHORTEST = 3  # characters of a name


class Strip(Words, Part):
    """Names the panels, those that are seen in bold, the chosen one marked."""

    def __init__(self, pages: Pages) -> None:
        super().__init__(id="strip")
        self.pages = pages

    def show(self) -> None:
        grid = self.pages.grid
        seen = [view.display for view in grid.views]
        some = any(seen) and not all(seen)  # none: before they are laid out
        self.set_class(self.pages.page == "panels" and some, "-open")
        names = [one_line(view.panel) for view in grid.views]
        width = self.screen.size.width - 2
        text = Text(no_wrap=True, overflow="ellipsis")
        for number, name in enumerate(fitted(names, grid.chosen, width)):
            chosen = number == grid.chosen
            style = f"bold {self.inks['accent']}" if chosen else "bold" if seen[number] else "dim"
            text.append(("▸" if chosen else " ") + f"{number + 1} {name} ", style)
        put(self, text)


def fitted(names: list[str], chosen: int, width: int) -> list[str]:
    """The names, all but the chosen one shortened as far as they must be to fit."""
    room = width - sum(len(f" {n} ") + 1 for n in range(1, len(names) + 1))
    for most in range(max(map(len, names), default=0), SHORTEST - 1, -1):
        short = [
            name if len(name) <= most or number == chosen else name[: most - 1] + "…"
            for number, name in enumerate(names)
        ]
        if sum(map(len, short)) <= room:
            break
    else:
        return [name if number == chosen else "" for number, name in enumerate(names)]
    return short
