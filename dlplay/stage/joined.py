"""What `from dlplay import stage` is in a program that is watched: every call guarded."""

from __future__ import annotations

import atexit
import functools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from dlplay.stage.alone import DRAWING, Alone, counted
from dlplay.stage.own import FLUSH_EVERY, UNTURNED, OwnStage, called_in
from dlplay.stage.ranks import first, several
from dlplay.stage.stage import Stopped
from dlplay.wire import commands, events
from dlplay.wire.hearing import PipeControls

T = TypeVar("T")
REFUSED = 10.0  # seconds in which a watcher ends a program that cannot be what was asked for


class Joined(Alone):
    """The calls of the stage, passed on to whoever watches.

    What goes wrong in one is told in the log, and never raised. When the watcher has gone, and in
    processes that were forked, all goes on as if nobody had watched.
    """

    watched = True

    def __init__(self, connection: Connection) -> None:
        """`connection`: to the watcher."""
        self._connection = connection
        self._draws = first()
        self._there = True
        self._lock = threading.RLock()
        begin = commands.decode(connection.recv_bytes())
        self._controls = PipeControls(connection, [begin], gone=self._left)
        self._own = OwnStage(self._send, self._controls, several=several())
        self._live, self._waiting = self._own.live, self._controls.waiting  # looked at each step
        self._new = False  # whether there is something that was not sent
        self._idle = False  # whether who sends it waits for the news of that
        self._news = threading.Event()
        if self._draws:
            threading.Thread(target=self._post, daemon=True).start()
        atexit.register(self._close)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._leave)

    def __getattr__(self, name: str) -> Any:
        if name not in DRAWING:
            return super().__getattr__(name)
        guarded = self._guarded(name, getattr(self._own, name))
        setattr(self, name, guarded)  # found at once from now on
        return guarded

    def _guarded(self, name: str, call: Callable[..., Any]) -> Callable[..., None]:
        take = self._own.take if name == "curve" else None  # which is called most

        @functools.wraps(call)
        def guarded(*values: Any, **named: Any) -> None:
            if not (self._there and self._draws):
                return
            if take is None or not take(values, named):
                self._safely(name, None, call, *values, **named)
            if not self._new:
                self._tell()

        return guarded

    def _tell(self) -> None:
        """There is something new to send."""
        self._new = True
        if self._idle:
            self._news.set()

    def _post(self) -> None:
        """In a thread: send what is new, so that no step has to, nor waits for a device. While
        there is news, it wakes by the clock alone: to be woken would cost a step more than all
        else."""
        while self._there:
            time.sleep(FLUSH_EVERY)
            if self._new:
                self._new = False
                self._safely("loop", None, self._own.flush)
                continue
            self._idle = True
            if not self._new:  # what came before it was idle has woken nobody
                self._news.wait()
            self._idle = False
            self._news.clear()

    def loop(self, steps: int | Iterable[T], phase: str = "") -> Iterator[Any]:
        caller = sys._getframe(1)
        return self._through(steps, phase, (caller.f_code.co_filename, caller.f_lineno))

    def _through(
        self, steps: int | Iterable[T], phase: str, where: tuple[str, int]
    ) -> Iterator[Any]:
        if not self._there:
            yield from super().loop(steps, phase)
            return
        own, waiting = self._own, self._waiting
        items, total = counted(steps)
        place = own.enter(total, phase, where)
        try:
            for item in items:
                if own.calm and not waiting and not place.over:  # most steps, which cost little
                    own.count(place)
                elif not self._safely("loop", True, own.next, place) or place.over:
                    return
                if not self._new:
                    self._tell()
                yield item
                if own.looks:
                    self._safely("loop", None, own.after, place)
                if place.brief:
                    return
        finally:
            self._safely("loop", None, own.leave, place)

    @property
    def step(self) -> int:
        return self._own.step

    @step.setter
    def step(self, step: int) -> None:
        self._own.step = step

    @property
    def total(self) -> int:
        return self._own.total

    @total.setter
    def total(self, total: int) -> None:
        self._own.total = total

    def changed(self, *names: str) -> bool:
        return self._there and self._own.changed(*names)

    def knob(self, name: str, default: T, **said: Any) -> T:
        live, own = self._live, self._own
        if name in live and not self._waiting:  # at each step: it is to cost nothing
            value: T = live[name]
            if value is not UNTURNED:
                return value
            if default is own.defaults[name] or default == own.defaults[name]:
                return default
        known = own.known(name, default)  # also when nobody watches any more
        value = self._safely("knob", known, own.knob, name, default, **said)
        if own.trouble and self._there and self._draws:
            self._safely("knob", None, own.flush)
            time.sleep(REFUSED)  # whoever watches ends the program here, before it does more
        return value

    def probe(self, *models: Any) -> AbstractContextManager[None]:
        for each in models:
            if not hasattr(each, "modules"):
                self._own.tell("probe", TypeError(f"{each!r} is no model"), called_in())
        return super().probe(*models)

    def look(self, every: int = 1, *models: Any) -> Callable[[T], T]:
        def register(function: T) -> T:
            if self._draws:
                self._safely("look", None, lambda: self._own.look(every, *models)(function))  # type: ignore[arg-type]
            return function

        return register

    def _safely(
        self, what: str, otherwise: Any, call: Callable[..., Any], /, *values: Any, **named: Any
    ) -> Any:
        """What the call gives; where it cannot, something else."""
        if not self._there:
            return otherwise
        with self._lock:
            try:
                return call(*values, **named)
            except Stopped:  # the loops under way end at their next step
                return otherwise
            except Exception as error:
                self._own.tell(what, error, called_in())
                return otherwise

    # Whoever watches

    def _send(self, batch: list[events.AnyEvent]) -> None:
        if not (self._there and self._draws):
            return
        try:
            self._connection.send_bytes(self._encoded(batch))
        except (OSError, ValueError):
            self._left()

    def _encoded(self, batch: list[events.AnyEvent]) -> bytes:
        """The batch; what cannot be sent, such as a number of a hundred digits, is left out."""
        try:
            return events.encode(batch)
        except Exception:
            good = []
            for event in batch:
                try:
                    events.encode([event])
                    good.append(event)
                except Exception as error:
                    self._own.tell(type(event).__name__.lower(), error)
            return events.encode(good)

    def _left(self) -> None:
        """Nobody is there any more: what waits goes on."""
        self._there = False
        self._controls.put(commands.Pace(0))
        self._controls.put(commands.Resume())

    def _leave(self) -> None:
        """In a process that was forked: it has its own work, and is not watched."""
        self._there = False

    def _close(self) -> None:
        """The program ends: send what is left."""
        self._safely("loop", None, self._own.flush)
