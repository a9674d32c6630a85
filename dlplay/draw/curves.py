"""Curves: series over a shared axis, with their range, their ends and their last values."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dlplay.draw import figures, palette, raster, references, sheets
from dlplay.draw.canvas import Canvas
from dlplay.draw.figures import Floats, Scale
from dlplay.draw.frame import Area, Entry, axes, evened, legend, note, other_run
from dlplay.draw.ink import BOLD, FAINT
from dlplay.draw.kind import Kind
from dlplay.draw.look import View
from dlplay.draw.palette import SeriesStyle
from dlplay.draw.series import Curves, Line
from dlplay.wire import events

BAD = "✗"  # where a series is no longer finite
BESIDE = 3  # columns beside the area for the marks at the ends of lines, at most


@dataclass
class Trace:
    """A series on its way to the canvas: what can be drawn of it, and where, in dots."""

    name: str
    style: SeriesStyle
    line: Line
    last: float = math.nan
    run: str = ""  # the other run that it is of
    dash: int = 0  # of the line, in dots; 0: whole
    columns: Floats | None = None
    rows: Floats | None = None


def draw_curves(canvas: Canvas, curves: Curves, view: View) -> None:
    """Draw series as lines of braille, with bands from minimum to maximum where they are noisy."""
    log = curves.axes.log if view.log is None else view.log
    every = _traces(curves, view, log)
    traces = [trace for trace in every if not trace.run]
    rows = 1 if canvas.height < 8 else 2 if canvas.height < 20 else 3
    used = legend(canvas, _entries(canvas, curves, every), rows, curves.axes.y)
    if canvas.height - used < 1:
        return
    unseen = [_trace("", line, 0, log) for line in curves.room]
    x, y = _scales(every + unseen, curves, log)
    if x is None or y is None:
        _nothing(canvas, every, log)
        return
    lines = {name: at for name, at in curves.axes.lines.items() if math.isfinite(at)}
    right = references.margin(canvas, lines)
    beside = 0 if curves.scatter else min(len(every), BESIDE, canvas.width // 12)
    y = evened(canvas, used, y)
    area = axes(canvas, used, x, y, curves.axes.x, right=beside + right)
    if area.width < 1 or area.height < 1:
        return
    references.level(canvas, area, y, lines)
    references.upright(canvas, area, x, curves.axes.verticals)
    for trace in every:
        _place(trace, area, x, y, curves.scatter)
    others = [trace for trace in every if trace.run]
    if curves.scatter:
        for trace in others + traces:
            _marks(canvas, area, trace)
        references.names(canvas, area, y, lines, right, np.zeros((area.height, area.width), bool))
        references.tops(canvas, area, x, curves.axes.verticals, area.y)
        return
    for trace in traces:
        _band(canvas, area, trace, y)
    behind = [(_stroke(area, trace), _color(canvas, trace)) for trace in others]
    canvas.strands(area.x, area.y, behind)
    strokes = [_stroke(area, trace) for trace in traces]
    if sheets.chosen(canvas.look):
        _by_plotext(canvas, area, traces)
    else:
        colors = [trace.style.color(canvas.look) for trace in traces]
        attr = BOLD if canvas.look.colors == "none" else 0
        canvas.strands(area.x, area.y, list(zip(strokes, colors, strict=True)), attr)
    if (canvas.look.colors == "none" or canvas.look.ascii) and len(every) > 1:
        for trace, dots in zip(traces, strokes, strict=True):
            _sign(canvas, area, trace, dots)
    if lines:
        union = np.logical_or.reduce([*strokes, *(dots for dots, _ in behind)])
        inked = union.reshape(area.height, 4, area.width, 2).any(axis=(1, 3))
        references.names(canvas, area, y, lines, right, inked)
    references.tops(canvas, area, x, curves.axes.verticals, area.y)
    _ends(canvas, area, traces + others, beside)


def _traces(curves: Curves, view: View, log: str) -> list[Trace]:
    """All lines; those of other runs look like the same series, with dashes of each run's own."""
    series = {name: curves.pinned.get(name, ("", name)) for name in curves.lines}
    names = list(dict.fromkeys(name for _, name in series.values()))
    known = {**view.styles, **(curves.styles or {})}
    numbers = dict(zip(names, palette.numbers_of(names, known), strict=True))
    runs = list(dict.fromkeys(run for run, _ in series.values() if run))
    traces = []
    for name, line in curves.lines.items():
        run, shown = series[name]
        trace = _trace(shown, line, numbers[shown], log)
        trace.run, trace.dash = run, raster.dash(runs.index(run)) if run else 0
        traces.append(trace)
    return traces


def _trace(name: str, line: Line, index: int, log: str) -> Trace:
    """Drop what the axes cannot show: an x that is not finite, zero and less on a log axis."""
    n = len(line)
    x, low, high, mean = (
        np.asarray(a, np.float64)[:n] for a in (line.x, line.low, line.high, line.mean)
    )
    last = float(mean[-1]) if n else math.nan
    kept = np.isfinite(x)
    if "x" in log:
        kept &= x > 0
    if "y" in log:
        kept &= ~(mean <= 0)
        low = np.where(low > 0, low, mean)
    if not kept.all():
        x, low, high, mean = x[kept], low[kept], high[kept], mean[kept]
    return Trace(name, palette.series_style(index), Line(x, low, high, mean), last)


def _entries(canvas: Canvas, curves: Curves, traces: list[Trace]) -> list[Entry]:
    """The legend: one entry a series, then one for each other run."""
    lasts = curves.lasts and not curves.scatter
    entries = [_entry(trace, canvas, lasts) for trace in traces if not trace.run]
    own = {trace.name for trace in traces if not trace.run}
    others = {trace.name: trace for trace in traces if trace.name not in own}
    entries += [_entry(trace, canvas, False) for trace in others.values()]
    runs = dict.fromkeys(trace.run for trace in traces if trace.run)
    return entries + [other_run(run) for run in runs]


def _color(canvas: Canvas, trace: Trace) -> int:
    """The colour of its series; of another run it is a little sunk."""
    color = trace.style.color(canvas.look)
    return palette.sunk(color, canvas.look) if trace.run else color


def _entry(trace: Trace, canvas: Canvas, lasts: bool) -> Entry:
    color = trace.style.color(canvas.look)
    if not lasts or (len(trace.line) == 0 and math.isnan(trace.last)):
        return Entry(trace.style.mark, color, trace.name)
    if math.isfinite(trace.last):
        return Entry(trace.style.mark, color, trace.name, figures.number(trace.last))
    value = f"{figures.number(trace.last)} {BAD}"
    return Entry(trace.style.mark, color, trace.name, value, palette.warning(canvas.look))


def _scales(traces: list[Trace], curves: Curves, log: str) -> tuple[Scale | None, Scale | None]:
    seen = [np.isfinite(t.line.mean) for t in traces]
    xs = [t.line.x[s] for t, s in zip(traces, seen, strict=True)]
    ys = [a for t in traces for a in (t.line.low, t.line.high, t.line.mean)]
    y_drawn = np.concatenate(ys) if ys else np.zeros(0)
    if figures.scale_of(y_drawn, "y" in log) is not None:
        y_drawn = np.concatenate([y_drawn, np.array(list(curves.axes.lines.values()), float)])
    return (
        figures.scale_of(np.concatenate(xs) if xs else np.zeros(0), "x" in log, roomy=False),
        figures.scale_of(y_drawn, "y" in log),
    )


def _nothing(canvas: Canvas, traces: list[Trace], log: str) -> None:
    if not traces or all(math.isnan(t.last) and not len(t.line) for t in traces):
        note(canvas, "no points yet")
    elif log and any(math.isfinite(t.last) for t in traces):
        note(canvas, "nothing above zero: no logarithm")
    else:
        note(canvas, "no finite value")


def _place(trace: Trace, area: Area, x: Scale, y: Scale, scatter: bool) -> None:
    """Give each bucket its column, and thin them to one a column where there are more."""
    columns = np.round(x.at(trace.line.x) * (area.width * 2 - 1)).clip(0, area.width * 2 - 1)
    many = len(columns) > area.width * 2 and not scatter
    if many and (np.diff(trace.line.x) >= 0).all():
        trace.line, columns = raster.thin(trace.line, columns)
    trace.columns = columns
    trace.rows = _rows(trace.line.mean, area, y)


def _rows(values: Floats, area: Area, y: Scale) -> Floats:
    dots = area.height * 4 - 1
    with np.errstate(invalid="ignore"):
        return np.round((1 - np.where(np.isfinite(values), y.at(values), np.nan)) * dots)


def _band(canvas: Canvas, area: Area, trace: Trace, y: Scale) -> None:
    """The range of each column, where it is more than the line itself."""
    assert trace.columns is not None
    tops, bottoms = _rows(trace.line.high, area, y), _rows(trace.line.low, area, y)
    with np.errstate(invalid="ignore"):
        wide = bottoms - tops >= 2
    if not wide.any():
        return
    dots = np.zeros((area.height * 4, area.width * 2), bool)
    limit = area.height * 4 - 1
    raster.spans(
        trace.columns[wide].astype(int),
        tops[wide].clip(0, limit).astype(int),
        bottoms[wide].clip(0, limit).astype(int),
        dots,
    )
    canvas.dots(area.x, area.y, dots, trace.style.color(canvas.look), FAINT)


def _stroke(area: Area, trace: Trace) -> raster.Dots:
    """The dots of the line itself."""
    assert trace.columns is not None
    assert trace.rows is not None
    finite = np.isfinite(trace.rows)
    columns = trace.columns.astype(int)
    rows = np.where(finite, trace.rows, -1).astype(int)
    dots = np.zeros((area.height * 4, area.width * 2), bool)
    across, down = raster.polyline(columns, rows, finite[:-1] & finite[1:])
    if trace.dash:
        across, down = raster.dashed(across, down, len(columns), trace.dash)
    raster.plot(dots, across, down)
    return dots


def _by_plotext(canvas: Canvas, area: Area, traces: list[Trace]) -> None:
    """The lines, over the same dots as ours; where they share cells the last has them all."""
    sheet = sheets.Sheet(area.width, area.height)
    for trace in traces:
        assert trace.columns is not None
        assert trace.rows is not None
        x = (trace.columns + 0.5) / (area.width * 2)
        y = 1 - (trace.rows + 0.5) / (area.height * 4)
        color = trace.style.color(canvas.look)
        for part in raster.runs(np.isfinite(y)):
            sheet.line(x[part], y[part], color, "braille")
    sheet.onto(canvas, area)


def _sign(canvas: Canvas, area: Area, trace: Trace, dots: raster.Dots) -> None:
    """Repeat the mark along the line: it has no colour."""
    every = max(6, area.width // 6)
    offset = 2 + 3 * palette.MARKS.index(trace.style.mark) % every
    for column in range(offset, area.width - 1, every):
        rows = np.flatnonzero(dots[:, 2 * column])
        if len(rows):
            y = area.y + int(rows[len(rows) // 2]) // 4
            canvas.text(area.x + column, y, trace.style.mark)


def _ends(canvas: Canvas, area: Area, traces: list[Trace], beside: int) -> None:
    """The mark of a series after its last point, or on it where the line does not end at its right;
    a cross where its numbers ceased; of another run the first letter of its name.

    Those of lines that end in one place stand side by side, over the lines only where the columns
    `beside` the area are not enough.
    """
    rows: dict[int, list[tuple[int, Trace]]] = {}
    for trace in traces:
        assert trace.columns is not None
        assert trace.rows is not None
        finite = np.flatnonzero(np.isfinite(trace.rows))
        if len(finite):
            columns = trace.columns[finite]
            rightwards = columns[-1] == columns.max() > columns.min()
            column = int(columns[-1]) // 2 + rightwards
            rows.setdefault(int(trace.rows[finite[-1]]) // 4, []).append((column, trace))
    for row, ends in rows.items():
        ends.sort(key=lambda end: end[0])
        places = _apart([column for column, _ in ends], area.width + beside)
        for (_, trace), column in zip(ends, places, strict=True):
            ended = not math.isfinite(trace.last) and not trace.run
            front = palette.warning(canvas.look) if ended else _color(canvas, trace)
            mark = BAD if ended else trace.run[:1] or trace.style.mark
            canvas.text(area.x + column, area.y + row, mark, front, BOLD)


def _apart(columns: list[int], end: int) -> list[int]:
    """These columns, in order, moved so that no two are the same and all are before `end`."""
    apart: list[int] = []
    for column in columns:
        apart.append(max(column, apart[-1] + 1) if apart else column)
    for place in range(len(apart) - 1, -1, -1):
        end = apart[place] = min(apart[place], end - 1)
    return [max(column, 0) for column in apart]


def _marks(canvas: Canvas, area: Area, trace: Trace) -> None:
    """Every point as a mark."""
    assert trace.columns is not None
    assert trace.rows is not None
    finite = np.isfinite(trace.rows)
    columns = trace.columns[finite].astype(int) // 2 + area.x
    rows = trace.rows[finite].astype(int) // 4 + area.y
    canvas.char[rows, columns] = ord(trace.style.mark)
    canvas.front[rows, columns] = _color(canvas, trace)
    canvas.attr[rows, columns] = 0


def _caption(curves: Curves, view: View) -> str:
    log = curves.axes.log if view.log is None else view.log
    return {"x": "log x", "y": "log y", "xy": "log x and y"}.get(log, "")


def _draw_plot(canvas: Canvas, plot: events.Plot, view: View) -> None:
    draw_curves(canvas, Curves.of(plot), view)


CURVES = Kind(
    Curves,
    draw_curves,
    stretches=True,
    caption=_caption,
    overlays=lambda curves: bool(curves.pinned),
)
# A watcher's history has turned it into curves already, with the panel's axes.
PLOT = Kind(events.Plot, _draw_plot, stretches=True)
