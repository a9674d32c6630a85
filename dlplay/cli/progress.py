"""The progress line of a headless run, on standard error, for a person who waits."""

from __future__ import annotations

import time
from collections import deque
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dlplay.wire import events

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

EVERY = 0.1  # seconds between two paints
WINDOW = 3.0  # seconds over which the speed is averaged


class ProgressLine:
    """A sink that keeps one line up to date while the run goes on; nothing stays of it."""

    def __init__(self, console: Console, label: str) -> None:
        from rich.live import Live

        self._label = label
        self._note = "starting"
        self._progress: events.Progress | None = None
        self._curve = ""
        self._value = ""
        self._painted = 0.0
        self._ticks: deque[tuple[float, int]] = deque()
        self._live = Live(
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        self._live.start()
        self._paint()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def say(self, note: str) -> None:
        """Show these words at the end of the line from now on."""
        self._note = note
        self._paint()

    def __call__(self, batch: list[events.AnyEvent]) -> None:
        for event in batch:
            match event:
                case events.Progress():
                    self._progress = event
                case events.Points(panel=panel, series=name, y=[*_, last]):
                    self._curve = self._curve or f"{panel} {name}"
                    if self._curve == f"{panel} {name}":
                        self._value = f"{self._curve} {last:.4g}"
                case events.Started():
                    self._note = ""
        if time.monotonic() - self._painted >= EVERY:
            self._paint()

    def _paint(self) -> None:
        self._painted = time.monotonic()
        self._live.update(self._line(), refresh=True)

    def _speed(self) -> float:
        """Steps a second, lately."""
        now = time.monotonic()
        tick = self._progress.tick if self._progress else 0
        self._ticks.append((now, tick))
        while now - self._ticks[0][0] > WINDOW:
            self._ticks.popleft()
        seconds = now - self._ticks[0][0]
        return (tick - self._ticks[0][1]) / seconds if seconds > 0 else 0.0

    def _line(self) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        row = Table.grid(padding=(0, 2, 0, 0))
        if self._progress is None:
            row.add_row(Text(self._label), Text(self._note, "dim"))
            return row
        step, total, speed = self._progress.step, self._progress.total, self._speed()
        words = [f"{step}/{total}", *([self._value] if self._value else [])]
        if speed > 0:
            words.append(f"{speed:,.0f} steps/s" if speed >= 10 else f"{speed:.2g} steps/s")
            left = (total - step) / speed
            words.append(f"{_long(left)} left")
        text = Text("  ".join(words), no_wrap=True, overflow="ellipsis")
        if self._note:
            text = Text(self._note, "bold")
        row.add_row(
            Text(self._progress.phase or self._label, no_wrap=True),
            ProgressBar(total=max(total, 1), completed=step, width=12),
            text,
        )
        return row


def _long(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 3_600_000 else "over 1000 h"
