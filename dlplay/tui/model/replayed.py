"""A recording on the stage: a run that is over and whose time can be travelled."""

from __future__ import annotations

from dlplay.course.catalog import SceneCard
from dlplay.engine.recordings.replay import Replay, changed_since
from dlplay.tui.model.moment import Moment
from dlplay.tui.model.pace import fitting
from dlplay.tui.model.watching import Watched


class Replayed(Watched):
    """What was recorded."""

    recorded = True

    def __init__(self, card: SceneCard, replay: Replay, known: bool) -> None:
        """`known`: whether today's catalog has the scene; otherwise `card` stands in for it."""
        recorded = replay.summary.parameters.items()
        values = card.defaults | {n: v for n, v in recorded if n in card.parameters}
        started = replay.started
        super().__init__(card, values, seed=started.seed, device=started.device)
        self._status = replay.status
        warnings = [replay.damaged, changed_since(replay, card if known else None)]
        self.moment = Moment(
            1,
            self.settings,
            history=replay.history,
            recording=replay.path,
            warning=" ".join(warning for warning in warnings if warning),
        )

        if not card.is_page:
            self.pace = fitting(replay.history.tick)

    def begin(self) -> None:
        """Play it from its first step on."""
        self.seek(self.history.tick)
        self.toggle()

    @property
    def state(self) -> str:
        return self._status
