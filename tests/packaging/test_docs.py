"""The documents tell the truth: their pictures are there, their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dlplay.course.catalog import describe
from dlplay.engine.execute import execute
from dlplay.wire.contents import DRAWS

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs"
PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", PROJECT / "CHANGELOG.md",
         *sorted(DOCS.glob("*.md"))]  # fmt: skip
LINK = re.compile(r"\]\(([^)#]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_drawing_call_is_in_the_gallery_and_in_the_guide():
    card = describe(DOCS / "gallery" / "drawings.py", DOCS)
    assert not card.broken
    assert set(card.panels) == DRAWS
    guide = (DOCS / "authors-guide.md").read_text(encoding="utf-8")
    for name in DRAWS:
        assert f"stage.{name}(" in guide
        assert (DOCS / "pictures" / f"{name}.svg").is_file()
    done = execute(card, dict(card.quick), device="cpu")
    assert done.status == "done", done.message


def test_the_words_of_the_architecture_page_are_rooms_that_exist():
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    for name in re.findall(r"^\| `(\w+)/`", text, re.MULTILINE):
        assert (PROJECT / "dlplay" / name / "__init__.py").is_file(), name
    for path in re.findall(r"`(\w+/\w+\.py)`", text):
        assert any((PROJECT / room / path).is_file() for room in ("dlplay", "")), path
