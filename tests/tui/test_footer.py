"""The footer of the stage, and the table of actions that it is made from."""

from __future__ import annotations

import pytest

from dlplay.tui.actions import BROWSER, EVERYWHERE, STAGE
from dlplay.tui.app import DlplayApp
from dlplay.tui.footing import FOOTERS, said
from dlplay.tui.screens.browser import Browser
from dlplay.tui.widgets.status import RunLine
from tests.tui.conftest import LONG, footer, until


def test_every_action_has_a_key_a_sentence_and_a_method():
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


def drawn_keys(screen):
    return [key.key_display for key in screen.query("FooterKey")]


async def test_while_a_filter_is_typed_the_footer_names_its_own_keys_alone(open_app):
    async with open_app() as (app, pilot):
        everywhere = ["Open", "Filter", "Quit", "Help"]
        assert footer(app) == everywhere
        await pilot.press("slash", *"behaves")
        assert footer(app) == ["To the scenes", "Show all"]
        await until(pilot, lambda: drawn_keys(app.screen) == ["enter", "esc"], "the keys")
        await pilot.press("enter")
        assert footer(app) == ["Open", "Filter", "Show all", "Quit", "Help"]
        await pilot.press("slash", *"zzqq", "enter")
        assert footer(app) == ["Filter", "Show all", "Quit", "Help"]
        await pilot.press("escape")
        assert footer(app) == everywhere


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("enter", "enter sets · esc cancels"),
        ("j j j enter", "enter chooses · ↑↓ another · esc cancels"),
        ("question_mark", "esc closes · ↓ scrolls"),
        ("S", ""),  # its last line says them
        ("ctrl+p", ""),  # Textual's own
    ],
)
async def test_under_a_dialog_the_footer_is_empty_and_the_dialog_says_its_keys(
    open_app, keys, said
):
    async with open_app("fine", start=False) as (app, pilot):
        stage = app.screen
        await until(pilot, lambda: "space" in drawn_keys(stage), "the footer")
        await pilot.press(*keys.split())
        assert app.screen is not stage
        await until(pilot, lambda: not drawn_keys(stage), "the empty footer")
        if said:
            assert app.screen.query_one(".dialog").border_subtitle == said
        await pilot.press("escape")
        await until(pilot, lambda: "space" in drawn_keys(stage), "the footer once more")


async def test_what_begins_at_once_is_never_called_ready(open_app, monkeypatch):
    seen = []
    show = RunLine.show

    def look(line):
        show(line)
        seen.append((line.session.state, line.content.plain))

    monkeypatch.setattr(RunLine, "show", look)
    async with open_app("fine", LONG) as (app, pilot):
        await until(pilot, lambda: app.screen.session.history.tick, "the run")
        assert seen
        assert not [said for _, said in seen if "ready" in said or "space starts" in said]
