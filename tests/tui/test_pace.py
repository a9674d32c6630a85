"""How fast a run is shown, which changes none of its numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dlplay.tui.model import steering
from dlplay.tui.model.pace import PACES, nearest, next_pace
from dlplay.tui.model.session import Session
from tests.tui.conftest import LONG, status, until
from tests.tui.test_session import until as polled


def test_paces():
    assert [nearest(rate) for rate in (0, 0.2, 1, 2, 12, 50, 60, 1e6)] == [
        0, 1, 1, 3, 10, 30, 100, 300,
    ]  # fmt: skip
    assert next_pace(300, 1) == 0
    assert next_pace(0, 1) == 0
    assert next_pace(0, -1) == 300
    assert next_pace(1, -1) == 1


def test_the_numbers_are_the_same_at_every_pace(launcher, faults):
    measured = []
    for pace in PACES:
        session = Session(faults.find("faults/fine"), launcher, {"steps": 3}, seed=5)
        session.pace = pace
        session.start()
        polled(session, lambda session=session: session.state == "done")
        measured.append(session.history.finished.measures)
        session.close()
    assert measured[0]
    assert measured == [measured[0]] * len(PACES)


@pytest.mark.parametrize(("page", "pace"), [(True, 30), (False, 0)])
def test_a_page_has_a_pace_of_its_own(launcher, faults, page, pace):
    card = replace(faults.find("faults/page" if page else "faults/fine"), pace=25)
    session = Session(card, launcher)
    session.start()
    assert (session.pace, session.run.order.pace) == (pace, pace)
    session.close()


async def test_keys_choose_the_pace_of_this_run_and_the_next(open_app):
    async with open_app("fine", LONG) as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.history.tick > 10, "the run")
        assert "full pace" in status(app)
        await pilot.press("minus")
        assert "300 steps a second" in status(app)
        await pilot.press(*["minus"] * 9)
        assert session.pace == 1
        await until(pilot, lambda: "pace 1/s" in status(app), "the pace")
        await pilot.press("r")
        assert session.run.order.pace == 1
        await pilot.press(*["plus"] * 9)
        assert "as fast as it goes" in status(app)
        await until(pilot, lambda: session.history.tick > 100, "steps that do not wait")


def test_a_branch_repeats_its_way_unpaced(launcher, faults):
    session = Session(faults.find("faults/fine"), launcher, seed=2)
    session.start()
    polled(session, lambda: session.state == "done")
    session.pace = 1
    session.seek(40)
    session.branch()
    assert session.run.order.pace == 0
    steering.ask(session, "faster")
    assert session.pace == 3
    session.change_pace(9)
    polled(session, lambda: session.state == "done")
    session.close()
