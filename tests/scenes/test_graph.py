"""The engine that stands on the page `introduction/graph`."""

from __future__ import annotations

import sys

import pytest
import torch

from dlplay.course.catalog import Catalog, built_in, load


@pytest.fixture(scope="module")
def scene():
    return sys.modules[load(Catalog([built_in()]).find("introduction/graph")).__module__]


@pytest.mark.parametrize("op", ["+", "×", "sin", "tanh", "σ", "cost"])
def test_local_slopes_are_those_of_pytorch(scene, op):
    value, local = scene.OPS[op]
    numbers = [0.3, 0.8][: 1 if op in ("sin", "tanh", "σ") else 2]
    tensors = [torch.tensor(n, dtype=torch.float64, requires_grad=True) for n in numbers]
    slopes = torch.autograd.grad(value(torch, *tensors), tensors, materialize_grads=True)
    assert local(*numbers) == pytest.approx([slope.item() for slope in slopes], abs=1e-12)


def test_users_come_first_and_the_nearest_need_not(scene):
    """y = x + tanh(sin(x)): x is used next to the end, and far from it."""
    x = scene.Node(0.5)
    bent = scene.Node("tanh", scene.Node("sin", x))
    y = scene.Node("+", x, bent)
    assert scene.users_first(y)[-1] is x
    assert scene.nearest_first(y).index(x) < scene.nearest_first(y).index(bent.inputs[0])


def test_paths_that_meet_are_added(scene):
    """x·x + x at 3 has the slope 7."""
    x = scene.Node(3.0)
    scene.backward(scene.users_first(scene.Node("+", scene.Node("×", x, x), x)))
    assert x.slope == 7
