"""The four formulas of the page, and its mistakes, on nets small enough to do by hand."""

import math
import sys
from itertools import pairwise

import pytest
import torch
from torch.nn.functional import cross_entropy

from dlplay.course import catalog


@pytest.fixture(scope="module")
def page():
    card = catalog.Catalog([catalog.built_in()]).find("introduction/backprop")
    return sys.modules[catalog.load(card).__module__]


def random_net(*sizes):
    torch.manual_seed(0)
    net = []
    for wide, tall in pairwise(sizes):
        net += [torch.randn(tall, wide).double(), torch.randn(tall, 1).double()]
    return net, torch.randn(2, 7).double(), torch.eye(2).double()[:, torch.arange(7) % 2]


def by_hand(page, net, x, y, bug="none"):
    return page.backward(net, *page.forward(net, x), y, bug)


def test_one_unit_a_layer_by_hand(page):
    numbers = ([[0.5, 0.0]], [[0.0]], [[2.0]], [[0.0]], [[1.0], [-1.0]], [[0.0], [0.0]])
    net = [torch.tensor(each).double() for each in numbers]
    x, y = torch.tensor([[1.0], [3.0]]).double(), torch.tensor([[1.0], [0.0]]).double()
    a1 = math.tanh(0.5)
    a2 = math.tanh(2 * a1)
    wrong = 1 - 1 / (1 + math.exp(-2 * a2))  # softmax of a2 and -a2
    delta2 = -2 * wrong * (1 - a2**2)
    delta1 = 2 * delta2 * (1 - a1**2)
    found = [each.flatten().tolist() for each in by_hand(page, net, x, y)]
    assert found[0] == pytest.approx([delta1, 3 * delta1])
    assert found[1] == pytest.approx([delta1])
    assert found[2] == pytest.approx([delta2 * a1])
    assert found[3] == pytest.approx([delta2])
    assert found[4] == pytest.approx([-wrong * a2, wrong * a2])
    assert found[5] == pytest.approx([-wrong, wrong])


@pytest.mark.parametrize("bug", ["none", "no transpose", "no slope", "slope at a"])
def test_only_the_right_formulas_are_autograds(page, bug):
    net, x, y = random_net(2, 5, 5, 2)
    asked = [w.clone().requires_grad_() for w in net]
    truth = torch.autograd.grad(cross_entropy(page.forward(asked, x)[0].T, y.T), asked)
    pairs = zip(by_hand(page, net, x, y, bug), truth, strict=True)
    right = [torch.allclose(ours, theirs, rtol=0, atol=1e-14) for ours, theirs in pairs]
    # W¹, b¹, W², b², W³, b³: what lies nearer to the output than the mistake stays right
    assert (
        right
        == {
            "none": [True] * 6,
            "no transpose": [False, False, True, True, True, True],
            "no slope": [False, False, False, False, True, True],
            "slope at a": [False, False, False, False, True, True],
        }[bug]
    )


def test_sizes_catch_a_lost_transpose_between_layers_of_unequal_width(page):
    net, x, y = random_net(2, 5, 4, 2)
    by_hand(page, net, x, y)
    with pytest.raises(RuntimeError, match="shapes"):
        by_hand(page, net, x, y, "no transpose")


def test_the_element_wise_rule_misses_the_wrong_classes_by_p(page):
    net, x, y = random_net(2, 5, 5, 2)
    p = page.forward(net, x)[0].softmax(dim=0)
    right, wrong = (by_hand(page, net, x, y, bug)[5] for bug in ("none", "element-wise softmax"))
    assert torch.allclose(right - wrong, (p * (1 - y)).mean(dim=1, keepdim=True))
