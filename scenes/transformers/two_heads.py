"""
# What can two heads do that one can't?

At each place of a string of symbols you want to know two things: the symbol one place back, and the
symbol three places back. One layer of attention looks, and a linear layer reads both answers from
what it brought.

**One head** has one set of weights over the places, so it brings one mean. To hear of both symbols
it gives each about half:

    z = ½ v(near) + ½ v(far)

That sum tells *which* two symbols were met, but hardly which of them stood where. See the bars:
for one of the answers, one head hesitates between the two. It is no lack of looking; both
diagonals are there. What it took was mixed into one vector.

**Two heads** cut the vectors of queries, keys and values in two halves. Each half has scores and
weights of its own, and so brings a mean of its own:

    zₕ = softmax(QₕKₕᵀ / √d) Vₕ
    z = [z₁ … z_H] W_O

H is the number of heads, d = D/H the numbers that each has, D the width of a token's vector; W_O
mixes what the heads bring. Now each head looks at one place, and the two symbols arrive side by
side. It costs nothing: both nets have the same number of weights, and here they even begin with the
same ones. Only the cut is different. Five nets of each kind learn, and you see the middle one: it
is chance that parts the heads, and seldom they stay alike for long.

One head "can't" only as long as what follows is linear. Two layers with a ReLU behind it tell the
mixture apart. So say: one head dilutes.

## Tomorrow

Heads cost no weights; what shrinks is d. Take d of 16 or more unless you measured otherwise. Don't
expect one job a head: with more heads than jobs they share.
"""

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Try

V, N, D = 10, 16, 32  # symbols, places, numbers of a token's vector
R = 5  # nets of each kind, which learn side by side
NEAR = 1  # places back
NETS = ("one head", "several heads")


class TwoHeads(Scene):
    covers = ("Multi-head Attention",)
    panels = {
        "looks at": "row: a place that answers; column: the place looked at; bright: much weight",
        "both right": "share of places with both symbols named; higher is better",
        "hard answer": "the answer that one head gets wrong: probability of the symbols",
    }
    claims = {
        "one_head_mixes": "one head names both symbols at under 0.35 of places (medians of 5 nets)",
        "half_each": "it gives each of the two places over 0.35 of its weight",
        "heads_apart": "with several heads both are right at 0.97 or more",
        "one_job_each": "each of these has over 0.85 of its weight on one place, both are covered",
    }
    tries = (
        Try(
            "feed_forward=yes",
            "Two layers with a ReLU follow the attention. How often does ONE head get both?",
            ("as seldom as before", "about half of the time", "nearly always"),
            right=3,
            breaks=("one_head_mixes", "half_each"),
            keeps="heads_apart",
            why="It learns unequal weights, so that the larger share tells which symbol is which, "
            "and the ReLU layers read that. One head dilutes; what follows may restore.",
        ),
        Try(
            "heads=8",
            "Eight heads with four numbers each. What do they do?",
            (
                "two do the work, six look anywhere",
                "all share the two jobs, each less sharply",
                "they are too small: many answers are wrong",
            ),
            right=2,
            breaks="one_job_each",
            keeps=("heads_apart", "one_head_mixes"),
            why="No head is told to keep out. Each brings a few of the numbers by which the "
            "symbols are known, and none needs to be sharp.",
        ),
        Try(
            "heads=32",
            "32 heads with one number each, and as many weights as ever. What do they get?",
            ("all, as before", "half or more of the places", "no more than one head"),
            right=2,
            breaks=("heads_apart", "one_job_each"),
            keeps="one_head_mixes",
            why="A query and a key of one number can hardly point at one place. Heads are free in "
            "weights, not in width.",
        ),
        Try(
            "far=1",
            "Both answers are the same symbol now, one back. Is one head enough?",
            ("yes", "no, it still mixes", "for one of the answers"),
            right=1,
            breaks="one_head_mixes",
            keeps="heads_apart",
            why="One place to look at, one mean that is worth having: nothing is mixed.",
        ),
    )
    quick = {"steps": 10}

    heads = Choice("2", ("2", "4", "8", "16", "32"), help="H of the second net; four are shown")
    feed_forward = Choice("no", ("no", "yes"), help="two layers with a ReLU after the attention")
    far = Int(3, min=1, max=6, help="the second symbol asked for stands so many places back")
    place = Int(9, min=7, max=16, live=True, help="the place whose hard answer is shown")
    learning_rate = Float(0.003, min=1e-4, max=0.03, log=True, live=True, help="of Adam")
    steps = Int(300, min=10, max=3000, log=True, help="steps of 32 strings, for each net")

    def run(self, stage):
        H, back = int(self.heads), (NEAR, self.far)
        first = max(back)  # places before it lack an answer
        nets = nn.ModuleList(Nets(heads, self.feed_forward == "yes") for heads in (1, H))
        nets[1].load_state_dict(nets[0].state_dict())  # the same weights to begin with
        nets.to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)

        def strings(count):
            """Random symbols [count, N], and the two to be named at each place [count, N, 2]."""
            x = torch.randint(V, (count, N), device="cpu").to(stage.device)
            return x, torch.stack([x.roll(k, dims=1) for k in back], dim=2)

        def hits(logits, y):
            return (logits.argmax(dim=4) == y)[:, :, first:]  # [R, count, places, 2]

        def share_of_both(logits, y):
            return hits(logits, y).all(dim=3).float().mean(dim=(1, 2))  # [R]

        def middle(net):
            """The net that is shown, the middle one of R by its share of both: its number."""
            return int(share_of_both(net(x_new)[0], y_new).argsort()[R // 2])

        def on_places(net):
            """The weight that each head gives the place one back, and the other: [R, H, 2]."""
            maps = net(x_new)[1].mean(dim=1)
            bands = [maps.diagonal(-k, dim1=2, dim2=3)[:, :, first - k :] for k in back]
            return torch.stack([band.mean(dim=2) for band in bands], dim=2)

        x_new, y_new = strings(100)
        shown = torch.randperm(V).repeat(2)[None, :N].to(stage.device)  # no symbol twice in ten

        @stage.look(20, nets)
        def look():
            chosen = [middle(net) for net in nets]
            maps = [net(x_new)[1][k].mean(dim=0) for net, k in zip(nets, chosen, strict=True)]
            drawn = {NETS[0]: maps[0][0, first:]}
            drawn |= {
                f"several: head {i}": each[first:] for i, each in enumerate(maps[1][:4], start=1)
            }
            stage.matrices("looks at", drawn, scales=dict.fromkeys(drawn, (0, 1)))
            both = [share_of_both(net(x_new)[0], y_new).median() for net in nets]
            stage.headline(
                f"both symbols named: one head at {both[0]:.0%}, several at {both[1]:.0%} of places"
            )
            hard = int(hits(nets[0](x_new)[0], y_new)[chosen[0]].float().mean(dim=(0, 1)).argmin())
            at = self.place - 1
            right, other = (shown[0, at - back[k]] for k in (hard, 1 - hard))
            p = [
                net(shown)[0][k, 0, at, hard].softmax(dim=0)
                for net, k in zip(nets, chosen, strict=True)
            ]
            told = [(each[right], each[other], 1 - each[right] - each[other]) for each in p]
            labels = "asked for", "the other", "eight more"
            stage.bars("hard answer", labels, dict(zip(NETS, told, strict=True)))

        stage.axes("both right", y="share of places", lines={"guessing": 1 / V**2})
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            x, y = strings(32)
            logits = [net(x)[0] for net in nets]  # [R, 32, N, 2, V]
            loss = sum(losses(o[:, :, first:], y[:, first:]).sum() for o in logits)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            both = [share_of_both(o, y).median() for o in logits]
            stage.curve("both right", dict(zip(NETS, both, strict=True)))

        with stage.probe(nets):
            both = [share_of_both(net(x_new)[0], y_new).median() for net in nets]
            one, several = (on_places(net) for net in nets)
            least = torch.cat([several.amax(dim=1), several.amax(dim=2)], dim=1).amin(dim=1)
            stage.claim("one_head_mixes", both[0], below=0.35)
            stage.claim("half_each", one.amin(dim=(1, 2)).median(), above=0.35)
            stage.claim("heads_apart", both[1], at_least=0.97)
            stage.claim("one_job_each", least.median(), above=0.85)


class Nets(nn.Module):
    """R nets side by side: one layer of attention with H heads, two answers at each place."""

    def __init__(self, H, feed_forward):
        super().__init__()

        def drawn(rows, columns):
            return nn.Parameter((2 * torch.rand(R, 1, rows, columns) - 1) / rows**0.5)

        self.H = H
        self.symbol = nn.Parameter(torch.randn(R, V, D))
        self.place = nn.Parameter(torch.randn(R, 1, N, D))
        self.W_Q, self.W_K, self.W_V, self.W_O = (drawn(D, D) for _ in range(4))
        self.answers = drawn(D, 2 * V)
        self.wide, self.narrow = (
            (drawn(D, 2 * D), drawn(2 * D, D)) if feed_forward else (None, None)
        )

    def forward(self, x):
        """Symbols [B, N] -> logits [R, B, N, 2, V] and weights [R, B, H, N, N]."""
        h = self.symbol[:, x] + self.place  # [R, B, N, D]
        cut = ((h @ W).unflatten(3, (self.H, -1)) for W in (self.W_Q, self.W_K, self.W_V))
        Q, K, V_h = (part.transpose(2, 3) for part in cut)  # [R, B, H, N, d]
        α = (Q @ K.mT / Q.shape[4] ** 0.5).softmax(dim=4)
        z = (α @ V_h).transpose(2, 3).flatten(3) @ self.W_O  # the heads side by side, mixed
        if self.wide is not None:
            z = z + (z @ self.wide).relu() @ self.narrow
        return (z @ self.answers).unflatten(3, (2, V)), α


def losses(logits, y):
    """Each net's mean cross-entropy: logits [R, B, places, 2, V], y [B, places, 2] -> [R]."""
    right = y[None, ..., None].expand(R, -1, -1, -1, 1)
    return -logits.log_softmax(dim=4).gather(4, right).mean(dim=(1, 2, 3, 4))
