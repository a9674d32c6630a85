"""The screen of a sweep: how it goes, what it found, and which of its runs to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rich.text import Text
from textual import events as input_events
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Footer, Static

from dlplay import draw
from dlplay.course.catalog import SceneCard
from dlplay.draw.boxes import middle_of
from dlplay.engine.sweeps.runs import Sweep, SweepRun
from dlplay.tui.actions import SWEEP, bindings
from dlplay.tui.model.pace import TICK
from dlplay.tui.program import Program
from dlplay.tui.screens.full import NOTE_SECONDS, FullScreen
from dlplay.tui.sweeps.dialog import SweepDialog, sweepable
from dlplay.tui.sweeps.model import LiveSweep, Plan, Wish
from dlplay.tui.sweeps.view import (
    Choice,
    about_run,
    curves_of,
    plot_of,
    status_line,
    table,
)
from dlplay.tui.texts import Words, title
from dlplay.tui.themes import inks
from dlplay.tui.widgets.panel import PanelView
from dlplay.tui.widgets.text import Scroll, put
from dlplay.wire import events

Take = Callable[[LiveSweep, SweepRun], None]  # makes a run of a sweep the current one
CHARTS = ("both", "curves", "measure")


class ValueTable(Scroll):
    """One line a value; the chosen one is kept in sight."""

    class Picked(Message):
        """The user clicked the line of the value at `place`; `open` on a double click."""

        def __init__(self, place: int, open: bool) -> None:
            super().__init__()
            self.place = place
            self.open = open

    def compose(self) -> ComposeResult:
        yield Words(id="value-lines")

    def show(self, head: Text, lines: list[Text], chosen: int) -> None:
        text = Text("\n").join([head, *lines])
        text.no_wrap = True
        put(self.query_one(Static), text)
        top, height = self.scroll_offset.y, self.size.height
        if height and not top <= chosen + 1 < top + height:
            self.scroll_to(y=max(0, chosen + 2 - height), animate=False)

    def on_click(self, event: input_events.Click) -> None:
        place = int(event.y + self.scroll_offset.y) - 1
        self.post_message(self.Picked(place, event.chain == 2))


class SweepScreen(FullScreen):
    """A sweep under way or over."""

    ACTIONS = SWEEP
    BINDINGS = bindings(SWEEP)
    WIDTHS = {"-wide": 100}
    HEADING = "Keys of a sweep"
    CSS = """
    #charts { height: 1fr; }
    #charts .panel { width: 1fr; height: 1fr; }
    #values { height: auto; max-height: 50%; scrollbar-size-vertical: 1; }
    SweepScreen.-short #values { border: none; }
    #value-lines { height: auto; }
    #run { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    SweepScreen.-small #run { display: none; }
    """

    def __init__(self, sweep: LiveSweep, wish: Wish, take: Take) -> None:
        """`wish`: what a further sweep begins with. `take`: what enter does with a run."""
        super().__init__()
        self.sweep = sweep
        self.wish = wish
        self.take = take
        self.charts = "both"
        self.ticks = 0
        self._note = ""
        self._note_until = 0
        self._painted: tuple[object, ...] = ()
        self.choice = Choice(sweep.found.values[0])
        self.use(sweep)

    def compose(self) -> ComposeResult:
        yield Words(classes="too-small")
        yield Words(id="top")
        with Vertical(id="body"):
            with Horizontal(id="charts"):
                yield PanelView("curves")
                yield PanelView("measure")
            with ValueTable(id="values", classes="page") as values:
                values.border_title = "values"
            yield Words(id="run")
        yield Words(id="status")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.set_interval(TICK, self.tick)
        self.call_after_refresh(self.tick)

    def use(self, sweep: LiveSweep) -> None:
        """Look at this sweep from now on; at the value that the stage has now, if it is there."""
        self.sweep = sweep
        found = sweep.found
        now = self.wish.settings.get(found.parameter.name)
        values = found.values
        self.choice = Choice(values[values.index(now)] if now in values else values[0])

    # Drawing

    @property
    def found(self) -> Sweep:
        return self.sweep.found

    @property
    def place(self) -> int:
        return self.found.values.index(self.choice.value)

    @property
    def run(self) -> SweepRun | None:
        """The finished run that is chosen."""
        seed = self.found.seeds[self.choice.seed]
        return next((run for run in self.found.at(self.choice.value) if run.seed == seed), None)

    def chart(self, name: str) -> PanelView:
        return next(view for view in self.query(PanelView) if view.panel == name)

    @property
    def shown(self) -> tuple[str, ...]:
        """Which charts are seen: in a narrow terminal one at a time."""
        if self.charts == "both":
            return CHARTS[1:] if self.has_class("-wide") else CHARTS[1:2]
        return (self.charts,)

    def fit(self, width: int, height: int) -> None:
        self.set_class(height < 30, "-short")
        self._painted = ()
        self.call_after_refresh(self.tick)

    def tick(self) -> None:
        """Look at the sweep, and paint what is new."""
        self.ticks += 1
        self.sweep.poll()
        self.settle()
        if self._note and self.ticks > self._note_until:
            self._note = ""
        now = (
            self.sweep,
            self.sweep.version,
            self.sweep.state,
            self.choice,
            self.charts,
            self._note,
            self.size,
            self.dlplay.look,
            self.app.theme,
        )
        if now != self._painted:
            self._painted = now
            self.paint()

    def settle(self) -> None:
        """Choose a measure and a curve as soon as there are some."""
        if self.choice.measure is None and self.found.runs:
            self.choice = replace(self.choice, measure=self.found.main_measure)
        if self.choice.curve is None:
            curves = self.curves
            self.choice = replace(self.choice, curve=curves[0] if curves else None)

    @property
    def curves(self) -> list[tuple[str, str]]:
        """All panels and series that can be charted."""
        panels = self.sweep.drawn.panels
        return [(panel, name) for panel, series in panels.items() for name in series]

    def paint(self) -> None:
        self.paint_top()
        self.paint_charts()
        colours, box = inks(self.app), self.query_one(ValueTable)
        width = max(box.size.width - 1, 20)
        box.show(*table(self.sweep, self.choice, width, colours, self.dlplay.look), self.place)
        which = self.choice.value, self.found.seeds[self.choice.seed]
        under = next((run for run in self.sweep.under if (run.value, run.seed) == which), None)
        about = Text(about_run(self.found, self.run, self.choice, under), no_wrap=True)
        put(self.query_one("#run", Static), about)
        line = status_line(self.sweep, self.size.width, colours, self._note)
        put(self.query_one("#status", Static), line)

    def repaint(self) -> None:
        if self.is_mounted:
            self.tick()

    def paint_top(self) -> None:
        card, parameter = self.found.card, self.found.parameter
        there = f" · on {self.sweep.on}" if self.sweep.on else ""
        top = Text.assemble(
            (f"Sweep of {parameter.name}", "bold"), (f"  {card.title} · {card.id}{there}", "dim")
        )
        top.no_wrap = True
        put(self.query_one("#top", Static), top)

    def paint_charts(self) -> None:
        choice, parameter = self.choice, self.found.parameter.name
        curves, plot = self.chart("curves"), self.chart("measure")
        for view in (curves, plot):
            view.display = view.panel in self.shown
        nothing = draw.Curves(events.Axes(panel=""), {})
        panel, series = choice.curve or ("curves", "")
        by = f"at {self.found.label(choice.value)}" if choice.alone else f"by {parameter}"
        curves.border_title = title(f"{panel}: {series} {by}" if series else panel)
        measured = plot_of(self.found, choice) or nothing
        seeds, middle = len(self.found.seeds), middle_of(measured)
        many = f", {middle} and range of {seeds} seeds" * (seeds > 1)
        plot.border_title = title(f"{choice.measure or 'measure'} by {parameter}{many}")
        look, version = self.dlplay.look, (self.sweep, self.sweep.version, self.choice)
        curves.put(curves_of(self.sweep.drawn, choice) or nothing, look, (version, None))
        plot.put(measured, look, (version, None))

    def note(self, text: str) -> None:
        """Say in the status line what a key did."""
        self._note, self._note_until = text, self.ticks + round(NOTE_SECONDS / TICK)
        self.tick()

    # What the keys do

    def choose(self, **changes: Any) -> None:
        self.choice = replace(self.choice, **changes)
        self.tick()

    def move(self, by: int) -> None:
        values = self.found.values
        self.choose(value=values[(self.place + by) % len(values)])

    def action_value_before(self) -> None:
        self.move(-1)

    def action_value_after(self) -> None:
        self.move(1)

    @on(ValueTable.Picked)
    def pick_value(self, event: ValueTable.Picked) -> None:
        if 0 <= event.place < len(self.found.values):
            self.choose(value=self.found.values[event.place])
            if event.open:
                self.action_open()

    def turn_seed(self, by: int) -> None:
        seeds = len(self.found.seeds)
        if seeds == 1:
            self.note("every value has one seed")
        self.choose(seed=(self.choice.seed + by) % seeds)

    def action_seed_before(self) -> None:
        self.turn_seed(-1)

    def action_seed_after(self) -> None:
        self.turn_seed(1)

    def turn_measure(self, by: int) -> None:
        names = self.found.measures
        if not names:
            self.note("nothing is measured yet")
            return
        place = names.index(self.choice.measure) if self.choice.measure in names else -by
        self.choose(measure=names[(place + by) % len(names)])
        if "measure" not in self.shown:
            self.charts = "measure"
        self.note(f"measure {names.index(str(self.choice.measure)) + 1} of {len(names)}")

    def action_measure(self) -> None:
        self.turn_measure(1)

    def action_measure_before(self) -> None:
        self.turn_measure(-1)

    def turn_curve(self, by: int) -> None:
        known = self.curves
        if not known:
            self.note("no curve is drawn yet")
            return
        place = known.index(self.choice.curve) if self.choice.curve in known else -by
        self.choose(curve=known[(place + by) % len(known)])
        if "curves" not in self.shown:
            self.charts = "curves"
        self.note(f"curve {known.index(self.choice.curve or known[0]) + 1} of {len(known)}")

    def action_curve(self) -> None:
        self.turn_curve(1)

    def action_curve_before(self) -> None:
        self.turn_curve(-1)

    def action_charts(self) -> None:
        """Both charts, then each of them alone; in a narrow terminal one or the other."""
        places = CHARTS if self.has_class("-wide") else CHARTS[1:]
        now = self.charts if self.charts in places else self.shown[0]
        self.charts = places[(places.index(now) + 1) % len(places)]
        self.tick()

    def action_alone(self) -> None:
        self.choose(alone=not self.choice.alone)
        if "curves" not in self.shown:
            self.charts = "curves"
        self.note("the curves of this value alone, one a seed" if self.choice.alone else "all")

    def switch_axis(self, axis: str) -> None:
        for view in (self.chart(name) for name in self.shown):
            if not isinstance(view.content, draw.Curves):
                continue
            log = view.content.axes.log if view.view.log is None else view.view.log
            log = log.replace(axis, "") if axis in log else log + axis
            view.turn(log="xy" if set(log) == {"x", "y"} else log)
            self.note(f"{axis} axis {'logarithmic' if axis in log else 'linear'}")

    def action_log_axis(self) -> None:
        self.switch_axis("y")

    def action_log_x_axis(self) -> None:
        self.switch_axis("x")

    def action_stop(self) -> None:
        if self.sweep.active:
            self.sweep.stop()
            self.note("stopping; what has finished stays")
        else:
            self.note("nothing is running")

    async def action_again(self) -> None:
        name = self.found.parameter.name
        await ask(self.dlplay, replace(self.wish, name=name), self.use)

    def action_address(self) -> None:
        self.note(self.dlplay.copied(self.sweep.command))

    def action_open(self) -> None:
        run = self.run
        if run is None:
            self.note("this run is not over: choose one that is")
            return
        self.app.pop_screen()
        self.take(self.sweep, run)

    def action_back(self) -> None:
        self.app.pop_screen()


async def open_sweep(app: Program, wish: Wish, take: Take) -> None:
    """To the scene's sweep, if there is one; else ask for one."""
    there = app.sweep

    def show(sweep: LiveSweep) -> None:
        app.push_screen(SweepScreen(sweep, wish, take))

    if there is not None and _scene(there.found.card) == _scene(wish.card):
        show(there)
    else:
        await ask(app, wish, show)


def _scene(card: SceneCard) -> tuple[str, str]:
    return card.id, card.digest


async def ask(app: Program, wish: Wish, then: Callable[[LiveSweep], None]) -> None:
    """Ask for a sweep; when it has begun, `then` is given it."""
    if not sweepable(wish):
        app.say(f"{wish.card.id} has no parameter that can be swept")
        return
    old, warning = app.sweep, ""
    if old is not None and old.active:
        name, title = old.found.parameter.name, old.found.card.title
        warning = f"It ends the sweep of {name} in '{title}', which is under way."

    def begin(plan: Plan | None) -> None:
        if plan is not None:
            then(app.begin_sweep(plan))

    on = old.on if old is not None else ""
    await app.push_screen(SweepDialog(wish, warning, on), begin)
