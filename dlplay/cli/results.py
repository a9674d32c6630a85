"""A finished run on paper: its panels, its claims with what was measured, its address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlplay.cli.exits import complain
from dlplay.engine.timeline import begun_with
from dlplay.words.address import line_of
from dlplay.words.foreign import printed, uncoloured
from dlplay.words.numbers import short, steps
from dlplay.words.sabotage import told

if TYPE_CHECKING:
    from rich.console import Console

    from dlplay.cli.options import Session
    from dlplay.course.catalog import SceneCard
    from dlplay.engine.history import History
    from dlplay.wire import events

WIDEST = 100  # columns of a panel
LOG_LINES = 20


def print_result(
    console: Console,
    card: SceneCard,
    history: History,
    done: events.Finished,
    session: Session,
    device: str = "auto",
) -> None:
    """Everything there is to see of a run that has ended; `device` is what was asked for."""
    from rich.text import Text

    sabotage = history.started.sabotage if history.started else ""
    console.print(Text(session.text(card.title), style="bold"))
    if sabotage:
        console.print(Text(session.text(told(sabotage)), style="bold yellow"))
    if done.headline:
        console.print(Text(session.text(done.headline)))
    _print_panels(console, card, history, session)
    if done.claims:
        _heading(console, "Claims")
        print_claims(console, done, session)
    claimed = {claim.name for claim in done.claims} if card.is_page else set()
    more = {name: value for name, value in done.measures.items() if name not in claimed}
    if more:
        _heading(console, "Measures")
        width = max(map(len, more))
        for name, value in more.items():
            console.print(Text(session.text(f"  {name:<{width}}  {short(value)}")))
    if history.log and done.status != "failed":
        _heading(console, "Log")
        console.print(Text(session.text(log_tail(history))))
    console.print()
    took = f" in {done.seconds:.1f} s" if done.seconds else ""
    summary = f"{done.status}: {steps(done.steps)}{took} on {done.device}"
    seeded = "" if card.command else f", seed {done.seed}"
    console.print(Text(session.text(summary + seeded)))
    if card.gone:
        return
    begun = begun_with(history) if history.started else done.parameters
    word = "run" if history.tweaks else "open"
    line = line_of(card, word, begun, done.seed, device, history.tweaks, sabotage)
    console.print(Text(session.text(line)), soft_wrap=True)


def _heading(console: Console, title: str) -> None:
    from rich.text import Text

    console.print()
    console.print(Text(title, style="bold"))


def _print_panels(console: Console, card: SceneCard, history: History, session: Session) -> None:
    from rich.text import Text

    from dlplay.draw import View, draw, natural_height, sheets

    look, width = session.look(console), min(console.width, WIDEST)
    panels = history.panels()
    order = [name for name in card.panels if name in panels]
    order += [name for name in panels if name not in order and name != "x-ray"]
    for name in order:
        content = panels[name]
        height = natural_height(content, width, look)
        axes = history.axes.get(name)
        view = View(log=axes.log if axes else None, styles=history.styles.numbers)
        console.print()
        console.print(Text(session.text(name), style="bold"))
        if caption := card.panels.get(name):
            console.print(Text(session.text(caption), style="dim"))
        console.print(draw(content, width, height, look, view))
    if look.charts == "own" and any(map(sheets.wanting, panels.values())):
        complain(sheets.MISSING)


def print_claims(console: Console, done: events.Finished, session: Session) -> None:
    """How every claim stands, in words."""
    from dlplay.draw.verdicts import verdicts

    console.print(verdicts(done.claims, done.whole, console.width, session.text))


def log_tail(history: History) -> str:
    """The last lines of the run's log."""
    lines = [event.text for event in history.log]
    more = history.logged - LOG_LINES
    head = [f"... {more} lines before"] if more > 0 else []
    return uncoloured(printed("\n".join(head + lines[-LOG_LINES:])))
