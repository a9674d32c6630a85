"""The commands, their options and their help."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from dlplay.cli import options
from dlplay.cli.exits import HELP, Mistake, complain, tidy_end
from dlplay.cli.group import Command, Commands, Rest, WithFormats
from dlplay.cli.options import (
    COMMON,
    Ascii,
    At,
    Charts,
    Color,
    Device,
    Goal,
    Json,
    On,
    SceneId,
    Scenes,
    Search,
    Seed,
    Session,
    Settings,
    checked_device,
    chosen_seed,
    complete_chapter,
    complete_chapter_or_scene,
    complete_scene,
    elsewhere,
    in_session,
    whole_number,
)
from dlplay.cli.streams import print_json

app = typer.Typer(
    name="dlplay",
    cls=Commands,
    help="A deep-learning laboratory in the terminal. Without a command: the browser of scenes.",
    epilog=HELP,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        import dlplay

        typer.echo(f"dlplay {dlplay.__version__}")
        raise typer.Exit


@app.callback()
def main(
    ctx: typer.Context,
    scenes: Scenes = None,
    ascii: Ascii = False,
    color: Color = None,
    charts: Charts = None,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    with tidy_end():
        ctx.obj = Session().with_options(scenes, ascii, color, charts)
    if ctx.invoked_subcommand is None:
        raise typer.Exit(_start(ctx.obj, what="The browser"))


def command(
    name: str | None = None,
    *,
    cls: type[Command] = Command,
    common: Iterable[str] = COMMON,
    short_help: str | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a command; its first argument is the session of the common options."""

    def add(function: Callable[..., None]) -> Callable[..., None]:
        wrapped = in_session(function, common)
        return app.command(name, cls=cls, short_help=short_help)(wrapped)

    return add


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
        raise typer.Exit(_start(here, what="A program's stage", own=order))
    path = Path(record) if record is not None else None
    raise typer.Exit(watching.run(here, order, json=json, check=check, record=path, force=force))


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
    ID          the scene, as `dlplay list` has it
    NAME=VALUE  parameters that differ from its defaults; `dlplay show ID` lists them
    """
    from dlplay.words.address import parse_words

    card = here.catalog().find(id)
    given = parse_words(card, settings or [])
    raise typer.Exit(
        _start(
            here,
            what="A scene's stage",
            scene_id=card.id,
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

    catalog = here.catalog()
    cards = catalog.select(chapters or [])
    if json:
        parts = {id: part for c in catalog.chapters for part, ids in c.parts.items() for id in ids}
        print_json([listing.as_row(card, parts.get(card.id, "")) for card in cards])
    elif sys.stdout.isatty():
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
) -> None:
    """Run a scene without the interface and print its panels, claims and measures.

    \b
    ID               the scene, as `dlplay list` has it
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
        )
    )


@command(short_help="Run scenes at their defaults and table every claim.")
def check(
    here: Session,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID|CHAPTER", hidden=True, autocompletion=complete_chapter_or_scene),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            "--seeds", metavar="N", help="Run each with seeds 0 to N - 1; 1 unless given."
        ),
    ] = None,
    jobs: Annotated[
        str | None,
        typer.Option("--jobs", metavar="N", help="Runs at a time; one for each core unless given."),
    ] = None,
    tries: Annotated[
        bool,
        typer.Option("--tries", help="Run the tries: do they break and keep what they say?"),
    ] = False,
    sabotage: Annotated[
        bool,
        typer.Option(
            "--sabotage", help="Spoil the learning in three ways: does a claim notice each?"
        ),
    ] = False,
    on: On = None,
    at: At = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Run scenes at their defaults and table every claim: measured, claimed, holds.

    Without an ID or a CHAPTER: all scenes. Each run has a process of its own. The exit status is
    that of the worst: 1 if a scene failed, 4 if one diverged, 3 if a claim does not hold (with
    --tries and --sabotage: if something is not as was said, or nothing noticed).

    With --on the runs are made by a cluster, here they are awaited. What is done is recorded (--at)
    and not made again: the same command goes on where it was interrupted or runs failed.
    """
    from dlplay.cli import checking, trials

    cards = here.catalog().select(names or [])
    if tries or sabotage:
        raise typer.Exit(
            trials.run(
                here,
                cards,
                tries=tries,
                sabotage=sabotage,
                jobs=whole_number("--jobs", jobs, 0),
                device=checked_device(device),
                json=json,
                place=elsewhere(on, at),
            )
        )
    raise typer.Exit(
        checking.run(
            here,
            cards,
            seeds=whole_number("--seeds", seeds, 1),
            jobs=whole_number("--jobs", jobs, 0),
            device=checked_device(device),
            json=json,
            place=elsewhere(on, at),
        )
    )


@command(short_help="Run a scene at several values of a parameter, or search the best.")
def sweep(
    here: Session,
    id: SceneId,
    settings: Settings = None,
    over: Annotated[
        str | None,
        typer.Option(
            "--over", metavar="NAME", help="Sweep this parameter over a spread of values."
        ),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option("--seeds", metavar="N", help="Runs with different seeds at each value; 1."),
    ] = None,
    seed: Annotated[
        str | None, typer.Option("--seed", metavar="N", help="The first of the seeds; 0.")
    ] = None,
    jobs: Annotated[
        str | None,
        typer.Option("--jobs", metavar="N", help="Runs at a time; one core is left unless given."),
    ] = None,
    measure: Annotated[
        str | None,
        typer.Option(
            "--measure", metavar="NAME", help="What to chart; unless given, the first claim's."
        ),
    ] = None,
    apart: Annotated[
        bool,
        typer.Option(
            "--apart", help="Each run alone, where several would be trained as one batch."
        ),
    ] = False,
    search: Search = None,
    goal: Goal = None,
    on: On = None,
    at: At = None,
    device: Device = "auto",
    json: Json = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="For machines: a line a run, with every measure.")
    ] = False,
) -> None:
    """Run a scene at several values of one parameter; chart and table a measure against it.

    \b
    ID            the scene, as `dlplay list` has it
    NAME=V1,V2    the parameter to sweep, with its values; NAME= takes a spread
    NAME=VALUE    other parameters that differ from their defaults

    With --search N it tries N points of one parameter or more, each chosen from what those before
    it measured, and tells the best: NAME= searches the parameter's whole range, NAME=LOW..HIGH a
    part of it, NAME=V1,V2 these values. With several seeds their mean counts; a run that diverges
    is the worst there is. The best of many looks better than it is: try it on fresh seeds, with
    the command that is printed last. The same search with the same --jobs finds the same points.

    With --on the runs are made by a cluster, here they are awaited. What is done is recorded (--at)
    and not made again: the same command goes on where it was interrupted or runs failed.

    Each run has a process of its own. Some scenes take several values of a number at once: the runs
    of a seed are then trained as one batch, and agree with runs alone but for rounding; --apart
    makes each alone, which is sooner where there are cores for all. A run that diverges is a
    finding, with no number. Ctrl-C ends it and prints what has finished. The exit status is 1 or 4
    if every run failed or diverged.
    """
    from dlplay.cli.sweeps import command as sweeping

    card = here.catalog().find(id)
    if json and csv:
        raise Mistake("--json and --csv: one of them at a time")
    count = whole_number("--seeds", seeds, 1)
    at_once = whole_number("--jobs", jobs, 0) or None
    form = "json" if json else "csv" if csv else ""
    if search is not None:
        from dlplay.cli.sweeps import search as searching

        raise typer.Exit(
            searching.run(
                here,
                card,
                searching.plan(card, settings or [], over, seed, measure, goal),
                count=whole_number("--search", search, 1),
                seeds=count,
                jobs=at_once,
                device=checked_device(device),
                form=form,
                place=elsewhere(on, at),
            )
        )
    if goal is not None:
        raise Mistake("--goal says what --search N looks for; alone it says nothing")
    raise typer.Exit(
        sweeping.run(
            here,
            card,
            sweeping.plan(card, settings or [], over, seed),
            seeds=count,
            jobs=at_once,
            device=checked_device(device),
            measure=measure,
            apart=apart,
            form=form,
            place=elsewhere(on, at),
        )
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
    raise typer.Exit(_start(here, what="A replay", replay=info.path))


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
    ID               the scene, as `dlplay list` has it
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
            "--size", metavar="WxH", help="Cells of all panels together; 160x48 unless given."
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


@command("next", short_help="Open the first page that was not yet run.")
def next_(here: Session) -> None:
    """Open the first page of the course that was not yet run here, and start it."""
    from dlplay.cli import learnt

    card = learnt.following(here)
    if card is not None:
        raise typer.Exit(_start(here, what=f"The next page, {card.id},", scene_id=card.id))


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


def _start(here: Session, *, what: str, **known: Any) -> int:
    """Start the interface; its exit status."""
    if not options.on_a_terminal():
        raise Mistake(
            f"{what} needs a terminal. Without one: `dlplay list` shows the scenes, "
            "`dlplay run ID` runs one."
        )
    if (term := os.environ.get("TERM")) in ("dumb", "unknown"):
        raise Mistake(
            f"{what} needs a terminal that moves its cursor, such as TERM=xterm-256color; "
            f"TERM={term} is none. `dlplay list` and `dlplay run ID` do without."
        )
    from dlplay.tui.app import start

    return start(here.scenes, look=here.look(here.console()), **known)


@command(short_help="Show dlplay in web browsers.")
def serve(
    here: Session,
    id: Annotated[
        str | None, typer.Argument(metavar="[ID]", hidden=True, autocompletion=complete_scene)
    ] = None,
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
    ID  the scene that is opened first; the browser of scenes unless given

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
            host=host,
            port=serving.checked_port(port),
            most=whole_number("--most", most, 0),
            files=files,
        )
    )
