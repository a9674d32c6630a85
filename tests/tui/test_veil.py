"""While a riddle is guessed, nothing on the screen tells which knob was turned."""

from __future__ import annotations

import ast
from dataclasses import replace

import numpy as np
import pytest
from textual.widgets import Static

from dlplay.author.tries import BUDGET, Try
from dlplay.course.catalog import Catalog, built_in
from dlplay.draw import Curves
from dlplay.tui.model.veil import Veil
from dlplay.wire import events
from tests.tui.conftest import until
from tests.tui.test_riddle import said
from tests.tui.test_tries import done

PAGES = [card for card in Catalog([built_in()]).scenes if card.is_page and len(card.tries) > 1]
# What writes words that the veil goes over; the names of series are no place for a setting.
VEILED_CALLS = {"headline", "table", "text", "axes"}


def page(name):
    return next(card for card in PAGES if card.id == name)


@pytest.mark.parametrize(
    ("id", "text", "seen"),
    [
        ("descent", "α = 0.25: 3% at rest; left 0.072", "α = ?: 3% at rest; left 0.072"),
        ("descent", "α = 0.04: 99% at rest; left 0.072", "α = ?: 99% at rest; left 0.072"),
        ("price", "h = 1e-15", "h = ?"),
        ("price", "h = 1e-05", "h = ?"),
        ("price", "h = 1e-07: error 3e-09 one-sided", "h = 1e-07: error 3e-09 one-sided"),
        ("first-net", "units 2, loss 0.31", "units ?, loss 0.31"),
        ("first-net", "8 units, right for 8 of 12", "? units, right for 8 of 12"),
        ("first-net", "learning rate: 30 after 30 steps", "learning rate: ? after 30 steps"),
        ("pytorch", "your net (slip=detach), detach", "your net (slip=?), detach"),
        ("pytorch", "slip: view(-1)", "slip: ?"),
        ("noise", "decay=1/k, floor of 1 example 0.0031", "decay=?, floor of 1 example 0.0031"),
        ("noise", "rate 1.2", "rate 1.2"),
        ("noise", "at 1.05. At 1.1, at 1.05e+00", "at ?. At ?, at ?"),
    ],
)
def test_what_a_knob_can_have_is_hidden_whichever_was_turned(id, text, seen):
    assert Veil(page(f"introduction/{id}")).text(text) == seen


def test_a_panel_is_hidden_in_its_words():
    veil = Veil(page("introduction/price"))
    rows = [["h=1e-05", 2]]
    table = veil.panel(events.Table(panel="h = 1e-15", columns=["h = 1e-15", "x"], rows=rows))
    assert (table.panel, table.columns, table.rows) == ("h = 1e-15", ["h = ?", "x"], [["h=?", 2]])
    axes = events.Axes(panel="loss", x="h = 1e-15", y="loss")
    curves = veil.panel(Curves(axes, {}))
    assert (curves.axes.x, curves.axes.y) == ("h = ?", "loss")
    assert veil.panel(events.Text(panel="t", text="mode: forward")).text == "mode: ?"
    values = events.Array.of(np.zeros((1, 2, 2), np.float32))
    heat = events.Heatmap(panel="h", values=values, names=["mode=backward"])
    assert veil.panel(heat).names == ["mode=?"]


def told(card):
    """The lines where a page writes a knob of its tries elsewhere than the veil hides it."""
    knobs = {each.knob(card.parameters) for each in card.tries} | {BUDGET}
    for call in ast.walk(ast.parse(card.source)):
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name("stage" | "self"), attr=method)):
                if method in VEILED_CALLS:
                    continue
            case ast.Call(func=ast.Name("print")):
                pass
            case _:
                continue
        for part in ast.walk(call):
            if isinstance(part, ast.FormattedValue):
                read = {n.attr for n in ast.walk(part) if isinstance(n, ast.Attribute)}
                if read & knobs:
                    yield call.lineno


@pytest.mark.parametrize("card", PAGES, ids=lambda card: card.id)
def test_no_page_writes_a_knob_where_the_veil_does_not_reach(card):
    assert list(told(card)) == []


def screen(app):
    """All words on the screen, the strip with the choices left out."""
    hidden = {"try-lines"}
    statics = [w for w in app.screen.query(Static) if w.id not in hidden]
    words = [str(getattr(w.content, "plain", w.content)) for w in statics]
    panels = [view.content for view in app.screen.panels.views if view.content is not None]
    borders = [f"{v.border_title} {v.border_subtitle}" for v in app.screen.panels.views]
    texts = [content.text for content in panels if hasattr(content, "text")]
    return "\n".join([*words, *borders, *texts])


async def test_the_screen_of_a_riddle_tells_neither_value_nor_budget(open_app):
    async with open_app("page") as (app, pilot):
        card = app.screen.card
        more = tuple(
            Try(f"temperature={n} steps={20 + n}", "So?", ("yes", "no"), right=1, why="Why?")
            for n in (4, 7)
        )
        app.screen.session.card = replace(card, tries=more)
        session = await done(pilot, app)
        await pilot.press("w", "R")
        await done(pilot, app, runs=2)
        assert not session.xray
        secret = app.screen.tries.riddle.secret
        value = (4, 7)[secret]
        assert session.values["temperature"] == value
        headline = app.screen.query_one("#headline", Static)
        await until(pilot, lambda: "temperature ?" in headline.content.plain, "the headline")
        note = app.screen.panels.views[1]
        await until(pilot, lambda: note.content and "temperature ?" in note.content.text, "it")
        shown = screen(app)
        for word in (f"temperature {value}", f"/{20 + value}", f"={value}", f"= {value}"):
            assert word not in shown, word
        for key in ("V", "w", "o"):
            await pilot.press(key)
            assert "answer the riddle first" in said(app), key
        assert app.screen.page == "panels"
        await pilot.press(str(secret + 1))
        await until(pilot, lambda: f"temperature {value}" in headline.content.plain, "the value")
        await until(pilot, lambda: f"temperature {value}" in note.content.text, "the value")


async def test_a_page_that_was_open_is_closed_by_a_riddle(open_app):
    async with open_app("page") as (app, pilot):
        await done(pilot, app)
        await pilot.press("p", "v")
        assert app.screen.page == "compare"
        await pilot.press("R")
        await until(pilot, lambda: app.screen.page == "panels", "the panels")
