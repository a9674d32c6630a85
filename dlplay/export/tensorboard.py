"""`tensorboard`: an event file. Needs TensorBoard's own package (`dlplay[tensorboard]`).

Scalars: every point of the curves as `panel/series` at its tick, and the measures. Pictures,
histograms, texts, bars and tables: what each panel showed, at its ticks. Texts: lesson, parameters,
claims. Hyperparameters: the parameters with the measures.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from dlplay.draw import Counts, Picture, Rows, Words, parts
from dlplay.export.options import MissingPackage, Options
from dlplay.export.pixels import png
from dlplay.export.source import Source
from dlplay.wire import events
from dlplay.words.numbers import bound, short, stands

RUN = "run"


def tensorboard(source: Source, options: Options) -> bytes:
    """The event file. Raises NoSuchPanel, MissingPackage."""
    board = _Board()
    known = [name for name in source.history.names if name != "x-ray"]
    chosen = set(options.choose(known)) if options.panel is not None else set(known)
    board.event(0, file_version="brain.Event:2")
    for name, series in source.curves().items():
        if name in chosen:
            _curves(board, name, series)
    for batch in source:
        for event in batch:
            if isinstance(event, events.Content) and event.panel in chosen:
                _content(board, event)
            elif isinstance(event, events.Measured) and options.panel is None:
                for name, value in event.values.items():
                    board.scalar(event.tick, f"measures/{name}", value)
    if options.panel is None:
        _words(board, source)
        _hyperparameters(board, source)
    return board.file.getvalue()


class _Board:
    """Events in TensorBoard's own encoding."""

    def __init__(self) -> None:
        try:
            from tensorboard.compat.proto.event_pb2 import Event
            from tensorboard.compat.proto.summary_pb2 import Summary
            from tensorboard.summary.writer.record_writer import RecordWriter
        except ImportError:
            raise MissingPackage("tensorboard", "tensorboard") from None
        self.file = io.BytesIO()
        self._records: Any = RecordWriter(self.file)
        self._event: Any = Event
        self._summary: Any = Summary

    def event(self, tick: int, **known: Any) -> None:
        # A run has no clock of the wall: its ticks count as seconds.
        event = self._event(wall_time=float(tick), step=tick, **known)
        self._records.write(event.SerializeToString(deterministic=True))

    def scalar(self, tick: int, tag: str, value: float) -> None:
        value = float(np.clip(value, -3.4e38, 3.4e38)) if math.isfinite(value) else value
        self.value(tick, tag=tag, simple_value=value)

    def value(self, tick: int, **known: Any) -> None:
        self.event(tick, summary=self._summary(value=[self._summary.Value(**known)]))

    def text(self, tick: int, tag: str, text: str) -> None:
        from tensorboard.plugins.text.metadata import create_summary_metadata
        from tensorboard.util.tensor_util import make_tensor_proto

        metadata = create_summary_metadata(display_name=tag, description="")
        tensor = make_tensor_proto(np.array([text.encode()], dtype=object))
        self.value(tick, tag=tag, metadata=metadata, tensor=tensor)

    def image(self, tick: int, tag: str, pixels: np.ndarray[Any, Any]) -> None:
        picture = self._summary.Image(
            height=pixels.shape[0],
            width=pixels.shape[1],
            colorspace=pixels.shape[2],
            encoded_image_string=png(pixels),
        )
        self.value(tick, tag=tag, image=picture)

    def histogram(
        self, tick: int, tag: str, edges: Sequence[float], counts: Sequence[float]
    ) -> None:
        from tensorboard.compat.proto.summary_pb2 import HistogramProto

        middles = (np.array(edges[:-1]) + np.array(edges[1:])) / 2
        weights = np.array(counts)
        histogram = HistogramProto(
            min=edges[0],
            max=edges[-1],
            num=float(weights.sum()),
            sum=float((weights * middles).sum()),
            sum_squares=float((weights * middles**2).sum()),
            bucket_limit=edges,
            bucket=[0.0, *counts],
        )
        self.value(tick, tag=tag, histo=histogram)


def _curves(board: _Board, panel: str, series: dict[str, Any]) -> None:
    """Curves drawn point by point at their ticks; a whole plot at its x, in whole numbers."""
    for name, points in series.items():
        at = points.ticks or points.x
        for tick, y in zip(at, points.y, strict=False):
            if math.isfinite(tick):
                board.scalar(round(tick), f"{panel}/{name}", y)


def _content(board: _Board, content: events.AnyContent) -> None:
    """What a panel showed from a tick on."""
    tick, panel = content.tick, content.panel
    for part in parts(content):
        match part:
            case Picture(name, values):
                board.image(tick, f"{panel}/{name}", values)
            case Counts(name, edges, counts):
                board.histogram(tick, f"{panel}/{name}", edges, counts)
            case Rows(columns, rows):
                board.text(tick, panel, _markdown(columns, rows))
            case Words(text):
                board.text(tick, panel, text)


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def _words(board: _Board, source: Source) -> None:
    """Lesson, parameters and claims."""
    history = source.history
    if source.card is not None:
        board.text(0, "lesson", f"# {source.title}\n\n{source.card.lesson}")
    rows = [[name, str(value)] for name, value in source.started.parameters.items()]
    rows += [[f"{t.name} from step {t.tick}", str(t.value)] for t in history.tweaks]
    said = [source.sabotaged, source.summary(), f"`{source.command}`"]
    board.text(0, RUN, "\n\n".join(filter(None, said)))
    board.text(0, "parameters", _markdown(["parameter", "value"], rows))
    claims = [
        [stands(c.holds, history.whole)[0], c.claim, short(c.value), bound(c.relation, c.bound)]
        for c in history.claims
    ]
    board.text(history.tick, "claims", _markdown(["", "claim", "measured", "claimed"], claims))


def _hyperparameters(board: _Board, source: Source) -> None:
    from tensorboard.plugins.hparams.summary_v2 import (
        HParam,
        Metric,
        hparams_config_pb,
        hparams_pb,
    )

    begun = source.started
    values = {**begun.parameters, "seed": begun.seed}
    if begun.sabotage:  # its row beside those of healthy runs
        values["sabotage"] = begun.sabotage
    metrics = [Metric(f"measures/{name}") for name in source.history.measures]
    config = hparams_config_pb(
        hparams=[HParam(name) for name in values], metrics=metrics, time_created_secs=0
    )
    for summary in (config, hparams_pb(values, start_time_secs=0)):
        board.event(0, summary=board._summary.FromString(summary.SerializeToString()))
