"""A batch of runs in one child process, seen from the process that watches them: as many runs."""

from __future__ import annotations

import time
from collections import deque
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from dlplay.author.parameters.base import Value
from dlplay.course.catalog import SceneCard
from dlplay.engine.child import LANE, Order
from dlplay.engine.live import GRACE, INBOX, INBOX_BYTES, LiveRun
from dlplay.wire import events


class Lane:
    """One run of a batch. What ends it ends the whole batch."""

    def __init__(self, batch: LiveBatch, begun: events.Started) -> None:
        """`begun`: what is known before the run says it itself."""
        self.whole = batch
        self.state = "starting"
        self.inbox: deque[events.AnyEvent] = deque()
        self._begun = begun
        self._tick = 0
        self._measures: dict[str, float] = {}
        self._claims: list[events.ClaimResult] = []

    def drain(self) -> list[events.AnyEvent]:
        """Everything that has come since the last call."""
        self.whole.taken()
        batch = []
        while self.inbox:
            batch.append(self.inbox.popleft())
        return batch

    def kill(self) -> None:
        """End the process now, and with it all runs of the batch."""
        self.whole.kill()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all runs of the batch are over; whether they are."""
        return self.whole.wait(timeout)

    def take(self, batch: list[events.AnyEvent]) -> None:
        """Take in what the process tells of this run."""
        for event in batch:
            self._tick = max(self._tick, event.tick)
            self.inbox.append(event)
            match event:
                case events.Started():
                    self._begun = event
                case events.Progress():
                    self.state = "running"
                case events.Measured(values=values):
                    self._measures.update(values)
                case events.Claims(claims=claims):
                    self._claims = claims
                case events.Finished():
                    self.state = "over"

    def end(self, status: str, message: str) -> None:
        """Its process ended before it was over."""
        known = {"message": message, "measures": self._measures, "claims": self._claims}
        self.inbox.append(self._begun.ended(status, self._tick, **known))
        self.state = "over"


class LiveBatch(LiveRun):
    """A batch of runs in a child process: `lanes`, in the order of the values."""

    def __init__(self, context: Any, order: Order, card: SceneCard) -> None:
        name, values = order.each
        self.lanes = [Lane(self, _begun(card, order, name, value)) for value in values]
        super().__init__(context, order, card)

    def taken(self) -> None:
        """Somebody takes what comes."""
        self._waiting = 0

    @property
    def _full(self) -> bool:
        much = self._waiting > INBOX_BYTES or any(len(lane.inbox) > INBOX for lane in self.lanes)
        return much and self._kill_at is None

    def _read(self, outlet: Connection) -> bool:
        try:
            data = outlet.recv_bytes()
            number, batch = int.from_bytes(data[:LANE]), events.decode(data[LANE:])
        except (EOFError, OSError, msgspec.MsgspecError):
            return False
        self._waiting += len(data)
        self.state = "running"
        self.lanes[number].take(batch)
        if all(lane.state == "over" for lane in self.lanes):
            self._kill_at = self._kill_at or time.monotonic() + GRACE
        return True

    def _end(self, status: str, message: str) -> None:
        for lane in self.lanes:
            if lane.state != "over":
                lane.end(status, message)
        self.state = "over"
        self._over.set()


def _begun(card: SceneCard, order: Order, name: str, value: Value) -> events.Started:
    return events.Started(
        scene=card.id,
        seed=order.seed,
        device=order.device,
        parameters=card.defaults | order.settings | {name: value},
    )
