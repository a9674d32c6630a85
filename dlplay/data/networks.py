"""Networks of people: bundled, grown, drawn from a block model, or the user's own list of ties."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from dlplay.author.contents import Unfit, as_text
from dlplay.author.files import TEXT_SIZE, absolute, read
from dlplay.data.own import told

NETWORKS = ("karate", "les-miserables")
MOST_NODES, MOST_TIES = 5_000, 50_000


def network(
    file: str, *, least: int = 3, device: str = "cpu"
) -> tuple[tuple[str, ...], torch.Tensor]:
    """The network of a File of kind "text": the nodes' names, and its ties [E, 2], each once.

    A line of the user's own file is a tie: two names with a comma, a semicolon, a tab or spaces
    between; what follows them, such as a weight, and lines that begin with # are left out, and so
    are ties of a node to itself. Directions are not kept. Nodes are numbered as they come; there
    are `least` or more of them, and at most 5,000 with 50,000 ties. Bundled are the NETWORKS.
    Raises ParameterError for a file that will not do.
    """
    if file in NETWORKS:
        called, pairs = _bundled(file)
    else:
        with told(file):
            called, pairs = _own(as_text(read(absolute(file), TEXT_SIZE)))
            if len(called) < least:
                raise Unfit(f"it has {len(called)} nodes, and {least} are needed")
            if len(called) > MOST_NODES or len(pairs) > MOST_TIES:
                raise Unfit(
                    f"it has {len(called):,} nodes and {len(pairs):,} ties, and {MOST_NODES:,} "
                    f"and {MOST_TIES:,} are allowed"
                )
    return tuple(called), torch.tensor(pairs).to(device)


def _bundled(name: str) -> tuple[list[str], list[tuple[int, int]]]:
    import networkx as nx

    graph = nx.karate_club_graph() if name == "karate" else nx.les_miserables_graph()
    called = [str(node + 1 if name == "karate" else node) for node in graph]
    place = {node: i for i, node in enumerate(graph)}
    return called, sorted(
        (min(place[a], place[b]), max(place[a], place[b])) for a, b in graph.edges
    )


def _own(text: str) -> tuple[list[str], list[tuple[int, int]]]:
    place: dict[str, int] = {}
    pairs: dict[tuple[int, int], None] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        sign = next((sign for sign in ",;\t" if sign in line), None)
        words = [word.strip() for word in line.split(sign)]
        if len(words) < 2 or not words[0] or not words[1]:
            raise Unfit(f"line {number} does not hold two names: {line[:40]!r}")
        a, b = (place.setdefault(word, len(place)) for word in words[:2])
        if a != b:
            pairs[min(a, b), max(a, b)] = None
    if not pairs:
        raise Unfit("it holds no tie")
    return list(place), list(pairs)


def karate_sides() -> torch.Tensor:
    """The side that each of the 34 members of the "karate" network took, [34]: 0 with Mr. Hi (node
    0), 1 with the officer (node 33) (Zachary, 1977)."""
    import networkx as nx

    clubs = nx.karate_club_graph().nodes(data="club")
    return torch.tensor([int(club == "Officer") for _, club in clubs])


def block_model(
    sizes: Sequence[int],
    within: float,
    between: float,
    *,
    generator: torch.Generator | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Groups of people (Holland, Laskey and Leinhardt, 1983): adjacency [N, N], group [N].

    Two of one group are tied with probability `within`, two of different groups with `between`,
    each pair by itself. `sizes`: people of each group, who stand one group after another.
    """
    group = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(list(sizes)))
    likely = torch.where(group[:, None] == group, within, between)
    drawn = torch.rand(len(group), len(group), generator=generator) < likely
    upper = drawn.float().triu(1)
    return upper + upper.T, group


def grown(
    people: int,
    ties: int,
    *,
    preference: float = 1.0,
    generator: torch.Generator | None = None,
) -> torch.Tensor:
    """A network that grows person by person: ties [E, 2], newcomer first, in the order of growth.

    Each newcomer ties to `ties` different people who are there already: each time, with
    probability `preference`, somebody drawn by the number of ties that he has (Barabási and
    Albert, 1999), otherwise anybody. It begins with `ties` + 1 people who all know each other.
    """
    if people <= ties:
        raise ValueError(f"{people} people cannot have {ties} ties each")
    pairs = [(a, b) for a in range(ties + 1) for b in range(a)]
    ends = [person for pair in pairs for person in pair]  # each person once a tie
    for newcomer in range(ties + 1, people):
        chosen: dict[int, None] = {}
        while len(chosen) < ties:
            dice, place = torch.rand(2, generator=generator, dtype=torch.float64).tolist()
            if dice < preference:
                chosen[ends[int(place * len(ends))]] = None
            else:
                chosen[int(place * newcomer)] = None
        for person in chosen:
            pairs.append((newcomer, person))
            ends += (newcomer, person)
    return torch.tensor(pairs)


def adjacency(ties: torch.Tensor, nodes: int) -> torch.Tensor:
    """Ties [E, 2] as a symmetric matrix [N, N] of 0 and 1."""
    matrix = torch.zeros(nodes, nodes, device=ties.device)
    matrix[ties[:, 0], ties[:, 1]] = 1
    matrix[ties[:, 1], ties[:, 0]] = 1
    return matrix
