"""Nets that read images in patches, and the two nets that CLIP brings together."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import normalize, unfold

from dlplay.nn.transformer import Block


class VisionTransformer(nn.Module):
    """A Transformer that reads an image as a sentence of patches (ViT: Dosovitskiy et al., 2020).

    The image is cut into patches of `patch` × `patch` pixels. A linear layer makes a vector of
    `width` numbers of each; a class token is put before them, a learned position is added to each,
    and a linear layer reads the class token after the last block.
    """

    def __init__(
        self,
        side: int,
        patch: int,
        outputs: int,
        *,
        channels: int = 1,
        width: int = 32,
        heads: int = 4,
        blocks: int = 1,
        hidden: int | None = None,
    ) -> None:
        """`side`: of the images, in pixels. ValueError if it is no multiple of `patch`."""
        if side % patch:
            raise ValueError(f"patches of {patch} pixels do not fill {side} evenly")
        super().__init__()
        self.patch = patch
        self.embed = nn.Linear(channels * patch**2, width)
        self.first = nn.Parameter(0.02 * torch.randn(width))
        self.positions = nn.Parameter(0.02 * torch.randn((side // patch) ** 2 + 1, width))
        self.blocks = nn.Sequential(
            *(Block(width, heads, causal=False, hidden=hidden) for _ in range(blocks))
        )
        self.answer = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images [N, channels, side, side]: [N, outputs]."""
        patches = unfold(x, self.patch, stride=self.patch).mT  # [N, patches, channels · patch²]
        first = self.first.expand(len(x), 1, -1)
        tokens = torch.cat([first, self.embed(patches)], dim=1) + self.positions
        answers: torch.Tensor = self.answer(self.blocks(tokens)[:, 0])
        return answers


def picture_net(numbers: int, *, width: int = 16) -> nn.Sequential:
    """A small convolutional net for colour pictures: [N, 3, 16, 16] -> [N, numbers]."""
    return nn.Sequential(
        nn.Conv2d(3, width, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(width, 2 * width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(2 * width, 3 * width, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1),
        nn.Flatten(), nn.Linear(3 * width, numbers),
    )  # fmt: skip


class SentenceNet(nn.Module):
    """One causal Transformer block over words; the last token, an end, stands for the sentence
    (as in CLIP: Radford et al., 2021)."""

    def __init__(
        self, words: int, length: int, numbers: int, *, width: int = 32, heads: int = 4
    ) -> None:
        super().__init__()
        self.vectors = nn.Embedding(words, width)
        nn.init.normal_(self.vectors.weight, std=0.3)
        self.positions = nn.Parameter(0.1 * torch.randn(length, width))
        self.block = Block(width, heads, causal=True, hidden=2 * width)
        self.answer = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, numbers))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Tokens [N, length]: [N, numbers]."""
        read = self.block(self.vectors(x) + self.positions)
        answers: torch.Tensor = self.answer(read[:, -1])
        return answers


def cosines(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Of each pair of vectors [N, D] and [M, D] the cosine of their angle: [N, M]."""
    return normalize(a, dim=1) @ normalize(b, dim=1).T
