"""Numbers in two heaps, a large one and a rare one, whose density is known."""

from __future__ import annotations

import math

import torch

RARE = 0.2  # the share of the rare heap
SPREAD = 0.35  # of either


def heaps(*shape: int, at: float = 2.0, device: str = "cpu") -> torch.Tensor:
    """Numbers [*shape]: four fifths from a bell around -`at`, one fifth from one around `at`.

    Both have the standard deviation SPREAD. Random numbers come from the global state, so that a
    run's seed decides.
    """
    rare = torch.rand(shape) < RARE
    return (torch.where(rare, at, -at) + SPREAD * torch.randn(shape)).to(device)


def heaps_log_density(y: torch.Tensor, *, at: float = 2.0) -> torch.Tensor:
    """The log of the density from which `heaps` draws, in nats, at y [...]: [...]."""
    large = math.log(1 - RARE) - (y + at).square() / (2 * SPREAD**2)
    rare = math.log(RARE) - (y - at).square() / (2 * SPREAD**2)
    return torch.logaddexp(large, rare) - math.log(SPREAD * math.sqrt(2 * math.pi))
