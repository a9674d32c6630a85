"""The X-ray: a table of layers, with what their numbers look like."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from dlplay.draw import figures, glyphs, palette
from dlplay.draw.canvas import Canvas
from dlplay.draw.frame import note
from dlplay.draw.ink import BOLD, FAINT, NONE
from dlplay.draw.kind import Kind
from dlplay.draw.look import View
from dlplay.draw.pillars import RISING
from dlplay.wire import events

KINDS = ("weight", "gradient", "activation")
SHORT = ("weight", "grad.", "activ.")
STAT, STD = 13, 7  # cells of mean and deviation, and of the deviation alone
DEAD = 0.2  # from this share of dead units on it is worth a warning


@dataclass(frozen=True)
class Plan:
    """Which columns there is room for: `stat` cells of statistics, `spark` of histogram."""

    kind: int
    shape: int
    parameters: int
    stat: int
    spark: int
    dead: int
    name: int = 0

    def size(self, name: int) -> int:
        spread = self.stat + (1 if self.stat and self.spark else 0) + self.spark
        parts = [name, self.kind, self.shape, self.parameters, *[spread] * 3, self.dead]
        return sum(parts) + 2 * (sum(part > 0 for part in parts) - 1)


def draw_xray(canvas: Canvas, xray: events.XRay, view: View) -> None:
    """A row for each layer; fewer columns where there is less room."""
    if not xray.layers:
        note(canvas, "no layers: this scene names no model to look into")
        return
    plan = _plan(canvas.width, xray.layers)
    _header(canvas, plan)
    shown = min(len(xray.layers), canvas.height - 1)
    if shown < len(xray.layers):
        shown = max(0, shown - 1)
        canvas.text(0, canvas.height - 1, f"+{len(xray.layers) - shown} more", NONE, FAINT)
    for y, layer in enumerate(xray.layers[:shown], start=1):
        _layer(canvas, plan, y, layer)


def _plan(width: int, layers: list[events.Layer]) -> Plan:
    longest = max(glyphs.width(layer.name) for layer in layers)
    kind = max(4, *(glyphs.width(layer.kind) for layer in layers))
    shape = max(5, *(len(_shape(layer)) for layer in layers))
    full, std = STAT, STD
    plans = [Plan(kind, shape, 6, full, spark, 5) for spark in (24, 20, 16, 12, 8)]
    plans += [
        Plan(0, shape, 6, full, 8, 5),
        Plan(0, 0, 6, full, 8, 5),
        Plan(0, 0, 6, std, 12, 5),
        Plan(0, 0, 6, std, 8, 5),
        Plan(0, 0, 0, std, 8, 5),
        Plan(0, 0, 0, 0, 12, 5),
        Plan(0, 0, 0, 0, 8, 5),
        Plan(0, 0, 0, 0, 6, 5),
        Plan(0, 0, 0, 0, 6, 0),
        Plan(0, 0, 0, 0, 3, 0),
        Plan(0, 0, 0, 0, 0, 0),
    ]
    for cap, stat, spark in ((28, full, 8), (16, 0, 8), (9, 0, 0)):
        name = max(5, min(longest, cap))
        for plan in plans:
            if plan.stat >= stat and plan.spark >= spark and plan.size(name) <= width:
                return replace(plan, name=name)
    return Plan(0, 0, 0, 0, 0, 0, name=width)


def _header(canvas: Canvas, plan: Plan) -> None:
    def head(x: int, size: int, text: str, right: bool = False, front: int = NONE) -> int:
        if size:
            text = glyphs.fit(text, size)
            canvas.text(x + (size - len(text) if right else 0), 0, text, front, BOLD)
        return x + size + 2 if size else x

    x = head(0, plan.name, "layer")
    x = head(x, plan.kind, "kind")
    x = head(x, plan.shape, "shape")
    x = head(x, plan.parameters, "params", right=True)
    wide = plan.stat + (1 if plan.stat and plan.spark else 0) + plan.spark
    for index, kind in enumerate(KINDS):
        front = palette.series_style(index).color(canvas.look)
        name = {STAT: f"{kind} mean±std", STD: f"{kind} std"}.get(plan.stat, kind)
        fits = [text for text in (name, kind, SHORT[index]) if len(text) <= wide]
        x = head(x, wide, fits[0] if fits else kind, front=front)
    head(x, plan.dead, "dead", right=True)


def _layer(canvas: Canvas, plan: Plan, y: int, layer: events.Layer) -> None:
    canvas.text(0, y, _tail(layer.name, plan.name))
    x = plan.name + 2
    if plan.kind:
        canvas.text(x, y, layer.kind, NONE, FAINT)
        x += plan.kind + 2
    if plan.shape:
        canvas.text(x, y, _shape(layer), NONE, FAINT)
        x += plan.shape + 2
    if plan.parameters:
        canvas.right(x + plan.parameters, y, figures.count(layer.parameters))
        x += plan.parameters + 2
    for index, spread in enumerate((layer.weight, layer.gradient, layer.activation)):
        x = _spread(canvas, plan, x, y, spread, index)
    if plan.dead and layer.dead is not None and math.isfinite(layer.dead):
        alarm = layer.dead >= DEAD
        front = palette.warning(canvas.look) if alarm else NONE
        text = f"{layer.dead:.0%}" + ("!" if alarm else "")
        canvas.right(x + plan.dead, y, text, front, BOLD if alarm else 0)


def _spread(
    canvas: Canvas, plan: Plan, x: int, y: int, spread: events.Spread | None, index: int
) -> int:
    """Statistics and a histogram; the next column."""
    wide = plan.stat + (1 if plan.stat and plan.spark else 0) + plan.spark
    if not wide:
        return x
    if spread is None:
        canvas.text(x, y, "·", NONE, FAINT)
        return x + wide + 2
    if spread.bad:
        text = f"✗ {figures.count(spread.bad)} not finite"
        short = f"✗{figures.count(spread.bad)}"
        words = text if len(text) <= wide else short
        canvas.text(x, y, words, palette.warning(canvas.look), BOLD, until=x + wide)
        return x + wide + 2
    at = x
    if plan.stat:
        text = _mean(spread) + "±" if plan.stat == STAT else ""
        text += _short(spread.std)
        canvas.text(at, y, text, until=at + plan.stat)
        at += plan.stat + 1
    front = palette.series_style(index).color(canvas.look)
    canvas.text(at, y, sparkline(spread.counts, plan.spark), front)
    return x + wide + 2


def sparkline(counts: list[int], size: int) -> str:
    """A histogram in `size` cells; the root of the counts, so that the tails are seen."""
    if not counts or size < 1:
        return ""
    count = len(counts)
    bins = [sum(counts[i * count // size : max((i + 1) * count // size, i * count // size + 1)])
            for i in range(size)]  # fmt: skip
    most = max(bins)
    if most <= 0:
        return " " * size
    return "".join(RISING[math.ceil(math.sqrt(max(0, n) / most) * 8)] for n in bins)


def _mean(spread: events.Spread) -> str:
    """The mean, as exactly as the deviation makes worth while."""
    if not 1e-3 <= spread.std < 1e4 or abs(spread.mean) >= 1e4:
        return "0" if abs(spread.mean) < spread.std / 20 else _short(spread.mean)
    decimals = max(0, 1 - math.floor(math.log10(spread.std)))
    text = f"{spread.mean:.{decimals}f}"
    return "0" if float(text) == 0 else text


def _short(value: float) -> str:
    """Two significant digits, at most seven characters."""
    if value == 0 or not math.isfinite(value):
        return figures.number(value)
    if 1e-3 <= abs(value) < 1e4:
        decimals = max(0, 1 - math.floor(math.log10(abs(value))))
        return f"{value:.{decimals}f}"
    digits, _, exponent = f"{value:.0e}".partition("e")
    return f"{digits}e{int(exponent)}"


def _shape(layer: events.Layer) -> str:
    return "×".join(map(str, layer.shape))


def _tail(name: str, room: int) -> str:
    """The end of a dotted name is what tells layers apart."""
    if glyphs.width(name) <= room:
        return name
    return "…" + name[-(room - 1) :] if room > 1 else name[:room]


def _height(xray: events.XRay, width: int) -> int:
    return len(xray.layers) + 1


XRAY = Kind(events.XRay, draw_xray, height=_height)
