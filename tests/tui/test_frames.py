"""How often what streams is painted, and what of it."""

from __future__ import annotations

import pytest

from dlplay.tui.model import frames
from dlplay.tui.model.frames import LONGEST, SHARE, Frames
from dlplay.tui.widgets.panel import PanelView
from tests.tui.conftest import until


@pytest.fixture
def clock(monkeypatch):
    """Seconds that went by, and those of them that this thread worked."""
    now = {"all": 100.0, "worked": 5.0}
    monkeypatch.setattr(frames, "monotonic", lambda: now["all"])
    monkeypatch.setattr(frames, "thread_time", lambda: now["worked"])
    return now


def go_on(clock, worked, rested):
    clock["worked"] += worked
    clock["all"] += worked + rested


def test_a_dear_frame_is_followed_by_a_long_rest(clock):
    pace = Frames()
    assert pace.due
    pace.begin()
    go_on(clock, worked=0.02, rested=0.1)
    assert not pace.due
    go_on(clock, worked=0, rested=0.02 / SHARE - 0.1)
    assert pace.due


def test_a_cheap_frame_is_followed_at_once(clock):
    pace = Frames()
    pace.begin()
    go_on(clock, worked=0.005, rested=0.1)
    assert pace.due


def test_a_frame_comes_at_last_whatever_one_costs(clock):
    pace = Frames()
    pace.begin()
    go_on(clock, worked=LONGEST / 2, rested=0)
    assert not pace.due
    go_on(clock, worked=LONGEST / 2, rested=0)
    assert pace.due


def test_a_slow_link_is_free_half_of_the_time(clock):
    pace = Frames()
    pace.begin()
    go_on(clock, worked=0, rested=3)
    pace.still_sending()
    go_on(clock, worked=0, rested=2)
    assert not pace.due
    go_on(clock, worked=0, rested=1)
    assert pace.due
    pace.begin()
    go_on(clock, worked=0, rested=0.1)
    assert pace.due


def test_what_the_user_did_is_seen_at_once(clock):
    pace = Frames()
    pace.begin()
    go_on(clock, worked=LONGEST / 4, rested=0)
    pace.still_sending()
    assert not pace.due
    pace.hurry()
    assert pace.due


async def test_the_lines_that_are_as_they_were_are_not_painted_again(open_app, monkeypatch):
    async with open_app("fine") as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        view = app.screen.panels.views[0]
        await until(pilot, lambda: view.content is not None and view.size, "the panel")
        painted = []
        monkeypatch.setattr(PanelView, "refresh", lambda self, *regions: painted.append(regions))
        view.paint()
        assert painted == []
        strips = list(view._strips)
        strips[2] = strips[2].crop(0, 3).extend_cell_length(strips[2].cell_length)
        view._strips = strips
        view._drawn_for = ()
        view.paint()
        assert [region.y for region in painted[0]] == [2]


async def test_a_frame_that_is_under_way_is_whole_when_the_run_ends(open_app):
    async with open_app("fine") as (app, pilot):
        session, grid = app.screen.session, app.screen.panels
        await until(pilot, lambda: session.state == "done", "the end")
        await until(pilot, lambda: all(view.content for view in grid.views), "the panels")
        for view in grid.views:
            assert view._version[0] == session.history.versions[view.panel]
            assert view._taken is None
