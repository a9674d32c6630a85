"""A training program of one's own as a run: what `dlplay watch` starts and listens to."""

from __future__ import annotations

import multiprocessing as mp
import os
import shutil
import socket
import struct
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec

from dlplay.course.cards import SceneCard
from dlplay.engine import child, keeper
from dlplay.engine.live import GRACE, LOG_LINES, LiveRun, signal_in_words
from dlplay.stage.joining import ADDRESS
from dlplay.wire import commands, events
from dlplay.words.nearest import did_you_mean

MISSING = "ModuleNotFoundError: No module named 'dlplay'"
LONGEST = 200  # characters of what it printed last, where it failed
LENGTH = struct.Struct("!i")  # before each message, as multiprocessing's connections have it
there_is = keeper.there_are and hasattr(socket, "AF_UNIX")


@dataclass(frozen=True)
class OwnOrder:
    """What to run: a command in a folder with an environment, what its knobs are to be as text,
    and what is turned on the way. `paused`, `xray`, `pace`: as for a scene."""

    command: tuple[str, ...]
    folder: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    tweaks: tuple[events.Tweaked, ...] = ()
    paused: bool = False
    xray: bool = False
    pace: float = 0
    linger: bool = False
    seed: int = 0
    device: str = ""


class OwnRun(LiveRun):
    """One run of a program. Its processes find us through a socket; the first that draws is the
    one that is seen, all of them hear what is asked.

    It is over when its process is: done if that ended with 0, stopped if it was asked to stop.
    """

    kept_lines = None  # all: see `_put_off`

    def __init__(self, order: OwnOrder, card: SceneCard) -> None:
        from dlplay.engine import server

        self._place = tempfile.mkdtemp(prefix="own-", dir=server.folder() or None)
        self._began = time.monotonic()
        self._drawn: Connection | None = None  # the one that is seen
        self._knobs: dict[str, events.Knob] = {}
        self._headline = ""
        self._unseen = False  # whether another has drawn, too
        self._prints: Connection | None = None
        self._asked_to_stop = False
        self._told = False  # that it began
        self._device = ""
        self._last = ""  # line that it printed
        self._trouble = ""
        self._unread: set[str] = set()  # what was wrong with what it has drawn
        # Not from the fork server: it would import torch for nothing.
        super().__init__(mp.get_context("spawn"), order, card)  # type: ignore[arg-type]

    def stop(self, grace: float = GRACE) -> None:
        """Ask the program to stop: the loops that are under way end, and it goes on after them,
        for as long as it takes. Asked again, its process is ended."""
        if self._asked_to_stop:
            super().stop(grace=0)
        elif self.state != "over":
            self._asked_to_stop = True
            self._send(commands.Stop())

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop, and has not ended yet."""
        return self._asked_to_stop and self.state != "over"

    def _launch(self) -> None:
        order: OwnOrder = self.order  # type: ignore[assignment]
        address = os.path.join(self._place, "stage")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(address)
        listener.listen()
        log, child_log = self._context.Pipe(duplex=False)
        self._prints = log
        self._heard = {listener: self._admit, log: self._read_log}
        self._pipes = [listener, log]
        self._listens(_Everyone(order))
        own = {**order.environment, ADDRESS: address, "PYTHONUNBUFFERED": "1"}
        self._begin(child.become, (runnable(order.command), order.folder, own, child_log))

    def _surroundings(self) -> Any:
        from dlplay.engine import server

        return server.surroundings()

    @property
    def refused(self) -> str:
        """Why a knob cannot be what it was to be, where the program was ended for it."""
        return self._trouble

    def drain(self) -> list[events.AnyEvent]:
        """As of any run, its beginning before what it has printed since."""
        return sorted(super().drain(), key=lambda event: not isinstance(event, events.Started))

    def _printed(self, lines: list[str]) -> None:
        self._tell_start([])
        self._log.extend(lines)
        self._last = next((each for each in reversed(lines) if each.strip()), self._last)

    def _put_off(self) -> set[Any]:
        """Nor is what it prints while nobody takes it: it waits, as before a pager."""
        put_off = super()._put_off()
        much = len(self._log) >= LOG_LINES and self._kill_at is None
        return put_off | {self._prints} if much else put_off

    def _admit(self, listener: socket.socket) -> bool:
        """A process of the program has found us."""
        joined, _ = listener.accept()
        self._control.add(joined)
        connection = Connection(os.dup(joined.fileno()))
        self._pipes += [joined, connection]
        self._heard[connection] = self._hear
        return True

    def _hear(self, connection: Connection) -> bool:
        try:
            data = connection.recv_bytes()
            batch, wrong = events.decode_each(data)
        except (EOFError, OSError, msgspec.MsgspecError):
            return False
        for each in dict.fromkeys(wrong):
            if each not in self._unread:
                self._unread.add(each)
                text = f"stage: something that was drawn cannot be shown: {each}"
                batch.append(events.Logged(tick=self._tick, text=text))
        if self._drawn is None:
            self._drawn = connection
            self._outlets.add(connection)
            self._tell_start(batch)
        if self._drawn is connection:
            self._waiting += len(data)
            self._take_in(batch)
        elif not self._unseen:
            self._unseen = True
            text = "stage: another process of the program draws, too; the first that drew is seen"
            self._inbox.append(events.Logged(tick=self._tick, text=text))
        return True

    def _take_in(self, batch: list[events.AnyEvent]) -> None:
        for event in batch:
            if isinstance(event, events.Vitals) and event.device_memory:
                self._device = "cuda"
            if isinstance(event, events.Knob):
                self._knobs[event.name] = event
                if event.trouble:  # it would not do what the user asked for
                    self._trouble = self._trouble or event.trouble
                    self.kill()
            elif isinstance(event, events.Headline):
                self._headline = event.text
        super()._take_in(batch)

    def _tell_start(self, batch: Sequence[events.AnyEvent]) -> None:
        """It begins with what it has sent first, or printed."""
        if self._told:
            return
        self._told = True
        on_device = any(isinstance(e, events.Vitals) and e.device_memory for e in batch)
        parameters = {e.name: e.value for e in batch if isinstance(e, events.Knob)}
        started = events.Started(
            scene=self.card.id,
            seed=_seed(parameters),
            device="cuda" if on_device else "cpu",
            parameters=parameters,
            digest=self.card.digest,
            command=self.card.command,
        )
        self._started = started
        self._inbox.append(started)

    def _conclude(self) -> None:
        shutil.rmtree(self._place, ignore_errors=True)
        if self._log_rest:
            self._printed([self._log_rest.decode("utf-8", "replace")])
        self._tell_start([])
        code = self._process.exitcode
        if self._trouble:
            self._end("failed", self._trouble)
        elif self._asked_to_stop or self._killed:
            self._end("stopped", "its process was ended" if self._killed else "")
        elif code == 0:
            self._end("done", self._unheard())
        elif code is not None and code < 0:
            self._end("failed", f"{self.card.title} was ended by {signal_in_words(-code)}")
        else:
            said = f": {self._last.strip()[:LONGEST]}" if self._last else ""
            if self._last.strip() == MISSING:
                said += f". That Python is another than dlplay's, which is {sys.executable}"
            self._end("failed", f"{self.card.title} ended with exit status {code}{said}")

    def _unheard(self) -> str:
        """What there is to say of a program that came to its end."""
        order: OwnOrder = self.order  # type: ignore[assignment]
        if self._drawn is None:
            return "it has drawn nothing: from dlplay import stage"
        asked = [*order.settings, *(each.name for each in order.tweaks)]
        if unknown := [name for name in asked if name not in self._knobs]:
            known = ", ".join(self._knobs) or "none"
            hint = did_you_mean(unknown[0], self._knobs)
            return f"it has no knob {unknown[0]!r}; it has {known}.{hint}"
        for each in order.tweaks:
            if each.tick > self._tick:
                return f"{each.name}@{each.tick} never came: it had {self._tick:,} steps"
            if not self._knobs[each.name].live:
                return f"{each.name} is asked for once, so it is not turned at step {each.tick:,}"
        return ""

    def _end(self, status: str, message: str) -> None:
        """The program says nothing of its end itself."""
        late = {n: k.value for n, k in self._knobs.items() if n not in self._started.parameters}
        parameters = self._started.parameters | late | self._turned
        summary = self._started.ended(
            status,
            self._tick,
            message=message,
            parameters=parameters,
            defaults={name: knob.default for name, knob in self._knobs.items()},
            seed=_seed(parameters),
            device=self._device or self._started.device,
            measures=self._measures,
            claims=self._claims,
            seconds=time.monotonic() - self._began,
            headline=self._headline,
        )
        self._inbox.append(summary)
        self.state = "over"
        self._over.set()


def _seed(parameters: Mapping[str, Any]) -> int:
    """That of the program, if it has a knob of that name."""
    seed = parameters.get("seed", 0)
    return seed if isinstance(seed, int) else 0


class _Everyone:
    """The way to all processes of the program; what was said before one came is said to it then."""

    def __init__(self, order: OwnOrder) -> None:
        turned = [(each.tick, each.name, each.value) for each in order.tweaks]
        begin = commands.Begin(
            dict(order.settings), turned, order.paused, order.xray, float(order.pace)
        )
        self._said = [commands.encode(begin)]
        self._joined: list[socket.socket] = []

    def add(self, joined: socket.socket) -> None:
        self._joined.append(joined)
        for message in self._said:
            _tell(joined, message)

    def send_bytes(self, message: bytes) -> None:
        self._said.append(message)
        for joined in self._joined:
            _tell(joined, message)


def _tell(joined: socket.socket, message: bytes) -> None:
    """A program that is gone, or stands still, is not waited for."""
    with suppress(OSError, ValueError):
        joined.send(LENGTH.pack(len(message)) + message, socket.MSG_DONTWAIT)


def runnable(command: Sequence[str]) -> tuple[str, ...]:
    """The command as the system takes it: a Python file is run by this Python."""
    by_python = command[0].endswith(".py")
    return (sys.executable, *command) if by_python else tuple(command)


def program(
    command: Sequence[str],
    *,
    settings: Mapping[str, str],
    environment: Mapping[str, str],
    folder: Path | None = None,
) -> OwnOrder:
    """The order for a command, in the working folder unless another is given."""
    return OwnOrder(
        command=tuple(command),
        folder=str(folder or Path.cwd()),
        environment=dict(environment),
        settings=dict(settings),
    )
