"""
# How can a net learn the slope of a density from points alone?

You have points, but no formula for their density p. Which way is uphill, at a place x? The gradient
of log p, an arrow at each x, is called the **score**. With it you can climb from anywhere to where
data lie. (It needs no partition function: a constant factor in p leaves the gradient alone.)

Nobody can tell the net the right arrows. But you can blur the points: x = x₀ + σε, with a point x₀
of the data and normal noise ε. Then ask a net for the ε in x. Many (x₀, ε) lead to one x, so
the net's best answer is their mean, and the mean noise leads away from where points are dense:

    ε̂(x) = −σ ∇ log p_σ(x)

p_σ is the density of the blurred points. So the score is −ε̂/σ, and guessing noise is learning the
slope. (Vincent, 2011; score matching is from Hyvärinen, 2005.) As a loss on the score s:

    ‖s + ε/σ‖² = (1/σ²) ‖ε̂ − ε‖²

Do not expect a small loss. A net that answers 0 has 2, the power of ε in the plane. The *true*
slope stays far above 0, because the mean of many noises is not the one that was drawn. Only what
lies above that floor is the net's error.

Two things to know about the arrows. They are learned where blurred points fall: for small σ, the
net has never been in the empty corners, where it guesses. For large σ it has been everywhere, but
its arrows are those of the *blurred* density, in which two heaps may have become one.

## Tomorrow

Train on the noise, and read the score as −ε̂/σ. Compare the loss with its floor, not with 0. Trust
an arrow only where noised data have been.
"""

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import two_heaps
from dlplay.nn import arrows, grid

VIEW = (-4.0, 4.0)


class Arrows(Scene):
    covers = ("Diffusion Score Matching", "Score Loss")
    panels = {
        "uphill": "arrows on the density of the blurred points; learned ones turn into place",
        "error": "of an arrow, as a share of its true length; dark is good; dots: data",
        "loss": "squared error of the guessed noise; no slope gets below the true one's",
    }
    claims = {
        "turns": "on blurred points, learned and true arrows have a mean cosine over 0.98",
        "emptier": "in the emptier half of the square they are off over twice as far as on data",
        "wide": "with σ = 3 they are off by less than 0.05 of their length in both",
        "floor": "the loss for the chosen σ ends within 0.03 of the true slope's own",
        "blurred": "of the clean density, the arrows for σ = 3 miss over 0.9",
        "narrow": "those for the chosen σ miss below 0.4 of it",
    }
    tries = (
        Try(
            "sigma=3",
            "Wide noise, six times a heap's spread. How are the arrows in the empty corners?",
            ("worse: more noise", "right, but of one wide heap", "right, of both heaps"),
            right=2,
            breaks=("emptier", "narrow"),
            keeps=("turns", "wide", "floor"),
            why="Such noise has thrown points everywhere, so the net has seen every corner. But "
            "two heaps that are blurred so far are one.",
        ),
        Try(
            "target=other",
            "The noise that the net shall name is another point's. What do its arrows become?",
            ("nearly nothing", "arrows in random directions", "the same, but noisier"),
            right=1,
            breaks=("turns", "wide", "floor", "narrow"),
            why="Another point's noise has nothing to do with this x. Its mean is 0 everywhere, "
            "which is what squared error learns.",
        ),
        Try(
            "count=20",
            "Instead of 4,000 points there are 20. Where do the arrows lead?",
            ("to the heaps' centres", "nowhere: too few to learn", "to the single points"),
            right=3,
            breaks=("turns", "floor", "narrow"),
            why="The net learns the slope of what it was given, 20 blurred points. Nothing tells "
            "it that there are heaps.",
        ),
        Try(
            "sigma=0.1",
            "A third of the noise. The loss ends at 1.92, answering 0 has 2. Has the net failed?",
            ("yes, it learned next to nothing", "it needs more steps", "no, it is at the floor"),
            right=3,
            keeps=("floor", "narrow", "wide"),
            why="A blur much smaller than the heap can hardly be seen in one point, so even the "
            "true slope gets most of the noise wrong. The arrows are right all the same.",
        ),
    )
    quick = {"steps": 20}
    pace = 100

    shown = Choice("both", ("both", "learned", "true"), live=True, help="the arrows that are drawn")
    sigma = Float(0.3, min=0.05, max=4, log=True, help="σ, standard deviation of the noise")
    target = Choice("own", ("own", "other"), help="whose noise the net has to name")
    count = Int(4000, min=5, max=10_000, log=True, help="points that it learns from")
    learning_rate = Float(0.003, min=1e-4, max=0.1, log=True, live=True, help="of Adam, at first")
    steps = Int(500, min=10, max=5000, log=True, help="steps of 256 points, for each net")

    def run(self, stage):
        heaps = two_heaps().to(stage.device)
        x0, x_new = heaps.draw(self.count), heaps.draw(2000)  # [N, 2]
        ε_new = torch.randn(2000, 2).to(stage.device)
        # A net for the chosen σ, its twin for σ = 3; each guesses the noise in x [N, 2]
        levels = (self.sigma, 3.0)
        nets = nn.ModuleList(
            nn.Sequential(
                nn.Linear(2, 128), nn.SiLU(), nn.Linear(128, 128), nn.SiLU(),
                nn.Linear(128, 128), nn.SiLU(), nn.Linear(128, 2),
            ) for _ in levels
        ).to(stage.device)  # fmt: skip
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)

        def score(k, x):
            """The learned slope at x [N, 2]."""
            return -nets[k](x) / levels[k]

        def miss(k, x, true):
            """How far the arrows at x are off, as a share of their true length (root of means)."""
            return ((score(k, x) - true).square().sum() / true.square().sum()).sqrt()

        def loss_of(guess):
            """Of the noise in 2,000 new points."""
            return (guess - ε_new).square().sum(dim=1).mean()

        blurs = [heaps.noised(σ) for σ in levels]
        x_blurred = [x_new + σ * ε_new for σ in levels]
        square = grid(VIEW, VIEW, 40, stage.device).reshape(-1, 2)
        depth = blurs[0].log_density(square)
        empty = square[depth < depth.median()]
        feet = grid((-3.5, 3.5), (-3.5, 3.5), 8, stage.device).reshape(-1, 2)
        floor = loss_of(-levels[0] * blurs[0].slope(x_blurred[0]))

        @stage.look(10, nets)
        def look():
            hill = depth.exp().sqrt().reshape(40, 40)
            kinds = {"true": blurs[0].slope(feet), "learned": score(0, feet)}
            paths = {
                name: arrows(feet, vectors, 0.8)
                for name, vectors in kinds.items()
                if self.shown in ("both", name)
            }
            stage.plane("uphill", x=VIEW, y=VIEW, field=hill, paths=paths)
            true = blurs[0].slope(square)
            off = (score(0, square) - true).norm(dim=1) / true.norm(dim=1)
            off = off.reshape(40, 40)
            stage.plane("error", x=VIEW, y=VIEW, field=off, low=0, high=0.6, points=x0[:40])
            loss = loss_of(nets[0](x_blurred[0]))
            stage.curve("loss", {"chosen σ": loss})
            on_data = miss(0, x_blurred[0], blurs[0].slope(x_blurred[0]))
            outside = miss(0, empty, blurs[0].slope(empty))
            stage.headline(
                f"arrows off by {on_data:.0%} on data, {outside:.0%} outside; "
                f"loss {loss:.2f}, floor {floor:.2f}"
            )

        lines = {"answering 0": 2.0, "the true slope": float(floor)}
        stage.axes("loss", x="step", y="squared error", lines=lines)
        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate * (1 - step / self.steps)
            batch = torch.randint(self.count, (256,), device="cpu").to(stage.device)
            ε = torch.randn(256, 2).to(stage.device)
            asked = ε if self.target == "own" else ε.roll(1, dims=0)
            loss = 0.0
            for net, σ in zip(nets, levels, strict=True):
                x = x0[batch] + σ * ε
                loss = loss + (net(x) - asked).square().sum(dim=1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            slopes = [blur.slope(x) for blur, x in zip(blurs, x_blurred, strict=True)]
            alike = torch.cosine_similarity(score(0, x_blurred[0]), slopes[0])
            stage.claim("turns", alike.mean(), above=0.98)
            on_data = [miss(k, x_blurred[k], slopes[k]) for k in (0, 1)]
            outside = [miss(k, empty, blurs[k].slope(empty)) for k in (0, 1)]
            stage.claim("emptier", outside[0] / on_data[0], above=2)
            stage.claim("wide", max(on_data[1], outside[1]), below=0.05)
            loss = loss_of(nets[0](x_blurred[0]))
            stage.measure(loss=loss, floor=floor, on_data=on_data[0], outside=outside[0])
            stage.claim("floor", loss - floor, within=(-0.03, 0.03))
            clean = heaps.slope(x_new)
            stage.claim("blurred", miss(1, x_new, clean), within=(0.9, 1.05))
            stage.claim("narrow", miss(0, x_new, clean), below=0.4)
