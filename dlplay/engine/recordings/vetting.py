"""What a recording that somebody else sent may hold: events that make sense, and plain text.

A checksum guards against accidents only. Whoever shows the events may rely on what their
docstrings promise (shapes, equal lengths), and on text without terminal escapes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sized
from typing import Any, cast

import msgspec

from dlplay.wire import events

MOST = 1 << 53  # whole numbers beyond are none that we count or draw
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def vetted(event: events.AnyEvent) -> events.AnyEvent | None:
    """The event with its control characters replaced; None if it makes no sense."""
    if not _sound(event):
        return None
    return cast(events.AnyEvent, _plain(event))


def _plain(value: Any) -> Any:
    """The same value; line feeds and tabs are all that is left of control characters."""
    if isinstance(value, str):
        return CONTROL.sub("\ufffd", value.replace("\r", "\n")) if CONTROL.search(value) else value
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and any(
        not isinstance(item, (int, float)) for item in value
    ):
        return type(value)(_plain(item) for item in value)
    if isinstance(value, msgspec.Struct) and not isinstance(value, events.Array):
        known = {name: getattr(value, name) for name in value.__struct_fields__}
        plain = {name: _plain(item) for name, item in known.items()}
        changed = {name: item for name, item in plain.items() if item is not known[name]}
        return msgspec.structs.replace(value, **changed) if changed else value
    return value


def _sound(event: events.AnyEvent) -> bool:
    """Whether the parts of the event fit each other."""
    if not 0 <= event.tick < MOST:
        return False
    match event:
        case events.Points(ticks=ticks, x=x, y=y):
            return len(ticks) == len(x) == len(y)
        case events.Plot(series=series):
            return all(len(x) == len(y) for x, y in series.values())
        case events.Image(pixels=pixels):
            return _is(pixels, 4, "u1") and pixels.shape[-1] in (1, 3)
        case events.Heatmap(values=values):
            return _is(values, 3, "f4")
        case events.Plane():
            return _sound_plane(event)
        case events.Bars(labels=labels, series=groups):
            return all(len(bars) == len(labels) for bars in groups.values())
        case events.Histogram(edges=edges, series=counts):
            return all(len(edges) == len(count) + 1 for count in counts.values())
        case events.Graph():
            return _sound_graph(event)
        case events.Tokens(tokens=tokens, values=values):
            return len(values) in (0, len(tokens))
        case events.Table(columns=columns, rows=rows):
            return all(len(row) == len(columns) for row in rows)
        case events.Started(parameters=values) | events.Finished(parameters=values):
            return _finite(values.values())
        case events.Tweaked(value=value):
            return _finite([value])
    return True


def _sound_plane(event: events.Plane) -> bool:
    field, clouds, trails = event.field, event.clouds, event.trails
    return (
        (field is None or _is(field, 2, "f4"))
        and all(_is_points(xy) for xy in [c.xy for c in clouds] + [t.xy for t in trails])
        and all(_optional(cloud.labels, cloud.xy.shape[0]) for cloud in clouds)
        and all(abs(label) < MOST for cloud in clouds for label in cloud.labels)
    )


def _sound_graph(event: events.Graph) -> bool:
    if not _is_points(event.positions):
        return False
    count = event.positions.shape[0]
    ends = [end for edge in event.edges for end in edge]
    return all(0 <= node < count for node in (*ends, *event.marked)) and all(
        _optional(each, count) for each in (event.labels, event.values, event.groups)
    )


def _optional(values: Sized, count: int) -> bool:
    return len(values) in (0, count)


def _is_points(array: events.Array) -> bool:
    return _is(array, 2, "f4") and array.shape[1] == 2


def _is(array: events.Array, dimensions: int, item: str) -> bool:
    """Whether the array has so many dimensions, this type, and all its numbers."""
    return (
        array.dtype in (f"<{item}", f"|{item}")
        and len(array.shape) == dimensions
        and all(side >= 0 for side in array.shape)
        and math.prod(array.shape) * int(item[1:]) == len(array.data)
    )


def _finite(values: Iterable[Any]) -> bool:
    return all(not isinstance(value, float) or math.isfinite(value) for value in values)
