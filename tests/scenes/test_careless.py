"""The walk along −g, against a net of one weight and one by hand."""

from __future__ import annotations

import sys

import pytest
import torch

from dlplay.course.catalog import Catalog, built_in, load


@pytest.fixture(scope="module")
def scene():
    return sys.modules[load(Catalog([built_in()]).find("normalization/careless")).__module__]


def test_distance_is_over_all_parameters_of_a_copy(scene):
    one = [torch.tensor([[[1.0, 2.0]], [[0.0, 0.0]]]), torch.tensor([[0.0], [3.0]])]
    zero = [torch.zeros_like(part) for part in one]
    assert scene.distance(one, zero).tolist() == pytest.approx([5**0.5, 3.0])


def test_each_copy_descends_at_its_own_rate(scene):
    torch.manual_seed(0)
    net = scene.Nets(2, "batch", 1, "relu", "recomputed")
    before = [p.detach().clone() for p in net.parameters()]
    for p in net.parameters():
        p.grad = torch.ones_like(p)
    net.descend(torch.tensor([0.5, 2.0]))
    for p, was in zip(net.parameters(), before, strict=True):
        assert torch.allclose(was[0] - p[0], torch.tensor(0.5))
        assert torch.allclose(was[1] - p[1], torch.tensor(2.0))


def test_looking_ahead_finds_the_losses_of_the_steps_and_puts_the_weights_back(scene):
    torch.manual_seed(0)
    net = scene.Nets(2, "none", 1, "tanh", "recomputed")
    x, y = torch.randn(16, 64), torch.randint(10, (16,))
    start, g = scene.gradients(net, x, y)
    before = [p.detach().clone() for p in net.parameters()]
    path, turn = scene.Careless().look_ahead(net, g, x, y)
    for p, was in zip(net.parameters(), before, strict=True):
        assert torch.equal(p, was)
    assert path.shape == (6, 2)
    assert torch.allclose(path[0], start)
    with torch.no_grad():
        for p, slope in zip(net.parameters(), g, strict=True):
            p -= 0.4 * slope
    after, there = scene.gradients(net, x, y)
    assert torch.allclose(path[-1], after, atol=1e-6)
    size = scene.distance(g, [torch.zeros_like(part) for part in g])
    assert (turn >= scene.distance(there, g) / size - 1e-6).all()
