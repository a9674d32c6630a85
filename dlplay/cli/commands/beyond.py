"""Beyond the scenes: a program of one's own, the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlplay.cli import options
from dlplay.cli.commands.base import command, start_interface
from dlplay.cli.group import Rest
from dlplay.cli.options import (
    Session,
    Settings,
    complete_scene,
    whole_number,
)


@command(cls=Rest, short_help="Watch a training program of your own.")
def watch(
    here: Session,
    words: Annotated[list[str] | None, typer.Argument(metavar="COMMAND", hidden=True)] = None,
    record: Annotated[
        str | None,
        typer.Option(
            "--record", metavar="FILE", help="Without the interface: record it in this new file."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Let --record write over an existing file.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Without the interface: events as JSON Lines.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 3 unless every claim was measured and holds.")
    ] = False,
) -> None:
    """Run a training program that draws with `from dlplay import stage`, and watch it.

    \b
    NAME=VALUE       what its knobs are to be
    NAME@STEP=VALUE  a knob's new value once so many steps were made
    -- COMMAND       what runs the program, as in: python train.py --epochs 3

    In the interface it is paused, stepped, stopped, turned, travelled in time, pinned and exported
    as a scene is. With --record, --json or --check, or without a terminal, it is run without the
    interface, what it prints goes to standard error, and what it drew is printed at the end.
    """
    from dlplay.cli import watching

    order = watching.order_of(words or [], watching.surroundings())
    if record is None and not json and not check and options.on_a_terminal():
        raise typer.Exit(start_interface(here, what="A program's stage", own=order))
    path = Path(record) if record is not None else None
    raise typer.Exit(watching.run(here, order, json=json, check=check, record=path, force=force))


@command(short_help="Show dlplay in web browsers.")
def serve(
    here: Session,
    id: Annotated[
        str | None, typer.Argument(metavar="[ID]", hidden=True, autocompletion=complete_scene)
    ] = None,
    settings: Settings = None,
    port: Annotated[
        str | None, typer.Option("--port", metavar="N", help="8000 unless given; 0: a free one.")
    ] = None,
    host: Annotated[
        str,
        typer.Option("--host", metavar="H", help="The address that is served, or its name."),
    ] = "127.0.0.1",
    most: Annotated[
        str | None,
        typer.Option("--most", metavar="N", help="Visitors at once; two a core unless given."),
    ] = None,
    files: Annotated[
        bool,
        typer.Option("--files", help="Let visitors name files of this machine as data."),
    ] = False,
) -> None:
    """Show dlplay in web browsers, to each visitor a program of its own.

    \b
    ID          the scene that is opened first; the browser of scenes unless given
    NAME=VALUE  parameters of it that differ from its defaults, and seed=N

    Only this machine's browsers reach it, unless --host is another of its addresses (0.0.0.0: all
    of them): then whoever reaches the port runs scenes here, without a password. What a visitor
    did is kept in a folder of this visit, and goes when the page is closed: pictures, exports and
    scripts are downloaded. There is no editor. It needs `pip install 'dlplay[web]'`.
    """
    from dlplay.cli import serving

    raise typer.Exit(
        serving.run(
            here,
            id,
            settings or [],
            host=host,
            port=serving.checked_port(port),
            most=whole_number("--most", most, 0),
            files=files,
        )
    )
