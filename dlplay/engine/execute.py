"""One run from beginning to end, in this process: the path that every run takes."""

from __future__ import annotations

import io
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

from dlplay.author.parameters.base import ParameterError
from dlplay.author.parameters.settings import checked, checked_live, own_files
from dlplay.author.scene import Scene
from dlplay.course import catalog
from dlplay.course.catalog import SceneCard
from dlplay.engine import numerics, sabotage
from dlplay.stage.stage import FLUSH_EVERY, Diverged, Sink, Stage, Stopped
from dlplay.wire import commands, events


def execute(
    card: SceneCard,
    settings: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    device: str = "auto",
    sink: Sink = lambda batch: None,
    controls: commands.Controls | None = None,
    flush_every: float = FLUSH_EVERY,
    max_steps: int | None = None,
    capture: bool = True,
    tweaks: Sequence[events.Tweaked] = (),
    looks: bool = True,
    linger: bool = False,
    failed: Callable[[BaseException], None] = lambda error: None,
) -> events.Finished:
    """Run a scene; every event goes to `sink`, the last is the summary that is returned.

    `tweaks`: values that live parameters get on the way, each once so many steps were made.
    `looks`: whether the scene's looks are called. `linger`: when the run is done, look again
    whenever a live parameter is turned, until a command says stop.

    `capture`: what the scene prints goes to the run's log (a child process has it captured
    already). A scene that raises gives the status "failed", with its traceback in the log; `failed`
    is called with what it raised. Raises
    ParameterError for bad settings and NoDevice for a device that is not there.
    """
    values = card.defaults | checked(card.parameters, settings or {})
    for tweak in tweaks:
        checked_live(card.parameters, tweak.name, tweak.value)
    where = numerics.choose_device(device)
    began = time.monotonic()
    begun = events.Started(
        scene=card.id,
        seed=seed,
        device=where,
        parameters=values,
        versions=numerics.versions(),
        digest=card.digest,
        files=own_files(card.parameters, values),
        sabotage=sabotage.struck.kind,
    )
    sink([begun])
    try:
        scene = made(card, values)
    except Unloadable as error:
        failed(error.reason)
        sink(error.log)
        seconds = time.monotonic() - began
        return _told(sink, begun.ended("failed", message=str(error), seconds=seconds))
    stage = Stage(
        scene,
        seed=seed,
        device=where,
        sink=sink,
        controls=controls,
        flush_every=flush_every,
        max_steps=max_steps,
        tweaks=tweaks,
        looks=looks,
    )
    with numerics.settled(seed), captured(stage) if capture else nullcontext():
        status, message = perform(scene, stage, card, failed)
        summary = begun.ended(
            status,
            stage.tick,
            message=message,
            parameters=scene.values,
            measures=dict(stage.measures),
            claims=judged(stage),
            seconds=time.monotonic() - began,
            headline=stage.last_headline,
            answers=stage.answers,
            spoilt=sabotage.struck.times,
        )
        finished = _told(sink, summary)
        if linger and status == "done":
            with suppress(Stopped):
                stage.linger()
    return finished


class Unloadable(Exception):
    """A scene that cannot begin. `reason`: what was raised; `log`: its traceback, if any."""

    def __init__(self, message: str, reason: BaseException, log: list[events.AnyEvent]) -> None:
        super().__init__(message)
        self.reason = reason
        self.log = log


def made(card: SceneCard, values: Mapping[str, Any]) -> Scene:
    """The scene with these values. Raises Unloadable."""
    try:
        return _loaded(card)(**values)
    except catalog.BrokenScene as error:  # known before it began: there is nothing to trace
        raise Unloadable(str(error), error, []) from error
    except BaseException as error:
        if _is_ours(error):
            raise
        log: list[events.AnyEvent] = [
            events.Logged(text=_traceback(error, card.path), stream="err")
        ]
        message = f"{card.path.name} could not be loaded: {_sentence(error)}"
        raise Unloadable(message, error, log) from error


def _loaded(card: SceneCard) -> type[Scene]:
    """The scene's class. Raises BrokenScene if there is nothing in it that could be run."""
    found = catalog.load(card)
    if found.run is Scene.run:
        raise catalog.BrokenScene(f"{card.path.name}: {found.__name__} has no run(self, stage)")
    return found


def perform(
    scene: Scene, stage: Stage, card: SceneCard, failed: Callable[[BaseException], None]
) -> tuple[str, str]:
    """Run the scene to its end: a status, and one sentence about it."""
    status, message = "done", ""
    try:
        try:
            scene.run(stage)
        except Stopped:
            status = "stopped"
        stage.close()
    except Diverged as end:
        status, message = "diverged", str(end)
        stage.flush()
    except ParameterError as error:
        status, message = "failed", str(error)
        failed(error)
    except BaseException as error:
        if _is_ours(error):
            raise
        failed(error)
        status, message = "failed", f"{card.path.name} raised {_sentence(error)}"
        stage.log(_traceback(error, card.path))
        try:
            stage.flush()
        except Exception:  # the failure may be in what the flush computes: a claim
            stage.send_log()
    return status, message


def _is_ours(error: BaseException) -> bool:
    """Whether it is Ctrl-C in a notebook, say; in a run's process, where Ctrl-C is not heard, a
    scene has raised it."""
    heard = signal.getsignal(signal.SIGINT) != signal.SIG_IGN
    return isinstance(error, KeyboardInterrupt) and heard


def judged(stage: Stage) -> list[events.ClaimResult]:
    """How the claims stand in the end; none where telling that is what the run failed on."""
    try:
        return stage.judged()
    except BaseException as error:  # already told
        if _is_ours(error):
            raise
        return []


def _told(sink: Sink, summary: events.Finished) -> events.Finished:
    sink([summary])
    return summary


def _sentence(error: BaseException) -> str:
    text = str(error).strip().split("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _traceback(error: BaseException, path: Path) -> str:
    """The traceback from the scene's own file on; the whole where it does not appear."""
    frames = traceback.extract_tb(error.__traceback__)
    first = next((i for i, frame in enumerate(frames) if frame.filename == str(path)), 0)
    head = ["Traceback (most recent call last):\n"]
    return "".join(
        head + traceback.format_list(frames[first:]) + traceback.format_exception_only(error)
    ).rstrip()


@contextmanager
def captured(stage: Stage) -> Iterator[None]:
    """What is printed meanwhile goes to the run's log."""
    with redirect_stdout(_Lines(stage)), redirect_stderr(_Lines(stage)):
        yield


class _Lines(io.TextIOBase):
    """Standard output or error while a scene runs: whole lines go to the run's log."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._stage.log(line)
        return len(text)
