"""The interface without a terminal: an app over the scenes of tests/faults."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from textual._context import active_app
from textual.pilot import Pilot
from textual.widgets import Static

from dlplay.course.progress import Progress
from dlplay.draw import Look
from dlplay.tui.app import DlplayApp

LONG = {"steps": 1_000_000}  # settings of a run that is not over before the test is
ROUNDS = 3  # what is painted gives widgets other sizes, for which they paint again


async def settled(*_):
    """Wait until all that can be done at once is done, and painted; no longer.

    In place of Textual's own wait, which waits for 20 ms of next to no work after every key: with
    a run on the screen these never come, and on a machine with other work they come too early.
    """
    loop = asyncio.get_running_loop()
    for _ in range(ROUNDS):
        for _ in range(1000):
            await asyncio.sleep(0)
            if not loop._ready:  # nobody else has anything to do before time has gone by
                break
        app = active_app.get(None)
        if app is not None and app.screen_stack:
            app.screen._on_timer_update()


@pytest.fixture(autouse=True)
def no_time_is_waited_for(monkeypatch):
    monkeypatch.setattr("textual.pilot.wait_for_idle", settled)
    monkeypatch.setattr("textual.app.wait_for_idle", settled)


@pytest.fixture(autouse=True)
def each_key_is_heard(monkeypatch):
    """What the pilot has pressed, the app has heard."""
    press = Pilot.press

    async def pressed(pilot, *keys):
        await press(pilot, *keys)
        await until(pilot, lambda: not pilot.app.hearing, "the end of what the keys asked for")

    monkeypatch.setattr(Pilot, "press", pressed)


@pytest.fixture(autouse=True)
def each_size_is_seen(monkeypatch):
    """A terminal of another size is heard of a little later: Textual waits for the last of them."""
    resize = Pilot.resize_terminal

    async def resized(pilot, width, height):
        await resize(pilot, width, height)
        await until(pilot, lambda: pilot.app._resize_event is None, "the size")
        await settled()

    monkeypatch.setattr(Pilot, "resize_terminal", resized)


async def until(pilot, condition, what="it", seconds=300):
    """Let the app work until the condition is true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"{what} did not happen within {seconds} s")
        await asyncio.sleep(0.01)
        await settled()


def status(app):
    return app.screen.query_one("#status", Static).content.plain


def footer(app):
    """What its keys are said to do."""
    shown = {}
    for active in app.screen.active_bindings.values():
        if active.binding.show:
            shown.setdefault(active.binding.action, active.binding.description)
    return list(shown.values())


def visible(app):
    return [view.panel for view in app.screen.panels.views if view.display]


async def at_rest(pilot):
    """The run is done, and all that it left is painted."""
    screen = pilot.app.screen
    await until(pilot, lambda: screen.session.state == "done", "the end")
    await until(pilot, lambda: not screen._owed, "a screen at rest")


@pytest.fixture
def open_app(launcher, faults, tmp_path):
    """`async with open_app(scene, settings, size=...) as (app, pilot)`."""

    @asynccontextmanager
    async def opener(
        name=None, settings=None, *, size=(120, 40), start=True, look=None, seed=0, kept=None
    ):
        first = None
        if name is not None:
            card = faults.find(f"faults/{name}")
            first = {"card": card, "settings": settings or {}, "start": start, "seed": seed}
        app = DlplayApp(
            faults,
            launcher,
            look or Look(),
            Progress(tmp_path / "progress.json"),
            first,
            preferences=kept,
        )
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            try:
                yield app, pilot
            finally:
                session = getattr(app.screen, "session", None)
                if session is not None:
                    session.close()

    return opener
