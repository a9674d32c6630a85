"""The text of pages, made from a scene's card and its run."""

from __future__ import annotations

from rich.console import RenderableType
from rich.syntax import Syntax
from rich.text import Text

from dlplay.course.catalog import SceneCard
from dlplay.tui.widgets.claims import comparison, standing
from dlplay.tui.widgets.text import Inks
from dlplay.wire.events import ClaimResult
from dlplay.words.address import show_settings


def claim_lines(
    card: SceneCard,
    results: list[ClaimResult],
    inks: Inks,
    chosen: int | None = None,
    whole: bool = False,
) -> Text:
    """Every claim in full: sentence, comparison, state, and what breaks it."""
    known = {result.name: result for result in results}
    text = Text()
    for place, claim in enumerate(card.claims):
        result = known.get(claim.name) or ClaimResult(claim.name, claim.text)
        mark, ink, word = standing(result, whole)
        pointer = "▸ " if place == chosen else "  "
        text.append(f"{pointer}{mark} ", f"bold {inks[ink]}")
        text.append(f"{claim.text}\n", "bold" if place == chosen else "")
        if result.value is not None:
            text.append(f"    measured {comparison(result)}: {word}\n", inks[ink])
        else:
            text.append(f"    {claim.condition}", "dim")
            text.append(f" · {result.reason}\n" if result.reason else "\n", "dim")
        if claim.breaks:
            text.append(f"    breaks at {' '.join(show_settings(card, claim.breaks))}\n", "dim")
        text.append("\n")
    text.rstrip()
    return text


def source_page(card: SceneCard, dark: bool) -> RenderableType:
    """The scene's own file, highlighted."""
    theme = "monokai" if dark else "friendly"
    return Syntax(card.source, "python", theme=theme, line_numbers=True, background_color="default")
