"""The formulas of the scene: the worst angle, the double well, the fitted slope."""

import math
import sys

import pytest
import torch

from dlplay.course import catalog


@pytest.fixture(scope="module")
def scene():
    card = catalog.Catalog([catalog.built_in()]).find("introduction/gradient-descent")
    return sys.modules[catalog.load(card).__module__]


@pytest.mark.parametrize("kappa", [1.0, 2.0, 10.0, 100.0])
def test_the_steepest_way_is_off_by_the_formula(scene, kappa):
    turn = torch.tensor([[0.8, -0.6], [0.6, 0.8]], dtype=torch.float64)
    hessian = turn @ torch.tensor([kappa, 1.0], dtype=torch.float64).diag() @ turn.T
    formula = math.degrees(math.acos(min(1.0, 2 * math.sqrt(kappa) / (kappa + 1))))
    assert scene.worst_angle(hessian) == pytest.approx(formula, abs=0.05)


def test_the_double_well_is_differentiated_right(scene):
    torch.manual_seed(0)
    w = torch.randn(20, 2, dtype=torch.float64, requires_grad=True)
    x, y = w[:, 0], w[:, 1]
    ((x**2 - 1) ** 2 + 0.3 * x + 0.5 * y**2).sum().backward()
    assert torch.allclose(scene.well_slope(w.detach(), 0.3), w.grad)


def test_the_wells_are_where_they_are_drawn(scene):
    field = scene.well_field(0.3, "cpu")
    row, column = divmod(int(field.argmin()), 64)
    at = torch.linspace(-scene.REACH, scene.REACH, 64)
    assert at[column] == pytest.approx(-1.03, abs=0.05)  # the lower one is on the left
    assert at[row] == pytest.approx(0, abs=0.05)


def test_slope_of_a_power_law(scene):
    assert scene.slope([1, 10, 100], [5, 0.05, 0.0005]) == pytest.approx(-2)
