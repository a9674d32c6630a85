"""Normalization of many networks side by side, against torch's own and against paper and pencil."""

import pytest
import torch
from torch import nn

from dlplay.nn.normalization import BatchedNorm, standardize


def batch(shape=(32, 3, 5)):
    torch.manual_seed(0)
    return torch.randn(shape) * 3 + 2


def test_two_numbers_by_hand():
    z = torch.tensor([[1.0], [5.0]])  # mean 3, variance 4
    assert standardize(z, (0,), eps=0.0).flatten().tolist() == [-1.0, 1.0]
    assert standardize(z, (0,), eps=12.0).flatten().tolist() == [-0.5, 0.5]  # 2 / √16


@pytest.mark.parametrize(
    ("dims", "layer"),
    [
        ((0, 2, 3), nn.BatchNorm2d(6)),
        ((1, 2, 3), nn.LayerNorm([6, 4, 4])),
        ((2, 3), nn.InstanceNorm2d(6)),
    ],
)
def test_standardize_is_torchs_layer_for_these_dimensions(dims, layer):
    z = batch((5, 6, 4, 4))
    assert torch.allclose(standardize(z, dims), layer(z), atol=1e-5)


@pytest.mark.parametrize("kind", ["batch", "layer"])
def test_each_copy_is_torchs_layer_forwards_and_backwards(kind):
    z = batch().requires_grad_()
    many = BatchedNorm(kind, 3, 5)
    with torch.no_grad():
        many.weight.normal_()
        many.bias.normal_()
    target = torch.randn(32, 3, 5)
    (got,) = torch.autograd.grad((many(z) * target).sum(), z)
    for copy in range(3):
        one = nn.BatchNorm1d(5) if kind == "batch" else nn.LayerNorm(5)
        with torch.no_grad():
            one.weight.copy_(many.weight[copy])
            one.bias.copy_(many.bias[copy])
        alone = z[:, copy].detach().requires_grad_()
        out = one(alone)
        assert torch.allclose(many(z)[:, copy], out, atol=1e-5)
        (want,) = torch.autograd.grad((out * target[:, copy]).sum(), alone)
        assert torch.allclose(got[:, copy], want, atol=1e-5)


@pytest.mark.parametrize("kind", ["batch", "layer"])
@pytest.mark.parametrize("statistics", ["no gradient", "once"])
def test_the_wrong_ways_agree_with_the_right_one_on_the_first_batch_only(kind, statistics):
    wrong, right = BatchedNorm(kind, 3, 5, statistics=statistics), BatchedNorm(kind, 3, 5)
    z = batch()
    same = statistics == "no gradient" or kind == "batch"
    assert torch.allclose(wrong(z), right(z), atol=1e-4) == same
    later = z * 2 + 1
    assert torch.allclose(wrong(later), right(later), atol=1e-4) == (statistics == "no gradient")


def test_without_a_gradient_through_the_statistics_a_shift_seems_to_matter():
    z = batch().requires_grad_()
    slopes = {}
    for statistics in ("recomputed", "no gradient"):
        out = BatchedNorm("batch", 3, 5, statistics=statistics)(z)
        (slopes[statistics],) = torch.autograd.grad(out[:, 0, 0].pow(3).sum(), z)
    # A shift of the whole batch changes nothing, and only the right gradient knows that.
    assert slopes["recomputed"][:, 0, 0].sum().abs() < 1e-4
    assert slopes["no gradient"][:, 0, 0].sum().abs() > 1


def test_none_is_the_identity_and_has_no_parameters():
    layer = BatchedNorm("none", 3, 5)
    z = batch()
    assert layer(z) is z
    assert not list(layer.parameters())


def test_unknown_words_are_refused():
    with pytest.raises(ValueError, match="kind is one of none, batch, layer"):
        BatchedNorm("group", 1, 4)
    with pytest.raises(ValueError, match="statistics is one of"):
        BatchedNorm("batch", 1, 4, statistics="never")
