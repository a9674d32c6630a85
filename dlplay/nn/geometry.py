"""Places in the plane: grids to evaluate a field on, positions for the nodes of a graph."""

from __future__ import annotations

import math
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


def cloud_picture(
    points: torch.Tensor,
    first: torch.Tensor | None = None,
    *,
    reach: float = 2.8,
    pixels: int = 44,
) -> torch.Tensor:
    """How many of many points [N, 2] lie where, as a colour image [3, pixels, pixels] on the CPU.

    It shows the square from -reach to reach, the highest row first, as bright as the square root
    of the number of points; white is 1 / 500 of all in a pixel, or more. Those of which `first`
    [N] is true are green, the others pink; without it all are white.
    """
    at = ((points.detach().cpu() / reach + 1) * pixels / 2).floor()
    inside = ((at >= 0) & (at < pixels)).all(dim=1)
    groups = [(inside, torch.ones(3))]
    if first is not None:
        green, pink = torch.tensor([0.2, 0.9, 0.5]), torch.tensor([1.0, 0.35, 0.8])
        groups = [(inside & first.cpu(), green), (inside & ~first.cpu(), pink)]
    image = torch.zeros(3, pixels, pixels)
    for group, colour in groups:
        column, row = at[group].long().T
        count = torch.bincount((pixels - 1 - row) * pixels + column, minlength=pixels**2)
        share = count.reshape(pixels, pixels) / max(1, len(points))
        image += colour[:, None, None] * (500 * share)
    return image.clamp(max=1).sqrt()


def arrows(places: torch.Tensor, vectors: torch.Tensor, length: float) -> torch.Tensor:
    """Arrows from places [N, 2], as one path [6 N − 1, 2] for `stage.plane`, with NaN
    between two of them.

    An arrow is as long as its vector [N, 2], but at most `length`; one of a longer vector has
    that length, so that the weak ones can be told apart.
    """
    far = vectors.norm(dim=1, keepdim=True).clamp(min=1e-9)
    along = vectors * (length / far).clamp(max=1)
    aside = torch.stack([-along[:, 1], along[:, 0]], dim=1)
    tips = places + along
    left, right = (tips - 0.3 * along + side * aside for side in (0.2, -0.2))
    gap = torch.full_like(tips, math.nan)
    return torch.stack([places, tips, left, tips, right, gap], dim=1).flatten(0, 1)[:-1]


def sliced_distance(a: torch.Tensor, b: torch.Tensor, directions: int = 32) -> torch.Tensor:
    """How far two clouds [N, 2] of as many points lie apart: how far one must move to be like the
    other, seen from the side, in the mean over evenly spread directions (the sliced Wasserstein
    distance of Rabin et al., 2012, its first order).
    """
    angle = math.pi * (torch.arange(directions, device=a.device) + 0.5) / directions
    sides = torch.stack([angle.cos(), angle.sin()])
    apart: torch.Tensor = (a @ sides).sort(dim=0).values - (b @ sides).sort(dim=0).values
    return apart.abs().mean()


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


def unfolded(nodes: int, edges: Sequence[tuple[int, int]]) -> torch.Tensor:
    """Positions [nodes, 2] whose distances are near the numbers of steps between the nodes, so
    that rings are round and chains straight; for connected graphs of up to some hundred nodes.

    Weights 1/steps² (Kamada and Kawai, 1989), improved by majorisation (Gansner et al., 2004).
    """
    import networkx as nx

    graph = nx.Graph([(int(a), int(b)) for a, b in edges])
    steps = torch.full((nodes, nodes), float(nodes), dtype=torch.float64)
    for start, reached in nx.all_pairs_shortest_path_length(graph):
        steps[start, list(reached)] = torch.tensor(list(reached.values()), dtype=torch.float64)
    weights = steps.fill_diagonal_(1).pow(-2).fill_diagonal_(0)
    inverse = torch.linalg.pinv(weights.sum(dim=1).diag() - weights)
    centre = torch.eye(nodes, dtype=torch.float64) - 1 / nodes
    values, vectors = torch.linalg.eigh(-centre @ steps.fill_diagonal_(0).square() @ centre / 2)
    places = vectors[:, -2:] * values[-2:].clamp(min=1e-3).sqrt()  # classical scaling
    for _ in range(200):
        pulls = -weights * steps / torch.cdist(places, places).clamp(min=1e-9)
        places = inverse @ (pulls - pulls.sum(dim=1).diag()) @ places
    drawn: torch.Tensor = places.float()
    return drawn
