"""What whoever watches a run may ask of it; the other direction of `events`."""

from __future__ import annotations

import time
from typing import Protocol

import msgspec


class Command(msgspec.Struct, tag_field="type", tag=str.lower):
    """What every command is."""


class Pause(Command):
    """Wait before the next step."""


class Resume(Command):
    """Go on."""


class Step(Command):
    """Take one step, then wait."""


class Stop(Command):
    """End the run at the next step."""


class Tweak(Command):
    """Give a live parameter another value from the next step on."""

    name: str
    value: float | int | str | bool


class Look(Command):
    """Take X-rays of the watched model from now on, or no longer."""

    xray: bool


class Pace(Command):
    """Take so many steps a second from now on; 0: as many as there can be."""

    rate: float


class Begin(Command):
    """The first word to a program of the user's own: what its knobs are to be, as text by name,
    and what they are turned to on the way, each once so many steps were made; whether it waits
    before its first step, is X-rayed, and its steps a second (0: as many as there can be)."""

    settings: dict[str, str] = {}
    turned: list[tuple[int, str, float | int | str | bool]] = []
    paused: bool = False
    xray: bool = False
    pace: float = 0


AnyCommand = Pause | Resume | Step | Stop | Tweak | Look | Pace | Begin

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[AnyCommand] = msgspec.msgpack.Decoder(AnyCommand)


def encode(command: AnyCommand) -> bytes:
    return _encoder.encode(command)


def decode(data: bytes) -> AnyCommand:
    return _decoder.decode(data)


class Controls(Protocol):
    """Where a stage finds the commands meant for it."""

    def pending(self) -> bool:
        """Whether there is a command to take. Called at every step: must be cheap."""
        ...

    def take(self) -> AnyCommand:
        """The next command; waits for one if there is none."""
        ...

    def wait(self, seconds: float) -> bool:
        """Wait for a command, at most so long; whether there is one to take."""
        ...


class NoControls:
    """For a run that nobody steers."""

    def pending(self) -> bool:
        return False

    def take(self) -> AnyCommand:
        raise RuntimeError("nobody steers this run")

    def wait(self, seconds: float) -> bool:
        time.sleep(seconds)
        return False
