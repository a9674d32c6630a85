"""`dlplay run`: one run, in a process of its own, with its result on standard output."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlplay.cli.exits import OF_STATUS, Exit, FileTrouble, Mistake, complain
from dlplay.cli.interrupts import SHOW_CURSOR, Interrupts
from dlplay.engine import numerics
from dlplay.wire import events

if TYPE_CHECKING:
    from dlplay.cli.options import Session
    from dlplay.course.catalog import SceneCard
    from dlplay.engine.recordings.format import Recorder
    from dlplay.stage.stage import Sink

POLL = 0.02  # seconds between two looks at what has come
STOPPING = "stopping at the next step; Ctrl-C again ends it at once"


def run(
    session: Session,
    card: SceneCard,
    settings: dict[str, Any],
    *,
    seed: int,
    device: str,
    json: bool = False,
    check: bool = False,
    record: Path | None = None,
    force: bool = False,
    tweaks: Sequence[events.Tweaked] = (),
    looks: bool = True,
    sabotage: str = "",
) -> Exit:
    """Run the scene and print what it leaves; the exit status that tells of it.

    `tweaks`: what is turned on the way. `looks`: whether looks are called. `sabotage`: how learning
    is spoilt, "" for not at all.
    """
    from dlplay.engine.history import History

    if record is not None:
        check_record(record, force)
    if device not in ("auto", "cpu"):
        numerics.prepare_environment()
        numerics.choose_device(device)
    history = History()
    with ExitStack() as stack:
        sinks: list[Sink] = [json_lines()] if json else [history.feed]
        interrupts = stack.enter_context(_watching(session, card, sinks, quiet=json))
        recorder = recorder_of(stack, record, force)
        if recorder:  # first of all: what anybody has seen is in the file
            sinks.insert(0, recorder)
        done = _execute(card, settings, seed, device, sinks, interrupts, tweaks, looks, sabotage)
    if not json:
        from dlplay.cli.results import log_tail, print_result

        print_result(session.console(), card, history, done, session, device)
        if done.status == "failed" and history.log:
            print(session.text(log_tail(history)), file=sys.stderr)
    return verdict(done, check, recorder)


def _execute(
    card: SceneCard,
    settings: dict[str, Any],
    seed: int,
    device: str,
    sinks: list[Sink],
    interrupts: Interrupts,
    tweaks: Sequence[events.Tweaked],
    looks: bool,
    sabotage: str,
) -> events.Finished:
    from dlplay.engine.launcher import Launcher

    launcher = Launcher()
    launcher.warm()
    live = launcher.start(
        card,
        settings,
        seed=seed,
        device=device,
        tweaks=tweaks,
        looks=looks,
        sabotage=sabotage,
    )
    try:
        while True:
            over = live.state == "over"  # asked first: what was sent before it is then all there
            batch = live.drain()
            for each in sinks:  # also of nothing new: the progress line goes on
                each(batch)
            finished = next((e for e in batch if isinstance(e, events.Finished)), None)
            if finished is not None:
                return finished
            if over:
                raise RuntimeError(f"{card.id} ended without a summary")
            if interrupts.asked:
                live.stop(grace=math.inf)
            live.wait(POLL)
    finally:
        live.kill()


def verdict(done: events.Finished, check: bool, recorder: Recorder | None) -> Exit:
    """The exit status of a run that has ended, after saying what it says of its end."""
    if done.message:
        complain(done.message)
    verdict = OF_STATUS.get(done.status, Exit.FAILED)
    if recorder is not None and recorder.trouble:
        what = "the recording is not whole" if recorder.path.exists() else "nothing is recorded"
        complain(f"{what}: {recorder.trouble}")
        verdict = verdict or Exit.FAILED
    if check and verdict is Exit.DONE and not all(claim.holds for claim in done.claims):
        return Exit.CLAIM_FAILED
    return verdict


def json_lines() -> Sink:
    """A sink that writes events to standard output, one JSON object a line."""
    stream = sys.stdout.buffer  # as it is now: while a scene runs, sys.stdout is its log

    def sink(batch: list[events.AnyEvent]) -> None:
        stream.write("".join(events.to_json(event) + "\n" for event in batch).encode())
        stream.flush()

    return sink


@contextmanager
def _watching(
    session: Session, card: SceneCard, sinks: list[Sink], quiet: bool
) -> Iterator[Interrupts]:
    """Progress on a terminal, and Ctrl-C, while the scene runs."""
    console = session.console(sys.stderr)
    stderr = sys.stderr
    if quiet or not stderr.isatty() or console.is_dumb_terminal:
        with Interrupts(lambda: print(f"dlplay: {STOPPING}", file=stderr, flush=True)) as controls:
            yield controls
        return
    from dlplay.cli.progress import ProgressLine

    with (
        ProgressLine(console, card.id.split("/")[1]) as line,
        Interrupts(lambda: line.say(STOPPING), SHOW_CURSOR) as controls,
    ):
        sinks.append(line)
        yield controls


def check_record(path: Path, force: bool) -> None:
    """Raise Mistake if a recording cannot be made there."""
    if path.is_dir():
        raise Mistake(f"--record takes a file; {path} is a folder")
    if path.exists() and not force:
        raise Mistake(f"{path} exists; --force writes over it")
    if not path.parent.is_dir():
        raise Mistake(f"--record: there is no folder {path.parent}")


def recorder_of(stack: ExitStack, path: Path | None, force: bool) -> Recorder | None:
    """What records the run; FileTrouble if the file cannot be made."""
    if path is None:
        return None
    from dlplay.engine.recordings.format import Recorder

    try:
        return stack.enter_context(Recorder(path, overwrite=force))
    except OSError as error:
        raise FileTrouble(f"{path} cannot be written: {error.strerror}") from None
