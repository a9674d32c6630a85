"""Runs are recorded as they go, and recordings are shown on the stage."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from dlplay.course.progress import Progress
from dlplay.draw import Look
from dlplay.engine.execute import execute
from dlplay.engine.recordings.format import Recorder
from dlplay.engine.recordings.library import Library
from dlplay.engine.recordings.replay import load
from dlplay.engine.sabotage import sabotaged
from dlplay.tui.app import DlplayApp, replayed
from dlplay.tui.model.steering import RECORDED
from tests.full import full_disk
from tests.tui.conftest import status, until


def make(launcher, faults, tmp_path, first, library=None):
    return DlplayApp(faults, launcher, Look(), Progress(tmp_path / "p.json"), first, library)


async def record(launcher, faults, tmp_path, name, settings=None):
    """Run a scene in the interface, and return the recordings that it left."""
    library = Library(tmp_path / "runs")
    first = {"card": faults.find(f"faults/{name}"), "settings": settings or {}}
    app = make(launcher, faults, tmp_path, first, library)
    async with app.run_test(size=(120, 40)) as pilot:
        session = app.screen.session
        await until(pilot, lambda: session.history.finished is not None, "the end")
        await until(pilot, lambda: session.moment.recorder is None, "the end of the recording")
    return library.runs(), session


async def test_a_run_is_recorded_whole(launcher, faults, tmp_path):
    (info,), session = await record(launcher, faults, tmp_path, "fine")
    assert (info.scene, info.status) == ("faults/fine", "done")
    replay = load(info.path)
    assert replay.history.measures == session.history.measures
    there, here = replay.history.panel("loss"), session.history.panel("loss")
    for name, line in here.lines.items():
        assert there.lines[name].mean.tolist() == line.mean.tolist()


async def test_a_run_that_dies_is_recorded_too(launcher, faults, tmp_path):
    (info,), _ = await record(launcher, faults, tmp_path, "killed")
    replay = load(info.path)
    assert replay.status == "failed"
    assert "SIGKILL" in replay.summary.message
    assert replay.history.series["loss"]["train"].count == 6


@pytest.mark.parametrize("room", [10, 3000])
async def test_a_disk_that_fills_up_leaves_what_can_be_read_or_nothing(
    launcher, faults, tmp_path, room
):
    library = Library(tmp_path / "runs")
    first = {"card": faults.find("faults/fine"), "settings": {"steps": 400}}
    with full_disk(room):
        app = make(launcher, faults, tmp_path, first, library)
        async with app.run_test(size=(120, 40)) as pilot:
            session = app.screen.session
            await until(pilot, lambda: session.history.finished is not None, "the end")
            await until(pilot, lambda: session.warning, "what is said about the disk")
            assert session.history.finished.status == "done"
            assert "could not be written on: File too large" in session.warning
            await pilot.press("P")  # marks the recording
            await pilot.press("q")
    found = library.runs()
    if room == 10:
        assert found == []
        assert not list((tmp_path / "runs").glob("*.dlplay"))
    else:
        assert [info.status for info in found] == ["unfinished"]
        assert load(found[0].path).history.tick >= 0


async def test_leaving_in_the_middle_keeps_what_was_seen(launcher, faults, tmp_path):
    library = Library(tmp_path / "runs")
    first = {"card": faults.find("faults/fine"), "settings": {"steps": 1_000_000}}
    app = make(launcher, faults, tmp_path, first, library)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.session.history.tick > 50, "the run")
        await pilot.press("q")
    (info,) = library.runs()
    assert info.status == "unfinished"
    assert load(info.path).history.tick > 50


async def test_a_recording_on_the_stage(launcher, faults, tmp_path):
    (info,), _ = await record(launcher, faults, tmp_path, "fine", {"learning_rate": 0.2})
    app = make(launcher, faults, tmp_path, replayed(faults, info.path))
    async with app.run_test(size=(120, 40)) as pilot:
        session = app.screen.session
        await until(pilot, lambda: all(v.content for v in app.screen.panels.views), "the panels")
        assert "recording" in app.screen.query_one("#top", Static).content.plain
        assert "0.2 ›*" in app.screen.query_one("#parameter-lines", Static).content.plain
        assert session.state == "done"
        for key in ("l", "n", "b", "D", "x", "t", "enter", "S", "w", "B"):
            await pilot.press(key)
            assert RECORDED in app.screen.query_one("#status", Static).content.plain
        assert session.run is None
        assert session.values["learning_rate"] == 0.2
        await pilot.press("p")
        assert status(app).startswith(" ■ done · pinned as A; v compares · step 50/50")
        await pilot.press("home")
        assert session.at == 1
        assert "step" not in status(app)  # the timeline says which
        await pilot.press("backspace", "v")  # RECORDED
        await pilot.press("end", "2")
        assert app.screen.panels.zoomed


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_sabotaged_recording_says_so_and_is_no_progress(launcher, faults, tmp_path, size):
    card, path = faults.find("faults/fine"), tmp_path / "spoilt.dlplay"
    with sabotaged("labels"), Recorder(path) as recorder:  # it has none: its claims hold
        done = execute(card, device="cpu", sink=recorder)
    assert all(claim.holds for claim in done.claims)
    app = make(launcher, faults, tmp_path, replayed(faults, path))
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        await until(pilot, lambda: any(v.content for v in screen.panels.views), "a panel")
        await until(pilot, lambda: screen.ticks > 3, "some looks at the run")
        assert "sabotaged recording" in screen.query_one("#top", Static).content.plain
        said = screen.query_one("#status", Static).content.plain
        assert said.startswith(" ■ done · sabotaged: the labels are shuffled ")
        assert screen.session.address.startswith("dlplay run faults/fine ")
        assert screen.session.address.partition(" --scenes")[0].endswith(" --sabotage labels")
        assert app.progress.mark(card.id) == ""
    assert not (tmp_path / "p.json").exists()


async def test_a_recording_of_a_scene_that_is_gone_or_changed(launcher, faults, tmp_path):
    from dlplay.course.catalog import Catalog

    (info,), _ = await record(launcher, faults, tmp_path, "fine")
    nothing = Catalog([])
    app = make(launcher, nothing, tmp_path, replayed(nothing, info.path))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: len(app.screen.panels.views) == 4, "the panels")
        assert "faults/fine" in app.screen.session.warning
        await pilot.press("y")
        assert "no line makes it again" in status(app)
        assert not app.clipboard


async def test_a_pinned_run_is_kept_for_good_under_its_name(launcher, faults, tmp_path):
    library = Library(tmp_path / "runs")
    app = make(launcher, faults, tmp_path, {"card": faults.find("faults/fine")}, library)
    async with app.run_test(size=(120, 40)) as pilot:
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        await pilot.press("p", "v", "enter", *"slow", "enter")
        (info,) = library.runs()
        assert (info.pinned, info.name) == (True, "slow")
        await pilot.press("backspace")
        (info,) = library.runs()
        assert not info.pinned
        assert session.warning == ""


async def test_a_recording_that_is_gone_is_no_obstacle_to_a_pin(launcher, faults, tmp_path):
    library = Library(tmp_path / "runs")
    app = make(launcher, faults, tmp_path, {"card": faults.find("faults/fine")}, library)
    async with app.run_test(size=(120, 40)) as pilot:
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        await until(pilot, lambda: session.moment.recorder is None, "the end of the recording")
        session.recording.unlink()
        await pilot.press("p")
        assert [pin.name for pin in session.pins] == ["A"]
        assert "could not be marked" in session.warning
