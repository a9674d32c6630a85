"""The dialog of a sweep: which parameter, which values, how many seeds, on which machines, how many
runs at once, and whether those of a seed are trained as one batch, where the scene can."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from rich.text import Text
from textual import events as input_events
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from dlplay.author.parameters.base import Parameter, ParameterError
from dlplay.author.parameters.numbers import Int
from dlplay.draw.glyphs import fit
from dlplay.engine.cluster.places import NoPlace, place
from dlplay.engine.pool import cores
from dlplay.engine.sweeps.runs import distinct, spare_cores, spread
from dlplay.tui.sweeps.model import MOST_RUNS, Plan, Wish
from dlplay.tui.texts import Words
from dlplay.web import in_a_browser

FIELDS = ("#swept", "#values", "#seeds", "#on", "#jobs", "#batch")
HERE = "this machine, or slurm,partition=NAME, dask=HOST:PORT"
HELP, VALUE, ALLOWED = 60, 30, 200  # cells of what is said of a parameter: two rows, and four
SEEDS = Int(3, min=1, max=100)
JOBS = Int(1, min=1, max=64)
SEEDS.name, JOBS.name = "seeds", "jobs"


class Mistyped(ParameterError):
    """What is typed in `field` is not allowed; the message says what is."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def sweepable(wish: Wish) -> list[Parameter[Any]]:
    """The parameters that a sweep can vary."""
    return [p for p in wish.card.parameters.values() if p.kind != "text"]


def offered(parameter: Parameter[Any], wish: Wish) -> str:
    """A sensible spread about the present value, as one would type it."""
    present = wish.settings.get(parameter.name, parameter.default)
    return ", ".join(parameter.show(value) for value in spread(parameter, present))


def planned(
    wish: Wish, parameter: Parameter[Any], values: str, seeds: str, jobs: str, on: str = ""
) -> Plan:
    """What the fields ask for; Mistyped if one of them cannot be."""
    # The name of an option or a file may have a space in it.
    spaced = parameter.kind == "file" or (parameter.kind == "choice" and "," in values)
    between = r"\s*,\s*" if spaced else r"[,\s]+"
    try:
        listed = [parameter.parse(word) for word in re.split(between, values.strip(", ")) if word]
        plan = Plan(wish, parameter.name, distinct(parameter, listed), 1, 1)
    except ParameterError as error:
        raise Mistyped("#values", str(error)) from None
    count, at_once = _whole(SEEDS, "#seeds", seeds), _whole(JOBS, "#jobs", jobs)
    plan = Plan(wish, parameter.name, plan.values, count, at_once, _machines(on))
    if in_a_browser() and at_once > cores():
        raise Mistyped("#jobs", f"jobs takes {cores()} at most here: others are served, too")
    if plan.runs > MOST_RUNS:
        message = f"that makes {plan.runs:,} runs, and a sweep takes {MOST_RUNS:,} at most"
        raise Mistyped("#seeds", message)
    return plan


def _machines(text: str) -> str:
    """Which other machines, as `--on` takes them, if any."""
    on = text.strip()
    if not on:
        return ""
    try:
        if place(on).kind == "local":
            raise Mistyped("#on", "left empty, the runs are made on this machine")
    except NoPlace as error:
        raise Mistyped("#on", str(error).removeprefix("--")) from None
    return on


def _whole(parameter: Int, field: str, text: str) -> int:
    try:
        return parameter.parse(text.strip())
    except ParameterError as error:
        raise Mistyped(field, str(error)) from None


class Swept(Words, can_focus=True):
    """The parameter to sweep; the arrows choose another."""


class Batch(Words, can_focus=True):
    """Whether the runs of a seed are trained as one; the arrows turn it."""


class SweepDialog(ModalScreen[Plan | None]):
    """Asks for a sweep; a wrong word is told on the spot, and the dialog stays."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("enter", "start", show=False),
        Binding("down,tab", "field(1)", show=False),
        Binding("up,shift+tab", "field(-1)", show=False),
    ]
    CSS = """
    SweepDialog .dialog { width: 72; padding: 0 2; }
    SweepDialog .row { height: 1; }
    SweepDialog .label { width: 11; color: $foreground; }
    SweepDialog .about { width: 1fr; color: $foreground 60%; padding: 0 0 0 2; }
    SweepDialog .dialog Input { height: 1; border: none; padding: 0 1; width: 1fr; }
    SweepDialog .dialog .short { width: 8; }
    SweepDialog .dialog Input:focus { background: $primary 30%; }
    SweepDialog #swept { width: 1fr; padding: 0 1; }
    SweepDialog #batch { width: 10; padding: 0 1; }
    SweepDialog #swept:focus, SweepDialog #batch:focus { background: $primary 30%; }
    SweepDialog #about-swept { height: auto; color: $foreground 60%; padding: 0 1 0 12; }
    SweepDialog #makes { height: auto; min-height: 2; margin-top: 1; }
    SweepDialog #keys { color: $foreground 60%; }
    """

    def __init__(self, wish: Wish, warning: str = "", on: str = "") -> None:
        """`warning`: what starting it would end. `on`: the machines that are offered."""
        super().__init__()
        self.wish = wish
        self.warning = warning
        self.machines = on
        self.choices = sweepable(wish)
        names = [parameter.name for parameter in self.choices]
        self.place = names.index(wish.name) if wish.name in names else 0
        self.apart = False

    @property
    def parameter(self) -> Parameter[Any]:
        return self.choices[self.place]

    def compose(self) -> ComposeResult:
        jobs = max(1, spare_cores() - self.wish.busy)
        with Vertical(classes="dialog") as box:
            box.border_title = "sweep"
            yield Words(f"Run {self.wish.card.title} at several values of one parameter.\n")
            yield from self._row("parameter", Swept(id="swept"))
            yield Words(id="about-swept")
            yield from self._row("values", Input(id="values", select_on_focus=False))
            seeds = Input(str(SEEDS.default), id="seeds", classes="short")
            yield from self._row("seeds", seeds, f"for each value, from seed {self.wish.seed} on")
            with Horizontal(classes="row", id="machines"):
                yield Words("on", classes="label")
                yield Input(self.machines, HERE, id="on")
            at_once = Input(str(min(jobs, JOBS.max)), id="jobs", classes="short")
            with Horizontal(classes="row"):
                yield Words("jobs", classes="label")
                yield at_once
                yield Words(classes="about", id="about-jobs")
            with Horizontal(classes="row", id="together"):
                yield Words("one batch", classes="label")
                yield Batch(id="batch")
                yield Words(classes="about", id="about-batch")
            yield Words(id="makes")
            yield Words("enter runs it · ↓ next field · esc cancels", id="keys")

    def _row(self, label: str, field: Static | Input, about: str = "") -> Any:
        with Horizontal(classes="row"):
            yield Words(label, classes="label")
            yield field
            if about:
                yield Words(about, classes="about")

    def on_mount(self) -> None:
        self.query_one("#machines").display = not in_a_browser()  # visitors queue nothing
        self.show_machines()
        self.show_parameter()
        first = "#values" if self.wish.name == self.parameter.name else "#swept"
        self.set_focus(self.query_one(first))  # at once: what is typed next belongs there

    def show_parameter(self) -> None:
        """The chosen parameter, what it takes, and the values that are offered."""
        parameter = self.parameter
        unit = f" · {parameter.unit}" if parameter.unit else ""
        self.query_one("#swept", Static).update(Text(f"‹ {parameter.name} ›{unit}", "bold"))
        now = parameter.show(self.wish.settings.get(parameter.name, parameter.default))
        about = f"{fit(parameter.help or parameter.name, HELP)}, now {fit(now, VALUE)}"
        self.query_one("#about-swept", Static).update(
            Text(f"{about}\n{fit(parameter.allowed, ALLOWED)}")
        )
        self.query_one("#together").display = self.parameter.name in self.wish.card.each
        self.show_batch()
        values = self.query_one("#values", Input)
        values.value = offered(parameter, self.wish)
        values.cursor_position = len(values.value)

    def plan(self) -> Plan:
        """What the fields ask for; Mistyped if they cannot be."""
        words = [self.query_one(f, Input).value for f in ("#values", "#seeds", "#jobs", "#on")]
        return replace(planned(self.wish, self.parameter, *words), apart=self.apart)

    @on(Input.Changed, "#on")
    def show_machines(self) -> None:
        """Other machines see to it themselves how many runs they take at once."""
        away, count = bool(self.query_one("#on", Input).value.strip()), cores()
        for field, about in {
            "jobs": f"runs at once; this machine has {count} core{'s' * (count > 1)}",
            "batch": "of a seed's runs: no pictures until opened",
        }.items():
            self.query_one(f"#{field}").disabled = away
            self.query_one(f"#about-{field}", Static).update(
                "for this machine only" * away or about
            )

    @on(Input.Changed)
    def show_count(self) -> None:
        """How many runs that makes, or what is wrong."""
        try:
            plan = self.plan()
        except Mistyped as error:
            self.query_one("#makes", Static).update(Text(str(error), "bold red"))
            return
        seeds = f" × {plan.seeds} seeds" if plan.seeds > 1 else ""
        text = Text(f"{len(plan.values)} values{seeds} = {plan.runs} runs", "bold")
        if self.warning:
            text.append(f"\n{self.warning}", "not bold")
        self.query_one("#makes", Static).update(text)

    @on(Input.Submitted)
    def action_start(self) -> None:
        try:
            self.dismiss(self.plan())
        except Mistyped as error:
            self.show_count()
            self.set_focus(self.query_one(error.field))

    def action_field(self, by: int) -> None:
        fields = {field: self.query_one(field) for field in FIELDS}
        there = [
            name
            for name, each in fields.items()
            if not each.disabled and all(node.display for node in each.ancestors_with_self)
        ]
        now = f"#{self.focused.id}" if self.focused is not None else ""
        place = there.index(now) if now in there else 0
        self.set_focus(self.query_one(there[(place + by) % len(there)]))

    def on_key(self, event: input_events.Key) -> None:
        """Left and right on the parameter choose another, on the batch whether there is one."""
        by = {"left": -1, "h": -1, "right": 1, "l": 1}.get(event.key, 0)
        if by and isinstance(self.focused, (Swept, Batch)):
            event.stop()
            if isinstance(self.focused, Swept):
                self.choose(self.place + by)
            else:
                self.turn_batch()

    @on(input_events.Click, "#batch")
    def turn_batch(self) -> None:
        self.apart = not self.apart
        self.show_batch()

    def show_batch(self) -> None:
        turned = "no" if self.apart else "yes"
        self.query_one("#batch", Static).update(Text(f"‹ {turned} ›", "bold"))

    @on(input_events.Click, "#swept")
    def next_parameter(self) -> None:
        self.choose(self.place + 1)

    def choose(self, place: int) -> None:
        self.place = place % len(self.choices)
        self.show_parameter()
