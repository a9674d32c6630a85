"""Every section of the course's finished chapters is shown by a scene.

`sections.json` lists the sections of a chapter in the order of the course; each with the ideas that
a lesson has to name, an idea being a list of words of which one will do.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dlplay.course.catalog import Catalog, built_in

SECTIONS = json.loads(Path(__file__).with_name("sections.json").read_text(encoding="utf-8"))
CHAPTERS = {chapter.id: chapter for chapter in Catalog([built_in()]).chapters}
NOTHING_TO_MEASURE = {"Where deep learning sits (the Venn diagram)"}

every_section = pytest.mark.parametrize(
    ("chapter", "section"),
    [(chapter, section) for chapter, sections in SECTIONS.items() for section in sections],
)


def covering(chapter, section):
    return [card for card in CHAPTERS[chapter].scenes if section in card.covers]


@every_section
def test_a_section_is_shown_and_measured(chapter, section):
    cards = covering(chapter, section)
    assert cards, f"no scene of {chapter} covers {section!r}"
    shown = {name for card in cards if not card.is_page for name in card.covers[section]}
    for card in cards:  # a page asks one question: all of it shows the section
        if card.is_page:
            shown |= {*card.panels, *(claim.name for claim in card.claims)}
    panels = {name for card in cards for name in card.panels}
    claims = {claim.name for card in cards for claim in card.claims}
    assert shown & panels, "no panel shows it"
    assert shown & claims or section in NOTHING_TO_MEASURE, "no claim measures it"


@every_section
def test_a_lesson_tells_of_the_section(chapter, section):
    """In the old form, in which a lesson tells of many; a page asks its section's question."""
    old = [card for card in covering(chapter, section) if not card.is_page]
    if not old:
        return
    lessons = " ".join(card.lesson for card in old)
    told = " ".join(lessons.split()).casefold()
    assert SECTIONS[chapter][section], "no idea is demanded"
    for idea in SECTIONS[chapter][section]:
        assert any(word.casefold() in told for word in idea), f"none of {idea} in the lesson"


@pytest.mark.parametrize("chapter", SECTIONS)
def test_no_section_is_misspelt(chapter):
    for card in CHAPTERS[chapter].scenes:
        assert set(card.covers) <= set(SECTIONS[chapter]), card.id
