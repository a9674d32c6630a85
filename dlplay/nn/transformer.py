"""The Transformer block, and the initialization that GPT-2 gave it."""

from __future__ import annotations

import math

import torch
from torch import nn

from dlplay.nn.attention import Rotary, SelfAttention


class FeedForward(nn.Module):
    """Two layers with GELU between them, applied to each position alone (Vaswani et al., 2017)."""

    def __init__(self, width: int, hidden: int | None = None) -> None:
        """`hidden`: units of the inner layer, 4 · width unless given."""
        super().__init__()
        self.inner = nn.Linear(width, hidden or 4 * width)
        self.activation = nn.GELU()
        self.output = nn.Linear(hidden or 4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x [..., width]: the same shape."""
        y: torch.Tensor = self.output(self.activation(self.inner(x)))
        return y


class Block(nn.Module):
    """One layer of a Transformer: x + attention(norm(x)), then x + feed-forward(norm(x)).

    The norm comes first ("pre-LN", as in GPT-2: Radford et al., 2019), so that an unbroken path
    of sums leads from the input to the output; Xiong et al. (2020) show why that needs no long
    warm-up. The original (Vaswani et al., 2017) normalized after each sum.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        causal: bool = True,
        rotary: Rotary | None = None,
        hidden: int | None = None,
    ) -> None:
        super().__init__()
        self.norm_1 = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads, causal=causal, rotary=rotary)
        self.norm_2 = nn.LayerNorm(width)
        self.feed_forward = FeedForward(width, hidden)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x [B, T, width]: the same shape."""
        x = x + self.attention(self.norm_1(x))
        y: torch.Tensor = x + self.feed_forward(self.norm_2(x))
        return y


def initialize(model: nn.Module, std: float = 0.02) -> None:
    """Weights as GPT-2 began with them (Radford et al., 2019).

    Matrices and embeddings N(0, std²), biases 0; the matrices that write into the residual
    stream are divided by √(2 · blocks), so that the sum over all blocks keeps its size.
    """
    blocks = [module for module in model.modules() if isinstance(module, Block)]
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=std)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
    for block in blocks:
        for output in (block.attention.output, block.feed_forward.output):
            nn.init.normal_(output.weight, std=std / math.sqrt(2 * len(blocks)))


def decay_groups(model: nn.Module, decay: float) -> list[dict[str, object]]:
    """Parameter groups for AdamW: matrices and embeddings decay, biases and norms do not."""
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    return [
        {"params": matrices, "weight_decay": decay},
        {"params": others, "weight_decay": 0.0},
    ]
