"""The made-up world of names, relations and answers."""

import pytest

from dlplay.data.library import RELATIONS, library


def test_each_name_has_all_relations_and_each_fact_a_question():
    world = library(30, answers=12)
    assert len(world.headings) == len(world.questions) == 30 * len(RELATIONS)
    assert len(set(world.headings)) == len(world.headings)
    assert len(set(world.answers)) == 12
    for heading, question in zip(world.headings, world.questions, strict=True):
        name, relation = heading.split()
        assert question == f"{relation} of {name}"


def test_one_letter_of_a_misspelt_name_is_another():
    world = library(30, spellings=2)
    assert len(world.misspelt) == 2
    for spelling in world.misspelt:
        for wrong, question in zip(spelling, world.questions, strict=True):
            assert len(wrong) == len(question)
            assert sum(a != b for a, b in zip(wrong, question, strict=True)) == 1
            assert wrong.split()[0] == question.split()[0]


def test_it_is_the_same_world_each_time():
    assert library(20) == library(20)


def test_more_than_there_are_syllables_for_is_refused():
    with pytest.raises(ValueError, match="5000"):
        library(6000)
