"""The two runners of the race that torch does not have, against steps worked by hand."""

from __future__ import annotations

import sys
from functools import partial

import pytest
import torch

from dlplay.course.catalog import Catalog, built_in, load

CARD = Catalog([built_in()]).find("optimization/race")


@pytest.fixture(scope="module")
def scene():
    return sys.modules[load(CARD).__module__]


def points(*places):
    return torch.tensor(places, dtype=torch.float64)


def bowl(p):
    """½ (x² + 4y²): its Hessian is diag(1, 4)."""
    return 0.5 * (p[..., 0] ** 2 + 4 * p[..., 1] ** 2)


def slope(p):
    return p * points(1.0, 4.0)


def test_curvature_of_the_bowl_and_of_a_twist(scene):
    p = points([1.0, 2.0], [3.0, -1.0])
    assert scene.curvature(bowl, p).tolist() == [[[1, 0], [0, 4]]] * 2
    twist = scene.curvature(lambda p: p[..., 0] ** 2 * p[..., 1], p)  # [[2y, 2x], [2x, 0]]
    assert twist.tolist() == [[[4, 2], [2, 0]], [[-2, 6], [6, 0]]]


def test_newton_worked_by_hand(scene):
    # H = [[2, 1], [1, 1]] has the inverse [[1, −1], [−1, 2]]; H⁻¹ (3, 5) = (−2, 7)
    hessian = points([[2.0, 1.0], [1.0, 1.0]])
    assert scene.newton_step(points([3.0, 5.0]), hessian).tolist() == [[-2, 7]]
    flat = points([[1.0, 1.0], [1.0, 1.0]])  # no inverse
    assert scene.newton_step(points([1.0, -1.0]), flat).tolist() == [[0, 0]]


def test_two_conjugate_steps_reach_the_bottom(scene):
    p = points([1.0, 1.0])
    rule = scene.ConjugateGradient(bowl)
    hessian = scene.curvature(bowl, p)
    # g = (1, 4), d = −g, dᵀHd = 1 + 4 · 16 = 65, so the first step is −17/65 of g
    first = rule.step(p, slope(p), hessian)
    assert first[0].tolist() == pytest.approx([-17 / 65, -68 / 65])
    p = p + first
    second = rule.step(p, slope(p), hessian)
    assert (first @ hessian[0] @ second[0]).item() == pytest.approx(0, abs=1e-12)
    assert (p + second)[0].tolist() == pytest.approx([0, 0], abs=1e-12)


def test_where_the_ground_curves_down_the_conjugate_gradient_goes_down(scene):
    f = partial(scene.height, "plateau", kappa=1, angle=0)
    p = points([2.0, 1.5])
    hessian = scene.curvature(f, p)
    (g,) = torch.autograd.grad(f(x := p.clone().requires_grad_()).sum(), x)
    assert f(p - scene.newton_step(g, hessian)) > f(p)  # as the lesson says of Newton
    assert f(p + scene.ConjugateGradient(f).step(p, g, hessian)) < f(p)


def test_heights_put_a_walker_on_each_place(scene):
    p = points([0.5, -0.3]).repeat(len(scene.PLACES), 1)
    each = [scene.height(s, p[0], 100, 0.3).item() for s in scene.PLACES]
    assert scene.heights(p, 100, 0.3).tolist() == pytest.approx(each)
    for surface in scene.SURFACES:  # zero is the lowest, and some point comes close to it
        field = scene.height(surface, 3 * torch.randn(4000, 2), 100, 0.3)
        assert 0 <= field.min() < 0.05
