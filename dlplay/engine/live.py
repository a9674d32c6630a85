"""A run in a child process, seen from the process that watches it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from multiprocessing import connection
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from dlplay.course.catalog import SceneCard
from dlplay.engine import child, keeper
from dlplay.engine.child import Order
from dlplay.wire import commands, events
from dlplay.wire.events import ClaimResult

GRACE = 2.0  # seconds between asking a run to stop and ending its process
CHUNK = 65536
LOG_LINES = 2000  # kept until they are drained
INBOX = 50_000  # events that wait to be drained; beyond, the run waits
INBOX_BYTES = 8_000_000  # the same as they came; in memory points take fifteen times as much
SLOW = 10.0  # seconds that a keeper may take
_STDERR = threading.Lock()  # runs start in threads of their own


class LiveRun:
    """One run in a child process. Every method returns at once and may be called at any time.

    `state`: starting, running, paused, stopping, over. A run that lingers is over when its
    summary has come; its process goes on until `dismiss`.
    """

    kept_lines: int | None = LOG_LINES  # of its log, until they are drained

    def __init__(self, context: Any, order: Order, card: SceneCard) -> None:
        self.order = order
        self.card = card
        self.state = "starting"
        self._paused = order.paused
        self._context = context
        self._inbox: deque[events.AnyEvent] = deque()
        self._waiting = 0  # bytes of what is in it
        self._log: deque[str] = deque(maxlen=self.kept_lines)
        self._log_rest = b""
        self._lost_lines = 0
        self._tick = 0
        self._kill_at: float | None = None
        self._killed = 0.0  # when it was told to end at once
        self._pid: int | None = None
        self._over = threading.Event()
        self._summary: events.Finished | None = None
        self._started = events.Started(  # what is known before the run says it itself
            scene=card.id,
            seed=order.seed,
            device=order.device,
            parameters=card.defaults | order.settings,
        )
        self._begun = False  # whether anything has come of it
        self._turned: events.Settings = {}
        self._measures: dict[str, float] = {}
        self._claims: list[ClaimResult] = []
        self._control: Any = None
        self._heard: dict[Any, Callable[[Any], bool]] = {}  # what is read, until it is False
        self._outlets: set[Any] = set()  # of these, what waits where nobody takes what comes
        self._pipes: list[Any] = []  # to close at the end
        self._leash: Connection | None = None
        self._process: Any = None
        self._early: list[commands.AnyCommand] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._attend, daemon=True)
        self._thread.start()

    # What the watcher asks

    def pause(self) -> None:
        self._paused = True
        self._send(commands.Pause())

    def resume(self) -> None:
        self._paused = False
        self._send(commands.Resume())

    def step(self) -> None:
        """One step, then pause."""
        self._paused = True
        self._send(commands.Step())

    def tweak(self, name: str, value: Any) -> None:
        """A live parameter's new value, from the next step on."""
        self._send(commands.Tweak(name, value))

    def pace(self, rate: float) -> None:
        """So many steps a second from now on; 0: as many as there can be."""
        self._send(commands.Pace(rate))

    def look(self, xray: bool) -> None:
        self._send(commands.Look(xray))

    def stop(self, grace: float = GRACE) -> None:
        """Ask the run to stop at its next step; after `grace` seconds end its process."""
        if self.state != "over":
            self.state = "stopping"
            self._kill_at = self._kill_at or time.monotonic() + grace
            self._send(commands.Stop())

    @property
    def lingering(self) -> bool:
        """Whether the run is done and its process waits for live parameters to be turned."""
        return self.state == "over" and self._thread.is_alive()

    @property
    def lost(self) -> bool:
        """Whether its process ended while it lingered, by accident."""
        over = self.state == "over" and not self._thread.is_alive()
        return over and self.order.linger and self._kill_at is None and bool(self.exit_code)

    @property
    def exit_code(self) -> int | None:
        """How its process ended, as multiprocessing tells it; None before."""
        return self._process.exitcode if self._process is not None else None

    def dismiss(self, grace: float = GRACE) -> None:
        """The run is not looked at any more: let its process end, whatever it does."""
        if self.lingering:
            self._kill_at = time.monotonic() + grace
            self._send(commands.Stop())
        else:
            self.stop(grace)

    def kill(self) -> None:
        """End the process now, and all that it began."""
        self._kill_at = 0.0
        with self._lock:
            self._killed = self._killed or time.monotonic()
            if self._leash is not None and keeper.there_are:
                with suppress(OSError, ValueError):
                    os.write(self._leash.fileno(), keeper.PULL)
            elif self._process is not None:
                with suppress(OSError, AttributeError):
                    self._process.kill()

    def drain(self) -> list[events.AnyEvent]:
        """Everything that has come since the last call."""
        batch: list[events.AnyEvent] = []
        self._waiting = 0
        while self._log:
            batch.append(events.Logged(tick=self._tick, text=self._log.popleft()))
        if self._lost_lines:
            text = f"... {self._lost_lines} more lines were dropped"
            batch.append(events.Logged(tick=self._tick, text=text))
            self._lost_lines = 0
        while self._inbox:
            batch.append(self._inbox.popleft())
        return batch

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the run is over; whether it is."""
        self._over.wait(timeout)
        return self.state == "over"

    @property
    def whole(self) -> LiveRun:
        """What has its process: itself; of a run of a batch the batch."""
        return self

    @property
    def pid(self) -> int | None:
        """Of its process; None before it is known."""
        return self._pid

    @property
    def paused(self) -> bool:
        """Whether it was asked to pause; `state` tells when it does."""
        return self._paused

    def _send(self, command: commands.AnyCommand) -> None:
        with self._lock:
            if self._control is None:
                self._early.append(command)
            else:
                _send_through(self._control, command)

    # What the attending thread does

    def _attend(self) -> None:
        try:
            self._launch()
        except Exception as error:
            self._end("failed", f"the run's process could not be started: {error}")
            return
        if self._leash is not None:
            self._heard[self._leash] = self._read_pid
        while self._heard:
            put_off = self._put_off()
            heard = [pipe for pipe in self._heard if pipe not in put_off]
            for pipe in connection.wait(heard, timeout=0.1):
                going_on = self._heard[pipe](pipe)
                self._begun = self._begun or (going_on and pipe in self._outlets)
                if not going_on:
                    del self._heard[pipe]
            if self._kill_at is not None and time.monotonic() > self._kill_at and not self._killed:
                self.kill()
            if self._killed and time.monotonic() > self._killed + SLOW:
                break
            if self._process.exitcode is not None and not connection.wait(list(self._heard), 0):
                break  # a process that got away may hold the pipes open
        self._process.join(GRACE)
        self._end_the_rest()
        for pipe in self._pipes:
            pipe.close()
        self._conclude()

    @property
    def _full(self) -> bool:
        """Whether nobody takes what comes: then the run waits, unless it is to end."""
        much = len(self._inbox) > INBOX or self._waiting > INBOX_BYTES
        return much and self._kill_at is None

    def _put_off(self) -> set[Any]:
        """What is not read for now."""
        return self._outlets if self._full else set()

    def _read_pid(self, leash: Any) -> bool:
        with suppress(OSError):
            data = os.read(leash.fileno(), keeper.PID.size)
            if len(data) == keeper.PID.size:
                (self._pid,) = keeper.PID.unpack(data)
        return False

    def _end_the_rest(self) -> None:
        """The keeper has done it, unless it was killed itself."""
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join(GRACE)
        if self._pid is not None and self._process.exitcode in (-signal.SIGKILL, 255):
            with suppress(OSError):
                os.killpg(self._pid, signal.SIGKILL)
        with self._lock:
            if self._leash is not None:
                self._leash.close()
                self._leash = None

    def _launch(self) -> None:
        """Start the process, and hear what comes from it."""
        outlet, child_outlet = self._context.Pipe(duplex=False)
        child_control, control = self._context.Pipe(duplex=False)
        log, child_log = self._context.Pipe(duplex=False)
        self._begin(child.main, (self.order, child_outlet, child_control, child_log))
        with suppress(AttributeError):
            os.set_blocking(control.fileno(), False)
        self._outlets.add(outlet)
        self._heard = {outlet: self._read, log: self._read_log}
        self._pipes = [outlet, log]
        self._listens(control)

    def _begin(self, target: Callable[..., None], given: tuple[Any, ...]) -> None:
        """The process, with a leash as the last of what it is given; our copies of what is its are
        closed."""
        leash, child_leash = self._context.Pipe(duplex=True)
        self._process = self._context.Process(target=target, args=(*given, child_leash))
        with real_stderr(), self._surroundings():
            self._process.start()
        for end in (*given, child_leash):
            if isinstance(end, Connection):
                end.close()
        with self._lock:
            if keeper.there_are:
                self._leash = leash
            else:
                self._pid = self._process.pid
        if self._kill_at == 0.0:
            self.kill()

    def _listens(self, control: Any) -> None:
        """Commands can be sent from now on: what is asked meanwhile comes after what was asked
        before."""
        with self._lock:
            for command in self._early:
                _send_through(control, command)
            self._control = control

    def _surroundings(self) -> AbstractContextManager[None]:
        if self._context.get_start_method() != "forkserver":
            return nullcontext()
        from dlplay.engine import server

        return server.surroundings()  # one that died is started again

    def _read(self, outlet: Connection) -> bool:
        """Take in one batch; False at the end of the stream."""
        try:
            data = outlet.recv_bytes()
            batch = events.decode(data)
        except (EOFError, OSError, msgspec.MsgspecError):
            return False
        self._waiting += len(data)
        self._take_in(batch)
        return True

    def _take_in(self, batch: list[events.AnyEvent]) -> None:
        for event in batch:
            self._tick = max(self._tick, event.tick)
            if isinstance(event, events.Started):
                self._started = event
            elif isinstance(event, events.Progress) and self.state not in ("stopping", "over"):
                self.state = "paused" if event.paused else "running"
            elif isinstance(event, events.Measured):
                self._measures.update(event.values)
            elif isinstance(event, events.Claims):
                self._claims = event.claims
            elif isinstance(event, events.Tweaked):
                self._turned[event.name] = event.value
            if isinstance(event, events.Finished):
                self._summary = event
                if self.order.linger:
                    self._close_run()
                else:  # what the scene began may hold up its process
                    self._kill_at = self._kill_at or time.monotonic() + GRACE
            else:
                self._inbox.append(event)

    def _close_run(self) -> None:
        """The summary is the last that is told of the run itself."""
        if self._summary is not None and not self._over.is_set():
            self._inbox.append(self._summary)
            self.state = "over"
            self._over.set()

    def _read_log(self, log: Connection) -> bool:
        try:
            data = os.read(log.fileno(), CHUNK)
        except OSError:
            return False
        *lines, self._log_rest = (self._log_rest + data).split(b"\n")
        if len(self._log_rest) > CHUNK:
            lines, self._log_rest = [*lines, self._log_rest], b""
        self._printed([line.decode("utf-8", "replace") for line in lines])
        if len(data) == CHUNK:
            time.sleep(0.01)  # a flood: let the pipe fill up, and the child wait
        return bool(data)

    def _printed(self, lines: list[str]) -> None:
        """Lines that the run, or the interpreter, has printed."""
        self._lost_lines += max(0, len(self._log) + len(lines) - LOG_LINES)
        self._log.extend(lines)

    def _conclude(self) -> None:
        if self._log_rest:
            self._printed([self._log_rest.decode("utf-8", "replace")])
        if self._summary is not None:
            self._close_run()
            return
        code = self._process.exitcode
        if self._killed:
            late = "it did not stop when asked, so its process was ended"
            self._end("stopped", late if self._begun else "before it began")
        elif code is not None and code < 0:
            self._end("failed", f"the run's process was ended by {signal_in_words(-code)}")
        else:
            self._end("failed", f"the run's process ended by itself (exit code {code})")

    def _end(self, status: str, message: str) -> None:
        summary = self._started.ended(
            status,
            self._tick,
            message=message,
            parameters=self._started.parameters | self._turned,
            measures=self._measures,
            claims=self._claims,
        )
        self._inbox.append(summary)
        self.state = "over"
        self._over.set()


def _send_through(control: Any, command: commands.AnyCommand) -> None:
    # A full pipe or a closed one: the child is not listening, and stop will end it.
    with suppress(OSError, ValueError):
        control.send_bytes(commands.encode(command))


def signal_in_words(number: int) -> str:
    """The name of a signal that ended a process, and what that may mean."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    if name == "SIGKILL":
        return f"{name}: by hand, or by the system when memory ran out"
    return name


@contextmanager
def real_stderr() -> Iterator[None]:
    """Inside a Textual app sys.stderr has no file, and starting a process needs one."""
    with _STDERR:
        shown, sys.stderr = sys.stderr, sys.__stderr__
        try:
            yield
        finally:
            sys.stderr = shown
