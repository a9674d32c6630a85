"""The plane: a field of values, points by class, and the trails of walkers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dlplay.draw import field, palette, raster
from dlplay.draw.canvas import Canvas
from dlplay.draw.figures import HUGE, Scale
from dlplay.draw.frame import Area, Entry, axes, legend, other_run
from dlplay.draw.ink import BOLD, REVERSE
from dlplay.draw.kind import Kind
from dlplay.draw.look import View
from dlplay.draw.palette import SeriesStyle
from dlplay.wire import events

BAD = "✗"

Behind = tuple[str, int, events.Trail, SeriesStyle]  # of another run: its name, the dash, the way


@dataclass(frozen=True)
class Place:
    """From the units of the plane to the dots of an area."""

    area: Area
    x: Scale
    y: Scale

    def dots(self, xy: npt.NDArray[Any]) -> tuple[raster.Ints, raster.Ints, raster.Dots]:
        """Columns and rows of points, kept near the area, and which of them are finite."""
        wide, tall = self.area.width * 2, self.area.height * 4
        finite = np.isfinite(xy).all(axis=1)
        at = np.where(finite[:, None], xy, 0.0)
        columns = np.round(self.x.at(at[:, 0]) * (wide - 1)).clip(-wide, 2 * wide)
        rows = np.round((1 - self.y.at(at[:, 1])) * (tall - 1)).clip(-tall, 2 * tall)
        return columns.astype(np.int64), rows.astype(np.int64), finite

    def cell(self, xy: npt.NDArray[Any]) -> tuple[int, int]:
        """Column and row of the canvas for a point; at the edge where it is outside."""
        columns, rows, _ = self.dots(xy[None])
        area = self.area
        x = area.x + int(np.clip(columns[0] // 2, 0, area.width - 1))
        return x, area.y + int(np.clip(rows[0] // 4, 0, area.height - 1))


def draw_plane(canvas: Canvas, plane: events.Plane, view: View) -> None:
    """Draw the field, then trails, then points, so that no line hides one, then the walkers."""
    styles = _styles(plane, view)
    others = view.others(events.Plane) if plane.trails else {}
    entries = [*_entries(canvas, plane, styles), *map(other_run, others)]
    rows = 1 if canvas.height < 8 else 2 if canvas.height < 20 else 3
    used = legend(canvas, entries, rows, plane.y_label) if canvas.height >= 4 else 0
    x, y = _scale(plane.x), _scale(plane.y)
    area = axes(canvas, used, x, y, plane.x_label, grid=False)
    if area.width < 1 or area.height < 1:
        return
    place = Place(area, x, y)
    if plane.field is not None:
        busy = bool(plane.trails or plane.clouds)
        ends = plane.low, plane.high
        field.draw_field(canvas, area, plane.field.numpy(), plane.kind, busy, ends)
    walkers = styles[: len(plane.trails)]
    behind = _behind(plane, others, walkers)
    if plane.trails:
        _trails(canvas, place, plane.trails, walkers, behind)
    for style, cloud in zip(styles[len(walkers) :], plane.clouds, strict=True):
        _points(canvas, place, cloud, style)
    for run, _, trail, style in behind:
        _left(canvas, place, trail, style, run)
    for style, trail in zip(walkers, plane.trails, strict=True):
        _walker(canvas, place, trail, style)


def _behind(
    plane: events.Plane, others: Mapping[str, events.Plane], styles: list[SeriesStyle]
) -> list[Behind]:
    """The ways of the same walkers in other runs."""
    known = {trail.name: style for trail, style in zip(plane.trails, styles, strict=True)}
    return [
        (run, raster.dash(number), trail, known[trail.name])
        for number, (run, other) in enumerate(others.items())
        for trail in other.trails
        if trail.name in known
    ]


def _styles(plane: events.Plane, view: View) -> list[SeriesStyle]:
    """The styles of trails and clouds; by place they come after those of the classes, which have
    their numbers'."""
    first = 1 + max((label for cloud in plane.clouds for label in cloud.labels), default=-1)
    names = [trail.name for trail in plane.trails] + [cloud.name for cloud in plane.clouds]
    numbers = palette.numbers_of(names, view.styles, first)
    return [palette.series_style(number) for number in numbers]


def _class_style(label: int) -> SeriesStyle:
    """Of a class, -1 of two signs being the first."""
    return palette.series_style(max(0, label))


def _scale(ends: tuple[float, float]) -> Scale:
    low, high = (float(np.clip(np.nan_to_num(end), -HUGE, HUGE)) for end in ends)
    if low == high:
        reach = 0.5 * abs(low) or 1.0
        low, high = low - reach, high + reach
    return Scale(min(low, high), max(low, high))


def _entries(canvas: Canvas, plane: events.Plane, styles: list[SeriesStyle]) -> list[Entry]:
    """The legend: walkers, then named clouds, then classes."""
    look = canvas.look
    entries = []
    for style, trail in zip(styles, plane.trails, strict=False):
        xy = trail.xy.numpy()
        lost = len(xy) > 0 and not np.isfinite(xy[-1]).all()
        value = BAD if lost else ""
        entries.append(
            Entry(style.mark, style.color(look), trail.name, value, palette.warning(look))
        )
    classes: set[int] = set()
    for style, cloud in zip(styles[len(plane.trails) :], plane.clouds, strict=True):
        if cloud.labels:
            classes.update(cloud.labels)
        elif cloud.name:
            entries.append(Entry(style.mark, style.color(look), cloud.name))
    for label in sorted(classes)[:12]:
        style = _class_style(label)
        entries.append(Entry(style.mark, style.color(look), f"class {label}"))
    return entries


def _points(canvas: Canvas, place: Place, cloud: events.Cloud, style: SeriesStyle) -> None:
    columns, rows, finite = place.dots(cloud.xy.numpy().astype(np.float64))
    area = place.area
    inside = finite & (columns >= 0) & (columns < area.width * 2)
    inside &= (rows >= 0) & (rows < area.height * 4)
    labels = np.array(cloud.labels[: len(columns)], np.int64)
    labelled = np.arange(len(columns)) < len(labels)
    groups = [(style, inside & ~labelled)]
    for label in np.unique(labels[inside[: len(labels)]]).tolist():
        here = inside.copy()
        here[: len(labels)] &= labels == label
        groups.append((_class_style(label), here & labelled))
    for own, here in groups:
        x, y = columns[here] // 2 + area.x, rows[here] // 4 + area.y
        _ground(canvas, x, y)
        canvas.char[y, x] = ord(own.mark)
        canvas.front[y, x] = own.color(canvas.look)
        canvas.attr[y, x] = BOLD


def _ground(canvas: Canvas, x: Any, y: Any) -> None:
    """Make what is in these cells the ground of what is drawn over it: the field goes on."""
    canvas.back[y, x] = canvas.beneath(x, y)


def _trails(
    canvas: Canvas,
    place: Place,
    trails: list[events.Trail],
    styles: list[SeriesStyle],
    behind: list[Behind],
) -> None:
    """The ways that the walkers came; first those of other runs, dashed."""
    area = place.area
    dashed = [
        (_path(place, trail, dash), palette.sunk(style.color(canvas.look), canvas.look))
        for _, dash, trail, style in behind
    ]
    paths = [_path(place, trail) for trail in trails]
    union = np.logical_or.reduce([*paths, *(path for path, _ in dashed)])
    y, x = np.nonzero(union.reshape(area.height, 4, area.width, 2).any(axis=(1, 3)))
    y, x = y + area.y, x + area.x
    _ground(canvas, x, y)
    lines = (canvas.attr[y, x] & field.OWN) > 0
    canvas.char[y, x] = np.where(lines, 0x20, canvas.char[y, x])
    colors = [style.color(canvas.look) for style in styles]
    canvas.strands(area.x, area.y, dashed)
    canvas.strands(area.x, area.y, list(zip(paths, colors, strict=True)), BOLD)
    if canvas.look.colors == "none" or canvas.look.ascii:
        for style, color, path in zip(styles, colors, paths, strict=True):
            _signs(canvas, area, path, style.mark, color)


def _path(place: Place, trail: events.Trail, dash: int = 0) -> raster.Dots:
    columns, rows, finite = place.dots(trail.xy.numpy().astype(np.float64))
    wide, tall = place.area.width * 2, place.area.height * 4
    joined = finite[:-1] & finite[1:]
    for at, size in ((columns, wide), (rows, tall)):
        joined &= ~((at[:-1] < 0) & (at[1:] < 0)) & ~((at[:-1] >= size) & (at[1:] >= size))
    dots = np.zeros((tall, wide), bool)
    across, down = raster.polyline(np.where(finite, columns, -1), rows, joined)
    if dash:
        across, down = raster.dashed(across, down, len(columns), dash)
    raster.plot(dots, across, down)
    return dots


def _signs(canvas: Canvas, area: Area, path: raster.Dots, mark: str, color: int) -> None:
    """The mark of a walker in some cells of its trail: colours may not tell."""
    rows, columns = np.nonzero(path)
    every = max(8, len(rows) // 5)
    for i in range(every // 2, len(rows), every):
        canvas.text(area.x + int(columns[i]) // 2, area.y + int(rows[i]) // 4, mark, color, BOLD)


def _left(canvas: Canvas, place: Place, trail: events.Trail, style: SeriesStyle, run: str) -> None:
    """Where another run's walker came to: the first letter of that run's name."""
    xy = trail.xy.numpy().astype(np.float64)
    finite = np.flatnonzero(np.isfinite(xy).all(axis=1))
    if len(finite):
        x, y = place.cell(xy[finite[-1]])
        color = palette.sunk(style.color(canvas.look), canvas.look)
        _ground(canvas, x, y)
        canvas.text(x, y, run[:1], color, BOLD)


def _walker(canvas: Canvas, place: Place, trail: events.Trail, style: SeriesStyle) -> None:
    """Where the walker stands, at the edge if it has left; a cross where it was lost."""
    xy = trail.xy.numpy().astype(np.float64)
    finite = np.flatnonzero(np.isfinite(xy).all(axis=1))
    if not len(finite):
        return
    x, y = place.cell(xy[finite[-1]])
    color = style.color(canvas.look)
    lost = finite[-1] < len(xy) - 1
    mark = BAD if lost else style.mark
    if canvas.look.colors == "none":
        canvas.text(x, y, mark, attr=BOLD | REVERSE)
    else:
        _ground(canvas, x, y)
        canvas.text(x, y, mark, color, BOLD)


PLANE = Kind(events.Plane, draw_plane, stretches=True, overlays=lambda plane: bool(plane.trails))
