"""Preparations and descent on bowls, against hand-worked cases."""

from __future__ import annotations

import sys

import pytest
import torch

from dlplay.course.catalog import Catalog, built_in, load


@pytest.fixture(scope="module")
def scene():
    return sys.modules[load(Catalog([built_in()]).find("optimization/bowl")).__module__]


@pytest.fixture
def features():
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(200, 3, dtype=torch.float64, generator=generator)
    mix = torch.tensor([[2.0, 0, 0], [1, 0.1, 0], [0, 3, 40]], dtype=torch.float64)
    return x @ mix + torch.tensor([5.0, -1, 300], dtype=torch.float64)


def test_whitened_features_have_the_identity_as_their_second_moments(scene, features):
    x = scene.prepare("whitened", features, features, 0.0)  # [200, 4], with a 1 for the bias
    assert torch.allclose(x.T @ x / 200, torch.eye(4, dtype=torch.float64), atol=1e-9)


def test_z_scores_are_those_of_the_given_statistics(scene):
    fit = torch.tensor([[1.0], [3.0]], dtype=torch.float64)  # mean 2, standard deviation 1
    x = scene.prepare("z-scored", torch.tensor([[7.0]], dtype=torch.float64), fit, 0.0)
    assert x.tolist() == [[5.0, 1.0]]


def test_descent_at_the_best_rate_shrinks_the_gap_by_the_square_of_its_factor(scene):
    # Curvatures 1 and 3: the rate is 2/4, each step multiplies the distance by ±(3-1)/(3+1)
    x = torch.tensor([[2.0, 0.0], [0.0, 12.0**0.5]], dtype=torch.float64) / 2**0.5
    walker = scene.Walker(x, torch.tensor([[1.0], [2.0]], dtype=torch.float64), 1.0)
    assert walker.kappa == pytest.approx(3)
    assert walker.gap() == pytest.approx(1)
    walker.step()
    assert walker.gap() == pytest.approx(0.25)


def test_the_angle_is_zero_on_a_principal_axis(scene):
    x = torch.tensor([[1.0, 0.0], [0.0, 5.0]], dtype=torch.float64)
    along = scene.Walker(x, torch.tensor([[3.0], [0.0]], dtype=torch.float64), 1.0)
    assert along.angle() == pytest.approx(0, abs=1e-5)
    between = scene.Walker(x, torch.tensor([[3.0], [3.0]], dtype=torch.float64), 1.0)
    assert between.angle() > 10
