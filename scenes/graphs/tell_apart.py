"""
# Which graphs will no message-passing network ever tell apart?

Two graphs, their nodes bare: all start with the same number. Can a net learn which of the two it is
shown, from the ties alone, however the nodes are numbered?

First a test by hand, **colour refinement** (Weisfeiler and Lehman, 1968). At first all nodes have
one colour. In each round a node's new colour stands for two things: its old colour, and which
colours its neighbours have, each as often as it occurs. If after some round the two graphs don't
have the same colours in the same numbers, they differ. If they always do, the test can't say.

A layer of messages does the same with vectors for colours. So whatever its weights: nodes of the
same colour after K rounds hold the same vector after K layers. It can't see more. To see as much,
it must keep how often a vector occurs among the neighbours. The mean of three equal vectors is that
of four; so is their maximum. A sum differs. This is the **graph isomorphism network** (GIN):

    h_v ← MLP((1 + ε) h_v + Σ_u h_u)

u runs over the neighbours of v. A sum alone may confuse as well: {1, 3} and {2, 2} both make 4. The
MLP of the layer before can learn vectors for which that does not happen. ε lets a node weigh itself
apart from its neighbours; the paper did as well with ε = 0 (Xu and others, 2019).

A ring of six, or two rings of three: in both, each node has two neighbours that have two, and so
on. The colours are equal in all rounds. No layer and no training helps, only something that tells
the nodes apart at the start.

## Tomorrow

Where numbers count, take a sum. If two of your graphs get equal colours, add features (positions,
counts of rings, random marks), not layers.
"""

import networkx as nx
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import adjacency
from dlplay.nn import layout

AGGREGATORS = ("sum", "mean", "max")
EASY, HARD = ("3 or 4 ties", "two trees"), ("one ring or two", "two double rings")
UNITS, COPIES = 16, 16


class TellApart(Scene):
    covers = ("GIN",)
    panels = {
        "two pairs": "letters are colours: above, left and right come to differ; below, never",
        "told": "share of renumbered copies told right; 0.5 is guessing",
        "by the sum": "share told right by the net that adds up; 0.5 is guessing",
    }
    claims = {
        "told": "the sum tells 3 ties from 4, and the two trees, in at least 0.98 of the copies",
        "mean_max": "mean and maximum tell neither: right for 0.45 to 0.55",
        "blind": "the sum tells neither pair of rings: right for 0.45 to 0.55",
        "colours": "in all 4 pairs the sum is right for over 0.9 just where the colours differ",
    }
    tries = (
        Try(
            "nodes=random steps=300",
            "Each node of each copy gets a random number. Can the sum tell one ring from two now?",
            ("no", "always", "in nine of ten copies"),
            right=3,
            breaks="blind",
            why="A number seen again three steps on is most likely the node itself: a ring of "
            "three. Now and then two nodes have numbers that are much alike.",
        ),
        Try(
            "nodes=degree",
            "Each node starts with the number of its ties. Who tells 3 ties from 4 now?",
            ("the sum alone", "all three aggregators", "sum and maximum"),
            right=2,
            breaks="mean_max",
            keeps="blind",
            why="The count that mean and maximum lose stands in the nodes from the start: all 3, "
            "or all 4. The rings gain nothing, for all their nodes have two ties or the same few.",
        ),
        Try(
            "layers=1",
            "One layer in place of three. Which pair can the sum no longer tell?",
            ("3 or 4 ties", "the two trees", "neither"),
            right=2,
            breaks="told",
            keeps=("colours", "blind"),
            why="One round sees how many ties each node has, and both trees have the same numbers. "
            "Who is tied to whom shows in the second round.",
        ),
        Try(
            "layers=6",
            "Six layers in place of three. Can the sum tell one ring from two?",
            ("yes", "in most copies", "no"),
            right=3,
            keeps="blind",
            why="All nodes have the same colour after any number of rounds, so all hold the same "
            "vector after any number of layers.",
        ),
    )
    quick = {"steps": 4}

    shown = Choice("small", ("small", "large"), live=True, help="pairs shown: of 6, 7 or 10 nodes")
    rounds = Int(3, min=0, max=6, live=True, help="rounds of colours that are shown")
    nodes = Choice("bare", ("bare", "degree", "random"), help="what a node starts with")
    layers = Int(3, min=1, max=6, help="K, layers of each net")
    epsilon = Float(0, min=-1, max=1, live=True, help="ε: a node's weight for itself, less 1")
    steps = Int(120, min=4, max=2000, log=True, help="steps of Adam, each with 32 copies")

    def run(self, stage):
        both = pairs()
        A = {  # [2, N, N]
            pair: torch.stack([adjacency(torch.tensor(list(g.edges)), len(g)) for g in two])
            for pair, two in both.items()
        }
        kinds = [(pair, how) for pair in both for how in AGGREGATORS]
        nets = nn.ModuleDict({f"{pair}, {how}": GIN(how, self.layers) for pair, how in kinds})
        nets.to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=0.003)

        def copies(pair, count):
            """Renumbered: A [2·count, N, N], what nodes start with [2·count, N, 1], which graph."""
            y = torch.arange(2 * count) % 2
            N = A[pair].shape[1]
            order = torch.rand(2 * count, N).argsort(dim=1)
            rows = A[pair][y].gather(1, order[:, :, None].expand(-1, -1, N))
            ties = rows.gather(2, order[:, None].expand(-1, N, -1))
            h = torch.randn(2 * count, N, 1)
            if self.nodes != "random":
                h = ties.sum(dim=2, keepdim=True) if self.nodes == "degree" else torch.ones_like(h)
            return ties.to(stage.device), h.to(stage.device), y.to(stage.device)

        def shares():
            """Of each net, the share of 200 new copies that it tells right."""
            found = {pair: copies(pair, 100) for pair in both}
            answers = {
                (p, how): nets[f"{p}, {how}"](*found[p][:2], self.epsilon) for p, how in kinds
            }
            return {key: (z.argmax(dim=1) == found[key[0]][2]).float().mean()
                    for key, z in answers.items()}  # fmt: skip

        colours = {pair: refined(two, 6, self.nodes == "degree") for pair, two in both.items()}
        places = {pair: side_by_side(two) for pair, two in both.items()}

        def differ(pair, rounds):
            halves = torch.tensor(colours[pair][rounds]).reshape(2, -1)  # one graph, the other
            return not torch.equal(*halves.sort(dim=1).values)

        @stage.look(2)
        def look_at_colours():
            above, below = (EASY[1], HARD[0]) if self.shown == "small" else (EASY[0], HARD[1])
            rounds = min(self.rounds, stage.step // 10)
            groups = colours[above][rounds] + colours[below][rounds]
            stage.graph(
                "two pairs",
                torch.cat([places[above] + torch.tensor([0, 2.8]), places[below]]),
                list(nx.disjoint_union_all([*both[above], *both[below]]).edges),
                labels=["ABCDEFGHIJKLMNOPQRST"[each] for each in groups],
                groups=groups,
            )
            how = ["differ" if differ(pair, rounds) else "are equal" for pair in (above, below)]
            stage.headline(f"round {rounds}: colours of {above} {how[0]}, of {below} {how[1]}")

        @stage.look(10, nets)
        def look():
            found = shares()
            stage.curve("by the sum", {pair: found[pair, "sum"] for pair in both})
            words = {pair: "differ" if differ(pair, self.layers) else "same" for pair in both}
            rows = [(p, words[p], *(f"{found[p, how]:.2f}" for how in AGGREGATORS)) for p in both]
            stage.table("told", ("pair", "colours", *AGGREGATORS), rows)

        stage.axes("by the sum", y="share of copies", lines={"guessing": 0.5})
        for _ in stage.loop(self.steps):
            batch, loss = {pair: copies(pair, COPIES) for pair in both}, 0
            for pair, how in kinds:
                ties, h, y = batch[pair]
                loss += cross_entropy(nets[f"{pair}, {how}"](ties, h, self.epsilon), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            found = {key: float(share) for key, share in shares().items()}
            stage.claim("told", min(found[pair, "sum"] for pair in EASY), at_least=0.98)
            others = [found[pair, how] for pair in EASY for how in ("mean", "max")]
            stage.claim("mean_max", max(others), within=(0.45, 0.55))
            stage.claim("blind", max(found[pair, "sum"] for pair in HARD), within=(0.45, 0.55))
            agree = [(found[pair, "sum"] > 0.9) == differ(pair, self.layers) for pair in both]
            stage.claim("colours", sum(agree), equal=4)


class GIN(nn.Module):
    """Layers MLP((1 + ε) h_v + what is made of the neighbours), their mean, two logits."""

    def __init__(self, how, layers):
        super().__init__()
        self.how = how
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(UNITS if k else 1, UNITS), nn.ReLU(), nn.Linear(UNITS, UNITS))
            for k in range(layers)
        )
        self.out = nn.Linear(UNITS, 2)

    def forward(self, A, h, epsilon):  # [B, N, N], [B, N, 1] -> [B, 2]
        for mlp in self.layers:
            if self.how == "sum":
                heard = A @ h
            elif self.how == "mean":
                heard = A @ h / A.sum(dim=2, keepdim=True)
            else:
                heard = torch.where(A[..., None] > 0, h[:, None], -torch.inf).amax(dim=2)
            h = mlp((1 + epsilon) * h + heard).relu()
        return self.out(h.mean(dim=1))


def refined(two, rounds, by_degree):
    """Colours of the nodes of both graphs, after 0 to `rounds` rounds."""
    graph = nx.disjoint_union(*two)
    found = [[graph.degree[v] if by_degree else 0 for v in graph]]
    for _ in range(rounds):
        old = found[-1]
        seen = [(old[v], tuple(sorted(old[u] for u in graph[v]))) for v in graph]
        found.append([sorted(set(seen)).index(each) for each in seen])
    return found


def pairs():
    trees = nx.path_graph(6), nx.path_graph(6)
    trees[0].add_edge(1, 6)  # a leaf at the second node, or at the third
    trees[1].add_edge(2, 6)
    fused, joined = nx.cycle_graph(10), nx.disjoint_union(nx.cycle_graph(5), nx.cycle_graph(5))
    fused.add_edge(0, 5)
    joined.add_edge(0, 5)
    return {
        "3 or 4 ties": (nx.circulant_graph(10, [1, 5]), nx.circulant_graph(10, [1, 2])),
        "two trees": trees,
        "one ring or two": (nx.cycle_graph(6), nx.disjoint_union(*[nx.cycle_graph(3)] * 2)),
        "two double rings": (fused, joined),
    }


def side_by_side(two):
    """Places of all nodes, each part of a graph by itself: [2 N, 2]."""
    places = []
    for side, graph in enumerate(two):
        parts = [graph.subgraph(sorted(part)) for part in nx.connected_components(graph)]
        for up, part in enumerate(parts):
            spots = layout(len(part), list(nx.convert_node_labels_to_integers(part).edges))
            spots = (spots - spots.mean(dim=0)) / spots.abs().max() / len(parts)
            places.append(spots + torch.tensor([2.6 * side, 1.4 * up - 0.7 * (len(parts) - 1)]))
    return torch.cat(places)
