"""
# The news is on the edges: who must be updated first?

Three friends told you something about a film, each "good" or "bad". Two of them always tell you the
truth, one always the opposite. What do you believe? You need both: what the friends say, which is
kept at the *nodes*, and how far each can be trusted, which is kept at the *ties*.

A layer of a graph network may update nodes and edges. Node v has a vector h_v, the tie between v
and u has e_vu, and f and g are small networks, learned:

    tie    e_vu ← f(e_vu, h_v + h_u)
    node   h_v ← g(h_v, Σᵤ e_vu)

Carrying what edges hold to a node, by a sum, is called *pooling*, and the way that it goes
*routing*. In which order? With **edges first** a tie takes in both ends, then a node takes in its
ties: your friends' words arrive over the right ties in one layer. With **nodes first** a node takes
in its ties while these know nothing yet. What the ties learn after that waits for the next layer.
**Nodes only** has no vectors at the ties: h_v ← g(h_v, Σᵤ hᵤ). It hears the words and can't weigh
them.

Here each person and each tie has a sign, + or −. A person is asked for the sign of

    Σᵤ (sign of the tie) · (sign of u)

Training and test have different networks of 300 people, who join with two ties each. It is not true
that any order will do as long as you keep to it: the order decides what can be known after a layer.
A second layer makes up for it.

## Tomorrow

Draw, for each answer, the way from where its data lie to where the question is put, and count the
hand-overs. A layer whose order is wrong is a layer lost.
"""

import torch
from torch import nn
from torch.nn.functional import softplus

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import grown

NETWORKS, PEOPLE = 4, 300  # to learn from, and as many to be tested on
ORDERS = "nodes only", "nodes first", "edges first"
# Seven people and six ties: the one who is asked, with three friends who have a friend each
STAR = torch.tensor([(0, 1), (0, 2), (0, 3), (1, 4), (2, 5), (3, 6)])
CASES = 200  # signs on that small network, drawn at random
SIGNS = "own tie", "friend", "2nd tie", "2nd friend"  # one of each is turned


class EdgeFirst(Scene):
    covers = ("GNN Predictions Using Information Aggregation", "Learning Edge Representations")
    panels = {
        "reach": "whose sign is heard? share of answers that turn with it; dark: none",
        "right": "share of people in new networks whose sign is told; higher is better",
    }
    claims = {
        "edges_first": "edges first: one layer is right for over 0.95 of people in new networks",
        "nodes_first": "nodes first: with the same parts it is right for 0.43 to 0.57",
        "nodes_only": "nodes only: it is right for 0.43 to 0.57",
        "deaf": "nodes first: no answer turns when a neighbour's sign is turned",
        "hears": "edges first: over 0.25 of them turn",
    }
    tries = (
        Try(
            "layers=2",
            "A second layer. How does nodes first do now?",
            ("as by guessing, still", "between guessing and edges first", "as well as edges first"),
            right=3,
            breaks=("nodes_first", "deaf"),
            keeps=("edges_first", "nodes_only"),
            why="After the first layer the ties hold their ends' signs. In the second the nodes "
            "take them in. It is one hand-over behind, no more.",
        ),
        Try(
            "news=ties",
            "All people have the sign +, so that only the ties have news. Which orders can answer?",
            ("edges first alone", "both that have edges", "all three"),
            right=2,
            breaks=("nodes_first", "hears"),
            keeps=("edges_first", "nodes_only"),
            why="What is needed lies on the node's own ties: one hand-over. Nodes first does that "
            "as its first act. Nodes only never looks at a tie.",
        ),
        Try(
            "news=people",
            "All ties have the sign +, and only the people have news. Which orders can answer?",
            ("edges first alone", "nodes only alone", "nodes only, edges first"),
            right=3,
            breaks="nodes_only",
            keeps=("edges_first", "nodes_first"),
            why="It is a vote of the neighbours now. Nodes only adds them up itself, edges first "
            "carries them over the ties. With nodes first they have only reached the ties.",
        ),
        Try(
            "pool=max",
            "A node keeps the largest of its ties' messages, number by number, not their sum. "
            "How does edges first do?",
            ("as well as with the sum", "worse", "as by guessing"),
            right=2,
            breaks="edges_first",
            keeps=("nodes_first", "nodes_only"),
            why="A largest message tells that there is a plus, and not how many. Where two or "
            "three ties meet that is often enough; for a majority it is not.",
        ),
        Try(
            "pool=mean",
            "And with the mean of the messages?",
            ("as good as with the sum", "worse: it forgets how many ties there are"),
            right=1,
            keeps=("edges_first", "nodes_first", "nodes_only"),
            why="The mean forgets the number of ties, and the sign of a sum does not need it. Were "
            "the sum itself asked, the mean would fail.",
        ),
    )
    quick = {"steps": 10}

    news = Choice("both", ("both", "ties", "people"), help="who has signs; the others are all +")
    layers = Int(1, min=1, max=3, help="layers, each with both updates")
    pool = Choice("sum", ("sum", "mean", "max"), help="what a node makes of its ties' messages")
    channels = Int(24, min=2, max=64, log=True, help="numbers of a node's vector, and of a tie's")
    learning_rate = Float(0.01, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(150, min=10, max=2000, log=True, help="steps, each over all people, for each net")

    def run(self, stage):
        several = [grown(PEOPLE, 2) + PEOPLE * k for k in range(2 * NETWORKS)]
        half = NETWORKS * PEOPLE
        ties = torch.cat(several[:NETWORKS]).to(stage.device)  # [E, 2]: one network of four parts
        ties_test = torch.cat(several[NETWORKS:]).to(stage.device) - half
        x, w = signs(self.news, half, len(ties), stage.device)  # of people [N], of ties [E]
        x_test, w_test = signs(self.news, half, len(ties_test), stage.device)
        y, y_test = summed(ties, x, w), summed(ties_test, x_test, w_test)  # [N]; 0: not asked

        # The small network, with random signs and then with one kind of sign turned
        star = (STAR + 7 * torch.arange(5 * CASES)[:, None, None]).flatten(0, 1).to(stage.device)
        people, trust = (each.repeat(5) for each in signs(self.news, 7 * CASES, 6 * CASES, "cpu"))
        people, trust = people.reshape(5, CASES, 7), trust.reshape(5, CASES, 6)
        trust[1, :, 0] *= -1  # the tie to the first friend
        people[2, :, 1] *= -1  # that friend
        trust[3, :, 3] *= -1  # the friend's own other tie
        people[4, :, 4] *= -1  # and who is behind it
        people, trust = people.flatten().to(stage.device), trust.flatten().to(stage.device)

        nets = nn.ModuleList(Net(o, self.layers, self.channels, self.pool) for o in ORDERS)
        nets = nets.to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)

        def right(net):
            """The share of people in new networks who are answered rightly."""
            return (net(ties_test, x_test, w_test) * y_test > 0)[y_test != 0].float().mean()

        def turned(net):
            """The share of answers that turn with each of the four signs: [4]."""
            answers = net(star, people, trust).reshape(5, CASES, 7)[:, :, 0] > 0
            return (answers[1:] != answers[0]).float().mean(dim=1)

        @stage.look(10, nets)
        def look():
            shares = [float(right(net)) for net in nets]
            heard = torch.stack([turned(net) for net in nets]).cpu()  # [3, 4]
            stage.heatmap(
                "reach",
                heard,
                rows=ORDERS,
                columns=SIGNS,
                x="the sign that is turned",
                low=0,
                high=0.5,
            )
            named = ", ".join(f"{o} {s:.0%}" for o, s in zip(ORDERS, shares, strict=True))
            stage.headline(f"right in new networks: {named}")
            stage.curve("right", dict(zip(ORDERS, shares, strict=True)))

        stage.axes("right", y="share right", lines={"guessing": 0.5})
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            asked = y != 0
            loss = sum(softplus(-y.sign() * net(ties, x, w))[asked].mean() for net in nets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            only, nodes, edges_first = (right(net) for net in nets)
            stage.claim("edges_first", edges_first, above=0.95)
            stage.claim("nodes_first", nodes, within=(0.43, 0.57))
            stage.claim("nodes_only", only, within=(0.43, 0.57))
            stage.claim("deaf", turned(nets[1])[1], equal=0)
            stage.claim("hears", turned(nets[2])[1], above=0.25)


class Net(nn.Module):
    def __init__(self, order, layers, channels, pool):
        super().__init__()
        self.order, self.pool = order, pool
        self.node, self.tie = nn.Linear(1, channels), nn.Linear(1, channels)
        self.f, self.g = (nn.ModuleList(mlp(channels) for _ in range(layers)) for _ in "fg")
        self.out = nn.Linear(channels, 1)

    def forward(self, ties, x, w):  # [E, 2], [N], [E] -> [N]
        v, u = ties.T
        h, e = self.node(x[:, None]).relu(), self.tie(w[:, None]).relu()  # [N, C], [E, C]
        for f, g in zip(self.f, self.g, strict=True):
            if self.order == "nodes only":
                h = g(torch.cat([h, pooled(h[u], h[v], ties, len(h), self.pool)], dim=1))
            elif self.order == "nodes first":
                h = g(torch.cat([h, pooled(e, e, ties, len(h), self.pool)], dim=1))
                e = f(torch.cat([e, h[v] + h[u]], dim=1))
            else:
                e = f(torch.cat([e, h[v] + h[u]], dim=1))
                h = g(torch.cat([h, pooled(e, e, ties, len(h), self.pool)], dim=1))
        return self.out(h)[:, 0]


def mlp(channels):
    wide, narrow = nn.Linear(2 * channels, channels), nn.Linear(channels, channels)
    return nn.Sequential(wide, nn.ReLU(), narrow, nn.ReLU())


def pooled(to_v, to_u, ties, people, how):
    """What arrives over each tie at its two ends [E, C] each, put together: [N, C]."""
    ends, messages = ties.T.flatten(), torch.cat([to_v, to_u])
    empty = messages.new_zeros(people, messages.shape[1])
    if how == "max":  # no message is below 0
        index = ends[:, None].expand_as(messages)
        return empty.scatter_reduce(0, index, messages, "amax")
    total = empty.index_add(0, ends, messages)
    return total if how == "sum" else total / torch.bincount(ends, minlength=people)[:, None]


def signs(news, people, ties, device):
    """+1 or −1 for each person [people] and each tie [ties]; +1 for who has no news."""
    x, w = (2 * torch.randint(2, (count,), device="cpu") - 1.0 for count in (people, ties))
    x, w = (x.abs() if news == "ties" else x), (w.abs() if news == "people" else w)
    return x.to(device), w.to(device)


def summed(ties, x, w):
    """Σᵤ w_vu x_u of each person v: [N]."""
    v, u = ties.T
    return pooled((w * x[u])[:, None], (w * x[v])[:, None], ties, len(x), "sum")[:, 0]
