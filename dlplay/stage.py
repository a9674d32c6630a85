"""The stage: what a running scene draws on, and where it learns that it must pause or stop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from dlplay import arrays, commands, events
from dlplay.arrays import Numbers
from dlplay.events import Array, Cloud, Trail

if TYPE_CHECKING:
    from dlplay.scene import Scene
    from dlplay.xray import Watch

FLUSH_EVERY = 1 / 30  # seconds between two batches of events
VITALS_EVERY = 1.0
LOG_LINES = 1000  # kept between two flushes: a scene that floods its log drowns only itself
XRAY_EVERY = 0.5

Sink = Callable[[list[events.AnyEvent]], None]
Points = Mapping[str, Numbers] | Numbers


class Stopped(Exception):
    """The user asked the run to stop."""


class Diverged(Exception):
    """The run's numbers are no longer finite."""


class Stage:
    """One run's connection to the world.

    A scene uses `loop`, `every`, `changed`, the drawing calls, `measure`, `probe`, `watch` and
    `log`, and reads `device` (a torch device string) and `seed`. Nothing here tells it whether
    anyone watches, and nothing that it draws changes its numbers.
    """

    def __init__(
        self,
        scene: Scene,
        *,
        seed: int = 0,
        device: str = "cpu",
        sink: Sink = lambda batch: None,
        controls: commands.Controls | None = None,
        flush_every: float = FLUSH_EVERY,
        max_steps: int | None = None,
    ) -> None:
        self.scene = scene
        self.seed = seed
        self.device = device
        self.step = 0  # of the innermost loop
        self.total = 1
        self.phase = ""
        self.tick = 0
        self._progress = 0, 0, ""
        self.measures: dict[str, float] = {}
        self._sink = sink
        self._controls = controls or commands.NoControls()
        self._flush_every = flush_every
        self._max_steps = max_steps
        self._flushed = self._vital = self._xrayed = 0.0
        self._paused = self._stepping = False
        self._changed: set[str] = set()
        self._points: dict[tuple[str, str], tuple[list[int], list[float], list[Any]]] = {}
        self._device_points = False
        self._contents: dict[str, events.AnyContent] = {}
        self._axes: dict[str, events.Axes] = {}
        self._tweaks: list[events.AnyEvent] = []
        self._log: list[events.AnyEvent] = []
        self._unlogged = 0
        self._measured: dict[str, float] = {}
        self._claims: list[Any] | None = None
        self._diverged = ""
        self._watch: Watch | None = None
        self._look = False

    # The loop

    def loop(self, total: int, phase: str = "") -> Iterator[int]:
        """Count to `total`; between two steps the user may pause, stop, or turn a parameter.

        `phase` names this loop where a scene has several.
        """
        outer = self.step, self.total, self.phase
        for step in range(total):
            self.step, self.total, self.phase = step, total, phase
            self._progress = step, total, phase
            self._boundary()
            self.tick += 1
            yield step
            self._progress = step + 1, total, phase
        self.step, self.total, self.phase = outer
        self._check()

    def every(self, steps: int) -> bool:
        """Whether this is a step for an expensive look: each `steps`-th, and the last."""
        return self.step % steps == 0 or self.step == self.total - 1

    def changed(self, *names: str) -> bool:
        """Whether one of these live parameters was turned just before this step."""
        return not self._changed.isdisjoint(names)

    def _boundary(self) -> None:
        self._check()
        if self._max_steps is not None and self.tick >= self._max_steps:
            raise Stopped
        if self._changed:
            self._changed.clear()
        if self._stepping:
            self._stepping, self._paused = False, True
        while self._paused or self._controls.pending():
            if self._paused and not self._controls.pending():
                self.flush()
            self._obey(self._controls.take())
            if self._stepping:
                break
        now = time.monotonic()
        if now - self._flushed >= self._flush_every:
            self._look_inside(now)
            self.flush()
        elif self._watch is not None and self._watch.armed:
            self._look_inside(now)

    def _check(self) -> None:
        if self._diverged:
            raise Diverged(self._diverged)

    def _obey(self, command: commands.AnyCommand) -> None:
        match command:
            case commands.Pause():
                self._paused = True
            case commands.Resume():
                self._paused = False
            case commands.Step():
                self._paused, self._stepping = False, True
            case commands.Stop():
                raise Stopped
            case commands.Tweak(name, value):
                self.scene.tweak(name, value)
                self._changed.add(name)
                self._tweaks.append(events.Tweaked(tick=self.tick, name=name, value=value))
            case commands.Look(xray):
                self._look = xray

    # Drawing: curves

    def curve(
        self,
        panel: str,
        values: Mapping[str, Any] | None = None,
        *,
        x: float | None = None,
        **named: Any,
    ) -> None:
        """Add a point to each of these series: `stage.curve("loss", train=loss, test=other)`.

        Values are numbers or one-element tensors on any device; `values` is for names that are
        no Python words. `x` is the step unless given. A call in which no value is finite ends
        the run as diverged at the next step: while one runner stands, the race goes on.
        """
        at = self.step if x is None else float(x)
        finite = False
        for name, value in {**(values or {}), **named}.items():
            if type(value) is not float:
                value = self._scalar(value)
            key = (panel, name)
            if key not in self._points:
                self._points[key] = ([], [], [])
            ticks, xs, ys = self._points[key]
            ticks.append(self.tick)
            xs.append(at)
            ys.append(value)
            finite = finite or type(value) is not float or math.isfinite(value)
        if not finite and (values or named):
            self._diverged = _divergence(panel, self.tick)

    def _scalar(self, value: Any) -> Any:
        """A float; or, of a tensor on an accelerator, a copy that is fetched at the next flush."""
        if hasattr(value, "detach"):
            value = value.detach()
            if value.device.type != "cpu":
                self._device_points = True
                return value.reshape(()).clone()
        return float(value)

    def axes(
        self,
        panel: str,
        *,
        x: str = "step",
        y: str = "",
        log: str = "",
        lines: Mapping[str, float] | None = None,
    ) -> None:
        """How a curve panel is drawn: labels, logarithmic axes ("x", "y", "xy"), and horizontal
        reference lines by name. The user may switch an axis."""
        named = {name: float(value) for name, value in (lines or {}).items()}
        self._axes[panel] = events.Axes(tick=self.tick, panel=panel, x=x, y=y, log=log, lines=named)

    def plot(
        self,
        panel: str,
        x: Numbers,
        values: Mapping[str, Numbers] | None = None,
        *,
        scatter: bool = False,
        **named: Numbers,
    ) -> None:
        """Draw whole curves, in place of what the panel showed: all series over the same x."""
        xs = arrays.series(x)
        drawn = {}
        for name, ys in {**(values or {}), **named}.items():
            drawn[name] = (xs, arrays.series(ys))
            if len(drawn[name][1]) != len(xs):
                raise ValueError(f"{name} has {len(drawn[name][1])} points, its x has {len(xs)}")
        self._show(events.Plot(tick=self.tick, panel=panel, series=drawn, scatter=scatter))

    # Drawing: pictures

    def image(
        self,
        panel: str,
        images: Numbers,
        *,
        captions: Sequence[str] = (),
        columns: int = 0,
        low: float | None = 0.0,
        high: float | None = 1.0,
    ) -> None:
        """Show images: [H, W], [N, H, W] (grey) or [N, 1 or 3, H, W], values low..high.

        `low` or `high` of None: the least or greatest value shown. `columns`: images in a row.
        """
        self._show(
            events.Image(
                tick=self.tick,
                panel=panel,
                pixels=arrays.pixels(images, low, high),
                captions=[str(caption) for caption in captions],
                columns=columns,
            )
        )

    def heatmap(
        self,
        panel: str,
        values: Numbers,
        *,
        names: Sequence[str] = (),
        rows: Sequence[str] = (),
        columns: Sequence[str] = (),
        x: str = "",
        y: str = "",
        low: float | None = None,
        high: float | None = None,
        diverging: bool = False,
    ) -> None:
        """Show a matrix [rows, columns], or several [K, rows, columns] with their `names`, of
        which the user sees one at a time. `rows`, `columns` label the cells (tokens, classes);
        `x`, `y` the axes. `diverging`: zero is the middle of the colour scale."""
        array = arrays.floats(values, (2, 3), "heatmap")
        array = array[None] if array.ndim == 2 else array
        least, most = arrays.limits(array, low, high, diverging)
        self._show(
            events.Heatmap(
                tick=self.tick,
                panel=panel,
                values=Array.of(array),
                names=[str(name) for name in names],
                rows=[str(name) for name in rows],
                columns=[str(name) for name in columns],
                x=x,
                y=y,
                low=least,
                high=most,
                diverging=diverging,
            )
        )

    def plane(
        self,
        panel: str,
        *,
        x: tuple[float, float],
        y: tuple[float, float],
        field: Numbers | None = None,
        kind: str = "heat",
        points: Points | None = None,
        labels: Numbers | None = None,
        paths: Mapping[str, Numbers] | None = None,
        x_label: str = "",
        y_label: str = "",
    ) -> None:
        """Show a part of the plane, from x[0] to x[1] and y[0] to y[1].

        `field`: [rows, columns] of values, row 0 at the lowest y (`dlplay.nn.grid` gives the
        points to evaluate). `kind`: "heat", "contour" (with level lines), "signed" (zero is the
        middle), "classes" (whole numbers). `points`: [N, 2], with `labels` [N], their classes;
        or a mapping from names to such points. `paths`: [N, 2] by name, the walker at the end.
        """
        if kind not in ("heat", "contour", "signed", "classes"):
            raise ValueError(f"kind is heat, contour, signed or classes, not {kind!r}")
        clouds = points if isinstance(points, Mapping) else {"": points}
        classes = [int(label) for label in arrays.series(labels)] if labels is not None else []
        self._show(
            events.Plane(
                tick=self.tick,
                panel=panel,
                x=(float(x[0]), float(x[1])),
                y=(float(y[0]), float(y[1])),
                field=None if field is None else Array.of(arrays.floats(field, (2,), "field")),
                kind=kind,
                clouds=[
                    Cloud(name, arrays.points(xy), classes)
                    for name, xy in clouds.items()
                    if xy is not None
                ],
                trails=[Trail(name, arrays.points(xy)) for name, xy in (paths or {}).items()],
                x_label=x_label,
                y_label=y_label,
            )
        )

    def bars(
        self,
        panel: str,
        labels: Sequence[str],
        values: Mapping[str, Numbers] | Numbers,
        *,
        log: bool = False,
        unit: str = "",
    ) -> None:
        """Show bars, one group a label: `values` [N], or several such series by name."""
        named = values if isinstance(values, Mapping) else {"": values}
        drawn = {name: arrays.series(numbers) for name, numbers in named.items()}
        for name, numbers in drawn.items():
            if len(numbers) != len(labels):
                raise ValueError(f"{name or 'values'}: {len(numbers)} bars, {len(labels)} labels")
        self._show(
            events.Bars(
                tick=self.tick,
                panel=panel,
                labels=[str(label) for label in labels],
                series=drawn,
                log=log,
                unit=unit,
            )
        )

    def histogram(
        self,
        panel: str,
        values: Mapping[str, Numbers] | Numbers,
        *,
        bins: int = 30,
        low: float | None = None,
        high: float | None = None,
        x: str = "",
    ) -> None:
        """Show how numbers are distributed: any shape, or several by name over shared bins."""
        named = values if isinstance(values, Mapping) else {"": values}
        flat = {name: np.array(arrays.series(numbers)) for name, numbers in named.items()}
        flat = {name: numbers[np.isfinite(numbers)] for name, numbers in flat.items()}
        every = np.concatenate(list(flat.values())) if flat else np.zeros(0)
        least, most = arrays.limits(every.astype(np.float32), low, high, diverging=False)
        edges = np.linspace(least, most if most > least else least + 1, bins + 1)
        self._show(
            events.Histogram(
                tick=self.tick,
                panel=panel,
                edges=edges.tolist(),
                series={
                    name: np.histogram(numbers, edges)[0].astype(float).tolist()
                    for name, numbers in flat.items()
                },
                x=x,
            )
        )

    def graph(
        self,
        panel: str,
        positions: Numbers,
        edges: Sequence[tuple[int, int]],
        *,
        values: Numbers | None = None,
        labels: Sequence[str] = (),
        groups: Sequence[int] = (),
        marked: Sequence[int] = (),
        low: float | None = 0.0,
        high: float | None = 1.0,
    ) -> None:
        """Show nodes and edges. `positions` [N, 2] in any units (`dlplay.nn.layout` makes some);
        `values` [N] colour the nodes from `low` to `high`; `groups` are their true classes;
        `marked` nodes stand out."""
        where = arrays.points(positions).numpy()
        least, span = where.min(axis=0), np.ptp(where, axis=0)
        shades = arrays.series(values) if values is not None else []
        least_value, most_value = arrays.limits(np.array(shades, np.float32), low, high, False)
        self._show(
            events.Graph(
                tick=self.tick,
                panel=panel,
                positions=Array.of(((where - least) / np.maximum(span, 1e-9)).astype(np.float32)),
                edges=[(int(a), int(b)) for a, b in edges],
                labels=[str(label) for label in labels],
                values=shades,
                groups=[int(group) for group in groups],
                marked=[int(node) for node in marked],
                low=least_value,
                high=most_value,
            )
        )

    # Drawing: words

    def text(self, panel: str, text: str, *, tail: bool = False) -> None:
        """Show plain text; with `tail`, its end is what stays in sight."""
        self._show(events.Text(tick=self.tick, panel=panel, text=text, tail=tail))

    def tokens(
        self,
        panel: str,
        tokens: Sequence[str],
        values: Numbers | None = None,
        *,
        low: float = 0.0,
        high: float = 1.0,
        prompt: int = 0,
        gap: bool = False,
    ) -> None:
        """Show text in pieces, each coloured by its value (a probability, a loss).

        `prompt`: how many of the first pieces were given. `gap`: pieces stand apart, as words
        do, instead of running on.
        """
        shades = arrays.series(values) if values is not None else []
        self._show(
            events.Tokens(
                tick=self.tick,
                panel=panel,
                tokens=[str(token) for token in tokens],
                values=shades,
                low=low,
                high=high,
                prompt=prompt,
                gap=gap,
            )
        )

    def table(
        self,
        panel: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        *,
        best: Sequence[int] = (),
    ) -> None:
        """Show rows of words and numbers; the rows listed in `best` stand out."""
        cells = [[c if isinstance(c, (str, int)) else float(c) for c in row] for row in rows]
        self._show(
            events.Table(
                tick=self.tick,
                panel=panel,
                columns=[str(column) for column in columns],
                rows=cells,
                best=[int(row) for row in best],
            )
        )

    def log(self, text: str) -> None:
        """Write a line into the run's log."""
        if len(self._log) < LOG_LINES:
            self._log.append(events.Logged(tick=self.tick, text=str(text)))
        else:
            self._unlogged += 1

    def _show(self, content: events.AnyContent) -> None:
        self._contents[content.panel] = content

    # Measuring

    def measure(self, **values: Any) -> None:
        """Report measures for the claims: numbers or one-element tensors, by name."""
        for name, value in values.items():
            plain = value.detach() if hasattr(value, "detach") else value
            self.measures[name] = self._measured[name] = float(plain)

    @contextmanager
    def probe(self, *models: Any) -> Iterator[None]:
        """For all that only looks: no gradients, `models` in evaluation mode, and afterwards
        the random state and the modes as they were."""
        import random

        import torch

        modes = [(module, module.training) for model in models for module in model.modules()]
        states = random.getstate(), np.random.get_state(), torch.get_rng_state()
        cuda = torch.cuda.get_rng_state_all() if self.device.startswith("cuda") else None
        for model in models:
            model.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            for module, training in modes:
                module.training = training
            random.setstate(states[0])
            np.random.set_state(states[1])
            torch.set_rng_state(states[2])
            if cuda is not None:
                torch.cuda.set_rng_state_all(cuda)

    def watch(self, model: Any) -> None:
        """Let the user X-ray this model: per layer, weights, gradients and activations.

        While nobody looks it costs nothing.
        """
        from dlplay.xray import Watch

        self._watch = Watch(model)

    def _look_inside(self, now: float) -> None:
        """Arm the X-ray for one step, or develop the one that was taken in the last step."""
        if self._watch is None:
            return
        if self._watch.armed:
            self._show(events.XRay(tick=self.tick, panel="x-ray", layers=self._watch.develop()))
            self._xrayed = now
        elif self._look and now - self._xrayed >= XRAY_EVERY:
            self._watch.arm()

    # Sending

    def flush(self) -> None:
        """Send what has been drawn and measured since the last time."""
        self._flushed = time.monotonic()
        if self._device_points:
            self._fetch()
        step, total, phase = self._progress
        batch: list[events.AnyEvent] = [
            events.Progress(tick=self.tick, step=step, total=total, phase=phase)
        ]
        if self._flushed - self._vital >= VITALS_EVERY:
            self._vital = self._flushed
            batch.append(self._vitals())
        batch += self._tweaks
        batch += self._logged()
        batch += self._axes.values()
        batch += [
            events.Points(tick=self.tick, panel=panel, series=name, ticks=ticks, x=xs, y=ys)
            for (panel, name), (ticks, xs, ys) in self._points.items()
        ]
        batch += self._contents.values()
        batch += self._judged()
        self._tweaks, self._axes, self._points, self._contents = [], {}, {}, {}
        self._sink(batch)

    def send_log(self) -> None:
        """Send the log alone, after a failure in what `flush` computes."""
        self._sink(self._logged())

    def _logged(self) -> list[events.AnyEvent]:
        lines, self._log = self._log, []
        if self._unlogged:
            text = f"... {self._unlogged} more lines were dropped"
            lines.append(events.Logged(tick=self.tick, text=text))
            self._unlogged = 0
        return lines

    def _judged(self) -> list[events.AnyEvent]:
        fresh: list[events.AnyEvent] = []
        if self._measured:
            fresh.append(events.Measured(tick=self.tick, values=self._measured))
            self._measured = {}
        if fresh or self._claims is None:
            self._claims = self.scene.judge(self.measures)
            fresh.append(events.Claims(tick=self.tick, claims=self._claims))
        return fresh

    def _fetch(self) -> None:
        """Move all buffered scalars off the accelerator in one copy."""
        import torch

        waiting = [
            (ys, i) for _, _, ys in self._points.values() for i, y in enumerate(ys)
            if type(y) is not float
        ]  # fmt: skip
        stacked = torch.stack([ys[i].float() for ys, i in waiting]).tolist()
        for (ys, i), value in zip(waiting, stacked, strict=True):
            ys[i] = value
        self._device_points = False
        self._find_divergence()

    def _find_divergence(self) -> None:
        """What `curve` does at once on the CPU, for points that have just been fetched: find the
        first tick at which a panel has no finite value left, and drop what came after it."""
        alive: dict[tuple[str, int], bool] = {}
        for (panel, _), (ticks, _, ys) in self._points.items():
            for tick, y in zip(ticks, ys, strict=True):
                key = (panel, tick)
                alive[key] = alive.get(key, False) or math.isfinite(y)
        dead = [(tick, panel) for (panel, tick), lives in alive.items() if not lives]
        if not dead or self._diverged:
            return
        first, panel = min(dead)
        for ticks, xs, ys in self._points.values():
            kept = sum(tick <= first for tick in ticks)
            del ticks[kept:], xs[kept:], ys[kept:]
        self._diverged = _divergence(panel, first)

    def _vitals(self) -> events.Vitals:
        import resource
        import sys

        unit = 1 if sys.platform == "darwin" else 1024
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        device_memory = 0
        if self.device.startswith("cuda"):
            import torch

            device_memory = int(torch.cuda.memory_allocated())
        return events.Vitals(tick=self.tick, memory=memory, device_memory=device_memory)

    def close(self) -> None:
        """After the last step: develop a last X-ray, send the rest, notice a late divergence."""
        if self._watch is not None:
            self._show(events.XRay(tick=self.tick, panel="x-ray", layers=self._watch.develop()))
        self.flush()
        self._check()


def _divergence(panel: str, tick: int) -> str:
    """Steps are counted from 0 over all loops, as on the axis of a curve."""
    return f"{panel} is no longer a finite number at step {tick - 1}"
