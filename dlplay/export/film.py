"""A run as a film: its page at evenly spaced ticks. What `cast` and `gif` share."""

from __future__ import annotations

from collections.abc import Iterator

from dlplay.engine.history import History
from dlplay.export.picture import Line, Page
from dlplay.export.source import Source
from dlplay.wire import events


def film(source: Source, page: Page, count: int) -> Iterator[tuple[float, list[Line]]]:
    """At most `count` pictures and when they are shown, as a share of the film; the last is of
    the end. Every tick takes equally long, so a run of fewer ticks has fewer pictures."""
    last = source.history.tick
    count = max(1, min(count, last))
    history = History()
    frame = 0
    for batch in source:
        history.feed([event for event in batch if isinstance(event, (events.Points, events.Axes))])
        later: list[events.AnyEvent]
        later = [e for e in batch if not isinstance(e, (events.Points, events.Axes))]
        reached = max((event.tick for event in batch), default=0)
        while frame < count and (tick := round(frame * last / count)) < reached:
            later = _feed(history, later, tick)
            yield frame / count, page.lines(history, tick)
            frame += 1
        history.feed(later)
    yield 1.0, page.lines(history)


def _feed(history: History, batch: list[events.AnyEvent], tick: int) -> list[events.AnyEvent]:
    """Take in what had come by this tick; the rest."""
    history.feed([event for event in batch if event.tick <= tick])
    return [event for event in batch if event.tick > tick]
