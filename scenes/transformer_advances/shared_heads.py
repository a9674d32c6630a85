"""
# How many keys does each head need of its own?

The cache of a model that writes holds a key and a value for every head. All heads ask different
questions. Must they also look at different keys?

Let several heads share one key and one value, and only the queries stay apart:

    MHA  H keys a token, one a head
    GQA  G keys, H/G heads share one
    MQA  one key for all heads

H is the number of heads, G that of groups. The cache shrinks by H/G. (MQA: Shazeer, 2019; GQA:
Ainslie et al., 2023.) A model can be trained so from the beginning. Or you take a trained one and
change it: average the matrices W_K and W_V of the heads of a group, then train on for a little.

Here a GPT of characters is trained with four heads, and then cut to G groups in three ways: by
averages, by taking each group's first head, by matrices drawn at random. Then all three train on,
and so does the uncut model, since more training helps it, too. The cut hurts at once: each head has
learned to ask for its own keys. A few steps repair most of it. What starts at random has to learn
again what keys are for, and shows what the averages brought along.

With several accelerators keys can be spread over them, a head here, a head there. One key for all
can't be spread: each accelerator keeps a copy. With G as large as their number nothing is copied,
which is why 8 groups are so common.

## Tomorrow

Read the number of key-value heads in a model's configuration before you compute its cache: heads
without further words are those of the queries. If you cut a model, average, and train on for a
twentieth of its steps.
"""

import copy
import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, File, Int, Scene, Try
from dlplay.data import text as text_of
from dlplay.data import windows
from dlplay.nn.counting import numbered

D, H, L, T = 64, 4, 2, 48  # width, heads, blocks, tokens of a window
d = D // H
UNCUT, WAYS = "uncut", ("average", "first head", "random")
BIG = {"MHA, 64": 64, "GQA, 8": 8, "MQA, 1": 1}  # keys a token of a model with 64 heads of 128


class SharedHeads(Scene):
    covers = ("Multi-Query Attention (MQA)", "Grouped-Query Attention (GQA)")
    panels = {
        "after the cut": "loss on unseen text while all train on; how the shared keys were made",
        "before": "loss of the uncut model on unseen text; lower is better",
        "cache": "numbers a token and block on each accelerator, by the keys of a model",
    }
    claims = {
        "learned": "with all its heads the model is below 2.4 nats (counts of pairs: 2.49)",
        "hurts": "sharing averages costs over 0.3 nats at once",
        "repaired": "trained on, it is within 0.11 nats of the uncut model, trained as much",
        "carried": "after as many steps random keys are over 0.12 nats worse than averages",
    }
    tries = (
        Try(
            "groups=1",
            "One key for all four heads. Is the loss repaired as well?",
            ("as well", "mostly, less well than with two", "not at all"),
            right=2,
            breaks="repaired",
            keeps=("hurts", "carried"),
            why="One average of four heads is near none of them. The queries have to learn to ask "
            "the same key for different things.",
        ),
        Try(
            "groups=4",
            "Each head is a group of its own. What does the cut cost?",
            ("nothing", "less than with two", "as much: the matrices are new"),
            right=1,
            breaks="hurts",
            keeps=("repaired", "carried"),
            why="The average of one head is that head. Sharing is a scale with ordinary attention "
            "at one end.",
        ),
        Try(
            "extra=5",
            "Five steps after the cut, not forty. Where are averages and random keys?",
            ("both where they end", "averages nearly repaired, random far off", "both far off"),
            right=3,
            breaks="repaired",
            keeps=("hurts", "carried"),
            why="Repair is fast, but it is learning: queries, keys and what reads them have to "
            "move towards each other.",
        ),
    )
    quick = {"steps": 6, "extra": 4}

    groups = Choice("2", ("4", "2", "1"), help="G, keys that the four heads share")
    extra = Int(40, min=4, max=400, log=True, help="steps after the cut")
    accelerators = Int(1, min=1, max=64, log=True, live=True, help="over which heads are spread")
    book = File("shakespeare", kind="text", help="what it reads; your own: a tenth is held out")
    steps = Int(200, min=5, max=3000, log=True, help="steps before the cut, of 24 windows")

    def run(self, stage):
        symbols, ids = numbered(text_of(self.book, least=15_000)[:400_000])
        ids = ids.to(stage.device)
        known, unseen = ids[: len(ids) * 9 // 10], ids[len(ids) * 9 // 10 :]

        def surprise(model, x, y):
            return cross_entropy(model(x).flatten(0, 1), y.flatten())

        def trained(models, rate, phase, total):
            """Steps of several models on the same windows."""
            adam = torch.optim.AdamW([p for model in models for p in model.parameters()])
            for step in stage.loop(total, phase):
                fall = 0.1 + 0.45 * (1 + math.cos(math.pi * step / total))
                adam.param_groups[0]["lr"] = rate * min(1, (step + 1) / (total / 8)) * fall
                x, y = windows(known, 24, T)
                adam.zero_grad()
                for model in models:
                    surprise(model, x, y).backward()
                    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                adam.step()
                yield step + 1

        new = windows(unseen, 100, T)
        models = {UNCUT: GPT(len(symbols)).to(stage.device)}

        @stage.look(20)
        def look():
            losses = {name: surprise(model, *new).item() for name, model in models.items()}
            if len(models) == 1:
                stage.curve("before", losses)
                stage.headline(f"before the cut: {losses[UNCUT]:.2f} nats a character")
            else:
                stage.headline(
                    f"loss: uncut {losses[UNCUT]:.2f}, averages {losses['average']:.2f}, "
                    f"random keys {losses['random']:.2f}"
                )
            kept = [2 * 128 * max(1, keys / self.accelerators) for keys in BIG.values()]
            stage.bars("cache", list(BIG), kept)

        for _ in trained([models[UNCUT]], 0.008, "before the cut", self.steps):
            pass
        with stage.probe():
            whole = surprise(models[UNCUT], *new)
        for way in WAYS:
            models[way] = copy.deepcopy(models[UNCUT])
            models[way].share(int(self.groups), way)
        with stage.probe():
            cut = surprise(models["average"], *new)

        stage.axes("after the cut", x="steps after the cut", y="nats", lines={"before": whole})

        def drawn(step):
            with stage.probe():
                losses = {name: surprise(model, *new) for name, model in models.items()}
            stage.curve("after the cut", losses, x=step)

        drawn(0)
        for step in trained(models.values(), 0.003, "after the cut", self.extra):
            if step % max(1, self.extra // 10) == 0:
                drawn(step)

        with stage.probe():
            ends = {name: surprise(model, *new) for name, model in models.items()}
            stage.claim("learned", whole, below=2.4)
            stage.claim("hurts", cut - whole, above=0.3)
            stage.claim("repaired", ends["average"] - ends[UNCUT], below=0.11)
            stage.claim("carried", ends["random"] - ends["average"], above=0.12)


class GPT(nn.Module):
    """A GPT with H heads of queries and, in each block, as many keys and values as W_KV has."""

    def __init__(self, kinds):
        super().__init__()
        self.embed = nn.Embedding(kinds, D)
        nn.init.normal_(self.embed.weight, std=0.02)
        self.norms = nn.ModuleList(nn.LayerNorm(D) for _ in range(2 * L + 1))
        self.W_Q = nn.ModuleList(nn.Linear(D, D, bias=False) for _ in range(L))
        self.W_KV = nn.ParameterList(drawn_matrices(H) for _ in range(L))  # [2, G, D, d] each
        self.output = nn.ModuleList(nn.Linear(D, D) for _ in range(L))
        self.wide = nn.ModuleList(nn.Linear(D, 4 * D) for _ in range(L))
        self.narrow = nn.ModuleList(nn.Linear(4 * D, D) for _ in range(L))
        self.head = nn.Linear(D, kinds, bias=False)
        speed = 10_000.0 ** (-torch.arange(0, d, 2) / d)
        self.register_buffer("angle", torch.arange(T)[:, None] * speed)  # [T, d/2]

    def share(self, groups, way):
        """From now on the heads of a group have one key and one value."""
        for b in range(L):
            heads = self.W_KV[b].detach().unflatten(1, (groups, -1))  # [2, G, H/G, D, d]
            made = heads.mean(dim=2) if way == "average" else heads[:, :, 0].clone()
            if way == "random":
                made = drawn_matrices(groups).to(made.device)
            self.W_KV[b] = nn.Parameter(made)

    def forward(self, x):
        """Tokens [B, T] -> scores [B, T, kinds]."""
        h = self.embed(x)
        for b in range(L):
            z = self.norms[2 * b](h)
            q = self.W_Q[b](z).unflatten(2, (H, d)).transpose(1, 2)  # [B, H, T, d]
            k, v = z[:, None] @ self.W_KV[b][:, None]  # [B, G, T, d]
            k, v = (each.repeat_interleave(H // each.shape[1], dim=1) for each in (k, v))
            s = self.turn(q) @ self.turn(k).mT / math.sqrt(d)
            s = s.masked_fill(s.new_ones(T, T).triu(1) == 1, -math.inf)
            h = h + self.output[b]((s.softmax(dim=3) @ v).transpose(1, 2).flatten(2))
            h = h + self.narrow[b](self.wide[b](self.norms[2 * b + 1](h)).relu())
        return self.head(self.norms[-1](h))

    def turn(self, x):
        """Pairs of numbers [..., T, d] turned by their places (RoPE)."""
        u, v, a = x[..., 0::2], x[..., 1::2], self.angle
        return torch.stack([u * a.cos() - v * a.sin(), u * a.sin() + v * a.cos()], -1).flatten(-2)


def drawn_matrices(groups):
    return nn.Parameter((2 * torch.rand(2, groups, D, d, device="cpu") - 1) / D**0.5)
