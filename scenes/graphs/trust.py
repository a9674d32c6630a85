"""
# Whom should a node listen to?

A thousand people each hold an opinion between about −2 and 2. Each has ten neighbours. Three in ten
people can be trusted; each carries a flag that says so, but one flag in twenty is wrong. Asked of
each person v is the sign of the sum of all opinions held by those who can be trusted, among v and
its neighbours.

A GCN takes the neighbours as they come. All have ten ties, so each of the eleven messages weighs
1/11, and what the trusted say is lost among the others.

A **graph attention network** (GAT) computes the weights from what the nodes are:

    z_v  = W h_v
    s_vu = LeakyReLU(a·z_v + b·z_u)
    α_vu = exp(s_vu) / Σ_w exp(s_vw)
    h_v  ← ReLU(Σ_u α_vu z_u + c)

The sums go over v's neighbours and v itself, so v's weights sum to 1. The vectors a and b are
learned, and the same for all. They say what the listener and the speaker add to the **score** s. A
linear read-out then gives the answer. Nobody tells the net what the flag means. That a high flag
deserves a high score is learned because the answers get better.

With several heads, each has W, a and b of its own; their outputs stand side by side.

One limit: the listener adds the same to all its scores. So all listeners rank the speakers in the
same order. (GATv2 puts the nonlinearity before the product, and may rank for each listener anew.)

## Tomorrow

Use attention where neighbours differ in worth and their features say so. Train the same layer with
even weights beside it: what it lacks is what attention is worth.
"""

import math

import networkx as nx
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, leaky_relu

from dlplay import Choice, Float, Int, Scene, Try

PEOPLE, TIES = 1000, 10
UNITS = 8  # of a head


class Trust(Scene):
    covers = ("GAT",)
    panels = {
        "one node": "thickness: its attention; ● can be trusted, ▲ not; in brackets: flag is up",
        "attention": "share of it that goes to the trusted, mean over nodes; higher is better",
        "right": "share of a new network's 1,000 nodes that are answered rightly",
    }
    claims = {
        "gat": "the GAT is right for at least 0.84 of the nodes of a network it never saw",
        "ahead": "that is at least 0.12 more than the same layer with even weights (a GCN)",
        "by_hand": "and at most 0.04 less than adding up the opinions of those whose flag is up",
        "trusted": "0.7 or more of the attention goes to those who can be trusted",
    }
    tries = (
        Try(
            "attention=even",
            "The same layer, all weights alike. For how many nodes is it right now?",
            ("nearly as many", "about two thirds", "half, as by guessing"),
            right=2,
            breaks=("gat", "ahead", "by_hand", "trusted"),
            why="The trusted are three of eleven voices in the mean. It leans to their side, "
            "but the other eight drown it.",
        ),
        Try(
            "trusted=0.9",
            "Nine in ten can be trusted. What is attention worth now?",
            ("as much as before", "more", "little"),
            right=3,
            breaks="ahead",
            keeps=("gat", "trusted"),
            why="Where nearly all deserve to be heard, hearing all alike is nearly right.",
        ),
        Try(
            "wrong=0.5",
            "Each flag is a toss of a coin. Can attention still find the trusted?",
            ("yes, from the answers", "a few of them", "no"),
            right=3,
            breaks=("gat", "ahead", "trusted"),
            why="The score of a speaker is made of its features. If they don't say who can be "
            "trusted, no weights can. Nothing is learned of single people.",
        ),
        Try(
            "heads=4",
            "Four heads, each with scores of its own. How much more does that bring here?",
            ("much: each finds others", "hardly anything", "it gets worse"),
            right=2,
            keeps=("gat", "ahead", "by_hand"),
            why="There is one reason to listen, and one head can express it. Heads pay where "
            "there are several.",
        ),
    )
    quick = {"steps": 10}

    trusted = Float(0.3, min=0.1, max=0.9, help="share of people who can be trusted")
    wrong = Float(0.05, min=0, max=0.5, help="share of the flags that are wrong")
    heads = Int(1, min=1, max=4, help="attention heads")
    attention = Choice("learned", ("learned", "even"), help="the weights of the layer")
    node = Int(5, min=1, max=1000, live=True, help="the node that is shown")
    learning_rate = Float(0.03, min=1e-4, max=0.3, log=True, live=True, help="of Adam")
    steps = Int(300, min=10, max=3000, log=True, help="steps over the whole network")

    def run(self, stage):
        near, h, y, _ = people(self.trusted, self.wrong, stage.device)
        near_new, h_new, y_new, good = people(self.trusted, self.wrong, stage.device)
        gat, even = Net(self.heads, self.attention == "learned"), Net(self.heads, False)
        nets = nn.ModuleDict({"GAT": gat, "even weights": even}).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)

        heard = good[near_new]  # [1000, 11]: whether who is heard can be trusted
        flagged = h_new[..., 1] > 0  # [1000]
        by_hand = ((flagged * h_new[:, 0])[near_new].sum(dim=1) > 0) == (y_new > 0)
        by_hand = float(by_hand.float().mean())

        def shares():
            """Of each net, the share of right answers on the new network."""
            return {
                name: ((net(h_new, near_new)[0] > 0) == (y_new > 0)).float().mean()
                for name, net in nets.items()
            }

        def on_trusted():
            """The attention that the trusted get, mean over nodes that hear any, and heads."""
            α = gat(h_new, near_new)[1]  # [1000, 11, heads]
            return (α * heard[..., None]).sum(dim=1)[heard.any(dim=1)].mean()

        angle = 2 * math.pi * (torch.arange(TIES) + 0.5) / TIES
        star = torch.stack([angle.cos(), angle.sin()], dim=1)
        star = torch.cat([torch.zeros(1, 2), star])  # the node, then its neighbours

        @stage.look(5, nets)
        def look():
            v = self.node - 1
            α = gat(h_new, near_new)[1][v].mean(dim=1).cpu()  # [11], mean over heads
            stage.graph(
                "one node",
                star,
                [(0, u) for u in range(1, TIES + 1)],
                weights=α[1:],
                groups=[int(not each) for each in heard[v].tolist()],
                labels=[f"itself {α[0]:.2f}", *(f"{each:.2f}" for each in α[1:])],
                marked=[u for u, each in enumerate(flagged[near_new[v]].tolist()) if each],
            )
            share, right = on_trusted(), shares()
            stage.curve("attention", GAT=share)
            stage.curve("right", right)
            text = ", ".join(f"{name} {each:.0%}" for name, each in right.items())
            stage.headline(f"{share:.0%} of the attention on the trusted; right: {text}")

        stage.axes(
            "attention", y="share on the trusted", lines={"even weights": heard.float().mean()}
        )
        stage.axes("right", y="share of nodes", lines={"adding up the flagged": by_hand})
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            loss = sum(
                binary_cross_entropy_with_logits(net(h, near)[0], y) for net in nets.values()
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            right = shares()
            stage.claim("gat", right["GAT"], at_least=0.84)
            stage.claim("ahead", right["GAT"] - right["even weights"], at_least=0.12)
            stage.claim("by_hand", by_hand - right["GAT"], at_most=0.04)
            stage.claim("trusted", on_trusted(), at_least=0.7)


class Net(nn.Module):
    """One layer of attention, or of even weights, with a linear read-out."""

    def __init__(self, heads, learned):
        super().__init__()
        self.W = nn.Parameter(torch.randn(heads, 2, UNITS) / 2**0.5)
        self.a = nn.Parameter(torch.zeros(heads, UNITS))  # of the listener
        self.b = nn.Parameter(torch.zeros(heads, UNITS))  # of the speaker
        self.c = nn.Parameter(torch.zeros(heads * UNITS))
        self.out = nn.Linear(heads * UNITS, 1)
        self.learned = learned

    def forward(self, h, near):  # [N, 2], [N, 11] -> logits [N], α [N, 11, heads]
        z = (h @ self.W).transpose(0, 1)  # [N, heads, UNITS]
        listener, speaker = (z * self.a).sum(dim=2), (z * self.b).sum(dim=2)  # [N, heads] each
        s = leaky_relu(listener[:, None] + speaker[near], 0.2)  # [N, 11, heads]
        α = (s if self.learned else 0 * s).softmax(dim=1)
        mixed = (α[..., None] * z[near]).sum(dim=1).flatten(1) + self.c  # [N, heads * UNITS]
        return self.out(mixed.relu())[:, 0], α


def people(trusted, wrong, device):
    """Everybody and his ten neighbours [N, 11], features [N, 2]: opinion and flag, ±1; answers [N];
    who can be trusted [N]."""
    ties = nx.random_regular_graph(TIES, PEOPLE, seed=int(torch.randint(10**6, (), device="cpu")))
    near = torch.tensor([[v, *ties[v]] for v in range(PEOPLE)])
    good = torch.rand(PEOPLE) < trusted
    flag = torch.where((torch.rand(PEOPLE) < wrong) ^ good, 1.0, -1.0)
    opinion = torch.randn(PEOPLE)
    y = ((good * opinion)[near].sum(dim=1) > 0).float()
    h = torch.stack([opinion, flag], dim=1)
    return near.to(device), h.to(device), y.to(device), good.to(device)
