"""The formats: what each is for, what its files are called, and where its writer is.

A new one is a module with its writer, and its entry here. Nothing is loaded before a format is
written: the command line's help reads this table too.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from dlplay.export.options import Options
    from dlplay.export.source import Source

    Writer = Callable[[Source, Options], str | bytes]


@dataclass(frozen=True)
class Format:
    """How a run is written in one format.

    `home`: the module of its writer, which is called as the format is. `picture`: it shows
    panels, at a size. `panels`: it can hold one panel alone. `suffix`: of its files, the name
    unless given. `file`: it has a file of this name in a folder of its own. `moves`: it shows the
    run over time, in so many seconds.
    """

    name: str
    meaning: str
    home: str
    picture: bool = False
    panels: bool = True
    suffix: str = ""
    file: str = ""
    moves: bool = False

    def write(self, source: Source, options: Options) -> str | bytes:
        """The run in this format. Raises NoSuchPanel, MissingPackage, NotTranslatable."""
        writer: Writer = getattr(import_module(f"dlplay.export.{self.home}"), self.name)
        return writer(source, options)


FORMATS = {
    format.name: format
    for format in (
        Format("svg", "a picture of the panels, with claims", "svg", picture=True),
        Format("png", "the same in pixels; needs dlplay[png]", "png", picture=True),
        Format("html", "a page: panels, claims, parameters", "page", picture=True),
        Format("csv", "every point: panel,series,tick,x,y", "table"),
        Format("json", "parameters, measures, claims and curves", "facts"),
        Format("gif", "a picture that moves; needs dlplay[gif]", "gif", picture=True, moves=True),
        Format("cast", "the whole run over time, for asciinema", "cast", picture=True, moves=True),
        Format(
            "tensorboard",
            "an event file; needs dlplay[tensorboard]",
            "tensorboard",
            file="events.out.tfevents.0.dlplay",  # TensorBoard knows event files by their name
        ),
        Format(
            "script",
            "the scene as one plain torch file",
            "recorded",
            panels=False,
            suffix="py",
        ),
    )
}


def listed() -> list[str]:
    """A line for each format: its name, and what it means."""
    width = max(map(len, FORMATS))
    return [f"{name:<{width}}  {format.meaning}" for name, format in FORMATS.items()]
