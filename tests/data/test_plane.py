"""The moons without labels, and their true density."""

import math

import torch

from dlplay.data import moons, moons_log_density
from dlplay.nn import grid


def test_moons_are_scaled():
    torch.manual_seed(0)
    x = moons(40_000)
    assert x.shape == (40_000, 2)
    assert x.mean(dim=0).abs().max() < 0.02
    assert (x.std(dim=0) - 1).abs().max() < 0.02


def test_moons_come_in_any_order():
    torch.manual_seed(0)
    x = moons(4000)
    assert abs(x[:2000, 0].mean() - x[2000:, 0].mean()) < 0.1


def test_the_density_of_moons_sums_to_one():
    for noise in (0.05, 0.15):
        places = grid((-3, 3), (-4, 4), 400)
        p = moons_log_density(places.reshape(-1, 2), noise=noise).exp()
        assert math.isclose(p.mean() * 48, 1, abs_tol=0.02)


def test_moons_are_drawn_from_their_density():
    """In the squares of a grid lie as many points as the density says."""
    torch.manual_seed(0)
    places = grid((-2.475, 2.475), (-2.475, 2.475), 100)
    expected = moons_log_density(places.reshape(-1, 2)).exp().reshape(100, 100) * 0.05**2
    x = moons(100_000)
    column, row = ((x + 2.5) / 0.05).long().clamp(0, 99).T
    found = torch.zeros(100, 100).index_put((row, column), torch.tensor(1e-5), accumulate=True)
    blocks = [each.reshape(20, 5, 20, 5).sum(dim=(1, 3)) for each in (found, expected)]
    assert (blocks[0] - blocks[1]).abs().max() < 0.003
