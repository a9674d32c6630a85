"""
# How do straight-line maps bend a cloud into two moons?

Take z = (z₁, z₂) from a round bell, and stretch, turn, shift it: a straight-line map. However many
you chain, the chain is one straight-line map, and what comes out is one Gaussian. Two moons are out
of reach. But such maps are easily undone, and you know by how much they stretch.

A **coupling layer** keeps that. It leaves one half of the numbers, A, as it is. The other half, B,
it stretches and shifts; *by how much, A says*:

    x_A = z_A
    x_B = exp(s(z_A)) · z_B + b(z_A)

For each z_A the map of z_B is a straight line, but for each it is another line: so the cloud bends.
s and b come from a net, and any net will do. It never has to be undone, because x_A = z_A is there
to be asked again:

    z_B = exp(−s(x_A)) (x_B − b(x_A))

The layer stretches volumes by exp(s), which is positive. It adds s to log|det ∂x/∂z|, without any
determinant: since ∂x_A/∂z_B is 0, the matrix is triangular.

Half of the numbers have not moved. So the next layer moves those, and asks the others: first left
and right, then up and down, by turns. Without turns A stays the bell that it was.

Be fair: in two dimensions a mixture of 8 Gaussians does even a little better. Flows are made for
thousands of dimensions, where few heaps no longer do.

## Tomorrow

Let the halves take turns, in four layers at least. Clamp s, or one exp ruins a run. Compare in nats
with one Gaussian, with a small mixture, and, where you know it, with the truth.
"""

import math

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import moons, moons_log_density
from dlplay.nn import cloud_picture, grid
from dlplay.nn.mixtures import fit_gaussians

REACH = 2.8  # of the pictures


class Coupling(Scene):
    covers = ("Coupling Flows",)
    panels = {
        "layer by layer": "where 20,000 z go; green began left, pink right; last, the true moons",
        "nats a point": "of 4,000 new points; lower is better, but the true density is the limit",
        "density": "of the flow, over the plane; brighter is likelier",
    }
    claims = {
        "bends": "four layers by turns are over 0.7 nats better than the best single Gaussian",
        "near": "they are within 0.35 nats of the true density, and not below it by over 0.05",
        "turns": "over 0.25 nats better than four layers that all move the same half",
        "drawn": "over 0.7 of drawn points lie where 0.95 of the moons' own points lie",
    }
    tries = (
        Try(
            "stretch=no",
            "Layers may shift B but not stretch it. What does that cost?",
            ("nothing: enough shifts make any shape", "about half a nat", "all of the gain"),
            right=2,
            breaks=("near", "bends", "drawn"),
            why="A shift leaves every area as it is, so nowhere can the density exceed the bell's "
            "highest, 1/2π: at least 1.84 nats. Thin moons need more.",
        ),
        Try(
            "turns=no",
            "All four layers move the same half. How near do they come to the moons?",
            ("as near, each layer bends", "only the other half is right", "half as near"),
            right=2,
            breaks=("near", "turns", "bends", "drawn"),
            why="Whatever is asked stays as it was drawn: across, the cloud is a bell for ever. "
            "The four shifts and stretches of B add up to a single one.",
        ),
        Try(
            "temperature=0.4",
            "Now z is drawn closer to the middle, with a spread of 0.4. What comes out?",
            ("the same moons, thinner", "both moons, half the size", "pieces, joined by a bridge"),
            right=3,
            keeps=("bends", "near"),
            why="The middle of the bell goes to a part of the moons, and to the bridge between; "
            "their outer ends come from its edge. Near the middle isn't typical of the data.",
        ),
    )
    quick = {"steps": 20}
    pace = 30

    layers = Int(4, min=1, max=8, help="L, coupling layers")
    turns = Choice("yes", ("yes", "no"), help="whether the halves take turns")
    stretch = Choice("yes", ("yes", "no"), help="whether a layer may stretch, not only shift")
    temperature = Float(1, min=0.2, max=1.5, live=True, help="spread of the z that are drawn")
    learning_rate = Float(0.01, min=1e-4, max=0.1, log=True, live=True, help="of Adam, at first")
    steps = Int(700, min=10, max=5000, log=True, help="steps of 256 points, for each flow")

    def run(self, stage):
        x, x_new = moons(4000), moons(4000)
        true = -moons_log_density(x_new).mean()
        fitted = {"one Gaussian": fit_gaussians(x), "8 Gaussians": fit_gaussians(x, 8)}
        lines = {name: -float(each.log_density(x_new).mean()) for name, each in fitted.items()}
        x, x_new = x.to(stage.device), x_new.to(stage.device)
        # Of each layer, which coordinate is moved; the last one moves up and down
        by_turns = [(k + self.layers) % 2 for k in range(self.layers)]
        moved = {"by turns": by_turns, "same half": [1] * self.layers}
        if self.turns == "no":
            moved["by turns"] = moved["same half"]
        flows = nn.ModuleDict({
            name: nn.ModuleList(Layer(B, self.stretch == "yes") for B in order)
            for name, order in moved.items()
        }).to(stage.device)  # fmt: skip
        optimizer = torch.optim.Adam(flows.parameters(), lr=self.learning_rate)
        z = torch.randn(20_000, 2).to(stage.device)

        def log_density(name, x):
            """A flow's log density at x [N, 2]: it goes back layer by layer, and adds up −s."""
            total = 0.0
            for layer in reversed(flows[name]):
                x, s = layer.back(x)
                total = total - s
            return total - 0.5 * x.square().sum(dim=1) - math.log(2 * math.pi)

        def forth(x):
            """Points [N, 2], before the first layer and after each."""
            clouds = [x]
            for layer in flows["by turns"]:
                clouds.append(layer(clouds[-1]))
            return clouds

        def nats():
            return {name: -log_density(name, x_new).mean() for name in flows}

        places = grid((-REACH, REACH), (-REACH, REACH), 48, stage.device)

        @stage.look(20, flows)
        def look():
            ways = [("↔", "↕")[B] for B in moved["by turns"]]
            left = z[:, 0] < 0
            shown = [cloud_picture(cloud, left) for cloud in forth(self.temperature * z)]
            shown.append(cloud_picture(x_new))
            stage.image(
                "layer by layer",
                torch.stack(shown),
                captions=["z", *(f"layer {k + 1} {way}" for k, way in enumerate(ways)), "moons"],
                columns=(self.layers + 3) // 2,
            )
            p = log_density("by turns", places.reshape(-1, 2)).exp().reshape(48, 48)
            view = (-REACH, REACH)
            stage.plane("density", x=view, y=view, field=p, x_label="x₁", y_label="x₂")
            now = nats()
            stage.curve("nats a point", now)
            stage.headline(
                f"nats a point: by turns {now['by turns']:.2f}, same half {now['same half']:.2f}, "
                f"one Gaussian {lines['one Gaussian']:.2f}, true {true:.2f}"
            )

        stage.axes("nats a point", x="step", y="nats", lines=lines | {"true": float(true)})
        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate * (1 - step / self.steps)
            batch = torch.randint(len(x), (256,), device="cpu").to(stage.device)
            loss = -sum(log_density(name, x[batch]).mean() for name in flows)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(flows):
            score = nats()
            stage.claim("bends", lines["one Gaussian"] - score["by turns"], above=0.7)
            stage.claim("near", score["by turns"] - true, within=(-0.05, 0.35))
            stage.claim("turns", score["same half"] - score["by turns"], above=0.25)
            edge = moons_log_density(x_new).quantile(0.05)
            drawn = moons_log_density(forth(z)[-1]) > edge
            stage.claim("drawn", drawn.float().mean(), above=0.7)


class Layer(nn.Module):
    """Coordinate B is stretched by exp(s) and shifted by b, as the other one, A, says."""

    def __init__(self, B, stretch):
        super().__init__()
        self.A, self.B, self.stretch = 1 - B, B, stretch
        self.net = nn.Sequential(nn.Linear(1, 48), nn.Tanh(), nn.Linear(48, 2))
        nn.init.normal_(self.net[0].weight, std=3)
        nn.init.normal_(self.net[0].bias)
        nn.init.normal_(self.net[2].weight, std=0.02)

    def ask(self, a):  # [N] -> s and b, [N] each
        s, b = self.net(a[:, None]).T
        return 2 * torch.tanh(s / 2) * self.stretch, b  # s is clamped to within ±2

    def together(self, a, b):  # [N] each -> [N, 2]
        return torch.stack((a, b) if self.B == 1 else (b, a), dim=1)

    def forward(self, z):  # [N, 2] -> [N, 2]
        a = z[:, self.A]
        s, b = self.ask(a)
        return self.together(a, s.exp() * z[:, self.B] + b)

    def back(self, x):  # [N, 2] -> [N, 2], and s [N]
        a = x[:, self.A]
        s, b = self.ask(a)
        return self.together(a, (-s).exp() * (x[:, self.B] - b)), s
