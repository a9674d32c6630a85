"""
# How does a net learn a density without knowing Z?

A net gives each place x a number, its **energy** E(x), low where data lie. It stands for a density:

    p(x) = e^(−E(x)) / Z

Z, the sum of e^−E over all places, is out of reach when x is a picture. To learn is to raise log p
at the data, −E(x) − log Z. You need its slope in the weights. That of −E is easy. And of log Z?
Each place counts in Z by its e^−E, so in the slope of log Z it counts by its share of Z. That is p:

    ∇ log Z = −mean ∇E(own)

*Own* are samples drawn from the net's own p. So for the loss L, the mean −log p of data, you get

    ∇L = mean ∇E(data) − mean ∇E(own)

Two forces. A step pulls E down at data, and pushes it up where the net itself would draw. Where it
draws too often, the push wins; where too rarely, the pull. When own samples lie as data do, the
forces cancel, and learning is over. Without the push E sinks without end, in one heap or beside it
deeper than elsewhere. All of p ends up there, while the loss, mean E(data), gets ever better.

Z has left the formula, but the difficulty has only moved: own samples have to be drawn. In the
plane a fine grid does it (and counts Z, to judge p). Elsewhere one takes **Langevin chains**. They
begin anywhere and go K steps of size η:

    x ← x − η ∇E(x) + √(2η) ε

with fresh noise ε, and ∇ in x. They need no Z, but small η and many steps. Where short chains do
not get to, nothing pushes.

## Tomorrow

Plot the mean energy at data and at own samples. Their gap is to close; the loss without Z says
nothing. If the gap grows without end, suspect the samples: try longer chains first.
"""

import copy
import math

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import ring_of_heaps
from dlplay.nn import grid

VIEW, SIZE, CELL = (-3.0, 3.0), 51, 0.12**2  # SIZE² places, and the area around each
LENGTHS = (1, 3, 10, 30, 100)


class TwoForces(Scene):
    covers = ("Training EBMs",)
    panels = {
        "energy": "dark is low: data pull it down, the net's own samples push it up",
        "mean energy": "own samples follow data down, and meet them",
        "nats": "from data to p; lower is better",
        "push": "its error, by chains of K steps",
    }
    claims = {
        "fits": "the net's p is within 0.04 nats of the density of the data",
        "meet": "mean energies of data and of own samples differ by less than 0.25 nats",
        "apart": "that of random places in the square lies over 4 nats above the data's",
        "pull_alone": "a twin that is only pulled ends over 100 nats further from the data",
        "one_step": "on this net the push by 1-step chains is off by over 0.35 of its length",
        "hundred": "that by 100-step chains is off by less than 0.15",
    }
    tries = (
        Try(
            "negatives=none",
            "Only the pull is left, and its loss falls and falls. What becomes of p?",
            ("it fits better and better", "it gets worse than it began", "it stays as it began"),
            right=2,
            breaks=("fits", "meet", "pull_alone"),
            why="Where no data are, nothing holds E up. One place sinks fastest and gets all of p.",
        ),
        Try(
            "negatives=chains",
            "Ten Langevin steps from random places stand in for own samples. What becomes of p?",
            ("it fits as well", "a little blurred, but it fits", "it gets worse than it began"),
            right=3,
            breaks=("fits", "meet"),
            why="In ten steps too few chains reach the pits that have most of p. There the push is "
            "too weak, and they sink on.",
        ),
        Try(
            "eta=0.2",
            "Chains take steps ten times as large. How good is the push after 100 of them?",
            ("better: they come further", "as good as before", "far worse"),
            right=3,
            breaks="hundred",
            keeps=("fits", "meet"),
            why="Langevin's walk is exact only for small steps. Large ones leap over the valleys, "
            "and a longer walk does not mend that.",
        ),
    )
    quick = {"steps": 10}

    negatives = Choice("exact", ("exact", "chains", "none"), help="where E is pushed up")
    K = Int(10, min=1, max=300, log=True, help="steps of a chain, when chains train")
    eta = Float(0.02, min=0.001, max=0.3, log=True, live=True, help="η, the size of a chain's step")
    learning_rate = Float(0.005, min=1e-4, max=0.1, log=True, live=True, help="of Adam, falling")
    steps = Int(300, min=10, max=3000, log=True, help="steps of 256 points")

    def run(self, stage):
        heaps = ring_of_heaps(1.8, 0.3, count=5).to(stage.device)
        places = grid(VIEW, VIEW, SIZE, stage.device).reshape(-1, 2)
        true = heaps.log_density(places)  # [SIZE²]
        share = true.exp() * CELL  # of the data, in each place's cell
        waves = 1.2 * torch.randn(2, 16).to(stage.device)
        layers = nn.Linear(34, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1)
        net = nn.Sequential(*layers).to(stage.device)
        twin = copy.deepcopy(net)  # which is only pulled
        optimizer = torch.optim.Adam([*net.parameters(), *twin.parameters()])

        def energy(net, x):
            """Of places x [N, 2]: a net on x with a few waves of it, in a wide bowl: [N]."""
            seen = torch.cat([x, (x @ waves).sin(), (x @ waves).cos()], dim=1)  # [N, 34]
            return net(seen)[:, 0] + 0.1 * x.square().sum(dim=1)

        def away(e):
            """Kullback and Leibler's distance from the data to p of energies e at all places."""
            log_Z = (-e).logsumexp(dim=0) + math.log(CELL)
            return (share * (true + e + log_Z)).sum()

        def means(e):
            """Over all places: weighed by the data's density, by p, and evenly."""
            return (share * e).sum(), ((-e).softmax(dim=0) * e).sum(), e.mean()

        @torch.no_grad()
        def exact_samples():
            p = (-energy(net, places)).softmax(dim=0).cpu()
            return places[torch.multinomial(p, 256, replacement=True).to(stage.device)]

        def chains(count, K, drawing=None):
            """Where Langevin chains from anywhere are after K steps: [count, 2]."""
            x = 6 * torch.rand(count, 2, generator=drawing).to(stage.device) - 3
            for _ in range(K):
                with torch.enable_grad():
                    (slope,) = torch.autograd.grad(energy(net, x.requires_grad_()).sum(), x)
                ε = torch.randn(count, 2, generator=drawing).to(stage.device)
                x = (x.detach() - self.eta * slope + math.sqrt(2 * self.eta) * ε).clamp(*VIEW)
            return x

        def push(x, weights):
            """The slope in the net's own weights of its weighed energy at places x."""
            with torch.enable_grad():
                slopes = torch.autograd.grad((weights * energy(net, x)).sum(), net.parameters())
            return torch.cat([each.flatten() for each in slopes])

        def push_errors(lengths):
            """Of 1,000 chains, by their length: off by which share of the exact push's length."""
            exact = push(places, (-energy(net, places)).softmax(dim=0).detach())
            drawing = torch.Generator().manual_seed(stage.seed)
            pushes = torch.stack([push(chains(1000, K, drawing), 1 / 1000) for K in lengths])
            return (pushes - exact).norm(dim=1) / exact.norm()

        @stage.look(5, net, twin)
        def look():
            e = energy(net, places)
            at_data, at_own, at_any = means(e)
            stage.curve("mean energy", {"data": at_data, "own samples": at_own, "random": at_any})
            stage.curve("nats", {"the net": away(e), "only pulled": away(energy(twin, places))})
            field = (e - e.min()).reshape(SIZE, SIZE)
            points = {"data": data[:100], "own samples": own[:100]}
            stage.plane("energy", x=VIEW, y=VIEW, field=field, low=0, high=10, points=points)
            entropy = -(share * true).sum()  # of the data
            stage.headline(
                f"−log p of data: {entropy + away(e):.3g} nats, at best {entropy:.3g}; "
                f"E(own) − E(data): {at_own - at_data:.2f}"
            )

        @stage.look(150)
        def look_at_push():
            stage.plot("push", LENGTHS, error=push_errors(LENGTHS))

        stage.axes("mean energy", x="step", y="nats")
        stage.axes("nats", x="step", y="nats", log="y")
        stage.axes("push", x="K", y="share", log="x", lines={"exact": 0})
        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate * (1 - step / self.steps)
            data = heaps.draw(256)
            own = chains(256, self.K) if self.negatives == "chains" else exact_samples()
            loss = energy(net, data).mean() + energy(twin, data).mean()
            loss = loss - (self.negatives != "none") * energy(net, own).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(net, twin):
            e, one, hundred = energy(net, places), *push_errors((1, 100))
            at_data, at_own, at_any = means(e)
            stage.claim("fits", away(e), below=0.04)
            stage.claim("meet", (at_own - at_data).abs(), below=0.25)
            stage.claim("apart", at_any - at_data, above=4)
            stage.claim("pull_alone", away(energy(twin, places)) - away(e), above=100)
            stage.claim("one_step", one, above=0.35)
            stage.claim("hundred", hundred, below=0.15)
