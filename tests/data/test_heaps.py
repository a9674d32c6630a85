"""Heaps: their draws, density and slope."""

import pytest
import torch

from dlplay.data import heaps_on_line, heaps_on_line_log_density, ring_of_heaps, two_heaps
from dlplay.data.heaps import RARE, SPREAD
from dlplay.nn import grid


def test_each_heap_has_its_share():
    torch.manual_seed(0)
    heaps = two_heaps()
    x = heaps.draw(1000)
    small = heaps.nearest(x) == 1
    assert x.shape == (1000, 2)
    assert small.sum() == 200
    assert abs(small[:500].sum() - 100) < 30  # in any order
    assert abs((x[~small] + 2).std() - 0.5) < 0.02


@pytest.mark.parametrize("count", [1, 7, 100])
def test_any_count_can_be_drawn(count):
    heaps = ring_of_heaps()
    counts = heaps.nearest(heaps.draw(count)).bincount(minlength=8)
    assert counts.sum() == count
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("heaps", [two_heaps(), ring_of_heaps(), two_heaps(1).noised(1, 0.5)])
def test_the_density_sums_to_one(heaps):
    places = grid((-6, 6), (-6, 6), 301).reshape(-1, 2)
    assert abs(heaps.log_density(places).exp().sum() * 0.04**2 - 1) < 0.01


def test_the_slope_is_that_of_the_log_density():
    torch.manual_seed(0)
    heaps = two_heaps(1)  # a whole number
    x = (3 * torch.randn(50, 2)).requires_grad_()
    (slope,) = torch.autograd.grad(heaps.log_density(x).sum(), x)
    assert torch.allclose(heaps.slope(x), slope, atol=1e-3)


def test_noised_points_are_drawn_from_the_noised_heaps():
    torch.manual_seed(0)
    heaps = two_heaps()
    wide = heaps.noised(0.8, scale=0.5)
    x = 0.5 * heaps.draw(40_000) + 0.8 * torch.randn(40_000, 2)
    drawn = wide.draw(40_000)
    assert (x.mean(dim=0) - drawn.mean(dim=0)).abs().max() < 0.02
    assert (x.std(dim=0) - drawn.std(dim=0)).abs().max() < 0.02
    assert abs(wide.log_density(x).mean() - wide.log_density(drawn).mean()) < 0.02


def test_whole_numbers_make_heaps_too():
    torch.manual_seed(0)
    x = two_heaps(1, 0.5).draw(1000)
    assert x.is_floating_point()
    assert abs(x[x.sum(dim=1) < 0].std(dim=0) - 0.5).max() < 0.05


def test_heaps_lie_on_a_device():
    heaps = two_heaps().to("meta")
    assert heaps.slope(torch.empty(3, 2, device="meta")).shape == (3, 2)


def test_heaps_on_a_line_have_their_shares_places_and_spreads():
    torch.manual_seed(0)
    y = heaps_on_line(100, 200, at=1.5)
    assert y.shape == (100, 200)
    assert abs((y > 0).float().mean() - RARE) < 0.01
    for side, middle in ((y[y > 0], 1.5), (y[y < 0], -1.5)):
        assert abs(side.mean() - middle) < 0.02
        assert abs(side.std() - SPREAD) < 0.02


def test_the_density_on_the_line_is_that_of_its_heaps():
    y = torch.linspace(-4, 4, 4001)
    p = heaps_on_line_log_density(y).exp() * (y[1] - y[0])
    assert torch.isclose(p.sum(), torch.tensor(1.0), atol=1e-4)
    torch.manual_seed(0)
    drawn = heaps_on_line(20_000)
    assert abs((drawn < -2).float().mean() - p[y < -2].sum()) < 0.015
    assert abs(drawn.mean() - (p * y).sum()) < 0.03
