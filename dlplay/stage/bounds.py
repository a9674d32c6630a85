"""How much a scene may draw: more than anybody can see is refused with a sentence, or thinned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlplay.wire.events import AnyContent, Array, Cloud

PANELS = 100  # of a scene
SERIES = 200  # of a panel
POINTS = 100_000  # of a series
PATH = 5_000  # points of a path; a longer one is thinned
NUMBERS = 16_000_000  # of an array: pixels, cells
TEXT = 100_000  # characters
NAME = 200  # characters of a label, a caption or a token
BINS = 1_000
ITEMS = 10_000  # of any other list: rows, labels, nodes, tokens, captions
MOST = {
    ("Table", "columns"): 200,
    ("Graph", "edges"): 50_000,
    ("Graph", "weights"): 50_000,
    ("Histogram", "edges"): BINS + 1,
    ("Plane", "clouds"): SERIES,
    ("Plane", "trails"): SERIES,
}


def few(panel: str, what: str, count: int, most: int) -> None:
    """ValueError if there are too many."""
    if count > most:
        raise ValueError(f"{panel} takes at most {most:,} {what}, not {count:,}")


def bounded(content: AnyContent) -> None:
    """ValueError if a panel holds more than it may, whatever its kind."""
    kind, panel = type(content).__name__, content.panel
    for field in content.__struct_fields__:
        value = getattr(content, field)
        if isinstance(value, (list, dict)):
            most = SERIES if isinstance(value, dict) else ITEMS
            few(panel, field, len(value), MOST.get((kind, field), most))
            _parts(panel, value.values() if isinstance(value, dict) else value)
        elif isinstance(value, Array):
            few(panel, f"numbers in its {field}", int(np.prod(value.shape)), NUMBERS)


def _parts(panel: str, parts: Any) -> None:
    for part in parts:
        if isinstance(part, str):
            few(panel, "characters in a word", len(part), NAME)
        elif isinstance(part, list):
            few(panel, "points in a series", len(part), POINTS)
        elif isinstance(part, tuple):
            _parts(panel, part)
        elif isinstance(part, Cloud):
            few(panel, "points in a cloud", part.xy.shape[0], POINTS)


def words(panel: str, texts: Sequence[Any]) -> list[str]:
    """Labels, captions or tokens: not too many, and none too long."""
    few(panel, "words", len(texts), ITEMS)
    return [short(str(text)) for text in texts]


def short(text: str) -> str:
    """A name that is not too long."""
    return text if len(text) <= NAME else f"{text[: NAME - 1]}…"


def cut(text: str, tail: bool) -> str:
    """A text that is not too long; with `tail`, its end."""
    if len(text) <= TEXT:
        return text
    return f"…{text[1 - TEXT :]}" if tail else f"{text[: TEXT - 1]}…"


def thinned(path: Any) -> Any:
    """A path of a bounded number of points, evenly spread, with both ends."""
    count = len(path)
    if count <= PATH:
        return path
    return path[np.linspace(0, count - 1, PATH).round().astype(int)]
