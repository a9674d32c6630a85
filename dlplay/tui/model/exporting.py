"""The key that exports the run that is shown, in a format of one's choice.

Exports are written in a process of their own, one after another: keys are answered meanwhile, and
whoever leaves need not wait.
"""

from __future__ import annotations

import asyncio
import multiprocessing as mp
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from dlplay.course.catalog import SceneCard
from dlplay.draw import Look
from dlplay.engine.live import real_stderr
from dlplay.engine.recordings.format import BadRecording
from dlplay.engine.recordings.replay import load
from dlplay.export import Source
from dlplay.export.files import free
from dlplay.export.formats import FORMATS, listed
from dlplay.wire import events

PANEL = "svg of panel"
NEEDED = {"png": "resvg_py", "gif": "resvg_py", "tensorboard": "tensorboard"}
"""The module that a format needs, and that need not be installed."""
LOOK = 0.05  # seconds between two looks at what the process has to tell


@dataclass(frozen=True)
class Wish:
    """What is asked for: a format, and a panel if it is to be that alone."""

    format: str
    panel: str | None = None


def offers(panel: str | None) -> list[str]:
    """The lines to choose from; `panel`: the one that is chosen on the stage. What a format needs
    is said where it is missing."""
    lines = [line if _misses(line.split()[0]) else line.split("; needs ")[0] for line in listed()]
    return [*lines, f"{PANEL} {panel}"] if panel else lines


def _misses(format: str) -> bool:
    return format in NEEDED and find_spec(NEEDED[format]) is None


def chosen(line: str) -> Wish:
    """What a line of the offers stands for."""
    if line.startswith(PANEL):
        return Wish("svg", line.removeprefix(PANEL).strip())
    return Wish(line.split()[0])


class ExportError(Exception):
    """The export could not be made; the message says why."""


class Exports:
    """The exports that are asked for and not yet written. All methods are of the event loop."""

    def __init__(self) -> None:
        self._asked: list[Wish] = []
        self._share = 0.0  # of the recording that the first of them has been through
        self._begun = time.monotonic()  # with that one
        self._turn = asyncio.Lock()
        self._warned = False

    @property
    def told(self) -> str:
        """What is being written, and how far it is; empty if nothing is."""
        if not self._asked:
            return ""
        said = f"writing {self._asked[0].format} ..."
        if (seconds := int(time.monotonic() - self._begun)) > 0:
            said += f" {seconds} s"
        if 0 < self._share < 1:
            said += f", {self._share:.0%} of the run read"
        if len(self._asked) > 1:
            said += f", {len(self._asked) - 1} more to write"
        return said

    def leave(self) -> str:
        """To leave while something is written has to be said twice: why, or empty."""
        if not self._asked or self._warned:
            return ""
        self._warned = True
        return f"{self._asked[0].format} is still being written; once more leaves without it"

    async def export(
        self, recording: Path, card: SceneCard, wish: Wish, look: Look, folder: Path
    ) -> Path:
        """Write the export into the folder, once those before it are written; its path.

        A run that goes on is exported as far as it is recorded. Whoever cancels this ends the
        process, and no file is begun. Raises ExportError, which says why; OSError.
        """
        self._asked.append(wish)
        self._warned = False
        try:
            async with self._turn:
                data = await self._made(recording, card, wish, look)
        finally:
            self._asked.remove(wish)
        stem, format = recording.stem, FORMATS[wish.format]
        if wish.panel:
            stem += "-" + re.sub(r"\W+", "-", wish.panel).strip("-")
        path = free(folder, stem, format)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return path.parent if format.file else path

    async def _made(self, recording: Path, card: SceneCard, wish: Wish, look: Look) -> bytes:
        """What the file is to hold, as a process of its own makes it."""
        context: Any = mp.get_context("spawn")
        here, there = context.Pipe(duplex=False)
        given = (recording, card, wish, look, there)
        process = context.Process(target=_write, args=given, daemon=True)
        self._share, self._begun = 0.0, time.monotonic()
        try:
            with real_stderr():
                process.start()
            there.close()
            while True:
                while not here.poll():
                    await asyncio.sleep(LOOK)
                match here.recv():
                    case float(share):
                        self._share = share
                    case bytes(data):
                        return data
                    case str(trouble):
                        raise ExportError(trouble)
        except EOFError:
            raise ExportError(f"the process that writes the {wish.format} has ended") from None
        finally:
            here.close()
            if process.pid is not None:
                process.kill()
                process.join()


def packed(path: Path) -> Path:
    """The file; of a folder, what is in it as one file beside it."""
    if not path.is_dir():
        return path
    return Path(shutil.make_archive(str(path), "zip", path.parent, path.name))


@dataclass(frozen=True)
class Followed(Source):
    """A source that tells how far whoever reads it has come."""

    teller: Connection | None = None

    def __iter__(self) -> Iterator[list[events.AnyEvent]]:
        count, told = max(self.replay.batches, 1), 0
        for number, batch in enumerate(super().__iter__()):
            yield batch
            if self.teller is not None and (percent := 100 * (number + 1) // count) > told:
                told = percent
                self.teller.send(percent / 100)


def _write(recording: Path, card: SceneCard, wish: Wish, look: Look, teller: Connection) -> None:
    """In the process: tell shares, then what was made, or in words why it was not."""
    from dlplay.export import MissingPackage, NoSuchPanel, NotTranslatable, Options

    threading.Thread(target=_end_with_parent, daemon=True).start()
    _say_nothing()
    try:
        source = Followed(load(recording), card, teller)
        made = FORMATS[wish.format].write(source, Options(wish.panel, look=look))
        teller.send(made.encode("utf-8", "replace") if isinstance(made, str) else made)
    except OSError as error:
        teller.send(f"{error.filename or recording}: {error.strerror}")
    except (BadRecording, MissingPackage, NoSuchPanel, NotTranslatable) as error:
        teller.send(str(error))


def _say_nothing() -> None:
    """The terminal is the interface's."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)


def _end_with_parent() -> None:
    with suppress(Exception):
        parent = mp.parent_process()
        assert parent is not None
        parent.join()
    os._exit(1)
