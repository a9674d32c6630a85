"""Claims as they are made on the stage: bounds, the last word, mistakes."""

from __future__ import annotations

import math
import re

import pytest
import torch

from dlplay import Float, Scene
from dlplay.wire import events


class Sure(Scene):
    claims = {"small": "the end is small", "near": "the end is near one half"}
    rate = Float(1.0, min=0, max=10, live=True)


@pytest.fixture
def sure(staged):
    return staged(Sure())


@pytest.mark.parametrize(
    ("bound", "value", "holds"),
    [
        ({"above": 2}, 2.0, False),
        ({"above": 2}, 2.1, True),
        ({"below": 2}, 2.0, False),
        ({"at_least": 2}, 2.0, True),
        ({"at_most": 2}, 2.0, True),
        ({"within": (1, 2)}, 1.0, True),
        ({"within": (1, 2)}, 2.5, False),
        ({"equal": 2}, 2.0, True),
        ({"above": 2}, math.nan, False),
        ({"below": 2}, math.nan, False),
        ({"within": (1, 2)}, math.nan, False),
        ({"below": 2}, -math.inf, True),
    ],
)
def test_a_claim_holds_by_its_bound_and_never_without_a_number(sure, bound, value, holds):
    sure.claim("small", value, **bound)
    small, near = sure.judged()
    assert small.holds is holds
    assert (near.holds, near.value) == (None, None)
    assert math.isnan(value) or sure.measures == {"small": value}


def test_the_last_word_of_a_claim_counts(sure):
    for value in (3.0, 1.0):
        sure.claim("small", torch.tensor(value, requires_grad=True), below=2)
    sure.close()
    assert [c.holds for c in sure.got(events.Claims)[-1].claims] == [True, None]
    assert sure.got(events.Measured)[-1].values == {"small": 1.0}


@pytest.mark.parametrize(
    ("name", "bound", "says"),
    [
        ("smal", {"below": 1}, "Did you mean 'small'"),
        ("small", {}, "takes one bound"),
        ("small", {"below": 1, "above": 0}, "takes one bound"),
        ("small", {"bellow": 1}, "Did you mean 'below'"),
        ("small", {"within": 3}, "within=(low, high)"),
        ("small", {"within": (3, 2)}, "within=(low, high)"),
        ("small", {"below": "2"}, "a number as its bound"),
    ],
)
def test_a_claim_made_wrongly_says_how_it_is_made(sure, name, bound, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        sure.claim(name, 1.0, **bound)
