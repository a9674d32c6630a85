"""One scene: the stage, what it declares, a run without the interface, its script."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dlplay.cli.commands.base import command, start_interface
from dlplay.cli.exits import complain
from dlplay.cli.options import (
    Device,
    Json,
    Sabotage,
    SceneId,
    Seed,
    Session,
    Settings,
    checked_device,
    checked_sabotage,
    chosen_seed,
    complete_chapter,
)
from dlplay.cli.streams import print_json


@command("open")
def open_(
    here: Session,
    id: SceneId,
    settings: Settings = None,
    seed: Seed = None,
    device: Device = "auto",
) -> None:
    """Open a scene in the interface and start it with these settings.

    \b
    ID          the scene, as `dlplay list` has it, or its file
    NAME=VALUE  parameters that differ from its defaults; `dlplay show ID` lists them
    """
    from dlplay.words.address import parse_words

    card = here.catalog().find(id)
    given = parse_words(card, settings or [])
    raise typer.Exit(
        start_interface(
            here,
            what="A scene's stage",
            scene_id=id,
            settings=given.settings,
            seed=chosen_seed(seed, given.seed),
            device=checked_device(device),
            tweaks=given.tweaks,
            start=True,
        )
    )


@command("list", short_help="List the chapters and their scenes.")
def list_(
    here: Session,
    chapters: Annotated[
        list[str] | None,
        typer.Argument(metavar="CHAPTER", hidden=True, autocompletion=complete_chapter),
    ] = None,
    json: Json = False,
) -> None:
    """List the chapters and their scenes, or those of the chapters named."""
    from dlplay.cli import listing
    from dlplay.course.catalog import is_file

    catalog = here.catalog()
    cards = catalog.select(chapters or [])
    if json:
        parts = {id: part for c in catalog.chapters for part, ids in c.parts.items() for id in ids}
        print_json([listing.as_row(card, parts.get(card.id, "")) for card in cards])
    elif sys.stdout.isatty() and not any(map(is_file, chapters or [])):
        listing.print_chapters(here.console(), catalog.chapters, cards, here)
    else:
        for line in listing.lines(cards):
            typer.echo(here.text(line))
    for notice in catalog.notices:
        complain(notice.text)


@command()
def show(
    here: Session,
    id: SceneId,
    json: Json = False,
    answers: Annotated[
        bool, typer.Option("--answers", help="Tell the answers of the tries too.")
    ] = False,
) -> None:
    """Show a scene's page, sections, panels, parameters, claims and tries."""
    from dlplay.cli import listing
    from dlplay.course.catalog import BrokenScene

    card = here.catalog().find(id)
    if json:
        print_json(listing.as_object(card))
    elif not card.broken:
        listing.print_scene(here.console(), card, here, answers=answers)
    if card.broken:
        raise BrokenScene(f"{card.id} cannot be read: {card.broken}")


@command(short_help="Run a scene without the interface.")
def run(
    here: Session,
    id: SceneId,
    settings: Settings = None,
    seed: Seed = None,
    device: Device = "auto",
    json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Print events as JSON Lines instead; the last line is the summary. Numbers that "
            "are not finite are null.",
        ),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 3 unless every claim was measured and holds.")
    ] = False,
    record: Annotated[
        str | None,
        typer.Option(
            "--record", metavar="FILE", help="Record every event in this file, which must be new."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Let --record write over an existing file.")
    ] = False,
    no_looks: Annotated[
        bool,
        typer.Option(
            "--no-looks", help="Skip what only draws and looks; the numbers are the same."
        ),
    ] = False,
    sabotage: Sabotage = None,
) -> None:
    """Run a scene without the interface and print its panels, claims and measures.

    \b
    ID               the scene, as `dlplay list` has it, or its file
    NAME=VALUE       parameters that differ from its defaults; `dlplay show ID` lists them
    NAME@STEP=VALUE  a live parameter's new value once so many steps were made

    How long it runs is a parameter of the scene. Ctrl-C stops it at its next step and prints
    what there is; a second Ctrl-C ends it at once.
    """
    from dlplay.cli import running
    from dlplay.words.address import Words, parse_words

    card = here.catalog().find(id)
    given = Words() if card.broken else parse_words(card, settings or [])
    raise typer.Exit(
        running.run(
            here,
            card,
            given.settings,
            seed=chosen_seed(seed, given.seed) or 0,
            device=checked_device(device),
            json=json,
            check=check,
            record=Path(record) if record is not None else None,
            force=force,
            tweaks=given.tweaks,
            looks=not no_looks,
            sabotage=checked_sabotage(sabotage),
        )
    )


@command(common=("scenes",), short_help="Write a scene as one plain torch file, without dlplay.")
def script(
    here: Session,
    id: SceneId,
    settings: Settings = None,
    seed: Seed = None,
    device: Device = "auto",
    out: Annotated[
        str | None,
        typer.Option("--out", "-o", metavar="FILE", help="Where to; standard output unless given."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Let --out write over an existing file.")
    ] = False,
) -> None:
    """Write a scene as one plain torch file, without dlplay, that prints the same measures.

    \b
    ID               the scene, as `dlplay list` has it, or its file
    NAME=VALUE       parameters that differ from its defaults; `dlplay show ID` lists them
    NAME@STEP=VALUE  a live parameter's new value once so many steps were made

    It needs torch and numpy. `dlplay export FILE|N --to script` does the same for a recorded run.
    """
    from dlplay.cli import scripting
    from dlplay.course.catalog import BrokenScene
    from dlplay.words.address import parse_words

    card = here.catalog().find(id)
    if card.broken:
        raise BrokenScene(f"{card.id} cannot be read: {card.broken}")
    words = parse_words(card, settings or [])
    where, number = checked_device(device), chosen_seed(seed, words.seed) or 0
    raise typer.Exit(scripting.run(card, words, seed=number, device=where, out=out, force=force))
