"""Recorded runs."""

from __future__ import annotations

from typing import Annotated

import typer

from dlplay.cli import options
from dlplay.cli.commands.base import command, start_interface
from dlplay.cli.group import WithFormats
from dlplay.cli.options import (
    Json,
    Session,
)


@command(short_help="List the recorded runs.")
def runs(
    here: Session,
    json: Json = False,
    pin: Annotated[
        str | None, typer.Option(metavar="N|FILE", help="Keep this run for good.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="TEXT", help="With --pin: call it so.")
    ] = None,
    unpin: Annotated[
        str | None, typer.Option(metavar="N|FILE", help="Let it go when its time has come.")
    ] = None,
    remove: Annotated[
        str | None, typer.Option(metavar="N|FILE", help="Delete it, pinned or not.")
    ] = None,
) -> None:
    """List the runs that the interface has recorded, newest first."""
    from dlplay.cli import recordings

    raise typer.Exit(recordings.run(here, json, pin, unpin, remove, name))


@command(short_help="Compare recorded runs of one scene.")
def compare(
    here: Session,
    runs: Annotated[list[str], typer.Argument(metavar="RUN", hidden=True)],
    measure: Annotated[
        str | None,
        typer.Option(
            "--measure", metavar="NAME", help="What to chart; unless given, the first claim's."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Compare recorded runs of one scene: what differs, and a measure with its spread over seeds.

    \b
    RUN  the number of a run in `dlplay runs`, a recording, or a scene for all of its recorded runs

    Runs that differ in their seeds alone are one group: a box, or a range of a few.
    """
    from dlplay.cli import comparing

    raise typer.Exit(comparing.run(here, runs, measure, json))


@command(short_help="See a recorded run again.")
def replay(
    here: Session,
    recording: Annotated[str, typer.Argument(metavar="FILE|N", hidden=True)],
) -> None:
    """Open a recorded run on the stage; in a pipe, print what it left. It needs no torch.

    \b
    FILE  a recording, such as `dlplay run --record` makes
    N     the id of a run, or its number in the list that `dlplay runs` printed last
    """
    from dlplay.cli import recordings

    info = recordings.chosen(recording)
    recordings.check(info)
    if not options.on_a_terminal():
        raise typer.Exit(recordings.show(here, info))
    raise typer.Exit(start_interface(here, what="A replay", replay=info.path))


@command(cls=WithFormats, short_help="Export a recorded run: a picture, data, a script, ...")
def export(
    here: Session,
    run: Annotated[str, typer.Argument(metavar="FILE|N", hidden=True)],
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="FORMAT", help="The format; see above."),
    ] = None,
    panel: Annotated[
        str | None,
        typer.Option("--panel", metavar="NAME", help="This panel alone, with the claims."),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            "--size",
            metavar="WxH",
            help="Cells of all panels together; 160x48 unless given. Title, claims and address come"
            " on top.",
        ),
    ] = None,
    seconds: Annotated[
        str | None,
        typer.Option(
            "--seconds", metavar="S", help="How long what moves (gif, cast) takes; gif rests then."
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", metavar="PATH|-", help="Where to; the recording's name unless given."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Let --out write over an existing file.")
    ] = False,
) -> None:
    """Export a recorded run.

    \b
    FILE  a recording, as `dlplay run ID --record FILE` makes it
    N     the id of a run, or its number in the list that `dlplay runs` printed last

    \b
    FORMATS
    """
    from dlplay.cli import exporting

    raise typer.Exit(
        exporting.run(here, run, to, panel=panel, size=size, seconds=seconds, out=out, force=force)
    )
