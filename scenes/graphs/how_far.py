"""
# How far does news travel in K rounds?

Twelve people stand in a line. Each has a bit, plus or minus one, and each talks to the neighbours
alone. The last one is asked for the bits of the people 1, 2, … 8 steps away. How many rounds of
talking does that take?

One round of **message passing** has three parts, done by all nodes at once. Gather what the
neighbours hold; put it together so that their order does not matter; update what you hold
yourself. Here the messages are averaged over the d_v neighbours u of node v:

    m_v = (1/d_v) Σᵤ h_u
    a_v = W h_v + V m_v + b
    h_v ← h_v + ReLU(a_v)

W, V and b are learned, the same for all nodes; each round has its own.

In round 1 you hear your neighbours. In round 2 you hear them again, and by now they have heard
*theirs*. So K rounds bring exactly what lies within K steps. Draw it as a table of rounds and
distances, and what can be known is a staircase. Beyond it a bit does not enter the computation at
all: turn it, and no digit of the answer changes. No training helps there.

Below the stairs all is reachable. That is not yet learnt: a bit from far away comes mixed with all
those on the way, through vectors of fixed length, and its gradient is small. "With enough layers a
node sees the whole graph" is true of what could be, not of what you get.

Each node also has to *keep* what it held, by W h_v and by adding. Otherwise all that was heard is
handed on, and every second round you know your neighbours' news and not your own.

## Tomorrow

Ask how many steps lie between an answer and what it needs. With fewer rounds than that, don't
train: add rounds, or a shortcut. With more, test whether the far news really arrives.
"""

import torch
from torch import nn
from torch.nn.functional import softplus

from dlplay import Choice, Float, Int, Scene, Try

PEOPLE, ASKED = 12, 8  # in the line; distances that are asked for


class HowFar(Scene):
    covers = ("Message Passing",)
    panels = {
        "bits": "share of bits told right by the last in line; 0.5 is guessing, 1 is all",
        "influence": "turn a bit: how far does the answer for it move? 0 beyond the last round",
        "right": "share of bits told, of those within reach; higher is better",
    }
    claims = {
        "within": "within K steps each bit is told right in over 0.98 of cases, K from 1 up",
        "beyond": "beyond K steps the best told bit is right in fewer than 0.6",
        "silent": "turning the bits beyond K steps changes no answer at all",
        "sounds": "turning any bit within K steps changes its answer by over 1",
    }
    tries = (
        Try(
            "channels=2",
            "Two numbers a person, not 32. How many of the four bits does the last one know "
            "after four rounds?",
            ("all four: four rounds are four rounds", "one or two", "none"),
            right=2,
            breaks="within",
            keeps=("beyond", "silent"),
            why="All that is heard must fit into the vector on the way. Two numbers hold the "
            "nearest bits, and the farther ones get lost.",
        ),
        Try(
            "keeps=nothing",
            "A round puts what is heard in place of what a person held. What does the last one "
            "know after three rounds?",
            ("bits 1, 2 and 3", "bit 3 alone", "bits 1 and 3"),
            right=3,
            breaks="within",
            keeps=("beyond", "silent"),
            why="News moves a step each round and can't stand still. In three rounds it comes from "
            "three steps away, or goes one to and fro.",
        ),
        Try(
            "rounds=6 steps=200",
            "Six rounds. Is the bit six steps away told as well as the one next door?",
            ("yes: it is within reach", "hardly better than by guessing", "it can't arrive"),
            right=2,
            breaks="within",
            keeps=("beyond", "silent"),
            why="It arrives, mixed with all the bits on the way and very small. To be in reach is "
            "one thing, to be learnt another.",
        ),
        Try(
            "shortcut=yes",
            "The last one gets a tie to the person eight steps away. From how many rounds on is "
            "bit 8 told better than by guessing?",
            ("one", "four", "eight"),
            right=1,
            breaks=("beyond", "silent"),
            why="Steps are counted along ties, and the far person is a neighbour now. But in round "
            "1 the mean of two neighbours is all that is heard, so bit 1 suffers.",
        ),
    )
    quick = {"steps": 10, "rounds": 2}
    pace = 30

    rounds = Int(4, min=1, max=8, help="the most rounds: there are nets with K = 1 up to it")
    channels = Int(32, min=1, max=64, log=True, help="numbers of a person's vector h")
    keeps = Choice(
        "both", ("both", "W", "nothing"), help="how what was held goes in: by W and by adding"
    )
    shortcut = Choice("no", ("no", "yes"), help="a tie from the last to the person 8 steps away")
    learning_rate = Float(0.005, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(300, min=10, max=3000, log=True, help="steps of 64 lines, for each net")

    def run(self, stage):
        A = torch.diag(torch.ones(PEOPLE - 1), 1)
        if self.shortcut == "yes":
            A[-1 - ASKED, -1] = 1
        A = A + A.T
        M = (A / A.sum(dim=1, keepdim=True)).to(stage.device)  # [N, N]: the mean of the neighbours

        def drawn(lines):
            """Bits of the people [lines, N], and those that are asked for, nearest first."""
            x = 2 * torch.randint(2, (lines, PEOPLE), device="cpu").to(stage.device) - 1.0
            return x, x.flip(1)[:, 1 : ASKED + 1]

        x_test, y_test = drawn(1000)
        several = range(1, self.rounds + 1)
        nets = nn.ModuleList(Net(K, self.channels, self.keeps, M) for K in several)
        nets = nets.to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)
        K, distance = torch.tensor(several)[:, None], torch.arange(1, ASKED + 1)
        reached = distance <= K  # [rounds, asked]: the staircase

        def told():
            """The share of each bit that is told right: [rounds, asked]."""
            return torch.stack(
                [(net(x_test) * y_test > 0).float().mean(dim=0) for net in nets]
            ).cpu()

        def influence():
            """By how much an answer changes on average when its own bit is turned, and by how much
            any answer at most: [rounds, asked] each."""
            x = x_test[:100]
            own, most = torch.zeros(len(nets), ASKED), torch.zeros(len(nets), ASKED)
            for d in range(ASKED):
                other = x.clone()
                other[:, -2 - d] *= -1
                for k, net in enumerate(nets):
                    change = (net(other) - net(x)).abs()  # [lines, asked]
                    own[k, d], most[k, d] = change[:, d].mean(), change.max()
            return own, most

        names = [f"{k} round{'s' * (k > 1)}" for k in several]

        @stage.look(10, nets)
        def look():
            right = told()
            stage.heatmap(
                "bits",
                right,
                rows=names,
                columns=[str(d) for d in range(1, ASKED + 1)],
                x="steps away",
                low=0.5,
                high=1,
            )
            stage.curve("right", {names[k]: right[k][: k + 1].mean() for k in several_shown})
            known = int((right[-1] > 0.9).sum())
            stage.headline(f"with {names[-1]} the last knows {known} of the {ASKED} bits asked for")

        @stage.look(50, nets)
        def look_at_influence():
            own = influence()[0]
            series = {names[k]: own[k] for k in several_shown}
            stage.plot("influence", range(1, ASKED + 1), series)

        several_shown = range(len(nets)) if len(nets) <= 4 else (0, 1, 2, len(nets) - 1)
        stage.axes("influence", x="steps away", y="change of the answer's logit")
        stage.axes("right", y="share right", lines={"guessing": 0.5})
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            x, y = drawn(64)
            loss = sum(softplus(-y * net(x)).mean() for net in nets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            right, (own, most) = told(), influence()
            stage.claim("within", right[reached].min(), above=0.98)
            stage.claim("beyond", right[~reached].max(), below=0.6)
            stage.claim("silent", most[~reached].max(), equal=0)
            stage.claim("sounds", own[reached].min(), above=1)


class Net(nn.Module):
    """K rounds of messages; the answer is read from the last person in line."""

    def __init__(self, K, channels, keeps, M):
        super().__init__()
        self.keeps, self.M = keeps, M
        self.first = nn.Linear(1, channels)
        self.W = nn.ModuleList(nn.Linear(channels, channels) for _ in range(K))
        self.V = nn.ModuleList(nn.Linear(channels, channels, bias=False) for _ in range(K))
        self.last = nn.Linear(channels, ASKED)

    def forward(self, x):  # bits [B, N] -> logits [B, asked]
        h = self.first(x[..., None])  # [B, N, C]
        for W, V in zip(self.W, self.V, strict=True):
            m = V(self.M @ h)
            if self.keeps == "nothing":
                h = (m + W.bias).relu()
            else:
                new = (W(h) + m).relu()
                h = h + new if self.keeps == "both" else new
        return self.last(h[:, -1])
