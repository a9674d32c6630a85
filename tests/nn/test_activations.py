"""Activation functions against torch's autograd and against numbers worked by hand."""

import math

import pytest
import torch
from torch import nn

from dlplay.nn.activations import activations, autograd

X = torch.linspace(-9.97, 10.03, 401, dtype=torch.float64)
MODULES = {
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(),
    "prelu": nn.PReLU().double(),
    "rrelu": nn.RReLU().eval(),
    "threshold": nn.Threshold(0, 0),
    "elu": nn.ELU(),
    "celu": nn.CELU(),
    "selu": nn.SELU(),
    "gelu": nn.GELU(),
    "silu": nn.SiLU(),
}


@pytest.mark.parametrize("setting", [{}, {"alpha": 2.0, "leak": 0.3, "threshold": 1.0}])
@pytest.mark.parametrize("name", activations())
def test_the_formula_is_what_autograd_gives(name, setting):
    activation = activations(**setting)[name]
    assert torch.allclose(activation.slope(X), autograd(activation.f, X), rtol=0, atol=1e-12)


@pytest.mark.parametrize("setting", [{}, {"alpha": 2.0, "leak": 0.3, "threshold": 1.0}])
@pytest.mark.parametrize("name", activations())
def test_at_a_corner_the_formula_is_what_autograd_gives(name, setting):
    activation = activations(**setting)[name]
    corners = torch.tensor([0.0, *activation.corners], dtype=torch.float64)
    assert torch.allclose(activation.slope(corners), autograd(activation.f, corners), atol=1e-12)


@pytest.mark.parametrize("name", activations())
def test_flat_sides(name):
    activation = activations()[name]
    left, right = (activation.slope(torch.tensor([-40.0, 40.0]).double()).abs() < 1e-3).tolist()
    sides = {(1, 1): "both", (1, 0): "left", (0, 1): "right", (0, 0): "neither"}
    assert activation.flat == sides[left, right]


@pytest.mark.parametrize("name", activations())
def test_single_precision_stays_single(name):
    activation = activations()[name]
    assert activation.f(X.float()).dtype == torch.float32
    assert activation.slope(X.float()).dtype == torch.float32


@pytest.mark.parametrize("name", MODULES)
def test_these_are_the_modules_of_torch(name):
    assert torch.equal(activations()[name].f(X), MODULES[name](X).detach())


def test_values_worked_by_hand():
    table = activations(alpha=2.0)
    one = torch.ones(1, dtype=torch.float64)
    assert table["sigmoid"].slope(0 * one).item() == 0.25
    assert table["elu"].f(-one).item() == pytest.approx(2 * (math.exp(-1) - 1))
    assert table["celu"].f(-one).item() == pytest.approx(2 * (math.exp(-0.5) - 1))
    assert table["gelu"].f(one).item() == pytest.approx(0.841344746)  # Φ(1)
    assert table["softsign"].slope(3 * one).item() == 1 / 16
    assert table["arctan"].slope(3 * one).item() == pytest.approx(0.1)


def test_a_function_without_a_gradient_has_slope_zero():
    assert autograd(torch.sign, X).abs().max() == 0
    assert autograd(lambda x: (x > 0).double(), X).abs().max() == 0
