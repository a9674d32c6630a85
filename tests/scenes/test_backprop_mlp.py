"""The four formulas of the scene, on a net small enough to do by hand."""

import math
import sys
from itertools import pairwise

import pytest
import torch

from dlplay.course import catalog


@pytest.fixture(scope="module")
def scene():
    card = catalog.Catalog([catalog.built_in()]).find("introduction/backprop-mlp")
    return sys.modules[catalog.load(card).__module__]


def test_one_unit_by_hand(scene):
    weights = [torch.tensor([[0.5]]).double(), torch.tensor([[1.0], [-1.0]]).double()]
    b = [torch.zeros(1).double(), torch.zeros(2).double()]
    net = scene.Net(weights, b, "tanh", "softmax")
    p = net.forward(torch.tensor([[2.0]]).double())
    h = math.tanh(1.0)
    right = 1 / (1 + math.exp(-2 * h))  # softmax of h and −h
    assert p[0].tolist() == pytest.approx([right, 1 - right])
    dw, db = net.backward(torch.tensor([[1.0, 0.0]]).double())
    wrong = 1 - right
    assert dw[1].flatten().tolist() == pytest.approx([-wrong * h, wrong * h])
    assert db[1].tolist() == pytest.approx([-wrong, wrong])
    delta = -2 * wrong * (1 - h * h)
    assert dw[0].item() == pytest.approx(2 * delta)
    assert db[0].item() == pytest.approx(delta)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "identity"])
@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_hand_and_autograd_agree(scene, activation, head):
    torch.manual_seed(0)
    sizes = [2, 5, 4, 2]
    weights = [torch.randn(o, i).double() for i, o in pairwise(sizes)]
    b = [torch.randn(o).double() for o in sizes[1:]]
    net = scene.Net(weights, b, activation, head)
    x, y = torch.randn(7, 2).double(), torch.eye(2).double()[torch.arange(7) % 2]
    net.forward(x)
    dw, db = net.backward(y)
    truth = net.autograd(x, y)
    assert scene.gap(dw + db, truth[0] + truth[1]) < 1e-14


def test_the_element_wise_rule_misses_the_wrong_classes_by_p(scene):
    torch.manual_seed(0)
    weights, b = [torch.randn(4, 3).double()], [torch.randn(4).double()]
    net = scene.Net(weights, b, "tanh", "softmax")
    p = net.forward(torch.randn(5, 3).double())
    y = torch.eye(4).double()[[0, 1, 2, 3, 0]]
    net.backward(y)
    right = net.delta[0]
    net.backward(y, "element-wise")
    assert torch.allclose(right - net.delta[0], p * (1 - y))


def test_moons_are_two_half_circles(scene):
    torch.manual_seed(0)
    x, y = scene.moons(2000, "cpu", torch.float64)
    assert y.bincount().tolist() == [1000, 1000]
    around = torch.where(y == 0, 0.0, 1.0), torch.where(y == 0, 0.0, 0.5)
    radius = (x - torch.stack(around, 1)).norm(dim=1)
    assert radius.mean().item() == pytest.approx(1, abs=0.03)
    assert radius.std().item() == pytest.approx(0.15, abs=0.02)
