"""What a user does to a scene, without widgets."""

from __future__ import annotations

import pytest

from dlplay.tui.session import Session
from tests.conftest import wait_for


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
    assert session.address == "dlplay open faults/fine steps=1000000 rule=signed --seed 2"


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
