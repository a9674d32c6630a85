"""Small nets that give an energy to each number of a line, several side by side."""

from __future__ import annotations

import torch
from torch import nn

from dlplay.nn.batched import BatchedLinear


def line_energies(copies: int, *, hidden: int = 48, reach: float = 3.0) -> nn.Sequential:
    """`copies` nets from one number to one, with two hidden layers: [N, copies, 1] -> the same.

    The biases of the first layer are drawn evenly from -`reach` to `reach`, so that the nets can
    bend all over that part of the line from the start.
    """
    first = BatchedLinear(copies, 1, hidden)
    nn.init.uniform_(first.bias, -reach, reach)
    middle, last = BatchedLinear(copies, hidden, hidden), BatchedLinear(copies, hidden, 1, gain=1)
    return nn.Sequential(first, nn.SiLU(), middle, nn.SiLU(), last)


def at_all(net: nn.Module, y: torch.Tensor, copies: int) -> torch.Tensor:
    """What each of `copies` nets gives to numbers y [N]: [N, copies]."""
    energies: torch.Tensor = net(y[:, None, None].expand(-1, copies, 1))[..., 0]
    return energies


def middles(count: int, reach: float, device: str = "cpu") -> torch.Tensor:
    """The middles of `count` equal parts of the line from -`reach` to `reach`: [count]."""
    return (((torch.arange(count) + 0.5) / count * 2 - 1) * reach).to(device)
