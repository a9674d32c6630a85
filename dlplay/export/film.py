"""A run as a film: its page at evenly spaced ticks. What `cast` and `gif` share."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from dlplay.engine.history import History
from dlplay.export.picture import Line, Page
from dlplay.export.source import Source
from dlplay.wire import events

FEW = 10  # batches of a run that was over so soon that its recording is no film of moments
LOOKED = (events.Content, events.Headline)  # of which the newest alone is recorded


def film(source: Source, page: Page, count: int) -> Iterator[tuple[float, list[Line]]]:
    """At most `count` pictures and when they are shown, as a share of the film; the last is of
    the end. Every tick takes equally long, so a run of fewer ticks has fewer pictures.

    A picture is of one moment, as the stage showed it: curves and step go on while a page does not
    look, but never past a look whose panels and headline are not recorded; a recording has 30 of
    them a second at most. Of a run that was over in less than FEW of them the curves go on all the
    same. A picture is as high as those before it, or higher.
    """
    last = source.history.tick
    count = max(1, min(count, last))
    loose = source.replay.batches < FEW
    history = History()
    frame, reached = 0, 0
    shown: int | None = None
    for batch in source:
        looked = not loose and any(isinstance(event, LOOKED) for event in batch)
        later = batch
        if not looked:
            history.feed([e for e in batch if isinstance(e, (events.Points, events.Axes))])
            later = [e for e in batch if not isinstance(e, (events.Points, events.Axes))]
        end = max((event.tick for event in batch), default=0)
        while frame < count and (tick := round(frame * last / count)) < end:
            moment = reached if looked else tick  # what a batch drew is whole at its end
            if moment != shown:
                later = later if looked else _feed(history, later, moment)
                yield frame / count, page.lines(history, moment)
                shown = moment
            frame += 1
        history.feed(later)
        reached = max(reached, end)
    yield 1.0, page.lines(history)


def _feed(history: History, batch: list[events.AnyEvent], tick: int) -> list[events.AnyEvent]:
    """Take in what had come by this tick; the rest."""
    history.feed([event for event in batch if event.tick <= tick])
    later = [event for event in batch if event.tick > tick]
    ahead = next((event for event in later if isinstance(event, events.Progress)), None)
    if ahead is not None and (step := _step(history.progress, ahead, tick)) is not None:
        history.feed([msgspec.structs.replace(ahead, tick=tick, step=step)])
    return later


def _step(before: events.Progress | None, ahead: events.Progress, tick: int) -> int | None:
    """Where the loop was at `tick`, between two moments at which it is known; None if it is not
    the same loop."""
    if before is None or before.tick > tick:  # of a file from anywhere the clock may go back
        return None
    if (before.phase, before.total) != (ahead.phase, ahead.total):
        return None
    share = (tick - before.tick) / (ahead.tick - before.tick)
    return before.step + int(share * (ahead.step - before.step))
