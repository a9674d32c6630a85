"""The picture that a scene's last recording ended with; of a sabotaged run there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlplay.course.catalog import SceneCard
from dlplay.draw import Drawn
from dlplay.engine.recordings.format import BadRecording
from dlplay.engine.recordings.library import Library
from dlplay.engine.recordings.replay import Replay, load

KEPT = 30  # stills that are not read again
MOST_BYTES = 20_000_000  # of a recording; reading a longer one would take too long
TRIED = 5  # recordings of a scene that are looked at before giving up


@dataclass(frozen=True, eq=False)  # what was drawn cannot be compared
class Still:
    """What a run left. `panel`: the lead, or the first that it drew; `content`: None where it drew
    nothing. `differs`: the parameters that were not at the defaults of today's scene. `changed`:
    whether the scene has been changed since."""

    panel: str
    content: Drawn | None
    headline: str
    status: str
    steps: int
    seconds: float
    differs: Mapping[str, Any]
    changed: bool


class Stills:
    """The stills of scenes, read from a library of recordings; None: there are none."""

    def __init__(self, library: Library | None) -> None:
        self._library = library
        self._kept: dict[tuple[str, str], tuple[list[tuple[Path, float, int]], Still | None]] = {}

    def of(self, card: SceneCard) -> Still | None:
        """The still of a scene's last recording that can be read; takes as long as it is large."""
        if self._library is None:
            return None
        stamps = list(map(_stamp, self._library.of(card.id)[:TRIED]))
        key = (card.id, card.digest)
        known = self._kept.pop(key, None)
        if known is None or known[0] != stamps:
            known = stamps, next(filter(None, (_still(card, *stamp) for stamp in stamps)), None)
        self._kept[key] = known  # the newest last
        while len(self._kept) > KEPT:
            self._kept.pop(next(iter(self._kept)))
        return known[1]


def _stamp(path: Path) -> tuple[Path, float, int]:
    try:
        known = path.stat()
    except OSError:
        return path, 0.0, 0
    return path, known.st_mtime, known.st_size


def _still(card: SceneCard, path: Path, stamp: float, size: int) -> Still | None:
    if not 0 < size <= MOST_BYTES:
        return None
    try:
        replay = load(path)
    except (BadRecording, OSError):
        return None
    started = replay.started
    shows = started.scene == card.id and not started.sabotage
    return still_of(card, replay) if shows else None


def still_of(card: SceneCard, replay: Replay) -> Still:
    """What a recorded run of this scene left."""
    history, summary = replay.history, replay.summary
    drawn = ((name, history.panel(name)) for name in [*card.panels, *history.names])
    panel, content = next((found for found in drawn if found[1] is not None), ("", None))
    defaults, begun = card.defaults, replay.started
    return Still(
        panel,
        content,
        history.headline(),
        replay.status,
        summary.steps,
        summary.seconds,
        {
            name: value
            for name, value in summary.parameters.items()
            if name in defaults and value != defaults[name] and _allowed(card, name, value)
        },
        bool(begun.digest) and begun.digest != card.digest,
    )


def _allowed(card: SceneCard, name: str, value: Any) -> bool:
    """Whether today's scene could be given it: a parameter may have become another."""
    try:
        card.parameters[name].check(value)
    except (TypeError, ValueError):
        return False
    return True
