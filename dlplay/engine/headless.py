"""Runs for notebooks, tests and the command line: in this process, with nobody watching."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from dlplay.author.parameters.settings import checked
from dlplay.author.scene import Scene
from dlplay.course import catalog
from dlplay.course.cards import SceneCard, card_of_class
from dlplay.engine import numerics
from dlplay.engine.execute import execute
from dlplay.engine.summary import Summarised
from dlplay.stage.stage import FLUSH_EVERY
from dlplay.wire import events
from dlplay.words.address import address
from dlplay.words.foreign import one_line
from dlplay.words.numbers import steps as counted

LONGEST = 500  # characters of a result as one line

if TYPE_CHECKING:
    import numpy as np

    Curve = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


class SceneFailed(RuntimeError):
    """A scene that raised, or whose file cannot be loaded; its own exception is the cause.

    `result`: what the run had left by then.
    """

    def __init__(self, message: str, result: Result) -> None:
        super().__init__(message)
        self.result = result


@dataclass(repr=False)
class Result(Summarised):
    """What a run left: its summary, whose fields it has (`status`, `measures`, ...), and these."""

    finished: events.Finished
    curves: dict[str, dict[str, Curve]]  # panel, series -> x and y, every point
    panels: dict[str, events.AnyContent]  # the last content of each panel
    axes: dict[str, events.Axes] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    card: SceneCard | None = None
    address: str = ""  # what to write after `dlplay run`; nothing for a class without a file

    @property
    def holds(self) -> bool:
        """Whether the run ended and every claim was measured and holds."""
        return self.status == "done" and all(claim.holds for claim in self.claims)

    def __repr__(self) -> str:
        held = sum(claim.holds is True for claim in self.claims)
        parts = [f"{self.status}, {counted(self.steps)} in {self.seconds:.1f} s, seed {self.seed}"]
        parts += [self.message] if self.message else []
        parts += [f"{held} of {len(self.claims)} claims hold"] if self.claims else []
        names = list(dict.fromkeys([*self.curves, *self.panels]))
        parts += [f"panels {', '.join(names)}"] if names else []
        return one_line(f"<Result of {self.scene}: {'; '.join(parts)}>"[:LONGEST])

    def _repr_html_(self) -> str:
        """What a notebook shows: claims, panels as pictures, and the run's address."""
        from dlplay.export.notebook import shown

        return shown(self)


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
    scene: str | Path | type[Scene],
    /,
    *,
    seed: int = 0,
    device: str = "auto",
    max_steps: int | None = None,
    scenes: str | Path | None = None,
    watch: Callable[[list[events.AnyEvent]], None] | None = None,
    tweaks: Sequence[events.Tweaked] = (),
    looks: bool = True,
    raises: bool = True,
    **settings: Any,
) -> Result:
    """Run a scene with these parameters and return what it left.

    `scene`: an id ("chapter/scene"), a file ("mine/waves.py"), or a class, such as one of a
    notebook. `max_steps` stops it after so many steps; `scenes` is one more folder to look in;
    `watch` is called with every batch of events as it comes; `tweaks` are values that live
    parameters get on the way, each once so many steps were made; `looks`: whether the scene's
    looks are called, which draw and change no number.

    A scene that raises is a SceneFailed, with its own exception as the cause; with `raises=False`
    a result whose `status` is "failed" and whose `log` has the traceback. Raises UnknownScene,
    ParameterError, NoDevice too.
    """
    numerics.prepare_environment()
    extra = Path(scenes) if scenes is not None else None
    card = _card(scene, extra)
    collector = Collector()
    errors: list[BaseException] = []

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
        failed=errors.append,
    )
    result = Result(
        finished,
        collector.curves(),
        collector.panels,
        axes=collector.axes,
        log=collector.log,
        card=card,
        address=_address(card, settings, seed, device, tweaks, extra),
    )
    if raises and finished.status == "failed":
        cause = errors[-1] if errors else None
        if cause is not None:
            cause.with_traceback(_from_scene(cause.__traceback__, card))
        raise SceneFailed(finished.message, result) from cause
    return result


def _card(scene: str | Path | type[Scene], extra: Path | None) -> SceneCard:
    if isinstance(scene, type):
        return card_of_class(scene)
    if isinstance(scene, Path):
        return catalog.of_file(scene)
    return catalog.Catalog(catalog.roots(extra)).find(scene)


def _address(
    card: SceneCard,
    settings: dict[str, Any],
    seed: int,
    device: str,
    tweaks: Sequence[events.Tweaked],
    extra: Path | None,
) -> str:
    if card.scene is not None:
        return ""
    line = address(card, checked(card.parameters, settings), seed, device, tweaks)
    if card.root in catalog.roots():
        return line
    return f"{line} --scenes {shlex.quote(str(extra or card.root))}"


def _from_scene(trace: TracebackType | None, card: SceneCard) -> TracebackType | None:
    """The traceback from the scene's own file on; the whole where it does not appear."""
    inner = trace
    while inner is not None:
        code = inner.tb_frame.f_code
        of_class = card.scene is not None and inner.tb_frame.f_globals.get("__name__") == (
            card.scene.__module__
        )
        if code.co_filename == str(card.path) or (of_class and code.co_name != "<module>"):
            return inner
        inner = inner.tb_next
    return trace
