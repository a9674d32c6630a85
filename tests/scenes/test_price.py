"""What the page counts, counted by hand."""

import sys

import pytest
import torch

from dlplay.course import catalog


@pytest.fixture(scope="module")
def page():
    card = catalog.Catalog([catalog.built_in()]).find("introduction/price")
    return sys.modules[catalog.load(card).__module__]


@pytest.mark.parametrize("width", [4, 16])
def test_multiply_adds_of_a_sweep(page, width):
    first, rest = 64 * width, width**2 + 10 * width
    n = 64 * width + width**2 + 10 * width + 2 * width + 10
    once = first + rest
    # Backward: forward again, each weight's slope, and the slopes sent back but for the input's
    weights, (one_sided, central, price) = page.prices(width, "backward", "cpu")
    assert (weights, one_sided, central) == (n, n + 1, 2 * n)
    assert price == pytest.approx((2 * first + 3 * rest) / once)
    # Forward mode, for each weight: forward, and one or two products more by the product rule
    _, (_, _, price) = page.prices(width, "forward", "cpu")
    assert 2 * n <= price <= 3 * n


@pytest.mark.parametrize("mode", ["backward", "forward"])
def test_both_modes_give_the_slope(page, mode):
    x = torch.tensor([0.3, 1.0, 1.9]).double()
    assert torch.allclose(page.autodiff(x, mode), page.f_slope(x), rtol=0, atol=1e-14)


def test_an_imaginary_step_cancels_nothing(page):
    x = torch.tensor([1.0]).double()
    for found in page.differences(x, 1e-15, "imaginary"):
        assert torch.allclose(found, page.f_slope(x), rtol=0, atol=1e-14)
