"""The parts of the adaptive softmax scene against cases worked by hand."""

import sys

import pytest
import torch

from dlplay.course import catalog


@pytest.fixture(scope="module")
def scene():
    card = catalog.Catalog([catalog.built_in()]).find("costs/adaptive-softmax")
    return sys.modules[catalog.load(card).__module__]


@pytest.fixture
def layer(scene):
    torch.manual_seed(0)
    return scene.drawers(100, 0.1, 0.4, 4)  # 10 words on the table, 30 and 60 in the drawers


def test_cuts_and_narrowing(layer):
    assert layer.cutoffs == [10, 40, 100]
    assert [list(weight.shape) for weight in layer.parameters()] == [
        [12, 64],
        [16, 64],
        [30, 16],
        [4, 64],
        [60, 4],
    ]


def test_cuts_ascend_even_where_the_shares_do_not(scene):
    assert scene.drawers(200, 0.5, 0.05, 1).cutoffs == [100, 101, 200]


def test_the_formula_by_hand_is_that_of_pytorch(scene, layer):
    h = torch.randn(7, 64)
    hand = scene.by_hand(layer, h, "two stages")
    torch.testing.assert_close(hand, layer.log_prob(h))
    forgetful = scene.by_hand(layer, h, "forget the drawer")
    torch.testing.assert_close(forgetful[:, 10:40].exp().sum(1), torch.ones(7))


def test_products_of_the_layers_that_run(scene, layer):
    table = 64 * 12
    assert scene.products(layer, torch.tensor([0, 9])) == table
    assert scene.products(layer, torch.tensor([0, 10])) == table + (64 * 16 + 16 * 30) / 2
    assert scene.products(layer, torch.tensor([99])) == table + 64 * 4 + 4 * 60
    assert not any(module._forward_hooks for module in layer.modules())


def test_zipf(scene):
    assert scene.zipf(3, 1).tolist() == pytest.approx([6 / 11, 3 / 11, 2 / 11])
    assert scene.zipf(4, 0).tolist() == pytest.approx([1 / 4] * 4)
