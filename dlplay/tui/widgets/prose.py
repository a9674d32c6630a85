"""The text of pages, made from a scene's card and its run."""

from __future__ import annotations

import ast

from rich.console import RenderableType
from rich.syntax import Syntax
from rich.text import Text

from dlplay.author.claims import Claim
from dlplay.course.catalog import SceneCard
from dlplay.tui.widgets.claims import comparison, standing
from dlplay.tui.widgets.text import Inks, hanging
from dlplay.wire.events import ClaimResult


def claim_lines(
    card: SceneCard,
    results: list[ClaimResult],
    inks: Inks,
    chosen: int | None = None,
    whole: bool = False,
) -> RenderableType:
    """Every claim in full: sentence, comparison, state."""
    known = {result.name: result for result in results}
    rows = []
    for place, claim in enumerate(card.claims):
        result = known.get(claim.name) or ClaimResult(claim.name, claim.text)
        mark, ink, word = standing(result, whole)
        pointer = "▸ " if place == chosen else "  "
        lines = [
            Text(claim.text, "bold" if place == chosen else ""),
            _measured(claim, result, word, inks[ink]),
        ]
        if place:
            rows.append((Text(), Text()))
        rows.append((Text(f"{pointer}{mark}", f"bold {inks[ink]}"), Text("\n").join(lines)))
    return hanging(rows, indent=0) if rows else Text()


def _measured(claim: Claim, result: ClaimResult, word: str, ink: str) -> Text:
    if result.value is not None:
        return Text(f"measured {comparison(result)}: {word}", ink)
    return Text(claim.condition + (f" · {result.reason}" if result.reason else ""), "dim")


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
