"""What a user does to a scene, without widgets."""

from __future__ import annotations

import pytest

from dlplay.tui.model.session import Session
from dlplay.wire import events
from tests.conftest import FAULTS, wait_for

THERE = f" --scenes {FAULTS}"  # it is searched only where it is asked for


@pytest.fixture
def session(launcher, faults):
    session = Session(faults.find("faults/fine"), launcher, {"steps": 1_000_000}, seed=2)
    yield session
    session.close()


def until(session, condition):
    def check():
        session.poll()
        return condition()

    wait_for(check)


def test_states_of_a_run(session):
    assert session.state == "ready"
    session.toggle()
    until(session, lambda: session.state == "running")
    session.toggle()
    until(session, lambda: session.state == "paused")
    session.stop()
    until(session, lambda: session.state == "stopped")
    assert not session.active


def test_settings_that_differ_from_the_run_shown_are_stale(session):
    session.toggle()
    until(session, lambda: session.state == "running")
    assert session.set("learning_rate", 0.2) == "live"
    assert not session.stale
    assert session.set("learning_rate", 0.2) == ""
    session.stop()
    until(session, lambda: session.state == "stopped")
    assert session.set("size", 5) == "set"
    assert session.stale


def test_the_address_names_what_differs(session):
    session.values["rule"] = "signed"
    line = "dlplay open faults/fine steps=400 learning_rate@0=0.2 --seed 2"
    assert session.address == line + THERE
    session.set("size", 4)
    assert "@" not in session.address  # another run than the one that is shown


def test_a_plan_is_followed_once(launcher, faults):
    tweak = events.Tweaked(tick=20, name="learning_rate", value=0.3)
    session = Session(faults.find("faults/fine"), launcher, seed=2, tweaks=[tweak])
    session.start()
    until(session, lambda: session.state == "done")
    assert session.values["learning_rate"] == 0.3
    assert not session.stale
    assert session.address == "dlplay open faults/fine learning_rate@20=0.3 --seed 2" + THERE
    session.start()
    until(session, lambda: session.state == "done")
    assert session.history.tweaks == []
