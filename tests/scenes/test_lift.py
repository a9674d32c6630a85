"""The explicit map of the polynomial kernel, against the one worked out by hand."""

from __future__ import annotations

import sys
from math import sqrt

import pytest
import torch

from dlplay.course.catalog import Catalog, built_in, load


@pytest.fixture(scope="module")
def scene():
    return sys.modules[load(Catalog([built_in()]).find("representations/lift")).__module__]


def test_degree_two_has_the_six_entries_of_the_lesson(scene):
    x1, x2 = 2.0, -3.0
    phi = scene.monomials(torch.tensor([[x1, x2]], dtype=torch.float64), 2)[0]
    by_hand = [1, sqrt(2) * x1, sqrt(2) * x2, x1**2, x2**2, sqrt(2) * x1 * x2]
    assert sorted(phi.tolist()) == pytest.approx(sorted(by_hand))


def test_the_fit_of_a_line_is_the_line(scene):
    x = torch.linspace(-1, 1, 50, dtype=torch.float64)[:, None]
    w = scene.fit(scene.with_one(x), 3 * x[:, 0] - 2)
    assert w[:, 0].tolist() == pytest.approx([3, -2], abs=1e-4)
