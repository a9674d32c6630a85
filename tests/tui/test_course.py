"""The way through the course: parts, filter, palette, the next scene, and where one was."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
from textual.geometry import Size
from textual.widgets import Static

from dlplay.course.catalog import Catalog
from dlplay.course.progress import Progress
from dlplay.draw import Look
from dlplay.engine.recordings.library import Library
from dlplay.tui.app import DlplayApp
from dlplay.tui.screens.browser import Browser
from dlplay.tui.screens.stage import StageScreen
from dlplay.tui.widgets.shelf import MOST, SceneTree
from tests.benchmarks.courses import write
from tests.tui.conftest import until
from tests.tui.fixed import FixedLauncher
from tests.tui.test_browser import page

SCENE = '''"""
# {title}

{lesson}
"""
from dlplay import Scene, Try, Float


class One(Scene):
    covers = ({section!r},)
    panels = {{"hill": "the [b]hill[/x] from above"}}
    claims = {{"down": "it goes down"}}
    tries = (Try("rate=2", "What will [red] happen?", ("this", "ANSWER"), right=2, why="REASON",
                 breaks="down"),)
    rate = Float(1, min=0, max=9, help="a long sentence of [/x] help that surely has to be wrapped")

    def run(self, stage):
        for step in stage.loop(2):
            stage.curve("hill", height=step)
        stage.claim("down", 0.0, below=1)
'''
INTRODUCTION = '''"""
# Hills

What one walks [/x] down.
"""
scenes = {"Up [b]there[/x]": ("first", "second"), "Down": ("third",)}
'''


@pytest.fixture
def hills(tmp_path):
    """A chapter of two parts and a scene in none, with what looks like markup everywhere."""
    folder = tmp_path / "course" / "hills"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(INTRODUCTION)
    for name, title, section in (
        ("first", "Which [/x] way is down?", "Slopes"),
        ("second", "What is a slope?", "Slopes [red]and[/x] steps"),
        ("third", "Where does it end?", "The foot"),
        ("fourth", "An addition", "Others"),
    ):
        lesson = f"The first lines of {name}.\n\nThe penguin [/x] walks."
        (folder / f"{name}.py").write_text(
            SCENE.format(title=title, lesson=lesson, section=section)
        )
    return folder.parent


@asynccontextmanager
async def opened(course, tmp_path, size=(120, 40)):
    progress = Progress(tmp_path / "progress.json")
    app = DlplayApp(Catalog([course]), FixedLauncher(), Look(), progress)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


def lines(app):
    """What the tree shows, from above to below, without its guides."""
    tree = app.screen.query_one(SceneTree)
    return [str(tree.get_node_at_line(n).label) for n in range(tree.last_line + 1)]


def chosen(app):
    return app.screen.entry.title


async def test_chapters_open_into_parts_and_scenes(hills, tmp_path):
    async with opened(hills, tmp_path) as (app, pilot):
        everything = lines(app)
        assert everything == [
            "Hills  0/4",
            "Up [b]there[/x]",
            "○ Which [/x] way is down?",
            "○ What is a slope?",
            "Down",
            "○ Where does it end?",
            "○ An addition",
        ]
        await pilot.press("j", "j", "h")
        assert chosen(app) == "Up [b]there[/x]"
        await until(pilot, lambda: "Open first: Which [/x] way is down?" in page(app), "the part")
        assert "○ What is a slope?" not in lines(app)
        await pilot.press("h", "h")
        assert lines(app) == ["Hills  0/4"]
        await pilot.press("l", "l", "l", "l")
        assert lines(app) == everything
        assert chosen(app) == "Which [/x] way is down?"


async def test_a_chapter_ends_with_what_to_open_first(hills, tmp_path):
    async with opened(hills, tmp_path) as (app, pilot):
        await until(pilot, lambda: "What one walks [/x] down." in page(app), "the chapter")
        assert page(app).strip().split("\n")[-1] == "Open first: Which [/x] way is down?"
        app.progress.record("hills/first", held=False)
        app.screen.read()
        assert page(app).strip().split("\n")[-1] == "Open next: What is a slope?"


async def test_a_large_course_is_folded_and_its_scenes_found(tmp_path):
    course = tmp_path / "large"
    course.mkdir()
    write(course, 60)
    async with opened(course, tmp_path) as (app, pilot):
        assert lines(app) == ["Part 0  0/25", "Part 1  0/25", "Part 2  0/10"]
        await pilot.press("slash", *"question 47")
        assert lines(app) == ["in the title  1", "○ Question 47: how far does it go?"]
        await pilot.press("escape")
        assert chosen(app) == "Question 47: how far does it go?"
        assert lines(app)[1] == "Part 1  0/25"
        assert len(lines(app)) == 3 + 25  # its own chapter is open
        await pilot.press("slash", "a")
        assert len(lines(app)) <= 2 * MOST + 8
        await pilot.press("enter", *"jjjj", "escape")
        assert isinstance(app.screen, Browser)


async def test_a_filter_says_why_and_puts_titles_first(hills, tmp_path):
    async with opened(hills, tmp_path) as (app, pilot):
        await pilot.press("slash", *"slope")
        assert lines(app) == [
            "in the title  1",
            "○ What is a slope?",
            "in a section  1",
            "○ Which [/x] way is down?",
            "Slopes",
        ]
        await pilot.press("enter", "j", "j")
        assert chosen(app) == "Which [/x] way is down?"
        await pilot.press("j", "k", "k")
        assert chosen(app) == "What is a slope?" or app.screen.entry is None
        await pilot.press("escape", "slash", *"section: [/x]")
        assert lines(app) == ["in a section  1", "○ What is a slope?", "Slopes [red]and[/x] steps"]
        await pilot.press("escape", "slash", *"penguin [/x]")
        assert lines(app)[-1] == "The penguin [/x] walks."
        await pilot.press(*"[/b] nowhere")
        await until(pilot, lambda: "Nothing here has all of: penguin [/x][/b]" in page(app), "it")


async def test_the_page_of_a_scene_asks_and_does_not_answer(hills, tmp_path):
    async with opened(hills, tmp_path) as (app, pilot):
        app.screen.select("hills/first")
        await until(pilot, lambda: "hills/first" in page(app), "the page")
        text = page(app)
        for words in (
            "The first lines of first.", "The penguin [/x] walks.", "the [b]hill[/x] from above",
            "of [/x] help", "it goes down", "What will [red] happen?", "Slopes",
        ):  # fmt: skip
            assert words in text
        assert "ANSWER" not in text
        assert "REASON" not in text
        assert "rate=2" not in text


async def test_the_next_scene_and_where_one_was(hills, tmp_path):
    async with opened(hills, tmp_path) as (app, pilot):
        app.screen.select("hills/first")
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, StageScreen), "the stage")
        await until(pilot, lambda: "N: What is" in status(app), "the end")
        await pilot.press("N")
        await until(pilot, lambda: app.screen.card.id == "hills/second", "the next")
        assert len(app.screen_stack) == 3
        await pilot.press("q")
        assert isinstance(app.screen, Browser)
        assert chosen(app) == "What is a slope?"
        await pilot.press("j", "question_mark", "escape")
        assert isinstance(app.screen, Browser)
        assert chosen(app) == "Down"
    async with opened(hills, tmp_path) as (app, pilot):
        assert chosen(app) == "What is a slope?"


async def test_the_last_scene_has_none_after_it(hills, tmp_path):
    async with opened(hills, tmp_path) as (app, pilot):
        app.open_scene(app.catalog.find("hills/fourth"))
        await until(pilot, lambda: isinstance(app.screen, StageScreen), "the stage")
        await pilot.press("N")
        await until(pilot, lambda: "no scene of the course comes after" in status(app), "the words")


async def test_the_palette_opens_scenes(hills, tmp_path):
    async with opened(hills, tmp_path) as (app, pilot):
        for words, name in (("way is [/x", "first"), ("foot", "third"), ("[red]and", "second")):
            await pilot.press("ctrl+p")
            await pilot.press(*words)
            found = app.screen.query_one("CommandList")
            await until(pilot, lambda found=found: found.option_count == 1, words)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, StageScreen), "the stage")
            await until(pilot, lambda name=name: app.screen.card.id == f"hills/{name}", name)
        assert len(app.screen_stack) == 3


async def test_the_still_of_the_last_recording(hills, launcher, tmp_path):
    library, catalog = Library(tmp_path / "runs"), Catalog([hills])
    progress = Progress(tmp_path / "progress.json")
    app = DlplayApp(catalog, launcher, Look(), progress, library=library)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()

        async def play(**settings):
            session = app.session(catalog.find("hills/second"), settings=settings)
            session.start()
            await until(pilot, lambda: (session.poll(), session.state)[1] == "done", "the run")
            session.close()

        await play()
        await play(rate=3.0)
        app.screen.select("hills/first")
        await until(pilot, lambda: "hills/first" in page(app), "the page")
        app.screen.select("hills/second")
        await until(pilot, lambda: "last run: 2 steps" in page(app), "the still")
        text = page(app)
        assert "rate=3" in text
        assert "● height" in text or "height 1" in text
        await play(rate=4.0)
        app.screen.read()
        await until(pilot, lambda: "rate=4" in page(app), "the newer still")
        assert text.index("The first lines") < text.index("last run") < text.index("The penguin")
        app.screen.select("hills/first")
        await until(pilot, lambda: "hills/first" in page(app), "the other page")
        assert "last run" not in page(app)


def status(app):
    return str(app.screen.query_one("#status", Static).content)


LOUD = '''"""
# Loud

What a lesson says.

class NotThis(Scene):
"""
from dlplay import Scene

LONG = "{long}"


def helper():
    return LONG


class Loud(Scene):
    def run(self, stage):
        for step in stage.loop(2):
            stage.curve("hill", height=step)
        print("red \\x1b[31mtext\\x07 [/x]")
'''


@pytest.fixture
def loud(hills):
    (hills / "hills" / "loud.py").write_text(LOUD.format(long="x" * 300 + "END"))
    return hills


async def test_the_source_opens_at_the_class_with_long_lines_wrapped(loud, tmp_path):
    async with opened(loud, tmp_path, size=(80, 24)) as (app, pilot):
        app.open_scene(app.catalog.find("hills/loud"))
        await until(pilot, lambda: isinstance(app.screen, StageScreen), "the stage")
        await pilot.press("s")
        source = app.screen.query_one("#source")
        below = app.screen.query_one("#source-class")
        await until(pilot, lambda: source.scroll_y > 0, "the class")
        assert below.region.y == source.content_region.y or source.scroll_y == source.max_scroll_y
        assert "class Loud" in seen(app)
        for _ in range(20):
            await pilot.press("up")
        assert source.scroll_y == 0
        assert "What a lesson says." in seen(app)
        assert "END" in seen(app)


async def test_the_log_says_that_it_is_empty_and_shows_no_escapes(loud, launcher, tmp_path):
    catalog = Catalog([loud])
    first = {"card": catalog.find("hills/loud"), "start": False}
    app = DlplayApp(catalog, launcher, Look(), Progress(tmp_path / "p.json"), first)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("o")
        assert "Nothing has been printed" in seen(app)
        await pilot.press("space")
        await until(pilot, lambda: "red text␇ [/x]" in seen(app), "the line")
        assert "Nothing has been printed" not in seen(app)
        app.screen.session.close()


async def test_what_is_wrapped_hangs_under_its_text(hills, tmp_path):
    wordy = hills / "hills" / "wordy.py"
    text = (hills / "hills" / "first.py").read_text()
    wordy.write_text(text.replace("it goes down", " ".join(["it goes down"] * 12)))
    async with opened(hills, tmp_path, size=(80, 24)) as (app, pilot):
        app.open_scene(app.catalog.find("hills/wordy"))
        await until(pilot, lambda: isinstance(app.screen, StageScreen), "the stage")
        await pilot.press("c")
        lines = seen(app).split("\n")
        first = next(line for line in lines if "▸" in line)
        column = first.index("it goes")
        after = lines[lines.index(first) + 1]
        assert len(after[1:].split("│")[0]) - len(after[1:].split("│")[0].lstrip()) == column - 1


def seen(app):
    """The characters on the screen."""
    width, height = app.size
    strips = app.screen._compositor.render_strips(Size(width, height))
    return "\n".join(strip.text for strip in strips)
