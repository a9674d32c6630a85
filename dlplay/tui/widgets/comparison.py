"""The page that compares a run with the pinned ones."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text
from textual.message import Message

from dlplay import draw
from dlplay.author.parameters.words import Text as Name
from dlplay.course.catalog import SceneCard
from dlplay.engine.comparing import (
    Compared,
    chart,
    groups,
    heading,
    main_measure,
    measures_of,
)
from dlplay.engine.recordings.library import settings
from dlplay.tui.model.pins import Pin, PinChoice, differences
from dlplay.tui.model.watching import Watched
from dlplay.tui.widgets.claims import comparison, standing
from dlplay.tui.widgets.dialogs import ask_value
from dlplay.tui.widgets.text import Inks
from dlplay.tui.widgets.text_pages import TextPage
from dlplay.words.numbers import short

NO_PINS = "No run is pinned. p pins the run that is shown"
PIN_KEYS = "j k choose · enter renames · h l hide and show · backspace drops · [ ] measure\n"
WIDEST = 100  # columns of the chart


class ComparePage(TextPage):
    """A table of this run and the pinned ones. Its keys choose a pin, hide it, rename it, drop
    it."""

    class Dropped(Message):
        """The user lets the chosen pin go."""

    class Renamed(Message):
        """The user calls the chosen pin something else."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, session: Watched, choice: PinChoice) -> None:
        super().__init__(session, "compare")
        self.choice = choice
        self._measure: str | None = None  # that is charted; None: the scene's main one

    def show(self) -> None:
        session = self.session
        if self.choice.pin is None:
            recorded = session.recorded
            self.put(NO_PINS + ("." if recorded else "; the next ones are drawn over it."))
            return
        table = comparison_table(
            session.card, session.now, session.pins, self.inks, self.choice.place
        )
        self.put(Group(Text(PIN_KEYS, "dim"), table, *self._chart()))

    def _chart(self) -> list[RenderableType]:
        """A measure over the runs, those that differ in their seeds alone as one."""
        session = self.session
        runs = [_compared(run, session.card) for run in (session.now, *session.pins)]
        known, found = measures_of(runs), groups(session.card, runs)
        name = self._measure if self._measure in known else main_measure(session.card, known)
        if name is None or not any(group.numbers(name) for group in found):
            return []
        plot = chart(found, name)
        head = Text(f"\n{heading(found, name)}", "bold")
        return [head, Chart(plot, self.look), Text(draw.caption(plot), "dim")]

    def action_next_frame(self) -> None:
        self._turn(1)

    def action_previous_frame(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        """Chart another measure."""
        session = self.session
        known = measures_of([_compared(run, session.card) for run in (session.now, *session.pins)])
        if not known or self.choice.pin is None:
            self.note("nothing is measured yet")
            return
        now = self._measure if self._measure in known else main_measure(session.card, known)
        self._measure = known[(known.index(now or known[0]) + by) % len(known)]
        self.note(f"measure {known.index(self._measure) + 1} of {len(known)}")
        self.show()

    def action_up(self) -> None:
        self._move(-1)

    def action_down(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        if self.choice.pin is None:
            self.scroll_by(2 * by)
        else:
            self.choice.move(by)
            self.show()

    def action_less(self) -> None:
        self._hide(True)

    def action_more(self) -> None:
        self._hide(False)

    def action_much_less(self) -> None:
        self._hide(True)

    def action_much_more(self) -> None:
        self._hide(False)

    def _hide(self, hidden: bool) -> None:
        if self.choice.pin is not None:
            self.choice.pin.hidden = hidden
            self.show()

    def action_default(self) -> None:
        """Drop the chosen pin."""
        self.tell(self.Dropped())

    async def action_type(self) -> None:
        """Rename the chosen pin."""
        pin = self.choice.pin
        if pin is None:
            return
        name = Name(pin.name, max_length=20, help="a name for this run")
        name.name = "name"

        def take(given: str | None) -> None:
            if given:
                self.tell(self.Renamed(given))

        await ask_value(self.app, name, pin.name, take)


class Chart:
    """A chart as wide as there is room for."""

    def __init__(self, plot: draw.Drawn, look: draw.Look) -> None:
        self.plot = plot
        self.look = look

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(options.max_width, WIDEST)
        height = draw.natural_height(self.plot, width, self.look)
        yield draw.draw(self.plot, width, height, self.look)


def _compared(run: Pin, card: SceneCard) -> Compared:
    history = run.history
    done = history.finished is not None and history.finished.status == "done"
    seed = run.values.get("seed", 0) if card.command else run.seed
    values = settings(run.values, card.command)
    return Compared(run.name, values, seed, history.measures, done)


def comparison_table(card: SceneCard, now: Pin, pins: list[Pin], inks: Inks, chosen: int) -> Table:
    """One column a run: the settings that differ, the claims, the measures."""
    runs = [now, *pins]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=False)
    table.add_column("", style="dim", overflow="fold", max_width=40)
    for place, run in enumerate(runs):
        words = Text(run.name + (" (hidden)" if run.hidden else ""))
        if place == chosen + 1:
            words.stylize(f"bold {inks['accent']} reverse")
        table.add_column(words, justify="right", no_wrap=True)
    for name, cells in differences(card, runs):
        table.add_row(Text(name, "bold"), *map(Text, cells))
    _gap(table, len(runs))
    for claim in card.claims:
        table.add_row(Text(claim.text), *(_verdict(run, claim.name, inks) for run in runs))
    _gap(table, len(runs))
    for name in dict.fromkeys(name for run in runs for name in run.history.measures):
        table.add_row(Text(name), *(short(run.history.measures.get(name)) for run in runs))
    return table


def _gap(table: Table, columns: int) -> None:
    table.add_row("", *([""] * columns))


def _verdict(run: Pin, name: str, inks: Inks) -> Text:
    for result in run.history.claims:
        if result.name == name:
            mark, ink, _ = standing(result, run.history.whole)
            return Text(f"{mark} {comparison(result)}", inks[ink])
    return Text("·", inks["muted"])
