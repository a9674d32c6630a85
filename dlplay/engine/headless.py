"""Runs for notebooks, tests and the command line: in this process, with nobody watching."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlplay.course import catalog
from dlplay.engine import numerics
from dlplay.engine.execute import execute
from dlplay.engine.summary import Summarised
from dlplay.stage.stage import FLUSH_EVERY
from dlplay.wire import events

if TYPE_CHECKING:
    import numpy as np

    Curve = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


@dataclass
class Result(Summarised):
    """What a run left: its summary, whose fields it has (`status`, `measures`, ...), and these."""

    finished: events.Finished
    curves: dict[str, dict[str, Curve]]  # panel, series -> x and y, every point
    panels: dict[str, events.AnyContent]  # the last content of each panel
    axes: dict[str, events.Axes] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether the run ended and every claim was measured and holds."""
        return self.status == "done" and all(claim.holds for claim in self.claims)


class Collector:
    """Keeps every point and the last content of each panel."""

    def __init__(self) -> None:
        self.points: dict[str, dict[str, tuple[list[float], list[float]]]] = {}
        self.panels: dict[str, events.AnyContent] = {}
        self.axes: dict[str, events.Axes] = {}
        self.log: list[str] = []

    def __call__(self, batch: list[events.AnyEvent]) -> None:
        for event in batch:
            if isinstance(event, events.Points):
                xs, ys = self.points.setdefault(event.panel, {}).setdefault(event.series, ([], []))
                xs += event.x
                ys += event.y
            elif isinstance(event, events.Content):
                self.panels[event.panel] = event
            elif isinstance(event, events.Axes):
                self.axes[event.panel] = event
            elif isinstance(event, events.Logged):
                self.log.append(event.text)

    def curves(self) -> dict[str, dict[str, Curve]]:
        import numpy as np

        return {
            panel: {name: (np.array(xs), np.array(ys)) for name, (xs, ys) in series.items()}
            for panel, series in self.points.items()
        }


def run(
    id: str,
    /,
    *,
    seed: int = 0,
    device: str = "auto",
    max_steps: int | None = None,
    scenes: str | Path | None = None,
    watch: Callable[[list[events.AnyEvent]], None] | None = None,
    tweaks: Sequence[events.Tweaked] = (),
    looks: bool = True,
    **settings: Any,
) -> Result:
    """Run the scene `id` ("chapter/scene") with these parameters and return what it left.

    `max_steps` stops it after so many steps; `scenes` is one more folder to look in; `watch` is
    called with every batch of events as it comes; `tweaks` are values that live parameters get on
    the way, each once so many steps were made; `looks`: whether the scene's looks are called, which
    draw and change no number. Raises UnknownScene, ParameterError, NoDevice.
    """
    numerics.prepare_environment()
    extra = Path(scenes) if scenes is not None else None
    card = catalog.Catalog(catalog.roots(extra)).find(id)
    collector = Collector()

    def sink(batch: list[events.AnyEvent]) -> None:
        collector(batch)
        if watch is not None:
            watch(batch)

    finished = execute(
        card,
        settings,
        seed=seed,
        device=device,
        sink=sink,
        flush_every=FLUSH_EVERY,
        max_steps=max_steps,
        tweaks=tweaks,
        looks=looks,
    )
    return Result(
        finished, collector.curves(), collector.panels, axes=collector.axes, log=collector.log
    )
