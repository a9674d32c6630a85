import math

import pytest
import torch
from torch import nn

from dlplay.nn.attention import (
    CrossAttention,
    Rotary,
    SelfAttention,
    attention_maps,
    attention_weights,
    sinusoids,
)


def test_rotation_by_hand():
    rotary = Rotary(4, length=3, base=100.0)  # speeds 1 and 1/10 for the pairs (0, 2) and (1, 3)
    x = torch.tensor([[1.0, 1.0, 0.0, 0.0]]).expand(3, 4)
    expected = [
        [math.cos(t), math.cos(t / 10), math.sin(t), math.sin(t / 10)] for t in (0.0, 1.0, 2.0)
    ]
    assert torch.allclose(rotary(x), torch.tensor(expected), atol=1e-6)


def test_rotation_keeps_lengths_and_depends_on_the_difference_of_positions():
    rotary = Rotary(8, length=64).double()
    q, k = torch.randn(2, 1, 8, dtype=torch.float64)

    def score(m, n):
        return (rotary(q, start=m) * rotary(k, start=n)).sum().item()

    assert rotary(q, start=40).norm().item() == pytest.approx(q.norm().item(), rel=1e-6)
    assert score(3, 10) == pytest.approx(score(50, 57), abs=1e-5)
    assert abs(score(3, 10) - score(10, 3)) > 1e-3  # direction matters, not distance alone


def test_rotation_refuses_what_its_table_lacks():
    with pytest.raises(ValueError, match="even width"):
        Rotary(5, length=4)
    with pytest.raises(ValueError, match="ends after 4"):
        Rotary(4, length=4)(torch.zeros(5, 4))


def test_weights_by_hand():
    q = torch.tensor([[0.0], [2.0]])
    k = torch.tensor([[0.0], [1.0]])
    both = attention_weights(q, k, causal=False)
    causal = attention_weights(q, k, causal=True)
    share = math.exp(2) / (1 + math.exp(2))
    assert torch.allclose(both, torch.tensor([[0.5, 0.5], [1 - share, share]]))
    assert torch.allclose(causal, torch.tensor([[1.0, 0.0], [1 - share, share]]))


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("rotary", [True, False])
def test_keeping_the_map_does_not_change_the_output(causal, rotary):
    table = Rotary(4, length=7) if rotary else None
    attention = SelfAttention(12, 3, causal=causal, rotary=table)
    x = torch.randn(2, 7, 12)
    plain = attention(x)
    assert attention.map is None
    attention.keep_map = True
    assert torch.allclose(attention(x), plain, atol=1e-6)
    assert attention.map.shape == (2, 3, 7, 7)
    assert torch.allclose(attention.map.sum(-1), torch.ones(2, 3, 7))


def test_a_later_position_moves_an_earlier_one_only_without_the_mask():
    x = torch.randn(1, 6, 8)
    y = x.clone()
    y[:, 4:] += 1
    for causal in (True, False):
        attention = SelfAttention(8, 2, causal=causal)
        moved = (attention(x) - attention(y))[:, :4].abs().max().item()
        assert (moved < 1e-6) == causal


def test_without_mask_and_positions_order_is_not_seen():
    attention = SelfAttention(8, 2, causal=False)
    x, order = torch.randn(1, 6, 8), torch.randperm(6)
    assert torch.allclose(attention(x)[:, order], attention(x[:, order]), atol=1e-6)


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="3 heads"):
        SelfAttention(8, 3)


def test_maps_of_a_model():
    model = nn.Sequential(SelfAttention(8, 2), nn.LayerNorm(8), SelfAttention(8, 2))
    maps, names = attention_maps(model, torch.randn(3, 5, 8))
    assert maps.shape == (4, 5, 5)
    assert names == ["layer 1 head 1", "layer 1 head 2", "layer 2 head 1", "layer 2 head 2"]
    assert maps.triu(1).abs().max() == 0
    assert all(not m.keep_map and m.map is None for m in model if isinstance(m, SelfAttention))


def test_maps_need_attention():
    with pytest.raises(ValueError, match="no SelfAttention"):
        attention_maps(nn.Linear(2, 2), torch.zeros(1, 2))


@pytest.mark.parametrize("causal", [True, False])
def test_what_is_not_seen_has_no_weight_and_no_say(causal):
    attention = SelfAttention(8, 2, causal=causal)
    x = torch.randn(2, 5, 8)
    seen = torch.tensor([[True, True, True, False, False]])
    y = x.clone()
    y[:, 3:] += 1
    plain = attention(x, seen)
    assert torch.allclose(plain[:, :3], attention(y, seen)[:, :3], atol=1e-6)
    attention.keep_map = True
    assert torch.allclose(attention(x, seen), plain, atol=1e-6)
    assert attention.map[..., 3:].abs().max() == 0
    assert (attention.map.triu(1).abs().max() == 0) == causal


def test_cross_attention_takes_from_the_source_alone():
    cross = CrossAttention(8, 2)
    x, source = torch.randn(2, 3, 8), torch.randn(2, 5, 8)
    plain = cross(x, source)
    assert plain.shape == (2, 3, 8)
    cross.keep_map = True
    assert torch.allclose(cross(x, source), plain, atol=1e-6)
    assert cross.map.shape == (2, 2, 3, 5)
    assert torch.allclose(cross.map.sum(-1), torch.ones(2, 2, 3))
    hidden = torch.tensor([[True, True, True, True, False]])
    assert torch.allclose(cross(x, source, hidden), cross(x, source[:, :4]), atol=1e-6)
    with pytest.raises(ValueError, match="3 heads"):
        CrossAttention(8, 3)


def test_sinusoids_are_sine_and_cosine_in_turn_from_fast_to_slow():
    table = sinusoids(4, 4, base=100.0)  # speeds 1 and 1/10
    expected = [math.sin(3), math.cos(3), math.sin(0.3), math.cos(0.3)]
    assert table.shape == (4, 4)
    assert table[3].tolist() == pytest.approx(expected, abs=1e-6)


def test_the_product_of_sinusoids_depends_on_the_distance_alone():
    table = sinusoids(60, 32)
    likeness = table @ table.T
    assert torch.allclose(likeness[3, 20], likeness[40, 57], atol=1e-4)


def test_sinusoids_of_an_odd_width_are_told():
    with pytest.raises(ValueError, match="even width, not 5"):
        sinusoids(3, 5)
