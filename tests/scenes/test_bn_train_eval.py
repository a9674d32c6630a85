"""The scene's BatchNorm with its two lives, against torch's own and against paper and pencil."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import nn

from dlplay.course.catalog import Catalog, built_in, load


@pytest.fixture(scope="module")
def scene():
    return sys.modules[load(Catalog([built_in()]).find("normalization/bn-train-eval")).__module__]


def test_both_modes_are_torchs(scene):
    torch.manual_seed(0)
    ours, theirs = scene.BatchNorm(6, 0.1, "unbiased", 1), nn.BatchNorm1d(6, momentum=0.1)
    for _ in range(5):
        z = 3 * torch.randn(8, 6) + 1
        assert torch.allclose(ours(z), theirs(z), atol=1e-5)
    assert torch.allclose(ours.mean, theirs.running_mean, atol=1e-6)
    assert torch.allclose(ours.spread, theirs.running_var, atol=1e-5)
    z = torch.randn(3, 6)
    assert torch.allclose(ours.eval()(z), theirs.eval()(z), atol=1e-5)


def test_a_look_at_the_own_statistics_leaves_the_averages_alone(scene):
    layer = scene.BatchNorm(1, 0.1, "unbiased", 1).eval()
    out = layer(torch.tensor([[1.0], [5.0]]), own=True)
    assert out.flatten().tolist() == pytest.approx([-1, 1], abs=1e-5)
    assert layer.mean.item() == 0
    assert layer.spread.item() == 1


@pytest.mark.parametrize(
    ("average", "spread"),
    [("biased", 0.9 + 0.1 * 4), ("unbiased", 0.9 + 0.1 * 8), ("deviation", 0.9 + 0.1 * 2)],
)
def test_one_update_by_hand(scene, average, spread):
    layer = scene.BatchNorm(1, 0.1, average, 1)
    layer(torch.tensor([[1.0], [5.0]]))  # mean 3, σ² 4, s² 8
    assert layer.mean.item() == pytest.approx(0.3)
    assert layer.spread.item() == pytest.approx(spread)


def test_minus_epsilon_has_no_root_for_a_dead_unit(scene):
    for sign, finite in ((1, True), (-1, False)):
        layer = scene.BatchNorm(1, 1.0, "biased", sign).eval()
        layer.spread.fill_(1e-6)
        assert torch.isfinite(layer(torch.tensor([[0.001]]))).item() is finite


def test_each_of_the_five_cnns_ignores_the_others(scene):
    torch.manual_seed(0)
    nets = scene.FiveCNNs("channel")
    x = torch.rand(4, 1, 8, 8)
    before = nets(x)
    with torch.no_grad():
        nets.first.weight[:16] += 1  # the first net's filters
    changed = (nets(x) - before).abs().amax((0, 2))
    assert changed[0] > 1e-3
    assert changed[1:].max() < 1e-6
