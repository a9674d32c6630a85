import math

import torch
from torch import nn

from dlplay.nn.attention import Rotary
from dlplay.nn.transformer import (
    Block,
    DecoderBlock,
    EncoderDecoder,
    FeedForward,
    decay_groups,
    initialize,
)


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


def test_a_decoder_block_sees_the_past_and_the_source():
    block = DecoderBlock(8, 2)
    x, source = torch.randn(1, 6, 8), torch.randn(1, 4, 8)
    y = x.clone()
    y[:, 3:] = torch.randn(1, 3, 8)
    everything = torch.ones(6, 6, dtype=torch.bool)
    assert torch.allclose(block(x, source)[:, :3], block(y, source)[:, :3], atol=1e-6)
    moved = block(x, source, past=everything) - block(y, source, past=everything)
    assert moved[:, :3].abs().max() > 1e-3
    other = source.clone()
    other[:, 3] += 1
    hidden = torch.tensor([[True, True, True, False]])
    assert torch.allclose(block(x, source, hidden), block(x, other, hidden), atol=1e-6)
    assert (block(x, source) - block(x, other)).abs().max() > 1e-3


def test_an_encoder_decoder_writes_from_what_it_reads_and_has_written():
    model = EncoderDecoder(7, 8, 2, blocks=2)
    x, y = torch.randint(7, (3, 5)), torch.randint(7, (3, 4))
    source = model.encode(x)
    assert source.shape == (3, 5, 8)
    logits = model.decode(y, source)
    assert logits.shape == (3, 4, 7)
    later = y.clone()
    later[:, 2:] = (later[:, 2:] + 1) % 7
    moved = (model.decode(later, source) - logits).abs().amax(dim=(0, 2))
    assert moved[:2].max() < 1e-5
    assert moved[2:].min() > 1e-4
    padded = torch.cat([x, torch.zeros(3, 2, dtype=torch.long)], dim=1)
    seen = torch.arange(7)[None] < 5
    read = model.encode(padded, seen)
    assert torch.allclose(read[:, :5], source, atol=1e-5)
    assert torch.allclose(model.decode(y, read, seen), logits, atol=1e-5)
