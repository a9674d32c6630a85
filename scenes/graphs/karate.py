"""
# Two labels: what becomes of the other thirty-two?

A karate club quarrels and breaks in two. You know who meets whom outside the club: 78 ties among
34 members. You know the side of two people alone, the instructor, Mr. Hi, and the officer. Where
did the other 32 go? (Wayne Zachary saw it happen, and wrote it down in 1977.)

All that is known of a member v is its name: x_v holds 34 numbers, a 1 at its own place. An **MLP**,
which sees one member at a time, can learn the two told names. Of the rest it knows nothing.

In a **graph convolutional network** (GCN) each member hears its neighbours. One layer, where h_v is
x_v at first, is

    h_v ← ReLU(Σ_u Â_vu W h_u + b)
    Â_vu = 1 / √(d_v d_u)

The sum goes over v's neighbours u and v itself; d_v counts v's ties and one for itself. W and b are
the same for all. After two layers, what the net says of a leader depends on all names within two
steps. So the two told answers teach it those names too, and with them everybody who hears them.

Why that Â? A plain sum is large for whoever has many ties. Dividing by d_v alone, a mean, mends
that, but all neighbours weigh alike. The other root, √d_u, turns down those whom everybody hears.

Texts often give a member a weight of its own: W · mean of h_u + B h_v. The GCN of Kipf and Welling
(2017) has no B. Here B harms: it can learn the two told names by heart, with no need of the ties.

In a network of your own, those told apart are the two with most ties who are not tied to each
other. Who is right there, nobody knows; nothing is claimed.

## Tomorrow

For a graph with few labels, a GCN of two layers is the baseline to beat. Hold it against a rule as
well: "whose leader is nearer" finds 29 of the 32.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, File, Int, Scene, Try
from dlplay.data import adjacency, karate_sides, network
from dlplay.nn import layout

STARTS = 30  # of each net, side by side
NETS = ("GCN", "own weight", "MLP")


class Karate(Scene):
    covers = ("GCN",)
    panels = {
        "network": "colour: the side a net believes in, shape: the true one; in brackets: wrong",
        "right": "share of the untold put on their side (mean over starts); high is good",
        "messages": "weight of each message that one member hears, by its sender's ties",
    }
    claims = {
        "gcn": "the GCN is right for at least 0.93 of the untold (median of 30 starts)",
        "mlp": "without the ties an MLP is right for 0.43 to 0.57 of them (mean of 30 starts)",
        "rule": "the GCN finds 1 to 3 members more than 'whose leader is nearer' does",
        "own_weight": "with a weight of its own for the member the mean is at least 0.03 lower",
        "leader": "a leader's message weighs less than 0.6 of one from a member with ≤ 3 ties",
    }
    tries = (
        Try(
            "normalisation=mean",
            "Divide by the number of MY ties. How loud is a leader beside a quiet member?",
            ("quieter", "just as loud", "louder"),
            right=2,
            breaks="leader",
            keeps=("gcn", "mlp"),
            why="A mean gives each of my neighbours the weight 1/d_v, however many ties they have. "
            "It needs √d_u to turn down those whom everybody hears.",
        ),
        Try(
            "features=distances",
            "The MLP is told each member's distances to both leaders. For how many is it right?",
            ("half, as before", "nine in ten", "all"),
            right=2,
            breaks=("mlp", "own_weight"),
            keeps="gcn",
            why="The knowledge lies in the graph. Two distances carry most of it, so no messages "
            "are needed; they give no more than the rule of the nearer leader.",
        ),
        Try(
            "layers=12",
            "Twelve layers: everybody hears everybody. How is the GCN?",
            ("better", "as good", "worse"),
            right=3,
            breaks=("gcn", "rule"),
            keeps="mlp",
            why="Each layer is a mean. After twelve of them all members hold nearly the same, "
            "and most starts put nearly all of them on one side.",
        ),
        Try(
            "labels=8",
            "Eight of each side are told. What does a weight of its own cost now?",
            ("nothing", "as much as before", "more"),
            right=1,
            breaks="own_weight",
            keeps="mlp",
            why="Nearly everybody hears several who are told. What the ties say is learned now "
            "even by a net that could do without it for the told.",
        ),
    )
    quick = {"steps": 10}

    people = File(
        "karate", kind="text", names=("karate", "les-miserables"), help="ties, two names a line"
    )
    shown = Choice("GCN", NETS, live=True, help="the net whose belief is shown")
    labels = Int(1, min=1, max=8, live=True, help="members of each side who are told")
    normalisation = Choice("symmetric", ("symmetric", "mean", "sum"), help="Â of the GCN")
    layers = Int(2, min=2, max=12, help="layers of each net")
    features = Choice("names", ("names", "distances"), help="what is known of a member")
    steps = Int(200, min=10, max=2000, log=True, help="steps of Adam")

    def run(self, stage):
        called, ties = network(self.people)
        N, A = len(called), adjacency(ties, len(called))  # [N, N]
        popular, distance, known = A.sum(dim=1), distances(A), self.people == "karate"
        order = popular.argsort(descending=True).tolist()
        strangers = [v for v in order[1:] if A[order[0], v] == 0]
        leaders = sorted((order[0], (strangers or order[1:])[0]))
        names = {0: "Mr. Hi", 33: "officer"} if known else dict(enumerate(called))
        side = karate_sides() if known else (torch.arange(N) == leaders[1]).long()
        ranked = [[v for v in order if (known and side[v] == s) or v == leaders[s]] for s in (0, 1)]

        # Â [N, N]: the weight with which u's message (column) reaches v (row)
        looped = A + torch.eye(N)
        d = looped.sum(dim=1)
        rules = {
            "symmetric": looped / (d[:, None] * d).sqrt(),
            "mean": looped / d[:, None],
            "sum": looped,
        }
        Â = rules[self.normalisation].to(stage.device)
        mean = (A / popular.clamp(min=1)[:, None]).to(stage.device)
        x = torch.eye(N) if self.features == "names" else distance[leaders].T
        x, y = x.to(stage.device), side.to(stage.device)

        widths = [x.shape[1], *[16] * (self.layers - 1), 2]
        nets = nn.ModuleDict({name: Net(widths, name == "own weight") for name in NETS})
        nets.to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=0.01, weight_decay=5e-4)

        def answers():
            """Of each net and start, how much speaks for each side: [starts, N, 2]."""
            mixed = {"GCN": Â, "own weight": mean, "MLP": None}
            return {name: nets[name](x, mixed[name]) for name in NETS}

        def others():
            told = torch.zeros(N)
            told[[v for each in ranked for v in each[: self.labels]]] = 1
            return told == 0

        def shares():
            """Of each net, the share of the untold that each start puts right: [starts]."""
            untold = others().to(stage.device)
            right = {name: (z.argmax(dim=2) == y).float() for name, z in answers().items()}
            return {name: each[:, untold].mean(dim=1) for name, each in right.items()}

        near = (distance[leaders[0]] - distance[leaders[1]]).sign() * (2 * side - 1)
        rule = (near[others()].float() + 1).mean() / 2  # a tie counts half
        places = layout(N, ties.tolist())
        member = int((A[leaders].sum(dim=0) * popular * (popular <= 9)).argmax())
        heard = [u for u in order if looped[member, u] > 0]
        senders = ["itself" if u == member else f"{popular[u]:.0f} ties" for u in heard]

        @stage.look(5, nets)
        def look():
            belief = answers()[self.shown].softmax(dim=2)[..., 1].mean(dim=0).cpu()  # [N]
            untold, second = others(), belief > 0.5
            wrong = (second != side) & untold & known
            stage.graph(
                "network",
                places,
                ties.tolist(),
                values=belief,
                labels=["" if untold[v] else names.get(v, "told") for v in range(N)],
                groups=side.tolist() if known else (),
                marked=wrong.nonzero()[:, 0].tolist(),
            )
            stage.bars("messages", senders, Â[member, heard])
            if known:
                right = {name: each.mean() for name, each in shares().items()}
                stage.curve("right", right)
                all_shares = ", ".join(f"{name} {share:.0%}" for name, share in right.items())
                stage.headline(f"{self.labels} of each side told; right for the rest: {all_shares}")
            else:
                stage.text("right", "Who is right here, nobody knows.")
                sides = [f"{sum(second == s)} with {names[leaders[s]][:20]}" for s in (0, 1)]
                stage.headline(f"{self.shown}: {', '.join(sides)}")

        lines = {"chance": 0.5, "nearer leader": float(rule)}
        stage.axes("right", y="share of the untold", lines=lines)
        for _ in stage.loop(self.steps):
            told = ~others().to(stage.device)
            wanted = y[told].repeat(STARTS)
            losses = [cross_entropy(z[:, told].flatten(0, 1), wanted) for z in answers().values()]
            loss = STARTS * sum(losses)  # each start by itself
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            if known:
                right, count = shares(), int(others().sum())
                gcn, own = right["GCN"], right["own weight"]
                stage.claim("gcn", gcn.median(), at_least=0.93)
                stage.claim("mlp", right["MLP"].mean(), within=(0.43, 0.57))
                stage.claim("rule", count * (gcn.median() - float(rule)), within=(1, 3))
                stage.claim("own_weight", gcn.mean() - own.mean(), above=0.03)
                quiet = A * (popular <= 3)
                usual = (Â.cpu() * quiet).sum(dim=1) / quiet.sum(dim=1)  # [N], of a quiet sender
                both = (A[:, leaders] > 0) & (quiet.sum(dim=1) > 0)[:, None]  # [N, 2]
                ratio = (Â.cpu()[:, leaders] / usual[:, None])[both].mean()
                stage.claim("leader", ratio, below=0.6)


class Net(nn.Module):
    """Layers Σ_u Â_vu W h_u + b, or with `own` W · mean + B h_v + b, 30 starts side by side."""

    def __init__(self, widths, own):
        super().__init__()
        ways = list(pairwise(widths))
        self.W = nn.ParameterList(glorot(*way) for way in ways)
        self.B = nn.ParameterList(glorot(*way) for way in ways) if own else None
        self.b = nn.ParameterList(torch.zeros(STARTS, 1, width) for width in widths[1:])

    def forward(self, h, mixed):  # [N, inputs], [N, N] or None -> [starts, N, 2]
        for k, (W, b) in enumerate(zip(self.W, self.b, strict=True)):
            message = h @ W  # [starts, N, width]
            heard = message if mixed is None else mixed @ message
            heard = heard + b if self.B is None else heard + h @ self.B[k] + b
            h = heard if k == len(self.W) - 1 else heard.relu()
        return h


def glorot(inputs, outputs):
    return (2 * torch.rand(STARTS, inputs, outputs) - 1) * (6 / (inputs + outputs)) ** 0.5


def distances(A):
    """Steps from each node to each: [N, N] -> [N, N]; 10 where it is farther, or no way."""
    reached, steps = torch.eye(len(A)), torch.full_like(A, 10)
    for k in range(10):
        steps[(reached > 0) & (steps == 10)] = k
        reached = ((reached + reached @ A) > 0).float()
    return steps
