"""`dlplay export`: a recording in a format that other programs read."""

from __future__ import annotations

import math
import re
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dlplay.cli import waiting
from dlplay.cli.exits import Exit, FileTrouble, Mistake, complain
from dlplay.cli.streams import say
from dlplay.export.files import place
from dlplay.export.formats import FORMATS, Format
from dlplay.words.nearest import did_you_mean

if TYPE_CHECKING:
    from dlplay.cli.options import Session
    from dlplay.draw import Look
    from dlplay.draw.look import Colors
    from dlplay.export import Source

LEAST, MOST = (30, 8), (500, 300)  # cells of a picture
SHORTEST, LONGEST = 1, 120  # seconds of a film
COLOR_NAMES = {"auto": "truecolor", "never": "none"}  # the others are called what they are


def run(
    session: Session,
    word: str,
    to: str | None,
    *,
    panel: str | None = None,
    size: str | None = None,
    seconds: str | None = None,
    out: str | None = None,
    force: bool = False,
) -> Exit:
    """Write the recording and print where; damage is told and what is before it exported."""
    format = checked_format(to)
    given = checked_size(size, format)
    length = checked_seconds(seconds, format)
    if panel is not None and not format.panels:
        raise Mistake(f"--panel is for what is drawn; a {format.name} draws nothing")
    path = find(word)
    target = _target(out, path.stem, format)
    if target:
        check_target(target, path, force, made=bool(format.file))

    from dlplay.export import MissingPackage, NoSuchPanel, NotTranslatable, Options

    source = _source(session, path, format)
    notes: dict[str, None] = {}  # each once, in order
    look = _look(session)
    options = Options(
        panel, *given, seconds=length, look=look, note=lambda text: notes.setdefault(text)
    )
    try:
        with ExitStack() as stack:
            if format.picture:
                label = f"{path.name} to {format.name}"
                options = replace(options, progress=waiting.share(stack, session, label))
            text = format.write(source, options)
    except NoSuchPanel as mistake:
        raise Mistake(str(mistake)) from None
    except MissingPackage as missing:
        complain(str(missing))
        return Exit.FAILED
    except NotTranslatable as trouble:
        raise Mistake(f"{path} cannot be written as a {format.name}: {trouble}") from None
    for note in notes:
        complain(note)
    return write(text, target, force)


def checked_format(word: str | None) -> Format:
    if word in FORMATS:
        return FORMATS[word]
    allowed = f"--to takes one of {', '.join(FORMATS)}"
    if word is None:
        raise Mistake(f"say what to export to: {allowed}")
    raise Mistake(f"{allowed}, not {word!r}.{did_you_mean(word, FORMATS)}")


def checked_size(word: str | None, format: Format) -> tuple[int, int]:
    """Columns and rows, for a format that has them."""
    if word is None:
        return 160, 48
    if not format.picture:
        pictures = ", ".join(name for name, each in FORMATS.items() if each.picture)
        raise Mistake(f"--size is for pictures ({pictures}); {format.name} has none")
    match = re.fullmatch(r"(\d{1,4})[xX×](\d{1,4})", word, re.ASCII)
    width, height = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (LEAST[0] <= width <= MOST[0] and LEAST[1] <= height <= MOST[1]):
        ends = f"{LEAST[0]}x{LEAST[1]} to {MOST[0]}x{MOST[1]}"
        raise Mistake(f"--size takes columns x rows, from {ends}, such as 160x48, not {word!r}")
    return width, height


def checked_seconds(word: str | None, format: Format) -> float | None:
    """How long what moves takes."""
    if word is None:
        return None
    if not format.moves:
        moving = ", ".join(name for name, each in FORMATS.items() if each.moves)
        raise Mistake(f"--seconds is for what moves ({moving}); {format.name} does not")
    try:
        seconds = float(word)
    except ValueError:
        seconds = math.nan
    if not SHORTEST <= seconds <= LONGEST:
        raise Mistake(f"--seconds takes {SHORTEST} to {LONGEST}, not {word!r}")
    return seconds


def check_target(path: Path, recording: Path, force: bool, made: bool = False) -> None:
    """Raise Mistake if nothing can be written there. `made`: its folder is made if need be."""
    if path.is_dir():
        raise Mistake(f"--out takes a file, or - for standard output; {path} is a folder")
    if not made and not path.parent.is_dir():
        raise Mistake(f"--out: there is no folder {path.parent}")
    if path.exists():
        if path.samefile(recording):
            raise Mistake(f"{path} is the recording itself; --out names another file")
        if not force:
            raise Mistake(f"{path} exists; --force writes over it")


def find(word: str) -> Path:
    """The file of that name; of an id or a number, the run that `dlplay runs` lists under it."""
    from dlplay.engine.recordings.library import Library, UnknownRun

    path = Path(word).expanduser()
    if path.is_file() and not word.isdigit():
        return path
    try:
        return Library().find(word).path
    except UnknownRun as mistake:
        raise Mistake(str(mistake)) from None


def _source(session: Session, path: Path, format: Format) -> Source:
    """The recording with its scene; what is amiss is told. FileTrouble if nothing can be read."""
    from dlplay.engine.recordings.format import BadRecording
    from dlplay.engine.recordings.replay import card_of, changed_since, is_here, load
    from dlplay.export import Source
    from dlplay.words.sabotage import told

    try:
        replay = load(path)
    except BadRecording as error:
        raise FileTrouble(str(error)) from None
    except OSError as error:
        raise FileTrouble(f"{path} cannot be read: {error.strerror}") from None
    card = card_of(replay, session.catalog().scenes)
    if replay.damaged:
        complain(f"{path}: {replay.damaged}")
    # Data show nothing of a scene that is gone, and a script says itself that it has no source.
    if (changed := changed_since(replay, card)) and (format.picture or is_here(card)):
        complain(changed)
    if replay.started.sabotage:
        complain(f"{path} is no healthy run, but {told(replay.started.sabotage)}")
    return Source(replay, card)


def _look(session: Session) -> Look:
    from dlplay.draw import Look

    color = cast("Colors", COLOR_NAMES.get(session.color, session.color))
    return session.with_charts(Look(color, session.ascii))


def _target(out: str | None, stem: str, format: Format) -> Path | None:
    """Where to; None for standard output."""
    if out == "-":
        if format.file:
            raise Mistake(f"--out takes a folder for {format.name}, and no standard output")
        return None
    if not format.file:
        target = Path(out) if out else place(Path(), stem, format)
        _check_ending(target, format)
        return target
    folder = Path(out) if out else place(Path(), stem, format).parent
    if folder.is_file():
        raise Mistake(f"--out takes a folder for {format.name}; {folder} is a file")
    if not folder.parent.is_dir():
        raise Mistake(f"--out: there is no folder {folder.parent}")
    return folder / format.file


def _check_ending(target: Path, format: Format) -> None:
    """Raise Mistake if the file is called as those of another format are: programs go by that."""
    endings = {f".{each.suffix or each.name}": name for name, each in FORMATS.items()}
    called = endings.get(target.suffix.lower(), format.name)
    if called != format.name:
        raise Mistake(
            f"--out: the name of a {format.name} ends in .{format.suffix or format.name}, not in "
            f"{target.suffix}, which is what --to {called} writes"
        )


def write(text: str | bytes, target: Path | None, force: bool) -> Exit:
    """Write it and print where; to standard output if there is no target."""
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    if target is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return Exit.DONE
    try:
        target.parent.mkdir(exist_ok=True)
        with target.open("wb" if force else "xb") as file:
            file.write(data)
    except OSError as error:
        complain(f"{target} cannot be written: {error.strerror}")
        return Exit.FAILED
    say(target)
    return Exit.DONE
