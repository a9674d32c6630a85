"""
# Can a graph tell a digit from its mirror image?

A graph is a set of **nodes** and the **edges** that tie them in pairs. Each may carry numbers,
its attributes. A picture becomes a graph when each pixel is a node, its ink the node's attribute,
tied to the pixels around it: 8, fewer at the border. Picture of 5×5: 25 nodes, 72 edges. The
**adjacency matrix** A holds a 1 where two nodes are tied.

What did that keep? Who is next to whom. What did it forget? On which side. Mirror the picture:
each pixel keeps its neighbours, so A stays the same, 1 for 1, and only the order in which we call
the pixels differs. A net that hears its neighbours' mean can't notice that. Neither training nor
size helps it: to this net both pictures *are* one thing.

Here two nets see digits as they are, mirrored, or with their pixels scattered. In each round
node v hears its neighbours u, one mean for each kind k of edge:

    h_v ← ReLU(B h_v + Σₖ Wₖ mₖ)
    mₖ = mean of h_u, u tied by kind k

At first h_v is the ink. In the end the mean and the maximum over all nodes answer.

- **plain**: all edges are of one kind. It knows a scattered digit at once, by its neighbours.
- **kinds**: 8 kinds of edges, by the side on which u lies, with a matrix Wₖ each. That is a
  convolution of 3×3.

The other way is to write into each node where it lies: `attribute=column`.

It is often said that picture, matrix and graph are three views of one object. The bare graph
holds less than the picture.

## Tomorrow

Before you feed a graph to a net, ask what the drawing of it shows that its nodes and edges do not
hold: side, order, distance, direction. If the answer depends on that, write it into attributes of
edges or nodes.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Int, Scene, Try
from dlplay.data import images

NETS = ("plain", "kinds")
AS_IS, MIRRORED, SCATTERED = 0, 1, 2


class Mirror(Scene):
    covers = (
        "Graph Neural Networks (chapter introduction)",
        "What is a Graph?",
        "Images as Graphs",
    )
    panels = {
        "graph": "a digit, its mirror image, the net's answers; colour: what a pixel's ink adds "
        "for `mirrored`; blank pixels are left out",
        "told apart": "share of new digits; higher is better",
        "matrix": "edges of a 3×3 picture; a colour for each kind",
    }
    claims = {
        "plain_blind": "plain edges: half of the mirror images are told, as by guessing",
        "plain_sees": "yet the plain net tells over 0.95 of digits from scattered pixels",
        "kinds_see": "with 8 kinds of edges over 0.8 of the mirror images are told",
    }
    tries = (
        Try(
            "kinds=three",
            "Three kinds of edges: level, upright, slanting. Enough to tell a mirror image?",
            ("yes, as with eight", "for some digits", "no, for none"),
            right=3,
            breaks="kinds_see",
            keeps="plain_blind",
            why="A mirrored level edge is level still. Kinds that do not say left or right are "
            "the same before and after, so both pictures are one graph again.",
        ),
        Try(
            "reflected=diagonal",
            "Digits are reflected at the diagonal now, rows for columns. Which nets tell that?",
            ("plain edges alone", "kinds alone", "both"),
            right=2,
            keeps=("plain_blind", "kinds_see"),
            why="This reflection is a symmetry of the grid too: plain edges stay as they were. "
            "With 8 kinds, left edges become upper ones.",
        ),
        Try(
            "attribute=column",
            "Each pixel is told its column as a second attribute. What can plain edges do now?",
            ("still nothing", "tell some mirror images", "as much as 8 kinds"),
            right=2,
            breaks="plain_blind",
            keeps="kinds_see",
            why="The nodes differ now by where they are, so the two pictures are two graphs. But "
            "a shape must be learnt for each place anew.",
        ),
        Try(
            "layers=1",
            "One round of messages, not three. What is left of the net with 8 kinds?",
            ("nothing, it guesses", "it tells some, fewer than before", "all, one is enough"),
            right=2,
            breaks="kinds_see",
            keeps="plain_blind",
            why="A node that hears one step sees a corner or an end of a stroke. Which way a bow "
            "is open shows over several pixels.",
        ),
    )
    quick = {"steps": 20}

    shown = Choice("plain", NETS, live=True, help="the net whose votes and edges are shown")
    digit = Int(22, min=0, max=396, live=True, help="the new digit that is shown")
    kinds = Choice("eight", ("three", "eight"), help="kinds of edges of the net called kinds")
    attribute = Choice("ink", ("ink", "column"), help="what a node holds; column: beside its ink")
    reflected = Choice("left-right", ("left-right", "diagonal"), help="how digits are reflected")
    layers = Int(3, min=1, max=5, help="rounds of messages")
    steps = Int(300, min=20, max=3000, log=True, help="steps of 32 pictures, for each net")

    def run(self, stage):
        x, _ = images("digits", size=8, grey=True, device=stage.device)  # [1797, 1, 8, 8]
        x, x_test = x[:1400], x[1400:]
        holds = 9 if self.attribute == "column" else 1
        nets = [Net(numbered(8, how), holds, self.layers) for how in ("one", self.kinds)]
        nets = nn.ModuleList(nets).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=0.005)

        def told(many):
            """Of new digits, the share told from the mirror image, and from scattered pixels."""
            three = [seen(x_test[:many], kind, self.reflected) for kind in range(3)]
            shares = []
            for net in nets:
                as_is, mirrored, scattered = (net(nodes) for nodes in three)  # [many, 3] each
                side = torch.cat([as_is, -mirrored])  # of the first two answers the right is higher
                side = (side[:, AS_IS] > side[:, MIRRORED]).float().mean()
                pixels = (as_is.argmax(dim=1) != SCATTERED, scattered.argmax(dim=1) == SCATTERED)
                shares.append((side, torch.cat(pixels).float().mean()))
            return torch.tensor(shares).T  # [2, nets]

        @stage.look(10, nets)
        def look():
            side, pixels = told(100)
            named = ", ".join(f"{n} {share:.0%}" for n, share in zip(NETS, side, strict=True))
            stage.headline(f"mirror images told from digits: {named}; guessing 50%")
            stage.bars(
                "told apart",
                NETS,
                {"from mirror image": side, "from scattered pixels": pixels},
                lines={"guessing": 0.5},
            )
            net, pair = nets[NETS.index(self.shown)], x_test[[self.digit, self.digit]]
            pair = [seen(pair[:1], kind, self.reflected) for kind in (AS_IS, MIRRORED)]
            places, votes, answers = [], [], []
            for aside, nodes in zip((0, 11), pair, strict=True):
                ink = (nodes[:, 0, 0] > 0.1).nonzero()[:, 0]  # [I]
                each = nodes.repeat(1, 1 + len(ink), 1)  # the picture, and without each pixel
                each[ink, 1 + torch.arange(len(ink)), 0] = 0
                logit = net(each)[:, MIRRORED] - net(each)[:, AS_IS]  # [1 + I]
                places.append(torch.stack([ink % 8 + aside, -(ink // 8)], dim=1))
                votes.append(logit[0] - logit[1:])
                answers.append(logit[0].sigmoid())
            votes = torch.cat(votes)  # [2 I]
            places = torch.cat(places)
            apart = (places - places[:, None]).abs().amax(dim=2)
            stage.graph(
                "graph",
                torch.cat([places, torch.tensor([[1, -8], [12, -8]]).to(places.device)]),
                (apart == 1).triu().nonzero().tolist(),
                values=torch.cat([votes / votes.abs().max() / 2 + 0.5, torch.stack(answers)]),
                labels=[""] * len(places) + [f"mirrored? {p:.2f}" for p in answers],
            )
            number = numbered(3, self.kinds if self.shown == "kinds" else "one")  # [9, 9]
            names = torch.arange(9).reshape(3, 3)
            names = (names.T if self.reflected == "diagonal" else names.flip(1)).flatten()
            both = {"picture": number, "mirror image": number[names][:, names]}
            stage.matrices("matrix", both, scales=dict.fromkeys(both, (0, int(number.max()))))

        for _ in stage.loop(self.steps):
            batch = torch.randint(len(x), (32,), device="cpu").to(stage.device)
            y = torch.randint(3, (32,), device="cpu").to(stage.device)
            three = torch.stack([seen(x[batch], kind, self.reflected) for kind in range(3)])
            nodes = three[y, :, torch.arange(32, device=stage.device)].transpose(0, 1)
            loss = sum(cross_entropy(net(nodes), y) for net in nets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            side, pixels = (dict(zip(NETS, row.tolist(), strict=True)) for row in told(397))
            stage.claim("plain_blind", side["plain"], within=(0.49, 0.51))
            stage.claim("plain_sees", pixels["plain"], above=0.95)
            stage.claim("kinds_see", side["kinds"], above=0.8)


class Net(nn.Module):
    """Rounds of messages over edges of K kinds, `number` [nodes, nodes]; three answers."""

    def __init__(self, number, attributes, layers, channels=16):
        super().__init__()
        A = torch.stack([(number == k).float() for k in range(1, int(number.max()) + 1)])
        means = A / A.sum(dim=2, keepdim=True).clamp(min=1)  # [K, nodes, nodes]
        self.register_buffer("means", means)
        self.attributes = attributes
        widths = [attributes] + [channels] * layers
        sizes = list(pairwise(widths))
        self.B = nn.ModuleList(nn.Linear(a, b) for a, b in sizes)
        self.W = nn.ParameterList(
            torch.randn(len(means), a, b) / (a * len(means)) ** 0.5 for a, b in sizes
        )
        self.head = nn.Linear(2 * channels, 3)

    def forward(self, nodes):
        """Attributes [nodes, N, 9], of which the first are used -> logits [N, 3]."""
        h = nodes[..., : self.attributes]
        for B, W in zip(self.B, self.W, strict=True):
            m = self.means.flatten(0, 1) @ h.flatten(1)  # [K nodes, N in]
            m = m.reshape(len(W), -1, h.shape[2]) @ W  # [K, nodes N, out]
            h = (B(h) + m.sum(dim=0).reshape(*h.shape[:2], -1)).relu()
        return self.head(torch.cat([h.mean(dim=0), h.amax(dim=0)], dim=1))


def numbered(side, how):
    """Of a picture's pixels [nodes, nodes] the kind of the edge from u (column) to v (row), from 1;
    0 where there is none. `how`: "one", "three" or "eight" kinds."""
    place = torch.arange(side * side)
    down = place // side - (place // side)[:, None]  # [nodes, nodes]
    right = place % side - (place % side)[:, None]
    near = (down.abs() <= 1) & (right.abs() <= 1) & (down.abs() + right.abs() > 0)
    kind = {
        "one": torch.ones_like(down),
        "three": 2 * down.abs() + right.abs(),  # level 1, upright 2, slanting 3
        "eight": (3 * down + right) % 9,
    }[how]
    return (near * kind).float()


def seen(x, kind, reflected):
    """Digits [N, 1, 8, 8] as they are, mirrored or scattered: ink, column of each [nodes, N, 9]."""
    ink = x[:, 0]
    if kind == MIRRORED:
        ink = ink.mT if reflected == "diagonal" else ink.flip(2)
    ink = ink.flatten(1).T  # [nodes, N]
    if kind == SCATTERED:
        ink = ink.gather(0, torch.rand(ink.shape, device="cpu").argsort(dim=0).to(x.device))
    column = torch.eye(8, device=x.device).repeat(8, 1)[:, None].expand(-1, len(x), -1)
    return torch.cat([ink[:, :, None], column], dim=2)
