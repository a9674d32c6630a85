"""
# What keeps a flow from pushing everything into the middle?

How likely is each value of some data? A **flow** learns a map z = f(x) that turns the data x into
numbers z whose density is known: the bell curve with spread 1. New data come from drawing z
and going back.

So pull each x where the bell is high? Then the best map puts *all* of them on 0. That scores
well, and says nothing. Something has to charge for squeezing.

Think of the axis as rubber with sand on it. Where the map stretches, the sand gets thinner; where
it squeezes, it piles up. It is the same sand, so the two densities differ by the factor of
stretching, the slope of f:

    p(x) = N(f(x)) · |f′(x)|
    log p = log N(f(x)) + log|f′(x)|

N is the bell curve, p the density of the data. The second term is the charge: squeeze to a half,
and you pay log 2 = 0.69. A flow is trained to make the mean of −log p small, in **nats** a point.
Lower is better, and in the mean no density has less than the true one.

In several dimensions the slopes make a matrix, the Jacobian J. It stretches volumes by the size of
its determinant: the charge is log|det J|.

In the picture the data lie in the middle. Upwards goes the map that pays: its z make a bell.
Downwards goes the one that does not: a needle.

The formula needs a map that is one to one. If two x share a z, both claim the same sand, and the
"density" sums to more than 1. Its score, better than the truth's, means nothing.

## Tomorrow

Before you believe a likelihood, sum the density over a grid: it must give 1. Then compare with one
Gaussian, fitted to the same data.
"""

import math

import torch
from torch.distributions import Categorical, MixtureSameFamily, Normal
from torch.nn.functional import softplus

from dlplay import Choice, Float, Int, Scene, Try

SHARES, MEANS, SPREADS = (0.3, 0.4, 0.3), (-2.0, 0.2, 2.2), (0.35, 0.5, 0.3)  # of three heaps
REACH = 4.0  # of the axes


class Stretch(Scene):
    covers = ("Normalizing Flows (chapter introduction)", "Introducing Normalizing Flows")
    panels = {
        "the map": "data x in the middle; lines to their z, up if the charge is paid, down if not",
        "density": "of x: a flow's should lie on the true one",
        "nats a point": "of new data; lower is better, but none can be below the true density",
    }
    claims = {
        "near": "the charged flow is within 0.06 nats of the true density, on 2,000 new numbers",
        "beats_gaussian": "it is over 0.3 nats better than one Gaussian fitted to the same data",
        "bell": "its z have a spread of 0.9 to 1.1",
        "needle": "without the charge the spread of z is below 0.2",
        "sums_to_one": "by the book: the charged flow's density sums to 1, within 0.01",
    }
    tries = (
        Try(
            "charge=0.5",
            "Only half of the charge is paid. What becomes of the upper map's z?",
            ("a bell still, narrower", "a needle, like the other's", "three heaps"),
            right=1,
            breaks=("bell", "near"),
            keeps="sums_to_one",
            why="Halving the charge is like doubling the price of being far from 0: the same best "
            "map as for a bell of variance 1/2. Only the whole charge makes a score a likelihood.",
        ),
        Try(
            "map=free",
            "The map may fold, so that several x share a z. How does its score compare with the "
            "true density's?",
            ("worse: a fold loses data", "better, which cannot be true", "equal"),
            right=2,
            breaks=("sums_to_one", "near"),
            keeps="needle",
            why="Each branch may lay its x under the whole bell, as if the others weren't there. "
            "The sum over all x is about 3: nobody's density.",
        ),
        Try(
            "bends=1",
            "A single bend for three heaps. What is the flow worth now?",
            ("less than one Gaussian", "no more than one Gaussian", "nearly as much as before"),
            right=2,
            breaks=("near", "beats_gaussian"),
            keeps=("bell", "sums_to_one"),
            why="To pull three heaps into one, the axis must be squeezed in two gaps. One "
            "bend has one steep place.",
        ),
    )
    quick = {"steps": 20}
    pace = 30

    charge = Float(1, min=0, max=1.5, help="how much of the charge is paid, by the upper map")
    map = Choice("rising", ("rising", "free"), help="whether each bend must rise; free ones fold")
    bends = Int(16, min=1, max=64, log=True, help="S-shaped bends of the map")
    at = Float(-2, min=-4, max=4, live=True, help="a place on the axis of x")
    learning_rate = Float(0.03, min=0.001, max=0.3, log=True, live=True, help="of Adam")
    steps = Int(600, min=20, max=3000, log=True, help="steps over all 2,000 numbers")

    def run(self, stage):
        heap = Categorical(torch.tensor(SHARES))
        truth = MixtureSameFamily(heap, Normal(torch.tensor(MEANS), torch.tensor(SPREADS)))
        x, x_new = truth.sample((2000,)), truth.sample((2000,))
        one = Normal(x.mean(), x.std())
        true, gaussian = (-density.log_prob(x_new).mean() for density in (truth, one))
        x, x_new = x.to(stage.device), x_new.to(stage.device)
        paid = torch.tensor([self.charge, 0.0], device=stage.device)  # upper, lower
        # Two maps, f(x) = slope · x + shift + the sum of height · sigmoid(steep · (x − middle))
        middle = torch.linspace(-3, 3, self.bends + 2)[1:-1].repeat(2, 1)  # [2, bends]
        steep = torch.full((2, self.bends), 3.0)
        height = torch.full((2, self.bends), -2.0)
        if self.map == "free":
            height = torch.randn(self.bends).repeat(2, 1)
        slope, shift = torch.full((2, 1), 0.5), torch.zeros(2, 1)
        parts = middle, steep, height, slope, shift
        parts = [each.to(stage.device).requires_grad_() for each in parts]
        middle, steep, height, slope, shift = parts
        optimizer = torch.optim.Adam(parts, lr=self.learning_rate)

        def f(x):
            """Both maps and their slopes at x [N]: [N, 2] each."""
            k, a, b = softplus(steep), slope, height
            if self.map == "rising":
                a, b = softplus(slope), softplus(height)
            s = torch.sigmoid(k * (x[:, None, None] - middle))  # [N, 2, bends]
            z = (a * x[:, None, None] + shift + (b * s).sum(2, keepdim=True))[..., 0]
            return z, a[:, 0] + (b * k * s * (1 - s)).sum(2)

        def log_density(x):
            z, slope = f(x)
            return bell(z) + slope.abs().log()

        places = torch.linspace(-12, 12, 4801, device=stage.device)

        @stage.look(5)
        def look():
            (z, _), score = f(x), (-log_density(x_new).mean(dim=0)).tolist()
            stage.headline(
                f"nats a point {score[0]:.2f} (true {true:.2f}), spread of z {z[:, 0].std():.2f}; "
                f"uncharged {score[1]:.2f} with {z[:, 1].std():.2f}"
            )
            starts = torch.cat([torch.linspace(-3.6, 3.6, 19), torch.tensor([self.at])])
            ends = f(starts.to(stage.device))[0].T.tolist()  # of each map
            here = torch.tensor([[math.nan, math.nan], [self.at, 0.0]])
            paths = {
                "x": torch.cat([outline(x, 0, 1), here]),
                "charged": strip(z[:, 0], starts.tolist(), ends[0], 1.0, 2.0, 3.0),
                "uncharged": strip(z[:, 1], starts.tolist(), ends[1], -0.1, -1.0, -2.0),
            }
            stage.plane("the map", x=(-REACH, REACH), y=(-2, 3), paths=paths, x_label="x, or z")

        @stage.look(10)
        def look_at_density():
            near = torch.linspace(-REACH, REACH, 161, device=stage.device)
            left, right = log_density(near).exp().T.clamp(max=1.2)
            now = f(torch.tensor([self.at], device=stage.device))[1][0, 0]
            stage.axes("density", x="x", y="density", verticals={f"slope {now:.2f}": self.at})
            curves = {"true": truth.log_prob(near.cpu()).exp(), "charged": left, "uncharged": right}
            stage.plot("density", near, curves)
            charged, uncharged = -log_density(x_new).mean(dim=0)
            stage.curve("nats a point", charged=charged, uncharged=uncharged)

        lines = {"one Gaussian": float(gaussian), "true": float(true)}
        stage.axes("nats a point", x="step", y="nats", lines=lines)
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            z, stretch = f(x)  # [2000, 2] each
            loss = -(bell(z) + paid * stretch.abs().log()).mean(dim=0).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe():
            score, spread = -log_density(x_new).mean(dim=0), f(x)[0].std(dim=0)
            stage.claim("near", score[0] - true, within=(-0.06, 0.06))
            stage.claim("beats_gaussian", gaussian - score[0], above=0.3)
            stage.claim("bell", spread[0], within=(0.9, 1.1))
            stage.claim("needle", spread[1], below=0.2)
            total = log_density(places)[:, 0].exp().sum() * (places[1] - places[0])
            stage.claim("sums_to_one", total, within=(0.99, 1.01))


def bell(z):
    """log N: of the bell curve with mean 0 and spread 1."""
    return -0.5 * z.square() - 0.5 * math.log(2 * math.pi)


def outline(values, floor, ceiling):
    """A histogram of values [N], from `floor` towards `ceiling`, as a path [80, 2]."""
    counts = torch.histc(values.cpu(), 40, -REACH, REACH) / len(values)
    heights = floor + (ceiling - floor) * (counts / 0.09).clamp(max=1)
    edges = torch.linspace(-REACH, REACH, 41)
    across = torch.stack([edges[:-1], edges[1:]], dim=1).flatten()
    return torch.stack([across, heights.repeat_interleave(2)], dim=1)


def strip(values, starts, ends, top, floor, ceiling):
    """Lines from x, at height `top`, to z, at `floor`, where the histogram of z stands."""
    lines = [(math.nan, math.nan)]
    for start, end in zip(starts, ends, strict=True):
        lines += [(start, top), (end, floor), (math.nan, math.nan)]
    return torch.cat([outline(values, floor, ceiling), torch.tensor(lines[:-1])])
