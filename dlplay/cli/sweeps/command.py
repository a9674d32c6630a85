"""`dlplay sweep`: which parameter takes which values, the runs, and how it went."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlplay.author.parameters import File, Parameter, ParameterError, Text
from dlplay.cli.exits import Exit, Mistake, complain
from dlplay.cli.interrupts import SHOW_CURSOR, Interrupts
from dlplay.cli.options import chosen_seed
from dlplay.cli.waiting import goes_on, progress
from dlplay.course.catalog import BrokenScene
from dlplay.engine import numerics
from dlplay.engine.pool import Job, Running
from dlplay.engine.sweeps.runs import Sweeping, distinct, spread, sweepable
from dlplay.words.address import parse_settings, show_setting

if TYPE_CHECKING:
    from dlplay.cli.options import Session
    from dlplay.course.catalog import SceneCard
    from dlplay.engine.cluster.places import Cluster
    from dlplay.engine.launcher import Launcher
    from dlplay.engine.sweeps.runs import Sweep


@dataclass(frozen=True)
class Plan:
    """What the words of the command ask for."""

    name: str
    values: list[Any]
    settings: dict[str, Any]
    seed: int  # the first


def plan(card: SceneCard, words: Sequence[str], over: str | None, seed: str | None) -> Plan:
    """The one parameter with several values, the others' single ones, and the first seed.

    `over`, `seed`: as given with the options. Raises Mistake or ParameterError, with what to write
    instead; BrokenScene.
    """
    if card.broken:
        raise BrokenScene(f"{card.id} cannot be read: {card.broken}")
    swept: dict[str, str] = {}
    fixed = []
    for word in words:
        name, sign, text = word.partition("=")
        if ranged(card, name, text):
            raise Mistake(
                f"a range such as {word} is searched, with --search N; a sweep takes values, as in "
                f"{_example(card.parameters[name])}"
            )
        if not sign or not several(card, name, text):
            fixed.append(word)
        elif name in swept:
            raise ParameterError(f"{name} is given twice")
        else:
            swept[name] = text
    settings, seed_word = parse_settings(card, fixed)
    first = chosen_seed(seed, seed_word) or 0
    if over is not None:
        sweepable(card, over)
        swept.setdefault(over, "")
    name = _only(card, list(swept), settings)
    if name in settings:
        given = show_setting(card.parameters, name, settings[name])
        raise ParameterError(f"{name} is to be swept, and has a single value as well: {given}")
    return Plan(name, _values(sweepable(card, name), swept[name]), settings, first)


def several(card: SceneCard, name: str, text: str) -> bool:
    """Whether this is a list of values, or the wish for a spread; a text's commas are its own."""
    parameter = card.parameters.get(name)
    if parameter is None or isinstance(parameter, Text):
        return False
    if isinstance(parameter, File) and os.path.exists(os.path.expanduser(text)):
        return False
    return not text or "," in text


def ranged(card: SceneCard, name: str, text: str) -> bool:
    """Whether this is a part of a number's range, low..high."""
    parameter = card.parameters.get(name)
    return parameter is not None and parameter.kind in ("number", "integer") and ".." in text


def _only(card: SceneCard, names: list[str], settings: dict[str, Any]) -> str:
    """The parameter to sweep, if exactly one is asked for."""
    if len(names) == 1:
        return names[0]
    if names:
        raise Mistake(
            f"{' and '.join(names)} have several values each; a sweep varies one parameter: "
            f"give all but one a single value, as in {_example(card.parameters[names[0]])} "
            f"{show_setting(card.parameters, names[1], card.parameters[names[1]].default)}"
        )
    for name in settings:  # the likeliest slip: one value, or a text with commas
        if isinstance(card.parameters[name], Text) and "," in settings[name]:
            sweepable(card, name)
    able = [parameter for parameter in card.parameters.values() if not isinstance(parameter, Text)]
    if not able:
        raise Mistake(f"{card.id} has no parameter that can be swept")
    one = next((p for p in able if p.name in settings), able[0])
    raise Mistake(
        "no parameter has several values; write them with commas, as in "
        f"{_example(one)}, or --over {one.name} for a spread. "
        f"{card.id} can sweep {', '.join(p.name for p in able)}."
    )


def _example(parameter: Parameter[Any]) -> str:
    return f"{parameter.name}=" + ",".join(parameter.show(v) for v in spread(parameter)[:3])


def _values(parameter: Parameter[Any], text: str) -> list[Any]:
    if not text:
        return distinct(parameter, spread(parameter))
    return distinct(parameter, [parameter.parse(part.strip()) for part in text.split(",")])


def run(
    session: Session,
    card: SceneCard,
    asked: Plan,
    *,
    seeds: int,
    jobs: int | None,
    device: str,
    measure: str | None,
    form: str,
    apart: bool = False,
    place: Cluster | None = None,
) -> Exit:
    """Make the runs and print what they left: as a chart and a table, as "json" or as "csv".

    `place`: where they are made, if not here."""
    from dlplay.cli.sweeps import tables as swept

    sweeping = Sweeping(
        card,
        asked.name,
        asked.values,
        seeds=seeds,
        first_seed=asked.seed,
        settings=asked.settings,
        jobs=jobs,
        device=device,
        apart=apart,
        launcher=place or launched(device),
    )
    sweep = _make(session, sweeping, measure)
    if form == "json":
        swept.print_json(sweep)
    elif form == "csv":
        swept.print_csv(sweep)
    elif sweep.runs:
        where = place.asked if place else ""
        swept.print_sweep(session.console(), sweep, measure, session, where)
    for message, count in _failures(sweep).items():
        complain(f"{count} of {len(sweep.runs)} runs failed: {message}")
    if sweep.stopped:
        complain(f"interrupted: {len(sweep.runs)} of {sweep.total} runs had finished")
    if place and (sweep.stopped or _failures(sweep)):
        complain(goes_on(place))
    return exit_of(sweep)


def launched(device: str) -> Launcher:
    """Child processes of this one; NoDevice is told once, not by every run."""
    from dlplay.engine.launcher import Launcher

    if device not in ("auto", "cpu"):
        numerics.prepare_environment()
        numerics.choose_device(device)
    launcher = Launcher()
    launcher.warm()
    return launcher


def _make(session: Session, sweeping: Sweeping, measure: str | None) -> Sweep:
    """Run it with progress; Ctrl-C ends it with what has finished."""
    with ExitStack() as stack:
        show = progress(stack, session, lambda job: _label(sweeping.result, job))
        stack.enter_context(Interrupts(sweeping.stop, SHOW_CURSOR if sys.stderr.isatty() else b""))

        def watch(under: Sequence[Running], over: int, total: int) -> None:
            check_measure(sweeping.result, measure)
            show(under, over, total)

        return sweeping.run(watch)


def check_measure(sweep: Sweep, name: str | None) -> None:
    """Raise Mistake as soon as it is plain that this scene has no such measure."""
    done = [run for run in sweep.runs if run.status == "done"]
    if name is None or not done or name in sweep.measures:
        return
    # Some measures exist at some settings only: the scene's file then has the word.
    if len(sweep.runs) < sweep.total and re.search(rf"\b{re.escape(name)}\b", sweep.card.source):
        return
    try:
        sweep.measure(name)
    except LookupError as error:
        raise Mistake(f"--measure: {error}") from None


def _label(sweep: Sweep, job: Job) -> str:
    return f"{sweep.label(job.settings[sweep.parameter.name])} (seed {job.seed})"


def _failures(sweep: Sweep) -> dict[str, int]:
    """Messages of runs that failed, and of how many."""
    messages = [run.message for run in sweep.runs if run.status == "failed"]
    return {message: messages.count(message) for message in dict.fromkeys(messages)}


def exit_of(sweep: Sweep) -> Exit:
    """A sweep is done where any run is: a value that diverges is a finding."""
    if sweep.stopped:
        return Exit.INTERRUPTED
    statuses = {run.status for run in sweep.runs}
    if "done" in statuses:
        return Exit.DONE
    return Exit.DIVERGED if "diverged" in statuses else Exit.FAILED
