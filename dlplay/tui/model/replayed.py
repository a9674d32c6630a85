"""A recording on the stage: a session whose run is over and whose time can be travelled."""

from __future__ import annotations

from typing import Any

from dlplay.course.catalog import SceneCard
from dlplay.engine.live import Launcher
from dlplay.engine.recordings.replay import Replay, changed_since
from dlplay.tui.model.session import Session


class Replayed(Session):
    """What was recorded; nothing here starts, stops or turns anything."""

    recorded = True

    def __init__(self, card: SceneCard, launcher: Launcher, replay: Replay, known: bool) -> None:
        """`known`: whether today's catalog has the scene; otherwise `card` stands in for it."""
        super().__init__(card, launcher, seed=replay.started.seed, device=replay.started.device)
        names = card.parameters
        self.values |= {n: v for n, v in replay.summary.parameters.items() if n in names}
        self.replay = replay
        self.recording = replay.path
        self.history = replay.history
        self.runs = 1
        self._ran_with = self._settings()
        warnings = [replay.damaged, changed_since(replay, card if known else None)]
        self.warning = " ".join(warning for warning in warnings if warning)

    @property
    def state(self) -> str:
        return self.replay.status

    def start(self, paused: bool = False) -> None:
        pass

    def toggle(self) -> None:
        pass

    def step(self) -> None:
        pass

    def set(self, name: str, value: Any) -> str:
        return ""

    def new_seed(self) -> None:
        pass

    def reload(self) -> str:
        return "a recording shows what ran, not today's file"

    def poll(self) -> bool:
        return False
