"""`json`: all that a run was and found, with its curves."""

from __future__ import annotations

from typing import Any

from dlplay.export.options import Options
from dlplay.export.source import Points, Source
from dlplay.wire.written import as_json


def json(source: Source, options: Options) -> str:
    """One object: what ran, how it ended, measures, claims, and every point of the curves.

    `status` is null where the recording ends before the run. `parameters` are those with which
    it began, `tweaks` what was changed later. Numbers that are not finite are null. Raises
    NoSuchPanel.
    """
    curves = source.curves()
    chosen = options.choose(list(curves), "panels with curves")
    known = as_json(facts(source), indent=2)
    series = {name: _series(curves[name]) for name in chosen}
    # A point on a line of its own would make millions of lines.
    return f'{known[:-2].decode()},\n  "curves": {as_json(series).decode()}\n}}\n'


def facts(source: Source) -> dict[str, Any]:
    """Everything but what was drawn."""
    history, begun, done = source.history, source.started, source.history.finished
    return {
        "scene": begun.scene,
        "title": source.title,
        "address": source.command,
        "seed": begun.seed,
        "device": begun.device,
        "versions": begun.versions,
        "digest": begun.digest,
        "status": done.status if done else None,
        "message": done.message if done else "",
        "steps": done.steps if done else history.tick,
        "seconds": done.seconds if done else None,
        "headline": history.headline(),
        "damaged": source.replay.damaged,
        "parameters": begun.parameters,
        "files": begun.files,
        "sabotage": begun.sabotage,
        "tweaks": [
            {"tick": tweak.tick, "name": tweak.name, "value": tweak.value}
            for tweak in history.tweaks
        ],
        "measures": history.measures,
        "claims": history.claims,
    }


def _series(series: dict[str, Points]) -> dict[str, Any]:
    return {
        name: {
            "tick": [int(tick) for tick in points.ticks],
            "x": points.x.tolist(),
            "y": points.y.tolist(),
        }
        for name, points in series.items()
    }
