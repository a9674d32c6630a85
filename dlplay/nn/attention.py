"""Attention, positions for it, and a way to see the attention maps of any model."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention


def sinusoids(places: int, width: int, base: float = 10_000.0) -> torch.Tensor:
    """Sinusoidal positions [places, width] (Vaswani et al., 2017): at place p the features 2i and
    2i + 1 are the sine and the cosine of p · base^(-2i/width). ValueError if the width is odd."""
    if width % 2:
        raise ValueError(f"sinusoidal positions need an even width, not {width}")
    speed = base ** (-torch.arange(0, width, 2).float() / width)  # [width/2]
    angle = torch.arange(places).float()[:, None] * speed  # [places, width/2]
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)


class Rotary(nn.Module):
    """Rotary position embedding, RoPE (Su et al., 2021, "RoFormer").

    Turns the pair of features (i, i + width/2) of the vector at position t by the angle
    t · base^(-2i/width). Lengths stay, and the dot product of two rotated vectors depends on
    where they stand only by the difference of their positions.
    """

    cosine: torch.Tensor
    sine: torch.Tensor

    def __init__(self, width: int, length: int, base: float = 10_000.0) -> None:
        """`width`: features of a vector, even. `length`: the largest number of positions."""
        if width % 2:
            raise ValueError(f"rotary positions need an even width, not {width}")
        super().__init__()
        speed = base ** (-torch.arange(0, width, 2).float() / width)  # [width/2]
        angle = torch.arange(length).float()[:, None] * speed  # [length, width/2]
        self.register_buffer("cosine", torch.cat([angle.cos(), angle.cos()], -1), persistent=False)
        self.register_buffer("sine", torch.cat([-angle.sin(), angle.sin()], -1), persistent=False)

    def forward(self, x: torch.Tensor, start: int = 0) -> torch.Tensor:
        """x [..., T, width] at positions start, start + 1, ...: the same shape, rotated."""
        end = start + x.shape[-2]
        if end > len(self.cosine):
            raise ValueError(f"{end} positions, but this table ends after {len(self.cosine)}")
        swapped = x.roll(x.shape[-1] // 2, dims=-1)
        return x * self.cosine[start:end] + swapped * self.sine[start:end]


class SelfAttention(nn.Module):
    """Multi-head self-attention, softmax(QKᵀ/√d) V (Vaswani et al., 2017).

    `causal`: a position sees itself and what stands before it, nothing after it. `rotary`: what
    rotates queries and keys, if anything does. While `keep_map` is set, `map` holds the weights
    [B, heads, T, T] of the last call: row i says how much position i takes from each position.
    """

    def __init__(
        self, width: int, heads: int, *, causal: bool = True, rotary: Rotary | None = None
    ) -> None:
        if width % heads:
            raise ValueError(f"{heads} heads do not divide a width of {width} evenly")
        super().__init__()
        self.heads, self.causal, self.rotary = heads, causal, rotary
        self.project = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        self.keep_map = False
        self.map: torch.Tensor | None = None

    def forward(self, x: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
        """x [B, T, width]: the same shape, each position mixed from those that it sees.

        `seen`: what may be seen, true or false, [B, heads, T, T] or what
        can be expanded to it, as [T, T] or [B, 1, 1, T].
        """
        B, T, D = x.shape  # noqa: N806
        heads = self.project(x).view(B, T, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = heads  # each [B, heads, T, D / heads]
        if self.rotary is not None:
            q, k = self.rotary(heads[:2])
        if self.keep_map:
            self.map = attention_weights(q, k, causal=self.causal, seen=seen)
            mixed = self.map @ v
        elif self.causal and seen is not None:
            mixed = attention_weights(q, k, causal=True, seen=seen) @ v
        else:
            mixed = scaled_dot_product_attention(q, k, v, attn_mask=seen, is_causal=self.causal)
        y: torch.Tensor = self.output(mixed.transpose(1, 2).reshape(B, T, D))
        return y


class CrossAttention(nn.Module):
    """Multi-head attention of one sequence to another: queries from `x`, keys and values from
    `source` (Vaswani et al., 2017).

    While `keep_map` is set, `map` holds the weights [B, heads, T, S] of the last call: row i says
    how much position i of `x` takes from each position of `source`.
    """

    def __init__(self, width: int, heads: int) -> None:
        if width % heads:
            raise ValueError(f"{heads} heads do not divide a width of {width} evenly")
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.project = nn.Linear(width, 2 * width)
        self.output = nn.Linear(width, width)
        self.keep_map = False
        self.map: torch.Tensor | None = None

    def forward(
        self, x: torch.Tensor, source: torch.Tensor, seen: torch.Tensor | None = None
    ) -> torch.Tensor:
        """x [B, T, width], source [B, S, width]: [B, T, width], mixed from `source`.

        `seen`: which of `source` may be seen, true or false, [B, heads, T, S] or what
        can be expanded to it, as [B, 1, 1, S].
        """
        B, T, D = x.shape  # noqa: N806
        q = self.query(x).view(B, T, self.heads, D // self.heads).transpose(1, 2)
        both = self.project(source).view(B, source.shape[1], 2, self.heads, D // self.heads)
        k, v = both.permute(2, 0, 3, 1, 4)  # each [B, heads, S, D / heads]
        if self.keep_map:
            self.map = attention_weights(q, k, causal=False, seen=seen)
            mixed = self.map @ v
        else:
            mixed = scaled_dot_product_attention(q, k, v, attn_mask=seen)
        y: torch.Tensor = self.output(mixed.transpose(1, 2).reshape(B, T, D))
        return y


def attention_weights(
    q: torch.Tensor, k: torch.Tensor, *, causal: bool, seen: torch.Tensor | None = None
) -> torch.Tensor:
    """softmax(QKᵀ/√d) [..., T, S] of queries [..., T, d] and keys [..., S, d]; rows sum to 1.

    What comes after a query (if `causal`) and what is not `seen` has weight 0.
    """
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if causal:
        T = scores.shape[-1]  # noqa: N806
        future = torch.ones(T, T, dtype=torch.bool, device=q.device).triu(1)
        scores = scores.masked_fill(future, -math.inf)
    if seen is not None:
        scores = scores.masked_fill(~seen, -math.inf)
    return scores.softmax(-1)


def attention_maps(model: nn.Module, *inputs: Any) -> tuple[torch.Tensor, list[str]]:
    """The attention maps of every SelfAttention in a model, for the first sample of a batch.

    Calls `model(*inputs)`. Returns the maps [layers · heads, T, T] and their names, such as
    "layer 1 head 2". ValueError if the model has no SelfAttention.
    """
    layers = [module for module in model.modules() if isinstance(module, SelfAttention)]
    if not layers:
        raise ValueError(f"{type(model).__name__} has no SelfAttention to look at")
    for layer in layers:
        layer.keep_map = True
    try:
        model(*inputs)
        maps = [layer.map[0].detach() for layer in layers if layer.map is not None]
    finally:
        for layer in layers:
            layer.keep_map, layer.map = False, None
    names = [
        f"layer {i} head {j}"
        for i, layer in enumerate(layers, 1)
        for j in range(1, layer.heads + 1)
    ]
    return torch.cat(maps), names
