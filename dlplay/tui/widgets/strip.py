"""The names of all panels, where not all of them are seen."""

from __future__ import annotations

from rich.text import Text

from dlplay.tui.texts import Words
from dlplay.tui.widgets.pages import Pages
from dlplay.tui.widgets.part import Part
from dlplay.tui.widgets.text import put
from dlplay.words.foreign import one_line

SHORTEST = 5  # characters of a name, where all are named
LONGEST = 14  # of those beside the chosen one, where not all are


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
        first, shown = fitted(names, grid.chosen, width)
        text.append("…" * (first > 0), "dim")
        for number, name in enumerate(shown, first):
            chosen = number == grid.chosen
            style = f"bold {self.inks['accent']}" if chosen else "bold" if seen[number] else "dim"
            text.append(("▸" if chosen else " ") + f"{number + 1} {name} ", style)
        text.append("…" * (first + len(shown) < len(names)), "dim")
        put(self, text)


def fitted(names: list[str], chosen: int, width: int) -> tuple[int, list[str]]:
    """The names, all but the chosen one shortened as far as they must be to fit; where that leaves
    too little of them, those about the chosen one. With the place of the first of them."""
    longest = max(map(len, names), default=0)
    for most in range(longest, min(SHORTEST, longest) - 1, -1):
        short = _shortened(names, chosen, most)
        if sum(_widths(short)) <= width:
            return 0, short
    short = _shortened(names, chosen, LONGEST)
    widths = _widths(short)
    first, end = chosen, chosen + 1
    while True:  # one on this side, one on that, as there is room beside the signs for the rest
        grown = [(first, end + 1)] * (end < len(names)) + [(first - 1, end)] * (first > 0)
        fitting = [(a, b) for a, b in grown if sum(widths[a:b]) + 2 <= width]
        if not fitting:
            return first, short[first:end]
        first, end = min(fitting, key=lambda each: abs(each[0] + each[1] - 1 - 2 * chosen))


def _shortened(names: list[str], chosen: int, most: int) -> list[str]:
    return [
        name if len(name) <= most or number == chosen else name[: most - 1] + "…"
        for number, name in enumerate(names)
    ]


def _widths(names: list[str]) -> list[int]:
    return [len(f" {number} {name} ") for number, name in enumerate(names, 1)]
