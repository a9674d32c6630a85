"""The drawing calls of the stage: what a scene draws with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dlplay.stage import arrays, bounds
from dlplay.stage.arrays import Numbers
from dlplay.stage.gathering import Gathering
from dlplay.wire import events
from dlplay.wire.events import Array, Cloud, Trail

Points = Mapping[str, Numbers] | Numbers
Cells = tuple[int, int, int, int]  # of a matrix: the first row and column, how many of each


class Drawings(Gathering):
    """A call for each kind of panel, one for the axes of curves, and one for the headline.

    All calls take numbers on any device, and none makes a device wait.
    """

    # Curves

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
        the run as diverged at the next step: while one runner stands, the race goes on. A curve
        that a look draws ends nothing.
        """
        if self.again:
            return
        at = self.step if x is None else float(x)
        finite = False
        for name, value in ({**values, **named} if values else named).items():
            if type(value) is not float:
                value = self._scalar(value)
            self._points.append((panel, name, self.tick, at, value))
            finite = finite or type(value) is not float or math.isfinite(value)
        if self.looking:
            self._looked.add(panel)
        elif not finite and (values or named):
            self._diverge(panel, self.tick)

    def axes(
        self,
        panel: str,
        *,
        x: str = "step",
        y: str = "",
        log: str = "",
        lines: Mapping[str, float] | None = None,
        verticals: Mapping[str, float] | None = None,
    ) -> None:
        """How a curve panel is drawn: labels, logarithmic axes ("x", "y", "xy"), and reference
        lines by name: horizontal `lines` at a y, `verticals` at an x. The user may switch an
        axis."""
        self._axes[panel] = events.Axes(
            tick=self.tick,
            panel=panel,
            x=x,
            y=y,
            log=log,
            lines=_named(lines),
            verticals=_named(verticals),
        )

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

    # Pictures

    def image(
        self,
        panel: str,
        images: Numbers,
        *,
        captions: Sequence[str] = (),
        columns: int = 0,
        low: float | None = 0.0,
        high: float | None = 1.0,
        boxes: Mapping[str, Sequence[Numbers]] | None = None,
        box_labels: Mapping[str, Sequence[Sequence[str]]] | None = None,
    ) -> None:
        """Show images: [H, W], [N, H, W] (grey) or [N, 1 or 3, H, W], values low..high.

        `low` or `high` of None: the least or greatest value shown. `columns`: images in a row.
        `boxes`: rectangles by name, for each image [K, 4]: left, top, right, bottom in pixels, the
        image from 0 to its width and height; empty ones are left out. `box_labels`: a few words
        for each of them. On a single image both may be given as they are, not in a list.
        """
        pixels = arrays.pixels(images, low, high)
        said = box_labels or {}
        if strange := [name for name in said if name not in (boxes or {})]:
            raise ValueError(f"box_labels: there are no boxes called {strange[0]!r}")
        outlines = [
            arrays.outlines(name, some, said.get(name), pixels.shape[0])
            for name, some in (boxes or {}).items()
        ]
        if sum(len(each.images) for each in outlines) > events.MOST_BOXES:
            raise ValueError(f"image takes at most {events.MOST_BOXES} boxes")
        self._show(
            events.Image(
                tick=self.tick,
                panel=panel,
                pixels=pixels,
                captions=bounds.words(panel, captions),
                columns=columns,
                boxes=outlines,
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
                names=bounds.words(panel, names),
                rows=bounds.words(panel, rows),
                columns=bounds.words(panel, columns),
                x=x,
                y=y,
                low=least,
                high=most,
                diverging=diverging,
            )
        )

    def matrices(
        self,
        panel: str,
        values: Mapping[str, Numbers],
        *,
        windows: Mapping[str, Mapping[str, Cells]] | None = None,
        scales: Mapping[str, tuple[float, float]] | None = None,
        grey: Sequence[str] = (),
    ) -> None:
        """Show matrices [rows, columns] by name, side by side, each as large as there is room for;
        those of at most 12 rows and columns with their numbers. NaN is a cell still empty.

        `windows`: cells to outline, by the matrix, then by a name that has its colour:
        `{"photo": {"window": (row, column, height, width)}}`. `scales`: the ends of a matrix's
        colours, so that they mean the same at each step; else they are its own. `grey`: those that
        are pictures, from black to white. Of the others, zero is in the middle of the colours
        where a scale reaches below it.
        """
        outlined, ends = windows or {}, scales or {}
        for name in [*outlined, *ends, *grey]:
            if name not in values:
                raise ValueError(f"there is no matrix {name!r} in {panel!r}")
        drawn = []
        for name, numbers in values.items():
            array = arrays.floats(numbers, (2,), f"matrix {name!r}")
            low, high = ends.get(name) or arrays.limits(array, None, None, diverging=False)
            if name not in ends and low < 0 and name not in grey:
                low, high = arrays.limits(array, None, None, diverging=True)
            signed = "diverging" if low < 0 < high else "sequential"
            drawn.append(
                events.Matrix(
                    name=str(name),
                    values=Array.of(array),
                    low=float(low),
                    high=float(high),
                    colors="grey" if name in grey else signed,
                    windows=[
                        events.Window(str(window), *map(int, cells))
                        for window, cells in outlined.get(name, {}).items()
                    ],
                )
            )
        self._show(events.Matrices(tick=self.tick, panel=panel, matrices=drawn))

    def plane(
        self,
        panel: str,
        *,
        x: tuple[float, float],
        y: tuple[float, float],
        field: Numbers | None = None,
        kind: str = "heat",
        low: float | None = None,
        high: float | None = None,
        points: Points | None = None,
        labels: Numbers | None = None,
        paths: Mapping[str, Numbers] | None = None,
        x_label: str = "",
        y_label: str = "",
    ) -> None:
        """Show a part of the plane, from x[0] to x[1] and y[0] to y[1].

        `field`: [rows, columns] of values, row 0 at the lowest y (`dlplay.nn.grid` gives the
        points to evaluate). `kind`: "heat", "contour" (with level lines), "signed" (zero is the
        middle: class 0 below it, class 1 above), "classes" (whole numbers). `low`, `high`: the ends
        of its colours, so that they mean the same at each step; else they are the field's own.
        `points`: [N, 2], with `labels` [N], their classes; or a mapping from names to such points,
        on a "signed" or "classes" field in the order of its classes. `paths`: [N, 2] by name, the
        walker at the end.
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
                low=None if low is None else float(low),
                high=None if high is None else float(high),
                clouds=[
                    Cloud(name, arrays.points(xy), classes)
                    for name, xy in clouds.items()
                    if xy is not None
                ],
                trails=[Trail(name, arrays.path(xy)) for name, xy in (paths or {}).items()],
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
        lines: Mapping[str, float] | None = None,
    ) -> None:
        """Show bars, one group a label: `values` [N], or several such series by name. `lines`:
        values to hold them against, by name: `lines={"guessing": 0.5}`."""
        named = values if isinstance(values, Mapping) else {"": values}
        drawn = {name: arrays.series(numbers) for name, numbers in named.items()}
        for name, numbers in drawn.items():
            if len(numbers) != len(labels):
                raise ValueError(f"{name or 'values'}: {len(numbers)} bars, {len(labels)} labels")
        self._show(
            events.Bars(
                tick=self.tick,
                panel=panel,
                labels=bounds.words(panel, labels),
                series=drawn,
                log=log,
                unit=unit,
                lines=_named(lines),
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
        bounds.few(panel, "bins", bins, bounds.BINS)
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

    def spread(
        self,
        panel: str,
        labels: Sequence[str],
        values: Sequence[Numbers],
        *,
        log: bool = False,
        unit: str = "",
    ) -> None:
        """Show how the numbers of each group are distributed, a box a label: from the first to the
        third quartile, with the median and lines to the least and the most. Of fewer than five
        numbers the mean is shown in place of the box. `values`: of each group any shape."""
        if len(values) != len(labels):
            raise ValueError(
                f"spread takes a group a label: {len(values)} groups, {len(labels)} labels"
            )
        self._show(
            events.Boxes(
                tick=self.tick,
                panel=panel,
                labels=bounds.words(panel, labels),
                boxes=[arrays.box(numbers) for numbers in values],
                log=log,
                unit=unit,
            )
        )

    def stack(
        self,
        panel: str,
        labels: Sequence[str],
        values: Mapping[str, Numbers],
        *,
        unit: str = "",
    ) -> None:
        """Show bars made of pieces, one bar a label: each series [N] by name is a piece of all."""
        drawn = {name: arrays.series(numbers) for name, numbers in values.items()}
        for name, numbers in drawn.items():
            if len(numbers) != len(labels):
                raise ValueError(
                    f"{name} needs a piece a label: {len(numbers)}, {len(labels)} labels"
                )
            if any(number < 0 for number in numbers):
                raise ValueError(f"{name}: no piece of a bar is below zero")
        self._show(
            events.Stack(
                tick=self.tick,
                panel=panel,
                labels=bounds.words(panel, labels),
                series=drawn,
                unit=unit,
            )
        )

    def events(
        self,
        panel: str,
        times: Mapping[str, Numbers] | Numbers,
        *,
        low: float | None = None,
        high: float | None = None,
        x: str = "step",
    ) -> None:
        """Show when something happened: places [N] on a line, or several such series by name, a
        row each. `low`, `high`: the ends of the line, if not the first and the last place."""
        named = times if isinstance(times, Mapping) else {"": times}
        drawn = {name: arrays.series(places) for name, places in named.items()}
        every = np.array([place for places in drawn.values() for place in places], np.float64)
        finite = every[np.isfinite(every)]
        first, last = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
        self._show(
            events.Times(
                tick=self.tick,
                panel=panel,
                series=drawn,
                low=float(first if low is None else low),
                high=float(last if high is None else high),
                x=x,
            )
        )

    def graph(
        self,
        panel: str,
        positions: Numbers,
        edges: Sequence[tuple[int, int]],
        *,
        weights: Numbers | None = None,
        values: Numbers | None = None,
        labels: Sequence[str] = (),
        groups: Sequence[int] = (),
        marked: Sequence[int] = (),
        low: float | None = 0.0,
        high: float | None = 1.0,
    ) -> None:
        """Show nodes and edges. `positions` [N, 2] in any units (`dlplay.nn.layout` makes some);
        `values` [N] colour the nodes from `low` to `high`; `groups` are their true classes;
        `marked` nodes stand out. `weights` [E] say how strongly each edge is drawn: a heavy line
        is more than 0.6 of the greatest, a faint one less than 0.25."""
        where = arrays.points(positions).numpy()
        bounds.few(panel, "nodes", len(where), bounds.ITEMS)
        least, span = where.min(axis=0), np.ptp(where, axis=0)
        shades = arrays.series(values) if values is not None else []
        heavy = arrays.series(weights) if weights is not None else []
        if weights is not None and len(heavy) != len(edges):
            raise ValueError(f"{panel} has {len(edges)} edges and {len(heavy)} weights")
        least_value, most_value = arrays.limits(np.array(shades, np.float32), low, high, False)
        self._show(
            events.Graph(
                tick=self.tick,
                panel=panel,
                positions=Array.of(((where - least) / np.maximum(span, 1e-9)).astype(np.float32)),
                edges=[(int(a), int(b)) for a, b in edges],
                weights=heavy,
                labels=bounds.words(panel, labels),
                values=shades,
                groups=[int(group) for group in groups],
                marked=[int(node) for node in marked],
                low=least_value,
                high=most_value,
            )
        )

    # Words

    def headline(self, text: str) -> None:
        """Say in one sentence, with the numbers of this moment, how it goes: at most 76 columns."""
        text = bounds.short(" ".join(str(text).split()))
        if text != self.last_headline:
            self._headline = self.last_headline = text

    def text(self, panel: str, text: str, *, tail: bool = False) -> None:
        """Show plain text; with `tail`, its end is what stays in sight."""
        self._show(events.Text(tick=self.tick, panel=panel, text=bounds.cut(text, tail), tail=tail))

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
                tokens=bounds.words(panel, tokens),
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
        bounds.few(panel, "rows", len(rows), bounds.ITEMS)
        bounds.few(panel, "columns", len(columns), bounds.MOST["Table", "columns"])
        cells = [[_cell(value) for value in row] for row in rows]
        self._show(
            events.Table(
                tick=self.tick,
                panel=panel,
                columns=bounds.words(panel, columns),
                rows=cells,
                best=[int(row) for row in best],
            )
        )


def _cell(value: Any) -> str | int | float:
    """What stands in a table."""
    if isinstance(value, str):
        return bounds.short(value)
    return value if isinstance(value, int) else float(value)


def _named(lines: Mapping[str, float] | None) -> dict[str, float]:
    return {name: float(value) for name, value in (lines or {}).items()}
