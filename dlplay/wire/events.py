"""The one vocabulary between a run and whoever watches it.

A run is a stream of these events, in order. They travel between processes and lie in files as
MessagePack, and go to standard output as JSON Lines, one object with a `type` each. `tick` counts
the step boundaries passed since the run began: it is the run's clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import numpy as np

Number = float
Settings = dict[str, float | int | str | bool]


class ClaimResult(msgspec.Struct, frozen=True, omit_defaults=False):
    """How a claim stands: `holds` is None where its value has not been measured."""

    name: str
    claim: str
    value: float | None = None
    relation: str = ""
    bound: float | tuple[float, float] | None = None
    holds: bool | None = None
    reason: str = ""


class Array(msgspec.Struct, frozen=True):
    """Numbers in row-major order: `dtype` as numpy spells it (`<f4`, `|u1`); base64 in JSON."""

    shape: tuple[int, ...]
    dtype: str
    data: bytes

    @classmethod
    def of(cls, values: np.ndarray[Any, Any]) -> Array:
        return cls(tuple(values.shape), values.dtype.str, values.tobytes())

    def numpy(self) -> np.ndarray[Any, Any]:
        """A read-only view of the numbers."""
        import numpy as np

        return np.frombuffer(self.data, dtype=self.dtype).reshape(self.shape)


class Event(msgspec.Struct, kw_only=True, tag_field="type", tag=str.lower):
    """What every event carries."""

    tick: int = 0


class Started(Event):
    """A run begins."""

    scene: str
    seed: int
    device: str
    parameters: Settings
    versions: dict[str, str] = {}
    digest: str = ""  # SHA-256 of the scene's file


class Progress(Event):
    """Where the loop is: `step` of `total` in the phase of this name (empty: the only one), and
    whether it waits there."""

    step: int
    total: int
    phase: str = ""
    paused: bool = False


class Vitals(Event):
    """Memory in bytes: of the process, and on the accelerator (0 without one)."""

    memory: int
    device_memory: int = 0


class Points(Event):
    """New points of one series of a curve panel, each with the tick at which it was drawn."""

    panel: str
    series: str
    ticks: list[int]
    x: list[Number]
    y: list[Number]


class Axes(Event):
    """How a curve panel is drawn: axis labels, logarithmic axes ("", "x", "y", "xy"), and
    horizontal reference lines by name."""

    panel: str
    x: str = "step"
    y: str = ""
    log: str = ""
    lines: dict[str, Number] = {}


class Content(Event):
    """What a panel shows from now on; it replaces what the panel showed before."""

    panel: str


class Plot(Content):
    """Whole curves at once: series by name, each with its x and y. `scatter`: marks, no lines."""

    series: dict[str, tuple[list[Number], list[Number]]]
    scatter: bool = False


class Image(Content):
    """A grid of images: `pixels` is uint8 [N, H, W, 1 or 3]; `captions`: one each, or none."""

    pixels: Array
    captions: list[str] = []
    columns: int = 0  # images in a row; 0: as many as fit


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


class Cloud(msgspec.Struct, frozen=True):
    """Points of a plane: float32 [N, 2], with a class each (or none)."""

    name: str
    xy: Array
    labels: list[int] = []


class Trail(msgspec.Struct, frozen=True):
    """A path on a plane: float32 [N, 2]; its last point is where the walker stands."""

    name: str
    xy: Array


class Plane(Content):
    """A part of the plane: a field of values, points and paths.

    `field`: float32 [rows, columns], row 0 at the lowest y; or None. `kind` of the field: "heat"
    (low to high), "contour" (level lines over the heat), "signed" (zero is the middle), "classes"
    (whole numbers, one colour each). `x`, `y`: the ends of the axes.
    """

    x: tuple[Number, Number]
    y: tuple[Number, Number]
    field: Array | None = None
    kind: str = "heat"
    clouds: list[Cloud] = []
    trails: list[Trail] = []
    x_label: str = ""
    y_label: str = ""


class Bars(Content):
    """Bars: one group a label, one bar a series. `log`: lengths on a logarithmic scale."""

    labels: list[str]
    series: dict[str, list[Number]]
    log: bool = False
    unit: str = ""


class Histogram(Content):
    """Counts between shared edges: len(edges) = len(counts) + 1 for every series."""

    edges: list[Number]
    series: dict[str, list[Number]]
    x: str = ""


class Graph(Content):
    """Nodes and edges. `positions`: float32 [N, 2] in 0..1. `groups`: the true class of a node.

    `values`: what colours a node, from `low` to `high` (two beliefs meet in the middle).
    `marked`: nodes that stand out (the labelled ones).
    """

    positions: Array
    edges: list[tuple[int, int]]
    labels: list[str] = []
    values: list[Number] = []
    groups: list[int] = []
    marked: list[int] = []
    low: Number = 0.0
    high: Number = 1.0


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


class Table(Content):
    """Rows of cells; numbers are aligned right. `best`: rows that stand out."""

    columns: list[str]
    rows: list[list[str | float | int]]
    best: list[int] = []


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


class Measured(Event):
    """Measures reported, by name."""

    values: dict[str, Number]


class Claims(Event):
    """How every claim stands now."""

    claims: list[ClaimResult]


class Headline(Event):
    """One sentence with the numbers of this moment."""

    text: str


class Tweaked(Event):
    """A live parameter took another value at this tick."""

    name: str
    value: float | int | str | bool


class Logged(Event):
    """A line printed by the scene, a warning, or a traceback."""

    text: str
    stream: str = "out"


class Finished(Event):
    """The run is over: the summary.

    `status`: done, stopped, diverged, or failed (the scene raised, or its process died).
    """

    status: str
    scene: str
    seed: int
    device: str
    parameters: Settings
    measures: dict[str, Number]
    claims: list[ClaimResult]
    steps: int
    seconds: Number
    message: str = ""
    headline: str = ""
    spoilt: int = 0  # how often sabotage struck, where it was asked for

    @property
    def whole(self) -> bool:
        """Whether the run came to its own end, so that its claims hold or fail for good."""
        return self.status in ("done", "diverged")


AnyContent = (
    Plot | Image | Heatmap | Plane | Bars | Histogram | Graph | Text | Tokens | Table | XRay
)
AnyEvent = (
    Started | Progress | Vitals | Points | Axes | AnyContent
    | Measured | Claims | Headline | Tweaked | Logged | Finished
)  # fmt: skip

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[AnyEvent])
_json = msgspec.json.Encoder()


def encode(events: list[AnyEvent]) -> bytes:
    """Events as one MessagePack frame."""
    return _encoder.encode(events)


def decode(frame: bytes) -> list[AnyEvent]:
    """The events of a frame; msgspec.MsgspecError if it is not one."""
    return _decoder.decode(frame)


def to_json(event: AnyEvent) -> str:
    """One line of JSON. Numbers that are not finite become null."""
    return _json.encode(event).decode()
