"""Break it yourself: a claim is chosen, knobs are turned until it fails; few attempts are best."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dlplay.course.progress import Answer, Progress
from dlplay.tui.model import breaking, steering
from dlplay.tui.widgets.tries import PLAYING
from tests.tui.conftest import footer, until
from tests.tui.test_riddle import said
from tests.tui.test_tries import done, strip

LEARNS, COUNTS = "after 100 steps the net is right for more than 0.85", "the run makes at least 50"


async def became(pilot, app, state):
    await until(pilot, lambda: app.screen.tries.game.state == state, state)


async def played(pilot, app, *keys):
    """Begin to break the first claim of the page; the session."""
    session = await done(pilot, app)
    await pilot.press("b", "enter", *keys)
    await became(pilot, app, "playing")
    return session


async def attempt(pilot, app, name, value, runs):
    """Give a knob a value, and wait for the end of the run that comes of it."""
    session = app.screen.session
    app.screen.side.parameters.choose(name)
    app.screen.given(steering.give(session, name, value))
    await until(
        pilot, lambda: session.runs == runs and session.history.finished, f"the end of run {runs}"
    )
    app.screen.paint()


async def test_a_claim_is_chosen_broken_told_and_kept(open_app, tmp_path):
    async with open_app("page") as (app, pilot):
        session = await done(pilot, app)
        healthy = session.history
        await pilot.press("b")
        rows = strip(app).splitlines()
        assert rows[0].startswith("Break it yourself: which claim?")
        assert rows[1].startswith(f"▸1  {LEARNS}")
        assert rows[2].startswith(f" 2  {COUNTS}")
        assert "no known way" not in rows[1]
        assert session.runs == 1, "to choose changes nothing"
        await pilot.press("j", "k", "enter")
        await became(pilot, app, "playing")
        rows = strip(app).splitlines()
        assert rows[0].startswith(f"Break it: {LEARNS}")
        assert " · attempt 1 · b gives up" in strip(app)
        assert breaking.HINT in strip(app)
        await until(pilot, lambda: [pin.name for pin in session.pins] == ["healthy"], "the pin")
        assert session.history is healthy

        await attempt(pilot, app, "rate", 0.04, runs=2)
        assert " · attempt 2 · b gives up" in strip(app)
        assert "Attempt 1: it holds, 1 > 0.85, with rate=0.04 instead of rate=0.05." in strip(app)
        loss = app.screen.panels.views[0]
        await until(
            pilot, lambda: loss.content and len(loss.content.lines) == 2, "the healthy run under it"
        )
        assert list(loss.content.lines) == ["train", "healthy: train"]

        await attempt(pilot, app, "rate", 0.0002, runs=3)
        await became(pilot, app, "broken")
        rows = strip(app).splitlines()
        assert rows[0] == "✓ You broke it in 2 attempts, with rate=0.0002 instead of rate=0.05"
        assert rows[1].startswith("✗ 1 → 0.")
        assert " not > 0.85  after 100 steps" in rows[1]
        known = Progress(tmp_path / "progress.json").of("faults/page")
        assert known.attempts == {"learns": 2}
        assert known.broken == ["learns"]

        await pilot.press("escape")
        await until(pilot, lambda: session.history is healthy, "the run before")
        assert session.values == app.screen.card.defaults
        assert not session.pins
        await pilot.press("b")
        assert "(broken in 2 attempts)" in strip(app)


async def test_fewer_attempts_are_kept(open_app, tmp_path):
    async with open_app("page") as (app, pilot):
        app.progress.broke("faults/page", "learns", 3)
        session = await played(pilot, app)
        await attempt(pilot, app, "rate", 0.0002, runs=2)
        await became(pilot, app, "broken")
        assert "in 1 attempt," in strip(app)
        assert "Your fewest before: 3 attempts." in strip(app)
        assert app.progress.of("faults/page").attempts == {"learns": 1}
        await pilot.press("b", "enter")
        await became(pilot, app, "playing")
        assert session.values == app.screen.card.defaults
        assert "attempt 1" in strip(app)


@pytest.mark.parametrize(
    ("turned", "words"),
    [
        ({"steps": 20}, breaking.BUDGET_ALONE),
        ({"steps": 200}, breaking.BUDGET_ALONE),
        ({"rate": 0.0002, "steps": 20}, breaking.SHORTENED),
        ({}, breaking.UNTURNED),
    ],
)
async def test_what_is_no_attempt(open_app, turned, words):
    async with open_app("page") as (app, pilot):
        session = await played(pilot, app)
        session.values |= turned
        await pilot.press("space")
        await until(pilot, lambda: words in " ".join(strip(app).split()), words)
        assert session.runs == 2
        game = app.screen.tries.game
        assert (game.state, game.attempts) == ("playing", 0)
        assert app.progress.of("faults/page").attempts == {}


async def test_the_same_once_more_and_a_stopped_run_are_no_attempts(open_app):
    async with open_app("page") as (app, pilot):
        session = await played(pilot, app)
        await attempt(pilot, app, "rate", 0.04, runs=2)
        game = app.screen.tries.game
        assert game.attempts == 1
        await pilot.press("space")
        await until(pilot, lambda: "The same once more" in strip(app), "the words")
        session.values["steps"] = 1_000_000
        await pilot.press("space")
        await until(pilot, lambda: session.runs == 4 and session.history.tick > 10, "the run")
        await pilot.press("x")
        await until(pilot, lambda: "was stopped before its end: no attempt" in strip(app), "it")
        assert game.attempts == 1


async def test_a_way_that_a_try_has_told_does_not_count(open_app):
    async with open_app("page") as (app, pilot):
        app.progress.answer("faults/page", app.screen.card.tries[0], 1)
        await played(pilot, app)
        await attempt(pilot, app, "rate", 0.0001, runs=2)
        assert breaking.TOLD in strip(app)
        assert app.screen.tries.game.attempts == 0


async def test_a_way_that_nobody_told_counts_and_the_try_says_why(open_app):
    async with open_app("page") as (app, pilot):
        await played(pilot, app)
        await attempt(pilot, app, "rate", 0.0001, runs=2)
        await became(pilot, app, "broken")
        assert "Its steps are too small." in strip(app)


async def test_to_give_up_shows_the_known_way_and_runs_it(open_app):
    async with open_app("page") as (app, pilot):
        session = await played(pilot, app)
        assert "Give up" in footer(app)
        await attempt(pilot, app, "rate", 0.04, runs=2)
        await pilot.press("b")
        rows = strip(app).splitlines()
        assert rows[0].startswith(LEARNS)
        assert rows[1] == "A known way: rate=0.0001 instead of rate=0.05"
        assert rows[2] == "Its steps are too small."
        await until(pilot, lambda: session.values == app.screen.card.defaults, "the healthy run")
        await pilot.press("enter")
        await became(pilot, app, "shown")
        assert session.history.started.parameters["rate"] == 0.0001
        rows = strip(app).splitlines()
        assert rows[1].startswith("✗ 1 → 0.")
        assert app.progress.of("faults/page").attempts == {}
        await pilot.press("b", "enter")
        await became(pilot, app, "playing")
        await attempt(pilot, app, "rate", 0.0001, runs=session.runs + 1)
        assert breaking.TOLD in strip(app)
        await pilot.press("escape")
        await became(pilot, app, "closed")
        await until(pilot, lambda: session.values == app.screen.card.defaults, "the settings")


async def test_a_claim_without_a_known_way_is_offered_and_says_so(open_app):
    async with open_app("page") as (app, pilot):
        card = app.screen.card
        claims = tuple(replace(claim, breaks={}) for claim in card.claims)
        app.screen.session.card = replace(card, claims=claims, tries=())
        await done(pilot, app)
        await pilot.press("b")
        assert "(no known way)" in strip(app)
        await pilot.press("1")
        await became(pilot, app, "playing")
        await pilot.press("b")
        assert "No way is known here" in strip(app)
        await pilot.press("enter")
        await became(pilot, app, "choosing")


async def test_a_scene_of_the_old_form(open_app):
    async with open_app("fine") as (app, pilot):
        session = await played(pilot, app)
        await pilot.press("b")
        assert "A known way: learning_rate=10 instead of learning_rate=0.1" in strip(app)
        await pilot.press("enter")
        await became(pilot, app, "shown")
        assert session.history.started.parameters["learning_rate"] == 10
        assert strip(app).splitlines()[1].startswith("✗ ")
        await pilot.press("escape")
        await until(pilot, lambda: session.values == app.screen.card.defaults, "the settings")


async def test_a_live_knob_begins_the_finished_run_again(open_app):
    async with open_app("fine") as (app, pilot):
        session = await played(pilot, app)
        await pilot.press("l")
        await until(pilot, lambda: session.runs == 2 and session.history.finished, "the run")
        await until(pilot, lambda: "attempt 2" in strip(app), "the count")
        await pilot.press("l")
        await until(pilot, lambda: session.runs == 3 and session.history.finished, "another")
        await until(pilot, lambda: "attempt 3" in strip(app), "the count")


async def test_a_knob_that_is_turned_on_the_way_is_what_breaks_it(open_app):
    async with open_app("fine") as (app, pilot):
        session = await played(pilot, app)
        session.values["steps"] = 1_000_000
        await pilot.press("space")
        await until(pilot, lambda: session.runs == 2 and session.history.tick > 10, "the run")
        await attempt(pilot, app, "learning_rate", 10.0, runs=2)
        await became(pilot, app, "broken")
        assert "learning_rate=10" in strip(app)


async def test_only_what_held_at_the_defaults_can_be_broken(open_app):
    async with open_app("page", {"rate": 0.0002}) as (app, pilot):
        await done(pilot, app)
        await pilot.press("b")
        assert breaking.NO_HEALTHY in said(app)
        await pilot.press("D")
        await done(pilot, app, runs=2)
        await pilot.press("b", "2")
        await became(pilot, app, "playing")
        assert strip(app).startswith(f"Break it: {COUNTS}")
        assert app.screen.side.claims.chosen == 1


async def test_the_chosen_claim_comes_first(open_app):
    async with open_app("page") as (app, pilot):
        await done(pilot, app)
        await pilot.press("C", "b")
        assert strip(app).splitlines()[1].startswith(f"▸1  {COUNTS}")
        await pilot.press("b")
        assert strip(app).splitlines()[2].startswith(f"▸2  {LEARNS}")
        await pilot.press("9")
        assert "the claims are 1 to 2" in said(app)
        await pilot.press("escape")
        await became(pilot, app, "closed")
        assert app.screen is app.screen_stack[-1]


async def test_from_the_page_of_claims_which_tells_no_way(open_app):
    async with open_app("page") as (app, pilot):
        await done(pilot, app)
        await pilot.press("c", "down", "enter")
        await became(pilot, app, "playing")
        assert strip(app).startswith(f"Break it: {COUNTS}")
        await until(pilot, lambda: app.screen.page == "panels", "the panels")


async def test_a_page_and_a_zoom_over_the_game_are_closed_first(open_app):
    async with open_app("page") as (app, pilot):
        session = await played(pilot, app)
        await pilot.press("s")
        assert app.screen.page == "source"
        await pilot.press("escape")
        assert app.screen.page == "panels"
        await pilot.press("1")
        assert app.screen.panels.zoomed
        await pilot.press("escape")
        assert not app.screen.panels.zoomed
        assert app.screen.tries.game.state == "playing"
        for key in ("t", "R"):
            await pilot.press(key)
            assert PLAYING in said(app), key
        await pilot.press("escape")
        await became(pilot, app, "closed")
        await until(pilot, lambda: not session.pins, "the run before")
        assert app.screen is app.screen_stack[-1]


async def test_who_goes_on_after_it_is_broken_leaves_the_game(open_app):
    async with open_app("page") as (app, pilot):
        await played(pilot, app)
        await attempt(pilot, app, "rate", 0.0002, runs=2)
        await became(pilot, app, "broken")
        await attempt(pilot, app, "rate", 0.05, runs=3)
        await became(pilot, app, "closed")


async def test_after_a_try_and_before_one(open_app):
    async with open_app("page") as (app, pilot):
        session = await done(pilot, app)
        await pilot.press("t", "1")
        await until(pilot, lambda: app.screen.tries.tries.state == "told", "the verdict")
        await pilot.press("b", "2")
        await became(pilot, app, "playing")
        await until(pilot, lambda: session.values == app.screen.card.defaults, "the healthy run")
        assert [pin.name for pin in session.pins] == ["healthy"]
        await pilot.press("b", "t")
        await until(pilot, lambda: app.screen.tries.tries.state == "asking", "the question")
        assert app.screen.tries.game.state == "closed"
        assert app.progress.first_answer("faults/page", app.screen.card.tries[0]) == Answer(
            1, False
        )


async def test_the_mouse_chooses_a_claim(open_app):
    async with open_app("page") as (app, pilot):
        await done(pilot, app)
        await pilot.press("b")
        place = app.screen.tries
        await until(pilot, lambda: place.size.height == 4, "room for it")
        await pilot.click(place, offset=(5, 2))
        await became(pilot, app, "playing")
        assert strip(app).startswith(f"Break it: {COUNTS}")


async def test_it_takes_eight_rows_at_most_and_covers_nothing(open_app):
    async with open_app("page", size=(80, 24)) as (app, pilot):
        await done(pilot, app)
        card = app.screen.card
        words = "a sentence that goes on and on until it is longer than a row, and then another one"
        many = tuple(replace(card.claims[n % 2], text=f"{n} {words}") for n in range(20))
        app.screen.session.card = replace(card, claims=many)
        for _ in range(20):
            await pilot.press("b")
            rows = strip(app).splitlines()
            assert len(rows) <= 8
            assert all(len(row) <= 80 for row in rows)
            marked = next(row for row in rows if row.startswith("▸"))
            assert marked.split()[0][1:] == str(app.screen.tries.game.place + 1)
        place, panels = app.screen.tries.region, app.screen.panels.region
        assert panels.bottom <= place.y


async def test_foreign_text_is_text(open_app):
    text = "[/x] [red]so[/red] [@click=app.quit]it[/]"
    async with open_app("page") as (app, pilot):
        await done(pilot, app)
        card = app.screen.card
        claims = (replace(card.claims[0], text=text), *card.claims[1:])
        app.screen.session.card = replace(card, claims=claims)
        await pilot.press("b")
        assert strip(app).splitlines()[1] == f"▸1  {text}"
        await pilot.press("enter")
        await became(pilot, app, "playing")
        assert strip(app).startswith(f"Break it: {text}")
