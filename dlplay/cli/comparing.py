"""`dlplay compare`: recorded runs of one scene beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlplay.cli import recordings
from dlplay.cli.exits import Exit, Mistake, complain
from dlplay.cli.results import WIDEST
from dlplay.engine.comparing import (
    Compared,
    Group,
    chart,
    checked,
    groups,
    heading,
    main_measure,
    measures_of,
)
from dlplay.engine.recordings.library import Library, RunInfo, settings
from dlplay.wire import events
from dlplay.words.numbers import short

if TYPE_CHECKING:
    from rich.console import Console

    from dlplay.cli.options import Session
    from dlplay.course.catalog import Catalog, SceneCard


def run(session: Session, words: list[str], measure: str | None, json: bool) -> Exit:
    """Compare the runs that these words name: runs, or a scene for all of its recorded runs."""
    catalog = session.catalog()
    found = [info for word in words for info in _named(catalog, word)]
    infos = list({info.path: info for info in found}.values())
    scenes = list(dict.fromkeys(info.scene for info in infos))
    if len(scenes) > 1:
        raise Mistake(f"runs of one scene are compared, not of {', '.join(scenes)}")
    runs = [_compared(info) for info in infos]
    card = _card(catalog, scenes[0])
    known, mine = measures_of(runs), groups(card, runs)
    try:
        name = main_measure(card, known) if measure is None else checked(measure, known)
    except LookupError as error:
        raise Mistake(f"--measure: {error}") from None
    if json:
        _print_json(card, mine)
    else:
        _print(session, session.console(), card, mine, name)
    unfinished = sum(not each.done for each in runs)
    if unfinished:
        complain(f"{unfinished} of {len(runs)} runs did not come to their end, and do not count")
    return Exit.DONE


def _named(catalog: Catalog, word: str) -> list[RunInfo]:
    known = any(card.id == word for card in catalog.scenes)
    if known or ("/" in word and not Path(word).exists()):  # else the nearest scene is told
        mine = [info for info in Library().runs(catalog) if info.scene == word]
        if not mine:
            card = catalog.find(word)
            raise Mistake(f"no run of {card.id} is recorded; `dlplay runs` lists those that are")
        return mine
    info = recordings.chosen(word)
    recordings.check(info)
    return [info]


def _card(catalog: Catalog, scene: str) -> SceneCard:
    from dlplay.engine.recordings.replay import stand_in

    return next((card for card in catalog.scenes if card.id == scene), stand_in(scene))


def _compared(info: RunInfo) -> Compared:
    replay = recordings.loaded(info)
    done, sabotage = replay.summary, replay.started.sabotage
    name = str(info.number) if info.number else info.path.name
    whole = done.status == "done"
    values = settings(done.parameters, replay.started.command)
    return Compared(name, values, done.seed, done.measures, whole, sabotage)


def _print_json(card: SceneCard, found: list[Group]) -> None:
    import msgspec
    import typer

    each: list[dict[str, Any]] = [
        {
            "label": group.label,
            "runs": [
                {
                    "run": run.name,
                    "seed": run.seed,
                    "done": run.done,
                    "sabotage": run.sabotage,
                    "parameters": dict(run.values),
                    "measures": dict(run.measures),
                }
                for run in group.runs
            ],
        }
        for group in found
    ]
    data = msgspec.json.encode({"scene": card.id, "groups": each})
    typer.echo(msgspec.json.format(data, indent=2))


def _print(
    session: Session, console: Console, card: SceneCard, found: list[Group], name: str | None
) -> None:
    from rich.table import Table
    from rich.text import Text

    from dlplay.draw import draw, natural_height

    console.print(Text(session.text(card.title), style="bold"))
    console.print()
    if name is not None and any(group.numbers(name) for group in found):
        look, width, plot = session.look(console), min(console.width, WIDEST), chart(found, name)
        console.print(Text(session.text(heading(found, name)), style="bold"))
        height = natural_height(plot, width, look)
        if isinstance(plot, events.Bars):  # no more than they fill
            height = min(height, 2 * len(plot.labels) + 1)
        console.print(draw(plot, width, height, look))
        console.print()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("settings", overflow="fold")
    table.add_column("runs", overflow="fold")
    table.add_column("seeds", overflow="fold")
    names = [name] if name is not None else []
    names += [each for each in measures_of([r for g in found for r in g.runs]) if each != name]
    for each in names:
        table.add_column(session.text(each), justify="right")
    for group in found:
        seeds = dict.fromkeys(str(run.seed) for run in group.runs)
        cells = [group.label, " ".join(run.name for run in group.runs), " ".join(seeds)]
        cells += [_range(group.numbers(each)) for each in names]
        table.add_row(*(Text(session.text(cell)) for cell in cells))
    console.print(table)


def _range(numbers: list[float]) -> str:
    if not numbers:
        return ""
    low, high = min(numbers), max(numbers)
    return short(low) if low == high else f"{short(low)} to {short(high)}"
