"""Layers of graph neural networks on small graphs, as dense matrices.

Every layer takes the nodes' features [N, in] and the adjacency [N, N] (row v holds 1 where an edge
comes from u, no self-loops) and returns [N, out], without a nonlinearity of its own behind it.
Renumbering the nodes renumbers the output and changes nothing else.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

NORMALISATIONS = ("symmetric", "mean", "sum")


def normalise(adjacency: Tensor, how: str = "symmetric") -> Tensor:
    """Â [N, N]: the weight with which u's message reaches v, every node a neighbour of itself.

    "symmetric": D̃^(−1/2) (A + I) D̃^(−1/2) (Kipf and Welling, 2017), D̃ the degrees with the
    self-loop; "mean": D̃⁻¹ (A + I); "sum": A + I. ValueError for another word.
    """
    if how not in NORMALISATIONS:
        raise ValueError(f"normalisation is {', '.join(NORMALISATIONS)}, not {how!r}")
    looped = adjacency + torch.eye(len(adjacency), device=adjacency.device, dtype=adjacency.dtype)
    degree = looped.sum(1)
    if how == "symmetric":
        return looped * degree.rsqrt()[:, None] * degree.rsqrt()[None, :]
    return looped / degree[:, None] if how == "mean" else looped


class NodeLinear(nn.Module):
    """Every node by itself: W h_v + b. What a network is that sees no edges."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Linear(inputs, outputs)

    def forward(self, h: Tensor, adjacency: Tensor) -> Tensor:
        out: Tensor = self.weight(h)
        return out


class GCNLayer(nn.Module):
    """Σ_u Â_vu W h_u + b (Kipf and Welling, 2017), Â by `normalise`."""

    def __init__(self, inputs: int, outputs: int, normalisation: str = "symmetric") -> None:
        super().__init__()
        self.weight = nn.Linear(inputs, outputs, bias=False)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.normalisation = normalisation

    def forward(self, h: Tensor, adjacency: Tensor) -> Tensor:
        out: Tensor = normalise(adjacency, self.normalisation) @ self.weight(h) + self.bias
        return out


class MeanLayer(nn.Module):
    """W · (mean of the neighbours' h_u) + B h_v + b: a weight of its own for the node itself.

    Nodes without neighbours receive 0. The mean aggregator of GraphSAGE (Hamilton et al., 2017).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.neighbours = nn.Linear(inputs, outputs, bias=False)
        self.own = nn.Linear(inputs, outputs)

    def forward(self, h: Tensor, adjacency: Tensor) -> Tensor:
        mean = adjacency / adjacency.sum(1, keepdim=True).clamp(min=1)
        out: Tensor = mean @ self.neighbours(h) + self.own(h)
        return out


class SAGEMaxLayer(nn.Module):
    """W [h_v ‖ max_u ReLU(W_pool h_u + b_pool)] + b (Hamilton et al., 2017, pooling aggregator)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.pool = nn.Linear(inputs, outputs)
        self.weight = nn.Linear(inputs + outputs, outputs)

    def forward(self, h: Tensor, adjacency: Tensor) -> Tensor:
        messages = self.pool(h).relu()  # [N, out]; none is below 0, so 0 is no message
        largest = (adjacency[:, :, None] * messages[None]).amax(1)  # [N, out]
        out: Tensor = self.weight(torch.cat([h, largest], 1))
        return out


class GATLayer(nn.Module):
    """Σ_u α_vu W h_u + b over the neighbours and v itself, one head (Veličković et al., 2018):

        α_vu = softmax over u of LeakyReLU(a · [W h_v ‖ W h_u])

    `attention` [N, N] gives the α: rows sum to 1, 0 where there is no edge.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Linear(inputs, outputs, bias=False)
        self.receiver = nn.Linear(outputs, 1, bias=False)  # the two halves of a
        self.sender = nn.Linear(outputs, 1, bias=False)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def attention(self, h: Tensor, adjacency: Tensor) -> Tensor:
        """α [N, N]: how much v (row) listens to u (column)."""
        z = self.weight(h)
        scores = leaky_relu(self.receiver(z) + self.sender(z).T, 0.2)  # [N, N]
        return scores.masked_fill(normalise(adjacency, "sum") == 0, -torch.inf).softmax(1)

    def forward(self, h: Tensor, adjacency: Tensor) -> Tensor:
        out: Tensor = self.attention(h, adjacency) @ self.weight(h) + self.bias
        return out


class GINLayer(nn.Module):
    """MLP(h_v + Σ_u h_u), the MLP with one hidden layer (Xu et al., 2019, with ε = 0)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(inputs, outputs), nn.ReLU(), nn.Linear(outputs, outputs))

    def forward(self, h: Tensor, adjacency: Tensor) -> Tensor:
        out: Tensor = self.mlp(h + adjacency @ h)
        return out
