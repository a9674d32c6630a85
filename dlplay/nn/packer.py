"""A small autoencoder of 16x16 pictures, whose codes keep their places."""

from __future__ import annotations

import math

import torch
from torch import nn


class Packer(nn.Module):
    """Packs pictures [N, 3, 16, 16] into codes [N, 16, numbers]: a place for each 4x4 pixels.

    Codes come out shifted and scaled to mean 0 and variance 1, once it has been told `settle`.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, numbers: int, *, width: int = 128) -> None:
        super().__init__()
        self.inwards = nn.Sequential(
            nn.PixelUnshuffle(4),
            nn.Conv2d(48, width, 1),
            nn.SiLU(),
            nn.Conv2d(width, numbers, 3, padding=1),
        )
        self.outwards = nn.Sequential(
            nn.Conv2d(numbers, width, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(width, width, 1),
            nn.SiLU(),
            nn.Conv2d(width, 48, 1),
            nn.PixelShuffle(4),
        )
        self.adam = torch.optim.AdamW(self.parameters(), fused=True)
        self.register_buffer("mean", torch.zeros(numbers))
        self.register_buffer("std", torch.ones(()))

    def pack(self, images: torch.Tensor) -> torch.Tensor:
        """Codes [N, 16, numbers] of pictures [N, 3, 16, 16]; places from left to right, in rows."""
        code: torch.Tensor = self.inwards(images).flatten(2).mT
        return (code - self.mean) / self.std

    def unpack(self, code: torch.Tensor) -> torch.Tensor:
        """Pictures [N, 3, 16, 16] of codes [N, 16, numbers]."""
        grid = (code * self.std + self.mean).mT.reshape(len(code), -1, 4, 4)
        images: torch.Tensor = self.outwards(grid)
        return images

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The copies of pictures [N, 3, 16, 16]: packed and unpacked."""
        return self.unpack(self.pack(images))

    def learn(
        self, images: torch.Tensor, step: int, steps: int, *, batch: int = 64
    ) -> torch.Tensor:
        """One step of `steps`, on a batch of the pictures; the squared error of its copies."""
        picked = torch.randint(len(images), (batch,), device="cpu").to(images.device)
        some = images[picked]
        code = self.pack(some)
        error = (self.unpack(code) - some).square().mean()
        rise_and_fall(self.adam, 0.01, step, steps)
        self.adam.zero_grad()
        (error + 1e-4 * code.square().mean()).backward()  # type: ignore[no-untyped-call]
        self.adam.step()
        return error.detach()

    @torch.no_grad()
    def settle(self, images: torch.Tensor) -> None:
        """From now on the codes of these pictures have mean 0 and variance 1."""
        code = self.pack(images) * self.std + self.mean
        self.mean = code.mean(dim=(0, 1))
        self.std = (code - self.mean).std()


def rise_and_fall(optimizer: torch.optim.Optimizer, peak: float, step: int, steps: int) -> None:
    """Set the rate of this step: it rises over 30 of them, and falls to 0 as a cosine."""
    rate = peak * min(1, (step + 1) / 30) * (1 + math.cos(math.pi * step / steps)) / 2
    for group in optimizer.param_groups:
        group["lr"] = rate
