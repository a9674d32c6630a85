"""The Transformer's blocks, the encoder and decoder made of them, and GPT-2's initialization."""

from __future__ import annotations

import math

import torch
from torch import nn

from dlplay.nn.attention import CrossAttention, Rotary, SelfAttention, sinusoids


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

    def forward(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        """x [B, T, width]: the same shape. `seen`: as SelfAttention takes it."""
        x = x + self.attention(self.norm_1(x), seen)
        y: torch.Tensor = x + self.feed_forward(self.norm_2(x))
        return y


class DecoderBlock(nn.Module):
    """A Block that also looks into what an encoder has read: between its two parts stands
    x + cross-attention(norm(x), source) (Vaswani et al., 2017, with the norms before)."""

    def __init__(self, width: int, heads: int, *, hidden: int | None = None) -> None:
        super().__init__()
        self.norm_1, self.norm_2, self.norm_3 = (nn.LayerNorm(width) for _ in range(3))
        self.attention = SelfAttention(width, heads, causal=False)  # `past` says what is seen
        self.cross = CrossAttention(width, heads)
        self.feed_forward = FeedForward(width, hidden)

    def forward(
        self,
        x: torch.Tensor,
        source: torch.Tensor,
        seen: torch.Tensor | None = None,
        past: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """x [B, T, width], source [B, S, width]: the shape of x. `seen`: what of the source may be
        seen; `past`: what of x, unless given the position itself and those before it."""
        if past is None:
            T = x.shape[1]  # noqa: N806
            past = torch.ones(T, T, dtype=torch.bool, device=x.device).tril()
        x = x + self.attention(self.norm_1(x), past)
        x = x + self.cross(self.norm_2(x), source, seen)
        y: torch.Tensor = x + self.feed_forward(self.norm_3(x))
        return y


class EncoderDecoder(nn.Module):
    """A Transformer that reads symbols and writes others (Vaswani et al., 2017), with sinusoids
    as positions and the norms before the layers."""

    positions: torch.Tensor

    def __init__(
        self,
        symbols: int,
        width: int,
        heads: int,
        *,
        blocks: int = 1,
        hidden: int | None = None,
        length: int = 128,
    ) -> None:
        """`blocks`: of encoder and decoder each. `length`: the largest number of positions."""
        super().__init__()
        self.vectors = nn.Embedding(symbols, width)
        self.register_buffer("positions", sinusoids(length, width), persistent=False)
        self.encoder = nn.ModuleList(
            Block(width, heads, causal=False, hidden=hidden) for _ in range(blocks)
        )
        self.decoder = nn.ModuleList(
            DecoderBlock(width, heads, hidden=hidden) for _ in range(blocks)
        )
        self.norm_source, self.norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.name = nn.Linear(width, symbols)

    def encode(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        """Symbols [B, S]: a vector for each of them, [B, S, width]."""
        vectors = self.vectors(x) + self.positions[: x.shape[1]]
        for block in self.encoder:
            vectors = block(vectors, seen)
        source: torch.Tensor = self.norm_source(vectors)
        return source

    def decode(
        self,
        y: torch.Tensor,
        source: torch.Tensor,
        seen: torch.Tensor | None = None,
        past: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Symbols that were written [B, T]: logits of what comes after each, [B, T, symbols].
        `seen` and `past`: as DecoderBlock takes them."""
        vectors = self.vectors(y) + self.positions[: y.shape[1]]
        for block in self.decoder:
            vectors = block(vectors, source, seen, past)
        logits: torch.Tensor = self.name(self.norm(vectors))
        return logits


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
