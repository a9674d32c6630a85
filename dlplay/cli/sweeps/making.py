"""How the runs of a sweep or a search are made: where, what is told meanwhile, and how it went."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from dlplay.cli.exits import Exit, complain
from dlplay.cli.interrupts import SHOW_CURSOR, Interrupts, Terminated
from dlplay.cli.waiting import goes_on, progress
from dlplay.engine import numerics
from dlplay.engine.pool import Job, Running

if TYPE_CHECKING:
    from dlplay.cli.options import Session
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
    wrong: Callable[[], str],
) -> int:
    """Make the runs with progress, each under its label. Ctrl-C ends it with what has finished; so
    does SIGTERM, and its exit status is then returned, else 0.

    `wrong` is asked all the while whether there is a reason to end it.
    """
    with ExitStack() as stack:
        show = progress(stack, session, label)
        stack.enter_context(Interrupts(work.stop, SHOW_CURSOR if sys.stderr.isatty() else b""))

        def watch(under: Sequence[Running], over: int, total: int) -> None:
            if wrong():
                work.stop()
            show(under, over, total)

        try:
            work.run(watch)
        except Terminated as end:  # the runs have ended; what has finished is to be told
            return end.status
    return 0


def told(
    runs: Sequence[Run], finished: str, place: Cluster | None, *, wrong: str, ended: int
) -> int:
    """Say what failed, what was `wrong` and, where it was stopped, what had `finished` ("" where
    all has); the exit status.

    It is done where any run is: a value that diverges is a finding. `place`: where the runs were
    made, if not here. `ended`: the exit status of what ended it, as `make` returns it.
    """
    failures = [run.message for run in runs if run.status == "failed"]
    for message in dict.fromkeys(failures):
        complain(f"{failures.count(message)} of {len(runs)} runs failed: {message}")
    if wrong:
        complain(f"{wrong.rstrip()} Ended: {finished}." if finished else wrong)
        return Exit.WRONG_USE
    if finished:
        complain(f"{'told to end' if ended else 'interrupted'}: {finished}")
    if place and (finished or failures):
        complain(goes_on(place))
    if finished:
        return ended or Exit.INTERRUPTED
    statuses = {run.status for run in runs}
    if "done" in statuses:
        return Exit.DONE
    return Exit.DIVERGED if "diverged" in statuses else Exit.FAILED
