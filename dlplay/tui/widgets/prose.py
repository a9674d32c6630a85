"""The text of pages, made from a scene's card and its run."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.syntax import Syntax
from rich.text import Text

from dlplay.course.catalog import Chapter, SceneCard
from dlplay.draw.lesson import lesson
from dlplay.tui.model.progress import MEANINGS
from dlplay.tui.widgets.claims import comparison, standing
from dlplay.tui.widgets.text import Inks
from dlplay.wire.events import ClaimResult
from dlplay.words.address import show_settings


def scene_page(card: SceneCard, mark: str, inks: Inks, *, ascii: bool = False) -> RenderableType:
    """What the browser shows of a scene."""
    if card.broken:
        return Group(
            Text(card.title, "bold"),
            Text(f"\nThis file cannot be read:\n\n{card.broken}\n", inks["error"]),
            Text(str(card.path), "dim"),
        )
    parts: list[RenderableType] = [
        Text(card.title, f"bold {inks['accent']}"),
        Text(f"{card.id} · {MEANINGS[mark]}\n", "dim"),
        lesson(card.lesson, ascii=ascii),
        Text("\nParameters", f"bold {inks['accent']}"),
        parameter_lines(card),
        Text("\nClaims", f"bold {inks['accent']}"),
        claim_lines(card, [], inks),
    ]
    if card.covers:
        parts += [
            Text("\nSections of the course", f"bold {inks['accent']}"),
            Text("\n".join(f"  {section}" for section in card.covers)),
        ]
    return Group(*parts)


def chapter_page(chapter: Chapter, inks: Inks) -> RenderableType:
    """What the browser shows of a chapter."""
    titles = "\n".join(f"  {card.title}" for card in chapter.scenes)
    return Group(
        Text(f"{chapter.title}\n", f"bold {inks['accent']}"),
        lesson(chapter.introduction),
        Text("\nScenes", f"bold {inks['accent']}"),
        Text(titles),
    )


def parameter_lines(card: SceneCard) -> Text:
    text = Text()
    width = max((len(name) for name in card.parameters), default=0)
    for name, parameter in card.parameters.items():
        text.append(f"  {name.ljust(width)}  ", "bold")
        text.append(parameter.show(parameter.default))
        live = ", live" if parameter.live else ""
        text.append(f"  {parameter.allowed}{live}", "dim")
        text.append(f"\n  {' ' * width}  {parameter.help}\n" if parameter.help else "\n")
    text.rstrip()
    return text


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
