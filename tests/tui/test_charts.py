"""Charts by plotext, as the palette offers them."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from dlplay.course.preferences import Preferences
from dlplay.draw import sheets
from dlplay.tui.widgets.panel import PanelView
from tests.tui.conftest import until


def charts(app):
    """What the palette does under this name."""
    offered = {command.title: command for command in app.get_system_commands(app.screen)}
    offered["Charts"].callback()


def seen(app):
    view = next(iter(app.screen.query(PanelView)))
    lines = [view.render_line(y) for y in range(view.size.height)]
    return [segment for strip in lines for segment in strip]


@pytest.mark.skipif(sheets.plotext() is None, reason="plotext is not installed")
async def test_the_palette_changes_what_draws_the_charts_and_back(open_app):
    async with open_app("fine", {"steps": 40}) as (app, pilot):
        await until(pilot, lambda: app.screen.session.state == "done", "the end")
        await pilot.pause()
        app.screen.paint()
        own = seen(app)
        charts(app)
        assert app.look.charts == "plotext"
        await until(pilot, lambda: seen(app) != own, "another picture")
        charts(app)
        await until(pilot, lambda: seen(app) == own, "the first one")


@pytest.mark.skipif(sheets.plotext() is None, reason="plotext is not installed")
async def test_the_choice_is_kept_and_said_where_it_covers_nothing(open_app, tmp_path):
    path = tmp_path / "config" / "settings.toml"
    async with open_app(kept=Preferences(path)) as (app, _):
        charts(app)
        assert "charts by plotext" in app.screen.query_one("#top", Static).content.plain
        assert not app._notifications
    assert Preferences(path)["charts"] == "plotext"


async def test_a_damaged_file_of_settings_is_said_once_and_changes_nothing(open_app, tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text('charts = "plottext"')
    async with open_app(kept=Preferences(path)) as (app, pilot):
        top = app.screen.query_one("#top", Static)
        await until(pilot, lambda: "one of own, plotext" in top.content.plain, "the trouble")
        assert app.look.charts == "own"


async def test_without_plotext_it_is_said_and_nothing_changes(open_app, monkeypatch):
    monkeypatch.setattr(sheets, "plotext", lambda: None)
    async with open_app("fine", start=False) as (app, pilot):
        charts(app)
        assert app.look.charts == "own"
        said = "plotext is not installed"
        await until(pilot, lambda: [n.message for n in app._notifications] == [said], "the notice")
