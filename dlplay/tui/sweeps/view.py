"""What a sweep looks like: its two charts, its table of values, its status line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from rich.style import Style
from rich.text import Text

from dlplay.author.parameters.base import Value
from dlplay.draw import Curves, Line, Look, palette
from dlplay.draw.ink import BOLD, NONE, style
from dlplay.engine.sweeps.differences import differences
from dlplay.engine.sweeps.runs import Row, Sweep, SweepRun
from dlplay.tui.sweeps.model import LiveSweep, UnderWay
from dlplay.tui.widgets.status import LOOKS, bar
from dlplay.tui.widgets.text import Inks
from dlplay.wire import events
from dlplay.words.numbers import short

POINTER = "▸ "
GAP = "  "
NUMBER, RANGE = 9, 18  # cells for a number, and for two: most have room, whatever comes
GREY, RED = 7, 5  # of the palette: the colours of the first values are theirs alone


@dataclass(frozen=True)
class Choice:
    """What is looked at: a value, which of its seeds, a measure, a curve; `alone`: no other."""

    value: Value
    seed: int = 0  # place among the seeds
    measure: str | None = None
    curve: tuple[str, str] | None = None  # panel, series
    alone: bool = False


def curves_of(drawn: Sweep, choice: Choice) -> Curves | None:
    """The chosen curve by value, or that of each seed of the chosen value; None before any."""
    if choice.curve is None or choice.curve[0] not in drawn.panels:
        return None
    panel, series = choice.curve
    if choice.alone:
        return _seeds(drawn, panel, series, choice)
    if series not in drawn.panels[panel]:
        return None
    curves = drawn.as_curves(panel, series, lambda value: _name(drawn, value, choice))
    return _only_its_range(curves, _name(drawn, choice.value, choice))


def _only_its_range(curves: Curves, chosen: str) -> Curves:
    """The range of the chosen curve stands out, and does not cover the others; the axes stay."""
    lines = {
        name: line if name.startswith(chosen) else Line(line.x, line.mean, line.mean, line.mean)
        for name, line in curves.lines.items()
    }
    return replace(curves, lines=lines, room=list(curves.lines.values()))


def _seeds(drawn: Sweep, panel: str, series: str, choice: Choice) -> Curves:
    runs = [run for run in drawn.at(choice.value) if series in run.curves.get(panel, {})]
    lines, styles = {}, {}
    for run in runs:
        pointer = POINTER if run.seed == drawn.seeds[choice.seed] else ""
        lines[f"{pointer}seed {run.seed}"] = run.curves[panel][series]
        styles[f"{pointer}seed {run.seed}"] = drawn.seeds.index(run.seed)
    return Curves(drawn.axes.get(panel) or events.Axes(panel=panel), lines, styles)


def _name(sweep: Sweep, value: Value, choice: Choice) -> str:
    shown = sweep.parameter.show(value)
    return POINTER + shown if value == choice.value else shown


def plot_of(found: Sweep, choice: Choice) -> Curves | events.Bars | events.Boxes | None:
    """The chosen measure against the parameter, the chosen value marked; None before any."""
    if choice.measure not in found.measures:
        return None
    plot = found.as_plot(choice.measure)
    if isinstance(plot, Curves):
        return _marked(plot, found, choice)
    labels = []
    for value, label in zip(found.values, plot.labels, strict=True):
        labels.append(_name(found, value, choice) + label.removeprefix(found.label(value)))
    return msgspec.structs.replace(plot, labels=labels)


def _marked(plot: Curves, found: Sweep, choice: Choice) -> Curves:
    assert choice.measure is not None
    row = next(row for row in found.measure(choice.measure) if row.value == choice.value)
    if not row.count:
        return replace(plot, styles=dict(zip(plot.lines, (GREY, RED), strict=False)))
    here = _name(found, choice.value, choice)
    # First, so that its mark is not covered by the curve's own at its end.
    lines = {here: Line.of([float(choice.value)], [row.mean]), **plot.lines}
    styles = dict(zip(plot.lines, (GREY, RED), strict=False))
    styles[here] = found.values.index(choice.value)
    return replace(plot, lines=lines, styles=styles)


# The table


@dataclass(frozen=True)
class Column:
    """A column of the table, its head first: as wide as its cells, or as those that will come."""

    cells: list[str]
    least: int = 0
    words: bool = False  # which stand at the left; numbers at the right

    @property
    def width(self) -> int:
        return max(self.least, *map(len, self.cells))

    def even(self) -> list[str]:
        """All cells of one width."""
        how = str.ljust if self.words else str.rjust
        return [how(cell, self.width) for cell in self.cells]


def table(
    sweep: LiveSweep, choice: Choice, width: int, inks: Inks, look: Look
) -> tuple[Text, list[Text]]:
    """The heads of the columns, and one line a value; what is measured as far as it fits.

    What is known from the start stands first and keeps its width: as runs come in, columns are
    added at the right, and no other moves.
    """
    found = sweep.found
    columns = [*_known(sweep)]
    room = width - 4 - sum(column.width + len(GAP) for column in columns)
    for place, column in enumerate(_measured(found, choice)):
        if place == 0 or column.width <= room:
            columns.append(column)
            room -= column.width + len(GAP)
    head, *rows = zip(*(column.even() for column in columns), strict=True)
    lines = [
        _line(sweep, place, list(cells), choice, width, inks, look)
        for place, cells in enumerate(rows)
    ]
    heads = Text("    " + GAP.join(head), "dim", no_wrap=True)
    heads.truncate(width, overflow="ellipsis")
    return heads, lines


def _line(
    sweep: LiveSweep,
    place: int,
    cells: list[str],
    choice: Choice,
    width: int,
    inks: Inks,
    look: Look,
) -> Text:
    value = sweep.found.values[place]
    chosen = value == choice.value
    kind = palette.series_style(place)
    text = Text(no_wrap=True)
    text.append(POINTER if chosen else "  ", "bold")
    text.append(f"{kind.mark} ", _ink(kind.color(look), look))
    text.append(cells[0], "bold")
    text.append(GAP + cells[1], _state_ink(sweep.found.at(value), inks))
    for cell in cells[2:]:
        text.append(GAP + cell)
    text.pad_right(max(0, width - text.cell_len))
    if chosen:
        text.stylize(f"on {inks['cursor']}")
    text.truncate(width, overflow="ellipsis")
    return text


def _ink(color: int, look: Look) -> Style:
    return style(color, NONE, BOLD, look.colors, look.dark)


def _known(sweep: LiveSweep) -> Iterator[Column]:
    """What is there before any run is: the values, how they stand, how many claims hold."""
    found = sweep.found
    unit = f" {found.parameter.unit}" if found.parameter.unit else ""
    shown = [found.parameter.show(value) + unit for value in found.values]
    yield Column([found.parameter.name, *shown])
    states = [state_words(found, sweep.under, value) for value in found.values]
    seeds = len(found.seeds)
    longest = max("not run yet", f"{seeds} of {seeds} diverged" * (seeds > 1), key=len)
    yield Column(["", *states], len(longest), words=True)
    if found.card.claims:
        held = [(found.holding(value), bool(found.at(value))) for value in found.values]
        cells = [f"{h} of {n}" if there else "" for (h, n), there in held]
        yield Column(["claims hold", *cells], words=True)


def state_words(found: Sweep, under: tuple[UnderWay, ...], value: Value) -> str:
    """How the runs of a value stand: `done`, `2 of 3`, `40%` of those under way, or `queued` on
    another machine and, once none is, `1 of 3 diverged`."""
    runs, mine = found.at(value), [run for run in under if run.value == value]
    words = []
    if len(runs) < len(found.seeds) and (runs or not mine):
        words.append(f"{len(runs)} of {len(found.seeds)}" if runs else "not run yet")
    if mine:
        share = f"{sum(run.share for run in mine) / len(mine):.0%}"
        words.append(max(run.told for run in mine) or share)  # "under way" if one of them is
    for status in ("stopped", "diverged", "failed") if not mine else ():
        count = sum(run.status == status for run in runs)
        if count:
            words.append(status if count == len(runs) else f"{count} of {len(runs)} {status}")
    return ", ".join(words) or "done"


def _state_ink(runs: list[SweepRun], inks: Inks) -> str:
    statuses = {run.status for run in runs}
    for status, ink in (("failed", "error"), ("diverged", "warning")):
        if status in statuses:
            return inks[ink]
    return inks["muted"]


def _measured(found: Sweep, choice: Choice) -> Iterator[Column]:
    """The chosen measure and what seeds say of it, then all others."""
    if choice.measure in found.measures:
        assert choice.measure is not None
        rows = found.measure(choice.measure)
        yield _means(choice.measure, rows)
        if len(found.seeds) > 1:
            against = ["differs from " + POINTER.strip(), *_against(found, choice)]
            yield Column(against, words=True)
            yield Column(["low to high", *(_range(row) for row in rows)], RANGE)
    for name in found.measures:
        if name != choice.measure:
            yield _means(name, found.measure(name))


def _means(measure: str, rows: list[Row]) -> Column:
    return Column([measure, *(short(row.mean) if row.count else "" for row in rows)], NUMBER)


def _against(found: Sweep, choice: Choice) -> Iterator[str]:
    """Whether what lies between each value and the chosen one is more than seeds explain."""
    assert choice.measure is not None
    pairs = {frozenset((d.one, d.other)): d for d in differences(found, choice.measure)}
    for value in found.values:
        pair = pairs.get(frozenset((value, choice.value)))
        yield pair.brief() if pair is not None and pair.seeds else ""


def _range(row: Row) -> str:
    return f"{short(row.low)} to {short(row.high)}" if row.count else ""


# The lines under it


def about_run(found: Sweep, run: SweepRun | None, choice: Choice, under: UnderWay | None) -> str:
    """The run that enter opens, in one line."""
    keys = " ([ ] others)" if len(found.seeds) > 1 else ""
    words = [f"{found.label(choice.value)} · seed {found.seeds[choice.seed]}{keys}"]
    if run is None:
        stands = (under.told or "under way") if under is not None else "not run yet"
        return f"{words[0]} · {stands}"
    words.append(f"{run.status} after {run.steps:,} steps, {run.seconds:.1f} s")
    if run.message:
        words.append(run.message)
    number = run.measures.get(choice.measure or "")
    if number is not None and not run.message:
        words.append(f"{choice.measure} {short(number)}")
    if found.together and run.history is None:
        words.append("of a batch: enter makes it again")
    return " · ".join(words)


def status_line(sweep: LiveSweep, width: int, inks: Mapping[str, Any], note: str) -> Text:
    """What the sweep is doing, and how its runs ended, in at most `width` cells."""
    state, found = sweep.state, sweep.found
    mark, ink, word = LOOKS[state]
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f" {mark} {'sweeping' if state == 'running' else word} ", f"bold {inks[ink]}")
    if sweep.active:
        text.append(bar(sweep.share, 12), inks["accent"])
    if note or sweep.trouble:
        text.append(f"· {note or sweep.trouble} ", inks["accent" if note else "error"])
    text.append("· " + " · ".join(_counts(sweep, found)))
    text.truncate(width, overflow="ellipsis")
    return text


def _counts(sweep: LiveSweep, found: Sweep) -> list[str]:
    statuses = [run.status for run in found.runs]
    words = [f"{len(statuses)} of {found.total} runs over"]
    ended = [status for status in ("diverged", "failed") if status in statuses]
    words += [f"{statuses.count(status)} {status}" for status in ended]
    left = found.total - len(statuses) - len(sweep.under)
    queued = sum(run.told == "queued" for run in sweep.under)
    if len(sweep.under) > queued:
        words.append(f"{len(sweep.under) - queued} under way")
    if queued:
        words.append(f"{queued} queued")
    if left:
        words.append(f"{left} left" if sweep.active else f"{left} not run")
    first, last = found.seeds[0], found.seeds[-1]
    words.append(f"seed {first}" if first == last else f"seeds {first} to {last}")
    return words
