"""
# How does the first node tell the last one anything?

Twelve people stand in a line. The first has a bit, plus or minus one, and the last is asked for it.
Each round of messages carries news one step. So three layers can't do it. Eleven can, in principle.

Train eleven, and they don't. The bit is handed on, but at each step only a part of it gets through,
the rest goes elsewhere or is lost in what was there. From one end to the other that is a factor of
about a hundred million, less than the last digit of a 32-bit number. The gradient is as small, and
training has nothing to hold on to.

Tie everybody to everybody, and it is one step. For n nodes that takes n(n − 1)/2 new ties: 66 here,
and half a million for a thousand nodes. There is a cheaper way: one new node, tied to all, the
**global** or **master** node. It needs n ties. Its vector u hears the mean of all nodes, and all
nodes hear u:

    u   ← u + ReLU(P mean h + Q u)
    a_v = W h_v + V m_v
    h_v ← h_v + ReLU(a_v + G u)

m_v is the mean of v's neighbours; W, V, P, Q, G are learned, with a bias each, of each layer its
own. In one round the news goes in, in the next it comes out: two rounds over any distance.

Adding G u is one way in. Another is to let u set **gates**: it gives each number of a_v a factor
and a shift (FiLM, "feature-wise linear modulation").

The price is a narrow way. All that far nodes have to tell each other must fit into u, and a mean
does not say who said what.

## Tomorrow

If an answer needs the whole graph, give it a global vector before you give it more layers. Test it
on graphs in which what decides lies far away.
"""

import torch
from torch import nn
from torch.nn.functional import softplus

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.nn.batched import BatchedLinear

STARTS = 8  # networks of each kind, side by side


class MasterNode(Scene):
    covers = ("Adding Global Representations",)
    panels = {
        "held": "by how much a vector moves when the first person's bit is turned; 1: as its own",
        "right": "share of the networks in which the last person tells the bit; higher is better",
        "fading": "the same numbers on a logarithmic axis: of each step only a part gets through",
    }
    claims = {
        "few": "three layers: of 8 networks at most 1 tells the bit from 11 steps away",
        "global": "with a global node, at least 7 of 8 do, after as many steps",
        "deep": "eleven layers without it: at most 2 of 8 do, though the bit is within reach",
        "faint": "there it moves the middle person's vector 1e-6 to 0.03 as far as the first's",
    }
    tries = (
        Try(
            "layers=1",
            "One layer with a global node that is tied to all. Does the bit arrive?",
            ("yes: the first and the last are two ties apart", "no", "in half of the networks"),
            right=2,
            breaks="global",
            keeps=("few", "deep"),
            why="In the first round the global node hears the first person. The last one hears the "
            "global node as it was before. It takes one round in and one round out.",
        ),
        Try(
            "people=4",
            "Four people in line, three steps. Is a global node needed?",
            ("yes", "no"),
            right=2,
            breaks=("few", "deep", "faint"),
            keeps="global",
            why="Three layers reach three steps away, and so near by the bit is still strong "
            "enough to be learnt from.",
        ),
        Try(
            "channels=1",
            "One number a person, and one for the global node. A bit needs no more. Does it "
            "arrive?",
            ("in all networks", "in some", "in none"),
            right=2,
            breaks="global",
            keeps=("few", "deep"),
            why="One number could carry it. But a ReLU that begins on its flat side passes "
            "nothing on, and where there is but one, nothing goes round it.",
        ),
        Try(
            "way=gates",
            "The global node does not add to what the others hear; it scales and shifts it. And "
            "the bit?",
            ("it arrives as before", "it is lost"),
            right=1,
            keeps=("few", "global", "deep"),
            why="Scaling and shifting are as good a way in as adding, which is shifting alone. It "
            "is the short way that counts.",
        ),
    )
    quick = {"steps": 10}

    layers = Int(3, min=1, max=8, help="layers of the two networks that are not deep")
    people = Int(12, min=3, max=16, help="in the line; the deep network has one layer fewer")
    way = Choice("added", ("added", "gates"), help="how the global node's vector goes in")
    channels = Int(16, min=1, max=64, log=True, help="numbers of a vector, of the global one too")
    learning_rate = Float(0.005, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(300, min=10, max=3000, log=True, help="steps, each on both bits, for each network")

    def run(self, stage):
        n = self.people
        A = torch.diag(torch.ones(n - 1), 1)
        A = A + A.T
        M = (A / A.sum(dim=1, keepdim=True)).to(stage.device)  # [n, n]: the mean of the neighbours
        x = torch.zeros(2, n)  # both cases: the first has a bit, the others have 0
        x[:, 0] = torch.tensor([1.0, -1.0])
        x = x.to(stage.device)
        y = x[:, :1]  # [2, 1]
        names = f"{self.layers} layers", f"{self.layers} layers, global", f"{n - 1} layers"
        depths, ways = (self.layers, self.layers, n - 1), ("none", self.way, "none")
        nets = nn.ModuleList(
            Net(depth, self.channels, way, M) for depth, way in zip(depths, ways, strict=True)
        ).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)

        def told():
            """The share of each kind's networks that tell both bits: [3]."""
            return torch.stack([(net(x) * y > 0).all(dim=0).float().mean() for net in nets])

        def held(net):
            """How far a person's vector moves with the bit, over the first's: [n, starts]."""
            h = net.vectors(x)  # [2, n, starts, C]
            moved = (h[0] - h[1]).norm(dim=2)
            return moved / moved[0].clamp(min=1e-12)

        @stage.look(10, nets)
        def look():
            parts = torch.stack([held(net).median(dim=1).values for net in nets]).cpu()  # [3, n]
            stage.heatmap(
                "held",
                parts,
                rows=names,
                columns=[str(k + 1) for k in range(n)],
                x="person: the first has the bit, the last is asked",
                low=0,
                high=1,
            )
            series = {name: part.clamp(min=1e-8) for name, part in zip(names, parts, strict=True)}
            stage.plot("fading", range(1, n + 1), series)
            shares = told()
            stage.curve("right", dict(zip(names, shares, strict=True)))
            named = ", ".join(
                f"{name} {share:.0%}" for name, share in zip(names, shares.tolist(), strict=True)
            )
            stage.headline(f"networks that tell the bit: {named}")

        stage.axes("fading", x="person", y="part of the first's; 0 as 1e-8", log="y")
        stage.axes("right", y="share of 8 networks")
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            loss = sum(softplus(-y * net(x)).sum() / 2 for net in nets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            few, with_global, deep = told()
            middle = held(nets[2])[n // 2 - 1].median()
            stage.claim("few", few, at_most=0.13)
            stage.claim("global", with_global, at_least=0.87)
            stage.claim("deep", deep, at_most=0.26)
            stage.claim("faint", middle, within=(1e-6, 0.03))


class Net(nn.Module):
    """Rounds of messages, perhaps with a global node, in STARTS networks side by side."""

    def __init__(self, layers, channels, way, M):
        super().__init__()
        self.way, self.M = way, M

        def lines(outputs):
            return nn.ModuleList(
                BatchedLinear(STARTS, channels, outputs, gain=0.6) for _ in range(layers)
            )

        self.first = BatchedLinear(STARTS, 1, channels, gain=1)
        self.last = BatchedLinear(STARTS, channels, 1, gain=1)
        self.W, self.V = lines(channels), lines(channels)
        if way != "none":
            self.P, self.Q = lines(channels), lines(channels)
            self.G = lines(channels if way == "added" else 2 * channels)

    def vectors(self, x):  # [B, n] -> [B, n, starts, C]
        B, n = x.shape
        h = each(self.first, x[:, :, None, None].expand(B, n, STARTS, 1))
        u = torch.zeros_like(h[:, :1])  # [B, 1, starts, C]
        for k, (W, V) in enumerate(zip(self.W, self.V, strict=True)):
            heard = each(W, h) + each(V, torch.einsum("vu,busc->bvsc", self.M, h))
            if self.way != "none":
                g = each(self.G[k], u)
                if self.way == "added":
                    heard = heard + g
                else:
                    factor, shift = g.chunk(2, dim=3)
                    heard = (1 + factor) * heard + shift
                mean = h.mean(dim=1, keepdim=True)
                u = u + (each(self.P[k], mean) + each(self.Q[k], u)).relu()
            h = h + heard.relu()
        return h

    def forward(self, x):  # -> of the last person [B, starts]
        return self.last(self.vectors(x)[:, -1])[..., 0]


def each(line, h):
    """One line for all people: [B, n, starts, inputs] -> [B, n, starts, outputs]."""
    return line(h.flatten(0, 1)).reshape(*h.shape[:3], -1)
