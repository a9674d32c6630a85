"""Batches as weights, and gradients example by example."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay.course.catalog import Catalog, built_in, load


@pytest.fixture(scope="module")
def scene():
    return sys.modules[load(Catalog([built_in()]).find("optimization/minibatch")).__module__]


@pytest.mark.parametrize("replacement", [True, False])
def test_a_batch_of_weights_is_an_average(scene, replacement):
    weights = scene.batches(5, 40, replacement, torch.Generator().manual_seed(0))
    assert weights.shape == (5, scene.M)
    assert torch.allclose(weights.sum(1), torch.ones(5))
    if not replacement:
        assert ((weights > 0).sum(1) == 40).all()


def test_the_mean_of_the_examples_gradients_is_the_gradient_of_the_mean(scene):
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    x, y = torch.randn(6, 3), torch.tensor([0, 1, 1, 0, 1, 0])
    gradients = torch.autograd.grad(cross_entropy(net(x), y), list(net.parameters()))
    whole = torch.cat([g.flatten() for g in gradients])
    assert torch.allclose(scene.per_example(net, x, y).mean(0), whole, atol=1e-6)
