"""The browser: moving, filtering, marks, and that it needs no torch."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
from rich.console import Console
from rich.style import Style
from textual.widgets import Input, Static

from dlplay.course.progress import Progress
from dlplay.tui.widgets.shelf import SceneTree
from tests.tui.conftest import until

STYLES = Style(), Style()


def labels(app):
    tree = app.screen.query_one(SceneTree)
    return [str(leaf.label) for branch in tree.root.children for leaf in branch.children]


def page(app):
    console = Console(width=80, force_terminal=False, color_system=None)
    with console.capture() as capture:
        console.print(app.screen.query_one("#page", Static).content)
    return capture.get()


async def test_the_page_follows_the_cursor(open_app):
    async with open_app() as (app, pilot):
        await until(pilot, lambda: "Scenes that misbehave" in page(app), "the chapter")
        await pilot.press("j", "j", "j", "j", "k")
        await until(pilot, lambda: "Its loss becomes infinite" in page(app), "the scene")
        await pilot.press("down")
        await until(pilot, lambda: "Never reaches" in page(app), "the next scene")
        await pilot.press("pagedown", "pageup", "J", "K")


async def test_the_page_tells_parameters_and_claims(open_app):
    async with open_app() as (app, pilot):
        app.screen.select("faults/fine")
        await until(pilot, lambda: "learning_rate" in page(app), "the scene")
        text = page(app)
        for words in ("0.001 to 10", "live", "one thousandth", "not yet seen to its end"):
            assert words in text


async def test_filtering_by_any_words_and_back(open_app):
    async with open_app() as (app, pilot):
        everything = labels(app)
        await pilot.press("slash", *"behaves", "enter")
        assert [label[2:] for label in labels(app)] == ["A scene that behaves"]
        await until(pilot, lambda: "faults/fine" in page(app), "the match")
        await pilot.press("escape")
        assert labels(app) == everything
        assert app.screen.query_one("#filter", Input).value == ""
        await pilot.press("slash", *"no such words")
        await until(pilot, lambda: "Nothing here" in page(app), "the answer")


@pytest.mark.parametrize("way", ["escape", "nothing typed"])
async def test_after_a_filter_that_found_nothing_the_page_is_that_of_before(open_app, way):
    async with open_app() as (app, pilot):
        app.screen.select("faults/fine")
        await until(pilot, lambda: "faults/fine" in page(app), "the scene")
        await pilot.press("slash", *"zzqq", *(["enter"] if way == "escape" else []))
        await until(pilot, lambda: "Nothing here" in page(app), "the answer")
        await pilot.press(*(["escape"] if way == "escape" else ["backspace"] * 4))
        assert app.screen.entry.id == "faults/fine"
        await until(pilot, lambda: "faults/fine" in page(app), "the page of the scene")


async def test_after_a_filter_that_was_left_on_a_heading_a_scene_is_chosen(open_app):
    async with open_app() as (app, pilot):
        await pilot.press("slash", *"behaves", "enter", "up")
        assert app.screen.entry is None  # "in the title"
        await pilot.press("escape")
        await until(pilot, lambda: "Scenes that misbehave" in page(app), "the chapter")


async def test_what_a_key_cannot_do_is_said_at_the_top_and_covers_nothing(open_app):
    async with open_app() as (app, pilot):
        await pilot.press("S")
        assert "a chapter has no parameters" in app.screen.query_one("#top", Static).content.plain
        app.say("picture saved: [/x].svg")
        assert "saved: [/x].svg" in app.screen.query_one("#top", Static).content.plain
        assert not app._notifications


async def test_a_title_that_is_cut_says_so(open_app):
    async with open_app(size=(80, 24)) as (app, pilot):
        tree = app.screen.scenes
        await until(pilot, lambda: tree.size.width, "the tree")
        seen = tree.scrollable_content_region.width - 2  # beside the line to the chapter
        titles = {str(node.label): node for node, _ in tree.entries() if not node.children}
        lines = {label: tree.render_label(node, *STYLES).plain for label, node in titles.items()}
        assert all(len(line) <= seen for line in lines.values())
        cut = {label for label, line in lines.items() if line != label}
        assert cut == {label for label in titles if len(label) > seen} != set()
        assert all(lines[label].endswith("…") for label in cut)


async def test_keys_of_the_stage_say_that_they_are_there(open_app):
    async with open_app() as (app, pilot):
        await pilot.press("t")
        assert "once it is open" in app.screen.query_one("#top", Static).content.plain


async def test_folding(open_app):
    async with open_app() as (app, pilot):
        (branch,) = app.screen.query_one(SceneTree).root.children
        await pilot.press("j", "h")
        assert not branch.is_expanded
        await pilot.press("right")
        assert branch.is_expanded


async def test_marks_tell_what_was_run_here(open_app, tmp_path):
    async with open_app() as (app, pilot):
        assert labels(app)[4].startswith("○")
        app.screen.select("faults/fine")
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: hasattr(app.screen, "session"), "the stage")
        await until(pilot, lambda: app.progress.mark("faults/fine") == "held", "the mark")
        await pilot.press("q")
        assert any(label.startswith("●") for label in labels(app))
    assert Progress(tmp_path / "progress.json").mark("faults/fine") == "held"


def test_the_interface_never_imports_torch():
    program = textwrap.dedent(
        """
        import asyncio, sys
        from dlplay.course.catalog import Catalog, roots
        from dlplay.engine.launcher import Launcher
        from dlplay.tui.app import DlplayApp

        async def go():
            app = DlplayApp(Catalog(roots()), Launcher())
            async with app.run_test(size=(120, 40)) as pilot:
                await pilot.press("j", "question_mark", "escape")
                await pilot.pause()

        if __name__ == "__main__":
            asyncio.run(go())
            assert "torch" not in sys.modules
        """
    )
    subprocess.run([sys.executable, "-c", program], check=True)
