"""
# Can a cache hold a sketch of all keys?

While a model writes, it keeps a key and a value for each token, head and block. All heads' keys and
values of a token come from one vector, by matrices. So they are less than they seem: if you know a
few numbers well chosen, you know nearly all of them.

**Latent attention** (MLA, DeepSeek-V2, 2024) keeps only those, a sketch c of each token, and makes
keys and values from it when they are needed:

    c = x W_D        is kept
    k = c W_K        for each head
    v = c W_V        for each head

x is the token's vector, W_D has few columns. Making keys anew for all old tokens would be work. But
a score needs no key, if you move its matrix to the query:

    q · (c W_K) = (q W_Kᵀ) · c

Now queries meet sketches directly. Only, *nothing may stand between*: a rotation of the key by its
place does, as it differs from token to token. And turned keys fill more directions, so a sketch of
them is poor: see the orange curve. MLA therefore keeps a few turned numbers apart, one small key
for all heads, and sketches the rest unturned: *decoupled* RoPE.

Here a GPT of characters is trained in the usual way. Then its cache is replaced, without training
any further: by the sketch that keeps most of the variance (W_D from principal components), by such
a sketch of turned keys, by keys and values averaged over heads. Real models train with the sketch
from the beginning and reach more: DeepSeek-V2 keeps 576 numbers in place of 32,768, and reports
scores above those of ordinary attention in seven of eight comparisons.

## Tomorrow

Compare kinds of attention by numbers kept a token *and* by loss. Before you compress a cache, look
at the spectrum of its keys, before and after positions are put in.
"""

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import File, Float, Int, Scene, Try
from dlplay.data import text as text_of
from dlplay.data import windows
from dlplay.nn.counting import numbered

D, H, L, T = 64, 4, 2, 48  # width, heads, blocks, tokens of a window
d, FULL = D // H, 2 * D  # numbers of a head; kept of each token in each block
SIZES = (2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)


class LatentCache(Scene):
    covers = (
        "Multi-Head Latent Attention (MLA)",
        "MLA — Decoupled RoPE",
        "Performance of MLA",
    )
    panels = {
        "loss with a small cache": "of unseen text, by the numbers kept of a token",
        "not in the sketch": "share of the variance of keys and values that is lost, by its size",
    }
    claims = {
        "learned": "with all 128 numbers the loss on unseen text is below 2.4 (pairs: 2.49)",
        "enough": "a sketch of your size, 12 at first, costs less than 0.12 nats more",
        "turned": "one of turned keys, as large, costs over 0.1 nats more than that",
        "means": "keys and values averaged over all heads, 32 numbers, cost over 0.5 nats more",
    }
    tries = (
        Try(
            "sketch=4",
            "Four numbers of 128 are kept. What does that cost?",
            ("nothing that matters", "some tenths of a nat", "all that was learned"),
            right=2,
            breaks="enough",
            keeps=("learned", "turned"),
            why="Each number more keeps another direction of keys and values, the most useful "
            "first. Four keep about half of their variance.",
        ),
        Try(
            "sketch=32",
            "32 numbers are kept. What does a sketch of turned keys cost now?",
            ("next to nothing", "as much as with 12", "more: there is more to turn"),
            right=1,
            breaks="turned",
            keeps=("learned", "enough"),
            why="Turning spreads the keys over more directions, not over all: slow hands hardly "
            "move within 48 places. It wants about twice the numbers here.",
        ),
        Try(
            "base=1e12",
            "All hands but the fastest nearly stand still. Is a sketch of turned keys as poor?",
            ("yes: turned is turned", "no, better", "worse"),
            right=2,
            keeps=("learned", "enough"),
            why="It is the turning from place to place that needs room. What hardly turns stays "
            "in its directions. But then places are hardly told, either.",
        ),
    )
    quick = {"steps": 6}

    sketch = Int(12, min=1, max=128, log=True, live=True, help="numbers kept of each token")
    base = Float(1e4, min=10, max=1e12, log=True, help="of the rotation; large: slow hands")
    rate = Float(0.008, min=1e-4, max=0.1, log=True, live=True, help="of AdamW, at the top")
    book = File("shakespeare", kind="text", help="what it reads; your own: a tenth is held out")
    steps = Int(200, min=5, max=3000, log=True, help="steps of 24 windows")

    def run(self, stage):
        symbols, ids = numbered(text_of(self.book, least=15_000)[:400_000])
        ids = ids.to(stage.device)
        model = GPT(len(symbols), self.base).to(stage.device)
        adam = torch.optim.AdamW(model.parameters(), lr=self.rate)

        known, unseen = ids[: len(ids) * 9 // 10], ids[len(ids) * 9 // 10 :]
        x_new, y_new = windows(unseen, 100, T)
        x_old, _ = windows(known, 100, T)

        def usual(b, k, v):
            return model.turn(k), v  # [B, H, T, d] both

        def loss_with(kept=usual):
            return cross_entropy(model(x_new, kept).flatten(0, 1), y_new.flatten()).item()

        def directions():
            """Mean and principal directions of each block's keys and values, unturned and turned,
            and the share of variance beyond each number of them."""
            seen = []
            model(x_old, lambda b, k, v: seen.append((k, v)) or (model.turn(k), v))
            found = {}
            for turned in (False, True):
                for b, (k, v) in enumerate(seen):
                    z = side_by_side(model.turn(k) if turned else k, v)  # [tokens, FULL]
                    mean = z.mean(dim=0)
                    covariance = (z - mean).T @ (z - mean)
                    value, vectors = torch.linalg.eigh(covariance)  # the smallest first
                    left = value.clamp(min=0).cumsum(0).flip(0) / value.sum()
                    found[turned, b] = mean, vectors.flip(1), left
            return found

        def sketched(size, turned, found):
            """Keys and values as made again from a sketch of this size."""

            def kept(b, k, v):
                mean, vectors, _ = found[turned, b]
                W_D = vectors[:, :size]  # [FULL, size]; its transpose makes them again
                c = (side_by_side(model.turn(k) if turned else k, v) - mean) @ W_D
                k, v = apart(c @ W_D.T + mean, len(k))
                return (k if turned else model.turn(k)), v

            return loss_with(kept)

        def averaged():
            def kept(b, k, v):
                return tuple(z.mean(dim=1, keepdim=True).expand_as(z) for z in (model.turn(k), v))

            return loss_with(kept)

        @stage.look(25, model)
        def look():
            found, whole = directions(), loss_with()
            ways = {
                "sketch": [sketched(size, False, found) for size in SIZES],
                "sketch of turned keys": [sketched(size, True, found) for size in SIZES],
            }
            lines = {"all 128 numbers": whole, "mean of heads": averaged()}
            stage.axes("loss with a small cache", x="numbers kept", y="nats", log="x",
                       lines=lines, verticals={"yours": self.sketch})  # fmt: skip
            stage.plot("loss with a small cache", SIZES, ways)
            lost = {name: sum(found[turned, b][2] for b in range(L)) / L
                    for turned, name in enumerate(ways)}  # fmt: skip
            stage.axes("not in the sketch", x="numbers kept", y="share", log="x")
            stage.plot("not in the sketch", SIZES, {
                name: [each[size].item() if size < FULL else 0.0 for size in SIZES]
                for name, each in lost.items()
            })  # fmt: skip
            here, there = (sketched(self.sketch, turned, found) for turned in (False, True))
            stage.headline(
                f"loss {whole:.2f} with 128 numbers kept, {here:.2f} with {self.sketch}, "
                f"{there:.2f} if turned before"
            )

        for step in stage.loop(self.steps):
            fall = 0.1 + 0.45 * (1 + math.cos(math.pi * step / self.steps))
            adam.param_groups[0]["lr"] = self.rate * min(1, (step + 1) / 30) * fall
            x, y = windows(known, 24, T)
            loss = cross_entropy(model(x, usual).flatten(0, 1), y.flatten())
            adam.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            adam.step()

        with stage.probe(model):
            found, whole = directions(), loss_with()
            flat, turned = (sketched(self.sketch, way, found) for way in (False, True))
            stage.claim("learned", whole, below=2.4)
            stage.claim("enough", flat - whole, below=0.12)
            stage.claim("turned", turned - flat, above=0.1)
            stage.claim("means", averaged() - whole, above=0.5)


class GPT(nn.Module):
    """A GPT whose keys and values can be looked at, and changed, on their way."""

    def __init__(self, kinds, base):
        super().__init__()
        self.embed = nn.Embedding(kinds, D)
        nn.init.normal_(self.embed.weight, std=0.02)
        self.norms = nn.ModuleList(nn.LayerNorm(D) for _ in range(2 * L + 1))
        self.project = nn.ModuleList(nn.Linear(D, 3 * D, bias=False) for _ in range(L))
        self.output = nn.ModuleList(nn.Linear(D, D) for _ in range(L))
        self.wide = nn.ModuleList(nn.Linear(D, 4 * D) for _ in range(L))
        self.narrow = nn.ModuleList(nn.Linear(4 * D, D) for _ in range(L))
        self.head = nn.Linear(D, kinds, bias=False)
        speed = base ** (-torch.arange(0, d, 2) / d)
        self.register_buffer("angle", torch.arange(T)[:, None] * speed)  # [T, d/2]

    def turn(self, x):
        """Pairs of numbers [..., T, d] turned by their places (RoPE)."""
        u, v, a = x[..., 0::2], x[..., 1::2], self.angle
        return torch.stack([u * a.cos() - v * a.sin(), u * a.sin() + v * a.cos()], -1).flatten(-2)

    def forward(self, x, kept):
        """Tokens [B, T] -> scores [B, T, kinds]; kept(block, k, v): those that are looked at."""
        h = self.embed(x)
        for b in range(L):
            parts = self.project[b](self.norms[2 * b](h)).view(*x.shape, 3, H, d)
            q, k, v = parts.permute(2, 0, 3, 1, 4)
            k, v = kept(b, k, v)
            s = self.turn(q) @ k.mT / math.sqrt(d)
            s = s.masked_fill(s.new_ones(T, T).triu(1) == 1, -math.inf)
            h = h + self.output[b]((s.softmax(dim=3) @ v).transpose(1, 2).flatten(2))
            h = h + self.narrow[b](self.wide[b](self.norms[2 * b + 1](h)).relu())
        return self.head(self.norms[-1](h))


def side_by_side(k, v):
    """Keys and values [B, H, T, d] of all heads, a row for each token [B · T, FULL]."""
    return torch.cat([z.transpose(1, 2).reshape(-1, D) for z in (k, v)], dim=1)


def apart(z, B):
    """And back."""
    return (part.reshape(B, T, H, d).transpose(1, 2) for part in z.split(D, dim=1))
