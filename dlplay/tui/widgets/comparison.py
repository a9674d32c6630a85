"""The page that compares a run with the pinned ones."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.message import Message

from dlplay.author.parameters import Text as Name
from dlplay.course.catalog import SceneCard
from dlplay.tui.model.pins import Pin, PinChoice, differences
from dlplay.tui.model.watching import Watched
from dlplay.tui.widgets.claims import comparison, standing
from dlplay.tui.widgets.dialogs import ask_value
from dlplay.tui.widgets.text import Inks
from dlplay.tui.widgets.text_pages import TextPage
from dlplay.words.numbers import short

NO_PINS = "No run is pinned. p pins the run that is shown; the next ones are drawn over it."
PIN_KEYS = "j k choose · enter renames · h l hide and show · backspace drops\n"


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

    def show(self) -> None:
        session = self.session
        if self.choice.pin is None:
            self.put(NO_PINS)
            return
        table = comparison_table(
            session.card, session.now, session.pins, self.inks, self.choice.place
        )
        self.put(Group(Text(PIN_KEYS, "dim"), table))

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
