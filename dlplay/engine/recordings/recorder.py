"""The recorder of the library: made before its run begins, bounded, and never in the way."""

from __future__ import annotations

from pathlib import Path

from dlplay.engine.recordings.format import Recorder
from dlplay.wire import events

ALWAYS = (events.Tweaked, events.Knob, events.Finished)  # kept however long the run
PICTURES = 8_000_000  # bytes of one panel before pictures thin out


class RunRecorder:
    """A sink that records one run into a file that is made with the first batch.

    Nothing is ever raised: where the disk is full or may not be written, recording stops and
    `trouble` says why. The file begins with `asked`, what the run was asked to be, unless the
    run's own `Started` comes at once. A long run thins its pictures: a panel's next one is kept
    when the run has grown by the share `size / PICTURES`, the newest always at the end. Beyond
    `most_bytes` only tweaks, knobs and the summary are kept, and `trouble` says so.
    """

    def __init__(self, path: Path, asked: events.Started, most_bytes: int) -> None:
        self.path = path
        self.trouble = ""
        self._asked = asked
        self._most_bytes = most_bytes
        self._recorder: Recorder | None = None
        self._closed = False
        self._drawn: dict[str, int] = {}  # of each panel: the tick of the newest picture kept
        self._held: dict[str, events.AnyContent] = {}  # newer pictures that were not kept

    def __call__(self, batch: list[events.AnyEvent]) -> None:
        if self._closed or not batch:
            return
        over = next((i for i, e in enumerate(batch, 1) if isinstance(e, events.Finished)), None)
        batch = batch[:over]  # what comes after the summary is no part of the run
        if self._recorder is None:
            batch = self._begin(batch)
        if self._recorder is None:
            return
        kept = self._thinned(batch)
        if self._recorder.size > self._most_bytes:
            kept = [e for e in kept if isinstance(e, ALWAYS)]
            self.trouble = self.trouble or (
                f"the run is longer than a recording may be ({self._most_bytes / 1e6:,.0f} MB): "
                f"from step {batch[0].tick:,} on nothing but tweaks and the summary is kept"
            )
        if kept:
            self._write(kept)
        if over is not None:
            self.close()

    def _begin(self, batch: list[events.AnyEvent]) -> list[events.AnyEvent]:
        """Make the file; what is left to write of the first batch."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._recorder = Recorder(self.path)
        except OSError as error:
            self.trouble = f"{self.path} cannot be written: {error.strerror}"
            self._closed = True
            return []
        own = next((event for event in batch if isinstance(event, events.Started)), None)
        self._write([own or self._asked])  # what was printed before it comes after it
        return [event for event in batch if event is not own]

    def _write(self, batch: list[events.AnyEvent]) -> None:
        recorder = self._recorder
        assert recorder is not None
        try:
            recorder(batch)
        except (ValueError, TypeError, OverflowError) as error:  # no such text or number on disk
            self.trouble = self.trouble or f"an event could not be written: {error}"
        self.trouble = recorder.trouble or self.trouble
        if recorder.trouble:
            self.close()

    def _thinned(self, batch: list[events.AnyEvent]) -> list[events.AnyEvent]:
        kept: list[events.AnyEvent] = []
        for event in batch:
            if isinstance(event, events.Content) and not self._due(event):
                self._held[event.panel] = event
                continue
            if isinstance(event, events.Finished):
                kept += self._held.values()
                self._held = {}
            kept.append(event)
        return kept

    def _due(self, content: events.AnyContent) -> bool:
        from dlplay.engine.history import content_bytes

        last = self._drawn.get(content.panel)
        share = content_bytes(content) / PICTURES
        if last is not None and content.tick - last < content.tick * share:
            return False
        self._drawn[content.panel] = content.tick
        self._held.pop(content.panel, None)
        return True

    def close(self) -> None:
        """End the recording; a run that did not end is seen as unfinished."""
        if self._recorder is not None and not self._closed:
            self._closed = True
            if self._held and not self.trouble:
                self._write(list(self._held.values()))
            self._recorder.close()
        self._closed = True
