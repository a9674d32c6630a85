"""
# What is diffusion with infinitely many steps?

A diffusion model adds noise in T small steps, and takes it away again in T steps. Why 200, why
1,000? Let the steps become shorter, more and more of them. Time t runs from 0, the data, to 1, pure
noise, and what remains is a **stochastic differential equation**:

    dx = f(x, t) dt + g(t) dw

f is a pull, g says how fast noise comes in, and dw is the noise of a short time dt: normal, with
variance dt. With f = −½βx and g² = β, β growing, it is the usual shrinking and noising; with f = 0
and growing g, noise alone. They are called **VP** and **VE**, as the variance is preserved or
explodes. With p_t for the density at time t, the way back is (Anderson, 1982)

    dx = (f − g² ∇log p_t) dt + g dw

Backwards, the pull f becomes a push away from 0. Only the slope ∇log p_t holds against it, and
leads to the data.

A computer takes N steps of h = 1/N, which is Euler and Maruyama's way. From t to t − h:

    v = f − g² ∇log p_t
    x ← x − h v + √h g ε

So the N of sampling is a choice of *yours*, and not of the net, which knows the slope at any t.
Give every N the same noise, summed to longer steps. Then each doubling of N moves a walker's end
half as far as the one before: the paths settle. What they settle to is smooth nowhere. Look closer,
and there are always more jags, so their length has no end.

## Tomorrow

Choose the number of steps when you sample. Halve it until the samples suffer, and stay one doubling
above.
"""

import math

import torch

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import two_heaps
from dlplay.nn import sliced_distance

WALKERS, FEWEST = 4000, 5
HIGH = 3.2  # of the pictures
BEFORE, NOW = "half as many steps", "N steps"


class EndlessSteps(Scene):
    covers = ("Continuous-Time Diffusion Models", "Stochastic Differential Equations")
    panels = {
        "paths": "from noise (left) to data (right), same noise for all N; they settle",
        "distance": "of 4,000 ends from data; lower is better, at the line it is chance",
        "moved": "how far a doubling of N moves a walker's end, median; lower: settled",
        "on the way": "walkers at t = 0.25 on their way back, beside noised data: the same",
    }
    claims = {
        "near": "the ends of the finest sampler are within 0.07 of the data, over all directions",
        "coarse": "those of N = 10 are 0.12 to 0.5 off",
        "settles": "two doublings later, a doubling moves ends a third to a fifth as far",
        "rough": "four times the steps make paths 1.8 to 2.1 times as long",
        "same": "at t = 0.25 the way back has the spread of noised data, within 5 percent",
        "slope": "the same steps without the slope end over 50 away from the data",
    }
    tries = (
        Try(
            "slope=none",
            "Run the process backwards without the slope. What do you get?",
            ("pure noise", "blurred data", "walkers that fly apart"),
            right=3,
            breaks=("near", "coarse", "same"),
            keeps="slope",
            why="Forward, f pulls everything to 0. Backward it pushes everything away from 0, more "
            "the farther it is. Only the slope holds against that.",
        ),
        Try(
            "noise=0",
            "The slope stays, but no noise is added on the way back. What becomes of the heaps?",
            ("each is nearly a point", "the same, by smooth paths", "they are too wide"),
            right=1,
            breaks=("near", "rough", "same"),
            why="This slope is made for two: it pulls twice as much as smooth paths would need, "
            "because the noise drives apart what it pulls together.",
        ),
        Try(
            "process=VE",
            "No pull, only ever more noise. Does the same recipe bring back the data?",
            ("no, the heaps come out in the middle", "yes", "only the shares are right"),
            right=2,
            breaks="slope",
            keeps=("near", "settles", "same"),
            why="The way back holds for any f and g, with the slope of their own noised densities. "
            "Only that nothing flies apart without the slope is another thing: there is no push.",
        ),
        Try(
            "fresh=yes",
            "Each N draws noise of its own. What no longer holds?",
            ("the ends lie as the data", "walkers' ends settle", "both"),
            right=2,
            breaks="settles",
            keeps=("near", "rough", "same"),
            why="Another noise is another path. What all of them share is how they lie together, "
            "and that is all a sampler needs.",
        ),
    )
    quick = {"steps": 3}
    pace = 1

    drawn = Int(4, min=1, max=20, live=True, help="walkers whose paths are drawn")
    slope = Choice("true", ("true", "none"), help="whether the way back follows ∇log p")
    noise = Float(1, min=0, max=1.5, help="the noise of the way back, times what is right")
    process = Choice("VP", ("VP", "VE"), help="how noise comes in: with a pull to 0 or without")
    fresh = Choice("no", ("no", "yes"), help="whether each N has a noise of its own")
    steps = Int(7, min=2, max=8, help="times that N is looked at: 5, then doubled each time")

    def run(self, stage):
        heaps = two_heaps(apart=1, spread=0.25).to(stage.device)
        data, other = heaps.draw(WALKERS), heaps.draw(WALKERS)
        finest = FEWEST * 2 ** (self.steps - 1)

        def level(t):
            """How a point of the data lies at time t: scale · x₀ + σε."""
            if self.process == "VE":
                return 1.0, 0.02 * 250**t
            scale = math.exp(-0.05 * t - 4.975 * t**2)
            return scale, math.sqrt(1 - scale**2)

        def noised(t):
            scale, σ = level(t)
            return heaps.noised(σ, scale)

        def pull(x, t):
            """f [N, 2] and g²."""
            if self.process == "VE":
                return 0 * x, 2 * math.log(250) * level(t)[1] ** 2
            β = 0.1 + 19.9 * t
            return -0.5 * β * x, β

        def back(N, dw, follow=True):
            """Walkers from t = 1 to 0 in N steps: their ends, the paths of twenty [N + 1, 20, 2],
            all walkers at t = 0.25, and the mean length of the paths."""
            x, h, length = level(1)[1] * starts, 1 / N, 0.0
            path, between = [x[:20]], x
            for step, push in enumerate(dw.reshape(N, finest // N, WALKERS, 2).sum(dim=1)):
                t = 1 - step * h
                if abs(t - 0.25) < h / 2:
                    between = x
                f, gg = pull(x, t)
                s = noised(t).slope(x) if follow else 0.0
                new = x - h * (f - gg * s) + self.noise * math.sqrt(gg) * push
                length = length + (new - x).norm(dim=1).mean()
                x = new
                path.append(x[:20])
            return x, torch.stack(path), between, length

        def increments():
            """The noise of the finest steps: [finest, walkers, 2]."""
            return (torch.randn(finest, WALKERS, 2) / finest**0.5).to(stage.device)

        def across(x):
            """The coordinate along the line through both heaps."""
            return x.sum(dim=-1) / 2**0.5

        def joined(path):
            """Paths [N + 1, drawn, 2] as one line over time, with gaps: [..., 2]."""
            time = torch.linspace(0, 1, len(path), device=path.device)
            line = torch.stack([time[:, None].expand(path.shape[:2]), across(path)], dim=2)
            gap = torch.full_like(line[:1], math.nan)
            return torch.cat([line, gap]).transpose(0, 1).flatten(0, 1)[:-1]

        starts = torch.randn(WALKERS, 2).to(stage.device)
        high = HIGH * level(1)[1]
        places = torch.linspace(-high, high, 60, device=stage.device)[:, None] / 2**0.5
        columns = [noised(1 - k / 59).log_density(places.expand(60, 2)).exp() for k in range(60)]
        density = torch.stack([column / column.max() for column in columns], dim=1)  # [60, 60]
        floor = float(sliced_distance(data, other))
        dw = increments()
        lost = back(finest, dw, follow=False)[0]
        ends, paths, lengths, moves, off, between = [], [], [], [], [], starts

        @stage.look(1)
        def look():
            lines = {NOW: joined(paths[-1][:, : self.drawn])}
            if len(paths) > 1:
                lines = {BEFORE: joined(paths[-2][:, : self.drawn])} | lines
            stage.plane(
                "paths", x=(0, 1), y=(-high, high), field=density.sqrt(), paths=lines,
                x_label="1 − t: data at the right", y_label="place between the heaps",
            )  # fmt: skip
            parts = {"way back": across(between), "noised data": across(there)}
            stage.histogram("on the way", parts, low=-high, high=high, x="place between the heaps")
            N = FEWEST * 2 ** (len(paths) - 1)
            moved = f"; this doubling moved ends by {moves[-1]:.3f}" if moves else ""
            stage.headline(f"N = {N}: ends are {off[-1]:.3f} from data{moved}")

        scale, σ = level(0.25)
        there = scale * other + σ * starts
        stage.axes("distance", x="steps N", y="distance", log="xy", lines={"chance": floor})
        stage.axes("moved", x="steps N", y="distance", log="xy")
        for k in stage.loop(self.steps):
            N = FEWEST * 2**k
            found = back(N, increments() if self.fresh == "yes" else dw, self.slope == "true")
            between = found[2]
            for kept, new in zip(
                (ends, paths, lengths), (found[0], found[1], found[3]), strict=True
            ):
                kept.append(new)
            off.append(sliced_distance(ends[-1], data))
            stage.curve("distance", {"ends": off[-1]}, x=N)
            if k:
                moves.append((ends[-1] - ends[-2]).norm(dim=1).median())
                stage.curve("moved", {"ends": moves[-1]}, x=N)

        with stage.probe():
            stage.claim("near", off[-1], below=0.07)
            stage.claim("coarse", off[1], within=(0.12, 0.5))
            stage.claim("settles", moves[-3] / moves[-1] if len(moves) > 2 else 0, within=(3, 5))
            stage.claim("rough", lengths[-1] / lengths[-3] if k > 1 else 0, within=(1.8, 2.1))
            stage.claim("same", between.std() / there.std(), within=(0.95, 1.05))
            stage.claim("slope", sliced_distance(lost, data), above=50)
