"""The child process of one run: takes commands, sends events, ends with its parent."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dlplay.engine import keeper
from dlplay.wire import commands, events
from dlplay.wire.hearing import PipeControls

if TYPE_CHECKING:
    from dlplay.author.parameters.base import Value
    from dlplay.course.catalog import SceneCard

NO_SUCH_COMMAND = 127  # as shells say it
WAIT_AT_END = 1.0  # seconds for which threads and processes of a scene may go on after it
LANE = 4  # bytes of a run's number in a batch


@dataclass(frozen=True)
class Order:
    """What to run: a scene's file, its folder of chapters, and the settings that differ.

    `looks`, `linger`: as `execute` takes them. `sabotage`: how learning is spoilt, a
    word of `dlplay.words.sabotage`. `pace`: steps a second, 0 for as many as there can be.
    `folder`: for its temporary files; "" for the usual one. `each`: a parameter and its values, for
    a batch of runs that differ in it; what is sent of a run then begins with its number, in LANE
    bytes.
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
    folder: str = ""
    each: tuple[str, tuple[Value, ...]] = ("", ())


def main(
    order: Order, outlet: Connection, control: Connection, log: Connection, leash: Connection
) -> None:
    """Run the scene, in a process with a keeper; it ends when this returns.

    `leash`: what the keeper holds, as `dlplay.engine.keeper` says.
    """
    if keeper.there_are:
        keeper.keep(leash, (outlet, control, log))
    _settle(order)
    _take_over_streams(log)
    from dlplay.author.parameters.base import ParameterError
    from dlplay.course import catalog
    from dlplay.engine.batch import execute_batch
    from dlplay.engine.execute import execute
    from dlplay.engine.numerics import NoDevice
    from dlplay.engine.sabotage import sabotaged

    first: list[commands.AnyCommand] = []
    if order.paused:
        first.append(commands.Pause())
    if order.xray:
        first.append(commands.Look(True))
    if order.pace:
        first.append(commands.Pace(order.pace))
    controls = PipeControls(control, first, gone=lambda: os._exit(1))
    card = catalog.describe(Path(order.path), Path(order.root))
    if card is None:
        raise catalog.BrokenScene(f"{order.path} has no Scene class")

    def send(data: bytes) -> None:
        try:
            outlet.send_bytes(data)
        except OSError:
            os._exit(1)

    def sink(batch: list[events.AnyEvent]) -> None:
        send(events.encode(batch))

    def deal(number: int, batch: list[events.AnyEvent]) -> None:
        send(number.to_bytes(LANE) + events.encode(batch))

    name, values = order.each
    try:
        with sabotaged(order.sabotage):
            if values:
                execute_batch(
                    card,
                    name,
                    values,
                    order.settings,
                    seed=order.seed,
                    device=order.device,
                    deal=deal,
                    controls=controls,
                    capture=False,
                )
            else:
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
    except (ParameterError, NoDevice) as error:  # a file that was there may have gone
        if not values:
            sink([_refused(card, order, str(error))])
        for number, value in enumerate(values):
            deal(number, [_refused(card, order, str(error), {name: value})])
    sys.stdout.flush()
    sys.stderr.flush()
    outlet.close()
    # Python would wait for threads and processes of the scene: not for long.
    end = threading.Timer(WAIT_AT_END, os._exit, (0,))
    end.daemon = True
    end.start()


def become(
    command: tuple[str, ...],
    folder: str,
    environment: dict[str, str],
    log: Connection,
    leash: Connection,
) -> None:
    """Become a program of the user's own, with a keeper: this never returns."""
    keeper.keep(leash, (log,))
    _redirect(log)
    # Whoever watches it stops it so, also where dlplay itself is to hear no Ctrl-C (nohup).
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        os.chdir(folder)
        os.execvpe(command[0], command, environment)
    except OSError as error:
        os.write(2, f"{command[0]} cannot be run: {error.strerror}\n".encode())
        os._exit(NO_SUCH_COMMAND)


def _refused(
    card: SceneCard, order: Order, message: str, own: Mapping[str, Value] = MappingProxyType({})
) -> events.Finished:
    return events.Finished(
        status="failed",
        message=message,
        scene=card.id,
        seed=order.seed,
        device=order.device,
        parameters=card.defaults | order.settings | dict(own),
        measures={},
        claims=[],
        steps=0,
        seconds=0.0,
    )


def _take_over_streams(log: Connection) -> None:
    """What the scene, its libraries or the interpreter print goes into the log's pipe."""
    _redirect(log)
    # They stay open as long as the process lives.
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    faulthandler.enable(sys.stderr, all_threads=False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _redirect(log: Connection) -> None:
    """Standard input from nowhere; standard output and error into the log's pipe."""
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    for stream in (1, 2):
        os.dup2(log.fileno(), stream)
    log.close()


def _settle(order: Order) -> None:
    """What the run leaves in the folder for temporary files goes with the program."""
    for name in ("PYTHONSAFEPATH", "DLPLAY_FOLDER"):  # they were for the fork server
        os.environ.pop(name, None)
    if order.folder:
        os.environ["TMPDIR"] = order.folder
        tempfile.tempdir = None
