"""`dlplay sweep`: which parameter takes which values, the runs, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlplay.author.parameters.base import Parameter, ParameterError
from dlplay.author.parameters.words import Text
from dlplay.cli.exits import Mistake
from dlplay.cli.options import chosen_seed
from dlplay.cli.sweeps import sweep_tables as tables
from dlplay.cli.sweeps.making import launched, make, told
from dlplay.cli.sweeps.measures import missing
from dlplay.cli.sweeps.words import ranged, read, several
from dlplay.engine.pool import Job
from dlplay.engine.sweeps.runs import Sweeping, distinct, spread, sweepable
from dlplay.words.address import show_setting

if TYPE_CHECKING:
    from dlplay.cli.options import Session
    from dlplay.course.catalog import SceneCard
    from dlplay.engine.cluster.places import Cluster
    from dlplay.engine.sweeps.runs import Sweep


@dataclass(frozen=True)
class Plan:
    """What the words of the command ask for."""

    name: str
    values: list[Any]
    settings: dict[str, Any]
    seed: int  # the first


def plan(card: SceneCard, words: Sequence[str], over: str | None, seed: str | None) -> Plan:
    """The one parameter with several values, the others' single ones, and the first seed.

    `over`, `seed`: as given with the options. Raises Mistake or ParameterError, with what to write
    instead; BrokenScene.
    """
    found = read(card, words, _sweeps)
    swept, settings = found.open, found.settings
    first = chosen_seed(seed, found.seed) or 0
    if over is not None:
        sweepable(card, over)
        swept.setdefault(over, "")
    name = _only(card, list(swept), settings)
    if name in settings:
        given = show_setting(card.parameters, name, settings[name])
        raise ParameterError(f"{name} is to be swept, and has a single value as well: {given}")
    return Plan(name, _values(sweepable(card, name), swept[name]), settings, first)


def _sweeps(card: SceneCard, name: str, text: str) -> bool:
    """Whether this leaves the parameter open. Raises Mistake for what a search alone takes."""
    if ranged(card, name, text):
        raise Mistake(
            f"a range such as {name}={text} is searched, with --search N; a sweep takes values, "
            f"as in {_example(card.parameters[name])}"
        )
    return several(card, name, text)


def _only(card: SceneCard, names: list[str], settings: dict[str, Any]) -> str:
    """The parameter to sweep, if exactly one is asked for."""
    if len(names) == 1:
        return names[0]
    if names:
        raise Mistake(
            f"{' and '.join(names)} have several values each; a sweep varies one parameter: "
            f"give all but one a single value, as in {_example(card.parameters[names[0]])} "
            f"{show_setting(card.parameters, names[1], card.parameters[names[1]].default)}"
        )
    for name in settings:  # the likeliest slip: one value, or a text with commas
        if isinstance(card.parameters[name], Text) and "," in settings[name]:
            sweepable(card, name)
    able = [parameter for parameter in card.parameters.values() if not isinstance(parameter, Text)]
    if not able:
        raise Mistake(f"{card.id} has no parameter that can be swept")
    one = next((p for p in able if p.name in settings), able[0])
    raise Mistake(
        "no parameter has several values; write them with commas, as in "
        f"{_example(one)}, or --over {one.name} for a spread. "
        f"{card.id} can sweep {', '.join(p.name for p in able)}."
    )


def _example(parameter: Parameter[Any]) -> str:
    return f"{parameter.name}=" + ",".join(parameter.show(v) for v in spread(parameter)[:3])


def _values(parameter: Parameter[Any], text: str) -> list[Any]:
    if not text:
        return distinct(parameter, spread(parameter))
    return distinct(parameter, [parameter.parse(part.strip()) for part in text.split(",")])


def run(
    session: Session,
    card: SceneCard,
    asked: Plan,
    *,
    seeds: int,
    jobs: int | None,
    device: str,
    measure: str | None,
    form: str,
    apart: bool = False,
    place: Cluster | None = None,
) -> int:
    """Make the runs and print what they left: as a chart and a table, as "json" or as "csv".

    `place`: where they are made, if not here."""
    sweeping = Sweeping(
        card,
        asked.name,
        asked.values,
        seeds=seeds,
        first_seed=asked.seed,
        settings=asked.settings,
        jobs=jobs,
        device=device,
        apart=apart,
        launcher=place or launched(device),
    )
    sweep = sweeping.result

    def wrong() -> str:
        if measure is None:
            return ""
        over = len(sweep.runs) == sweep.total
        return missing(card, measure, sweep.runs, sweep.measures, over=over)

    ended = make(session, sweeping, lambda job: _label(sweep, job), wrong)
    if form == "json":
        tables.print_json(sweep)
    elif form == "csv":
        tables.print_csv(sweep)
    elif sweep.runs:
        where = place.asked if place else ""
        tables.print_sweep(session.console(), sweep, measure, session, where)
    finished = f"{len(sweep.runs)} of {sweep.total} runs had finished"
    finished = finished if sweep.stopped else ""
    return told(sweep.runs, finished, place, wrong=wrong(), ended=ended)


def _label(sweep: Sweep, job: Job) -> str:
    return f"{sweep.label(job.settings[sweep.parameter.name])} (seed {job.seed})"
