import math

import torch
from torch import nn

from dlplay.nn.attention import Rotary
from dlplay.nn.transformer import Block, FeedForward, decay_groups, initialize


def test_parameters_of_a_block():
    count = sum(p.numel() for p in Block(16, 4).parameters())
    assert count == 12 * 16**2 + 13 * 16  # 12D² weights, 9D biases, 4D of the norms


def test_a_block_is_causal_unless_told_otherwise():
    x = torch.randn(1, 6, 8)
    y = x.clone()
    y[:, 3:] = torch.randn(1, 3, 8)
    for causal in (True, False):
        block = Block(8, 2, causal=causal, rotary=Rotary(4, length=6))
        assert (torch.allclose(block(x)[:, :3], block(y)[:, :3], atol=1e-6)) == causal


def test_feed_forward_mixes_no_positions():
    layer = FeedForward(8, hidden=5)
    x = torch.randn(1, 4, 8)
    y = x.clone()
    y[:, 2] += 1
    moved = (layer(x) - layer(y)).abs().sum(-1)[0]
    assert (moved > 0).tolist() == [False, False, True, False]


def test_a_block_with_silent_outputs_changes_nothing():
    block = Block(8, 2)
    for output in (block.attention.output, block.feed_forward.output):
        nn.init.zeros_(output.weight)
        nn.init.zeros_(output.bias)
    x = torch.randn(2, 3, 8)
    assert torch.equal(block(x), x)


def test_initialization_scales_what_writes_into_the_residual_stream():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(100, 64), *(Block(64, 4) for _ in range(8)))
    initialize(model, std=0.05)
    first = model[1]
    assert math.isclose(model[0].weight.std().item(), 0.05, rel_tol=0.05)
    assert math.isclose(first.attention.project.weight.std().item(), 0.05, rel_tol=0.05)
    assert math.isclose(first.feed_forward.output.weight.std().item(), 0.05 / 4, rel_tol=0.05)
    assert first.attention.project.bias.abs().max() == 0


def test_only_matrices_decay():
    model = Block(8, 2)
    matrices, others = decay_groups(model, 0.1)
    assert matrices["weight_decay"] == 0.1
    assert others["weight_decay"] == 0.0
    assert len(matrices["params"]) == 4
    assert len(matrices["params"]) + len(others["params"]) == len(list(model.parameters()))
