"""What the browser shows beside the tree: a scene, a chapter, a part of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from dlplay import draw
from dlplay.author.claims import Claim
from dlplay.course.catalog import Chapter, SceneCard
from dlplay.draw import Look
from dlplay.draw.lesson import lesson
from dlplay.tui.model.progress import MARKS, MEANINGS
from dlplay.tui.model.stills import Still
from dlplay.tui.widgets.shelf import PartOf
from dlplay.tui.widgets.text import Inks, hanging
from dlplay.words.address import show_settings

Mark = Callable[[str], str]  # of a scene's id: what is known of it
LEAST_ROWS = 6  # of a still


def scene_page(
    card: SceneCard,
    mark: str,
    inks: Inks,
    *,
    ascii: bool = False,
    picture: RenderableType | None = None,
) -> RenderableType:
    """What the browser shows of a scene. `picture`: what its last run left."""
    if card.broken:
        return Group(
            Text(card.title, "bold"),
            Text(f"\nThis file cannot be read:\n\n{card.broken}\n", inks["error"]),
            Text(str(card.path), "dim"),
        )
    first, rest = opening(card.lesson)
    parts: list[RenderableType] = [
        Text(card.title, f"bold {inks['accent']}"),
        Text(f"{card.id} · {MEANINGS[mark]}\n", "dim"),
    ]
    if first:
        parts.append(lesson(first, ascii=ascii))
    if picture is not None:
        parts.append(picture)
    if rest:
        parts += [Text(), lesson(rest, ascii=ascii)]
    captions = [(Text(name, "bold"), Text(said)) for name, said in card.panels.items()]
    sections = [(Text("·", "dim"), Text(section)) for section in card.covers]
    for title, rows in (
        ("Panels", captions if any(card.panels.values()) else []),
        ("Parameters", parameter_rows(card)),
        ("Claims", [(Text("·", "dim"), _claim(claim)) for claim in card.claims]),
        ("Questions, asked when the run is done", _questions(card)),
        ("Sections of the course", sections),
    ):
        if rows:
            parts += [Text(f"\n{title}", f"bold {inks['accent']}"), hanging(rows)]
    return Group(*parts)


def opening(markdown: str) -> tuple[str, str]:
    """The first paragraph of a lesson, and the rest; nothing and all where it begins otherwise."""
    first, _, rest = markdown.strip().partition("\n\n")
    begins_otherwise = first.startswith(("```", "~~~", "    ", "#")) or first.count("$$") % 2
    return ("", markdown) if begins_otherwise else (first, rest)


def parameter_rows(card: SceneCard) -> list[tuple[Text, Text]]:
    rows = []
    for name, parameter in card.parameters.items():
        live = ", live" if parameter.live else ""
        text = Text.assemble(
            parameter.show(parameter.default), (f"  {parameter.allowed}{live}", "dim")
        )
        rows.append((Text(name, "bold"), text.append(f"\n{parameter.help}" * bool(parameter.help))))
    return rows


def _claim(claim: Claim) -> Text:
    return Text(claim.text).append(f"\n{claim.condition}" * bool(claim.condition), "dim")


def _questions(card: SceneCard) -> list[tuple[Text, Text]]:
    """What the tries ask; the answers are for afterwards."""
    return [(Text("?", "dim"), Text(each.question)) for each in card.tries]


@dataclass(frozen=True)
class Picture:
    """A still in the width that there is, at most `rows` high, with what the run said."""

    card: SceneCard
    still: Still
    look: Look
    rows: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        still, width = self.still, options.max_width
        yield Text()
        if still.headline:
            yield Text(still.headline, "bold")
        if still.content is not None:
            natural = draw.natural_height(still.content, width, self.look)
            rows = max(min(natural, self.rows), LEAST_ROWS)
            yield draw.draw(still.content, width, rows, self.look)
            said = self.card.panels.get(still.panel, "")
            yield Text(f"{still.panel}: {said}" if said else still.panel, "italic")
        yield Text(" · ".join(self._facts()), "dim")

    def _facts(self) -> list[str]:
        still = self.still
        ended = "" if still.status == "done" else f", {still.status}"
        took = f" in {still.seconds:.1f} s" if still.seconds else ""
        return [
            f"last run: {still.steps} steps{took}{ended}",
            *show_settings(self.card, dict(still.differs)),
            *(["the scene has been changed since"] if still.changed else []),
        ]


def chapter_page(
    chapter: Chapter, parts: Sequence[PartOf], mark: Mark, inks: Inks, *, ascii: bool
) -> RenderableType:
    """What the browser shows of a chapter: its introduction, its pages, and what to open first."""
    pages: list[RenderableType] = []
    for part in parts:
        title = part.title or ("Scenes" if len(parts) == 1 else "Further scenes")
        pages += [Text(f"\n{title}", f"bold {inks['accent']}"), _titles(part.scenes, mark)]
    return Group(
        Text(f"{chapter.title}\n", f"bold {inks['accent']}"),
        *([lesson(chapter.introduction, ascii=ascii)] if chapter.introduction.strip() else []),
        *pages,
        _open_first(chapter.scenes, mark, inks),
    )


def part_page(part: PartOf, mark: Mark, inks: Inks) -> RenderableType:
    """What the browser shows of a part: its pages with the questions that they answer."""
    return Group(
        Text(part.title, f"bold {inks['accent']}"),
        Text(f"{part.chapter.title}\n", "dim"),
        _titles(part.scenes, mark),
        _open_first(part.scenes, mark, inks),
    )


def _titles(scenes: Sequence[SceneCard], mark: Mark) -> Table:
    return hanging([(Text(MARKS[mark(s.id)]), Text(s.title)) for s in scenes])


def _open_first(scenes: Sequence[SceneCard], mark: Mark, inks: Inks) -> Text:
    """Which scene to open: the first that was never run here."""
    sound = [card for card in scenes if not card.broken]
    fresh = next((card for card in sound if not mark(card.id)), None)
    if fresh is None:
        said = "You have run all of them." if sound else "None of them can be read."
        return Text(f"\n{said}", f"bold {inks['success' if sound else 'error']}")
    words = "Open first: " if fresh is sound[0] else "Open next: "
    return Text.assemble("\n", (words, f"bold {inks['accent']}"), (fresh.title, "bold"))
