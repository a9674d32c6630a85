"""
# What can short chains not tell?

The gradient of the likelihood pushes the energy E up at samples of the model. Those are dear, so
short **chains** take their place. A chain walks downhill on E, shaken by fresh noise ε in each
step:

    y ← y − η E′(y) + √(2η) ε

After very many steps of small size η it is a sample of the model, wherever it began. Nobody waits
that long. **Contrastive divergence**, CD-K, begins each chain at a piece of data and stops after K
steps, often one:

    ∇ = mean ∇E(data)
      − mean ∇E(ends of chains)

∇ is the gradient in the weights of the net. This is *not* the likelihood's. It is short, as ends
lie next to starts, and it turns with K into the exact one.

What does the error do? A chain sees the valley in which it stands. If E is too wide there, its ends
are spread more than the data, and E is pushed up at the sides. So each valley gets its right shape.
But no chain tells how deep one valley is against another. The data have four numbers on the left
for each one on the right. The chains begin at data, so four for one they end as well, whatever the
depths are: the two means cancel. The depths stay where chance has left them.

In the picture are eight nets, each put so that its left valley ends at 0. On the left they agree.
On the right they should.

What a chain can cross, it can weigh. Where heaps overlap, a few steps are good enough; it is a gap
that needs long ones. Chains that are *kept* from one update to the next do not mend it: those that
never cross keep their side, whatever the data say.

## Tomorrow

Trust an energy that was trained with short chains inside a valley. Never read from it how likely
two far ones are. To find out, start chains in one, and count who arrives in the other.
"""

import copy
import math

import torch

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import heaps_on_line, heaps_on_line_log_density
from dlplay.nn.energies import at_all, line_energies, middles

NETS, REACH = 8, 4.0  # side by side; y lies between -REACH and REACH
LENGTHS = (1, 2, 5, 10, 20, 50, 100)


class ShortChains(Scene):
    covers = ("Contrastive Divergence",)
    panels = {
        "energies": "of 8 nets taught by short chains: each valley's shape is right, its depth not",
        "rare share": "what each of 8 nets puts on the right; the data have 0.2 there",
        "gradient": "of chains of K steps, in fresh nets, over the exact one; best is 1",
        "chains": "where they start and end; who is off the line has crossed",
    }
    claims = {
        "shape": "CD-1: the rare heap of p has a spread of 0.3 to 0.42 (median of 8; true 0.35)",
        "no_depths": "how deep its valley is against the other differs by over 2.5 nats in 8 nets",
        "exact_depths": "with the exact gradient it differs by less than 0.5 nats",
        "distance": "CD-1 ends over 0.05 nats further from the data, in the mean of the 8",
        "short": "on fresh nets its gradient has less than 0.05 of the exact one's length",
    }
    tries = (
        Try(
            "K=5",
            "Chains of five steps instead of one. How much do the rare shares differ now?",
            ("much less", "about as much", "not at all"),
            right=2,
            breaks=(),
            keeps=("shape", "no_depths"),
            why="Five steps bring a chain to the edge of its valley, not into the next one. What "
            "is not seen is not learned, however well the rest is.",
        ),
        Try(
            "at=0.6",
            "The heaps are moved to −0.6 and 0.6, where they overlap. The rare shares?",
            ("as arbitrary", "near 0.2 in every net", "near 0.5 in every net"),
            right=2,
            breaks=("no_depths",),
            why="A single step gets from one heap into the other now. What a chain can cross, it "
            "can weigh.",
        ),
        Try(
            "chains=exact",
            "Exact samples of the model in place of the chains' ends. The rare shares?",
            ("as arbitrary: it is the nets", "near 0.2 in every net", "near 0.5 in every net"),
            right=2,
            breaks=("no_depths", "distance"),
            why="The same nets, data, steps. Samples of the model lie as often on the right as the "
            "model has it there, so the two means cancel only when that is right.",
        ),
        Try(
            "chains=kept",
            "Chains are kept from one update to the next, not begun at data. Do they repair it?",
            ("yes", "half", "no"),
            right=3,
            keeps=("no_depths", "distance"),
            why="They run for hundreds of steps, but each on its own side. Only their start says "
            "how many are where.",
        ),
        Try(
            "walk=300",
            "On the finished nets chains walk 300 steps from data. How many of 1,000 cross over?",
            ("about 500", "about 200", "less than 10"),
            right=3,
            keeps=("shape", "no_depths"),
            why="The wall between the valleys is several nats high. A chain climbs n nats with a "
            "chance of about e^−n.",
        ),
    )
    quick = {"steps": 10}

    K = Int(1, min=1, max=50, log=True, help="steps of a chain, in training")
    at = Float(2, min=0.5, max=2.5, help="the heaps lie at −at and at")
    chains = Choice("from-data", ("from-data", "kept", "exact"), help="where they begin")
    eta = Float(0.02, min=0.001, max=0.1, log=True, help="η, the size of a step")
    walk = Int(1, min=1, max=300, log=True, live=True, help="steps of the chains that are shown")
    learning_rate = Float(0.01, min=1e-4, max=0.1, log=True, help="of Adam, falling")
    steps = Int(400, min=10, max=3000, log=True, help="steps of 128 numbers, for each net")

    def run(self, stage):
        places = middles(201, REACH, stage.device)  # where p is counted
        true, width = heaps_on_line_log_density(places, at=self.at), 2 * REACH / 201
        short = line_energies(NETS).to(stage.device)
        exact, fresh = copy.deepcopy(short), copy.deepcopy(short)
        optimizer = torch.optim.Adam(
            [*short.parameters(), *exact.parameters()], lr=self.learning_rate
        )

        def log_p(net):
            e = at_all(net, places, NETS)  # [201, NETS]
            return -e - (-e).logsumexp(dim=0) - math.log(width)

        def away(net):
            """Kullback and Leibler's distance from the data to each net's density: [NETS]."""
            return (true.exp()[:, None] * (true[:, None] - log_p(net))).sum(dim=0) * width

        def rare(net):
            """Share and spread of what each net's density has on the right: [NETS] each."""
            p, y = log_p(net)[places > 0].exp() * width, places[places > 0, None]
            share = p.sum(dim=0).clamp(min=1e-9)
            mean = (p * y).sum(dim=0) / share
            return share, ((p * (y - mean) ** 2).sum(dim=0) / share).sqrt()

        def walked(net, y, steps, noise=torch.randn):
            """Where chains from y [N, NETS] are after so many steps on the energies."""
            for _ in range(steps):
                with torch.enable_grad():
                    y = y.detach().requires_grad_()
                    (slope,) = torch.autograd.grad(net(y[..., None]).sum(), y)
                shaken = math.sqrt(2 * self.eta) * noise(y.shape).to(y.device)
                y = (y.detach() - self.eta * slope + shaken).clamp(-REACH, REACH)
            return y.detach()

        def gradients(loss):
            found = torch.autograd.grad(loss, fresh.parameters(), retain_graph=True)
            return torch.cat([each.reshape(NETS, -1) for each in found], dim=1)

        def against_exact(lengths):
            """On fresh nets: CD's cosine and length against the exact gradient, by K, medians."""
            drawing = torch.Generator().manual_seed(stage.seed)
            y, ends, rows = start, start, []
            with torch.enable_grad():
                log_Z = (-at_all(fresh, places, NETS)).logsumexp(dim=0).sum()
                full = gradients(fresh(y[..., None]).mean(dim=0).sum() + log_Z)
            for before, K in zip((0, *lengths), lengths, strict=False):
                ends = walked(
                    fresh, ends, K - before, lambda size: torch.randn(size, generator=drawing)
                )
                with torch.enable_grad():
                    loss = fresh(y[..., None]) - fresh(ends[..., None])
                    cd = gradients(loss.mean(dim=0).sum())
                cosine = torch.cosine_similarity(cd, full, dim=1).median()
                length = (cd.norm(dim=1) / full.norm(dim=1)).median()
                rows.append(torch.stack([cosine, length]))
            return torch.stack(rows).T

        start = heaps_on_line(256, NETS, at=self.at, device=stage.device)
        sand = torch.stack([heaps_on_line(160, at=self.at), -3 * torch.rand(160) - 3], dim=1)

        @stage.look(20)
        def look():
            shown = torch.cat([at_all(short, places, NETS), -true[:, None]], dim=1)
            shown = (shown - shown[places < 0].amin(dim=0)).clamp(max=12)
            y = places[:, None].expand_as(shown)
            lines = torch.stack([y, shown], dim=2).transpose(0, 1)  # [NETS + 1, 201, 2]
            gaps = torch.full_like(lines[:-1, :1], torch.nan)
            nets = torch.cat([lines[:-1], gaps], dim=1).flatten(0, 1)[:-1]
            view = {"x": (-REACH, REACH), "y": (-6, 12), "x_label": "y", "y_label": "nats"}
            paths = {"short chains": nets, "true": lines[-1]}
            stage.plane("energies", points={"data": sand}, paths=paths, **view)
            shares = {"short chains": rare(short)[0].cpu(), "exact gradient": rare(exact)[0].cpu()}
            stage.bars("rare share", "12345678", shares, lines={"data": 0.2})
            low, high = zip(*((each.min(), each.max()) for each in shares.values()), strict=True)
            stage.headline(
                f"share on the right: short chains {low[0]:.2f} to {high[0]:.2f}, "
                f"exact gradient {low[1]:.2f} to {high[1]:.2f}"
            )

        @stage.look(100)
        def look_at_chains():
            some = start[:64]
            drawing = torch.Generator().manual_seed(stage.seed)
            ends = walked(short, some, self.walk, lambda size: torch.randn(size, generator=drawing))
            both = torch.stack([some, ends], dim=2).flatten(0, 1).cpu()  # [64 · NETS, 2]
            crossed = both.prod(dim=1) < 0
            points = {"stayed": both[~crossed], "crossed": both[crossed]}
            line = torch.tensor([[-REACH, -REACH], [REACH, REACH]])
            ends = (-REACH, REACH)
            view = {"x": ends, "y": ends, "x_label": "start", "y_label": "end"}
            stage.plane("chains", points=points, paths={"not moved": line}, **view)

        @stage.look(10_000)
        def look_at_gradient():
            cosine, length = against_exact(LENGTHS)
            stage.plot("gradient", LENGTHS, {"cosine": cosine, "length": length})

        stage.axes("gradient", x="K", y="", log="x", lines={"exact": 1})
        kept = heaps_on_line(128, NETS, at=self.at, device=stage.device)
        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate * (1 - step / self.steps)
            data = heaps_on_line(128, NETS, at=self.at, device=stage.device)
            if self.chains == "exact":
                p = log_p(short).detach().exp().T.cpu()  # [NETS, 201]
                ends = places[torch.multinomial(p, 128, replacement=True).T.to(stage.device)]
            else:
                ends = walked(short, data if self.chains == "from-data" else kept, self.K)
            kept = ends
            cd = short(data[..., None]).mean(dim=0) - short(ends[..., None]).mean(dim=0)
            log_Z = (-at_all(exact, places, NETS)).logsumexp(dim=0)
            loss = cd.sum() + (exact(data[..., None]).mean(dim=0)[:, 0] + log_Z).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(short, exact):
            (share, spread), (share_exact, _) = rare(short), rare(exact)
            depth, depth_exact = share.logit(eps=1e-6), share_exact.logit(eps=1e-6)
            stage.claim("shape", spread.median(), within=(0.3, 0.42))
            stage.claim("no_depths", depth.max() - depth.min(), above=2.5)
            stage.claim("exact_depths", depth_exact.max() - depth_exact.min(), below=0.5)
            stage.claim("distance", away(short).mean() - away(exact).mean(), above=0.05)
            stage.claim("short", against_exact((self.K,))[1][0], below=0.05)
            stage.measure(kl=away(short).mean(), kl_exact=away(exact).mean())
