"""Histograms: pillars for one series, outlines over faint dots for several."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlplay.draw import palette, raster, sheets
from dlplay.draw.brushes import Brush
from dlplay.draw.canvas import Canvas
from dlplay.draw.figures import HUGE, Floats, Scale
from dlplay.draw.frame import Area, Entry, axes, evened, legend, note, other_run
from dlplay.draw.ink import BOLD, FAINT
from dlplay.draw.kind import Counts, Kind
from dlplay.draw.look import View
from dlplay.draw.palette import SeriesStyle
from dlplay.draw.pillars import pillars
from dlplay.wire import events


def draw_histogram(canvas: Canvas, histogram: events.Histogram, view: View) -> None:
    """Counts over their bins; every series over the same."""
    edges = _edges(histogram)
    if not _filled(histogram):
        note(canvas, "nothing yet")
        return
    counts = list(_counts(histogram).values())
    others = {run: each for run, each in view.others(events.Histogram).items() if _filled(each)}
    known = [_counts(each) for each in others.values()]
    look = canvas.look
    numbers = palette.numbers_of(histogram.series, view.styles)
    styles = [palette.series_style(number) for number in numbers]
    entries = [
        Entry(style.mark, style.color(look), name)
        for name, style in zip(histogram.series, styles, strict=True)
    ]
    named = len(entries) > 1 or bool(entries[0].name) or bool(others)
    entries = [entry for entry in entries if entry.name] + [other_run(run) for run in others]
    used = legend(canvas, entries if named else [], 1 if canvas.height < 10 else 2)
    every = [*counts, *(row for each in known for row in each.values())]
    y = evened(canvas, used, Scale(0.0, max(float(row.max()) for row in every) or 1.0))
    most = y.high
    spans = [edges, *map(_edges, others.values())]
    ends = min(float(each[0]) for each in spans), max(float(each[-1]) for each in spans)
    area = axes(canvas, used, Scale(*ends), y, histogram.x)
    if area.width < 1 or area.height < 1:
        return
    for place, (other, rows) in enumerate(zip(spans[1:], known, strict=True)):
        for name, style in zip(histogram.series, styles, strict=True):
            if name in rows:
                shares = _columns(rows[name], other, area.width * 2, ends) / most
                color = palette.sunk(style.color(look), look)
                _outline(canvas, area, shares, color, raster.dash(place))
    if len(counts) == 1:
        heights = _columns(counts[0], edges, area.width, ends) / most
        brush = Brush.of(canvas, styles[0], 0)
        pillars(canvas, area, [(x, 0.0, s, brush) for x, s in enumerate(heights.tolist()) if s > 0])
        return
    tops = [_columns(row, edges, area.width * 2, ends) / most for row in counts]
    colors = [style.color(look) for style in styles]
    for index, (shares, color) in enumerate(zip(tops, colors, strict=True)):
        _body(canvas, area, shares, index, color)
    if sheets.chosen(look):
        _by_plotext(canvas, area, tops, colors)
    else:
        for shares, color in zip(tops, colors, strict=True):
            _outline(canvas, area, shares, color)
    taken: set[tuple[int, int]] = set()
    for style, shares in zip(styles, tops, strict=True):
        _sign(canvas, area, shares, style, taken)


def _edges(histogram: events.Histogram) -> Floats:
    return np.nan_to_num(np.asarray(histogram.edges, np.float64)).clip(-HUGE, HUGE)


def _filled(histogram: events.Histogram) -> bool:
    """Whether there is anything to draw."""
    edges = _edges(histogram)
    return len(edges) > 1 and bool(histogram.series) and bool(edges[-1] > edges[0])


def _counts(histogram: events.Histogram) -> dict[str, Floats]:
    """The counts of each series, one a bin."""
    bins, found = len(histogram.edges) - 1, {}
    for name, values in histogram.series.items():
        row = np.nan_to_num(np.asarray(values, np.float64)[:bins], posinf=0, neginf=0)
        found[name] = np.concatenate([row, np.zeros(bins - len(row))]).clip(0, HUGE)
    return found


def _columns(counts: Floats, edges: Floats, columns: int, span: tuple[float, float]) -> Floats:
    """The count over each of so many columns from one end of `span` to the other: the largest,
    where bins are narrower; none beyond the bins."""
    ends = np.linspace(*span, columns + 1)
    beyond = (ends[1:] <= edges[0]) | (ends[:-1] >= edges[-1])
    last = len(counts) - 1
    first = np.searchsorted(edges, ends[:-1] + 1e-9 * (ends[1] - ends[0]), side="right") - 1
    until = np.searchsorted(edges, ends[1:] - 1e-9 * (ends[1] - ends[0]), side="left")
    first, until = first.clip(0, last), until.clip(1, last + 1)
    if len(counts) > columns:
        most = [counts[a : max(b, a + 1)].max() for a, b in zip(first, until, strict=True)]
        return np.where(beyond, 0.0, most)
    middle = np.searchsorted(edges, (ends[:-1] + ends[1:]) / 2, side="right") - 1
    out: Floats = np.where(beyond, 0.0, counts[middle.clip(0, last)])
    return out


def _tops(area: Area, shares: Floats) -> raster.Ints:
    tall = area.height * 4
    return np.round((1 - shares) * (tall - 1)).astype(np.int64).clip(0, tall - 1)


def _body(canvas: Canvas, area: Area, shares: Floats, index: int, color: int) -> None:
    """Every other dot below the outline."""
    tall, wide = area.height * 4, area.width * 2
    rows, columns = np.indices((tall, wide))
    dots = (rows > _tops(area, shares)) & ((rows + columns + 2 * index) % 4 == 0) & (shares > 0)
    canvas.dots(area.x, area.y, dots, color, FAINT)


def _outline(canvas: Canvas, area: Area, shares: Floats, color: int, dash: int = 0) -> None:
    """The dots along the tops; in dashes of so many columns, and not bold, of another run."""
    tall, wide = area.height * 4, area.width * 2
    dots = np.zeros((tall, wide), bool)
    columns = np.arange(wide)
    tops = _tops(area, shares)
    low = np.minimum(tops, np.append(tops[1:], tall - 1))
    high = np.maximum(tops, np.append(tops[1:], tall - 1))
    drawn = (shares > 0) | (np.append(shares[1:], 0) > 0)
    if dash:
        drawn &= columns % (2 * dash) < dash
    raster.spans(columns[drawn], low[drawn], high[drawn], dots)
    canvas.dots(area.x, area.y, dots, color, 0 if dash else BOLD)


def _by_plotext(canvas: Canvas, area: Area, tops: list[Floats], colors: list[int]) -> None:
    """The outlines, where they are above nothing."""
    sheet = sheets.Sheet(area.width, area.height)
    for shares, color in zip(tops, colors, strict=True):
        x = (np.arange(len(shares)) + 0.5) / len(shares)
        y = 1 - (_tops(area, shares) + 0.5) / (area.height * 4)
        for part in raster.runs(shares > 0):
            sheet.line(x[part], y[part], color, "braille")
    sheet.onto(canvas, area)


def _sign(
    canvas: Canvas, area: Area, shares: Floats, style: SeriesStyle, taken: set[tuple[int, int]]
) -> None:
    """The mark of a series at its peak, or as near to it as there is room."""
    tops = _tops(area, shares)
    middle = float(np.median(np.flatnonzero(shares == shares.max())))
    near = sorted(range(len(shares)), key=lambda c: (-shares[c], abs(c - middle)))
    for column in near:
        x, y = area.x + column // 2, area.y + int(tops[column]) // 4
        if shares[column] > 0 and (x, y) not in taken:
            canvas.text(x, y, style.mark, style.color(canvas.look), BOLD)
            taken.add((x, y))
            return


def _parts(histogram: events.Histogram) -> Iterator[Counts]:
    for name, counts in histogram.series.items():
        yield Counts(name, histogram.edges, counts)


HISTOGRAM = Kind(
    events.Histogram, draw_histogram, stretches=True, parts=_parts, overlays=lambda histogram: True
)
