"""`dlplay runs` and `dlplay replay`: the recorded runs, listed and seen again."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from dlplay.cli.exits import Exit, FileTrouble, Mistake, complain
from dlplay.cli.streams import print_json
from dlplay.engine.recordings.format import BadRecording
from dlplay.engine.recordings.library import BeingRecorded, Library, RunInfo, UnknownRun
from dlplay.wire.events import Started, Tweaked
from dlplay.words.address import address, show_settings
from dlplay.words.sabotage import told

if TYPE_CHECKING:
    from dlplay.cli.options import Session
    from dlplay.course.catalog import Catalog, SceneCard
    from dlplay.engine.recordings.replay import Replay

COLUMNS = ("run", "id", "when", "scene", "seed", "status", "what differs", "size", "")
STYLES = {"done": "green", "running": "cyan", "failed": "red", "damaged": "red"}


def run(
    session: Session,
    json: bool,
    pin: str | None = None,
    unpin: str | None = None,
    remove: str | None = None,
    name: str | None = None,
) -> Exit:
    """List the recorded runs, newest first, after changing one if that is asked."""
    for info in change(pin, unpin, remove, name):
        done = "pinned" if pin is not None else "unpinned" if unpin is not None else "removed"
        complain(f"{done}: {info.path.name}")
    library, catalog = Library(), session.catalog()
    runs = library.runs(catalog)
    if json:
        print_json([as_object(info, catalog) for info in runs])
    elif not runs:
        complain(f"no run has been recorded yet; the interface records them in {library.folder}")
    elif sys.stdout.isatty():
        _print_table(session, [cells(info, catalog) for info in runs], runs)
    else:
        for line in lines([cells(info, catalog) for info in runs]):
            typer.echo(session.text(line))
    library.printed(runs)
    return Exit.DONE


def change(
    pin: str | None, unpin: str | None, remove: str | None, name: str | None
) -> list[RunInfo]:
    """Pin, name, unpin or remove recordings; those that were changed, as they were.

    Raises Mistake for a run that is not there and for what cannot be done, FileTrouble for a file
    that cannot be changed.
    """
    words = [word for word in (pin, unpin, remove) if word is not None]
    if not words and name is None:
        return []
    if len(words) != 1 or (name is not None and pin is None):
        raise Mistake(
            "one of --pin RUN, --unpin RUN, --remove RUN at a time; --name goes with --pin"
        )
    info, library = chosen(words[0]), Library()
    try:
        if pin is not None:
            library.pin(info.path, name or "")
        elif unpin is not None:
            library.unpin(info.path)
        else:
            library.remove(info.path)
    except (UnknownRun, BeingRecorded) as error:
        raise Mistake(str(error)) from None
    except OSError as error:
        raise FileTrouble(f"{info.path} cannot be changed: {error.strerror}") from None
    return [info]


def as_object(info: RunInfo, catalog: Catalog) -> dict[str, Any]:
    """A run in the JSON list."""
    return {
        "number": info.number,
        "id": info.id,
        "path": str(info.path),
        "scene": info.scene,
        "title": info.title,
        "seed": info.seed,
        "device": info.device,
        "status": info.status,
        "began": info.began.isoformat(),
        "steps": info.steps,
        "seconds": info.seconds,
        "bytes": info.bytes,
        "parameters": dict(info.parameters),
        "differs": dict(info.differs),
        "digest": info.digest,
        "versions": dict(info.versions),
        "pinned": info.pinned,
        "name": info.name,
        "trouble": info.trouble,
        "command": list(info.command),
        "sabotage": info.sabotage,
        **_address(info, catalog),
    }


def _address(info: RunInfo, catalog: Catalog) -> dict[str, Any]:
    """What was turned while the run went on, and what to write after `dlplay run` to repeat it;
    nothing for a program of the user's own, whose command stands beside it."""
    if info.status == "damaged":
        return {"tweaks": [], "address": ""}
    begun, tweaks = _course(info)
    card = _card(catalog, info.scene)
    known = begun, info.seed, info.device, tweaks, info.sabotage
    line = "" if info.command else address(card, *known)
    turned = [{"tick": t.tick, "name": t.name, "value": t.value} for t in tweaks]
    return {"tweaks": turned, "address": line}


def _course(info: RunInfo) -> tuple[Mapping[str, Any], list[Tweaked]]:
    """The parameters with which a recorded run began, and what was turned later."""
    from dlplay.engine.recordings.format import read
    from dlplay.engine.recordings.vetting import vetted

    try:
        if b"tweaked" not in info.path.read_bytes():  # most runs: nothing to decode
            return info.parameters, []
        found = [vetted(event) for batch in read(info.path) for event in batch]
    except (OSError, BadRecording):
        return info.parameters, []
    begun = next((event.parameters for event in found if isinstance(event, Started)), {})
    return begun, [event for event in found if isinstance(event, Tweaked)]


def cells(info: RunInfo, catalog: Catalog) -> tuple[str, ...]:
    """A run in the table."""
    known = info.status != "damaged"
    differs = show_settings(_card(catalog, info.scene), info.differs)
    differs += filter(None, [told(info.sabotage)])
    return (
        str(info.number),
        info.id,
        f"{info.began.astimezone():%Y-%m-%d %H:%M}",
        info.scene or info.path.name,
        str(info.seed) if known else "",
        info.status,
        " ".join(differs),
        size(info.bytes),
        " ".join(["pinned"] * info.pinned + [info.name] * bool(info.name)),
    )


def _card(catalog: Catalog, scene: str) -> SceneCard:
    """Today's card of the scene, or one that knows nothing but its id."""
    from dlplay.engine.recordings.replay import stand_in

    return next((card for card in catalog.scenes if card.id == scene), stand_in(scene))


def size(count: int) -> str:
    """Bytes as people read them."""
    for unit, power in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= power:
            return f"{count / power:.3g} {unit}"
    return f"{count} B"


def lines(rows: list[tuple[str, ...]]) -> list[str]:
    """The table for a pipe: aligned columns under a heading, nothing cut off."""
    table = [COLUMNS, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


def _print_table(session: Session, rows: list[tuple[str, ...]], runs: list[RunInfo]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in COLUMNS:
        right = column in ("run", "seed", "size")
        table.add_column(
            column,
            no_wrap=column not in ("scene", "what differs", ""),
            justify="right" if right else "left",
            overflow="fold",
        )
    for row, info in zip(rows, runs, strict=True):
        texts = [Text(session.text(cell)) for cell in row]
        texts[5].stylize(STYLES.get(info.status, "yellow"))
        table.add_row(*texts)
    session.console().print(table)


def chosen(word: str, catalog: Catalog | None = None) -> RunInfo:
    """The recording of this number or file; Mistake, with what there is, if there is none."""
    try:
        return Library().find(word, catalog)
    except UnknownRun as error:
        raise Mistake(str(error)) from None


def check(info: RunInfo) -> None:
    """Raise FileTrouble if not even the beginning of the recording can be read."""
    if info.trouble:
        raise FileTrouble(info.trouble)


def loaded(info: RunInfo) -> Replay:
    """The recording, read as far as it goes; FileTrouble if it cannot be."""
    from dlplay.engine.recordings.replay import load

    try:
        return load(info.path)
    except BadRecording as error:
        raise FileTrouble(str(error)) from None
    except OSError as error:
        raise FileTrouble(f"{info.path} cannot be read: {error.strerror}") from None


def show(session: Session, info: RunInfo) -> Exit:
    """Print what the recorded run left, as `dlplay run` does when it ends."""
    from dlplay.cli.results import print_result
    from dlplay.engine.recordings.replay import card_of, changed_since, stand_in

    replay = loaded(info)
    scene = replay.started.scene
    card = card_of(replay, session.catalog().scenes)
    for note in (replay.damaged, changed_since(replay, card)):
        if note:
            complain(note)
    done = replay.summary
    if done.message:
        complain(done.message)
    print_result(session.console(), card or stand_in(scene), replay.history, done, session)
    return Exit.DONE
