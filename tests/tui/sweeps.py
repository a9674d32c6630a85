"""What tests do with a sweep in the interface: ask for one, and wait for its end."""

from __future__ import annotations

from textual.widgets import Input, Static

from dlplay.tui.sweeps.dialog import SweepDialog
from dlplay.tui.sweeps.screen import SweepScreen
from tests.tui.conftest import until


def words(app, id):
    return app.screen.query_one(f"#{id}", Static).content.plain


def painted(view):
    """The lines of a panel, as the terminal is given them."""
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


async def fill(pilot, field, text):
    """Type this into a field of the dialog."""
    box = pilot.app.screen.query_one(f"#{field}", Input)
    box.focus()
    box.value = ""
    await pilot.press(*text)


async def ask(pilot, values, seeds="1", jobs="1"):
    """Open the dialog from the stage, fill it in, and begin."""
    await pilot.press("S")
    assert isinstance(pilot.app.screen, SweepDialog)
    await fill(pilot, "values", values)
    await fill(pilot, "seeds", seeds)
    await fill(pilot, "jobs", jobs)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, SweepScreen), "the screen of the sweep")
    return pilot.app.sweep


async def over(pilot, state="done"):
    sweep = pilot.app.sweep
    await until(pilot, lambda: sweep.state == state, "the end of the sweep")
    pilot.app.screen.tick()
    return sweep
