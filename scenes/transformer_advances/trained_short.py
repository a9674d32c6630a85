"""
# What happens past the length of training?

A model was trained on 32 letters at a time. Then it is given 256. Nothing in its matrices depends
on length. Only its way to tell places does.

The old way **adds** a vector for each place to the letters, sines and cosines of it. From place 33
on these are sums that no weight has ever met.

A **relative** way leaves letters alone and tells scores how far apart two of them are:

    s = q · k / √d + b(m − n)

m and n are the places of query q and key k, d is the width of a head. In **T5** (2019) b is
learned: for each head a number for each distance up to 15, then for wider and wider ranges of them,
the last for all that is beyond. In **ALiBi** (2021) b is fixed, a penalty, with a slope c for each
head. What is farther than ever counts less than ever:

    b = −c (m − n),  c = 1/4, 1/16, …

Behind the mark places added climb above what counting pairs of letters gives; the penalty stays
where it was. Now let both see their last 32 letters only (`window`). No *distance* is new then, but
of the added vectors *places* still are.

Is what is relative good for any length? A rotation (the next page) tells distances alone, and is
lost beyond the mark: distances that it never met are as new to it as places. With a window it is
sound again.

Flat doesn't mean that far text is used. The penalty loses nothing here if 32 letters are seen.

## Tomorrow

Plot loss by place beyond the training length before you promise a length. If it climbs, try a
window: it tells whether places or distances are the trouble. If it is flat, try one, too: it tells
whether the far text is used.
"""

import math
from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, File, Float, Int, Scene, Try
from dlplay.data import text as text_of
from dlplay.data import windows
from dlplay.nn.counting import numbered

D, H, L, FAR = 64, 4, 2, 256  # width, heads, blocks, letters of a long text
d, GROUP = D // H, 16  # width of a head, letters of a point in the lead
WAYS = ("places added", "distances told")
BACK = {"0–3": 0, "4–15": 4, "16–31": 16, "32–63": 32, "64 on": 64}


class TrainedShort(Scene):
    covers = (
        "Advancing Positional Embeddings",
        "Absolute Positional Encoding (Recap)",
        "Relative Positional Embedding (T5)",
    )
    panels = {
        "loss by place": "of unseen text, mean of 16 letters; lower is better",
        "looked at": "from your place: share of attention by letters back",
        "told to scores": "what is added to a score, by letters back, in each head",
    }
    claims = {
        "learned": "in texts as long as in training both are over 0.1 nats better than pairs",
        "climbs": "beyond it places added cost over 0.25 nats more than the same letters cut short",
        "flat": "distances told by a penalty change by −0.07 to 0.06 nats there",
        "places": "with a window as long as in training places added still cost over 0.17 nats",
    }
    tries = (
        Try(
            "told=rotation",
            "Queries and keys are turned: only distances count. And the loss beyond the mark?",
            ("it stays flat", "it climbs, but less", "it climbs at least as much"),
            right=3,
            breaks="flat",
            keeps=("learned", "climbs"),
            why="Distances beyond 31 are as new as places are, and nothing makes far letters count "
            "less. Turn `window` to 32: no distance is new, and it is flat again.",
        ),
        Try(
            "told=buckets",
            "A number for each range of distances is learned, as in T5. Beyond the mark?",
            ("flat", "slowly worse", "as bad as places added"),
            right=2,
            breaks="flat",
            keeps=("learned", "climbs"),
            why="Numbers of distances that never came up stay at zero: nothing makes far letters "
            "count less, and there are more and more of them.",
        ),
        Try(
            "window=32",
            "Both see their last 32 letters only. Which curve comes down to where it was?",
            ("that of places added", "neither: one was never up, one stays up", "both"),
            right=2,
            keeps=("climbs", "flat", "places"),
            why="All distances are known now. But the vectors added at place 200 still are sums "
            "that no weight has met.",
        ),
        Try(
            "slope=0",
            "Nothing is told of places or distances at all. How does this model read?",
            ("it guesses", "as with the penalty", "worse, yet far on better than places added"),
            right=3,
            breaks="flat",
            keeps=("climbs", "places"),
            why="A letter sees only what came before, so some order is told. Without any penalty "
            "the many far letters blur what is near.",
        ),
    )  # fmt: skip
    quick = {"steps": 6}

    told = Choice("penalty", ("penalty", "buckets", "rotation"), help="how distances are told")
    slope = Float(1, min=0, max=16, help="factor of all penalties c; 0: none")
    trained = Int(32, min=8, max=128, log=True, help="letters of a training text")
    window = Int(256, min=1, max=256, log=True, live=True, help="letters that both see, at most")
    place = Int(200, min=1, max=256, log=True, live=True, help="from where attention is shown")
    book = File("shakespeare", kind="text", help="what it reads; your own: a tenth is held out")
    steps = Int(200, min=5, max=3000, log=True, help="steps of 24 texts, for each model")

    def run(self, stage):
        symbols, ids = numbered(text_of(self.book, least=15_000)[:400_000])
        ids = ids.to(stage.device)
        known, unseen = ids[: len(ids) * 9 // 10], ids[len(ids) * 9 // 10 :]
        kinds, T = len(symbols), self.trained
        nets = [GPT(kinds, way, self.slope) for way in ("waves", self.told)]
        nets = nn.ModuleDict(zip(WAYS, nets, strict=True)).to(stage.device)
        adam = torch.optim.AdamW(nets.parameters())

        def surprise(scores, y):
            return cross_entropy(scores.flatten(0, 1), y.flatten(), reduction="none").view_as(y)

        x_new, y_new = windows(unseen, 40, FAR)
        counts = torch.full((kinds, kinds), 0.1)
        counts.index_put_((known[:-1].cpu(), known[1:].cpu()), torch.tensor(1.0), accumulate=True)
        pairs = cross_entropy(counts.log()[x_new.cpu()].flatten(0, 1), y_new.cpu().flatten()).item()

        def by_place(name, window=FAR):
            return surprise(nets[name](x_new, window), y_new).mean(dim=0).cpu()  # [FAR]

        lines, marks = {"pairs counted": pairs}, {"training ends": T}
        stage.axes("loss by place", x="place", y="nats", lines=lines, verticals=marks)
        stage.axes("told to scores", x="letters back", y="added")

        @stage.look(50, nets)
        def look():
            losses = {name: by_place(name, self.window) for name in WAYS}
            smooth = {name: each.view(-1, GROUP).mean(dim=1) for name, each in losses.items()}
            stage.plot("loss by place", range(GROUP // 2, FAR, GROUP), smooth)
            shares = {}
            for name in WAYS:
                maps = []
                nets[name](x_new[:10, : self.place], self.window, maps)
                seen = torch.stack(maps)[..., -1, :].mean(dim=(0, 1, 2)).flip(0).cpu()  # [place]
                shares[name] = [seen[a:b].sum().item() for a, b in pairwise([*BACK.values(), FAR])]
            stage.bars("looked at", list(BACK), shares)
            added = nets[WAYS[1]].bias(torch.arange(128, device=stage.device))  # [H, 128]
            stage.plot("told to scores", range(128), {f"head {h + 1}": added[h] for h in range(H)})
            far = [each[T:].mean() for each in losses.values()]
            told = f"places added {far[0]:.2f} nats, distances told {far[1]:.2f}"
            stage.headline(f"beyond the mark: {told}, pairs {pairs:.2f}")

        for step in stage.loop(self.steps):
            fall = 0.1 + 0.45 * (1 + math.cos(math.pi * step / self.steps))
            adam.param_groups[0]["lr"] = 0.008 * min(1, (step + 1) / (self.steps / 8)) * fall
            x, y = windows(known, 24, T)
            adam.zero_grad()
            for net in nets.values():
                cross_entropy(net(x).flatten(0, 1), y.flatten()).backward()
                nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            adam.step()

        with stage.probe(nets):
            whole = FAR // T * T  # the same letters, cut into texts as long as in training
            x, y = (each[:, :whole].reshape(-1, T) for each in (x_new, y_new))
            cut = {name: surprise(nets[name](x), y).mean().item() for name in WAYS}
            beyond = {name: by_place(name)[T:].mean().item() for name in WAYS}
            windowed = by_place(WAYS[0], T)[T:].mean().item()
            added, told = WAYS
            stage.claim("learned", pairs - max(cut.values()), above=0.1)
            stage.claim("climbs", beyond[added] - cut[added], above=0.25)
            stage.claim("flat", beyond[told] - cut[told], within=(-0.07, 0.06))
            stage.claim("places", windowed - cut[added], above=0.17)


class GPT(nn.Module):
    """A GPT that is told places by waves, or distances by a penalty, by buckets or by rotation."""

    def __init__(self, kinds, way, slope):
        super().__init__()
        self.way = way
        self.embed = nn.Embedding(kinds, D)
        self.norms = nn.ModuleList(nn.LayerNorm(D) for _ in range(2 * L + 1))
        self.project = nn.ModuleList(nn.Linear(D, 3 * D, bias=False) for _ in range(L))
        self.output = nn.ModuleList(nn.Linear(D, D) for _ in range(L))
        self.wide = nn.ModuleList(nn.Linear(D, 4 * D) for _ in range(L))
        self.narrow = nn.ModuleList(nn.Linear(4 * D, D) for _ in range(L))
        self.head = nn.Linear(D, kinds, bias=False)
        self.by_bucket = nn.Parameter(torch.zeros(H, 32), requires_grad=way == "buckets")
        self.register_buffer("slopes", slope * 4.0 ** -torch.arange(1, H + 1))  # [H]

    def bias(self, back):
        """What is added to a score, by letters back [...]: [H, ...]."""
        if self.way == "penalty":
            return -self.slopes.view(H, *[1] * back.ndim) * back
        if self.way == "buckets":  # 16 of one distance each, 16 that grow, up to 128
            grown = 16 + 16 * (back.clamp(min=1) / 16).log() / math.log(128 / 16)
            return self.by_bucket[:, torch.where(back < 16, back, grown.long().clamp(max=31))]
        return back.new_zeros(H, *back.shape).float()

    def forward(self, x, window=FAR, maps=None):
        """Letters [B, N] -> scores [B, N, kinds]; `maps` gets each block's attention."""
        places = torch.arange(x.shape[1], device=x.device)
        back = places[:, None] - places  # [N, N]
        bias = self.bias(back.clamp(min=0)).masked_fill((back < 0) | (back >= window), -math.inf)
        h = self.embed(x)
        if self.way == "waves":
            h = h + turn(h.new_tensor([1, 0] * (D // 2)).expand(len(places), D), places)
        for b in range(L):
            parts = self.project[b](self.norms[2 * b](h)).view(*x.shape, 3, H, d)
            q, k, v = parts.permute(2, 0, 3, 1, 4)
            if self.way == "rotation":
                q, k = (turn(each, places) for each in (q, k))
            weights = (q @ k.mT / math.sqrt(d) + bias).softmax(dim=3)  # [B, H, N, N]
            if maps is not None:
                maps.append(weights)
            h = h + self.output[b]((weights @ v).transpose(1, 2).flatten(2))
            h = h + self.narrow[b](self.wide[b](self.norms[2 * b + 1](h)).relu())
        return self.head(self.norms[-1](h))


def turn(x, places):
    """Pairs of numbers [..., N, width], each turned by an angle that grows with its place [N]."""
    width = x.shape[-1]
    a = places[:, None] * 10_000.0 ** (-torch.arange(0, width, 2, device=x.device) / width)
    u, v = x[..., 0::2], x[..., 1::2]
    return torch.stack([u * a.cos() - v * a.sin(), u * a.sin() + v * a.cos()], -1).flatten(-2)
