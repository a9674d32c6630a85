"""The numbers of the softmax laboratory against cases worked by hand."""

import math
import sys

import pytest
import torch

from dlplay.course import catalog


@pytest.fixture(scope="module")
def scene():
    card = catalog.Catalog([catalog.built_in()]).find("activations/softmax-lab")
    return sys.modules[catalog.load(card).__module__]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1 2 3", [1, 2, 3]),
        ("-1.5, .5;2", [-1.5, 0.5, 2]),
        ("−2 4", [-2, 4]),
        ("7", [1, 2, 3]),
        ("none at all", [1, 2, 3]),
        ("1 2 3 4 5 6 7 8 9 10 11 12", list(range(1, 11))),
    ],
)
def test_logits_are_read_from_what_a_user_types(scene, text, found):
    assert scene.numbers(text).tolist() == found


@pytest.mark.parametrize("gap", [0.0, 2.0, 5.0])
def test_gradients_are_those_of_autograd(scene, gap):
    z = torch.tensor([[0.0, gap]], dtype=torch.float64, requires_grad=True)
    right, at = torch.tensor([0]), torch.tensor(gap, dtype=torch.float64)
    (ce,) = torch.autograd.grad(torch.nn.functional.cross_entropy(z, right), z)
    (square,) = torch.autograd.grad(scene.squares(z.softmax(1), right), z)
    assert scene.ce_gradient(at).item() == pytest.approx(ce[0, 0].item(), abs=1e-12)
    assert scene.mse_gradient(at).item() == pytest.approx(square[0, 0].item(), abs=1e-12)


def test_where_each_way_fails(scene):
    # e⁸⁹ is above the largest float32, 3.4e38 = e^88.7; e^710 above the largest float64
    naive = scene.METHODS["exp / sum"]
    assert scene.first_failure(naive, torch.float32) == 89
    assert scene.first_failure(naive, torch.float64) == 710
    assert scene.first_failure(scene.METHODS["log_softmax"], torch.float32) == "never"


def test_the_floor_of_a_second_softmax(scene):
    sure = torch.zeros(1, 10)
    sure[0, 3] = 1000.0  # a probability of 1 for the right class
    assert scene.twice(sure, torch.tensor([3]), 1.0).item() == pytest.approx(scene.FLOOR, abs=1e-6)
    assert abs(scene.FLOOR - 1.46115) < 1e-5


def test_what_is_no_number_is_infinitely_wrong(scene):
    assert scene.size(torch.tensor([0.5, math.nan])).item() == math.inf
    assert scene.size(torch.tensor([-0.5, 0.25])).item() == 0.5
