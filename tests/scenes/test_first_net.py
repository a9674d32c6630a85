"""The best straight line, which the net is compared with, and the best single threshold."""

import sys

import pytest
import torch

from dlplay.course import catalog
from dlplay.data import points


def page(name):
    card = catalog.Catalog([catalog.built_in()]).find(f"introduction/{name}")
    return sys.modules[catalog.load(card).__module__]


@pytest.mark.parametrize("flipped", [False, True])
def test_the_line_is_found_where_there_is_one(flipped):
    torch.manual_seed(0)
    x = torch.randn(300, 2)
    y = ((x @ torch.tensor([0.6, -0.8]) > 0.3) != flipped).long()
    assert page("first-net").straight_line(x[:200], y[:200], x[200:], y[200:]) > 0.97


def test_no_line_parts_a_ring_from_what_is_in_it():
    torch.manual_seed(0)
    old, new = points("rings", 200), points("rings", 2000)
    assert 0.55 < page("first-net").straight_line(*old, *new) < 0.7


def test_a_unit_is_judged_by_its_best_threshold_and_equal_values_stay_together():
    y = torch.tensor([0, 0, 1, 1])
    h = torch.tensor([[1.0, 4.0, 0.0], [2.0, 3.0, 0.0], [3.0, 2.0, 0.0], [4.0, 1.0, 0.0]])
    right, threshold, side = page("composition").alone(h, y)
    assert right.tolist() == [1, 1, 0.5]
    assert threshold[:2].tolist() == [2, 2]
    assert side[:2].tolist() == [1, -1]
