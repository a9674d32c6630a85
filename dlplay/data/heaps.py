"""Heaps of points, in the plane and on a line, whose density is known."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch

RARE = 0.2  # the share of the rare heap on a line
SPREAD = 0.35  # of either


@dataclass(frozen=True)
class Heaps:
    """A sum of round Gaussians: centres [K, 2], shares [K] that sum to 1, and the standard
    deviation `spread` of each coordinate within a heap, the same for all."""

    centres: torch.Tensor
    shares: torch.Tensor
    spread: float

    def to(self, device: str | torch.device) -> Heaps:
        """The same heaps, for points on this device."""
        return replace(self, centres=self.centres.to(device), shares=self.shares.to(device))

    def draw(self, count: int) -> torch.Tensor:
        """Points [count, 2] in any order. Of each heap there are as many as its share says, but
        for rounding. Random numbers come from the global state of the CPU."""
        ends = (self.shares.cpu().cumsum(dim=0) * count).round()
        which = torch.searchsorted(ends, torch.randperm(count).float(), right=True)
        which = which.clamp(max=len(self.shares) - 1).to(self.centres.device)
        return self.centres[which] + self.spread * torch.randn(count, 2).to(self.centres)

    def noised(self, σ: float, scale: float = 1.0) -> Heaps:
        """How scale · x + σε lies, x a point of these heaps and ε normal: again round heaps."""
        spread = math.hypot(scale * self.spread, σ)
        return replace(self, centres=scale * self.centres, spread=spread)

    def log_density(self, x: torch.Tensor) -> torch.Tensor:
        """In nats, at points x [N, 2]: [N]."""
        _, parts = self._parts(x)
        total: torch.Tensor = parts.logsumexp(dim=1)
        return total

    def slope(self, x: torch.Tensor) -> torch.Tensor:
        """The gradient of the log density in x [N, 2], its score: [N, 2]. Each heap pulls to its
        centre, by how likely the point is one of its own."""
        apart, parts = self._parts(x)
        pull: torch.Tensor = torch.einsum("nk,nkd->nd", parts.softmax(dim=1), apart)
        return pull / self.spread**2

    def nearest(self, x: torch.Tensor) -> torch.Tensor:
        """The number of the heap whose centre is nearest to x [N, 2]: [N]."""
        return torch.cdist(x, self.centres).argmin(dim=1)

    def _parts(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The ways to the centres [N, K, 2], and each heap's part of the density, as logs."""
        apart = self.centres - x[:, None]
        far = apart.square().sum(dim=2) / (2 * self.spread**2)
        return apart, self.shares.log() - far - math.log(2 * math.pi * self.spread**2)


def two_heaps(apart: float = 2.0, spread: float = 0.5, share: float = 0.2) -> Heaps:
    """A big heap at (-apart, -apart) and a small one at (apart, apart), which has this share."""
    centres = torch.tensor([[-1.0, -1.0], [1.0, 1.0]]) * apart
    return Heaps(centres, torch.tensor([1 - share, share]), spread)


def ring_of_heaps(radius: float = 1.4, spread: float = 0.12, count: int = 8) -> Heaps:
    """Equal heaps, evenly on a circle around 0."""
    angle = 2 * math.pi * torch.arange(count) / count
    centres = radius * torch.stack([angle.cos(), angle.sin()], dim=1)
    return Heaps(centres, torch.full((count,), 1 / count), spread)


def heaps_on_line(*shape: int, at: float = 2.0, device: str = "cpu") -> torch.Tensor:
    """Numbers [*shape]: four fifths from a bell around -`at`, one fifth from one around `at`.

    Both have the standard deviation SPREAD. Random numbers come from the global state, so that a
    run's seed decides.
    """
    rare = torch.rand(shape) < RARE
    return (torch.where(rare, at, -at) + SPREAD * torch.randn(shape)).to(device)


def heaps_on_line_log_density(y: torch.Tensor, *, at: float = 2.0) -> torch.Tensor:
    """The log of the density from which `heaps_on_line` draws, in nats, at y [...]: [...]."""
    large = math.log(1 - RARE) - (y + at).square() / (2 * SPREAD**2)
    rare = math.log(RARE) - (y - at).square() / (2 * SPREAD**2)
    return torch.logaddexp(large, rare) - math.log(SPREAD * math.sqrt(2 * math.pi))
