"""What `dlplay list` and `dlplay show` print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlplay.course.files import shown
from dlplay.words.address import elsewhere, show_setting

if TYPE_CHECKING:
    from rich.console import Console

    from dlplay.cli.options import Session
    from dlplay.course.catalog import Chapter, SceneCard


def as_row(card: SceneCard, part: str = "") -> dict[str, Any]:
    """A scene in the JSON list; `part`: the title of the part of its chapter that it is in."""
    row: dict[str, Any] = {
        "id": card.id,
        "chapter": card.chapter,
        "part": part,
        "title": card.title,
        "covers": {section: list(names) for section, names in card.covers.items()},
        "path": shown(card.path),
    }
    return row | {"broken": card.broken} if card.broken else row


def as_object(card: SceneCard) -> dict[str, Any]:
    """A scene in full, for JSON."""
    return as_row(card) | {
        "lesson": card.lesson,
        "panels": list(card.panels),
        "captions": dict(card.panels) if card.is_page else {},
        "pace": card.pace or None,
        "quick": dict(card.quick),
        "parameters": [{"name": n, **p.schema()} for n, p in card.parameters.items()],
        "claims": [
            {"name": c.name, "claim": c.text, "condition": c.condition, "breaks": dict(c.breaks)}
            for c in card.claims
        ],
        "tries": [
            {
                "setting": each.setting,
                "question": each.question,
                "options": list(each.options),
                "right": each.right,
                "why": each.why,
                "breaks": list(each.breaks),
                "keeps": list(each.keeps),
            }
            for each in card.tries
        ],
    }


def lines(cards: list[SceneCard]) -> list[str]:
    """One line a scene: its id, its title, in two columns."""
    width = max((len(card.id) for card in cards), default=0)
    return [f"{card.id:<{width}}  {_broken(card) if card.broken else card.title}" for card in cards]


def print_chapters(
    console: Console, chapters: Sequence[Chapter], cards: list[SceneCard], session: Session
) -> None:
    """These scenes under the headings of their chapters."""
    from rich.table import Table
    from rich.text import Text

    width = max((len(card.id) for card in cards), default=0)
    shown = {card.id for card in cards}
    for place, chapter in enumerate(c for c in chapters if any(s.id in shown for s in c.scenes)):
        if place:
            console.print()
        console.print(Text(session.text(chapter.title), style="bold"), soft_wrap=True)
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(min_width=width + 2, no_wrap=True)
        table.add_column()
        part = ""
        for card in chapter.scenes:
            if card.id not in shown:
                continue
            if chapter.part_of(card.id) != part:
                part = chapter.part_of(card.id)
                table.add_row(Text(session.text(f"  {part}"), "italic"), Text(""))
            style = "red" if card.broken else ""
            words = _broken(card) if card.broken else card.title
            table.add_row(Text("  " + card.id, style), Text(session.text(words), style))
        console.print(table)


def _broken(card: SceneCard) -> str:
    return f"cannot be read: {card.broken.splitlines()[0]}"


def print_scene(
    console: Console, card: SceneCard, session: Session, *, answers: bool = False
) -> None:
    """The page, the sections, the panels, the parameters, the claims and the tries of a scene,
    with `answers` those of the tries."""
    from rich.text import Text

    from dlplay.draw.lesson import lesson

    ascii = session.plain(console.file)  # type: ignore[arg-type]
    console.print(Text(session.text(card.title), style="bold"))
    console.print(Text(f"{card.id}\n{shown(card.path)}", style="dim"), soft_wrap=True)
    console.print()
    console.print(lesson(card.lesson, ascii=ascii))
    if card.covers:
        _heading(console, "Sections")
        for section, names in card.covers.items():
            line = Text(session.text(f"  {section}"))
            line.append(session.text(f"  {', '.join(names)}"), style="dim")
            console.print(line)
    if card.is_page:
        _heading(console, "Panels")
        for name, caption in card.panels.items():
            console.print(
                Text.assemble(session.text(f"  {name}  "), (session.text(caption), "dim"))
            )
    if card.parameters:
        _heading(console, "Parameters")
        _print_parameters(console, card, session)
        if any(parameter.live for parameter in card.parameters.values()):
            live = "live: may be changed while it runs"
            console.print(Text(live, style="dim"))
    if card.claims:
        _heading(console, "Claims")
        _print_claims(console, card, session)
    if card.tries:
        _heading(console, "Tries")
        _print_tries(console, card, session, answers)
    console.print()
    named = session.text(f"{card.id}{elsewhere(card)}")
    console.print(Text(f"dlplay open {named}\ndlplay run {named}"), soft_wrap=True)


def _heading(console: Console, title: str) -> None:
    from rich.text import Text

    console.print()
    console.print(Text(title, style="bold"))


def _print_parameters(console: Console, card: SceneCard, session: Session) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name, options in {
        "name": {"no_wrap": True, "style": "cyan"},
        "default": {"no_wrap": True},
        "live": {"no_wrap": True},
        "takes": {"ratio": 2},
        "what it is": {"ratio": 3},
    }.items():
        table.add_column(name, **options)  # type: ignore[arg-type]
    for name, parameter in card.parameters.items():
        default = f"{parameter.show(parameter.default)} {parameter.unit}".strip()
        live = "live" if parameter.live else ""
        cells = (name, default, live, parameter.allowed, parameter.help)
        table.add_row(*(Text(session.text(cell)) for cell in cells))
    console.print(table)


def _print_claims(console: Console, card: SceneCard, session: Session) -> None:
    from rich.padding import Padding
    from rich.text import Text

    for claim in card.claims:
        console.print(Padding(Text(session.text(claim.text)), (0, 0, 0, 2)))
        if claim.condition:
            holds = Text(session.text(f"holds if {claim.condition}"), style="dim")
            console.print(Padding(holds, (0, 0, 0, 4)))
        if claim.breaks:
            words = " ".join(
                show_setting(card.parameters, name, value) for name, value in claim.breaks.items()
            )
            command = Text.assemble(("broken by ", "dim"), words)
            console.print(Padding(command, (0, 0, 0, 4)))


def _print_tries(console: Console, card: SceneCard, session: Session, answers: bool) -> None:
    from rich.padding import Padding
    from rich.text import Text

    for each in card.tries:
        console.print(Padding(Text(session.text(each.setting), "cyan"), (0, 0, 0, 2)))
        console.print(Padding(Text(session.text(each.question)), (0, 0, 0, 4)))
        for number, option in enumerate(each.options, 1):
            console.print(Padding(Text(session.text(f"{number}  {option}")), (0, 0, 0, 6)))
        if answers:
            why = f"→ {each.right}: {each.why}"
            console.print(Padding(Text(session.text(why), "dim"), (0, 0, 0, 4)))
