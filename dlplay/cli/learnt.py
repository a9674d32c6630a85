"""`dlplay progress` and `dlplay next`: how far the student is, and where to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from dlplay.cli.exits import Exit, complain
from dlplay.cli.streams import print_json
from dlplay.course.progress import Progress
from dlplay.course.reached import Reached, next_scene, reached
from dlplay.words.numbers import attempts

if TYPE_CHECKING:
    from dlplay.cli.options import Session
    from dlplay.course.catalog import SceneCard


def run(session: Session, json: bool, reset: bool) -> Exit:
    """Print how far the student is by chapter; with `reset`, begin anew."""
    progress = Progress()
    if reset:
        return _reset(session, progress)
    chapters = list(reached(session.catalog(), progress))
    if json:
        print_json({"chapters": chapters})
    else:
        _print(session, chapters)
    return Exit.DONE


def following(session: Session) -> SceneCard | None:
    """The scene to go on with; None, and a word about it, where all were run."""
    card = next_scene(session.catalog(), Progress())
    if card is None:
        typer.echo("Every page was seen to its end here. `dlplay progress` shows the rest.")
    return card


def _reset(session: Session, progress: Progress) -> Exit:
    from dlplay.course.files import shown

    try:
        aside = progress.reset()
    except OSError as error:
        complain(f"{shown(progress.path)} cannot be set aside: {error.strerror}")
        return Exit.FAILED
    where = f"what was known is in {shown(aside)}" if aside else "nothing was known"
    typer.echo(session.text(f"progress begins anew; {where}"))
    return Exit.DONE


def _print(session: Session, chapters: list[Reached]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("chapter", overflow="fold")
    for name in ("seen", "tries answered", "right at first", "broken", "in the game"):
        table.add_column(name, justify="right")
    for each in chapters:
        table.add_row(*(Text(session.text(cell)) for cell in _row(each)))
    session.console().print(table)


def _row(each: Reached) -> tuple[str, ...]:
    tries = f"{each.answered} of {each.tries}" if each.tries else ""
    right = f"{each.right} of {each.answered}" if each.answered else ""
    played = f"{each.games} in {attempts(each.attempts)}" if each.games else ""
    return each.title, f"{each.seen} of {each.pages}", tries, right, str(each.broken or ""), played
