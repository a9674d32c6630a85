"""Normalization layers for many networks side by side (see `batched`)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as fn

KINDS = ("none", "batch", "layer")
STATISTICS = ("recomputed", "no gradient", "once")


def standardize(z: torch.Tensor, dims: Sequence[int], eps: float = 1e-5) -> torch.Tensor:
    """(z - μ) / √(σ² + eps), with one mean μ and one variance σ² (of all values, not of a sample)
    for all cells that differ in `dims` only. Any shape; the result has the same.

    BatchNorm (Ioffe and Szegedy 2015) of [N, C, H, W] is dims (0, 2, 3), LayerNorm (Ba, Kiros and
    Hinton 2016) (1, 2, 3), InstanceNorm (Ulyanov, Vedaldi and Lempitsky 2016) (2, 3).
    """
    variance, mean = torch.var_mean(z, tuple(dims), correction=0, keepdim=True)
    return (z - mean) / (variance + eps).sqrt()


class BatchedNorm(nn.Module):
    """A normalization layer for `copies` networks: [N, copies, features] -> the same shape.

    `kind`: "batch" takes mean and variance of each feature over the batch, "layer" of each example
    over its features, "none" leaves everything as it is. weight γ, bias β: [copies, features].
    There are no running averages: in evaluation mode too, the batch at hand is what counts.

    `statistics`: "recomputed" in every pass and differentiated, as the papers want it. The others
    are mistakes to learn from: with "no gradient" they are recomputed but constants to the
    backward pass, with "once" those of the first pass are kept for good (kind "batch" only; for
    "layer" they then are the means over the first batch). ValueError for an unknown word.
    """

    mean: torch.Tensor | None
    variance: torch.Tensor | None

    def __init__(
        self,
        kind: str,
        copies: int,
        features: int,
        *,
        eps: float = 1e-5,
        statistics: str = "recomputed",
    ) -> None:
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}, not {kind!r}")
        if statistics not in STATISTICS:
            raise ValueError(f"statistics is one of {', '.join(STATISTICS)}, not {statistics!r}")
        self.kind, self.eps, self.statistics = kind, eps, statistics
        if kind != "none":
            self.weight = nn.Parameter(torch.ones(copies, features))
            self.bias = nn.Parameter(torch.zeros(copies, features))
        self.register_buffer("mean", None)
        self.register_buffer("variance", None)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        if self.kind == "none":
            return z
        if self.statistics != "recomputed":
            return self._constant(z)
        if self.kind == "layer":
            return fn.layer_norm(z, z.shape[2:], eps=self.eps) * self.weight + self.bias
        flat, weight, bias = z.flatten(1), self.weight.flatten(), self.bias.flatten()
        out = fn.batch_norm(flat, None, None, weight, bias, training=True, eps=self.eps)
        return out.reshape(z.shape)

    def _constant(self, z: torch.Tensor) -> torch.Tensor:
        if self.mean is None or self.variance is None or self.statistics == "no gradient":
            dim = 0 if self.kind == "batch" else 2
            variance, mean = torch.var_mean(z.detach(), dim, correction=0, keepdim=True)
            if self.kind == "layer" and self.statistics == "once":
                mean, variance = mean.mean(0, keepdim=True), variance.mean(0, keepdim=True)
            self.mean, self.variance = mean, variance
        return (z - self.mean) * (self.variance + self.eps).rsqrt() * self.weight + self.bias

    def extra_repr(self) -> str:
        return f"{self.kind}, eps={self.eps}, statistics={self.statistics}"
