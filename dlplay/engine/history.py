"""What a run has shown so far, in bounded memory.

Curves are kept in buckets of minimum, maximum and mean that merge as a run grows, so that a spike
stays visible; panels in keyframes that thin out. A million steps cost what ten thousand do.
"""

from __future__ import annotations

import math
from array import array
from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from dlplay.engine.styles import Styles
from dlplay.wire import events

if TYPE_CHECKING:
    from dlplay.draw import Drawn, Line
    from dlplay.wire.events import ClaimResult

BUCKETS = 2048
KEYFRAMES = 64
KEYFRAME_BYTES = 4_000_000  # of one panel
LOG_LINES = 5000
JUDGEMENTS = 1000  # states of the claims that are kept; the older half thins out first
HEADLINES = 2048


class Series:
    """One curve: at most BUCKETS buckets of equally many points each."""

    def __init__(self) -> None:
        self.width = 1  # points in a full bucket
        self.count = 0  # points in all
        self.last = math.nan
        self._fill = 0  # points in the last bucket
        self._tick, self._x, self._low, self._high, self._sum, self._good = (
            array("d") for _ in range(6)
        )

    def add(self, tick: int, x: float, y: float) -> None:
        if self._fill == self.width or not self._x:
            if len(self._x) == BUCKETS:
                self._merge()
            for column, value in zip(
                self._columns(), (tick, 0.0, math.inf, -math.inf, 0.0, 0.0), strict=True
            ):
                column.append(value)
            self._fill = 0
        self._fill += 1
        self.count += 1
        self.last = y
        self._x[-1] += x
        if math.isfinite(y):
            self._sum[-1] += y
            self._good[-1] += 1
            self._low[-1] = min(self._low[-1], y)
            self._high[-1] = max(self._high[-1], y)

    def line(self, until: int | None = None) -> Line:
        """The curve as arrays of x, minimum, maximum and mean; NaN where nothing was finite."""
        from dlplay.draw import Line

        tick, x, low, high, total, good = (np.array(column) for column in self._columns())
        points = np.full(len(x), float(self.width))
        if len(points):
            points[-1] = self._fill
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(good > 0, total / good, np.nan)
        empty = good == 0
        low, high = np.where(empty, np.nan, low), np.where(empty, np.nan, high)
        x = x / np.maximum(points, 1)
        if until is not None:
            seen = tick <= until
            x, low, high, mean = x[seen], low[seen], high[seen], mean[seen]
        elif len(x) and not math.isfinite(self.last) and good[-1] > 0:
            x = np.append(x, x[-1])
            low, high, mean = (np.append(column, np.nan) for column in (low, high, mean))
        return Line(x, low, high, mean)

    @property
    def ticks(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The tick of each bucket's first point."""
        return np.array(self._tick)

    def _columns(self) -> tuple[array[float], ...]:
        return self._tick, self._x, self._low, self._high, self._sum, self._good

    def _merge(self) -> None:
        """Every two neighbours become one bucket."""
        tick, x, low, high, total, good = (np.array(column) for column in self._columns())
        merged = (
            tick[::2],
            x[::2] + x[1::2],
            np.minimum(low[::2], low[1::2]),
            np.maximum(high[::2], high[1::2]),
            total[::2] + total[1::2],
            good[::2] + good[1::2],
        )
        self._tick, self._x, self._low, self._high, self._sum, self._good = (
            array("d", column.tobytes()) for column in merged
        )
        self.width *= 2


class Keyframes:
    """What one panel showed: every `stride`-th content that was drawn, and the newest."""

    def __init__(self) -> None:
        self.frames: list[events.AnyContent] = []
        self.stride = 1  # doubles when the frames become too many
        self._count = 0

    def add(self, content: events.AnyContent) -> None:
        if self._count and (self._count - 1) % self.stride:
            self.frames.pop()  # the newest so far, between two frames that are kept
        self.frames.append(content)
        self._count += 1
        size = content_bytes(content)
        while len(self.frames) > 2 and (
            len(self.frames) > KEYFRAMES or size * len(self.frames) > KEYFRAME_BYTES
        ):
            newest = self.frames[-1]
            self.frames, self.stride = self.frames[::2], self.stride * 2
            if self.frames[-1] is not newest:
                self.frames.append(newest)

    def at(self, until: int | None = None) -> events.AnyContent | None:
        """The newest frame, or the newest that is not after the tick `until`."""
        if until is None:
            return self.frames[-1] if self.frames else None
        return next((f for f in reversed(self.frames) if f.tick <= until), None)


class History:
    """Everything that a watcher of a run can show; fed with the run's events in order."""

    def __init__(self, styles: Styles | None = None) -> None:
        """`styles`: those of other runs of the scene, so that names keep theirs."""
        self.styles = styles or Styles()
        self.started: events.Started | None = None
        self.progress: events.Progress | None = None
        self.vitals: events.Vitals | None = None
        self.finished: events.Finished | None = None
        self.measures: dict[str, float] = {}
        self.claims: list[ClaimResult] = []
        self.judgements: list[events.Claims] = []  # at most JUDGEMENTS, and the newest
        self.tweaks: list[events.Tweaked] = []
        self.knobs: dict[str, events.Knob] = {}  # of a program of the user's own
        self.after: dict[str, Any] = {}  # what was turned after the end: no part of the run
        self.headlines: list[events.Headline] = []  # at most HEADLINES, and the newest
        self.log: deque[events.Logged] = deque(maxlen=LOG_LINES)
        self.logged = 0  # lines in all; the log keeps the last LOG_LINES
        self.axes: dict[str, events.Axes] = {}
        self.series: dict[str, dict[str, Series]] = {}
        self.keyframes: dict[str, Keyframes] = {}
        self.versions: dict[str, int] = {}  # of each panel: grows when it changes
        self.tick = 0

    @property
    def whole(self) -> bool:
        """Whether the run came to its own end."""
        return self.finished is not None and self.finished.whole

    @property
    def names(self) -> list[str]:
        """The panels drawn so far, in the order in which they first appeared."""
        return list(self.versions)

    def feed(self, batch: list[events.AnyEvent]) -> None:
        """Take in events; the order of batches is the order of the run."""
        # Contents first: classes have their own colours, and curves of the same batch others.
        for event in sorted(batch, key=lambda event: isinstance(event, events.Points)):
            self.styles.meet(event)
        for event in batch:
            self.tick = max(self.tick, event.tick)
            self._take(event)

    def _take(self, event: events.AnyEvent) -> None:
        match event:
            case events.Points(panel=panel, series=name, ticks=ticks, x=xs, y=ys):
                series = self.series.setdefault(panel, {}).setdefault(name, Series())
                for tick, x, y in zip(ticks, xs, ys, strict=True):
                    series.add(tick, x, y)
                self._touch(panel)
            case events.Content(panel=panel):
                self.keyframes.setdefault(panel, Keyframes()).add(event)
                self._touch(panel)
            case events.Axes(panel=panel):
                self.axes[panel] = event
            case events.Progress():
                self.progress = event
            case events.Vitals():
                self.vitals = event
            case events.Measured(values=values):
                self.measures.update(values)
            case events.Claims(claims=claims):
                self.claims = claims
                self.judgements.append(event)
                if len(self.judgements) > JUDGEMENTS:
                    self.judgements = [*self.judgements[:-1:2], event]
            case events.Tweaked(name=name, value=value) if self.finished is not None:
                self.after[name] = value
            case events.Tweaked():
                self.tweaks.append(event)
            case events.Knob(name=name):
                first = self.knobs.get(name, event)  # what it began with stays
                self.knobs[name] = msgspec.structs.replace(
                    event, value=first.value, tick=first.tick
                )
            case events.Headline():
                self.headlines.append(event)
                if len(self.headlines) > HEADLINES:
                    self.headlines = [*self.headlines[:-1:2], event]
            case events.Logged():
                self.log.append(event)
                self.logged += 1
            case events.Started():
                self.started = event
            case events.Finished():
                self.finished = event
                self.measures, self.claims = dict(event.measures), event.claims

    def _touch(self, panel: str) -> None:
        self.versions[panel] = self.versions.get(panel, 0) + 1

    def panel(self, name: str, until: int | None = None) -> Drawn | None:
        """What the panel shows: now, or as it was at the tick `until`; None before its first."""
        from dlplay.draw import Curves

        if name in self.series:
            axes = self.axes.get(name) or events.Axes(panel=name)
            lines = {series: s.line(until) for series, s in self.series[name].items()}
            return Curves(axes, lines)
        content = self.keyframes[name].at(until) if name in self.keyframes else None
        if isinstance(content, events.Plot):
            return Curves.of(content, self.axes.get(name))
        return content

    def headline(self, until: int | None = None) -> str:
        """What the run says of itself: now, or as it was at the tick `until`."""
        said = (h.text for h in reversed(self.headlines) if until is None or h.tick <= until)
        return next(said, "")

    def panels(self) -> dict[str, Any]:
        """Every panel as it is now."""
        return {name: self.panel(name) for name in self.names}


def content_bytes(content: events.AnyContent) -> int:
    """About how much memory a panel's content takes."""
    size = 500
    for name in content.__struct_fields__:
        value = getattr(content, name)
        if isinstance(value, events.Array):
            size += len(value.data)
        elif isinstance(value, (list, str)):
            size += 8 * len(value)
    return size
