"""A net of linear layers."""

from __future__ import annotations

from itertools import pairwise

from torch import nn


def mlp(*widths: int) -> nn.Sequential:
    """Linear layers from each width to the next, a ReLU between each two.

    Maps [..., first width] to [..., last width]. ValueError for fewer than two widths.
    """
    if len(widths) < 2:
        raise ValueError(f"a net has an input and an output, not widths {widths}")
    parts: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        parts += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*parts[:-1])
