"""The progress lines of many runs and of an export, on standard error, for a person who waits."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from dlplay.cli.progress import EVERY
from dlplay.engine.pool import Here, Job, Running, Watch, unwatched

if TYPE_CHECKING:
    from rich.live import Live

    from dlplay.cli.options import Session
    from dlplay.engine.cluster.places import Cluster


def progress(stack: ExitStack, session: Session, label: Callable[[Job], str]) -> Watch:
    """What to tell of runs under way, each under its label; nothing where nobody waits."""
    live = _line(stack, session)
    if live is None:
        return unwatched
    from rich.text import Text

    def watch(under: Sequence[Running], over: int, total: int) -> None:
        queued = sum(each.queued for each in under)
        runs = [f"{queued} queued"] if queued else []
        processes: dict[int, list[Running]] = {}
        for each in under:
            if not each.queued:
                whole = each.run.whole if isinstance(each, Here) else each
                processes.setdefault(id(whole), []).append(each)
        runs += [_far(together, label) for together in processes.values()]
        line = f"{over} of {total} runs over  " + ", ".join(runs)
        live.update(Text(session.text(line), no_wrap=True, overflow="ellipsis"), refresh=True)

    return watch


def share(stack: ExitStack, session: Session, label: str) -> Callable[[float], None]:
    """What to tell of one thing that takes its time: the share of it that is done, 0 to 1; nothing
    where nobody waits."""
    live = _line(stack, session)
    if live is None:
        return lambda done: None
    from rich.text import Text

    painted = -math.inf

    def tell(done: float) -> None:
        nonlocal painted
        if time.monotonic() - painted < EVERY:
            return
        painted = time.monotonic()
        text = session.text(f"{label} {done:.0%}" if done else label)
        live.update(Text(text, no_wrap=True, overflow="ellipsis"), refresh=True)

    tell(0)
    return tell


def _line(stack: ExitStack, session: Session) -> Live | None:
    """A line that is gone in the end; None where nobody waits."""
    console = session.console(sys.stderr)
    if not sys.stderr.isatty() or console.is_dumb_terminal:
        return None
    from rich.live import Live

    return stack.enter_context(Live(console=console, auto_refresh=False, transient=True))


def _far(together: list[Running], label: Callable[[Job], str]) -> str:
    """Which runs a process makes, and how far it is where that is known."""
    first, *rest = together
    more = f" and {len(rest)} more" if rest else ""
    share = f" {first.done:.0%}" if isinstance(first, Here) else ""
    return f"{label(first.job)}{more}{share}"


def goes_on(place: Cluster) -> str:
    """What to do about runs made elsewhere that are not done."""
    return (
        f"the same command, with its --on, runs only the rest; what is done lies in {place.folder}"
    )
