"""What the screens look like, at three sizes: few pictures, of much at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dlplay.course.catalog import Catalog
from dlplay.course.progress import Progress
from dlplay.draw import Look
from dlplay.tui.app import DlplayApp
from tests.conftest import FAULTS
from tests.tui.fixed import CLAIMS, PANELS, FixedLauncher

SIZES = [(80, 24), (120, 40), (200, 60)]
LESSON = """A network **learns** when its loss falls:

$$L(\\theta) = \\frac{1}{N} \\sum_i \\ell(f_\\theta(x_i), y_i)$$

- Watch the curve.
- Turn `learning_rate`.
"""


def app(tmp_path, *, stage, look=None):
    catalog = Catalog([FAULTS])
    progress = Progress(tmp_path / "progress.json")
    progress.record("faults/fine", held=True)
    progress.record("faults/warns", held=False)
    first = None
    if stage:
        card = replace(
            catalog.find("faults/fine"),
            panels=dict.fromkeys(PANELS, ""),
            lesson=LESSON,
            claims=CLAIMS,
        )
        first = {"card": card}
    return DlplayApp(catalog, FixedLauncher(), look or Look(), progress, first)


async def settle(pilot):
    """Let the screen take in the run and paint all that follows from it, until nothing moves."""
    screen, before, now = pilot.app.screen, None, ()
    while now != before:
        for _ in range(3):
            await pilot.pause()
            if hasattr(screen, "tick"):
                screen._freshen()
                screen.tick()
        before, now = now, [(widget, widget.region) for widget in screen.walk_children()]
    screen.refresh()
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES)
def test_browser(snap_compare, tmp_path, size):
    async def to_a_scene(pilot):
        pilot.app.screen.select("faults/fine")
        pilot.app.screen.read()
        await settle(pilot)

    assert snap_compare(app(tmp_path, stage=False), terminal_size=size, run_before=to_a_scene)


@pytest.mark.parametrize("size", SIZES)
def test_stage(snap_compare, tmp_path, size):
    assert snap_compare(app(tmp_path, stage=True), terminal_size=size, run_before=settle)


def test_stage_light_with_claims(snap_compare, tmp_path):
    async def open_claims(pilot):
        await pilot.press("c", "j")
        await settle(pilot)

    light = app(tmp_path, stage=True, look=Look(dark=False))
    assert snap_compare(light, terminal_size=(120, 40), run_before=open_claims)


def test_stage_in_ascii_without_colour(snap_compare, tmp_path):
    plain = app(tmp_path, stage=True, look=Look(colors="none", ascii=True))
    assert snap_compare(plain, terminal_size=(120, 40), run_before=settle)
