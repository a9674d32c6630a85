"""The child process of one run: takes commands, sends events, ends with its parent."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlplay.wire import commands, events

if TYPE_CHECKING:
    from dlplay.course.catalog import SceneCard


@dataclass(frozen=True)
class Order:
    """What to run: a scene's file, its folder of chapters, and the settings that differ.

    `looks`, `linger`: as `execute` takes them. `sabotage`: what is left out of learning, as
    `dlplay.engine.sabotage` names it. `pace`: steps a second, 0 for as many as there can be.
    """

    path: str
    root: str
    settings: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    device: str = "auto"
    paused: bool = False
    xray: bool = False
    tweaks: tuple[events.Tweaked, ...] = ()
    looks: bool = True
    linger: bool = False
    sabotage: str = ""
    pace: float = 0


class PipeControls:
    """The first commands, then those that come through a pipe, read by a thread of their own."""

    def __init__(self, pipe: Connection, first: Sequence[commands.AnyCommand] = ()) -> None:
        self._pipe = pipe
        self._waiting = deque(first)  # before the thread starts: the pipe may have some already
        self._arrived = threading.Semaphore(len(first))
        threading.Thread(target=self._listen, daemon=True).start()

    def pending(self) -> bool:
        return bool(self._waiting)

    def take(self) -> commands.AnyCommand:
        self._arrived.acquire()
        return self._waiting.popleft()

    def wait(self, seconds: float) -> bool:
        if self._arrived.acquire(timeout=seconds):
            self._arrived.release()
        return bool(self._waiting)

    def _listen(self) -> None:
        try:
            while True:
                self._waiting.append(commands.decode(self._pipe.recv_bytes()))
                self._arrived.release()
        except (EOFError, OSError):
            os._exit(1)  # whoever watched is gone


def main(order: Order, outlet: Connection, control: Connection, log: Connection) -> None:
    """Run the scene; the process ends when this returns."""
    _take_over_streams(log)
    _die_with_parent()
    from dlplay.author.parameters import ParameterError
    from dlplay.course import catalog
    from dlplay.engine.execute import execute
    from dlplay.engine.sabotage import sabotaged

    first: list[commands.AnyCommand] = []
    if order.paused:
        first.append(commands.Pause())
    if order.xray:
        first.append(commands.Look(True))
    if order.pace:
        first.append(commands.Pace(order.pace))
    controls = PipeControls(control, first)
    card = catalog.describe(Path(order.path), Path(order.root))
    if card is None:
        raise catalog.BrokenScene(f"{order.path} has no Scene class")

    def sink(batch: list[events.AnyEvent]) -> None:
        try:
            outlet.send_bytes(events.encode(batch))
        except OSError:
            os._exit(1)

    try:
        with sabotaged(order.sabotage):
            execute(
                card,
                order.settings,
                seed=order.seed,
                device=order.device,
                sink=sink,
                controls=controls,
                capture=False,
                tweaks=order.tweaks,
                looks=order.looks,
                linger=order.linger,
            )
    except ParameterError as error:  # a file that was there when it was chosen may have gone
        sink([_refused(card, order, str(error))])
    sys.stdout.flush()
    sys.stderr.flush()
    outlet.close()


def _refused(card: SceneCard, order: Order, message: str) -> events.Finished:
    return events.Finished(
        status="failed",
        message=message,
        scene=card.id,
        seed=order.seed,
        device=order.device,
        parameters=card.defaults | order.settings,
        measures={},
        claims=[],
        steps=0,
        seconds=0.0,
    )


def _take_over_streams(log: Connection) -> None:
    """What the scene, its libraries or the interpreter print goes into the log's pipe."""
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    for stream in (1, 2):
        os.dup2(log.fileno(), stream)
    log.close()
    # They stay open as long as the process lives.
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    faulthandler.enable(sys.stderr, all_threads=False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _die_with_parent() -> None:
    """On Linux the kernel sees to it, even if this process never lets go of the interpreter."""
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
