"""
# Before the layer or after the sum: where does the norm belong?

Each layer of a Transformer adds what it makes to what went in, and a norm brings each token's
numbers to mean 0 and size 1. It can stand in two places:

    before:  h ← h + layer(norm(h))
    after:   h ← norm(h + layer(h))

The first Transformer (2017) had it after the sum; GPT-2 (2019) and nearly all since have it before.
Both keep sizes in bounds. Is it a matter of taste?

Here deep stacks learn to write a string of symbols from its end to its beginning. Norm **before**:
the loss falls to nothing. Norm **after**, with the same rate from the first step on: it falls to
the loss of one guess for all, ln 12 = 2.48, and stays there. With a **warm-up**, a rate that grows
from nearly 0 to its full size, the second kind learns it, too.

Embeddings begin small here, at 0.02. What fresh layers add is larger and much the same for every
token, so in *both* stacks untrained tokens are nearly one vector: see "untrained" in the second
picture. They must be pulled apart. With the norm before, from the answer to the embeddings there is
a path on which nothing happens but sums, and forty steps do. With the norm after, each token goes
through all sixteen norms, and full steps from the first on drive the tokens together altogether.
Small steps at first do not.

Begin with embeddings of size 1, and all three learn. So it isn't the order alone that fails: order,
depth, start and rate do together. Norm before is the one that forgives.

## Tomorrow

Norm before the layer, unless you have a reason. Where it stands after the sum, as in BERT, warm up,
and don't shorten the warm-up to save steps. Stuck at the loss of guessing? Print the cosines
between tokens.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Float, Int, Scene, Try

V = N = 12  # symbols, places
D, H = 48, 4  # numbers of a token, heads
ARMS = ("before", "after", "after, warmed up")


class NormPlace(Scene):
    covers = ("Encoder (residual, LayerNorm, FFN)",)
    panels = {
        "loss": "of naming the symbols in reverse order; lower is better",
        "likeness": "mean cosine of two tokens after each block; 1: all tokens are the same",
    }
    claims = {
        "fresh_alike": "untrained, with either, tokens have a mean cosine over 0.8 at the end",
        "before_learns": "norm before: the loss is below 0.1",
        "after_is_stuck": "norm after the sum, no warm-up: above 1.8 (one guess for all: 2.48)",
        "warm_up_cures": "norm after the sum, with warm-up: below 0.3",
    }
    tries = (
        Try(
            "start=unit",
            "The embeddings begin at size 1, not at 0.02. Does the place of the norm still decide?",
            ("yes, as before", "no, all three learn", "now the norm before fails"),
            right=2,
            breaks=("fresh_alike", "after_is_stuck"),
            keeps=("before_learns", "warm_up_cures"),
            why="Now the tokens are apart from the beginning: what the layers add is no larger "
            "than they are. The failure belongs to the order and to the start together.",
        ),
        Try(
            "layers=2",
            "Two blocks instead of eight. Does the norm after the sum need its warm-up?",
            ("yes", "no", "even the warm-up doesn't help"),
            right=2,
            breaks="after_is_stuck",
            keeps="before_learns",
            why="Four norms lie on the way, not sixteen. The trouble grows with depth.",
        ),
    )
    quick = {"steps": 3, "layers": 2}

    layers = Int(8, min=2, max=12, help="blocks of each stack")
    start = Choice("small", ("small", "unit"), help="size of fresh embeddings: 0.02 or 1")
    warm_up = Int(80, min=0, max=200, help="steps in which the third stack's rate grows")
    learning_rate = Float(0.003, min=1e-4, max=0.03, log=True, live=True, help="of Adam")
    steps = Int(165, min=3, max=2000, log=True, help="steps of 32 strings, for each stack")

    def run(self, stage):
        L, size = self.layers, 0.02 if self.start == "small" else 1
        nets = nn.ModuleList(Stack(L, size, before) for before in (True, False, False))
        for net in nets[1:]:
            net.load_state_dict(nets[0].state_dict())  # the same weights to begin with
        nets.to(stage.device)
        optimizers = [torch.optim.Adam(net.parameters(), lr=self.learning_rate) for net in nets]
        x_new = torch.randint(V, (60, N)).to(stage.device)

        def losses(x):
            return [cross_entropy(net(x)[0].transpose(1, 2), x.flip(1)) for net in nets]

        def likeness(net):
            """The mean cosine of two tokens of a string, after each block: [L + 1]."""
            h = torch.stack(net(x_new[:20])[1])  # [L + 1, 20, N, D]
            u = h / h.norm(dim=3, keepdim=True)
            return ((u @ u.mT).sum(dim=(2, 3)) - N).mean(dim=1) / (N * (N - 1))

        with stage.probe(nets):
            fresh = [likeness(net) for net in nets[:2]]

        @stage.look(30, nets)
        def look():
            now = losses(x_new)
            stage.headline(
                f"loss: norm before {now[0]:.2f}, after {now[1]:.2f}, "
                f"after with a warm-up {now[2]:.2f}"
            )
            alike = [likeness(net) for net in nets]
            drawn = dict(zip(ARMS, alike, strict=True)) | {"untrained": fresh[1]}
            stage.plot("likeness", range(L + 1), drawn)

        stage.axes("likeness", x="blocks", y="mean cosine", lines={"all the same": 1})
        stage.axes("loss", y="nats", lines={"one guess for all": torch.tensor(V).log()})
        for step in stage.loop(self.steps):
            x = torch.randint(V, (32, N), device="cpu").to(stage.device)
            each = losses(x)
            nets.zero_grad()
            sum(each).backward()
            warmth = 1, 1, min(1, (step + 1) / max(1, self.warm_up))
            for net, optimizer, warm in zip(nets, optimizers, warmth, strict=True):
                nn.utils.clip_grad_norm_(net.parameters(), 1)
                optimizer.param_groups[0]["lr"] = self.learning_rate * warm
                optimizer.step()
            stage.curve("loss", dict(zip(ARMS, each, strict=True)))

        with stage.probe(nets):
            before, after, warmed = losses(x_new)
            stage.claim("fresh_alike", min(each[-1] for each in fresh), above=0.8)
            stage.claim("before_learns", before, below=0.1)
            stage.claim("after_is_stuck", after, above=1.8)
            stage.claim("warm_up_cures", warmed, below=0.3)


class Block(nn.Module):
    """Attention with H heads, then two layers with a ReLU; norms before them, or after the sums."""

    def __init__(self, before):
        super().__init__()
        self.before = before
        self.norms = nn.ModuleList(nn.LayerNorm(D) for _ in range(2))
        self.project, self.output = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.two = nn.Sequential(nn.Linear(D, 2 * D), nn.ReLU(), nn.Linear(2 * D, D))

    def attention(self, h):  # [B, N, D]
        cut = self.project(h).unflatten(2, (3, H, D // H)).permute(2, 0, 3, 1, 4)
        Q, K, V_h = cut  # [B, H, N, D / H] each
        α = (Q @ K.mT / Q.shape[3] ** 0.5).softmax(dim=3)
        return self.output((α @ V_h).transpose(1, 2).flatten(2))

    def forward(self, h):
        for norm, layer in zip(self.norms, (self.attention, self.two), strict=True):
            h = h + layer(norm(h)) if self.before else norm(h + layer(h))
        return h


class Stack(nn.Module):
    """Symbols and places, L blocks, an answer at each place."""

    def __init__(self, L, size, before):
        super().__init__()
        self.symbol = nn.Parameter(size * torch.randn(V, D))
        self.place = nn.Parameter(size * torch.randn(N, D))
        self.blocks = nn.ModuleList(Block(before) for _ in range(L))
        self.answer = nn.Linear(D, V)

    def forward(self, x):
        """Symbols [B, N] -> logits [B, N, V], and h before the first block and after each."""
        stream = [self.symbol[x] + self.place]
        for block in self.blocks:
            stream.append(block(stream[-1]))
        return self.answer(stream[-1]), stream
