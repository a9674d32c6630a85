"""Every key of the stage."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import pytest
from textual.widgets import ContentSwitcher, Static

from dlplay.author.claims import Claim
from dlplay.course.catalog import Catalog
from dlplay.course.progress import Progress
from dlplay.draw import Look
from dlplay.tui.actions import BROWSER, EVERYWHERE, STAGE
from dlplay.tui.app import DlplayApp
from dlplay.tui.footing import FOOTERS, said
from dlplay.tui.screens.browser import Browser
from dlplay.tui.widgets.claims import summary
from dlplay.tui.widgets.dialogs import ChoiceDialog, Help, ValueDialog
from dlplay.wire.events import ClaimResult
from tests.conftest import FAULTS
from tests.tui.conftest import until

LONG = {"steps": 1_000_000}


def status(app):
    return app.screen.query_one("#status", Static).content.plain


def page(app):
    return app.screen.query_one(ContentSwitcher).current


def visible(app):
    return [view.panel for view in app.screen.panels.views if view.display]


async def at_rest(pilot):
    """The run is done, and all that it left is painted."""
    screen = pilot.app.screen
    await until(pilot, lambda: screen.session.state == "done", "the end")
    await until(pilot, lambda: not screen._owed, "a screen at rest")


async def test_a_run_fills_its_panels_and_claims(open_app):
    async with open_app("fine") as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        await until(pilot, lambda: all(v.content for v in app.screen.panels.views), "the panels")
        assert visible(app) == ["loss", "weights", "valley", "words"]
        await until(pilot, lambda: "done" in status(app), "the status")
        claims = app.screen.query_one("#claim-lines", Static).content.plain
        assert claims.startswith("✓")
        assert "< 0.001" in claims
        assert app.progress.mark("faults/fine") == "held"


async def test_space_starts_pauses_and_goes_on(open_app):
    async with open_app("fine", LONG, start=False) as (app, pilot):
        session = app.screen.session
        assert session.state == "ready"
        assert "space starts" in status(app)
        await pilot.press("space")
        await until(pilot, lambda: session.state == "running" and session.history.tick > 10)
        await pilot.press("space")
        await until(pilot, lambda: session.state == "paused", "the pause")
        await pilot.press("space")
        tick = session.history.tick
        await until(pilot, lambda: session.history.tick > tick + 10, "going on")


async def test_full_stop_takes_one_step(open_app):
    async with open_app("fine", LONG, start=False) as (app, pilot):
        session = app.screen.session
        await pilot.press("full_stop")
        await until(
            pilot, lambda: session.history.progress and session.history.progress.step == 1, "step 1"
        )
        assert session.state == "paused"
        await pilot.press("full_stop")
        await until(pilot, lambda: session.history.progress.step == 2, "step 2")


async def test_a_claim_of_a_stopped_run_has_not_failed_yet(open_app):
    # Steps of one to and fro, however many: the loss stays where it is
    async with open_app("fine", LONG | {"learning_rate": 1.0, "rule": "signed"}) as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.history.claims, "a measure")
        await pilot.press("x")
        await until(pilot, lambda: session.state == "stopped", "the stop")
        assert not session.history.claims[0].holds
        await pilot.pause()
        shown = app.screen.query_one("#claim-lines", Static).content.plain
        assert "…" in shown
        assert "✗" not in shown


async def test_x_stops_r_begins_again_n_takes_another_seed(open_app):
    async with open_app("fine", LONG) as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.history.tick > 10, "the run")
        await pilot.press("x")
        await until(pilot, lambda: session.state == "stopped", "the stop")
        runs = session.runs
        await pilot.press("r")
        assert session.runs == runs + 1
        await until(pilot, lambda: session.history.tick > 10, "the second run")
        await pilot.press("n")
        assert session.seed != 0
        await until(pilot, lambda: session.history.started is not None, "the third run")
        assert session.history.started.seed == session.seed


@pytest.mark.parametrize(("less", "more"), [("left", "right"), ("h", "l")])
async def test_arrows_and_vim_keys_turn_a_live_parameter_without_a_restart(open_app, less, more):
    async with open_app("fine", LONG) as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.history.tick > 10, "the run")
        await pilot.press(more)
        assert session.values["learning_rate"] == 0.12
        await until(pilot, lambda: session.history.tweaks, "the tweak")
        assert session.history.tweaks[-1].value == 0.12
        await pilot.press(less, less)
        assert session.values["learning_rate"] == 0.08
        assert session.runs == 1
        assert "next step" in status(app)


async def test_big_steps_default_and_all_defaults(open_app, monkeypatch):
    monkeypatch.setattr("dlplay.tui.model.session.RESTART_AFTER", 1e9)  # no sooner than we say
    async with open_app("fine", start=False) as (app, pilot):
        session = app.screen.session
        await pilot.press("L")
        assert session.values["learning_rate"] == 0.2
        await pilot.press("H", "shift+left")
        assert session.values["learning_rate"] == 0.05
        await pilot.press("shift+right", "backspace")
        assert session.values["learning_rate"] == 0.1
        await pilot.press("j", "l", "j", "l", "D")
        assert session.values == session.card.defaults
        assert session.runs == 0
        assert "all defaults: the run begins again" in status(app)
        session.moment.restart_at = 0.0
        await until(pilot, lambda: session.runs == 1, "the run")


async def test_a_parameter_that_is_not_live_begins_again_and_says_so(open_app):
    async with open_app("fine", LONG) as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.history.tick > 10, "the run")
        await pilot.press("down", "down", "right")
        assert session.values["size"] == 4
        assert "size = 4: the run begins again" in status(app)
        await until(pilot, lambda: session.runs == 2, "the restart")
        await until(pilot, lambda: session.history.started is not None, "the second run")
        assert session.history.started.parameters["size"] == 4


async def test_many_presses_begin_again_once(open_app, monkeypatch):
    monkeypatch.setattr("dlplay.tui.model.session.RESTART_AFTER", 3600)
    async with open_app("fine", LONG) as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.history.tick > 10, "the run")
        await pilot.press("j", "j", "l", "l", "l")
        assert session.runs == 1
        assert session.state == "starting"
        session.moment.restart_at = 0.0  # the silence is over
        await until(pilot, lambda: session.runs == 2 and session.history.started, "the restart")
        assert session.history.started.parameters["size"] == 6


async def test_k_and_j_choose_a_parameter(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press("j", "j", "k")
        assert app.screen.parameter.name == "steps"
        await pilot.press("up", "up")
        assert app.screen.parameter.name == "rule"


async def test_enter_types_a_value_and_refuses_a_wrong_one(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        screen = app.screen
        await pilot.press("enter")
        assert isinstance(app.screen, ValueDialog)
        await pilot.press(*"99", "enter")
        complaint = app.screen.query_one("#complaint", Static).content.plain
        assert "0.001 to 10" in complaint
        await pilot.press("backspace", "backspace", *"0.3", "enter")
        assert app.screen is screen
        assert screen.session.values["learning_rate"] == 0.3
        await pilot.press("k", "enter")
        assert isinstance(app.screen, ChoiceDialog)
        await pilot.press("j", "enter")
        assert screen.session.values["rule"] == "signed"
        await pilot.press("enter", "escape")
        assert screen.session.values["rule"] == "signed"


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


async def test_more_panels_than_fit_are_on_pages(open_app):
    async with open_app("fine", size=(80, 24)) as (app, pilot):
        await at_rest(pilot)
        first = visible(app)
        assert 0 < len(first) < 4
        await pilot.press("pagedown")
        assert visible(app)
        assert set(visible(app)).isdisjoint(first)
        assert "of 4" in app.screen.query_one("#top", Static).content.plain


async def test_the_address_is_copied(open_app):
    async with open_app("fine", {"learning_rate": 0.2}, seed=4, start=False) as (app, pilot):
        await pilot.press("y")
        line = "dlplay open faults/fine learning_rate=0.2 --seed 4"
        assert app.clipboard == f"{line} --scenes {FAULTS}"
        assert "copied: dlplay open faults/fine" in status(app)
        assert not app._notifications


async def test_what_a_key_did_is_read_before_what_happened_by_itself(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        app.screen.line.say("what the key did", ticks=1_000_000)
        app.screen.session.start()
        await at_rest(pilot)
        assert "what the key did" in status(app)
        app.screen.line.say("what another did", ticks=1)
        await until(pilot, lambda: "N: Draws" in status(app), "the next scene")


@pytest.fixture
def editor(monkeypatch, tmp_path):
    """Sets what the editor does to the file; the terminal need not be lent."""
    monkeypatch.setattr(DlplayApp, "suspend", lambda self: nullcontext())
    script = tmp_path / "editor"
    monkeypatch.setenv("EDITOR", str(script))
    monkeypatch.delenv("VISUAL", raising=False)

    def does(lines):
        script.write_text(f"#!/bin/sh\n{lines}\n")
        script.chmod(0o755)

    return does


async def test_edit_reads_the_scene_again(open_app, editor, monkeypatch, tmp_path):
    editor("exit 0")
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press("e")
        assert "read again" in status(app)
        monkeypatch.setenv("EDITOR", str(tmp_path / "no-such-editor"))
        await pilot.press("e")
        assert app.screen.session.card.id == "faults/fine"


async def test_after_an_edit_the_old_result_is_not_taken_for_the_new_code(
    launcher, tmp_path, editor
):
    chapter = tmp_path / "scenes" / "mine"
    chapter.mkdir(parents=True)
    path = chapter / "one.py"
    path.write_text(
        "from dlplay import Scene\n\nclass One(Scene):\n    def run(self, stage):\n"
        "        stage.measure(x=1)\n"
    )
    catalog = Catalog([tmp_path / "scenes"], tmp_path / "cache")
    first = {"card": catalog.find("mine/one")}
    app = DlplayApp(catalog, launcher, Look(), Progress(tmp_path / "progress.json"), first)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        editor('sed -i "s/(x=1)/(x=/" "$1"')
        await pilot.press("e")
        assert "made by the old code: one.py: line 5: '(' was never closed" in status(app)
        assert session.runs == 1
        editor('sed -i "s/(x=/(x=2)/" "$1"; echo "$@" > $0.words')
        await pilot.press("e")
        assert session.outdated == ""
        assert (tmp_path / "editor.words").read_text() == f"{path}\n"
        await until(pilot, lambda: session.runs == 2, "another run")
        await until(pilot, lambda: session.state == "done", "its end")
        assert session.history.measures["x"] == 2
        session.close()


async def test_help_and_back_and_quit(open_app):
    async with open_app() as (app, pilot):
        assert isinstance(app.screen, Browser)
        await pilot.press("question_mark")
        assert isinstance(app.screen, Help)
        await pilot.press("escape", "down", "down", "enter")
        await until(pilot, lambda: hasattr(app.screen, "session"), "the stage")
        await pilot.press("question_mark")
        assert isinstance(app.screen, Help)
        table = app.screen.table()
        assert table.row_count > 25
        await pilot.press("escape", "q")
        assert isinstance(app.screen, Browser)


async def test_a_failure_is_told_and_the_scene_starts_again(open_app):
    async with open_app("raises") as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.state == "failed", "the failure")
        await until(pilot, lambda: "the batch is empty" in status(app), "the sentence")
        await pilot.press("r")
        assert session.runs == 2
        await until(pilot, lambda: session.state == "failed", "the second failure")


async def test_themes_and_palette(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        before = app.theme
        await pilot.press("T")
        assert app.theme != before
        titles = [command.title for command in app.get_system_commands(app.screen)]
        for action in STAGE:
            assert action.label in titles


async def test_f12_saves_a_picture_that_fetches_nothing(open_app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with open_app("fine", start=False) as (app, pilot):
        await pilot.press("f12")
        (picture,) = tmp_path.glob("dlplay-*.svg")
        svg = picture.read_text()
        assert "learning_rate" in svg
        assert "url(" not in svg.replace("url(#", "")
        assert f"picture saved: {picture.name}" in status(app)
        assert not app._notifications


async def test_a_terminal_that_is_too_small_says_so(open_app):
    async with open_app("fine", size=(50, 12), start=False) as (app, pilot):
        words = app.screen.query_one(".too-small", Static)
        assert words.display
        assert "50 x 12" in str(words.content)
        await pilot.resize_terminal(80, 24)
        assert not words.display


async def test_the_mouse_turns_parameters_and_zooms(open_app):
    async with open_app("fine", start=False) as (app, pilot):
        box = app.screen.query_one("#parameters")
        await pilot.click("#parameters", offset=(3, 2))
        assert app.screen.parameter.name == "steps"
        before = app.screen.session.values["steps"]
        await pilot.click("#parameters", offset=(box.size.width - 1, 2))
        assert app.screen.session.values["steps"] > before
        await pilot.click(app.screen.panels.views[1], offset=(4, 4), times=2)
        assert visible(app) == ["weights"]


def test_every_action_has_a_key_a_sentence_and_a_method():
    from dlplay.tui.app import DlplayApp
    from dlplay.tui.screens.stage import StageScreen

    stage = (StageScreen, *StageScreen.PARTS)
    for owners, table in ((stage, STAGE), ([Browser], BROWSER), ([DlplayApp], EVERYWHERE)):
        for action in table:
            assert action.keys
            assert action.help
            method = f"action_{action.name.split('(')[0]}"
            assert any(hasattr(owner, method) for owner in owners), action.name
        keys = [key for action in table for key in action.keys.split(",")]
        assert len(keys) == len(set(keys))


def test_the_footer_fits_80_columns():
    stage = {action.name: action for action in STAGE}
    tables = {stands: [stage[name] for name in names] for stands, names in FOOTERS.items()}
    tables["browser"] = [a for a in BROWSER if a.footer]
    for stands, table in tables.items():
        shown = [*table, *(a for a in EVERYWHERE if a.footer)]
        labels = [
            "Run again" if action.name == "start_or_pause" else action.label for action in shown
        ]
        keys = [action.written.split()[0] for action in shown]
        for place, action in enumerate(shown):
            keys[place], labels[place] = said(action.name, stands) or (keys[place], labels[place])
        assert sum(len(f" {k} {word} ") for k, word in zip(keys, labels, strict=True)) <= 80


def footer(app):
    shown = {}
    for active in app.screen.active_bindings.values():
        if active.binding.show:
            shown.setdefault(active.binding.action, active.binding.description)
    return list(shown.values())


async def test_the_footer_follows_how_things_stand(open_app):
    async with open_app("fine", LONG, start=False) as (app, pilot):
        session = app.screen.session
        assert footer(app)[0] == "Run"
        await pilot.press("space")
        await until(pilot, lambda: session.state == "running" and session.history.tick > 10)
        assert footer(app)[0] == "Pause"
        assert "Slower" in footer(app)
        assert "Turn" in footer(app)
        await pilot.press("space")
        await until(pilot, lambda: session.state == "paused", "the pause")
        assert footer(app)[0] == "Go on"
        await pilot.press("home")
        assert "Branch" in footer(app)
        await pilot.press("end", "x")
        await until(pilot, lambda: session.state == "stopped", "the stop")
        assert footer(app)[0] == "Run again"
        assert "Turn" in footer(app)
        keys = app.screen.query("FooterKey")
        await until(
            pilot,
            lambda: any(key.description == "Run again" for key in keys),
            "the footer itself",
        )


@pytest.mark.parametrize("stands", ["ready", "running", "paused", "over", "break"])
def test_the_footer_says_how_a_parameter_is_turned(stands):
    assert "more" in FOOTERS[stands]
    assert said("more", stands) == ("←→", "Turn")


async def test_the_footer_follows_what_is_asked(open_app):
    async with open_app("page") as (app, pilot):
        session = app.screen.session
        await until(pilot, lambda: session.state == "done", "the end")
        assert "Break" in footer(app)
        await pilot.press("t")
        assert {"Answer", "Another", "Leave"} <= set(footer(app))
        await pilot.press("escape", "R")
        assert {"Answer", "Leave"} <= set(footer(app))
        assert "Another" not in footer(app)
        await pilot.press("escape")
        await until(pilot, lambda: session.state == "done", "the run before")
        await pilot.press("b")
        assert "Begin" in footer(app)
        await pilot.press("enter")
        await until(pilot, lambda: "Give up" in footer(app), "the game")
        assert "Turn" in footer(app)


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


async def test_a_narrow_title_line_says_which_panels_are_seen(open_app):
    async with open_app("fine", size=(60, 16), start=False) as (app, pilot):
        app.screen.session.card = replace(app.screen.card, title="A title that is rather long, so")
        app.screen.show_top()
        await pilot.press("1")
        top = app.screen.query_one("#top", Static)
        await until(pilot, lambda: "panel 1 of" in top.content.plain, "where one is")
        assert top.content.plain.rstrip().endswith("z: all")
        assert "faults/fine" not in top.content.plain
