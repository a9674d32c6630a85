"""Places in the plane: grids to evaluate a field on, positions for the nodes of a graph."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def grid(
    x: tuple[float, float], y: tuple[float, float], size: int = 48, device: str = "cpu"
) -> torch.Tensor:
    """Points [size, size, 2] that cover a part of the plane, row 0 at the lowest y.

    Evaluate a model on `grid(...).reshape(-1, 2)`, give the values the shape [size, size], and
    they are the `field` of `stage.plane`.
    """
    xs = torch.linspace(x[0], x[1], size, device=device)
    ys = torch.linspace(y[0], y[1], size, device=device)
    across, up = torch.meshgrid(xs, ys, indexing="xy")
    return torch.stack([across, up], dim=-1)


def layout(nodes: int, edges: Sequence[tuple[int, int]], seed: int = 0) -> torch.Tensor:
    """Positions [nodes, 2] for the nodes of a graph, neighbours near each other.

    The spring model of Fruchterman and Reingold (1991), as networkx has it.
    """
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from((int(a), int(b)) for a, b in edges)
    places = nx.spring_layout(graph, seed=seed, iterations=200)
    return torch.tensor([places[node].tolist() for node in range(nodes)], dtype=torch.float32)
