"""Gaussians fitted to points, one or several: what a density model is held against."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Mixture:
    """A weighted sum of Gaussians: shares [K], means [K, D], covariances [K, D, D]."""

    shares: torch.Tensor
    means: torch.Tensor
    covariances: torch.Tensor

    def log_density(self, x: torch.Tensor) -> torch.Tensor:
        """The log of the density at points x [N, D], in nats: [N]."""
        total: torch.Tensor = self.log_parts(x).logsumexp(dim=1)
        return total

    def log_parts(self, x: torch.Tensor) -> torch.Tensor:
        """Each Gaussian's part of it, times its share: [N, K]."""
        root = torch.linalg.cholesky(self.covariances)  # [K, D, D]
        apart = (x - self.means[:, None]).mT  # [K, D, N]
        far = torch.linalg.solve_triangular(root, apart, upper=False).square().sum(dim=1)  # [K, N]
        size = root.diagonal(dim1=1, dim2=2).log().sum(dim=1)  # [K]
        constant = self.shares.log() - size - 0.5 * x.shape[1] * math.log(2 * math.pi)
        parts: torch.Tensor = constant - 0.5 * far.T
        return parts


def fit_gaussians(x: torch.Tensor, parts: int = 1, *, rounds: int = 60) -> Mixture:
    """The mixture of `parts` Gaussians that points x [N, D] make likely, by `rounds` of
    expectation and maximisation (Dempster, Laird, Rubin 1977); of one Gaussian, the best there is.

    It begins with round Gaussians on randomly chosen points, and ends in a local optimum.
    """
    count_all, dimensions = x.shape
    eye = torch.eye(dimensions).to(x)
    chosen = torch.randperm(count_all)[:parts].to(x.device)
    mixture = Mixture(
        torch.full((parts,), 1 / parts).to(x),
        x[chosen],
        0.3 * x.var(dim=0).mean() * eye.repeat(parts, 1, 1),
    )
    for _ in range(rounds if parts > 1 else 1):
        share = mixture.log_parts(x).softmax(dim=1)  # [N, parts], of each point
        count = share.sum(dim=0).clamp(min=1e-6)
        means = share.T @ x / count[:, None]
        apart = x - means[:, None]  # [parts, N, D]
        spread = (share.T[..., None] * apart).mT @ apart / count[:, None, None]
        mixture = Mixture(count / count_all, means, spread + 1e-4 * eye)
    return mixture
