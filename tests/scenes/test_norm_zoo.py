"""Which cells share a mean: the scene's counts, against torch's layers and counting by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from dlplay.course.catalog import Catalog, built_in, load


@pytest.fixture(scope="module")
def zoo():
    return load(Catalog([built_in()]).find("normalization/norm-zoo"))


def test_the_norms_are_torchs(zoo):
    torch.manual_seed(0)
    z = torch.randn(4, 8, 6, 6) * 2 + 1
    scene = zoo()
    theirs = {
        "BN": nn.BatchNorm2d(8),
        "LN": nn.LayerNorm([8, 6, 6]),
        "IN": nn.InstanceNorm2d(8),
        "GN": nn.GroupNorm(4, 8),
    }
    for name, layer in theirs.items():
        assert torch.allclose(scene.norm(name, z), layer(z), atol=1e-5), name
    channels_last = nn.LayerNorm(8)(z.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    assert torch.allclose(scene.norm("LN(C)", z), channels_last, atol=1e-5)


@pytest.mark.parametrize(("name", "means"), [("BN", 3), ("LN", 2), ("IN", 6), ("LN(C)", 8)])
def test_means_are_counted(zoo, name, means):
    z = torch.randn(2, 3, 2, 2, requires_grad=True)
    assert zoo().count(name, z) == means


def test_the_popular_mistake_takes_the_number_for_the_size(zoo):
    assert [zoo().number(g) for g in (1, 2, 8)] == [1, 2, 8]
    assert [zoo(convention="size").number(g) for g in (1, 2, 8)] == [8, 4, 1]
    assert zoo().together() == 2
    assert zoo(convention="size").together() == 32
