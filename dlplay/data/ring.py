"""Heaps of points around a circle: data with several modes, and measures of samples of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Ring:
    """`modes` round Gaussians of standard deviation `spread`, evenly on a circle of `radius`.

    The measures take samples [..., N, 2], on any device, and answer for each of the leading
    dimensions. A sample lies on a mode if it is within three spreads of its centre: 0.989 of the
    real points do. A mode is found if at least one in a hundred samples lies on it.
    """

    modes: int = 8
    spread: float = 0.1
    radius: float = 2.0

    def centres(self, device: str | torch.device = "cpu") -> torch.Tensor:
        """The means of the Gaussians: [modes, 2], the first one on the right."""
        angle = 2 * math.pi * torch.arange(self.modes, device=device) / self.modes
        return self.radius * torch.stack([angle.cos(), angle.sin()], dim=1)

    def points(self, *shape: int, device: str | torch.device = "cpu") -> torch.Tensor:
        """Real points [*shape, 2]. Random numbers come from the global state of the CPU."""
        centres = self.centres()[torch.randint(self.modes, shape, device="cpu")]
        return (centres + self.spread * torch.randn(*shape, 2, device="cpu")).to(device)

    def shares(self, x: torch.Tensor) -> torch.Tensor:
        """The share of samples x [..., N, 2] on each mode: [..., modes]."""
        near = self._apart(x) < 3 * self.spread
        return near.float().mean(dim=-2)

    def found(self, x: torch.Tensor) -> torch.Tensor:
        """The number of modes that samples x [..., N, 2] find: [...], as floats."""
        return (self.shares(x) >= 0.01).float().sum(dim=-1)

    def on_mode(self, x: torch.Tensor) -> torch.Tensor:
        """The share of samples x [..., N, 2] that lie on any mode: [...]."""
        near = self._apart(x).amin(dim=-1) < 3 * self.spread
        return near.float().mean(dim=-1)

    def cells(self, x: torch.Tensor) -> torch.Tensor:
        """The share of samples x [..., N, 2] to which each mode is the nearest: [..., modes]."""
        nearest = self._apart(x).argmin(dim=-1, keepdim=True)  # [..., N, 1]
        return (nearest == torch.arange(self.modes, device=x.device)).float().mean(dim=-2)

    def _apart(self, x: torch.Tensor) -> torch.Tensor:
        """How far each of x [..., N, 2] is from each centre: [..., N, modes]."""
        apart: torch.Tensor = (x[..., None, :] - self.centres(x.device)).norm(dim=-1)
        return apart


def energy_distance(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """2 E|x − y| − E|x − x′| − E|y − y′| of samples x [..., N, D] and y [..., M, D]: [...].

    Its root is a distance between distributions (Székely and Rizzo 2013). Means are over all
    pairs, each sample with itself included, so it is never below 0; two draws from one density
    are E|x − x′| (1/N + 1/M) apart on average.
    """
    across, own_x, own_y = (
        torch.cdist(a, b).mean(dim=(-2, -1)) for a, b in ((x, y), (x, x), (y, y))
    )
    return 2 * across - own_x - own_y
