"""Finding scenes by words: which come first, and why each was found."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlplay.author.claims import Claim
from dlplay.course.catalog import Chapter, SceneCard
from dlplay.tui.model.finding import Index, around

LONG = "One walks down the loss by small steps, and a *ravine* makes `plain` descent swing to fro."


def card(name, title, **more):
    return SceneCard(f"walks/{name}", Path(), Path(), title, **more)


CARDS = (
    card("text", "About walking", lesson=f"First this.\n\n{LONG}"),
    card("claim", "About claims", claims=(Claim("swing", "in a ravine it swings"),)),
    card("panel", "About panels", panels={"view": "a ravine from above"}),
    card("section", "About sections", covers={"Other": (), "Ravines and valleys": ()}),
    card("title", "The RAVINE", covers={"Ravines and valleys": ()}),
    card("none", "[b]Nothing[/x]"),
)
INDEX = Index(
    [Chapter("walks", "Walks", "", CARDS, {"Valleys": ("walks/none",)})],
)


def found(query):
    return [(match.card.id.split("/")[1], match.field, match.why) for match in INDEX.find(query)]


def test_titles_come_first_and_all_others_say_why():
    assert found("ravine") == [
        ("title", "title", ""),
        ("section", "section", "Ravines and valleys"),
        ("panel", "panel", "view: a ravine from above"),
        ("claim", "claim", "in a ravine it swings"),
        ("text", "text", "… steps, and a ravine makes plain …"),
    ]


def test_all_words_must_be_there_and_the_worst_place_counts():
    assert found("about ravine swings") == [("claim", "claim", "in a ravine it swings")]
    assert found("ravine penguin") == []
    assert [name for name, *_ in found("")] == [c.id.split("/")[1] for c in CARDS]


def test_chapter_and_part_are_places_too():
    assert found("walks nothing") == [("none", "chapter", "Walks")]
    assert ("none", "chapter", "Valleys") in found("valleys")


@pytest.mark.parametrize("query", ["section: ravine", "SECTION:ravine", "§ ravine", "§ravine"])
def test_by_section_alone(query):
    assert [name for name, *_ in found(query)] == ["section", "title"]


@pytest.mark.parametrize("word", [*LONG.lower().split(), "penguin", ""])
@pytest.mark.parametrize("width", [1, 10, 44, 200])
def test_the_words_around_are_short_and_have_the_word(word, width):
    shown = around(LONG, word, width)
    assert word == "penguin" or word in shown.lower()
    assert len(shown) <= max(width, len(word)) + 4
