"""Where the nodes of a graph are drawn."""

from __future__ import annotations

import torch

from dlplay.nn import unfolded


def test_a_chain_is_straight_and_a_ring_is_round():
    chain = unfolded(5, [(v, v + 1) for v in range(4)])
    assert torch.allclose((chain[0] - chain[4]).norm(), torch.tensor(4.0), atol=0.01)
    ring = unfolded(6, [(v, (v + 1) % 6) for v in range(6)])
    radius = (ring - ring.mean(dim=0)).norm(dim=1)
    assert radius.std() < 0.01 * radius.mean()


def test_what_is_not_joined_is_placed_too():
    assert unfolded(3, [(0, 1)]).isfinite().all()
