"""The thin lines of the page lie where a unit's sum is 0."""

import sys

import torch

from dlplay.course import catalog


def test_both_ends_of_a_line_have_the_sum_zero():
    card = catalog.Catalog([catalog.built_in()]).find("introduction/units")
    page = sys.modules[catalog.load(card).__module__]
    torch.manual_seed(0)
    weights, b = torch.randn(5, 2), torch.randn(5)
    ends = page.zero_lines(weights, b).reshape(5, 3, 2)
    sums = (ends[:, :2] * weights[:, None]).sum(dim=2) + b[:, None]
    assert sums.abs().max() < 1e-5
    assert torch.allclose((ends[:, 0] - ends[:, 1]).norm(dim=1), torch.tensor(8.0))
    assert ends[:, 2].isnan().all()
