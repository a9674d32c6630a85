"""What panels show, one kind a class. A new kind stands here, and in `AnyContent`.

`docs/architecture.md` says where else.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import get_args

import msgspec

from dlplay.wire.base import MOST, Array, Event, Number

MOST_BOXES = 1000  # on the images of a panel


class Content(Event):
    """What a panel shows from now on; it replaces what the panel showed before."""

    panel: str


class Plot(Content):
    """Whole curves at once: series by name, each with its x and y. `scatter`: marks, no lines."""

    series: dict[str, tuple[list[Number], list[Number]]]
    scatter: bool = False

    def sound(self) -> bool:
        return all(len(x) == len(y) for x, y in self.series.values())


class Outlines(msgspec.Struct, frozen=True):
    """Rectangles on images, by one name: float32 [K, 4], each left, top, right, bottom in pixels.

    `images`: the number of the image that each is on. `labels`: a few words each, or none.
    """

    name: str
    edges: Array
    images: list[int]
    labels: list[str] = []

    def sound(self) -> bool:
        return (
            self.edges.holds(2, "f4")
            and self.edges.shape[1] == 4
            and len(self.images) == self.edges.shape[0]
            and _optional(self.labels, self.edges.shape[0])
        )


class Image(Content):
    """A grid of images: `pixels` is uint8 [N, H, W, 1 or 3]; `captions`: one each, or none.

    `boxes`: rectangles drawn on them, MOST_BOXES in all.
    """

    pixels: Array
    captions: list[str] = []
    columns: int = 0  # images in a row; 0: as many as fit
    boxes: list[Outlines] = []

    def sound(self) -> bool:
        return (
            self.pixels.holds(4, "u1")
            and self.pixels.shape[-1] in (1, 3)
            and all(
                each.sound() and all(0 <= i < self.pixels.shape[0] for i in each.images)
                for each in self.boxes
            )
            and sum(len(each.images) for each in self.boxes) <= MOST_BOXES
        )


class Heatmap(Content):
    """Matrices of one shape, one of them seen at a time: float32 [K, rows, columns].

    `names` tells the K apart (heads, layers). `low`, `high`: the ends of the colour scale.
    `diverging`: zero is the middle of the scale, and sign is what matters.
    """

    values: Array
    names: list[str] = []
    rows: list[str] = []
    columns: list[str] = []
    x: str = ""
    y: str = ""
    low: Number = 0.0
    high: Number = 1.0
    diverging: bool = False

    def sound(self) -> bool:
        return self.values.holds(3, "f4")


class Window(msgspec.Struct, frozen=True):
    """Cells of a matrix that are outlined: the first row and column, how many of each."""

    name: str
    row: int
    column: int
    height: int
    width: int

    def sound(self) -> bool:
        """Whether the numbers are such as we count."""
        return all(abs(n) < MOST for n in (self.row, self.column, self.height, self.width))


class Matrix(msgspec.Struct, frozen=True):
    """One of several matrices: float32 [rows, columns]; NaN is a cell that is still empty.

    `low`, `high`: the ends of its colours. `colors`: "sequential", "diverging" (zero is in the
    middle) or "grey" (black to white, a picture).
    """

    name: str
    values: Array
    low: Number = 0.0
    high: Number = 1.0
    colors: str = "sequential"
    windows: list[Window] = []

    def sound(self) -> bool:
        """Whether it is a matrix in colours that there are."""
        return (
            self.values.holds(2, "f4")
            and self.colors in ("sequential", "diverging", "grey")
            and all(window.sound() for window in self.windows)
        )


class Matrices(Content):
    """Matrices side by side, all of them seen; the small ones with their numbers."""

    matrices: list[Matrix]

    def sound(self) -> bool:
        return all(matrix.sound() for matrix in self.matrices)


class Cloud(msgspec.Struct, frozen=True):
    """Points of a plane: float32 [N, 2], with a class each (or none)."""

    name: str
    xy: Array
    labels: list[int] = []

    def sound(self) -> bool:
        """Whether there is a class for each point, or none."""
        return (
            self.xy.holds_points()
            and _optional(self.labels, self.xy.shape[0])
            and all(abs(label) < MOST for label in self.labels)
        )


class Trail(msgspec.Struct, frozen=True):
    """A path on a plane: float32 [N, 2]; its last point is where the walker stands."""

    name: str
    xy: Array


class Plane(Content):
    """A part of the plane: a field of values, points and paths.

    `field`: float32 [rows, columns], row 0 at the lowest y; or None. `kind` of the field: "heat"
    (low to high), "contour" (level lines over the heat), "signed" (zero is the middle), "classes"
    (whole numbers, one colour each). `low`, `high`: the ends of the field's colour scale; None:
    its own. `x`, `y`: the ends of the axes.
    """

    x: tuple[Number, Number]
    y: tuple[Number, Number]
    field: Array | None = None
    kind: str = "heat"
    clouds: list[Cloud] = []
    trails: list[Trail] = []
    x_label: str = ""
    y_label: str = ""
    low: Number | None = None
    high: Number | None = None

    def sound(self) -> bool:
        return (
            (self.field is None or self.field.holds(2, "f4"))
            and all(cloud.sound() for cloud in self.clouds)
            and all(trail.xy.holds_points() for trail in self.trails)
        )


class Bars(Content):
    """Bars: one group a label, one bar a series. `log`: lengths on a logarithmic scale. `lines`:
    values to hold them against, by name."""

    labels: list[str]
    series: dict[str, list[Number]]
    log: bool = False
    unit: str = ""
    lines: dict[str, Number] = {}

    def sound(self) -> bool:
        return all(len(bars) == len(self.labels) for bars in self.series.values())


class Histogram(Content):
    """Counts between shared edges: len(edges) = len(counts) + 1 for every series."""

    edges: list[Number]
    series: dict[str, list[Number]]
    x: str = ""

    def sound(self) -> bool:
        return all(len(self.edges) == len(counts) + 1 for counts in self.series.values())


class Box(msgspec.Struct, frozen=True):
    """How a group of `count` numbers lies: its least and most, the quartiles between, its mean.

    `bad`: how many more were not finite. All are NaN where `count` is 0.
    """

    least: Number
    lower: Number
    middle: Number
    upper: Number
    most: Number
    mean: Number
    count: int
    bad: int = 0


class Boxes(Content, tag="spread"):
    """The distributions of groups of numbers (`stage.spread`): one box a label."""

    labels: list[str]
    boxes: list[Box]
    log: bool = False
    unit: str = ""

    def sound(self) -> bool:
        return len(self.labels) == len(self.boxes) and all(
            0 <= number < MOST for box in self.boxes for number in (box.count, box.bad)
        )


class Stack(Content):
    """Stacked bars: one bar a label, one piece a series; no piece is below zero."""

    labels: list[str]
    series: dict[str, list[Number]]
    unit: str = ""

    def sound(self) -> bool:
        return all(len(pieces) == len(self.labels) for pieces in self.series.values())


class Times(Content, tag="events"):
    """When something happened (`stage.events`): places on a line from `low` to `high`, by series.

    `x` names the line.
    """

    series: dict[str, list[Number]]
    low: Number = 0.0
    high: Number = 1.0
    x: str = ""


class Graph(Content):
    """Nodes and edges. `positions`: float32 [N, 2] in 0..1. `groups`: the true class of a node.

    `values`: what colours a node, from `low` to `high` (two beliefs meet in the middle).
    `marked`: nodes that stand out (the labelled ones). `weights`: how strongly an edge is drawn,
    one for each or none at all.
    """

    positions: Array
    edges: list[tuple[int, int]]
    weights: list[Number] = []
    labels: list[str] = []
    values: list[Number] = []
    groups: list[int] = []
    marked: list[int] = []
    low: Number = 0.0
    high: Number = 1.0

    def sound(self) -> bool:
        if not self.positions.holds_points():
            return False
        count = self.positions.shape[0]
        ends = [end for edge in self.edges for end in edge]
        return (
            all(0 <= node < count for node in (*ends, *self.marked))
            and all(_optional(each, count) for each in (self.labels, self.values, self.groups))
            and _optional(self.weights, len(self.edges))
        )


class Text(Content):
    """Plain text; `tail`: the end is what matters, if it does not fit."""

    text: str
    tail: bool = False


class Tokens(Content):
    """Text in pieces, each coloured by a value from `low` to `high` (a probability).

    `prompt`: how many of the first pieces were given, not generated. `gap`: pieces are words of
    their own (drawn apart), not parts of a running text.
    """

    tokens: list[str]
    values: list[Number] = []
    low: Number = 0.0
    high: Number = 1.0
    prompt: int = 0
    gap: bool = False

    def sound(self) -> bool:
        return _optional(self.values, len(self.tokens))


class Table(Content):
    """Rows of cells; numbers are aligned right. `best`: rows that stand out."""

    columns: list[str]
    rows: list[list[str | float | int]]
    best: list[int] = []

    def sound(self) -> bool:
        return all(len(row) == len(self.columns) for row in self.rows)


class Spread(msgspec.Struct, frozen=True):
    """The distribution of a tensor's numbers; `counts` over equal bins from `low` to `high`."""

    mean: Number
    std: Number
    low: Number
    high: Number
    counts: list[int]
    zeros: Number = 0.0  # the share that is exactly zero
    bad: int = 0  # numbers that are not finite


class Layer(msgspec.Struct, frozen=True):
    """One layer under the X-ray."""

    name: str
    kind: str
    shape: list[int]  # of the weight; empty for a layer without one
    parameters: int
    weight: Spread | None = None
    gradient: Spread | None = None
    activation: Spread | None = None
    dead: Number | None = None  # the share of units silent on the whole batch


class XRay(Content):
    """The layers of a watched model as they are now."""

    layers: list[Layer]


AnyContent = (
    Plot | Image | Heatmap | Matrices | Plane | Bars | Histogram | Boxes | Stack | Times
    | Graph | Text | Tokens | Table | XRay
)  # fmt: skip
# The stage's calls that show something in a panel: each kind has one of its name, but the X-ray,
# which is taken by itself; and `curve` adds points to what is there.
DRAWS = {kind.__struct_config__.tag for kind in get_args(AnyContent)} - {"xray"} | {"curve"}


def _optional(values: Sized, count: int) -> bool:
    return len(values) in (0, count)
