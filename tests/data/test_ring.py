"""The ring of Gaussians, and what is measured of samples of it."""

import math

import pytest
import torch

from dlplay.data import Ring, energy_distance


def test_real_points_lie_on_all_modes():
    torch.manual_seed(0)
    ring = Ring()
    x = ring.points(20_000)
    assert x.shape == (20_000, 2)
    assert ring.found(x) == 8
    assert math.isclose(ring.on_mode(x), 0.989, abs_tol=0.003)
    assert (ring.shares(x) - 0.989 / 8).abs().max() < 0.01
    assert math.isclose(ring.cells(x).sum(), 1, abs_tol=1e-5)
    assert (ring.cells(x) - 1 / 8).abs().max() < 0.01


def test_a_single_heap_finds_one_mode():
    ring = Ring(modes=5, spread=0.2, radius=1.5)
    x = torch.tensor([[1.5, 0.0]]).expand(100, 2)
    assert ring.shares(x).tolist() == [1, 0, 0, 0, 0]
    assert ring.cells(x).tolist() == [1, 0, 0, 0, 0]
    assert ring.found(x) == 1
    assert ring.on_mode(x) == 1
    assert ring.on_mode(torch.zeros(100, 2)) == 0


def test_a_mode_needs_one_in_a_hundred():
    ring = Ring()
    few = torch.cat([ring.centres()[:1].expand(989, 2), ring.centres()[1:2].expand(11, 2)])
    assert ring.found(few) == 2
    assert ring.found(few[:999]) == 2
    assert ring.found(few[:991]) == 1


def test_measures_answer_for_each_copy():
    ring = Ring()
    x = ring.points(3, 500)
    assert x.shape == (3, 500, 2)
    for measure in (ring.found, ring.on_mode, ring.shares, ring.cells):
        assert torch.equal(measure(x), torch.stack([measure(each) for each in x]))
    y = ring.points(400)
    apart = energy_distance(x, y.expand(3, 400, 2))
    assert torch.allclose(apart, torch.stack([energy_distance(each, y) for each in x]), atol=1e-5)


@pytest.mark.parametrize("count", [200, 1000])
def test_two_draws_are_nearly_alike(count):
    torch.manual_seed(0)
    ring = Ring()
    apart = energy_distance(ring.points(20, count), ring.points(20, count))
    assert apart.min() >= 0
    expected = torch.cdist(ring.points(2000), ring.points(2000)).mean() * 2 / count
    assert math.isclose(apart.mean(), expected, rel_tol=0.3)


def test_the_energy_distance_of_two_points():
    x, y = torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0]])
    assert energy_distance(x, y) == 10
