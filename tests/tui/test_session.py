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
    line = "dlplay open faults/fine steps=1000000 rule=signed --seed 2"
    assert session.address == line + THERE


def test_reloading_keeps_what_is_still_allowed(session, tmp_path, monkeypatch):
    from dataclasses import replace

    copy = tmp_path / "fine.py"
    source = session.card.source.replace("Int(3, min=1, max=10", "Int(2, min=1, max=4")
    copy.write_text(source)
    session.card = replace(session.card, path=copy)
    session.values |= {"size": 9, "learning_rate": 0.3}
    assert session.reload() == ""
    assert session.values["size"] == 2
    assert session.values["learning_rate"] == 0.3
    copy.write_text("class Broken(Scene:")
    assert "fine.py" in session.reload()
    assert session.values["learning_rate"] == 0.3


def test_the_address_of_a_run_has_what_was_turned_on_its_way(session, launcher, faults):
    session.values["steps"] = 400
    session.start(paused=True)
    until(session, lambda: session.state == "paused")
    session.set("learning_rate", 0.2)
    session.step()
    until(session, lambda: session.history.tweaks)
    session.toggle()
    until(session, lambda: session.state == "done")
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
