"""
# Can one sample along smooth paths instead of noisy ones?

The way back from noise to data is a stochastic equation: the slope pulls walkers together, fresh
noise drives them apart. At every time t the walkers lie as the noised data do. Is the noise needed
for that?

No. Noise in itself does nothing but spread a cloud out, from where it is dense to where it is thin.
A smooth current does the same to the cloud if it goes against the slope, with half of g². So leave
out the noise and take off that half of the pull, and p_t is the same at each t:

    dx/dt = f − ½ g² ∇log p_t

That is the **probability flow** (Song et al., 2021), an ordinary equation with no dice in it. A
walker ends where its start says. Three things follow.

Smooth paths can be followed in few steps. They can be gone back: data to noise, and the same noise
to the same data. And the density comes along. A cloud that is carried by a current v thins as fast
as the current draws apart, by the trace of its Jacobian:

    d log p / dt = −tr(∂v/∂x)

This gives the exact log density *of the flow*, not of the noisy sampler. They agree as far as the
slope is exact.

It never is. Let all arrows be a tenth too short. Noise forgets: what a step did wrong, later noise
and pull wash out. The smooth path keeps every error to its end. So it is not better in general; it
is faster and exact, for good arrows.

## Tomorrow

Few steps, inversion or likelihoods: take the smooth paths. A doubtful net and time to spare: the
noisy ones. Compare both on one net; if they differ much, the net's slopes are wrong.
"""

import math

import torch

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import two_heaps
from dlplay.nn import sliced_distance

WALKERS, HIGH = 2000, 3.2
SMOOTH, NOISY = KINDS = "smooth", "noisy"
COUNTS = (5, 10, 20, 40, 80, 160)


class SmoothTwin(Scene):
    covers = ("Probability Flow ODE",)
    panels = {
        "paths": "both from the same noise (left), to the same heaps of data (right)",
        "distance": "of 2,000 ends from data over the number of steps; lower is better",
        "log density": "of 300 points, by the smooth way; on the diagonal it is exact",
    }
    claims = {
        "fewer": "with 10 steps, smooth ends are below 0.55 times as far from data as noisy ones",
        "same": "with 160 steps both are within 0.09 of the data",
        "back": "from data to noise, then back again in 100 steps each, 0.001 is lost",
        "density": "log densities are off by less than 0.02 nats in the mean",
        "forgives": "with arrows a tenth too short, smooth heaps are over 1.3 times as wide",
    }
    tries = (
        Try(
            "flaw=0.1",
            "All arrows are a tenth too short. Which sampler suffers more?",
            ("the noisy one: noise on top of errors", "the smooth one", "both alike"),
            right=2,
            breaks=("same", "density"),
            keeps="forgives",
            why="Later noise and pull wash out what an earlier step did wrong. The smooth path "
            "carries each error to its end.",
        ),
        Try(
            "pull=whole",
            "No noise, but the whole pull of the noisy way, not half of it. What comes out?",
            ("the same heaps", "heaps that are too wide", "nearly two points"),
            right=3,
            breaks=("same", "density", "forgives"),
            why="The other half was there to hold against the noise. Without noise it pulls every "
            "heap together.",
        ),
        Try(
            "solver=Euler",
            "There and back again by Euler's steps, not Heun's. How exact is the return?",
            ("as exact: no noise, no loss", "over ten times as far off", "it ends anywhere"),
            right=2,
            breaks="back",
            keeps=("same", "fewer"),
            why="The equation can be undone, a solver's step only nearly: the current at its end "
            "is not that at its start. Heun takes the mean of both.",
        ),
    )
    quick = {"steps": 20}
    pace = 10

    drawn = Int(4, min=1, max=20, live=True, help="walkers whose paths are drawn")
    first = Int(0, min=0, max=1900, live=True, help="the first of these walkers")
    flaw = Float(0, min=0, max=0.5, help="share by which all arrows are too short")
    pull = Choice("half", ("half", "whole"), help="how much of g² the smooth way takes")
    solver = Choice("Heun", ("Heun", "Euler"), help="of the way to noise and back")
    steps = Int(80, min=5, max=400, log=True, help="N, steps of the samplers whose paths are drawn")

    def run(self, stage):
        heaps = two_heaps(apart=1, spread=0.25).to(stage.device)
        half = 0.5 if self.pull == "half" else 1.0

        def noised(t):
            """How data lie at time t, noise that keeps the variance: scale · x₀ + σε."""
            scale = math.exp(-0.05 * t - 4.975 * t**2)
            return heaps.noised(math.sqrt(1 - scale**2), scale)

        def current(x, t, share, flaw):
            """f − share · g² ∇log p_t, f = −½βx, g² = β; the arrows short by `flaw`: [N, 2]."""
            β = 0.1 + 19.9 * t
            return -0.5 * β * x - share * β * (1 - flaw) * noised(t).slope(x)

        def step(kind, x, t, h, flaw):
            """Back by one step of length h, from time t."""
            if kind == SMOOTH:
                return x - h * current(x, t, half, flaw)
            ε = torch.randn(x.shape).to(x.device)
            return x - h * current(x, t, 1.0, flaw) + math.sqrt(h * (0.1 + 19.9 * t)) * ε

        def ends(kind, N, flaw):
            """Where the walkers end after N steps: [walkers, 2]."""
            x = starts
            for k in range(N):
                x = step(kind, x, 1 - k / N, 1 / N, flaw)
            return x

        def along(x, start, end, N):
            """Points on the smooth way from one time to another, and what their log density loses
            on it [N]: the integral of the trace."""
            h, lost = (end - start) / N, torch.zeros_like(x[:, 0])
            for k in range(N):
                t = start + k * h
                v, tr = current(x, t, half, self.flaw), trace(x, t)
                if self.solver == "Heun":
                    ahead, later = x + h * v, min(max(t + h, 0), 1)
                    v = (v + current(ahead, later, half, self.flaw)) / 2
                    tr = (tr + trace(ahead, later)) / 2
                x, lost = x + h * v, lost + h * tr
            return x, lost

        def trace(x, t):
            """Of the current's Jacobian, from four places close by: [N]."""
            total, small = 0.0, 0.01
            for axis in (0, 1):
                aside = torch.zeros_like(x)
                aside[:, axis] = small
                ahead = current(x + aside, t, half, self.flaw)
                behind = current(x - aside, t, half, self.flaw)
                total = total + (ahead - behind)[:, axis] / (2 * small)
            return total

        def spread(x):
            return (x - heaps.centres[heaps.nearest(x)]).square().mean().sqrt()

        def across(x):
            """The coordinate along the line through both heaps."""
            return x.sum(dim=-1) / 2**0.5

        def joined(path):
            """Paths [k + 1, drawn, 2] as one line over time, with gaps: [..., 2]."""
            time = torch.arange(len(path), device=path.device) / self.steps
            line = torch.stack([time[:, None].expand(path.shape[:2]), across(path)], dim=2)
            gap = torch.full_like(line[:1], math.nan)
            return torch.cat([line, gap]).transpose(0, 1).flatten(0, 1)[:-1]

        data, starts = heaps.draw(WALKERS), torch.randn(WALKERS, 2).to(stage.device)
        off = {
            kind: torch.stack([sliced_distance(ends(kind, N, self.flaw), data) for N in COUNTS])
            for kind in KINDS
        }
        places = torch.linspace(-HIGH, HIGH, 60, device=stage.device)[:, None] / 2**0.5
        columns = [noised(1 - k / 59).log_density(places.expand(60, 2)).exp() for k in range(60)]
        density = torch.stack([column / column.max() for column in columns], dim=1)  # [60, 60]
        x_new, wide = data[:300], heaps.noised(1, 0)  # the bell of pure noise
        noise, lost = along(x_new, 0.0, 1.0, 100)
        again, _ = along(noise, 1.0, 0.0, 100)
        judged, exact = wide.log_density(noise) + lost, heaps.log_density(x_new)

        @stage.look(1)
        def look():
            chosen = slice(self.first, self.first + self.drawn)
            lines = {kind: joined(torch.stack(paths[kind])[:, chosen]) for kind in KINDS[::-1]}
            stage.plane(
                "paths", x=(0, 1), y=(-HIGH, HIGH), field=density.sqrt(), paths=lines,
                x_label="1 − t: data at the right", y_label="place between the heaps",
            )  # fmt: skip
            stage.headline(
                f"10 steps: smooth {off[SMOOTH][1]:.3f} from data, noisy {off[NOISY][1]:.3f}; "
                f"160: {off[SMOOTH][5]:.3f}, {off[NOISY][5]:.3f}"
            )

        @stage.look(1000)
        def look_at_numbers():
            stage.plot("log density", exact, {"by the flow": judged}, scatter=True)

        stage.axes("distance", x="steps N", y="distance", log="xy")
        stage.plot("distance", COUNTS, off)
        stage.axes("log density", x="exact, nats", y="by the flow, nats")
        paths = {kind: [starts] for kind in KINDS}
        for k in stage.loop(self.steps):
            for kind, path in paths.items():
                path.append(step(kind, path[-1], 1 - k / self.steps, 1 / self.steps, self.flaw))

        with stage.probe():
            stage.claim("fewer", off[SMOOTH][1] / off[NOISY][1], below=0.55)
            stage.claim("same", max(off[SMOOTH][5], off[NOISY][5]), below=0.09)
            stage.claim("back", (again - x_new).norm(dim=1).mean(), below=0.001)
            stage.claim("density", (judged - exact).mean().abs(), below=0.02)
            short = [spread(ends(kind, 160, 0.1)) for kind in KINDS]
            stage.measure(smooth_spread=short[0], noisy_spread=short[1])
            stage.claim("forgives", short[0] / short[1], above=1.3)
