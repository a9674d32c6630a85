"""Claims: comparisons kept as data."""

from __future__ import annotations

import math

import pytest

from dlplay import Scene, claim
from dlplay.author.claims import Measures


class Example(Scene):
    @claim("twice as fast", breaks={"beta": 0.0})
    def faster(self, measured):
        return measured.slow / measured.fast > 2

    @claim("near one")
    def near(self, measured):
        return measured.slope.between(-1.1, -0.9)


def judge(**measures):
    return {result.name: result for result in Example().judge(measures)}


def test_a_comparison_keeps_value_relation_and_bound():
    result = judge(slow=10, fast=2, slope=-1.0)["faster"]
    assert (result.value, result.relation, result.bound, result.holds) == (5.0, ">", 2.0, True)
    assert judge(slow=3, fast=2, slope=0)["faster"].holds is False
    near = judge(slow=1, fast=1, slope=-0.95)["near"]
    assert (near.relation, near.bound, near.holds) == ("in", (-1.1, -0.9), True)


def test_what_was_not_measured_neither_holds_nor_fails():
    result = judge(slow=1.0)["faster"]
    assert result.holds is None
    assert "fast" in result.reason


def test_nan_fails_and_division_by_zero_is_infinite():
    assert judge(slow=math.nan, fast=1, slope=0)["faster"].holds is False
    assert judge(slow=1, fast=0, slope=0)["faster"].value == math.inf


def test_measures_can_be_compared_with_each_other_and_computed_with():
    measured = Measures({"a": 2.0, "b": 3.0})
    assert (measured.a < measured.b).holds
    assert (measured.b - measured.a == 1).holds
    assert (abs(measured.a - measured.b) <= 1).holds
    assert (1 / measured.a >= 0.5).holds
    assert float(-measured.a + 2 * measured.b) == 4


def test_a_chained_comparison_is_refused_with_advice():
    measured = Measures({"a": 2.0})
    with pytest.raises(TypeError, match="between"):
        _ = 1 < measured.a < 3


def test_a_claim_that_returns_no_comparison_is_an_error_of_the_author():
    class Wrong(Scene):
        @claim("true")
        def true(self, measured):
            return True

    with pytest.raises(TypeError, match="must return a comparison"):
        Wrong().judge({})
