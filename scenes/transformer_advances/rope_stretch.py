"""
# How is a model made to read further than it was trained?

A model with rotated queries and keys was trained on 32 letters. Beyond them its loss climbs: two
letters that are 50 apart stand at angles that it never met. Can one help it without training?

A head of width d has d/2 pairs of numbers, each turned at a speed of its own:

    θᵢ = base^(−2i/d),  i = 0 … d/2−1

with a base of 10,000. (Written out, the turning matrix is d/2 blocks of 2 × 2 and zeros elsewhere,
so one multiplies pairs, never matrices.) Within 32 letters the fastest pair goes round five times:
it has met all its angles. The slow ones have shown a small arc.

One way is to **squeeze**: count places in steps of 1/s, so that all lie between trained ones (Chen
et al., 2023). But then neighbours are 1/s apart, too, and the fast pairs, which tell neighbours
apart, are wrong everywhere, in short texts as well. Squeezing is made for training on.

The other is to **raise the base** (2023, called NTK-aware):

    base' = base · s^(d/(d−2))

The fastest pair keeps its speed, the slowest becomes s times slower, the others lie between. Near
letters look as before.

Don't take s for the reach. Pairs in the middle are slowed by less than s, and meet new angles
before. Here 16 reaches not quite three times the trained length. And slowing costs a bit in short
texts, the more the larger s is.

## Tomorrow

Without training, raise the base, by more than the ratio of lengths; then check long *and* short
texts. With some steps of training squeezing serves as well.
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import File, Float, Int, Scene, Try
from dlplay.data import text as text_of
from dlplay.data import windows
from dlplay.nn.counting import numbered

D, H, L, T, FAR = 64, 4, 2, 32, 160  # width, heads, blocks, letters in training and in long texts
d, GROUP = D // H, 8  # width of a head, letters of a point in the lead
WAYS = ("plain", "squeezed", "raised base")


class RopeStretch(Scene):
    covers = ("RoPE — Rotation Matrix for Higher Dimensions",)
    panels = {
        "loss by place": "one trained model, angles changed afterwards; lower is better",
        "turns": "of each pair, in training and up to your place; above met: new angles",
        "short texts": "loss with as many letters as in training; lower is better",
    }
    claims = {
        "climbs": "places 33 to 96, plain: over 0.25 nats worse than the same letters cut short",
        "reaches": "with a base raised by your stretch, 16 at first, less than 0.18 nats worse",
        "squeezed": "in texts of 32 letters places squeezed by as much cost over 0.35 nats",
        "short": "there the raised base costs less than 0.1 nats",
    }
    tries = (
        Try(
            "stretch=4",
            "Both are stretched by four. How far does the raised base carry?",
            ("four times the trained length", "about twice", "not at all"),
            right=2,
            breaks="reaches",
            keeps=("climbs", "short"),
            why="Only the slowest pair becomes four times slower. Those in the middle are slowed "
            "by less and come to angles that they never met.",
        ),
        Try(
            "stretch=512",
            "The base is raised by much more. What does that do?",
            ("it reaches further, at no cost", "it reaches further, all texts are worse",
             "nothing is read any more"),
            right=2,
            breaks=("reaches", "short"),
            keeps="climbs",
            why="Middle pairs now turn too slowly to tell what they told. Each letter more is "
            "paid for by the near ones.",
        ),
    )  # fmt: skip
    quick = {"steps": 6}

    stretch = Float(16, min=1, max=4096, log=True, live=True, help="s, of both ways")
    place = Int(96, min=1, max=160, live=True, help="up to where turns are counted")
    base = Float(1e4, min=10, max=1e7, log=True, help="of the rotation, in training")
    book = File("shakespeare", kind="text", help="what it reads; your own: a tenth is held out")
    steps = Int(200, min=5, max=3000, log=True, help="steps of 24 texts")

    def run(self, stage):
        symbols, ids = numbered(text_of(self.book, least=15_000)[:400_000])
        ids = ids.to(stage.device)
        known, unseen = ids[: len(ids) * 9 // 10], ids[len(ids) * 9 // 10 :]
        model = GPT(len(symbols)).to(stage.device)
        adam = torch.optim.AdamW(model.parameters())

        x_new, y_new = windows(unseen, 80, FAR)
        # Letters 33 to 96 of these once more, cut into texts as long as in training
        x_cut, y_cut = (each[:, T : 3 * T].reshape(-1, T) for each in (x_new, y_new))

        def speeds(way):
            """Radians a place of each pair [d/2]."""
            s, pairs = self.stretch, torch.arange(0, d, 2, device=stage.device)
            raised = s ** (d / (d - 2)) if way == "raised base" else 1
            theta = (self.base * raised) ** (-pairs / d)
            return theta / s if way == "squeezed" else theta

        def by_place(way, x=x_new, y=y_new):
            scores = model(x, speeds(way)).transpose(1, 2)
            return cross_entropy(scores, y, reduction="none").mean(dim=0).cpu()

        mark = {"training ends": T}
        stage.axes("loss by place", x="place", y="nats", verticals=mark)
        stage.axes("turns", x="pair, the fastest first", y="turns", log="y")

        @stage.look(50, model)
        def look():
            losses = {way: by_place(way) for way in WAYS}
            smooth = {way: each.view(-1, GROUP).mean(dim=1) for way, each in losses.items()}
            stage.plot("loss by place", range(GROUP // 2, FAR, GROUP), smooth)
            turns = {way: speeds(way) * self.place / (2 * math.pi) for way in WAYS}
            met = {"met in training": speeds("plain") * T / (2 * math.pi)}
            stage.plot("turns", range(1, d // 2 + 1), met | {w: turns[w] for w in WAYS[::2]})
            short = [by_place(way, x_cut, y_cut).mean() for way in WAYS]
            stage.bars("short texts", WAYS, short, unit="nats")
            far = ", ".join(f"{way} {losses[way][T : 3 * T].mean():.2f}" for way in WAYS)
            stage.headline(f"loss at places 33 to 96: {far}")

        for step in stage.loop(self.steps):
            fall = 0.1 + 0.45 * (1 + math.cos(math.pi * step / self.steps))
            adam.param_groups[0]["lr"] = 0.008 * min(1, (step + 1) / (self.steps / 8)) * fall
            x, y = windows(known, 24, T)
            loss = cross_entropy(model(x, speeds("plain")).flatten(0, 1), y.flatten())
            adam.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            adam.step()

        with stage.probe(model):
            far = {way: by_place(way)[T : 3 * T].mean() for way in WAYS}
            short = {way: by_place(way, x_cut, y_cut).mean() for way in WAYS}
            stage.claim("climbs", far["plain"] - short["plain"], above=0.25)
            stage.claim("reaches", far["raised base"] - short["plain"], below=0.18)
            stage.claim("squeezed", short["squeezed"] - short["plain"], above=0.35)
            stage.claim("short", short["raised base"] - short["plain"], below=0.1)


class GPT(nn.Module):
    """A GPT whose queries and keys are turned at speeds that are given with each call."""

    def __init__(self, kinds):
        super().__init__()
        self.embed = nn.Embedding(kinds, D)
        self.norms = nn.ModuleList(nn.LayerNorm(D) for _ in range(2 * L + 1))
        self.project = nn.ModuleList(nn.Linear(D, 3 * D, bias=False) for _ in range(L))
        self.output = nn.ModuleList(nn.Linear(D, D) for _ in range(L))
        self.wide = nn.ModuleList(nn.Linear(D, 4 * D) for _ in range(L))
        self.narrow = nn.ModuleList(nn.Linear(4 * D, D) for _ in range(L))
        self.head = nn.Linear(D, kinds, bias=False)

    def forward(self, x, speed):
        """Letters [B, N], radians a place of each pair [d/2] -> scores [B, N, kinds]."""
        N = x.shape[1]
        a = torch.arange(N, device=x.device)[:, None] * speed  # [N, d/2]
        h = self.embed(x)
        for b in range(L):
            parts = self.project[b](self.norms[2 * b](h)).view(*x.shape, 3, H, d)
            q, k, v = parts.permute(2, 0, 3, 1, 4)
            s = turn(q, a) @ turn(k, a).mT / math.sqrt(d)
            s = s.masked_fill(s.new_ones(N, N).triu(1) == 1, -math.inf)
            h = h + self.output[b]((s.softmax(dim=3) @ v).transpose(1, 2).flatten(2))
            h = h + self.narrow[b](self.wide[b](self.norms[2 * b + 1](h)).relu())
        return self.head(self.norms[-1](h))


def turn(x, a):
    """Pairs of numbers [..., N, d], each turned by its angle [N, d/2]."""
    u, v = x[..., 0::2], x[..., 1::2]
    return torch.stack([u * a.cos() - v * a.sin(), u * a.sin() + v * a.cos()], -1).flatten(-2)
