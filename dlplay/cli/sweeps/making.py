"""How the runs of a sweep or a search are made: where, what is told meanwhile, and how it went."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from dlplay.cli.exits import Exit, Mistake, complain
from dlplay.cli.interrupts import SHOW_CURSOR, Interrupts
from dlplay.cli.waiting import goes_on, progress
from dlplay.engine import numerics
from dlplay.engine.comparing import checked
from dlplay.engine.pool import Job, Running

if TYPE_CHECKING:
    from dlplay.cli.options import Session
    from dlplay.course.catalog import SceneCard
    from dlplay.engine.cluster.places import Cluster
    from dlplay.engine.launcher import Launcher
    from dlplay.engine.summary import Summarised
    from dlplay.engine.sweeps.runs import Sweeping
    from dlplay.engine.sweeps.search import Searching
    from dlplay.wire.events import Finished

    Run = Finished | Summarised


def launched(device: str) -> Launcher:
    """Child processes of this one; NoDevice is told once, not by every run."""
    from dlplay.engine.launcher import Launcher

    if device not in ("auto", "cpu"):
        numerics.prepare_environment()
        numerics.choose_device(device)
    launcher = Launcher()
    launcher.warm()
    return launcher


def make(
    session: Session,
    work: Sweeping | Searching,
    label: Callable[[Job], str],
    check: Callable[[], None],
) -> None:
    """Make the runs with progress, each under its label; Ctrl-C ends it with what has finished.

    `check` is called all the while; what it raises ends the runs and goes on.
    """
    with ExitStack() as stack:
        show = progress(stack, session, label)
        stack.enter_context(Interrupts(work.stop, SHOW_CURSOR if sys.stderr.isatty() else b""))

        def watch(under: Sequence[Running], over: int, total: int) -> None:
            check()
            show(under, over, total)

        work.run(watch)


def check_measure(
    card: SceneCard, name: str, runs: Sequence[Run], measures: Sequence[str], *, all_over: bool
) -> None:
    """Raise Mistake as soon as it is plain that this scene has no such measure.

    `measures`: those of the `runs` that are over. `all_over`: whether no other will come.
    """
    if name in measures or not any(run.status == "done" for run in runs):
        return
    # Some measures exist at some settings only: the scene's file then has the word.
    if not all_over and re.search(rf"\b{re.escape(name)}\b", card.source):
        return
    try:
        checked(name, measures)
    except LookupError as error:
        raise Mistake(f"--measure: {error}") from None


def told(runs: Sequence[Run], interrupted: str, place: Cluster | None) -> Exit:
    """Say what failed and what was `interrupted` ("" where nothing was); how it went.

    It is done where any run is: a value that diverges is a finding. `place`: where the runs were
    made, if not here.
    """
    failures = [run.message for run in runs if run.status == "failed"]
    for message in dict.fromkeys(failures):
        complain(f"{failures.count(message)} of {len(runs)} runs failed: {message}")
    if interrupted:
        complain(f"interrupted: {interrupted}")
    if place and (interrupted or failures):
        complain(goes_on(place))
    if interrupted:
        return Exit.INTERRUPTED
    statuses = {run.status for run in runs}
    if "done" in statuses:
        return Exit.DONE
    return Exit.DIVERGED if "diverged" in statuses else Exit.FAILED
