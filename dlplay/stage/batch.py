"""The stage of several runs that are trained as one batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlplay.stage.stage import FLUSH_EVERY, Diverged, Sink, Stage
from dlplay.wire import commands, events

if TYPE_CHECKING:
    from dlplay.author.scene import Scene


class Batch(Stage):
    """Deals out what is drawn and measured: of a tensor [copies], number k belongs to run k.

    Each run has a stage of its own in `parts`, which keeps its curves, measures and claims, and
    sends them. Pictures belong to a run alone: here nothing looks, and nothing is shown of what is
    drawn but curves. A run whose numbers are no longer finite is over, the others go on.
    """

    def __init__(
        self,
        scene: Scene,
        sinks: Sequence[Sink],
        *,
        seed: int = 0,
        device: str = "cpu",
        controls: commands.Controls | None = None,
        flush_every: float = FLUSH_EVERY,
        over: Callable[[int, Diverged], None] = lambda number, end: None,
    ) -> None:
        """`sinks`: where the events of each run go. `over` is told of a run that diverged."""
        super().__init__(
            scene,
            seed=seed,
            device=device,
            controls=controls,
            flush_every=flush_every,
            looks=False,
        )
        self.parts = [Stage(scene, seed=seed, device=device, sink=sink) for sink in sinks]
        self.under = dict(enumerate(self.parts))  # the runs that are not over
        self._over = over

    @property
    def copies(self) -> int:
        return len(self.parts)

    # What is dealt out

    def curve(
        self,
        panel: str,
        values: Mapping[str, Any] | None = None,
        *,
        x: float | None = None,
        **named: Any,
    ) -> None:
        dealt = {name: self._dealt(value) for name, value in {**(values or {}), **named}.items()}
        for number, part in self._abreast():
            part.curve(panel, {name: each[number] for name, each in dealt.items()}, x=x)

    def axes(
        self,
        panel: str,
        *,
        lines: Mapping[str, Any] | None = None,
        verticals: Mapping[str, Any] | None = None,
        **how: Any,
    ) -> None:
        level, upright = (
            {name: self._dealt(value) for name, value in (named or {}).items()}
            for named in (lines, verticals)
        )
        for number, part in self._abreast():
            part.axes(
                panel,
                lines={name: each[number] for name, each in level.items()},
                verticals={name: each[number] for name, each in upright.items()},
                **how,
            )

    def measure(self, **values: Any) -> None:
        dealt = {name: self._dealt(value) for name, value in values.items()}
        for number, part in self.under.items():
            part.measure(**{name: each[number] for name, each in dealt.items()})

    def claim(self, name: str, value: Any, **bound: Any) -> None:
        dealt = self._dealt(value)
        for number, part in self.under.items():
            part.claim(name, dealt[number], **bound)

    def log(self, text: str) -> None:
        for part in self.under.values():
            part.log(text)

    def _dealt(self, value: Any) -> Sequence[Any]:
        """A number for each run; what is one number alone belongs to all."""
        if not hasattr(value, "detach"):
            return [value] * self.copies
        value = value.detach()
        if value.numel() == 1:
            return [value.reshape(())] * self.copies
        if tuple(value.shape) != (self.copies,):
            raise ValueError(
                f"{self.copies} runs are trained as one batch: that takes a number for each, "
                f"[{self.copies}], not a tensor {list(value.shape)}"
            )
        numbers: Sequence[Any] = value.tolist() if value.is_cpu else value.clone().unbind()
        return numbers

    # What only a run alone shows

    def watch(self, model: Any) -> None:
        """A model of several runs is not X-rayed."""

    def headline(self, text: str) -> None:
        """Nor has a batch a headline."""

    def _show(self, content: events.AnyContent) -> None:
        """Nor pictures."""

    # Sending

    def flush(self) -> None:
        self.flushed = time.monotonic()
        for _, part in self._abreast():
            part.flush()

    def send_log(self) -> None:
        for part in self.under.values():
            part.send_log()

    def _check(self) -> None:
        for number, part in list(self._abreast()):
            try:
                part._check()
            except Diverged as end:
                part.flush()
                del self.under[number]
                self._over(number, end)
                if not self.under:
                    raise

    def _abreast(self) -> Iterator[tuple[int, Stage]]:
        """The runs that are not over, each at this step."""
        for number, part in self.under.items():
            part.step, part.tick = self.step, self.tick
            part._progress, part._paused = self._progress, self._paused
            yield number, part
