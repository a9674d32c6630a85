"""Sweeps: one parameter takes several values, each runs with several seeds, all side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlplay.author.parameters.base import Parameter, ParameterError, Value
from dlplay.author.parameters.settings import checked, find
from dlplay.author.parameters.words import Text
from dlplay.course.catalog import BrokenScene, SceneCard
from dlplay.engine.pool import Batch, Job, Record, Running, Watch, Where, cores, unwatched
from dlplay.engine.sweeps.results import Row, Sweep, SweepRun
from dlplay.wire.events import Started

if TYPE_CHECKING:
    from dlplay.draw import Line
    from dlplay.engine.history import History

__all__ = ["Row", "Sweep", "SweepRun", "Sweeping", "distinct", "spread", "sweep", "sweepable"]

SPREAD = 5  # values of a number, where none are given
TOGETHER = 64  # runs of one batch, at most
KEPT = 256_000_000  # bytes of histories that a sweep keeps, if it keeps them


class Sweeping:
    """A sweep under way. `run` makes the runs, in any thread; `stop` ends it, from any other;
    `result` is what has finished so far, at any time."""

    def __init__(
        self,
        card: SceneCard,
        name: str,
        values: Sequence[Value] = (),
        *,
        seeds: int = 1,
        first_seed: int = 0,
        settings: Mapping[str, Any] | None = None,
        jobs: int | None = None,
        device: str = "auto",
        launcher: Where,
        histories: bool = False,
        record: Record | None = None,
        apart: bool = False,
    ) -> None:
        """As for `sweep`; everything is checked here, before anything runs.

        `histories`: whether the finished runs keep theirs, up to KEPT bytes in all. `record`: makes
        the recorder of each run. `launcher`: where they are made.
        """
        if card.broken:
            raise BrokenScene(f"{card.id} cannot be read: {card.broken}")
        parameter = sweepable(card, name)
        fixed = checked(card.parameters, settings or {})
        if name in fixed:
            raise ParameterError(f"{name} is swept; it cannot have a value of its own as well")
        if seeds < 1:
            raise ValueError(f"a sweep takes at least one seed, not {seeds}")
        each_seed = list(range(first_seed, first_seed + seeds))
        swept = distinct(parameter, values or spread(parameter))
        self._places = {value: place for place, value in enumerate(swept)}
        offered = name in card.each and launcher.batches
        together = offered and not apart
        self._sweep = Sweep(
            card, parameter, swept, each_seed, fixed, together=together, apart=offered and apart
        )
        # All values with the first seed first: stopped early, a sweep still covers the range.
        looks = histories or record is not None  # who else would see them?
        todo: list[Job | Batch] = []
        for seed in each_seed:
            alone = [Job(card, seed, {**fixed, name: value}, looks=looks) for value in swept]
            groups = range(0, len(alone), TOGETHER)
            todo += [Batch(name, alone[k : k + TOGETHER]) for k in groups] if together else alone
        self._room = KEPT if histories else 0
        self._pool = launcher.pool(
            todo,
            at_once=jobs or launcher.spare,
            device=device,
            histories=True,
            record=record,
        )

    def run(self, watch: Watch = unwatched) -> Sweep:
        """Make all runs and return what they left; less, if it is stopped.

        An exception (KeyboardInterrupt, or one from `watch`) ends all processes and goes on;
        `result` has what had finished.
        """
        try:
            self._pool.run(self._keep, watch)
        finally:
            self._sweep.stopped = len(self._sweep.runs) < self._sweep.total
        return self.result

    def stop(self) -> None:
        """End the runs under way and begin no other; `run` then returns what has finished."""
        self._pool.stop()

    @property
    def result(self) -> Sweep:
        return self._sweep

    def so_far(self, run: Running) -> SweepRun:
        """A run under way as if it ended here, its status "running". In the thread of `run`."""
        assert run.history is not None
        job = run.job
        begun = Started(scene=job.card.id, seed=job.seed, device="", parameters=dict(job.settings))
        return SweepRun(
            job.settings[self._sweep.parameter.name],
            begun.ended("running", run.history.tick),
            self._curves(run.history),
        )

    def _keep(self, over: Running) -> None:
        assert over.finished is not None
        assert over.history is not None
        run = SweepRun(
            over.job.settings[self._sweep.parameter.name],
            over.finished,
            self._curves(over.history),
            # That of a batch has no pictures: whoever opens the run has it made again
            history=over.history if over.alone and self._fits(over.history) else None,
            recording=over.recording,
        )
        # A new list: others may be reading the old one.
        self._sweep.runs = sorted(
            [*self._sweep.runs, run], key=lambda run: (self._places[run.value], run.seed)
        )

    def _fits(self, history: History) -> bool:
        self._room -= _bytes(history) if self._room > 0 else 0
        return self._room > 0

    def _curves(self, history: History) -> dict[str, dict[str, Line]]:
        from dlplay.draw import Curves
        from dlplay.engine.sweeps.curves import thinned

        curves = {}
        for panel in history.names:
            content = history.panel(panel)
            if isinstance(content, Curves) and not content.scatter:
                curves[panel] = {name: thinned(line) for name, line in content.lines.items()}
                self._sweep.axes.setdefault(panel, content.axes)
        return curves


def sweep(
    card: SceneCard,
    name: str,
    values: Sequence[Value] = (),
    *,
    seeds: int = 1,
    first_seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    jobs: int | None = None,
    device: str = "auto",
    launcher: Where,
    watch: Watch | None = None,
    apart: bool = False,
) -> Sweep:
    """Run the scene at each of these values of the parameter `name`, with `seeds` seeds each.

    `values`: a sensible spread unless given. `settings`: the other parameters. `jobs` runs at a
    time: unless given one fewer than there are cores, or what a cluster takes. `watch` is
    told of the runs under way, how many are over, and of how many. KeyboardInterrupt ends all
    processes, and what had finished is returned, marked as stopped.

    Where the scene gives the parameter to `stage.each`, the runs of a seed are trained as one batch
    in one process: the same numbers but for rounding. `apart`: each alone.

    Raises ParameterError for a parameter or a value that cannot be, before anything runs.
    """
    sweeping = Sweeping(
        card,
        name,
        values,
        seeds=seeds,
        first_seed=first_seed,
        settings=settings,
        jobs=jobs,
        device=device,
        launcher=launcher,
        apart=apart,
    )
    try:
        return sweeping.run(watch) if watch is not None else sweeping.run()
    except KeyboardInterrupt:
        return sweeping.result


def sweepable(card: SceneCard, name: str) -> Parameter[Any]:
    """The parameter, if it can be swept; else ParameterError with those that can."""
    parameter = find(card.parameters, name)
    if isinstance(parameter, Text):
        others = [n for n, p in card.parameters.items() if not isinstance(p, Text)]
        raise ParameterError(
            f"{name} is a text, and a text cannot be swept; "
            f"{card.id} can sweep {', '.join(others) or 'nothing'}."
        )
    return parameter


def spread(parameter: Parameter[Any], around: Value | None = None) -> list[Any]:
    """A sensible spread of values `around` one, the default unless given; of a choice all."""
    return parameter.spread(SPREAD if parameter.kind in ("number", "integer") else 1000, around)


def spare_cores() -> int:
    """How many runs at once leave a core to the one who watches."""
    return max(1, cores() - 1)


def distinct(parameter: Parameter[Any], values: Sequence[Value]) -> list[Any]:
    """The values in the parameter's own type; ParameterError unless two or more, all different."""
    swept = [parameter.check(value) for value in values]
    for place, value in enumerate(swept):
        if value in swept[:place]:
            raise ParameterError(f"{parameter.name}={parameter.show(value)} is given twice")
    if len(swept) < 2:
        raise ParameterError(f"a sweep takes two values of {parameter.name} or more")
    return swept


def _bytes(history: History) -> int:
    """About how much memory a run's history takes."""
    from dlplay.engine.history import BUCKETS, content_bytes

    pictures = [content_bytes(frame) for k in history.keyframes.values() for frame in k.frames]
    points = [min(s.count, BUCKETS) for panel in history.series.values() for s in panel.values()]
    return sum(pictures) + 48 * sum(points)
