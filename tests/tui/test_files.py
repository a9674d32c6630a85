"""A File parameter in the interface: typed like a text, turned like a choice."""

from __future__ import annotations

from textual.widgets import Input, Static

from dlplay.author import files
from dlplay.course.catalog import Catalog
from dlplay.course.progress import Progress
from dlplay.draw import Look
from dlplay.tui.app import DlplayApp
from dlplay.tui.widgets.dialogs import NO_FILES, ValueDialog
from tests.tui.conftest import until

SCENE = '''"""# Reads"""
from dlplay import File, Scene
from dlplay.data import text


class Reads(Scene):
    book = File("shakespeare", kind="text", help="what it reads")

    def run(self, stage):
        for _ in stage.loop(1):
            stage.measure(size=len(text(self.book)))
'''


async def test_a_path_is_typed_and_arrows_turn_through_what_is_bundled(tmp_path, launcher):
    (tmp_path / "reading").mkdir()
    (tmp_path / "reading" / "reads.py").write_text(SCENE, encoding="utf-8")
    book = tmp_path / "[b]my book.txt"
    book.write_text("to be", encoding="utf-8")
    catalog = Catalog([tmp_path])
    first = {"card": catalog.find("reading/reads"), "settings": {}, "start": False, "seed": 0}
    app = DlplayApp(catalog, launcher, Look(), Progress(tmp_path / "progress.json"), first)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        session = app.screen.session
        try:
            await pilot.press("right")
            assert session.values["book"] == "names"
            await pilot.press("left", "left")
            assert session.values["book"] == "smiles"

            await pilot.press("enter")
            dialog = app.screen
            assert isinstance(dialog, ValueDialog)
            dialog.query_one(Input).value = "/no/[such]"
            await pilot.press("enter")
            complaint = dialog.query_one("#complaint", Static).content.plain
            assert complaint.endswith("not '/no/[such]': there is no such file.")
            dialog.query_one(Input).value = f" {book} "
            await pilot.press("enter")
            assert session.values["book"] == str(book)

            await pilot.press("right")
            assert session.values["book"] == str(book)  # a key does not lose what was typed
            await pilot.press("space")
            await until(pilot, lambda: session.history.finished, "the end of the run")
            assert session.history.finished.measures == {"size": 5.0}

            book.unlink()
            session.start()
            await until(pilot, lambda: session.history.finished, "the end of the run")
            assert session.history.finished.status == "failed"
            assert session.history.finished.message.endswith("there is no such file.")
        finally:
            session.close()


async def test_tab_completes_a_path_in_the_dialog(tmp_path, launcher, monkeypatch):
    (tmp_path / "reading").mkdir()
    (tmp_path / "reading" / "reads.py").write_text(SCENE, encoding="utf-8")
    (tmp_path / "[b]ooks").mkdir()
    for name in ("[red]one.txt", "[red]two.txt"):
        (tmp_path / "[b]ooks" / name).write_text("to be", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    catalog = Catalog([tmp_path])
    first = {"card": catalog.find("reading/reads"), "settings": {}, "start": False, "seed": 0}
    app = DlplayApp(catalog, launcher, Look(), Progress(tmp_path / "progress.json"), first)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        session = app.screen.session
        try:
            await pilot.press("enter")
            dialog = app.screen
            assert isinstance(dialog, ValueDialog)
            typed = dialog.query_one(Input)
            told = dialog.query_one("#complaint", Static)
            await pilot.press("[", "tab")  # the old value is selected: typing replaces it
            assert typed.value == "[b]ooks/"
            await pilot.press("tab")
            assert typed.value == "[b]ooks/[red]"
            assert told.content.plain == "[red]one.txt  [red]two.txt"
            await pilot.press("x", "tab")
            assert typed.value == "[b]ooks/[red]x"
            assert told.content.plain == "nothing here begins so"
            await pilot.press("backspace", "t", "tab", "enter")
            assert session.values["book"] == "[b]ooks/[red]two.txt"
            assert app.screen is not dialog
        finally:
            session.close()


async def test_where_files_are_not_read_it_is_said_so_and_not_that_there_are_none(
    tmp_path, launcher, monkeypatch
):
    monkeypatch.setenv(files.ALLOWED, "none")
    (tmp_path / "reading").mkdir()
    (tmp_path / "reading" / "reads.py").write_text(SCENE, encoding="utf-8")
    catalog = Catalog([tmp_path])
    first = {"card": catalog.find("reading/reads"), "settings": {}, "start": False, "seed": 0}
    app = DlplayApp(catalog, launcher, Look(), Progress(tmp_path / "progress.json"), first)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        assert any(NO_FILES in each.content.plain for each in app.screen.query(Static))
        await pilot.press("/", "tab")
        assert app.screen.query_one("#complaint", Static).content.plain == NO_FILES
        await pilot.press("escape")
