"""The formats by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dlplay.export.cast import cast
from dlplay.export.facts import json
from dlplay.export.options import Options
from dlplay.export.page import html
from dlplay.export.png import png
from dlplay.export.recorded import script
from dlplay.export.source import Source
from dlplay.export.svg import svg
from dlplay.export.table import csv
from dlplay.export.tensorboard import tensorboard


@dataclass(frozen=True)
class Format:
    """How a run is written in one format. `drawn`: it shows panels, at a size."""

    name: str
    write: Callable[[Source, Options], str | bytes]
    drawn: bool


FORMATS = {
    name: Format(name, write, drawn)
    for name, write, drawn in (
        ("svg", svg, True),
        ("png", png, True),
        ("html", html, True),
        ("csv", csv, False),
        ("json", json, False),
        ("cast", cast, True),
        ("tensorboard", tensorboard, False),
        ("script", script, False),
    )
}
