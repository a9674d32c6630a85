"""
# What happens if nothing pushes the energy up?

An energy E(x, y) shall be low where question and answer suit each other. So one might simply pull
it down at the pairs of the data, and be done. The loss falls nicely. What has the net learned?

Three nets see the same pairs:

- **push**: besides being pulled down at the right pair, E is pushed up at wrong ones, the same x
  with a random y. A **hinge** says how far:

        L = max(0, m + E⁺ − E⁻)

  E⁺ is the energy of the right pair, E⁻ of the wrong one. Once E⁻ lies the **margin** m above E⁺,
  the pair has no force any more.
- **pull alone**: L = (E⁺)², which can't fall below 0.
- **no floor**: L = E⁺, which may fall as far as it likes.

Pull alone is content with E = 0 *everywhere*: one number for all pairs, right or wrong. It is the
cheapest way to a loss of 0, for nothing rewards a difference. This is **collapse**. Its loss is the
smallest of all and it knows nothing.

Without a floor the surface does not go flat. It falls without end, everywhere, and its slope has
nothing to do with the data. Collapse as "the surface goes flat" holds for energies with a floor;
the other failure is as bad.

The cure is always a reason to be high somewhere: wrong pairs, a fixed sum of e^−E, or little room
for low energies. A margin of 0 is no reason, for equal energies satisfy it.

## Tomorrow

Whenever you train a score on right examples, plot it for random ones beside them. A falling loss
alone proves nothing. If the two don't part, look for what should push.
"""

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Toggle, Try
from dlplay.data import folded, folded_x
from dlplay.nn import grid
from dlplay.nn.batched import side_by_side, stacked, step_each

NETS = PUSH, PULL, FREE = "push", "pull alone", "no floor"


class Collapse(Scene):
    covers = ("Energy Function Surface after Training",)
    panels = {
        "energies": "by x and y: dark is a column's least E, bright 10 more; no floor: own scale",
        "ranked right": "share of random answers with more energy than the right one",
        "one net": "energies of right pairs and of random ones: do they part?",
        "loss": "what each net is trained to lower; the emptiest map has the least",
    }
    claims = {
        "push_ranks": "with the push, over 0.85 of random answers lie above the right one",
        "push_finds": "the answers of its lowest energies belong to an x less than 0.15 away",
        "flat": "with the pull alone, E varies less than 0.05 over the whole map (std)",
        "falls": "without a floor E lies below -1,000 at the data",
        "ignorant": "both without push rank 0.25 to 0.75 of random answers above the right one",
    }
    tries = (
        Try(
            "margin=0",
            "The hinge is content as soon as the right pair isn't above the wrong one. Is it "
            "enough of a push?",
            ("yes, the order is what counts", "no, the map goes flat", "yes, but it takes longer"),
            right=2,
            breaks=("push_ranks", "push_finds"),
            keeps="falls",
            why="A constant satisfies it: equal energies cost nothing. And where all are nearly "
            "equal there is no force to part them.",
        ),
        Try(
            "margin=3",
            "Wrong pairs must lie 3 above the right one, not 1. How does the map change?",
            ("the same valleys, deeper", "wider valleys", "it goes flat"),
            right=1,
            keeps=("push_ranks", "push_finds", "ignorant"),
            why="Three times the energy is three times the margin: the scale is free, the order of "
            "the answers stays.",
        ),
        Try(
            "pushed=on",
            "Pull alone, (E⁺)², gets the push of the hinge besides. What becomes of its map?",
            ("flat still, 0 costs least", "valleys at the data", "it falls without end"),
            right=2,
            breaks=("flat", "ignorant"),
            keeps=("push_ranks", "falls"),
            why="At 0 everywhere the hinge now costs the whole margin. The cheapest way out is 0 "
            "at the right pairs and the margin more elsewhere.",
        ),
    )
    quick = {"steps": 20}

    margin = Float(1, min=0, max=5, help="m, by how much wrong pairs should lie higher")
    negatives = Int(8, min=1, max=64, log=True, help="wrong pairs beside each right one, for push")
    pushed = Toggle(False, help="pull alone gets the push too")
    shown = Choice(
        "push",
        ("push", "pull alone", "no floor"),
        live=True,
        help="the net whose energies are counted",
    )
    learning_rate = Float(0.005, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(600, min=20, max=5000, log=True, help="steps over 64 pairs")

    def run(self, stage):
        x, y = folded(4000, noise=0.15, device=stage.device)
        C = stage.copies  # runs of a sweep, each with three nets
        layers = [
            (nn.Linear(2, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1))
            for _ in NETS
        ]
        nets = nn.ModuleList(stacked(nn.Sequential(*each), C) for each in layers).to(stage.device)
        push, pull, free = nets
        optimizer = torch.optim.Adam(nets.parameters())
        places = grid((-2, 2), (-2, 2), 40, device=stage.device)  # [y, x, 2]
        right = torch.stack([x, y], dim=1)[:500]
        random = right.clone()
        random[:, 1] = (4 * torch.rand(500) - 2).to(stage.device)

        cells = ((torch.stack([2 - y, x + 2]) * 10).long().clamp(0, 39)).cpu()  # row, column
        counts = torch.zeros(40, 40).index_put(tuple(cells), torch.ones(()), accumulate=True)

        def energy(net, pairs):
            """Of pairs [..., 2]: [..., C]."""
            flat = side_by_side(pairs.flatten(0, -2), C)
            return net(flat).view(*pairs.shape[:-1], C)

        def ranks():
            """Of each net, how often a random answer lies above the right one to the same x: [C]"""
            return [(energy(n, random) > energy(n, right)).float().mean(dim=0) for n in nets]

        @stage.look(10, nets)
        def look():
            maps = {"data": counts}
            for name, net in zip(NETS, nets, strict=True):
                e = energy(net, places)[..., 0]  # [y, x]
                maps[name] = (e - e.min(dim=0).values).flip(0)
            scales = {"data": (0, 6), PUSH: (0, 10), PULL: (0, 10)}  # no floor's has no end
            stage.matrices("energies", maps, scales=scales, grey=("data",))
            share = ranks()
            stage.curve("ranked right", dict(zip(NETS, share, strict=True)))
            net = nets[NETS.index(self.shown)]
            stage.histogram(
                "one net", {"right": energy(net, right), "random": energy(net, random)}, x="E"
            )
            a, b = ((energy(n, random) - energy(n, right)).mean() for n in (push, pull))
            low = energy(free, right).mean()
            stage.headline(
                f"random above right pairs by {a:.1f}, pull alone {b:.3f}; no floor: E {low:.2g}"
            )

        stage.axes("ranked right", x="step", y="share", lines={"guessing": 0.5})
        stage.axes("loss", x="step", y="loss", log="y")
        for _ in stage.loop(self.steps):
            margin = stage.each(self.margin)
            batch = torch.randint(len(x), (64,), device="cpu").to(stage.device)
            wrong = 4 * torch.rand(64, self.negatives).to(stage.device) - 2
            answers = torch.cat([y[batch, None], wrong], dim=1)  # [64, 1 + K], the right one first
            pairs = torch.stack([x[batch, None].expand_as(answers), answers], dim=2)
            e = energy(push, pairs)  # [64, 1 + K, C]
            hinge = (margin + e[:, :1] - e[:, 1:]).relu().mean(dim=(0, 1))  # [C]
            squared = energy(pull, pairs[:, 0]).square().mean(dim=0)
            plain = energy(free, pairs[:, 0]).mean(dim=0)
            if self.pushed:
                e = energy(pull, pairs)
                squared = squared + (margin + e[:, :1] - e[:, 1:]).relu().mean(dim=(0, 1))
            optimizer.zero_grad()
            (hinge + squared + plain).sum().backward()
            step_each(optimizer, stage.each(self.learning_rate))
            stage.curve("loss", {PUSH: hinge, PULL: squared})

        with stage.probe(nets):
            rank = ranks()
            xs = torch.linspace(-0.6, 0.6, 61, device=stage.device)
            ys = torch.linspace(-2, 2, 201, device=stage.device)
            across, up = torch.meshgrid(xs, ys, indexing="ij")
            best = ys[energy(push, torch.stack([across, up], dim=2)).argmin(dim=1)]  # [x, C]
            flat = energy(pull, places).flatten(0, 1).std(dim=0)
            stage.claim("push_ranks", rank[0], above=0.85)
            stage.claim("push_finds", (folded_x(best) - xs[:, None]).abs().mean(dim=0), below=0.15)
            stage.claim("flat", flat, below=0.05)
            stage.claim("falls", energy(free, right).mean(dim=0), below=-1000)
            stage.claim("ignorant", (torch.stack(rank[1:]) - 0.5).abs().amax(dim=0), below=0.25)
