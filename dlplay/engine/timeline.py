"""A run's history along its clock: what is worth jumping to, and how things were at a tick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dlplay.engine.history import History
from dlplay.wire import events

if TYPE_CHECKING:
    from dlplay.draw import Line
    from dlplay.wire.events import ClaimResult

SPIKES = 8  # marks of spikes, the highest ones
SPIKE = 8.0  # how many deviations above its surroundings a value must be
JUMP = 0.5  # and how far above them, as a share of their median
WINDOW = 15  # buckets that are its surroundings


@dataclass(frozen=True)
class Mark:
    """Something that happened at a tick. `kind`: tweak, spike, diverged."""

    tick: int
    kind: str
    text: str


def marks(history: History) -> list[Mark]:
    """What is worth jumping to, in order: tweaks, spikes of curves, the divergence."""
    found = [Mark(t.tick, "tweak", f"{t.name} = {_shown(t.value)}") for t in history.tweaks]
    found += spikes(history)
    finished = history.finished
    if finished is not None and finished.status == "diverged":
        found.append(Mark(finished.steps, "diverged", finished.message))
    return sorted(found, key=lambda mark: mark.tick)


def spikes(history: History) -> list[Mark]:
    """The highest spikes of all curves: far above the median of their surroundings."""
    found = []
    for panel, series in history.series.items():
        for name, curve in series.items():
            line, ticks = curve.line(), curve.ticks
            for place, height in _outliers(line)[:SPIKES]:
                text = f"{panel}: {name} jumps to {line.high[place]:.3g}"
                found.append((height, Mark(int(ticks[place]), "spike", text)))
    found.sort(key=lambda pair: -pair[0])
    return [mark for _, mark in found[:SPIKES]]


def _outliers(line: Line) -> list[tuple[int, float]]:
    """Buckets whose greatest value stands out upwards, and by how many deviations."""
    high = line.high[np.isfinite(line.high)]
    if len(high) < 3 * WINDOW or len(high) != len(line.high):
        return []
    padded = np.pad(high, WINDOW // 2, mode="edge")
    surroundings = np.median(np.lib.stride_tricks.sliding_window_view(padded, WINDOW), axis=1)
    rise = high - surroundings
    # A deviation of the noise around here, not of the whole curve, which may have calmed down.
    spread = np.abs(np.pad(rise, WINDOW, mode="reflect"))
    noise = np.median(np.lib.stride_tricks.sliding_window_view(spread, 2 * WINDOW + 1), axis=1)
    floor = 1e-6 * np.abs(high).max() + 1e-12
    heights = rise / (1.4826 * noise + floor)
    stands_out = (heights > SPIKE) & (rise > JUMP * np.abs(surroundings))
    places = [int(place) for place in np.argsort(-heights) if stands_out[place]]
    kept: list[int] = []
    for place in places:  # one mark a spike, not one for each bucket of its flank
        if all(abs(place - other) > WINDOW // 2 for other in kept):
            kept.append(place)
    return [(place, float(heights[place])) for place in kept]


def begun_with(history: History) -> dict[str, Any]:
    """The parameters with which the run began: those of a program of the user's own each as it was
    when the program asked for it."""
    values: dict[str, Any] = {name: knob.value for name, knob in history.knobs.items()}
    return values | (dict(history.started.parameters) if history.started is not None else {})


def parameters_at(history: History, tick: int | None) -> dict[str, Any]:
    """The parameters in force at a tick (None: now); empty if the run has not begun."""
    if history.started is None:
        return {}
    values = begun_with(history)
    for tweak in history.tweaks:
        if tick is None or tweak.tick <= tick:
            values[tweak.name] = tweak.value
    return values


def claims_at(history: History, tick: int | None) -> list[ClaimResult]:
    """How the claims stood at a tick (None: now)."""
    if tick is None:
        return history.claims
    known = [event.claims for event in history.judgements if event.tick <= tick]
    return known[-1] if known else []


def log_at(history: History, tick: int | None) -> list[events.Logged]:
    """The lines that had been logged at a tick (None: by now)."""
    return [line for line in history.log if tick is None or line.tick <= tick]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
