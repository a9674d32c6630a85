"""`dlplay watch`: a training program of one's own, seen in the interface or run without it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dlplay.cli.exits import Exit, Mistake
from dlplay.cli.interrupts import Interrupts
from dlplay.wire import events
from dlplay.words.nearest import did_you_mean

if TYPE_CHECKING:
    from dlplay.cli.options import Session
    from dlplay.engine.own import OwnOrder, OwnRun
    from dlplay.stage.stage import Sink

POLL = 0.02  # seconds between two looks at what has come
SETTING = re.compile(r"([A-Za-z_][\w.-]*)(?:@(\d{1,15}))?=(.*)", re.DOTALL)
STEPLESS = re.compile(r"[A-Za-z_][\w.-]*@[^=/]*=.*", re.DOTALL)
STOPPING = "its loops end; Ctrl-C again ends the program"
EXAMPLE = "dlplay watch lr=0.1 -- python train.py"


def order_of(words: Sequence[str], environment: Mapping[str, str]) -> OwnOrder:
    """What `[NAME=VALUE ...] COMMAND ...` asks for. Raises Mistake."""
    from dlplay.engine import own

    if not own.there_is:
        raise Mistake("dlplay watch needs a system with Unix sockets, such as Linux or macOS")
    settings: dict[str, str] = {}
    tweaks: list[events.Tweaked] = []
    rest = list(words)
    while rest and (match := SETTING.fullmatch(rest[0])):
        name, step, text = match.groups()
        if step is not None:
            tweaks.append(events.Tweaked(tick=int(step), name=name, value=text))
        elif name in settings:
            raise Mistake(f"{name} is given twice")
        else:
            settings[name] = text
        del rest[0]
    if rest and STEPLESS.fullmatch(rest[0]):
        raise Mistake(
            f"{rest[0]}: after @ comes a step, a whole number from 0 on, as in lr@500=0.01"
        )
    if not rest:
        raise Mistake(f"dlplay watch takes the command of a program, as in: {EXAMPLE}")
    order = own.program(rest, settings=settings, environment=environment)
    _check(own.runnable(order.command), environment)
    return replace(order, tweaks=tuple(sorted(tweaks, key=lambda tweak: tweak.tick)))


def _check(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Raise Mistake for a command that is not there, or a Python file that is not."""
    if shutil.which(command[0], path=environment.get("PATH")) is None:
        hint = did_you_mean(command[0], ("python", "python3", "torchrun", "accelerate", "uv"))
        raise Mistake(f"there is no command {command[0]!r}.{hint}")
    interpreter = re.fullmatch(r"python[\d.]*", Path(command[0]).name)
    script = Path(command[1]) if interpreter and len(command) > 1 else Path("-")
    if script.suffix == ".py" and not script.is_file():
        beside = [str(each) for each in script.parent.glob("*.py")]
        raise Mistake(f"there is no file {command[1]!r}.{did_you_mean(str(script), beside)}")


def run(
    session: Session,
    order: OwnOrder,
    *,
    json: bool = False,
    check: bool = False,
    record: Path | None = None,
    force: bool = False,
) -> Exit:
    """Run the program without the interface and print what it leaves, as `dlplay run` does for a
    scene; what it prints goes to standard error."""
    from dlplay.cli.running import check_record, json_lines, recorder_of, verdict
    from dlplay.course.own import card_of_command, with_knobs
    from dlplay.engine.history import History
    from dlplay.engine.own import OwnRun

    if record is not None:
        check_record(record, force)
    card = card_of_command(order.command, Path(order.folder))
    history = History()
    with ExitStack() as stack:
        recorder = recorder_of(stack, record, force)
        sinks: list[Sink] = [recorder] if recorder else []
        sinks += [history.feed, json_lines()] if json else [history.feed, _passed_on]
        say = f"dlplay: {STOPPING}"
        asked = stack.enter_context(Interrupts(lambda: print(say, file=sys.stderr, flush=True)))
        own = OwnRun(order, card)
        done = _follow(own, sinks, asked)
    if not json:
        from dlplay.cli.results import print_result

        history.log.clear()  # it has been seen
        known = with_knobs(card, history.knobs.values())
        print_result(session.console(), known, history, done, session)
    status = verdict(done, check, recorder)
    return Exit.WRONG_USE if own.refused else status


def _follow(run: OwnRun, sinks: Sequence[Sink], interrupts: Interrupts) -> events.Finished:
    """Take what comes until it is over; however this ends, no process stays behind."""
    asked = False
    try:
        while True:
            batch = run.drain()
            for each in sinks:
                each(batch)
            finished = next((e for e in batch if isinstance(e, events.Finished)), None)
            if finished is not None:
                return finished
            if interrupts.asked and not asked:
                asked = True
                run.stop()
            run.wait(POLL)
    finally:
        run.kill()
        run.wait()


def _passed_on(batch: list[events.AnyEvent]) -> None:
    """What the program prints."""
    from dlplay.cli.streams import stderr_text
    from dlplay.words.foreign import printed, uncoloured

    for event in batch:
        if isinstance(event, events.Logged):
            text = uncoloured(printed(event.text))
            print(stderr_text(text), file=sys.stderr, flush=True)


def surroundings() -> dict[str, str]:
    """The environment of the program: as it is now, before dlplay sets what its own runs need."""
    return dict(os.environ)
