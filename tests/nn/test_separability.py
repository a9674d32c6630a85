"""Separability of labelled points: certificates, and Cover's count."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from dlplay.nn.separability import Separator, dichotomies, probability, separable


def test_covers_count_by_hand():
    assert dichotomies(1, 1) == 2
    assert dichotomies(4, 3) == 14  # four points in the plane with a bias: all but the two XORs
    assert [probability(p, 5) for p in (5, 10)] == [1, 0.5]


@pytest.mark.parametrize(("points", "dimensions"), [(5, 2), (6, 3), (7, 4)])
def test_every_labelling_counted(points, dimensions):
    x = np.random.default_rng(points).normal(size=(points, dimensions))
    signs = itertools.product((1, -1), repeat=points)
    found = sum(separable(np.array(sign)[:, None] * x) for sign in signs)
    assert found == dichotomies(points, dimensions)


def test_and_is_separable_and_xor_is_not():
    x = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    assert separable(np.array([-1, -1, -1, 1])[:, None] * x)
    assert not separable(np.array([-1, 1, 1, -1])[:, None] * x)


def test_w_is_a_proof_and_shares_are_another():
    rng = np.random.default_rng(3)
    for _ in range(50):
        separator = Separator(6)
        while separator.add(rng.normal(size=6)):
            assert (separator.points @ separator.w > 0).all()
        assert (separator.shares > 0).all()
        assert separator.shares.sum() == pytest.approx(1)
        nothing = separator.shares @ separator.points[separator.corners]
        assert np.abs(nothing).max() < 1e-4


def test_one_by_one_as_all_at_once():
    rng = np.random.default_rng(4)
    for _ in range(30):
        points = rng.normal(size=(14, 7))
        separator = Separator(7)
        for point in points:
            one_by_one = separator.add(point)
        assert one_by_one == separable(points)


def test_a_thin_margin_is_found():
    points = np.array([[1.0, 1e-3], [-1.0, 1e-3]])
    assert separable(points)
    assert not separable(points * [1, 0])


def test_a_point_at_the_origin_is_on_no_side():
    assert not separable(np.array([[1.0, 0.0], [0.0, 0.0]]))


def test_once_lost_it_stays_lost():
    separator = Separator(1)
    assert separator.add(np.array([1.0]))
    assert not separator.add(np.array([-1.0]))
    assert not separator.add(np.array([1.0]))
