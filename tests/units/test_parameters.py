"""Parameters: what they take, how keys move them, how they are written."""

from __future__ import annotations

import math
import random

import pytest

from dlplay import Choice, File, Float, Int, Scene, Text, Toggle
from dlplay.author.parameters.base import ParameterError

RATE = Float(0.02, min=1e-4, max=1, log=True)
SHARE = Float(0.9, min=0, max=0.999)
BATCH = Int(16, min=1, max=512, log=True)
WIDTH = Int(3, min=1, max=10)
RULE = Choice("adam", ("sgd", "momentum", "adam"))
BOOK = File("shakespeare", kind="text", help="what it learns from")


def test_a_logarithmic_parameter_climbs_a_ladder_of_round_numbers():
    value, seen = 0.02, []
    for _ in range(6):
        value = RATE.nudge(value, 1)
        seen.append(value)
    assert seen == [0.025, 0.03, 0.04, 0.05, 0.06, 0.08]
    assert RATE.nudge(0.02, 1, big=True) == 0.05
    assert RATE.nudge(0.02, -1, big=True) == 0.01
    assert RATE.nudge(0.023, 1) == 0.025


@pytest.mark.parametrize("parameter", [RATE, SHARE, BATCH, WIDTH])
def test_keys_never_leave_the_range_and_reach_both_ends(parameter):
    for steps, end in ((1, parameter.max), (-1, parameter.min)):
        for big in (False, True):
            value = parameter.default
            for _ in range(1000):
                value = parameter.nudge(value, steps, big)
            assert value == end


@pytest.mark.parametrize("parameter", [RATE, SHARE, BATCH, WIDTH])
def test_every_step_moves_until_the_end(parameter):
    generator = random.Random(0)
    for _ in range(200):
        value = parameter.check(parameter._clip(generator.uniform(parameter.min, parameter.max)))
        up, down = parameter.nudge(value, 1), parameter.nudge(value, -1)
        assert up > value or value == parameter.max
        assert down < value or value == parameter.min


@pytest.mark.parametrize(
    "parameter", [RATE, SHARE, BATCH, WIDTH, RULE, Toggle(True), Text("a b"), BOOK]
)
def test_what_is_shown_is_read_back(parameter):
    values = [*parameter.spread(7), parameter.default]
    for value in values:
        assert parameter.parse(parameter.show(value)) == value


@pytest.mark.parametrize(
    ("parameter", "around", "values"),
    [
        (RATE, None, [0.005, 0.01, 0.02, 0.05, 0.1]),
        (RATE, 0.09, [0.02, 0.05, 0.09, 0.2, 0.5]),  # 0.1 is too near to be worth a run
        (RATE, 1.0, [0.05, 0.1, 0.2, 0.5, 1.0]),  # above it there is nothing
        (BATCH, None, [4, 8, 16, 32, 64]),  # a power of two stays one
        (BATCH, 100, [20, 50, 100, 200, 500]),
        (WIDTH, None, [1, 2, 3, 4, 5]),
        (WIDTH, 10, [2, 4, 6, 8, 10]),
        (SHARE, None, [0.3, 0.5, 0.7, 0.9, 0.999]),  # and the end of the range
        (Int(20, min=1, max=1000), None, [1, 10, 20, 30, 40]),
        (Float(0, min=-1, max=1), None, [-0.4, -0.2, 0.0, 0.2, 0.4]),
        (Float(0.5, min=0.4, max=0.6, log=True), None, [0.4, 0.5, 0.6]),
        (Float(0.5, min=0, max=1, step=0.25), None, [0, 0.25, 0.5, 0.75, 1]),
        (Int(1, min=1, max=2), None, [1, 2]),
        (RULE, None, ["sgd", "momentum", "adam"]),
        (Toggle(True), None, [False, True]),
        (BOOK, None, ["shakespeare", "names", "smiles"]),
        (BOOK, "/my/own.txt", ["/my/own.txt", "shakespeare", "names", "smiles"]),
    ],
)
def test_a_spread_lies_about_the_present_value(parameter, around, values):
    assert parameter.spread(5, around) == values


@pytest.mark.parametrize("parameter", [RATE, SHARE, BATCH, WIDTH])
def test_a_spread_is_of_distinct_values_in_order_within_the_range(parameter):
    generator = random.Random(1)
    for _ in range(200):
        middle = parameter.check(parameter._clip(generator.uniform(parameter.min, parameter.max)))
        for count in (2, 3, 5, 8):
            values = parameter.spread(count, middle)
            assert 2 <= len(values) <= count
            assert middle in values
            assert values == sorted(set(values))
            assert parameter.min <= values[0]
            assert values[-1] <= parameter.max


def test_choices_and_toggles_turn_round():
    assert RULE.nudge("adam", 1) == "sgd"
    assert RULE.nudge("sgd", -1) == "adam"
    assert Toggle(True).nudge(True, 1) is False
    assert BOOK.nudge("smiles", 1) == "shakespeare"
    assert BOOK.nudge("names", 1, big=True) == "smiles"


def test_keys_leave_a_file_of_ones_own_where_it_is():
    assert BOOK.nudge("/my/own.txt", 1) == BOOK.nudge("/my/own.txt", -2, big=True) == "/my/own.txt"


@pytest.mark.parametrize(
    ("parameter", "text", "words"),
    [
        (RATE, "2", "0.0001 to 1"),
        (RATE, "fast", "a number"),
        (RATE, "nan", "0.0001 to 1"),
        (WIDTH, "2.5", "whole number from 1 to 10"),
        (WIDTH, "inf", "whole number"),
        (RULE, "adm", "Did you mean 'adam'"),
        (Toggle(True), "maybe", "on or off"),
        (BOOK, "shakespear", "there is no such file. Did you mean 'shakespeare'?"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(parameter, text, words):
    with pytest.raises(ParameterError, match=words.replace("?", r"\?")):
        parameter.parse(text)


def test_a_wrong_default_or_range_is_an_error_of_the_author():
    with pytest.raises(ParameterError):
        Float(2, min=0, max=1)
    with pytest.raises(ParameterError):
        Float(1, min=0, max=1, log=True)
    with pytest.raises(ParameterError):
        Int(1, min=3, max=3)
    with pytest.raises(ParameterError, match="bundled, one of shakespeare, names, smiles"):
        File("/my/own.txt", kind="text")
    with pytest.raises(ParameterError, match="one of text, image, images, table, not 'picture'"):
        File("coffee", kind="picture")


def test_schemas_carry_type_range_default_and_live():
    assert Float(0.1, min=0.0, max=1.0, live=True, help="step size").schema() == {
        "type": "number",
        "minimum": 0.0,
        "maximum": 1.0,
        "log": False,
        "default": 0.1,
        "live": True,
        "description": "step size",
    }
    assert RULE.schema()["enum"] == ["sgd", "momentum", "adam"]
    assert BOOK.schema() == {
        "type": "string",
        "format": "path",
        "content": "text",
        "bundled": ["shakespeare", "names", "smiles"],
        "default": "shakespeare",
        "live": False,
        "description": "what it learns from",
    }


def test_a_scene_holds_values_and_refuses_strangers():
    class Small(Scene):
        rate = RATE
        rule = RULE

    scene = Small(rate=0.5)
    assert (scene.rate, scene.rule) == (0.5, "adam")
    scene.tweak("rate", 0.25)
    assert scene.rate == 0.25
    with pytest.raises(ParameterError, match="Did you mean 'rate'"):
        Small(rat=1)
    with pytest.raises(AttributeError):
        scene.rate = 1.0
    with pytest.raises(TypeError, match="seed"):
        type("Bad", (Scene,), {"seed": Int(0, min=0, max=1)})


@pytest.mark.parametrize("value", [math.nan, math.inf, 2.5, True, "3", None])
def test_a_whole_number_is_nothing_else(value):
    with pytest.raises(ParameterError, match="whole number"):
        WIDTH.check(value)
