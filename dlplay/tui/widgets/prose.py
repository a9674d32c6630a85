"""The text of pages, made from a scene's card and its run."""

from __future__ import annotations

import ast

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


def source_part(source: str, dark: bool, first: int, last: int | None = None) -> RenderableType:
    """Some lines of a scene's file, highlighted; what is too long goes on in the next line."""
    lines = source.split("\n")[first - 1 : last]
    return Syntax(
        "\n".join(lines),
        "python",
        theme="monokai" if dark else "friendly",
        line_numbers=True,
        start_line=first,
        word_wrap=True,
        background_color="default",
    )


def class_line(source: str) -> int:
    """The line, counted from 1, at which the scene's class begins; 1 where there is none."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 1
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    scenes = [node for node in classes if any("Scene" in ast.unparse(base) for base in node.bases)]
    found = next(iter([*scenes, *classes]), None)
    if found is None:
        return 1
    return min([found.lineno, *(decorator.lineno for decorator in found.decorator_list)])
