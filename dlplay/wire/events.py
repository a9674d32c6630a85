"""The one vocabulary between a run and whoever watches it.

A run is a stream of these events, in order. They travel between processes and lie in files as
MessagePack, and go to standard output as JSON Lines, one object with a `type` each. `tick` counts
the step boundaries passed since the run began: it is the run's clock.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import msgspec

from dlplay.wire.base import MOST, Event, Number
from dlplay.wire.base import Array as Array
from dlplay.wire.contents import *  # noqa: F403  # a new kind has its name here by itself
from dlplay.wire.contents import AnyContent
from dlplay.wire.written import as_json, whole, with_texts

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


class Started(Event):
    """A run begins."""

    scene: str
    seed: int
    device: str
    parameters: Settings
    versions: dict[str, str] = {}
    digest: str = ""  # SHA-256 of the scene's file
    files: dict[str, str] = {}  # SHA-256 of each file of the user's own, by the parameter's name
    command: tuple[str, ...] = ()  # of a program of the user's own, which is no scene
    sabotage: str = ""  # how it was spoilt on purpose, a word of `dlplay.words.sabotage`

    def ended(self, status: str, tick: int = 0, **known: Any) -> Finished:
        """The summary of a run that began so and came as far as this tick; of what is not `known`
        it says nothing."""
        empty: dict[str, Any] = {"measures": {}, "claims": [], "seconds": 0.0}
        begun = {name: getattr(self, name) for name in ("scene", "seed", "device", "parameters")}
        return Finished(tick=tick, status=status, steps=tick, **begun | empty | known)

    def sound(self) -> bool:
        return _finite(self.parameters.values())


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

    def sound(self) -> bool:
        return len(self.ticks) == len(self.x) == len(self.y)


class Axes(Event):
    """How a curve panel is drawn: axis labels, logarithmic axes ("", "x", "y", "xy"), and
    reference lines by name, level ones and upright ones."""

    panel: str
    x: str = "step"
    y: str = ""
    log: str = ""
    lines: dict[str, Number] = {}
    verticals: dict[str, Number] = {}


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

    def sound(self) -> bool:
        return _finite([self.value])


class Knob(Event):
    """A parameter that a program of the user's own has, and its value at this tick; those of a
    scene stand in its file.

    `kind`: number, integer, toggle, choice (one of `options`) or text. `low`, `high`: of a number.
    `trouble`: why what the user gave it cannot be.
    """

    name: str
    kind: str
    default: float | int | str | bool
    value: float | int | str | bool
    low: Number = 0.0
    high: Number = 0.0
    log: bool = False
    options: list[str] = []
    live: bool = False
    help: str = ""
    trouble: str = ""

    def sound(self) -> bool:
        return _finite([self.default, self.value])


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
    answers: tuple[str, ...] = ()  # the live parameters that its looks read
    defaults: Settings = {}  # of a program of the user's own: its knobs, unless they are given

    @property
    def whole(self) -> bool:
        """Whether the run came to its own end, so that its claims hold or fail for good."""
        return self.status in ("done", "diverged")

    def sound(self) -> bool:
        return _finite(self.parameters.values())


AnyEvent = (
    Started | Progress | Vitals | Points | Axes | AnyContent
    | Measured | Claims | Headline | Tweaked | Knob | Logged | Finished
)  # fmt: skip

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[AnyEvent])
_parts = msgspec.msgpack.Decoder(list[msgspec.Raw])
_one = msgspec.msgpack.Decoder(AnyEvent)


def encode(events: list[AnyEvent]) -> bytes:
    """Events as one MessagePack frame."""
    try:
        return _encoder.encode(events)
    except UnicodeEncodeError:  # a scene's text has half a character
        return _encoder.encode(with_texts(events, whole))


def decode(frame: bytes) -> list[AnyEvent]:
    """The events of a frame; msgspec.MsgspecError if it is not one."""
    return _decoder.decode(frame)


def decode_each(frame: bytes) -> tuple[list[AnyEvent], list[str]]:
    """The events of a frame that can be read, and what is wrong with each of the others;
    msgspec.MsgspecError if it is no frame."""
    try:
        return decode(frame), []
    except msgspec.ValidationError:
        read: list[AnyEvent] = []
        wrong: list[str] = []
        for part in _parts.decode(frame):
            try:
                read.append(_one.decode(part))
            except msgspec.ValidationError as error:
                wrong.append(str(error))
        return read, wrong


def to_json(event: AnyEvent) -> str:
    """One line of JSON. Numbers that are not finite become null."""
    return as_json(event).decode()


def sound(event: AnyEvent) -> bool:
    """Whether an event that came from elsewhere makes sense: its tick, and its parts together."""
    return 0 <= event.tick < MOST and event.sound()


def _finite(values: Iterable[float | int | str | bool]) -> bool:
    return all(not isinstance(value, float) or math.isfinite(value) for value in values)
