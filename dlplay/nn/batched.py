"""Many small networks side by side: one multiplication moves them all."""

from __future__ import annotations

import math

import torch
from torch import nn


class BatchedLinear(nn.Module):
    """`copies` independent linear layers: [N, copies, inputs] -> [N, copies, outputs].

    Every elementwise module fits between two of them, so an `nn.Sequential` of both is `copies`
    networks; `nn.PReLU(copies)` then learns a slope for each. The sum of the copies' losses gives
    each copy its own gradient, and SGD and Adam treat every number on its own: the copies learn
    as if they were alone.

    weight [copies, inputs, outputs], normal with standard deviation gain / √inputs (He et al.
    2015 for the gain √2); bias [copies, outputs], zero.
    """

    def __init__(
        self, copies: int, inputs: int, outputs: int, *, gain: float = math.sqrt(2)
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(copies, inputs, outputs) * gain / inputs**0.5)
        self.bias = nn.Parameter(torch.zeros(copies, outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        product = torch.baddbmm(self.bias[:, None], x.transpose(0, 1), self.weight)
        return product.transpose(0, 1)

    def extra_repr(self) -> str:
        return "copies={}, inputs={}, outputs={}".format(*self.weight.shape)


def side_by_side(x: torch.Tensor, copies: int) -> torch.Tensor:
    """The same input for every copy: [N, inputs] -> [N, copies, inputs], without copying it."""
    return x[:, None].expand(-1, copies, -1)


def losses(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Each copy's mean cross-entropy: logits [N, copies, classes], y [N] -> [copies]."""
    log_p = logits.log_softmax(dim=2)  # [N, copies, classes]
    right = y[:, None, None].expand(-1, logits.shape[1], 1)
    return -log_p.gather(2, right)[..., 0].mean(dim=0)


def accuracies(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Each copy's share of right answers: logits [N, copies, classes], y [N] -> [copies]."""
    return (logits.argmax(dim=2) == y[:, None]).float().mean(dim=0)
