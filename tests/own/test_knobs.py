"""What a program asks for as a knob, as a parameter."""

from __future__ import annotations

import math

import pytest

from dlplay.author.knobs import built, parameter_of, told
from dlplay.author.parameters.base import ParameterError
from dlplay.author.parameters.numbers import Float, Int
from dlplay.author.parameters.words import Choice, Text, Toggle
from dlplay.wire.events import Knob


@pytest.mark.parametrize(
    ("default", "said", "kind", "ends"),
    [
        (0.1, {}, Float, (0.0001, 100)),
        (0.1, {"min": 0, "max": 1}, Float, (0, 1)),
        (0.1, {"max": 1, "log": True}, Float, (0.0001, 1)),
        (0.0, {}, Float, (-1000, 1000)),
        (-2.0, {}, Float, (-2000, 2000)),
        (64, {}, Int, (1, 64_000)),
        (0, {}, Int, (0, 1000)),
        (3, {"min": 1, "max": 9}, Int, (1, 9)),
    ],
)
def test_a_number_has_a_range(default, said, kind, ends):
    made = parameter_of("knob", default, **said)
    assert type(made) is kind
    assert (made.min, made.max) == pytest.approx(ends)
    assert made.default == default


def test_words_and_switches():
    assert isinstance(parameter_of("on", True), Toggle)
    assert isinstance(parameter_of("rule", "sgd", options=("sgd", "adam")), Choice)
    assert isinstance(parameter_of("prompt", "once"), Text)


@pytest.mark.parametrize(
    ("default", "said"),
    [(None, {}), ([1], {}), (5.0, {"min": 6, "max": 7}), (1.0, {"min": 2, "max": 1}),
     ("a", {"options": ("b", "c")}), (math.nan, {}), (0.1, {"min": -1, "max": 1, "log": True})],
)  # fmt: skip
def test_what_cannot_be_is_refused(default, said):
    with pytest.raises((ParameterError, ValueError)):
        parameter_of("knob", default, **said)


@pytest.mark.parametrize(
    ("default", "said"),
    [(0.1, {"log": True, "min": 0.01, "max": 1}), (3, {"min": 1, "max": 9}), (True, {}),
     ("sgd", {"options": ("sgd", "adam")}), ("once", {})],
)  # fmt: skip
def test_what_is_told_of_one_builds_the_same(default, said):
    made = parameter_of("knob", default, help="what it is", **said)
    made.live = True
    again = built(told(made, made.default, tick=3))
    assert type(again) is type(made)
    assert (again.schema(), again.allowed) == (made.schema(), made.allowed)
    assert again.live


def test_a_strangers_knob_that_makes_no_sense_is_left_out():
    from dlplay.course.own import card_of_command, with_knobs

    knobs = [
        Knob(name="turned", kind="number", default=1.0, value=1.0, low=2.0, high=1.0),
        Knob(name="none", kind="number", default="x", value=1.0, high=1.0),
        Knob(name="large", kind="integer", default=1, value=1, high=math.inf),
        Knob(name="good", kind="toggle", default=True, value=True),
    ]
    card = with_knobs(card_of_command(["python", "train.py"]), knobs)
    assert list(card.parameters) == ["good"]
