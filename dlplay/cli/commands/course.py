"""The course and this copy of it: how far one is, what comes next, a page of one's own."""

from __future__ import annotations

from typing import Annotated

import typer

from dlplay.cli.commands.base import command, start_interface
from dlplay.cli.options import (
    Json,
    Session,
)


@command(short_help="How far you are: pages seen, tries answered.")
def progress(
    here: Session,
    json: Json = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Begin anew; what was known is set aside.")
    ] = False,
) -> None:
    """Show by chapter how many pages were run here, how many tries were answered, how many of
    them right at first, how many claims were broken by settings of one's own, and in how few
    attempts those that were broken in the stage's game (its key b).

    It is kept in the user's data directory, and never leaves the machine.
    """
    from dlplay.cli import learnt

    raise typer.Exit(learnt.run(here, json, reset))


@command("next", short_help="Open the first page not yet seen to its end.")
def next_(here: Session) -> None:
    """Open the first page of the course that was not yet seen to its end here, and start it.

    Seen is what ran to its end in the interface; `dlplay run` makes no progress.
    """
    from dlplay.cli import learnt

    card = learnt.following(here)
    if card is not None:
        raise typer.Exit(start_interface(here, what=f"The next page, {card.id},", scene_id=card.id))


@command(common=("scenes",), short_help="Write a scene of your own that runs as it is.")
def new(
    here: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", hidden=True)],
) -> None:
    """Write a commented scene into your own scene folder, or into --scenes; it runs as it is.

    NAME is scene or chapter/scene, in kebab-case; the chapter is `mine` unless given.
    """
    from dlplay.cli import creating

    creating.run(here, name)


@command(short_help="Look for what could keep dlplay from working here.")
def doctor(
    here: Session,
    json: Json = False,
) -> None:
    """Look for what could keep dlplay from working here; exit with 1 if there is something."""
    from dlplay.cli import examining

    raise typer.Exit(examining.run(here, json))
