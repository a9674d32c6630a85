"""A search: points of several parameters, each chosen by Optuna from what those before it measured.

Points are chosen, and Optuna is told of them, in the order of their numbers, whichever run was over
first: with as many at a time, the same search chooses the same points, wherever it is made.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from dlplay.author.parameters.base import Parameter, ParameterError, Value
from dlplay.author.parameters.file import File
from dlplay.author.parameters.settings import checked
from dlplay.course.catalog import BrokenScene, SceneCard
from dlplay.engine.pool import Job, Running, Watch, Where, unwatched
from dlplay.engine.sweeps.runs import distinct, sweepable
from dlplay.wire.events import Finished

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution

GOALS = ("least", "greatest")
FIGURES = 4  # of a value on a logarithmic range: more are not worth a longer command
GRID = 1000  # of a linear range, at least so many values
AT_ONCE = (
    10  # one tenth of the points at a time, unless told: what is chosen together is chosen blind
)


@dataclass(frozen=True)
class Axis:
    """What is searched of a parameter: the range from `low` to `high`, or, where there are any,
    these `values`."""

    parameter: Parameter[Any]
    low: float = 0
    high: float = 0
    values: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        return self.parameter.name

    @property
    def log(self) -> bool:
        """Whether the range is searched by factors."""
        return not self.values and bool(getattr(self.parameter, "log", False))

    @property
    def words(self) -> str:
        """What to write for it: `name=low..high` or `name=a,b`."""
        show = self.parameter.show
        if self.values:
            return f"{self.name}={','.join(map(show, self.values))}"
        return f"{self.name}={show(self.low)}..{show(self.high)}"

    def distribution(self) -> BaseDistribution:
        """The same, as Optuna takes it."""
        from optuna import distributions as known

        if self.values:
            return known.CategoricalDistribution(self.values)
        if self.parameter.kind == "integer":
            return known.IntDistribution(int(self.low), int(self.high), log=self.log)
        return known.FloatDistribution(self.low, self.high, log=self.log)

    def tidy(self, value: Any) -> Value:
        """The value in the parameter's own type, in no more figures than are worth it."""
        if self.values:
            return value  # type: ignore[no-any-return]
        if self.log and self.high > 2 * self.low:
            tidied = float(f"{value:.{FIGURES}g}")
        else:
            tidied = round(value, max(0, math.ceil(-math.log10((self.high - self.low) / GRID))))
        within = min(max(tidied, self.low), self.high)
        whole = self.parameter.kind == "integer"
        return self.parameter.check(round(within) if whole else within)  # type: ignore[no-any-return]


def axis(card: SceneCard, name: str, text: str) -> Axis:
    """What `name=text` searches: nothing for the whole range, `low..high` for a part of it (one end
    may be left out), or values with commas between them. Raises ParameterError."""
    parameter = sweepable(card, name)
    if parameter.kind in ("number", "integer"):
        low, dots, high = text.partition("..")
        if dots or not text:
            ends: Any = parameter
            begin = parameter.parse(low.strip()) if low.strip() else parameter.check(ends.min)
            end = parameter.parse(high.strip()) if high.strip() else parameter.check(ends.max)
            if not begin < end:
                raise ParameterError(f"{name} is searched from low to high, not {text}")
            return Axis(parameter, begin, end)
    if not text:
        if isinstance(parameter, File):
            raise ParameterError(f"{name} is a file: name those to choose from, with commas")
        return Axis(parameter, values=tuple(parameter.spread(1000)))
    values = distinct(parameter, [parameter.parse(part.strip()) for part in text.split(",")])
    return Axis(parameter, values=tuple(values))


def main_measure(card: SceneCard) -> str | None:
    """The measure of the first claim that compares one with a bound."""
    return next(iter(measures_claimed(card)), None)


def measures_claimed(card: SceneCard) -> list[str]:
    """The measures that claims compare with a bound, in their order."""
    found = (re.match(r"([\w-]+) *(>|<|≥|≤)", claim.condition) for claim in card.claims)
    return [match[1] for match in found if match]


def goal_of(card: SceneCard, measure: str) -> str | None:
    """Which end of the measure is better, if claims say so and agree: what is claimed to be below
    something is better the less it is."""
    said = {
        "least" if match[1] in "<≤" else "greatest"
        for claim in card.claims
        if (match := re.match(rf"{re.escape(measure)} *(>|<|≥|≤)", claim.condition))
    }
    return said.pop() if len(said) == 1 else None


@dataclass(frozen=True)
class Point:
    """A point of a search: its number, from 1 on, its settings, and the runs that are over, by
    seed. One that was chosen before has the runs of the first time."""

    number: int
    settings: Mapping[str, Any]
    runs: dict[int, Finished] = field(default_factory=dict)

    @property
    def key(self) -> tuple[Any, ...]:
        return tuple(self.settings.items())


@dataclass
class Search:
    """What a search found. `points` are in their order; where it was `stopped`, the last ones may
    lack runs. `jobs`: how many runs at a time, on which the points depend."""

    card: SceneCard
    axes: list[Axis]
    measure: str
    goal: str
    count: int
    seeds: list[int]
    settings: dict[str, Any]
    jobs: int
    points: list[Point] = field(default_factory=list)
    stopped: bool = False

    def numbers(self, point: Point) -> list[float]:
        """The measure with each seed; what diverged, or has no finite number, is left out."""
        runs = (run for run in point.runs.values() if run.status == "done")
        found = [run.measures.get(self.measure, math.nan) for run in runs]
        return [number for number in found if math.isfinite(number)]

    def value(self, point: Point) -> float | None:
        """The mean over the seeds; infinitely bad where a run diverged or has no finite number;
        None where one failed, or is not over."""
        statuses = [run.status for run in point.runs.values()]
        if len(statuses) < len(self.seeds) or not {"done", "diverged"} >= {*statuses}:
            return None
        numbers = self.numbers(point)
        if len(numbers) < len(self.seeds):
            return math.inf if self.goal == "least" else -math.inf
        return math.fsum(numbers) / len(numbers)

    @property
    def tried(self) -> list[Point]:
        """The points whose runs are all over."""
        return [point for point in self.points if len(point.runs) == len(self.seeds)]

    @property
    def ranked(self) -> list[Point]:
        """The different points that have a number, the best first."""
        found: dict[tuple[Any, ...], tuple[float, Point]] = {}
        for point in self.points:
            value = self.value(point)
            if value is not None and math.isfinite(value):
                found.setdefault(point.key, (value if self.goal == "least" else -value, point))
        return [point for _, point in sorted(found.values(), key=lambda each: each[0])]

    @property
    def best(self) -> Point | None:
        return next(iter(self.ranked), None)

    def best_so_far(self) -> list[tuple[int, float]]:
        """Numbers of points, each with the best value up to there."""
        found: list[tuple[int, float]] = []
        better = min if self.goal == "least" else max
        for point in self.points:
            value = self.value(point)
            if value is not None and math.isfinite(value):
                found.append((point.number, better(value, found[-1][1]) if found else value))
            elif found:
                found.append((point.number, found[-1][1]))
        return found

    @property
    def measures(self) -> list[str]:
        """The names of all measures, in the order in which the runs report them."""
        runs = (run for point in self.points for run in point.runs.values())
        return list(dict.fromkeys(name for run in runs for name in run.measures))

    @property
    def runs(self) -> list[Finished]:
        """Every run that was made."""
        made = {id(point.runs): point.runs for point in self.points}
        return [run for runs in made.values() for run in runs.values()]


class Searching:
    """A search under way: `run` makes the runs, `stop` ends it, `result` has what there is."""

    def __init__(
        self,
        card: SceneCard,
        axes: Sequence[Axis],
        *,
        count: int,
        measure: str,
        goal: str,
        seeds: int = 1,
        first_seed: int = 0,
        settings: Mapping[str, Any] | None = None,
        jobs: int | None = None,
        device: str = "auto",
        launcher: Where,
    ) -> None:
        """`count` points, each with `seeds` seeds from `first_seed` on, of which the sampler's is
        the first. `goal`: "least" or "greatest". `jobs` runs at a time: unless given as a sweep
        has, but a tenth of the points at most. Everything is checked here, before anything runs.
        """
        if card.broken:
            raise BrokenScene(f"{card.id} cannot be read: {card.broken}")
        fixed = checked(card.parameters, settings or {})
        for each in axes:
            if each.name in fixed:
                raise ParameterError(f"{each.name} is searched; it cannot have a value as well")
        most = seeds * max(1, count // AT_ONCE)
        at_once = jobs or min(launcher.spare, most)
        each_seed = list(range(first_seed, first_seed + seeds))
        self._search = Search(card, [*axes], measure, goal, count, each_seed, fixed, at_once)
        self._at_a_time = math.ceil(at_once / seeds)  # points
        self._pool = launcher.pool([], at_once=at_once, device=device)
        self._stopped = False
        self._told = 0
        self._study = _study(goal, first_seed)
        self._trials: list[Any] = []

    @property
    def result(self) -> Search:
        return self._search

    def stop(self) -> None:
        """End the runs under way and begin no other; `run` then returns what there is."""
        self._stopped = True
        self._pool.stop()

    def run(self, watch: Watch = unwatched) -> Search:
        """Make all runs. An exception (from `watch`, or KeyboardInterrupt) ends all processes and
        goes on; `result` has what had finished."""
        found = self._search
        total = found.count * len(found.seeds)
        try:
            self._choose()
            self._pool.run(self._keep, lambda under, over, _: watch(under, over, total))
        finally:
            found.stopped = self._told < found.count
        return found

    def _keep(self, over: Running) -> None:
        assert over.finished is not None
        self._search.points[over.job.number - 1].runs[over.job.seed] = over.finished
        self._choose()

    def _choose(self) -> None:
        """Choose as many points as may be under way, and tell Optuna of those that are over.

        One is chosen for each that is told, before the next is: so what is known when a point is
        chosen does not depend on which run was over first.
        """
        found = self._search
        while not self._stopped:
            if len(found.points) < min(found.count, self._told + self._at_a_time):
                self._ask()
            elif self._told < len(found.points) and self._over(found.points[self._told]):
                self._tell(self._told)
                self._told += 1
            else:
                return

    def _over(self, point: Point) -> bool:
        return len(point.runs) == len(self._search.seeds)

    def _tell(self, place: int) -> None:
        from optuna.trial import TrialState

        value = self._search.value(self._search.points[place])
        if value is None:
            self._study.tell(self._trials[place], state=TrialState.FAIL)
        else:
            self._study.tell(self._trials[place], value)

    def _ask(self) -> None:
        found = self._search
        trial = self._study.ask({each.name: each.distribution() for each in found.axes})
        self._trials.append(trial)
        settings = {each.name: each.tidy(trial.params[each.name]) for each in found.axes}
        point = Point(len(found.points) + 1, settings)
        known = next((each for each in found.points if each.key == point.key), None)
        if known is not None:
            found.points.append(Point(point.number, settings, known.runs))
            return
        found.points.append(point)
        self._pool.add(
            Job(found.card, seed, {**found.settings, **settings}, looks=False, number=point.number)
            for seed in found.seeds
        )


def _study(goal: str, seed: int) -> Study:
    """A study that says nothing. Raises NoOptuna."""
    if find_spec("optuna") is None:
        raise NoOptuna(
            "a search needs optuna, which is not installed: pip install 'dlplay[search]'"
        )
    import optuna

    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    return optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=seed % 2**32),
        direction="minimize" if goal == "least" else "maximize",
    )


class NoOptuna(ValueError):
    """The package that chooses the points is not installed; the message says how to get it."""
