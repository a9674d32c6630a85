"""The stage: what a running scene draws on, and where it learns that it must pause or stop."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dlplay.author.claims import ClaimError, relation_of
from dlplay.stage.drawings import Drawings
from dlplay.stage.looks import Look
from dlplay.stage.probing import probing
from dlplay.wire import commands, events
from dlplay.wire.events import ClaimResult
from dlplay.words.nearest import did_you_mean

if TYPE_CHECKING:
    import torch

    from dlplay.author.scene import Scene
    from dlplay.stage.xray import Watch

FLUSH_EVERY = 1 / 30  # seconds between two batches of events
VITALS_EVERY = 1.0
LOG_LINES = 1000  # kept between two flushes: a scene that floods its log drowns only itself
XRAY_EVERY = 0.5

Sink = Callable[[list[events.AnyEvent]], None]


class Stopped(Exception):
    """The user asked the run to stop."""


class Diverged(Exception):
    """The run's numbers are no longer finite."""


class Stage(Drawings):
    """One run's connection to the world.

    A scene uses `loop`, `look`, the drawing calls, `headline`, `claim`, `measure`, `probe`,
    `watch` and `log` (`every` and `changed` where a look will not do), and reads `device` (a torch
    device string) and `seed`. One that can be many runs at once uses `each` and `copies`. Nothing
    here tells it whether anyone watches, and nothing that it draws changes its numbers.
    """

    def __init__(
        self,
        scene: Scene,
        *,
        seed: int = 0,
        device: str = "cpu",
        sink: Sink = lambda batch: None,
        controls: commands.Controls | None = None,
        flush_every: float = FLUSH_EVERY,
        max_steps: int | None = None,
        tweaks: Sequence[events.Tweaked] = (),
        looks: bool = True,
    ) -> None:
        """`tweaks`: values that live parameters get by themselves, each after so many steps.
        `looks`: whether looks are called; the numbers are the same without."""
        super().__init__()
        self.scene = scene
        self.seed = seed
        self.device = device
        self.total = 1
        self.phase = ""
        self._progress = 0, 0, ""
        self.measures: dict[str, float] = {}
        self._sink = sink
        self._controls = controls or commands.NoControls()
        self._flush_every = flush_every
        self._max_steps = max_steps
        self.flushed = self._vital = self._xrayed = 0.0
        self._paused = self._stepping = False
        self._changed: set[str] = set()
        self._tweaks: list[events.AnyEvent] = []
        self._due = deque(sorted(tweaks, key=lambda tweak: tweak.tick))
        self._log: list[events.AnyEvent] = []
        self._unlogged = 0
        self._measured: dict[str, float] = {}
        self._claims: list[ClaimResult] | None = None
        self._held: dict[str, ClaimResult] = {}
        self.looks: list[Look] = []
        self._looks_wanted = looks
        self._asked: set[str] = set()  # parameters that looks have read
        self._level = 0  # loops under way
        self._watch: Watch | None = None
        self._xray = False
        self._pace = self._step_due = 0.0  # steps a second, 0 for no limit; when the next may begin

    # Runs that are trained as one batch

    @property
    def copies(self) -> int:
        """How many runs are trained as one: 1, but in the batch of a sweep."""
        return 1

    def each(self, value: Any) -> torch.Tensor:
        """A parameter's value in each of the runs that are trained as one: float32 [copies], on the
        stage's device. `rate = stage.each(self.learning_rate)`."""
        import torch

        values = value if isinstance(value, tuple) else (value,) * self.copies
        return torch.tensor(values, dtype=torch.float32, device=self.device)

    # The loop

    def loop(self, total: int, phase: str = "") -> Iterator[int]:
        """Count to `total`; between two steps the user may pause, stop, or turn a parameter.

        `phase` names this loop where a scene has several.
        """
        outer = self.step, self.total, self.phase
        level, self._level = self._level, self._level + 1
        try:
            for step in range(total):
                self.step, self.total, self.phase = step, total, phase
                self._progress = step, total, phase
                self._boundary()
                self.tick += 1
                yield step
                self._progress = step + 1, total, phase
                if self.looks:
                    self._look_around(step, total, level)
        finally:  # a scene may leave its loop before the end
            self._level = level
            for look in self.looks:
                if look.level == level and look.seen < self.tick:
                    look.step, look.total, look.stale = self.step, total, True
        self.step, self.total, self.phase = outer
        self._check()

    def every(self, steps: int) -> bool:
        """Whether this is a step for an expensive look: each `steps`-th, and the last."""
        return self.step % steps == 0 or self.step == self.total - 1

    def changed(self, *names: str) -> bool:
        """Whether one of these live parameters was turned just before this step."""
        return not self._changed.isdisjoint(names)

    # Looks

    def look(
        self, every: int = 1, *models: Any
    ) -> Callable[[Callable[[], None]], Callable[[], None]]:
        """Mark a function that only looks: `@stage.look(20, net)`.

        The loops that begin after it, at its own level, call it after each `every`-th step and
        the last; it is called too when a live parameter was turned, also after the run is done.
        It runs under `probe`, with `models` in evaluation mode, and never changes the numbers. The
        first of them is what the user can X-ray, unless `watch` names another.
        """
        if models and self._watch is None:
            self.watch(models[0])

        def register(function: Callable[[], None]) -> Callable[[], None]:
            if self._looks_wanted:
                self.looks.append(Look(function, max(1, int(every)), models, self._level))
            return function

        return register

    def _look_around(self, step: int, total: int, level: int) -> None:
        for look in self.looks:
            if look.level == level:
                look.step, look.total, look.stale = step, total, True
                if look.is_due(step, total):
                    self._look(look)

    def _look(self, look: Look) -> None:
        self.looking, self.again = True, look.seen == self.tick
        here, (self.step, self.total) = (self.step, self.total), (look.step, look.total)
        try:
            with self.probe(*look.models), self.scene.noting(self._asked):
                look.function()
        finally:
            self.step, self.total = here
            self.looking = self.again = False
        look.seen, look.stale = self.tick, False

    def _look_again(self) -> None:
        """After a live parameter was turned: what has been seen before is seen as it is now."""
        for look in self.looks:
            if look.seen >= 0:
                self._look(look)

    @property
    def answers(self) -> tuple[str, ...]:
        """The live parameters that looks have read: turned after the end, they show something."""
        return tuple(n for n, p in self.scene.parameters.items() if p.live and n in self._asked)

    def linger(self) -> None:
        """After the end: look again whenever a live parameter is turned, until told to stop.

        What is sent from here on is after the run, and no part of it.
        """
        while self.looks:
            turned = False
            while not turned or self._controls.pending():
                command = self._controls.take()
                if isinstance(command, (commands.Tweak, commands.Stop)):
                    self._obey(command)
                    turned = True
            self._look_again()
            self.flush()

    def _boundary(self) -> None:
        self._check()
        if self._max_steps is not None and self.tick >= self._max_steps:
            raise Stopped
        if self._changed:
            self._changed.clear()
        while self._due and self._due[0].tick <= self.tick:
            tweak = self._due.popleft()
            self._obey(commands.Tweak(tweak.name, tweak.value))
        if self._stepping:
            self._stepping, self._paused = False, True
        self._answer()
        now = time.monotonic()
        if now - self.flushed >= self._flush_every:
            self._look_inside(now)
            self.flush()
        elif self._watch is not None and self._watch.armed:
            self._look_inside(now)

    def _answer(self) -> None:
        """Do what is asked, and wait: paused, until told to go on; at a pace, until the next step
        is due. What was drawn is sent before a wait, and seen anew after a tweak."""
        turned = bool(self._changed)
        while not self._stepping:
            if not self._controls.pending():
                left = self._left()
                if turned:
                    self._look_again()
                    turned = False
                if left <= 0:
                    break
                if left >= self._flush_every:
                    self.flush()
                if not self._paused and not self._controls.wait(left):
                    continue
            command = self._controls.take()
            self._obey(command)
            turned = turned or isinstance(command, commands.Tweak)
        if turned:
            self._look_again()
        if self._pace:
            self._step_due = max(self._step_due, time.monotonic()) + 1 / self._pace

    def _left(self) -> float:
        """Seconds until the next step is due."""
        if self._paused:
            return math.inf
        return self._step_due - time.monotonic() if self._pace else 0.0

    def _check(self) -> None:
        if self._diverged:
            raise Diverged(self._diverged)

    def _obey(self, command: commands.AnyCommand) -> None:
        match command:
            case commands.Pause():
                self._paused = True
            case commands.Resume():
                self._paused = False
            case commands.Step():
                self._paused, self._stepping = False, True
            case commands.Stop():
                raise Stopped
            case commands.Tweak(name, value):
                self.scene.tweak(name, value)
                self._changed.add(name)
                self._tweaks.append(events.Tweaked(tick=self.tick, name=name, value=value))
            case commands.Look(xray):
                self._xray = xray
                if xray and self._watch is None:  # what is asked for is answered
                    self._show(events.XRay(tick=self.tick, panel="x-ray", layers=[]))
            case commands.Pace(rate):
                self._pace, self._step_due = max(0.0, rate), 0.0

    # The log

    def log(self, text: str) -> None:
        """Write a line into the run's log."""
        if len(self._log) < LOG_LINES:
            self._log.append(events.Logged(tick=self.tick, text=str(text)))
        else:
            self._unlogged += 1

    # Measuring

    def measure(self, **values: Any) -> None:
        """Report numbers or one-element tensors, by name, that nothing is claimed of."""
        for name, value in values.items():
            plain = value.detach() if hasattr(value, "detach") else value
            self.measures[name] = self._measured[name] = float(plain)

    def claim(self, name: str, value: Any, **bound: Any) -> None:
        """Hold a declared claim against its number, a measure of the same name.

        One bound: `above`, `below`, `at_least`, `at_most`, `equal` a number, or `within=(low,
        high)`. It may be claimed again while the run goes on; the last word counts. What is not
        a number never holds. ClaimError for another bound or a name that is not declared.
        """
        relation, limit = relation_of(name, bound)
        claims = {claim.name: claim for claim in self.scene.claims}
        if name not in claims:
            raise ClaimError(f"the claim {name!r} is not declared.{did_you_mean(name, claims)}")
        self.measure(**{name: value})
        self._held[name] = claims[name].hold(self.measures[name], relation, limit)

    def judged(self) -> list[ClaimResult]:
        """How every claim of the scene stands, in the order in which they are declared."""
        old = {result.name: result for result in self.scene.judge(self.measures)}
        return [
            self._held.get(claim.name) or old.get(claim.name) or claim.unmeasured
            for claim in self.scene.claims
        ]

    @contextmanager
    def probe(self, *models: Any) -> Iterator[None]:
        """For all that only looks: no gradients, `models` in evaluation mode, and afterwards
        the random state and the modes as they were."""
        with probing(models, cuda=self.device.startswith("cuda")):
            yield

    def watch(self, model: Any) -> None:
        """Let the user X-ray this model: per layer, weights, gradients and activations.

        While nobody looks it costs nothing.
        """
        from dlplay.stage.xray import Watch

        self._watch = Watch(model)

    def _look_inside(self, now: float) -> None:
        """Arm the X-ray for one step, or develop the one that was taken in the last step."""
        if self._watch is None:
            return
        if self._watch.armed:
            self._show(events.XRay(tick=self.tick, panel="x-ray", layers=self._watch.develop()))
            self._xrayed = now
        elif self._xray and now - self._xrayed >= XRAY_EVERY:
            self._watch.arm()

    # Sending

    def flush(self) -> None:
        """Send what has been drawn and measured since the last time."""
        self.flushed = time.monotonic()
        step, total, phase = self._progress
        drawn = self.take_drawn()  # what fails is this: all else is then still there
        batch: list[events.AnyEvent] = [
            events.Progress(
                tick=self.tick, step=step, total=total, phase=phase, paused=self._paused
            )
        ]
        if self.flushed - self._vital >= VITALS_EVERY:
            self._vital = self.flushed
            batch.append(self._vitals())
        batch += self._tweaks
        batch += self._logged()
        batch += drawn
        batch += self._judged()
        self._tweaks = []
        self._sink(batch)

    def send_log(self) -> None:
        """Send the log alone, after a failure in what `flush` computes."""
        self._sink(self._logged())

    def _logged(self) -> list[events.AnyEvent]:
        lines, self._log = self._log, []
        if self._unlogged:
            text = f"... {self._unlogged} more lines were dropped"
            lines.append(events.Logged(tick=self.tick, text=text))
            self._unlogged = 0
        return lines

    def _judged(self) -> list[events.AnyEvent]:
        fresh: list[events.AnyEvent] = []
        if self._measured:
            fresh.append(events.Measured(tick=self.tick, values=self._measured))
            self._measured = {}
        if fresh or self._claims is None:
            self._claims = self.judged()
            fresh.append(events.Claims(tick=self.tick, claims=self._claims))
        return fresh

    def _vitals(self) -> events.Vitals:
        import resource
        import sys

        unit = 1 if sys.platform == "darwin" else 1024
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        device_memory = 0
        if self.device.startswith("cuda"):
            import torch

            device_memory = int(torch.cuda.memory_allocated())
        return events.Vitals(tick=self.tick, memory=memory, device_memory=device_memory)

    def close(self) -> None:
        """After the last step: look where a loop was left early, develop a last X-ray, send the
        rest, notice a late divergence."""
        for look in self.looks:
            if look.stale:
                self._look(look)
        if self._watch is not None:
            self._show(events.XRay(tick=self.tick, panel="x-ray", layers=self._watch.develop()))
        self.flush()
        self._check()
