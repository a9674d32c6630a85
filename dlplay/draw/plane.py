"""The plane: a field of values, points by class, and the trails of walkers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dlplay.draw import field, ink, palette, raster
from dlplay.draw.canvas import Canvas
from dlplay.draw.figures import HUGE, Scale
from dlplay.draw.frame import Area, Entry, axes, legend
from dlplay.draw.ink import BOLD, NONE, REVERSE
from dlplay.draw.kind import Kind
from dlplay.draw.look import View
from dlplay.wire import events

BAD = "✗"


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


def draw_plane(canvas: Canvas, plane: events.Plane, view: View) -> None:
    """Draw the field, then points, then trails: what moves is on top."""
    entries = _entries(canvas, plane)
    rows = 1 if canvas.height < 8 else 2 if canvas.height < 20 else 3
    used = legend(canvas, entries, rows, plane.y_label) if canvas.height >= 4 else 0
    x, y = _scale(plane.x), _scale(plane.y)
    area = axes(canvas, used, x, y, plane.x_label, grid=False)
    if area.width < 1 or area.height < 1:
        return
    place = Place(area, x, y)
    if plane.field is not None:
        busy = bool(plane.trails or plane.clouds)
        field.draw_field(canvas, area, plane.field.numpy(), plane.kind, busy)
    for index, cloud in enumerate(plane.clouds):
        _points(canvas, place, cloud, index + len(plane.trails))
    if plane.trails:
        _trails(canvas, place, plane.trails)
    for index, trail in enumerate(plane.trails):
        _walker(canvas, place, trail, index)


def _scale(ends: tuple[float, float]) -> Scale:
    low, high = (float(np.clip(np.nan_to_num(end), -HUGE, HUGE)) for end in ends)
    if low == high:
        reach = 0.5 * abs(low) or 1.0
        low, high = low - reach, high + reach
    return Scale(min(low, high), max(low, high))


def _entries(canvas: Canvas, plane: events.Plane) -> list[Entry]:
    """The legend: walkers, then named clouds, then classes."""
    look = canvas.look
    entries = []
    for index, trail in enumerate(plane.trails):
        style = palette.series_style(index)
        xy = trail.xy.numpy()
        lost = len(xy) > 0 and not np.isfinite(xy[-1]).all()
        value = BAD if lost else ""
        entries.append(
            Entry(style.mark, style.color(look), trail.name, value, palette.warning(look))
        )
    classes: set[int] = set()
    for index, cloud in enumerate(plane.clouds, start=len(plane.trails)):
        if cloud.labels:
            classes.update(cloud.labels)
        elif cloud.name:
            style = palette.series_style(index)
            entries.append(Entry(style.mark, style.color(look), cloud.name))
    for label in sorted(classes)[:12]:
        style = palette.series_style(label)
        entries.append(Entry(style.mark, style.color(look), f"class {label}"))
    return entries


def _points(canvas: Canvas, place: Place, cloud: events.Cloud, index: int) -> None:
    columns, rows, finite = place.dots(cloud.xy.numpy().astype(np.float64))
    area = place.area
    inside = finite & (columns >= 0) & (columns < area.width * 2)
    inside &= (rows >= 0) & (rows < area.height * 4)
    classes = np.full(len(columns), index)
    labels = cloud.labels[: len(classes)]
    classes[: len(labels)] = labels
    for label in np.unique(classes[inside]).tolist():
        style = palette.series_style(label)
        here = inside & (classes == label)
        x, y = columns[here] // 2 + area.x, rows[here] // 4 + area.y
        _ground(canvas, x, y, 0.15)
        canvas.char[y, x] = ord(style.mark)
        canvas.front[y, x] = style.color(canvas.look)
        canvas.attr[y, x] = BOLD


def _ground(canvas: Canvas, x: npt.NDArray[Any], y: npt.NDArray[Any], sunk: float) -> None:
    """One background for these cells in place of two half blocks, sunk towards the terminal's."""
    front, back = canvas.front[y, x], canvas.back[y, x]
    halves = (canvas.char[y, x] == ord("▀")) & (front != NONE) & (back != NONE)
    both = np.where(halves, ink.between(front, back), back)
    base = np.array(ink.split(ink.ground(canvas.look.dark)))
    mixed = ink.unpack(both) * (1 - sunk) + base * sunk
    sunken = ink.pack(mixed.astype(np.int32) & 0xF8)
    canvas.back[y, x] = np.where(both == NONE, NONE, sunken)


def _trails(canvas: Canvas, place: Place, trails: list[events.Trail]) -> None:
    """The ways that the walkers came, on a field sunk a little under them."""
    area = place.area
    paths = [_path(place, trail) for trail in trails]
    union = np.logical_or.reduce(paths)
    y, x = np.nonzero(union.reshape(area.height, 4, area.width, 2).any(axis=(1, 3)))
    y, x = y + area.y, x + area.x
    _ground(canvas, x, y, 0.4)
    lines = (canvas.attr[y, x] & field.OWN) > 0
    canvas.char[y, x] = np.where(lines, 0x20, canvas.char[y, x])
    styles = [palette.series_style(index) for index in range(len(trails))]
    colors = [style.color(canvas.look) for style in styles]
    canvas.strands(area.x, area.y, list(zip(paths, colors, strict=True)), BOLD)
    if canvas.look.colors == "none" or canvas.look.ascii:
        for style, color, path in zip(styles, colors, paths, strict=True):
            _signs(canvas, area, path, style.mark, color)


def _path(place: Place, trail: events.Trail) -> raster.Dots:
    columns, rows, finite = place.dots(trail.xy.numpy().astype(np.float64))
    wide, tall = place.area.width * 2, place.area.height * 4
    joined = finite[:-1] & finite[1:]
    for at, size in ((columns, wide), (rows, tall)):
        joined &= ~((at[:-1] < 0) & (at[1:] < 0)) & ~((at[:-1] >= size) & (at[1:] >= size))
    dots = np.zeros((tall, wide), bool)
    raster.plot(dots, *raster.polyline(np.where(finite, columns, -1), rows, joined))
    return dots


def _signs(canvas: Canvas, area: Area, path: raster.Dots, mark: str, color: int) -> None:
    """The mark of a walker in some cells of its trail: colours may not tell."""
    rows, columns = np.nonzero(path)
    every = max(8, len(rows) // 5)
    for i in range(every // 2, len(rows), every):
        canvas.text(area.x + int(columns[i]) // 2, area.y + int(rows[i]) // 4, mark, color, BOLD)


def _walker(canvas: Canvas, place: Place, trail: events.Trail, index: int) -> None:
    """Where the walker stands, at the edge if it has left; a cross where it was lost."""
    xy = trail.xy.numpy().astype(np.float64)
    finite = np.flatnonzero(np.isfinite(xy).all(axis=1))
    if not len(finite):
        return
    columns, rows, _ = place.dots(xy[finite[-1:]])
    area = place.area
    x = area.x + int(np.clip(columns[0] // 2, 0, area.width - 1))
    y = area.y + int(np.clip(rows[0] // 4, 0, area.height - 1))
    style = palette.series_style(index)
    color = style.color(canvas.look)
    lost = finite[-1] < len(xy) - 1
    mark = BAD if lost else style.mark
    if canvas.look.colors == "none":
        canvas.text(x, y, mark, attr=BOLD | REVERSE)
    else:
        canvas.text(x, y, mark, ink.contrast(color), BOLD, color)


PLANE = Kind(events.Plane, draw_plane, dear=True)
