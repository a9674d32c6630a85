"""The progress line of many runs, on standard error, for a person who waits."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from dlplay.engine.pool import Job, Running, Watch

if TYPE_CHECKING:
    from dlplay.cli.options import Session


def progress(stack: ExitStack, session: Session, label: Callable[[Job], str]) -> Watch:
    """What to tell of runs under way, each under its label; nothing where nobody waits."""
    console = session.console(sys.stderr)
    if not sys.stderr.isatty() or console.is_dumb_terminal:
        return lambda under, over, total: None
    from rich.live import Live
    from rich.text import Text

    live = stack.enter_context(Live(console=console, auto_refresh=False, transient=True))

    def watch(under: list[Running], over: int, total: int) -> None:
        processes: dict[int, list[Running]] = {}
        for each in under:
            processes.setdefault(id(each.run.whole), []).append(each)
        runs = [
            f"{label(first.job)}{f' and {len(rest)} more' * bool(rest)} {first.done:.0%}"
            for first, *rest in processes.values()
        ]
        line = f"{over} of {total} runs over  " + ", ".join(runs)
        live.update(Text(session.text(line), no_wrap=True, overflow="ellipsis"), refresh=True)

    return watch
