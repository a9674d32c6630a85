"""What has been drawn and is not sent yet."""

from __future__ import annotations

import math
from typing import Any

from dlplay.stage import bounds
from dlplay.wire import events
from dlplay.wire.events import AnyContent, AnyEvent


class Gathering:
    """Keeps what has been drawn: every point of a curve, the newest content of another panel.

    Numbers on an accelerator are fetched when they are sent, all at once.
    """

    def __init__(self) -> None:
        self.step = 0  # of the innermost loop
        self.tick = 0  # steps begun in all
        self._points: list[tuple[str, str, int, float, Any]] = []  # panel, series, tick, x, y
        self._device_points = False
        self._contents: dict[str, AnyContent] = {}
        self._axes: dict[str, events.Axes] = {}
        self._series: dict[str, set[str]] = {}  # of each panel
        self._diverged = ""
        self._headline: str | None = None  # where there is a new one
        self.last_headline = ""
        self.looking = False  # whether a look draws
        self.again = False  # whether it has been called at this step before: curves have its point
        self._looked: set[str] = set()  # curves drawn by looks, which end no run

    def take_drawn(self) -> list[AnyEvent]:
        """What has been drawn since the last time, as events."""
        if self._device_points:
            self._fetch()
        drawn: list[AnyEvent] = [*self._axes.values()]
        drawn += self._gathered()
        drawn += self._contents.values()
        if self._headline is not None:
            drawn.append(events.Headline(tick=self.tick, text=self._headline))
        self._axes, self._points, self._contents, self._headline = {}, [], {}, None
        return drawn

    def _gathered(self) -> list[AnyEvent]:
        """The points, series by series. Done here, not at every step: there it would be dear."""
        found: dict[tuple[str, str], tuple[list[int], list[float], list[float]]] = {}
        for panel, name, tick, x, y in self._points:
            if (panel, name) not in found:
                self._note_series(panel, name)
                found[panel, name] = [], [], []
            ticks, xs, ys = found[panel, name]
            ticks.append(tick)
            xs.append(x)
            ys.append(y)
        return [
            events.Points(tick=self.tick, panel=panel, series=name, ticks=ticks, x=xs, y=ys)
            for (panel, name), (ticks, xs, ys) in found.items()
        ]

    def _show(self, content: AnyContent) -> None:
        self._note_series(content.panel, "")
        bounds.bounded(content)
        self._contents[content.panel] = content

    def _note_series(self, panel: str, name: str) -> None:
        """ValueError where a panel has too many series, or the scene too many panels."""
        known = self._series.get(panel, ())
        if name in known:
            return
        bounds.few("the name of a panel", "characters", len(panel), bounds.NAME)
        bounds.few("the name of a series", "characters", len(name), bounds.NAME)
        bounds.few("the scene", "panels", len({*self._series, panel}), bounds.PANELS)
        bounds.few(panel, "series", len(known) + 1, bounds.SERIES)
        self._series.setdefault(panel, set()).add(name)

    def _scalar(self, value: Any) -> Any:
        """A float; or, of a tensor on an accelerator, a copy that is fetched at the next flush."""
        if not hasattr(value, "detach"):
            return float(value)
        if value.device.type in ("cpu", "meta"):  # what has no number says so at once
            return float(value.item())
        self._device_points = True
        return value.detach().reshape(()).clone()

    def _fetch(self) -> None:
        """Move all buffered scalars off the accelerators in one copy each."""
        import torch

        waiting: dict[Any, list[int]] = {}
        for i, point in enumerate(self._points):
            if type(point[4]) is not float:
                waiting.setdefault(point[4].device, []).append(i)
        for places in waiting.values():
            values = torch.stack([self._points[i][4].float() for i in places]).tolist()
            for i, value in zip(places, values, strict=True):
                self._points[i] = (*self._points[i][:4], value)
        self._device_points = False
        self._find_divergence()

    def _find_divergence(self) -> None:
        """What `curve` does at once on the CPU, for points that have just been fetched: find the
        first tick at which a panel has no finite value left, and drop what came after it."""
        alive: dict[tuple[int, str], bool] = {}
        for panel, _, tick, _, y in self._points:
            if panel in self._looked:
                continue
            alive[tick, panel] = alive.get((tick, panel), False) or math.isfinite(y)
        dead = [place for place, lives in alive.items() if not lives]
        if not dead or self._diverged:
            return
        first, panel = min(dead)
        self._points = [point for point in self._points if point[2] <= first]
        self._diverge(panel, first)

    def _diverge(self, panel: str, tick: int) -> None:
        """End the run at its next step. Steps are counted from 0 over all loops, as on the axis of
        a curve."""
        self._diverged = f"{panel} is no longer a finite number at step {tick - 1}"
