"""What holds a run's summary, and has what it says as its own."""

from __future__ import annotations

from dlplay.wire.events import ClaimResult, Finished, Settings


class Summarised:
    """Has the fields of its `finished`; see there."""

    finished: Finished

    @property
    def status(self) -> str:
        return self.finished.status

    @property
    def message(self) -> str:
        return self.finished.message

    @property
    def headline(self) -> str:
        return self.finished.headline

    @property
    def scene(self) -> str:
        return self.finished.scene

    @property
    def seed(self) -> int:
        return self.finished.seed

    @property
    def device(self) -> str:
        return self.finished.device

    @property
    def parameters(self) -> Settings:
        return self.finished.parameters

    @property
    def measures(self) -> dict[str, float]:
        return self.finished.measures

    @property
    def claims(self) -> list[ClaimResult]:
        return self.finished.claims

    @property
    def steps(self) -> int:
        return self.finished.steps

    @property
    def seconds(self) -> float:
        return self.finished.seconds
