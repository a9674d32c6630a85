"""Dask through its own client: tasks on the workers of a scheduler, which need share no disk."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

from dlplay.course import safekeeping
from dlplay.engine.cluster import job as jobs
from dlplay.engine.cluster.job import Made
from dlplay.engine.cluster.places import NoPlace
from dlplay.engine.cluster.pool import Lost, Task

if TYPE_CHECKING:
    from distributed import Future

PATIENCE = "10s"  # until a scheduler answers
LOGGERS = ("distributed", "tornado")
ASK = 2.0  # seconds between two questions how much the workers can do at once


def task(words: Sequence[str]) -> Made:
    """On a worker: the run, until its future is cancelled or whoever wants it is gone."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def wanted() -> bool:
        known = worker.state.tasks.get(key)
        return known is not None and known.state == "executing"

    return jobs.make(words, "", wanted)


def _hush() -> None:
    """What the client and what it is made of would log: we say ourselves what became of runs. Some
    of its loggers have levels of their own, so that the topmost one's is not enough."""
    known = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in LOGGERS]
    for name in (*LOGGERS, *known):
        logging.getLogger(name).setLevel(logging.CRITICAL)


class Dask:
    """A queue of futures."""

    pause = 0.1

    def __init__(self, address: str) -> None:
        self._address = address
        self._futures: dict[Task, Future[Any]] = {}
        self._client: Any = None  # its class has no types
        self._at_work: set[Task] = set()  # at most
        self._asked = 0.0
        self._threads = 0  # of all workers

    def __enter__(self) -> Dask:
        import distributed

        connect: Any = distributed.Client
        _hush()
        # Whether dlplay is the same there is seen in the recordings; the rest is told at length.
        warnings.simplefilter("ignore", distributed.versions.VersionMismatchWarning)
        try:
            self._client = connect(self._address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, RuntimeError):
            raise NoPlace(
                f"no Dask scheduler answers at {self._address}; `dask scheduler` starts one and "
                "prints its address"
            ) from None
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(Exception):  # it may be gone
            self._client.cancel([*self._futures.values()], force=True)
        with suppress(Exception):
            self._client.close(timeout=PATIENCE)

    def submit(self, tasks: Sequence[Task]) -> None:
        for each in tasks:
            self._futures[each] = self._client.submit(task, each.words, pure=False)

    def over(self) -> Iterator[tuple[Task, Made | Lost]]:
        if time.monotonic() > self._asked + ASK:
            self._asked = time.monotonic()
            with suppress(Exception):  # it is told of where it is gone
                self._threads = sum(self._client.nthreads().values())
        self._at_work = set(islice(self._futures, self._threads))
        for each, future in [*self._futures.items()]:
            if future.status == "pending":
                continue
            del self._futures[each]
            yield each, self._outcome(each, future)

    def _outcome(self, each: Task, future: Future[Any]) -> Made | Lost:
        if future.status in ("cancelled", "lost"):
            return Lost(f"the Dask scheduler at {self._address} lost it, or is gone")
        try:
            code, said, data = future.result(timeout=PATIENCE)
        except Exception as error:
            return Lost(_why(error))
        if data:
            try:
                safekeeping.replace(each.target, data)
            except OSError as error:
                return Lost(f"{each.target} cannot be written: {error.strerror}")
        return code, said, b""

    def waits(self, task: Task) -> bool:
        return task not in self._at_work  # the first come first


def _why(error: Exception) -> str:
    """What a failed future means, in a sentence."""
    if type(error).__name__ == "KilledWorker":
        return "its worker was killed again and again: by hand, or when memory ran out"
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, ModuleNotFoundError):
        return f"dlplay must be installed where the scheduler and the workers run: {cause}"
    first = (str(cause) or str(error)).strip().partition("\n")[0]
    return f"its task failed: {type(cause).__name__}: {first}"
