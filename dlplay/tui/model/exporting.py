"""The key that exports the run that is shown, in a format of one's choice."""

from __future__ import annotations

import asyncio
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from dlplay.course.catalog import SceneCard
from dlplay.draw import Look
from dlplay.engine.recordings.format import BadRecording
from dlplay.engine.recordings.replay import load
from dlplay.export.formats import FORMATS, listed

PANEL = "svg of panel"


@dataclass(frozen=True)
class Wish:
    """What is asked for: a format, and a panel if it is to be that alone."""

    format: str
    panel: str | None = None


def offers(panel: str | None) -> list[str]:
    """The lines to choose from; `panel`: the one that is chosen on the stage."""
    return [*listed(), f"{PANEL} {panel}"] if panel else listed()


def chosen(line: str) -> Wish:
    """What a line of the offers stands for."""
    if line.startswith(PANEL):
        return Wish("svg", line.removeprefix(PANEL).strip())
    return Wish(line.split()[0])


async def export(recording: Path, card: SceneCard, wish: Wish, look: Look, folder: Path) -> Path:
    """Write the export into the folder, beside the interface; its path.

    A run that goes on is exported as far as it is recorded. Raises ExportError, which says why.
    """
    return await asyncio.to_thread(_write, recording, card, wish, look, folder)


def packed(path: Path) -> Path:
    """The file; of a folder, what is in it as one file beside it."""
    if not path.is_dir():
        return path
    return Path(shutil.make_archive(str(path), "zip", path.parent, path.name))


class ExportError(Exception):
    """The export could not be made; the message says why."""


def _write(recording: Path, card: SceneCard, wish: Wish, look: Look, folder: Path) -> Path:
    from dlplay.export import MissingPackage, NoSuchPanel, NotTranslatable, Options, Source
    from dlplay.export.files import free

    stem, format = recording.stem, FORMATS[wish.format]
    if wish.panel:
        stem += "-" + re.sub(r"\W+", "-", wish.panel).strip("-")
    try:
        made = format.write(Source(load(recording), card), Options(wish.panel, look=look))
        data = made.encode("utf-8", "replace") if isinstance(made, str) else made
        path = free(folder, stem, format)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise ExportError(f"{error.filename or folder}: {error.strerror}") from None
    except (BadRecording, MissingPackage, NoSuchPanel, NotTranslatable) as error:
        raise ExportError(str(error)) from None
    return path.parent if format.file else path
