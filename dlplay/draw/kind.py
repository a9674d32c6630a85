"""What a watcher knows of a kind of content: its drawing, and what it is to other programs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from dlplay.draw.canvas import Canvas
from dlplay.draw.look import View

C = TypeVar("C")


@dataclass(frozen=True)
class Picture:
    """A picture: uint8 [H, W, 1 or 3]."""

    name: str
    values: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Counts:
    """A histogram: `counts` between `edges`, of which there is one more."""

    name: str
    edges: Sequence[float]
    counts: Sequence[float]


@dataclass(frozen=True)
class Rows:
    """A table."""

    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]


@dataclass(frozen=True)
class Words:
    """Plain text."""

    text: str


Part = Picture | Counts | Rows | Words


def _usual_height(content: object, width: int) -> int:
    return max(8, min(20, math.ceil(width / 4)))


@dataclass(frozen=True)
class Kind(Generic[C]):
    """A kind of content. Each is declared beside its drawing, and listed in `kinds.KINDS`.

    `stretches`: whether it is a picture, better the larger it is; words and tables have no use for
    more rows than they fill. `height`: the rows that it would like at a width. `fills`: the width
    and height that its picture takes of those that it is given. `width`: the columns below which it
    is cut; 0 where it never is. `frames`: names of what it has several of and shows one at a time;
    none if it is all seen at once.
    `caption`: a few words on what is seen, besides. `parts`: it as other programs know such things;
    none where they have nothing like it. `overlays`: whether other runs (`View.pinned`) are seen
    with it.
    """

    content: type[C]
    draw: Callable[[Canvas, C, View], None]
    stretches: bool = False
    height: Callable[[C, int], int] = _usual_height
    fills: Callable[[C, int, int], tuple[int, int]] = lambda content, width, height: (width, height)
    width: Callable[[C], int] = lambda content: 0
    frames: Callable[[C], Sequence[str]] = lambda content: ()
    caption: Callable[[C, View], str] = lambda content, view: ""
    parts: Callable[[C], Iterable[Part]] = lambda content: ()
    overlays: Callable[[C], bool] = lambda content: False
