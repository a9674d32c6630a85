"""Tries on the stage: offered, asked, run over the healthy run, told; first answers are kept."""

from __future__ import annotations

from dataclasses import replace

from textual.widgets import Static

from dlplay.author.tries import Try
from dlplay.course.progress import Answer, Progress
from dlplay.engine.recordings.library import Library
from dlplay.engine.recordings.replay import load
from dlplay.tui.app import DlplayApp, replayed
from tests.tui.conftest import until
from tests.tui.test_parts import at_once


def strip(app):
    """The rows of the strip, as one text."""
    return app.screen.query_one("#try-lines", Static).content.plain


async def done(pilot, app, runs=1):
    session = app.screen.session
    await until(
        pilot, lambda: session.runs == runs and session.state == "done", f"the end of run {runs}"
    )
    return session


async def told(pilot, app):
    await until(pilot, lambda: app.screen.tries.tries.state == "told", "the verdict")


async def test_the_whole_way_through_the_tries(open_app, tmp_path):
    async with open_app("page") as (app, pilot):
        tries = app.screen.tries.tries
        session = await done(pilot, app)
        await until(pilot, lambda: tries.state == "offered", "the offer")
        assert strip(app) == "t try 1 of 2: Will it learn?"
        await until(pilot, lambda: app.screen.tries.size.height == 1, "a row for it")

        await pilot.press("t")
        assert strip(app).splitlines() == [
            "try 1 of 2  rate=0.0001  instead of rate=0.05",
            "Will it learn?",
            "1  yes",
            "2  no",
            "1 to 2 answers · s shows it without an answer · t another try · esc leaves",
        ]
        await until(pilot, lambda: app.screen.tries.size.height == 5, "room for it")
        assert app.screen.panels.size.height > 20
        assert session.runs == 1, "to ask changes nothing"

        await pilot.press("1")
        await told(pilot, app)
        assert session.runs == 2
        assert session.history.started.parameters["rate"] == 0.0001
        assert [pin.name for pin in session.pins] == ["rate=0.05"]
        assert app.screen.parameter.name == "rate"
        rows = strip(app).splitlines()
        assert rows[1] == "✗ You said: yes. So it is: no"
        assert rows[2] == "Its steps are too small."
        assert rows[3].startswith("✗ ")
        assert " not > 0.85  after 100 steps" in rows[3]
        assert rows[4].startswith("✓ 100 → 100 ≥ 50  the run makes")
        loss = app.screen.panels.views[0]
        await until(
            pilot, lambda: loss.content and len(loss.content.lines) == 2, "the healthy run under it"
        )
        assert list(loss.content.lines) == ["train", "rate=0.05: train"]

        await pilot.press("enter")
        assert strip(app).splitlines()[0].startswith("try 2 of 2  rate=0.002 steps=20")
        healthy = session.pins[0].history
        await until(pilot, lambda: session.history is healthy, "the healthy run while it asks")
        assert session.values == app.screen.card.defaults
        await until(
            pilot,
            lambda: loss.content and list(loss.content.lines) == ["train"],
            "its own curve alone",
        )
        await pilot.press("2")
        await told(pilot, app)
        assert session.history.started.parameters["steps"] == 20
        await until(pilot, lambda: loss.content and len(loss.content.lines) == 2, "both curves")
        assert len(session.pins) == 1, "the healthy run is kept once"
        rows = strip(app).splitlines()
        assert rows[1] == "✓ Right: no"
        assert rows[3].startswith("✗ 100 → 20 not ≥ 50")
        assert rows[-1].startswith("enter leaves")

        await pilot.press("escape")
        await until(pilot, lambda: session.values == app.screen.card.defaults, "the settings")
        assert session.history.finished.parameters == app.screen.card.defaults
        assert session.history.finished.claims[0].holds
        assert not session.pins
        assert not session.stale
        await until(pilot, lambda: tries.state == "offered", "the offer once more")
    known = Progress(tmp_path / "progress.json")
    first, second = session.card.tries
    assert known.first_answer("faults/page", first) == Answer(1, right=False)
    assert known.first_answer("faults/page", second) == Answer(2, right=True)
    assert known.of("faults/page").runs == 3, "a run that is shown again is no run"


async def test_while_it_asks_its_keys_are_its_own(open_app):
    async with open_app("page", start=False) as (app, pilot):
        tries, session = app.screen.tries.tries, app.screen.session
        await pilot.press("1")
        assert app.screen.panels.zoomed
        await pilot.press("1", "t", "4")
        assert tries.state == "asking"
        assert "the answers are 1 to 2" in app.screen.query_one("#status").content.plain
        await pilot.press("enter")
        assert app.screen.session.runs == 0
        assert not app.screen.panels.zoomed
        await pilot.press("t")
        assert tries.place == 1
        await pilot.press("t", "escape")
        assert tries.place == 0
        assert tries.state == "closed"
        assert session.runs == 0
        assert app.screen is app.screen_stack[-1]
        await pilot.press("s")
        assert app.screen.page == "source", "the key is the page's again"


async def test_a_try_at_any_time_and_without_an_answer(open_app, tmp_path):
    async with open_app("page", {"rate": 0.02, "steps": 1_000_000}) as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.history.tick > 5, "some steps")
        await pilot.press("t", "s")
        await told(pilot, app)
        assert not session.pins, "no healthy run was done"
        rows = strip(app).splitlines()
        assert rows[1] == "So it is: no"
        assert "→" not in rows[3]
        assert not app.progress.of("faults/page").answers
        await pilot.press("escape")
        await until(pilot, lambda: session.values["rate"] == 0.02, "the settings")
        assert session.values["steps"] == 1_000_000
        assert session.stale
        assert "space runs them" in app.screen.query_one("#status").content.plain


async def test_to_leave_a_try_that_runs_gives_the_run_back(open_app):
    async with open_app("page") as (app, pilot):
        session = await done(pilot, app)
        healthy = session.history
        await pilot.press("t", "1", "escape")
        await until(pilot, lambda: session.history is healthy, "the healthy run")
        assert session.values == app.screen.card.defaults
        assert app.screen_stack[-1] is app.screen
        assert not session.pins


async def test_what_one_pinned_oneself_stays_and_keeps_its_name(open_app):
    async with open_app("page") as (app, pilot):
        session = await done(pilot, app)
        await pilot.press("p", "t", "2")
        await told(pilot, app)
        assert [pin.name for pin in session.pins] == ["A"]
        assert "→" in strip(app)
        await pilot.press("escape")
        await until(pilot, lambda: session.values == app.screen.card.defaults, "the settings")
        assert [pin.name for pin in session.pins] == ["A"]


async def test_who_turns_a_knob_leaves_the_try(open_app):
    async with open_app("page") as (app, pilot):
        session = await done(pilot, app)
        await pilot.press("t", "2")
        await told(pilot, app)
        await pilot.press("D")
        await until(pilot, lambda: session.runs == 3, "another run")
        await until(pilot, lambda: app.screen.tries.tries.state != "told", "the end of the try")
        await done(pilot, app, runs=3)
        await pilot.press("t", "escape")
        assert session.runs == 3, "there is nothing to give back"


async def test_the_same_try_again_is_told_again(open_app):
    async with open_app("page") as (app, pilot):
        session = await done(pilot, app)
        await pilot.press("t", "2")
        await told(pilot, app)
        await pilot.press("r")
        await done(pilot, app, runs=3)
        await told(pilot, app)
        assert session.values["rate"] == 0.0001


async def test_keys_that_come_at_once(open_app):
    async with open_app("page") as (app, pilot):
        session = await done(pilot, app)
        at_once(app, "t", "1")
        await told(pilot, app)
        assert session.runs == 2
        assert not app.screen.panels.zoomed


async def test_first_answers_stay_and_the_next_question_is_a_new_one(open_app):
    async with open_app("page", start=False) as (app, pilot):
        tries = app.screen.tries.tries
        first = app.screen.card.tries[0]
        app.progress.answer("faults/page", first, 2)
        await pilot.press("t")
        assert tries.place == 1
        await pilot.press("t", "1")
        assert app.progress.first_answer("faults/page", first) == Answer(2, right=True)


async def test_a_scene_without_tries_says_so(open_app):
    async with open_app("fine") as (app, pilot):
        await done(pilot, app)
        await pilot.press("t")
        assert "no tries" in app.screen.query_one("#status").content.plain
        assert not app.screen.tries.display


async def test_a_recording_asks_nothing(launcher, faults, tmp_path, open_app):
    library = Library(tmp_path / "runs")
    async with open_app("page", start=False) as (app, pilot):
        app.screen.session.library = library
        app.screen.session.start()
        await done(pilot, app)
        await pilot.press("t", "1")
        await told(pilot, app)
        assert len(app.screen.session.pins) == 1
    assert [run.pinned for run in library.runs()] == [False, False]
    path = library.runs()[0].path
    assert load(path).started.scene == "faults/page"
    first = replayed(faults, path)
    app = DlplayApp(faults, launcher, None, Progress(tmp_path / "p.json"), first)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("t")
        assert not app.screen.tries.display


async def test_it_takes_eight_rows_at_most_and_covers_nothing(open_app):
    async with open_app("page", size=(80, 24)) as (app, pilot):
        await done(pilot, app)
        await pilot.press("t", "1")
        await told(pilot, app)
        await until(pilot, lambda: app.screen.tries.size.height > 5, "room for it")
        place, panels = app.screen.tries.region, app.screen.panels.region
        assert place.height <= 8
        assert panels.bottom <= place.y
        assert all(len(row) <= 80 for row in strip(app).splitlines())


async def test_the_mouse_takes_the_offer_and_an_answer(open_app):
    async with open_app("page") as (app, pilot):
        await done(pilot, app)
        place = app.screen.tries
        await until(pilot, lambda: place.size.height == 1, "the offer")
        await pilot.click(place, offset=(5, 0))
        assert place.tries.state == "asking"
        await until(pilot, lambda: place.size.height == 5, "room for the question")
        await pilot.click(place, offset=(5, 1))
        assert place.tries.state == "asking", "the question is no answer"
        await pilot.click(place, offset=(5, 3))
        await told(pilot, app)
        assert place.tries.said == 2


async def test_foreign_text_is_text(open_app):
    text = "[/x] [red]so[/red] [@click=app.quit]it[/]"
    each = Try("rate=0.001", text, (text, "no"), right=1, why=text, breaks="learns")
    async with open_app("page", start=False) as (app, pilot):
        app.screen.session.card = replace(app.screen.card, tries=(each,))
        await pilot.press("t")
        assert strip(app).splitlines()[1] == text
        await pilot.press("1")
        await told(pilot, app)
        assert f"Right: {text}" in strip(app)
