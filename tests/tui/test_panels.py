"""Panels, claims and pages on the stage: which are seen, and in what room."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import ContentSwitcher, Static

from dlplay.author.claims import Claim
from dlplay.author.parameters.words import Choice
from dlplay.tui.model.steering import GONE
from dlplay.tui.widgets.claims import summary
from dlplay.tui.widgets.parameters import detail
from dlplay.tui.widgets.strip import fitted
from dlplay.wire.events import ClaimResult
from tests.tui.conftest import LONG, at_rest, status, until, visible


def page(app):
    return app.screen.query_one(ContentSwitcher).current


async def test_zoom_by_number_by_z_and_back(open_app):
    async with open_app("fine") as (app, pilot):
        await until(pilot, lambda: app.screen.session.state == "done", "the end")
        await pilot.press("2")
        assert visible(app) == ["weights"]
        assert not app.screen.query_one("Sidebar").display
        await pilot.press("3")
        assert visible(app) == ["valley"]
        await pilot.press("3")
        assert len(visible(app)) == 4
        await pilot.press("tab", "z")
        assert visible(app) == ["words"]
        await pilot.press("shift+tab")
        assert visible(app) == ["valley"]
        await pilot.press("escape")
        assert len(visible(app)) == 4
        await pilot.press("9")
        assert "no panel 9" in status(app)


@pytest.mark.parametrize("key", ["4", "pageup"])
async def test_a_panel_that_comes_into_sight_is_drawn_at_once(open_app, key):
    async with open_app("fine", size=(80, 24)) as (app, pilot):
        screen = app.screen
        await at_rest(pilot)
        words = screen.panels.views[3]
        words.forget()
        screen.paint = lambda: None  # which a screen at rest does once a second
        await pilot.press(key)
        await until(pilot, lambda: words.content is not None, "the words", seconds=30)


async def test_after_a_zoom_the_claims_have_their_room_again(open_app):
    async with open_app("fine", size=(120, 24)) as (app, pilot):
        lines = app.screen.query_one("#claim-lines", Static)
        await at_rest(pilot)  # at step 20 it holds already, with another number than at the end
        before = lines.content.plain
        assert before.startswith("✓")
        await pilot.press("2")
        assert not lines.is_on_screen
        await pilot.press("2")
        await until(pilot, lambda: lines.content.plain == before, "the claim as it was")


async def test_claims_are_wrapped_for_the_room_that_they_get(open_app):
    """At once, and not when a screen at rest is looked at again: a second later."""
    async with open_app("fine", size=(120, 24)) as (app, pilot):
        lines = app.screen.query_one("#claim-lines", Static)
        await at_rest(pilot)
        app.screen.paint = lambda: None
        claims = app.screen.side.claims
        claims.styles.width = 24
        await until(pilot, lambda: claims.size.width < 24, "another width")
        assert max(map(len, lines.content.plain.split("\n"))) <= claims.size.width


def test_a_claim_in_full_hangs_by_its_mark_its_condition_too():
    claims = (Claim("floor", "one is far above", condition="floor_by_batch is 50 to 125"),)
    colours = dict.fromkeys(("success", "error", "muted", "warning"), "")
    first, *lines = summary(claims, [], 22, colours, False, full=[0]).plain.split("\n")
    assert first == "· one is far above"
    assert lines == ["  floor_by_batch is 50", "  to 125"]


@pytest.mark.parametrize("width", range(20, 60))
def test_a_narrow_list_of_claims_shows_no_part_of_a_number(width):
    results = [
        ClaimResult("root_kappa", "it is about a half", 0.5528, "in", (0.45, 0.65), True),
        ClaimResult("apart", "they are alike", 2.22e-16, "<", 1e-7, True),
    ]
    claims = tuple(Claim(result.name, result.claim) for result in results)
    colours = dict.fromkeys(("success", "error", "muted", "warning"), "")
    for line in summary(claims, results, width, colours, True, full=()).plain.split("\n"):
        assert len(line) <= width
        numbers = [word for word in line.split() if word[0].isdigit()]
        assert numbers in (
            ["0.5528", "0.45", "0.65"],
            ["0.5528"],
            ["2.22e-16", "1e-07"],
            ["2.22e-16"],
        )


async def test_log_and_linear_axes(open_app):
    async with open_app("fine") as (app, pilot):
        await until(pilot, lambda: app.screen.session.state == "done", "the end")
        loss = app.screen.panels.views[0]
        await until(pilot, lambda: loss.content is not None, "the curves")
        await pilot.press("g")
        assert loss.view.log == ""
        await pilot.press("g")
        assert loss.view.log == "y"
        await pilot.press("G")
        assert loss.view.log == "xy"


async def test_brackets_step_through_heads(open_app):
    async with open_app("fine") as (app, pilot):
        weights = app.screen.panels.views[1]
        await until(pilot, lambda: weights.content is not None, "the maps")
        assert "head 1" in str(weights.border_subtitle)
        await pilot.press("right_square_bracket")
        assert "head 2" in str(weights.border_subtitle)
        await pilot.press("left_square_bracket")
        assert "head 1" in str(weights.border_subtitle)


@pytest.mark.parametrize(
    ("key", "name"), [("i", "lesson"), ("c", "claims"), ("s", "source"), ("o", "log")]
)
async def test_pages_open_and_close(open_app, key, name):
    async with open_app("fine") as (app, pilot):
        await until(pilot, lambda: app.screen.session.state == "done", "the end")
        await pilot.press(key)
        assert page(app) == name
        await pilot.press("down", "pagedown", "up", "pageup")
        await pilot.press(key)
        assert page(app) == "panels"
        await pilot.press(key, "escape")
        assert page(app) == "panels"


async def test_the_log_holds_what_the_scene_printed(open_app):
    async with open_app("warns") as (app, pilot):
        await until(pilot, lambda: app.screen.session.state == "done", "the end")
        await pilot.press("o")
        lines = app.screen.query_one("#log-lines").lines
        await until(pilot, lambda: any("to standard error" in line for line in lines), "the log")


async def test_the_xray_opens_and_closes(open_app):
    async with open_app("watched", LONG) as (app, pilot):
        session = app.screen.session
        await pilot.press("w")
        await until(pilot, lambda: "x-ray" in session.history.versions, "the x-ray")
        await until(pilot, lambda: app.screen.panels.views[-1].content is not None, "its panel")
        layers = session.history.panel("x-ray").layers
        assert [layer.kind for layer in layers] == ["Linear", "ReLU", "Linear"]
        await until(
            pilot, lambda: session.history.panel("x-ray").layers[0].activation, "activations"
        )
        await pilot.press("w")
        assert "x-ray" not in visible(app)


async def test_the_xray_of_a_run_whose_process_is_gone_is_of_the_next_one(open_app):
    async with open_app("fine", LONG) as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.history.tick > 10, "the run")
        await pilot.press("x")
        await until(pilot, lambda: session.state == "stopped", "the stop")
        await pilot.press("w")
        assert GONE in status(app)
        view = app.screen.panels.views[-1]
        await until(pilot, lambda: view.size, "the panel")
        lines = (view.render_line(y).text for y in range(view.size.height))
        assert " ".join(" ".join(lines).split()) == "its process is gone"


@pytest.mark.parametrize("chosen", [0, 6, 12])
def test_of_many_panels_those_about_the_chosen_one_are_named(chosen):
    names = ["loss", *(f"layer {number} gradients" for number in range(2, 13)), "confusion"]
    first, shown = fitted(names, chosen, 78)
    assert len(shown) >= 3
    assert first <= chosen < first + len(shown)
    assert shown[chosen - first] == names[chosen]
    assert all(len(name) >= 4 for name in shown)
    last = first + len(shown)
    line = " ".join(f" {n} {name}" for n, name in enumerate(shown, first + 1))
    assert len(line) + 3 <= 78
    assert (first == 0, last == 13) == (chosen == 0, chosen == 12)
    assert fitted(["loss", "weights"], 1, 78) == (0, ["loss", "weights"])
    assert fitted([], 0, 78) == (0, [])


@pytest.mark.parametrize("width", [24, 38, 60])
def test_no_line_ends_within_an_option(width):
    options = ("Transformer", "GPT-1", "GPT-2", "GPT-2 XL", "BERT", "T5 small", "ViT-B/16")
    choice = Choice("GPT-1", options, help="which")
    choice.name = "size"
    inks = dict.fromkeys(("accent",), "red")
    rows = detail(choice, "GPT-1", width, inks).plain.splitlines()[1:-1]
    assert all(len(row) <= width for row in rows)
    assert [option for row in rows for option in row.removesuffix(" ·").split(" · ")] == [*options]


async def test_more_panels_than_fit_are_on_pages(open_app):
    async with open_app("fine", size=(80, 24)) as (app, pilot):
        await at_rest(pilot)
        first = visible(app)
        assert 0 < len(first) < 4
        await pilot.press("pagedown")
        assert visible(app)
        assert set(visible(app)).isdisjoint(first)
        assert "of 4" in app.screen.query_one("#top", Static).content.plain


async def test_a_narrow_title_line_says_which_panels_are_seen(open_app):
    async with open_app("fine", size=(60, 16), start=False) as (app, pilot):
        app.screen.session.card = replace(app.screen.card, title="A title that is rather long, so")
        app.screen.show_top()
        await pilot.press("1")
        top = app.screen.query_one("#top", Static)
        await until(pilot, lambda: "panel 1 of" in top.content.plain, "where one is")
        assert top.content.plain.rstrip().endswith("z: all")
        assert "faults/fine" not in top.content.plain
