"""Embeddings of small pictures: an encoder, and what tells whether it has collapsed."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import normalize, one_hot

WIDTH = 32  # numbers of an embedding


def encoder(*, batch_norm: bool = True) -> nn.Sequential:
    """Pictures [N, 1, 10, 10] to embeddings [N, 32], of any length: linear layers with 256, 64, 64
    units, ReLU between, and batch normalisation before each ReLU, if wanted."""
    parts: list[nn.Module] = [nn.Flatten()]
    for inputs, outputs in ((100, 256), (256, 64), (64, 64)):
        parts.append(nn.Linear(inputs, outputs))
        parts += [nn.BatchNorm1d(outputs)] if batch_norm else []
        parts.append(nn.ReLU())
    return nn.Sequential(*parts, nn.Linear(64, WIDTH))


def spread(z: torch.Tensor) -> torch.Tensor:
    """How far embeddings z [N, d] are spread over the sphere: their standard deviation after each
    was scaled to length 1, the mean over d, times √d. 1 where all directions are alike, 0 where
    all are one."""
    found: torch.Tensor = normalize(z, dim=1).std(dim=0).mean() * z.shape[1] ** 0.5
    return found


def told(
    z: torch.Tensor, y: torch.Tensor, z_new: torch.Tensor, y_new: torch.Tensor, *, near: int = 11
) -> torch.Tensor:
    """The share of new embeddings [M, d] whose class the `near` nearest of z [N, d] tell by their
    majority; near is what has a large cosine."""
    cosine = normalize(z_new, dim=1) @ normalize(z, dim=1).T  # [M, N]
    votes = one_hot(y[cosine.topk(near, dim=1).indices], 10).sum(dim=1)
    right: torch.Tensor = (votes.argmax(dim=1) == y_new).float().mean()
    return right


def main_axes(z: torch.Tensor) -> torch.Tensor:
    """Embeddings [N, d], scaled to length 1, on the two axes along which they vary most: [N, 2].

    Centred. The sign of an axis is chosen so that its largest component is positive.
    """
    z = normalize(z, dim=1)
    z = z - z.mean(dim=0)
    axes = torch.linalg.eigh((z.T @ z).cpu().double())[1][:, -2:].flip(1).float()  # [d, 2]
    sign = axes.gather(0, axes.abs().argmax(dim=0, keepdim=True)).sign()
    flat: torch.Tensor = z @ (axes * sign).to(z.device)
    return flat
