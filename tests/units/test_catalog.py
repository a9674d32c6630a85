"""The catalog: scenes are found, read without being run, and loaded."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from dlplay.course.catalog import BrokenScene, Catalog, UnknownScene, built_in, describe, load

SCENE = '''
"""# A title

The lesson.
"""
import a_module_that_is_not_there
from dlplay import Float, Scene, claim

RATES = (0.1, 1.0)

class Thing(Scene):
    covers = {"First section": ("loss",), "Second section": ()}
    panels = ("loss",)
    quick = dict(rate=0.2)
    rate = Float(RATES[0] if False else 0.1, min=0.01, max=2 / 2)

    @claim("it works", breaks={"rate": 1.0})
    def works(self, measured):
        return measured.loss < 1e-3
'''.replace("RATES[0] if False else 0.1", "0.1")


@pytest.fixture
def folder(tmp_path):
    chapter = tmp_path / "first_steps"
    chapter.mkdir()
    (chapter / "__init__.py").write_text(
        '"""# First steps\n\nAn introduction."""\nscenes = ["b", "a"]\n'
    )
    (chapter / "a.py").write_text(SCENE)
    (chapter / "b.py").write_text(SCENE.replace("A title", "Another"))
    (chapter / "helpers.py").write_text("x = 1\n")
    (tmp_path / "__init__.py").write_text('chapters = ["first_steps"]\n')
    return tmp_path


def test_a_scene_is_described_without_being_imported(folder):
    card = Catalog([folder]).find("first-steps/a")
    assert (card.title, card.lesson) == ("A title", "The lesson.")
    assert card.covers == {"First section": ("loss",), "Second section": ()}
    assert card.quick == {"rate": 0.2}
    assert card.parameters["rate"].max == 1.0
    (works,) = card.claims
    assert (works.text, works.condition, works.breaks) == (
        "it works",
        "loss < 0.001",
        {"rate": 1.0},
    )
    assert not card.broken


def test_order_is_declared_and_helpers_are_no_scenes(folder):
    (chapter,) = Catalog([folder]).chapters
    assert (chapter.title, chapter.introduction) == ("First steps", "An introduction.")
    assert [card.id for card in chapter.scenes] == ["first-steps/b", "first-steps/a"]


def test_to_find_a_scene_only_its_file_is_read(folder, tmp_path_factory, monkeypatch):
    read = []
    monkeypatch.setattr(
        "dlplay.course.catalog.describe",
        lambda path, root: read.append(path) or describe(path, root),
    )
    other = tmp_path_factory.mktemp("other")
    (other / "first_steps").mkdir()
    (other / "first_steps" / "a.py").write_text(SCENE.replace("A title", "Mine"))
    catalog = Catalog([folder, other])
    assert catalog.find("first-steps/a") is not catalog.find("first-steps/b")
    assert [path.name for path in read] == ["a.py", "b.py"]
    assert catalog.find("first-steps/a").title == "A title"
    assert catalog.chapters
    assert catalog.find("first-steps/a") is catalog.scenes[1]
    with pytest.raises(UnknownScene):
        Catalog([folder]).find("first-steps/helpers")


def test_another_folder_adds_to_a_chapter_and_overrides_nothing(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "first_steps").mkdir()
    (other / "first_steps" / "a.py").write_text(SCENE.replace("A title", "Mine"))
    (other / "first_steps" / "c.py").write_text(SCENE)
    catalog = Catalog([folder, other])
    assert [card.id.split("/")[1] for card in catalog.scenes] == ["b", "a", "c"]
    assert catalog.find("first-steps/a").title == "A title"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("class Thing(Scene:\n", "broken.py"),
        ("from dlplay import *\nclass T(Scene):\n    x = Float(9, min=0, max=1)\n", "0 to 1"),
        ("class T(Scene):\n    x = Float(f(), min=0, max=1)\n", "not a literal"),
        ("class T(Scene):\n    x = Float(0.5, minimum=0, max=1)\n", "minimum"),
        ("class T(Scene):\n    covers = ('One', 'Two')\n", "covers must be a dict"),
        ("class T(Scene):\n    covers = {'One': 'loss'}\n", "needs its comma"),
    ],
)
def test_a_broken_file_is_listed_with_what_is_wrong(folder, text, words):
    path = folder / "first_steps" / "broken.py"
    path.write_text(text)
    card = describe(path, folder)
    assert words in card.broken
    with pytest.raises(BrokenScene):
        load(card)


def test_unknown_names_are_answered_with_the_nearest(folder):
    catalog = Catalog([folder])
    with pytest.raises(UnknownScene, match="Did you mean 'first-steps/a'"):
        catalog.find("firststeps/a")
    with pytest.raises(UnknownScene, match="Did you mean 'first-steps'"):
        catalog.select(["first-step"])
    assert len(catalog.select(["first-steps"])) == 2


def test_relative_imports_work_within_a_chapter(folder):
    path = folder / "first_steps" / "uses.py"
    path.write_text(
        "from dlplay import Scene\nfrom .helpers import x\nclass Uses(Scene):\n    number = x\n"
    )
    assert load(describe(path, folder)).number == 1


def test_listing_our_course_imports_neither_torch_nor_textual():
    program = textwrap.dedent(
        """
        import sys
        from dlplay.course.catalog import Catalog, roots
        assert Catalog(roots()).scenes
        heavy = {"torch", "textual", "rich", "numpy"} & set(sys.modules)
        assert not heavy, heavy
        """
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_importing_dlplay_costs_nothing():
    program = "import sys, dlplay; sys.exit(bool({'torch', 'numpy', 'msgspec'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_our_own_scenes_are_there():
    assert (built_in() / "introduction").is_dir()
