"""
# How well can fakes be told from real points at best?

Is a heap of fakes like the real thing? Instead of inventing a distance, ask a second network. Show
it points of both heaps, half real, half fake, and let it learn to tell them apart. It answers
D(x), the probability that x is real. If it is often right, the heaps differ; if it can only guess,
they are alike. This network is the **discriminator**: the judge of the forger G.

What is the best answer? Let p(x) be the density of the real points, q(x) that of the fakes. Of all
points that come to lie at x, the real ones are the share

    D*(x) = p(x) / (p(x) + q(x))

Nobody who sees x alone can know more. Training leads there. D climbs

    V = E log D(x)
        + E log(1 − D(G(z)))

the first mean over real points, the second over fakes: a classifier's cross-entropy, with a minus.
At D* two distances can be read off. One is the share of right verdicts, "real" where D > ½:

    (1 + TV) / 2
    TV = ½ ∫ |p − q|

The other is V itself:

    V = 2 JSD − log 4

JSD, the Jensen-Shannon divergence, is 0 for equal heaps and log 2 for heaps that share no point.
Equal heaps leave ½ right and V = −log 4.

A verdict is not a probability. To be right, it is enough to know on which side of ½ D lies; V also
asks how sure D should be. A judge can be right as often as possible and still have too low a V:
then the heaps look more alike than they are.

## Tomorrow

Train a classifier between your real and your generated data, and test it on new points of both. The
share it gets right is an honest distance; ½ means that this classifier finds no difference.
"""

import math

import torch
from torch import nn
from torch.nn.functional import softplus

from dlplay import Float, Int, Scene, Try

WIDTH = 0.7  # of the real heap


class Judge(Scene):
    covers = ("The Idea behind GAN – Indirect Approach",)
    panels = {
        "judge": "as it learns, D(x) moves onto the best answer",
        "right verdicts": "share; the line: the best judge's",
        "value": "V; D climbs, up to the line",
    }
    claims = {
        "best": "D ends within 0.012 of p/(p+q), on average over the points of both heaps",
        "before": "(before training it was over 0.25 away)",
        "right": "it is right as often as the best possible judge, short of it by under 0.003",
        "value": "V ends under 2 JSD − log 4, by less than 0.004",
    }
    tries = (
        Try(
            "gap=0",
            "The means are equal, yet the fakes are wider. What does D say in the middle?",
            ("½: it is the same place", "real", "fake"),
            right=2,
            breaks="before",
            keeps=("right", "best"),
            why="The narrow heap is denser in the middle, the wide one further out. D answers by "
            "the ratio of the densities, place by place.",
        ),
        Try(
            "hidden=2",
            "A poor judge, with two units a layer. What does it lose most?",
            ("how often it is right", "how sure it should be, where", "both alike"),
            right=2,
            breaks=("best", "value"),
            why="Here one threshold gives nearly all right verdicts, and two units find it. The "
            "whole curve they can't draw. Their V is too low: a poor judge flatters the forger.",
        ),
        Try(
            "gap=3",
            "The heaps move far apart. What does D's slope at the fakes become, from which a "
            "forger would learn where to go?",
            ("steeper", "about as before", "flat"),
            right=3,
            keeps=("right", "best"),
            why="There D is 0, and 0 all around. A perfect judge says that all is wrong, but not "
            "in which direction it would be less so.",
        ),
    )
    quick = {"steps": 20}
    pace = 30

    gap = Float(1, min=0, max=3, help="m: real points have the mean m, fakes −m")
    width = Float(1, min=0.3, max=2, log=True, help="standard deviation of the fakes (real: 0.7)")
    hidden = Int(64, min=1, max=128, log=True, help="units in each of D's two hidden layers")
    batch = Int(256, min=8, max=1024, log=True, help="points of either heap in a step")
    learning_rate = Float(0.003, min=1e-4, max=0.1, log=True, live=True, help="of Adam, at first")
    steps = Int(600, min=20, max=5000, log=True, help="steps of D")

    def run(self, stage):
        m, H = self.gap, self.hidden
        D = nn.Sequential(
            nn.Linear(1, H), nn.ReLU(), nn.Linear(H, H), nn.ReLU(), nn.Linear(H, 1)
        ).to(stage.device)  # fmt: skip
        optimizer = torch.optim.Adam(D.parameters(), lr=self.learning_rate)

        # What the best judge knows, on a fine grid of places
        x = torch.linspace(-11, 11, 2201, device=stage.device)
        p, q = normal(x, m, WIDTH), normal(x, -m, self.width)
        best = (p.log() - q.log()).sigmoid()  # p / (p + q)

        def over(values):
            """∫ of values [2201] over x."""
            return values.sum() * 0.01

        def right(s):
            """The share of right verdicts of a judge with the logits s [2201]."""
            return over(torch.where(s > 0, p, q)) / 2

        def value(s):
            """V of a judge with the logits s [2201]: log D is −softplus(−s)."""
            return -over(p * softplus(-s) + q * softplus(s))

        def off(s):
            """How far D is from the best answer, weighted by density."""
            return over((s.sigmoid() - best).abs() * (p + q) / 2)

        most_right = (1 + over((p - q).abs()) / 2) / 2
        mean = (p + q) / 2
        jsd = over(p * (p / mean).log() + q * (q / mean).log()) / 2
        highest = 2 * jsd - math.log(4)
        seen = slice(600, 1601, 10)  # x from −5 to 5

        @stage.look(2, D)
        def look():
            s = D(x[:, None])[:, 0]
            stage.plot(
                "judge",
                x[seen],
                {"real p": p[seen], "fake q": q[seen], "D(x)": s.sigmoid()[seen],
                 "best p/(p+q)": best[seen]},
            )  # fmt: skip
            stage.curve("right verdicts", D=right(s))
            stage.curve("value", D=value(s))
            slope = D[0].weight.new_tensor([[-m]]).requires_grad_()
            with torch.enable_grad():
                (slope,) = torch.autograd.grad(D(slope).sigmoid().sum(), slope)
            stage.headline(
                f"D is {off(s):.3f} off the best, right for {right(s):.3f} of {most_right:.3f}; "
                f"slope at fakes {slope.item():.1g}"
            )

        stage.axes("judge", x="x", y="density, probability", lines={"½": 0.5})
        stage.axes("right verdicts", y="share", log="x", lines={"(1 + TV)/2": float(most_right)})
        stage.axes("value", y="nats", log="x", lines={"2 JSD − log 4": float(highest)})
        with stage.probe(D):
            untrained = off(D(x[:, None])[:, 0])
        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate * (1 - step / self.steps)
            real = (m + WIDTH * torch.randn(self.batch, 1)).to(stage.device)
            fake = (self.width * torch.randn(self.batch, 1) - m).to(stage.device)
            loss = softplus(-D(real)).mean() + softplus(D(fake)).mean()  # −V
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(D):
            s = D(x[:, None])[:, 0]
            stage.claim("best", off(s), below=0.012)
            stage.claim("before", untrained, above=0.25)
            stage.claim("right", most_right - right(s), below=0.003)
            stage.claim("value", highest - value(s), within=(-0.0005, 0.004))


def normal(x, mean, width):
    """The density of a Gaussian, in places x; its tail ends at 1e-30, so that logs are finite."""
    density = torch.exp(-0.5 * ((x - mean) / width).square()) / (width * math.sqrt(2 * math.pi))
    return density.clamp(min=1e-30)
