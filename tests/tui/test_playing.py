"""What is kept of a run plays and steps: a recording, and the past of a run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Static

from dlplay.engine.history import History
from dlplay.engine.recordings.library import Library
from dlplay.engine.recordings.replay import load
from dlplay.tui.app import replayed
from dlplay.tui.model import steering
from dlplay.tui.model.pace import PACES, TICK, fitting, played
from dlplay.tui.model.replayed import Replayed
from dlplay.tui.model.session import Session
from dlplay.wire import events
from tests.tui.conftest import until
from tests.tui.test_recordings import make, record
from tests.tui.test_session import until as polled


def line(app, id="timeline"):
    return app.screen.query_one(f"#{id}", Static).content.plain


@pytest.fixture(scope="module")
def kept(launcher, faults, tmp_path_factory):
    """The recording of a run of fifty steps."""
    library = Library(tmp_path_factory.mktemp("runs"))
    session = Session(faults.find("faults/fine"), launcher, library=library)
    session.start()
    polled(session, lambda: session.history.finished is not None)
    session.close()
    return library.runs()[0].path


@pytest.fixture
def recorded(faults, kept):
    return Replayed(faults.find("faults/fine"), load(kept), known=True)


@pytest.fixture
def past(launcher, faults):
    """A run that is over, looked at as it was at its tenth step."""
    session = Session(faults.find("faults/fine"), launcher)
    session.start()
    polled(session, lambda: session.history.finished is not None)
    session.seek(10)
    yield session
    session.close()


# The pace


def test_a_slow_pace_is_a_step_a_frame_and_a_fast_one_several(recorded):
    recorded.seek(1)
    recorded.toggle()
    shown = {}
    for pace in PACES:
        recorded.pace = pace
        recorded._look_at(1)
        recorded.play_on()
        shown[pace] = (recorded.frame, recorded.tick - 1)
    assert shown[1] == (1, 1)
    assert shown[3] == (pytest.approx(1 / 3), 1)
    assert shown[100] == (TICK, round(100 * TICK))
    assert shown[0] == shown[300] == (TICK, round(300 * TICK))


def test_no_part_of_a_step_is_lost(recorded, monkeypatch):
    monkeypatch.setattr("dlplay.tui.model.watching.TICK", 0.25)  # 2.5 steps a frame
    recorded.pace = 10
    recorded.seek(1)
    recorded.toggle()
    seen = []
    for _ in range(4):
        recorded.play_on()
        seen.append(recorded.tick)
    assert seen == [3, 6, 8, 11]


def test_a_recording_plays_in_about_ten_seconds_unless_its_page_has_a_pace(faults, kept):
    assert [fitting(steps) for steps in (1, 50, 500, 3000, 10_000)] == [1, 3, 30, 300, 0]
    assert played(0, 100) == 300
    assert played(0, 1_000_000) == 100_000
    card = faults.find("faults/fine")
    assert Replayed(card, load(kept), known=True).pace == 3
    page = replace(faults.find("faults/page"), pace=25)
    assert Replayed(page, load(kept), known=True).pace == 30


# A recording


def test_a_recording_plays_from_its_first_step_to_its_last(recorded):
    assert recorded.at is None
    assert steering.ask(recorded, "go") == ""
    assert (recorded.at, recorded.playing) == (1, True)
    seen = [recorded.at]
    while recorded.playing:
        said = steering.play_on(recorded)
        seen.append(recorded.tick)
    assert seen == list(range(1, recorded.history.tick + 1))
    assert recorded.at is None
    assert said == steering.ENDED
    assert steering.play_on(recorded) == ""


def test_a_recording_pauses_steps_and_begins_again(recorded):
    steering.ask(recorded, "go")
    recorded.play_on()
    steering.ask(recorded, "go")
    recorded.play_on()
    assert (recorded.at, recorded.playing) == (2, False)
    steering.ask(recorded, "step")
    assert recorded.at == 3
    steering.ask(recorded, "go")
    assert recorded.playing
    steering.ask(recorded, "step")
    assert (recorded.at, recorded.playing) == (4, False)
    assert steering.ask(recorded, "again") == "from the first step on"
    assert (recorded.at, recorded.playing) == (1, True)
    steering.seek(recorded, 0.5)  # who travels wants to look
    assert not recorded.playing
    steering.seek(recorded, "now")
    assert "last step" in steering.ask(recorded, "step")
    assert recorded.at is None
    before = recorded.pace
    assert "steps a second" in steering.ask(recorded, "faster")
    assert recorded.pace > before


def test_a_recording_of_one_step_or_none_stands_still(recorded):
    for ticks in (0, 1):
        recorded.moment.history = History()
        if ticks:
            recorded.history.feed([events.Progress(tick=1, step=1, total=1)])
        for what in ("go", "step", "again"):
            steering.ask(recorded, what)
            assert recorded.at is None
            assert not recorded.playing


async def test_the_keys_of_a_recording(launcher, faults, tmp_path):
    (info,), _ = await record(launcher, faults, tmp_path, "fine")
    app = make(launcher, faults, tmp_path, replayed(faults, info.path))
    async with app.run_test(size=(80, 24)) as pilot:
        session, time = app.screen.session, app.screen.time
        await until(pilot, lambda: "done" in line(app, "status"), "the recording")
        await pilot.press(*["minus"] * 5)
        assert "pace: 1 step a second" in line(app, "status")
        await pilot.press("space")
        assert session.playing
        await until(pilot, lambda: "▶ step" in line(app), "its first steps")
        beat = time._beat
        assert beat is not None
        assert beat._interval == 1  # nothing happens between two steps
        at = session.at
        time.beat()
        await until(pilot, lambda: session.at > at, "the next one")
        await until(pilot, lambda: f"▶ step {session.at} of 50" in line(app), "a word for it")
        shown = [key.description for key in app.screen.query("FooterKey")]
        assert shown[:3] == ["Pause", "Step", "Again"]
        at = session.at
        await pilot.press("full_stop")
        assert session.at > at
        assert not session.playing
        await until(pilot, lambda: "▶" not in line(app), "the pause")
        assert time._beat is None
        await pilot.press(*["plus"] * 5, "r")
        assert session.playing or session.at is None
        await until(pilot, lambda: session.at is None, "the end")
        await until(pilot, lambda: steering.ENDED in line(app, "status"), "the word for it")
        loss = app.screen.panels.views[0]
        await until(pilot, lambda: len(loss.content.lines["the loss"].x) == 50, "the last frame")
        await pilot.press("x")
        assert steering.RECORDED in line(app, "status")


# The past of a run


def test_the_past_plays_until_now_and_the_run_is_as_it_was(past):
    before = past.moment
    past.pace = 3
    past.toggle()
    assert past.playing
    past.play_on()
    assert past.at == 11
    past.step()
    assert (past.at, past.playing) == (12, False)
    past.toggle()
    while past.playing:
        said = steering.play_on(past)
    assert said == "now"
    assert past.at is None
    assert past.moment is before
    assert past.state == "done"


def test_a_step_does_not_throw_a_run_away_that_is_over(past):
    before = past.moment
    past.seek(past.history.tick - 1)
    assert steering.ask(past, "step") == ""
    assert past.at is None
    assert "r begins again" in steering.ask(past, "step")
    assert past.moment is before
    past.values["size"] = 4  # other settings are another run
    assert steering.ask(past, "step") == ""
    assert past.moment is not before


def test_a_draft_is_kept_while_the_past_plays(past):
    past.set("learning_rate", 0.5)
    past.toggle()
    past.pace = 1
    past.play_on()
    past.step()
    assert past.shown["learning_rate"] == 0.5


def test_another_run_does_not_play(past):
    past.toggle()
    past.start()
    assert not past.playing
    past.play_on()
    assert past.at is None


async def test_the_keys_in_the_past_of_a_paused_run(open_app):
    async with open_app("fine", {"steps": 1_000_000}) as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.history.tick > 300, "some history")
        await pilot.press("space")
        await until(pilot, lambda: session.state == "paused", "the pause")
        await until(pilot, lambda: session.history.progress.paused, "the last step before it")
        moment, last = session.moment, session.history.tick
        await pilot.press("left_parenthesis", "left_parenthesis", "full_stop")
        assert session.at == last - 1
        await pilot.press("full_stop")
        assert session.at is None
        assert session.moment is moment
        assert session.history.tick == last
        await pilot.press(*["minus"] * 6, "home", "space")
        assert session.playing
        keys = app.screen.query
        await until(pilot, lambda: keys("FooterKey").first().description == "Pause", "the footer")
        await pilot.press("space")
        assert not session.playing
        assert session.at is not None
        await pilot.press("end", "full_stop")
        await until(pilot, lambda: session.history.tick == last + 1, "a step of the run")
        assert session.moment is moment
        await pilot.press("left_curly_bracket", *["plus"] * 6, "space")
        await until(pilot, lambda: session.at is None, "now")
        assert session.state == "paused"
        assert session.moment is moment
