r"""
# Two labels, thirty-two predictions

In the 1970s Wayne Zachary watched a karate club break in two: its instructor, *Mr. Hi*, and its
*officer*, quarrelled, and all 34 members took a side. He had noted who met whom outside the club:
78 ties. Here a network is told the sides of the two leaders alone, and must say where the other
32 went.

A graph neural network works in rounds. In each, every node v gathers what its neighbours hold:

$$h_v \leftarrow \text{ReLU}\left( \sum_{u} \hat{A}_{vu} W h_u \right)$$

W is learned and shared by all nodes, so the network's size does not depend on the graph's. The
six runners differ in how they mix, all with two layers and 16 hidden units:

| runner | what v makes of its neighbours |
|---|---|
| MLP | nothing: W h_v + b, each node by itself |
| GCN | Σ Âᵥᵤ W hᵤ with Â = D̃^(−½)(A+I)D̃^(−½), D̃ the degrees with the self-loop |
| mean | W · (mean of hᵤ) + B hᵥ: a weight of its own for itself |
| GAT | Σ αᵥᵤ W hᵤ, the weights α by attention, a softmax over the neighbours |
| SAGE | W [hᵥ ‖ max ReLU(W′ hᵤ)]: the strongest signal of each kind |
| GIN | a small MLP of hᵥ + Σ hᵤ |

Each member's features are only its number, as a one-hot vector: nothing that could be compared.

## What is true, and what is only told

- *Labels travel along ties.* The MLP learns the two leaders by heart and has nothing to go by for
  the rest: it is exactly at chance. The GCN never sees more labels, and gets nearly everyone.
- *Modest baseline.* "Whoever's leader is nearer" is right for 29 of 32 (ties count half). Two
  rounds of messages beat that by two members, no more.
- *A weight of its own for the node itself* (B) is often called a refinement. Here it hurts:
  one-hot features let B learn the leaders by heart, and runs differ widely.
- *Dividing by the number of neighbours* does not make a hub quieter. v's mean gives each
  neighbour the same weight, however many ties that neighbour has. The symmetric rule does: it
  divides by √(dᵥ dᵤ), so a message from a leader weighs less than one from a quiet member. It
  uses the neighbours' *degrees*; what they hold beyond one step does not come in.
- *The original GCN has no B*, though many texts print one: one W, and a self-loop.
- *Deeper is not better.* **smoothing** repeats h ← Âh on a larger graph, without any weights, and
  measures how far apart the classes are: over the scatter within a class, and over the size of
  all that the nodes hold. A few rounds sharpen the classes; sixteen leave every node with nearly
  the same vector. A trained deep GCN fails for this and also because it is hard to train: a deep
  MLP fails as well. This test shows the first reason alone.

The larger graph is a *block model*: 400 people in four groups of 100, of whom 40 are labelled,
with noisy features, and ties drawn at random, more of them within a group than between two.

## Watch

- **club**: colour is the shown model's belief, from Mr. Hi to the officer.
- **beliefs**: the same for all runners, of the 13 on each side who have most ties, leaders first.
- **embedding**: the last hidden layer, along the line between the leaders and the widest
  direction across it.

## Try

- `model=MLP`, while it runs: a club of strangers.
- `labels=4`: more members told. Who gains, who no longer needs the ties?
- `features=hops`: each member's distance to both leaders as features. Now the MLP beats chance
  too: the knowledge was in the graph, and hops carry some of it.
- `normalisation=mean`: a leader's voice weighs as much as anybody's. In **smoothing** the members
  of a class now agree ever better, and still the classes drown in what all have in common; with
  the symmetric rule what is left in the end is the root of a node's degree.
- `layers=12`: too deep, for everybody.
- `mixing=1`: ties in the block model at random. The GCN drops to the MLP's level or below it: a
  graph that says nothing is noise in every message.
- `restart=0.2`: every round mixes in what the node held first. Smoothing stops before the end.
"""

from itertools import pairwise

import networkx as nx
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.nn import layout
from dlplay.nn.graphs import (
    GATLayer,
    GCNLayer,
    GINLayer,
    MeanLayer,
    NodeLinear,
    SAGEMaxLayer,
    normalise,
)

LAYERS = {
    "MLP": NodeLinear,
    "GCN": GCNLayer,
    "mean": MeanLayer,
    "GAT": GATLayer,
    "SAGE": SAGEMaxLayer,
    "GIN": GINLayer,
}
ROUNDS = 16  # of smoothing


class Net(nn.Module):
    """Layers of one kind with ReLU between; `restart` of the first hidden layer in each later."""

    def __init__(self, kind, inputs, outputs, depth, hidden=16):
        super().__init__()
        widths = [inputs, *[hidden] * (depth - 1), outputs]
        self.layers = nn.ModuleList(kind(a, b) for a, b in pairwise(widths))

    def forward(self, x, adjacency, restart=0.0):
        h = first = self.layers[0](x, adjacency).relu()  # [N, hidden]
        for layer in self.layers[1:-1]:
            h = (1 - restart) * layer(h, adjacency).relu() + restart * first
        return self.layers[-1](h, adjacency), h  # logits [N, classes], hidden [N, hidden]


class Karate(Scene):
    covers = {
        "Graph-level Tasks, Node-level Tasks & Edge-level Tasks": ("club", "chance"),
        "The Simplest GNN": ("smoothing", "sharpen", "blur"),
        "Modern Graph Neural Networks": ("embedding", "block model", "homophily"),
        "GCN": ("accuracy", "beliefs", "ties", "hubs"),
    }
    panels = ("club", "accuracy", "embedding", "beliefs", "block model", "smoothing")
    quick = {"steps": 10}

    model = Choice(
        "GCN",
        ["MLP", "GCN", "mean", "GAT", "SAGE", "GIN"],
        live=True,
        help="whose belief and embedding are shown",
    )
    labels = Int(1, min=1, max=8, live=True, help="members of each side whose side is told")
    features = Choice("identity", ["identity", "hops"], help="what is known of each member")
    normalisation = Choice(
        "symmetric", ["symmetric", "mean", "sum"], live=True, help="how the GCN weighs messages"
    )
    layers = Int(2, min=2, max=16, help="layers of every network")
    restart = Float(
        0, min=0, max=0.5, live=True, help="share of its start in a node's later rounds"
    )
    mixing = Float(
        0.15, min=0, max=1, live=True, help="ties between groups for one within, block model"
    )
    steps = Int(300, min=10, max=3000, log=True, help="updates of every network")

    def run(self, stage):
        device = stage.device
        club = nx.karate_club_graph()
        ties = list(club.edges)
        adjacency = (
            torch.tensor(nx.to_numpy_array(club, weight=None)).float().to(device)
        )  # [34, 34]
        side = torch.tensor([club.nodes[v]["club"] == "Officer" for v in club]).long().to(device)
        places = layout(34, ties)
        names = {0: "Hi", 33: "Officer"}

        hops = dict(nx.all_pairs_shortest_path_length(club))
        x = torch.eye(34, device=device)
        if self.features == "hops":
            near = [
                [float(hops[leader][v] == k) for leader in (0, 33) for k in range(4)] for v in club
            ]
            x = torch.tensor(near, device=device)  # [34, 8]: one-hot distance to each leader
        # The popular first: each side's leader, then those with the most ties
        ranked = [
            sorted((v for v in club if side[v] == s), key=lambda v: -club.degree[v]) for s in (0, 1)
        ]

        nets = {n: Net(kind, x.shape[1], 2, self.layers).to(device) for n, kind in LAYERS.items()}
        optimizers = {n: adam(net) for n, net in nets.items()}
        stage.watch(nets["GCN"])

        groups = torch.arange(400, device=device) // 100
        centres = torch.randn(4, 16, device=device)
        people = 0.25 * centres[groups] + torch.randn(400, 16, device=device)  # [400, 16]
        told = torch.arange(400, device=device) % 100 < 10  # 10 of each group
        dice = torch.rand(400, 400, device=device).triu(1)
        blocks = {
            "MLP": Net(NodeLinear, 16, 4, self.layers),
            "GCN": Net(GCNLayer, 16, 4, self.layers),
        }
        blocks = {n: net.to(device) for n, net in blocks.items()}
        trainers = {n: adam(net) for n, net in blocks.items()}

        rule = sum(  # right if the nearer leader is one's own, half right for a tie
            (hops[0][v] < hops[33][v]) == (side[v] == 0) if hops[0][v] != hops[33][v] else 0.5
            for v in club
            if v not in (0, 33)
        )
        baselines = {"chance": 0.5, "nearer leader": float(rule) / 32}
        stage.axes("accuracy", y="share right", lines=baselines)
        stage.axes("block model", y="share right", lines={"chance": 0.25})
        stage.axes("smoothing", x="rounds", y="distance", log="y")
        order = torch.tensor([*ranked[0][:13], *ranked[1][:13]])  # as many as a panel can show
        across = None

        for step in stage.loop(self.steps):
            if step == 0 or stage.changed("labels"):
                known = [v for members in ranked for v in members[: self.labels]]
                others = torch.tensor([v not in known for v in club], device=device)
            if step == 0 or stage.changed("mixing"):
                graph = block_model(dice, groups, self.mixing)
            for net in (nets["GCN"], blocks["GCN"]):
                for layer in net.layers:
                    layer.normalisation = self.normalisation

            # The club
            beliefs, hidden, right = {}, {}, {}
            for name, net in nets.items():
                logits, hidden[name] = net(x, adjacency, self.restart)
                loss = cross_entropy(logits[known], side[known])
                optimizers[name].zero_grad()
                loss.backward()
                optimizers[name].step()
                beliefs[name] = logits.detach().softmax(1)[:, 1]  # [34]: how surely the officer's
                guesses = beliefs[name] > 0.5
                right[name] = (guesses[others] == side[others]).float().mean()
            stage.curve("accuracy", right)

            # The block model
            shares = {}
            for name, net in blocks.items():
                logits, _ = net(people, graph, self.restart)
                loss = cross_entropy(logits[told], groups[told])
                trainers[name].zero_grad()
                loss.backward()
                trainers[name].step()
                shares[name] = (logits.argmax(1) == groups)[~told].float().mean()
            stage.curve("block model", shares)

            if stage.every(10):
                stage.graph(
                    "club",
                    places,
                    ties,
                    values=beliefs[self.model],
                    labels=[names.get(v, "") for v in club],
                    groups=side.tolist(),
                    marked=known,
                )
                stage.heatmap(
                    "beliefs",
                    torch.stack(list(beliefs.values()))[:, order],
                    rows=list(beliefs),
                    columns=[names.get(v, " ")[0] for v in order.tolist()],
                    x="Mr. Hi's side, the officer's",
                    low=0,
                    high=1,
                )
                points, across = flatten(hidden[self.model].detach(), across)
                reach = 1.1 * points.abs().max().item() + 1e-6
                stage.plane(
                    "embedding",
                    x=(-reach, reach),
                    y=(-reach, reach),
                    points={"Mr. Hi's": points[side == 0], "officer's": points[side == 1]},
                    x_label="to officer",
                    y_label="across",
                )
                scatter, size = smoothing(people, groups, graph, self.normalisation, self.restart)
                stage.plot(
                    "smoothing", range(ROUNDS + 1), {"over scatter": scatter, "over size": size}
                )
                stage.measure(
                    mlp=right["MLP"],
                    gcn=right["GCN"],
                    gain=shares["GCN"] - shares["MLP"],
                    sharpened=scatter[3] / scatter[0],
                    blurred=max(size) / size[ROUNDS],
                    leader_weight=leader_weight(adjacency, self.normalisation),
                )

    @claim(
        "without the ties, two labels say nothing of the other 32: the MLP is right for half of "
        "them, ± 7 %",
        breaks={"features": "hops", "steps": 150},
    )
    def chance(self, measured):
        return measured.mlp.between(0.43, 0.57)

    @claim(
        "with the ties, a two-layer GCN is right for at least 93 % of the others",
        breaks={"layers": 12, "steps": 100},
    )
    def ties(self, measured):
        return measured.gcn >= 0.93

    @claim(
        "on the block model the GCN is right for over 30 in 100 more of the unlabelled people than "
        "the MLP is",
        breaks={"mixing": 1, "steps": 50},
    )
    def homophily(self, measured):
        return measured.gain > 0.3

    @claim(
        "symmetric normalisation turns the popular down: where a member hears a leader and one "
        "with three ties or fewer, the leader weighs less than 0.6 of the other",
        breaks={"normalisation": "mean", "steps": 10},
    )
    def hubs(self, measured):
        return measured.leader_weight < 0.6

    @claim(
        "three rounds of messages set the classes more than 3 times as far apart",
        breaks={"mixing": 1, "steps": 10},
    )
    def sharpen(self, measured):
        return measured.sharpened > 3

    @claim(
        "sixteen rounds blur them: what tells the classes apart falls to less than a tenth of its "
        "largest share of all that nodes hold",
        breaks={"restart": 0.2, "steps": 10},
    )
    def blur(self, measured):
        return measured.blurred > 10


def adam(net):
    """As in the GCN paper: the decay empties the weights that no label ever reaches."""
    return torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=5e-4)


def block_model(dice, groups, mixing):
    """Ties by fixed `dice` [N, N] (upper triangle), 21 a node on average: [N, N] of 0 and 1."""
    within = 0.21 / (1 + 3 * mixing)
    same = groups[:, None] == groups[None, :]
    tied = (dice > 0) & (dice < torch.where(same, within, mixing * within))
    return (tied | tied.T).float()


def smoothing(x, groups, graph, normalisation, restart):
    """The variance between the groups' means after 0 to ROUNDS rounds of h ← Âh, a share
    `restart` of x mixed in each time: over the scatter within groups, over the size of h."""
    weights, h = normalise(graph, normalisation), x
    scatter, size = [], []
    for _ in range(ROUNDS + 1):
        means = torch.stack([h[groups == g].mean(0) for g in range(4)])  # [4, features]
        between = (means - h.mean(0)).pow(2).sum(1).mean()
        scatter.append((between / (h - means[groups]).pow(2).sum(1).mean()).item())
        size.append((between / h.pow(2).sum(1).mean()).item())
        h = (1 - restart) * weights @ h + restart * x
    return scatter, size


def leader_weight(adjacency, normalisation):
    """Weight of a leader's message over that of a neighbour with at most three ties, on average
    over the members who hear both."""
    weights, degree = normalise(adjacency, normalisation), adjacency.sum(1)
    ratios = []
    for v in range(34):
        heard = adjacency[v] > 0
        quiet = weights[v][heard & (degree <= 3)]
        ratios += [
            weights[v, leader] / quiet.mean() for leader in (0, 33) if heard[leader] and len(quiet)
        ]
    return torch.stack(ratios).mean()


def flatten(h, across):
    """Hidden states [34, hidden] in the plane: along the line between the leaders, and along the
    widest direction at right angles to it; `across` is that direction the last time."""
    h = h - (h[0] + h[33]) / 2
    along = nn.functional.normalize(h[33] - h[0], dim=0)
    rest = h - (h @ along)[:, None] * along
    widest = torch.linalg.svd(rest - rest.mean(0), full_matrices=False).Vh[0]
    if across is not None and len(across) == len(widest) and across @ widest < 0:
        widest = -widest  # a direction's sign is free: keep it
    return torch.stack([h @ along, rest @ widest], 1), widest
