"""Tents built by hand, and the counting of pieces, against cases worked out by hand."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import nn

from dlplay.course.catalog import Catalog, built_in, load


@pytest.fixture(scope="module")
def scene():
    return sys.modules[load(Catalog([built_in()]).find("representations/depth-width")).__module__]


def test_a_tent_folded_twice(scene):
    x = torch.tensor([0, 0.125, 0.25, 0.5, 0.75, 1], dtype=torch.float64)
    assert scene.tent(x, 2).tolist() == [0, 0.5, 1, 0, 1, 0]


@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_built_net_is_the_tent_with_6k_plus_1_parameters(scene, k):
    net = scene.build(k, 1.0, torch.float64, "cpu")
    x = torch.linspace(0, 1, 257, dtype=torch.float64)
    assert torch.equal(net(x[:, None])[:, 0], scene.tent(x, k))
    assert sum(p.numel() for p in net.parameters()) == 6 * k + 1
    assert scene.laps(scene.tent(x, k)) == 2**k


def test_laps_of_a_line_and_of_a_corner(scene):
    assert scene.laps(torch.tensor([0.0, 1, 2, 3])) == 1
    assert scene.laps(torch.tensor([0.0, 1, 1, 0])) == 2


def test_a_hinge_per_kink_fits_exactly(scene):
    x = torch.linspace(0, 1, 65, dtype=torch.float64)
    y = (x - 0.5).abs()
    fit = scene.shallow_fit(x, y, torch.tensor([0.0, 0.5], dtype=torch.float64))
    assert (fit - y).abs().max() < 1e-12


def test_pieces_are_counted_for_each_net(scene):
    nets = scene.random_nets(1, 2, 2, 1.0)
    with torch.no_grad():
        nets[0].weight.fill_(1)  # relu(x - 1), relu(x - 2); and twice relu(x + 9), kink outside
        nets[0].bias.copy_(torch.tensor([[-1.0, -2.0], [9.0, 9.0]]))
        assert scene.pieces(nets, torch.linspace(0, 3, 100), 2).tolist() == [3, 1]


def test_a_hardtanh_has_two_kinks(scene):
    nets = scene.random_nets(1, 1, 1, 1.0, "hardtanh")
    assert isinstance(nets[1], nn.Hardtanh)
    with torch.no_grad():
        nets[0].weight.fill_(1)
        nets[0].bias.fill_(0)
        assert scene.pieces(nets, torch.linspace(-3, 3, 100), 1).tolist() == [3]
