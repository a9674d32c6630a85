"""The interface without a terminal: an app over the scenes of tests/faults."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from dlplay.course.progress import Progress
from dlplay.draw import Look
from dlplay.tui.app import DlplayApp


@pytest.fixture(autouse=True)
def each_key_is_heard(monkeypatch):
    """What the pilot has pressed, the app has heard."""
    press = Pilot.press

    async def pressed(pilot, *keys):
        await press(pilot, *keys)
        await until(pilot, lambda: not pilot.app.hearing, "the end of what the keys asked for")

    monkeypatch.setattr(Pilot, "press", pressed)


async def until(pilot, condition, what="it", seconds=300):
    """Let the app work until the condition is true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"{what} did not happen within {seconds} s")
        await pilot.pause()
        await asyncio.sleep(0.01)


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
