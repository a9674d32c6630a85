"""What a user does to a program of his own on the stage, without widgets and with them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dlplay.engine.own import program
from dlplay.engine.recordings.library import Library
from dlplay.tui.actions import EVERYWHERE
from dlplay.tui.app import DlplayApp
from dlplay.tui.model.own import NO_SEED, OwnSession
from dlplay.tui.model.steering import GONE
from dlplay.tui.screens.stage import StageScreen
from dlplay.tui.widgets.status import RunLine
from dlplay.wire import events
from tests.conftest import wait_for
from tests.own.conftest import ENDLESS, TRAIN, environment
from tests.tui.conftest import (  # noqa: F401  # fixtures that hold in this file, too
    each_key_is_heard,
    each_size_is_seen,
    no_time_is_waited_for,
    until,
)
from tests.tui.sweeps import words


@pytest.fixture
def session_of(launcher, written, tmp_path):
    sessions = []

    def make(text, settings=None, **options):
        path = written(text)
        order = program(
            [path.name], settings=settings or {}, environment=environment(), folder=tmp_path
        )
        library = Library(tmp_path / "runs")
        sessions.append(OwnSession(replace(order, **options), launcher, library=library))
        return sessions[-1]

    yield make
    for session in sessions:
        session.close()


def see(session, condition, what="it"):
    def look():
        session.poll()
        return condition()

    wait_for(look, what)


def test_what_it_may_still_ask_for_is_in_the_line_that_makes_it_again(session_of):
    session = session_of(ENDLESS, {"rate": "0.25"}, paused=True)
    assert session.address == "dlplay watch rate=0.25 -- train.py"
    session.start()
    assert session.address == "dlplay watch rate=0.25 -- train.py"
    see(session, lambda: "rate" in session.card.parameters, "the knob")
    assert session.address == "dlplay watch rate=0.25 -- train.py"


def test_its_knobs_become_parameters_and_are_turned_live(session_of):
    session = session_of(ENDLESS, {"rate": "0.25"})
    session.start()
    see(session, lambda: "rate" in session.card.parameters, "the knob")
    assert session.shown == {"rate": 0.25}
    assert not session.stale
    assert session.set("rate", 0.75) == "live"
    see(session, lambda: session.history.tweaks, "the turn")
    assert session.address.startswith("dlplay watch rate=0.25 rate@")
    assert session.address.endswith("=0.75 -- train.py")


def test_a_knob_that_is_not_live_begins_the_program_again_with_its_value(session_of):
    session = session_of(
        """
        from dlplay import stage
        size = stage.knob("size", 8, min=1, max=64)
        for step in stage.loop(3):
            stage.curve("loss", train=size)
        """
    )
    session.start()
    see(session, lambda: session.state == "done", "the end")
    session.pin()
    assert session.set("size", 32) == "restart"
    see(session, lambda: session.runs == 2 and session.state == "done", "the second run")
    assert session.history.series["loss"]["train"].last == 32
    assert session.pins[0].history.series["loss"]["train"].last == 8
    assert session.address == "dlplay watch size=32 -- train.py"
    assert session.new_seed() == NO_SEED


def test_a_branch_goes_on_from_where_one_looks_with_the_knob_turned_there(session_of):
    session = session_of(TRAIN)
    session.start()
    see(session, lambda: session.state == "done", "the end")
    session.seek(3)
    assert session.set("rate", 0.5) == "draft"
    session.branch()
    see(session, lambda: session.state == "done" and session.at is None, "the branch")
    weight = 0.9 * 0.95 * 0.9 * 0.75 * 0.5 * 0.75
    assert session.history.measures["weight"] == pytest.approx(weight)


def test_what_is_turned_on_the_way_is_the_value_that_is_shown(session_of):
    turned = (events.Tweaked(tick=2, name="rate", value="0.5"),)
    session = session_of(TRAIN, tweaks=turned)
    session.start()
    see(session, lambda: session.state == "done", "the end")
    assert session.shown == {"rate": 0.5}
    assert not session.stale


async def test_on_the_stage_a_program_is_not_called_a_scene(session_of, faults, launcher):
    session = session_of(
        """
        from dlplay import stage
        for step in stage.loop(3):
            stage.curve("loss", train=step)
        stage.claim("small", 1, below=2)
        """
    )
    app = DlplayApp(faults, launcher, first={"card": session.card, "session": session})
    async with app.run_test(size=(200, 50)) as pilot:
        await until(pilot, lambda: session.state == "done", "the end")
        stage, line = app.screen, app.screen.query_one("#status")
        assert not stage.has_class("-docked")  # there is no lesson
        for key in ("t", "R", "b", "S", "N"):
            await pilot.press(key)
            assert "train.py is no scene" in line.content.plain
            assert app.screen is stage
        assert not stage.tries.has_class("-open")
        await pilot.press("l")
        assert "no knob was asked for" in line.content.plain
        await pilot.press("w")
        assert GONE in line.content.plain
        await pilot.press("c")
        claims = stage.query_one("#claims")
        assert not claims.border_subtitle
        await pilot.press("enter")
        assert app.screen is stage
        await pilot.press("o")
        assert "scene" not in stage.query_one("#log-empty").content.plain
        await pilot.press("o", "question_mark")
        assert not [
            action
            for action in app.screen.actions
            if "scene" in f"{action.label} {action.help} {action.group}".lower()
            and action not in EVERYWHERE
        ]


def test_a_knob_called_seed_is_the_seed(session_of):
    text = """
        from dlplay import stage
        seed = stage.knob("seed", 0)
        for step in stage.loop(3):
            stage.curve("seed", seed=seed)
    """
    session = session_of(text)
    session.start()
    see(session, lambda: session.state == "done", "the end")
    assert session.new_seed() == f"seed {session.values['seed']}"
    see(session, lambda: session.runs == 2 and session.state == "done", "the second run")
    assert session.history.series["seed"]["seed"].last == session.values["seed"] > 0


def test_each_run_is_recorded(session_of, tmp_path):
    session = session_of(TRAIN)
    session.start()
    see(session, lambda: session.state == "done", "the end")
    (info,) = Library(tmp_path / "runs").runs()
    assert (info.scene, info.status, info.command) == ("own/train", "done", ("train.py",))
    assert info.parameters == {"rate": 0.1}


def test_what_was_wrong_with_a_call_is_said_once(session_of):
    text = """
        from dlplay import stage
        for step in stage.loop(3):
            stage.image("digits", "no image")
    """
    session = session_of(text)
    said = []

    def ended():
        said.append(session.take_note())
        return session.state == "done"

    for run in (1, 2):
        session.start()
        see(session, ended, "the end")
        notes = [*filter(None, said)]
        assert len(notes) == run
        assert notes[-1].startswith("stage.image: ValueError: image takes")


def test_to_leave_it_while_it_runs_has_to_be_said_twice(session_of):
    session = session_of(ENDLESS)
    session.start()
    see(session, lambda: session.state == "running", "the start")
    assert session.leave() == "train.py is running; once more ends it"
    assert session.leave() == ""


async def test_on_the_stage_a_key_turns_the_knob_and_x_ends_its_loops(
    session_of, launcher, faults, tmp_path
):
    session = session_of(ENDLESS)
    first = {"card": session.card, "session": session}
    app = DlplayApp(faults, launcher, first=first)
    async with app.run_test(size=(120, 40)) as pilot:
        stage = app.screen
        assert isinstance(stage, StageScreen)
        await until(pilot, lambda: session.card.parameters and session.history.tick, "the knob")
        await pilot.press("right")
        await until(pilot, lambda: session.history.tweaks, "the turn")
        assert session.shown["rate"] > 0.5
        await pilot.press("question_mark")
        shown = {action.name for action in app.screen.actions}
        assert {"more", "stop", "log"} <= shown
        assert not shown & {"tries", "riddle", "breaker", "sweep", "next_scene"}
        await pilot.press("escape", "S")
        await pilot.press("q")
        assert app.screen is stage
        await pilot.press("x")
        await until(pilot, lambda: session.state == "stopped", "the end")
        stage.query_one(RunLine).show()
        assert "its loops end" not in words(app, "status")  # they have
        assert session.history.measures["last"] > 0.5
        await pilot.press("q")
    assert app.return_code == 0
