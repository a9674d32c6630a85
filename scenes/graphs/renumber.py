"""
# What if somebody numbers the nodes in another order?

To give a graph to a program you number its nodes and write a matrix A: a 1 in row v, column u says
that v and u are tied. Somebody else numbers the same nodes differently and gets another matrix of
the same graph. With 16 nodes there are up to 16! ≈ 2·10¹³ of them. A matrix has an order, a graph
has none.

Two kinds of graph of 16 nodes and 29 ties are to be told apart. Some have *grown*: newcomers tie to
those who have many ties, so that a few become hubs. The others are random. A plain network reads
the 256 entries of A, and it does very well, on matrices as they were written. But who came early
stands in the first rows, and that is what it has learnt: the clerk's habit. Renumber the test
graphs, and it guesses.

A graph network has no weight for node 3. All nodes use the same W, and neighbours are *added up*,
which needs no order:

    h_v ← ReLU(W h_v + V Σᵤ h_u)

Renumber the nodes, with P the matrix that swaps rows, and all h_v are carried along:

    f(PAPᵀ) = P f(A)

That is **equivariance**: the values move with their nodes, they are not unchanged. Unchanged, or
*invariant*, is only what is made of them without an order, such as Σᵥ h_v. Write them one behind
the other, and the order is back.

Can the plain network be cured with examples? Show each graph under a new numbering each time: then
it learns something true, slowly, and stays behind. The graph network has all orders for nothing.

## Tomorrow

Renumber the nodes of your test graphs once. If a score moves that should not, something reads the
order. Mind sorted files: an order can tell the class.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import adjacency, grown
from dlplay.nn.batched import BatchedLinear

COPIES, NODES, TRAIN, TEST = 3, 16, 700, 600  # networks of each kind; graphs and their nodes
NETS = "matrix", "matrix, many orders", "graph network"


class Renumber(Scene):
    covers = ("The Challenges of Computation on Graphs", "Node-Order Equivariance")
    panels = {
        "told apart": "share of test graphs, as written, and renumbered; higher is better",
        "one graph": "a test graph's matrix, as written, and with its nodes in another order",
        "renumbered": "share of the renumbered test graphs told apart; higher is better",
        "moved": "what a new numbering changes in the graph network, of the mean |value|",
    }
    claims = {
        "written": "as written, a network that reads the matrix is right for over 0.95",
        "fooled": "of the same graphs, renumbered, it is right for 0.44 to 0.58",
        "graph": "the graph network is right for over 0.88, as written or renumbered",
        "behind": "the matrix network that saw many orders is 0.03 to 0.25 behind it, renumbered",
        "carried": "renumbered, each node's value goes along, up to 0.001 of the mean |value|",
    }
    tries = (
        Try(
            "orders=1000",
            "The first network is shown a thousand numberings of each graph. How many of the "
            "renumbered ones does it tell?",
            ("half, as by guessing", "about eight in ten", "as many as the graph network"),
            right=2,
            breaks=("fooled", "written"),
            keeps=("graph", "behind"),
            why="It now looks for what holds under any numbering. But it must learn for each of "
            "256 entries alone what the graph network learns once for all.",
        ),
        Try(
            "readout=row",
            "The graph network's node vectors are written one behind the other, not added up. The "
            "renumbered graphs?",
            ("told as before: the layers are equivariant", "a little worse", "as by guessing"),
            right=3,
            breaks=("graph", "behind"),
            keeps=("written", "fooled", "carried"),
            why="The layers carry the values along, as ever. It is the last step that gives the "
            "first place a weight of its own, and the first place told the class.",
        ),
        Try(
            "shuffled=yes",
            "The training graphs are renumbered once, before anybody learns. What does the first "
            "network reach on renumbered test graphs?",
            ("about half", "as much as on written ones before", "as much as the graph network"),
            right=1,
            breaks="written",
            keeps=("fooled", "graph"),
            why="The clerk's habit is gone, and with it all that this network had. 700 matrices "
            "are few, and it learns them by heart.",
        ),
        Try(
            "knows=number",
            "Each node is given its own number to begin with. How many of the renumbered graphs "
            "does the graph network tell?",
            ("as many as before: it still adds up", "fewer", "more: it knows more"),
            right=2,
            breaks=("graph", "carried"),
            keeps=("written", "fooled"),
            why="Sums need no order, but a number as a feature brings it in. What a low number "
            "means in training it does not mean under another numbering.",
        ),
    )
    quick = {"steps": 10}

    orders = Int(1, min=1, max=1000, log=True, help="numberings of each graph, first network")
    readout = Choice(
        "sum", ("sum", "row"), help="the graph network adds up its nodes, or reads them in a row"
    )
    shuffled = Choice("no", ("no", "yes"), help="renumber the training graphs once, before")
    knows = Choice("nothing", ("nothing", "number"), help="what a node begins with")
    graph = Int(2, min=1, max=100, live=True, help="the test graph that is shown")
    learning_rate = Float(0.006, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(400, min=10, max=4000, log=True, help="steps of 64 graphs, for each network")

    def run(self, stage):
        n = NODES
        A, y = drawn(TRAIN + TEST)  # [graphs, n, n], [graphs]
        A, y = A.to(stage.device), y.to(stage.device)
        A_test, y_test = A[TRAIN:], y[TRAIN:]
        order = torch.rand(TEST, n).argsort(dim=1).to(stage.device)
        A_new = renumbered(A_test, order)
        A, y = A[:TRAIN], y[:TRAIN]
        if self.shuffled == "yes":
            A = renumbered(A, torch.rand(TRAIN, n).argsort(dim=1).to(stage.device))
        # Numberings [orders, n] that the first network sees; the first is as written
        seen = torch.rand(self.orders, n).argsort(dim=1).to(stage.device)
        seen[0] = torch.arange(n).to(stage.device)
        nets = nn.ModuleList([Matrix(), Matrix(), Graph(self.readout, self.knows)])
        nets = nets.to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)

        def right(graphs):
            """The share of graphs told apart, the middle one of each kind's copies: [3]."""
            hits = [(net(graphs).argmax(dim=2) == y_test[:, None]).float() for net in nets]
            return torch.stack([hit.mean(dim=0).median() for hit in hits])

        def moved():
            """Of the mean size of the values: how far those of nodes are from having been carried
            along, and from being unchanged; and how far the answers are."""
            h, h_new = nets[2].nodes(A_test), nets[2].nodes(A_new)  # [TEST, n, copies, C]
            along = h[torch.arange(TEST, device=h.device)[:, None], order]
            y, y_new = nets[2](A_test), nets[2](A_new)
            size, reach = h.abs().mean(), y.abs().mean()
            changes = (along - h_new).abs().mean() / size, (h - h_new).abs().mean() / size
            return torch.stack([*changes, (y - y_new).abs().mean() / reach])

        @stage.look(20, nets)
        def look():
            written, new = right(A_test), right(A_new)
            shares = {"as written": written, "renumbered": new}
            stage.bars("told apart", NETS, shares, lines={"guessing": 0.5})
            pair = {"as written": A_test[self.graph - 1], "renumbered": A_new[self.graph - 1]}
            scales = dict.fromkeys(pair, (0, 1))
            stage.matrices("one graph", pair, scales=scales, grey=tuple(pair))
            stage.curve("renumbered", dict(zip(NETS, new, strict=True)))
            stage.bars("moved", ("nodes, along", "in place", "answer"), moved())
            first = f"reading the matrix {written[0]:.0%} right, renumbered {new[0]:.0%}"
            stage.headline(f"{first}; graph network {written[2]:.0%}, {new[2]:.0%}")

        stage.axes("renumbered", y="share right", lines={"guessing": 0.5})
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            batch = torch.randint(TRAIN, (64,), device="cpu").to(stage.device)
            which = torch.randint(self.orders, (64,), device="cpu").to(stage.device)
            new = torch.rand(64, n, device="cpu").argsort(dim=1).to(stage.device)
            shown = renumbered(A[batch], seen[which]), renumbered(A[batch], new), A[batch]
            target = y[batch].repeat_interleave(COPIES)
            loss = sum(
                cross_entropy(net(each).flatten(0, 1), target)
                for net, each in zip(nets, shown, strict=True)
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            written, new = right(A_test), right(A_new)
            stage.claim("written", written[0], above=0.95)
            stage.claim("fooled", new[0], within=(0.44, 0.58))
            stage.claim("graph", torch.minimum(written[2], new[2]), above=0.88)
            stage.claim("behind", new[2] - new[1], within=(0.03, 0.25))
            stage.claim("carried", moved()[0], below=0.001)


class Matrix(nn.Module):
    """Reads all entries of A, in order."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            BatchedLinear(COPIES, NODES**2, 128),
            nn.ReLU(),
            BatchedLinear(COPIES, 128, 128),
            nn.ReLU(),
            BatchedLinear(COPIES, 128, 2, gain=1),
        )

    def forward(self, A):  # [B, n, n] -> [B, copies, 2]
        return self.layers(A.flatten(1)[:, None].expand(-1, COPIES, -1))


class Graph(nn.Module):
    """Two layers of messages, sums over neighbours, then a line on the sum over nodes."""

    def __init__(self, readout, knows):
        super().__init__()
        self.readout, self.knows = readout, knows
        self.W = nn.ModuleList(BatchedLinear(COPIES, a, 16, gain=1) for a in (1, 16))
        self.V = nn.ModuleList(BatchedLinear(COPIES, a, 16, gain=1) for a in (1, 16))
        self.last = BatchedLinear(COPIES, 16 * (NODES if readout == "row" else 1), 2, gain=1)

    def nodes(self, A):  # [B, n, n] -> [B, n, copies, 16]
        h = A.new_ones(*A.shape[:2], COPIES, 1)  # all nodes begin alike
        if self.knows == "number":
            h = h * torch.linspace(0, 1, NODES).to(A.device)[:, None, None]
        for W, V in zip(self.W, self.V, strict=True):
            m = torch.einsum("bvu,bucf->bvcf", A, h) / 4  # near size 1
            own, heard = W(h.flatten(0, 1)), V(m.flatten(0, 1))
            h = (own + heard).relu().reshape(*A.shape[:2], COPIES, 16)
        return h

    def forward(self, A):  # -> [B, copies, 2]
        h = self.nodes(A).transpose(1, 2)  # [B, copies, n, 16]
        return self.last(h.flatten(2) if self.readout == "row" else h.mean(dim=2))


def drawn(count):
    """Adjacency [count, n, n] and class [count]: 0 random, 1 grown, each with as many ties."""
    pairs = torch.triu_indices(NODES, NODES, 1).T
    kinds = torch.arange(count) % 2
    graphs = []
    for kind in kinds.tolist():
        ties = grown(NODES, 2)
        if kind == 0:
            ties = pairs[torch.randperm(len(pairs))[: len(ties)]]
        graphs.append(adjacency(ties, NODES))
    return torch.stack(graphs), kinds


def renumbered(A, order):
    """Each of the graphs [B, n, n], its nodes in the order [B, n]."""
    rows = A.gather(1, order[:, :, None].expand_as(A))
    return rows.gather(2, order[:, None, :].expand_as(A))
