"""
# What is the loss a function of?

Your fitted line looks wrong. Is the best line of this model bad, or did training not get there? To
tell, you need to know what training moves, and what it cannot move.

A **model** is a map from an input x to an answer ȳ, with parameters θ. Here θ = (w, b):

    ȳ = w x + b

A **cost** C(y, ȳ) says how bad the answer is where y is right. Here it is (ȳ − y)². Put the model
into the cost, take m examples, numbered from 0 to m − 1, and average over them:

    L(θ) = (1/m) Σᵢ C(yᵢ, ȳᵢ)

The examples are given and stay as they are. So the loss is a function of the parameters alone:
every point of the map is one line, and its height says how badly that line fits. Move `w` and `b`
and watch your line change with your point. The map does not move.

**Training** walks down this map to its lowest point. But the map belongs to these twenty examples.
The *truth*, the rule behind the data, lies somewhere else. Twenty other examples make another map:
you see the lowest points of 20 such maps.

**Each example** pulls your point its own way, by the slope of its own cost. The gradient of the
loss is the *average* of these: for w, of 2 (ȳ − y) x. What remains of the cost is the *residual*
ȳ − y. **Logistic** regression has ȳ = σ(w x + b), a probability; its cost is −ln of the probability
of what is right. There the residual is ȳ − y again: each cost fits its answer. (A model that draws
random numbers has them as one more input.)

## Tomorrow

When a fit looks wrong, ask first: is the lowest point bad, or was it not reached? If the gradient
is near 0, longer training cannot help: look for more data, another model or another cost.
"""

import torch

from dlplay import Float, Int, Scene, Try
from dlplay.nn import grid

TRUTH = (0.8, 0.2)  # the w and b that made the data
W, B = (0.0, 1.6), (-0.6, 1.0)  # the part of the map that is shown
SAMPLES = 400  # other samples, whose lowest points are computed


class Loss(Scene):
    covers = ("ML Model in Supervised Learning", "Loss Function")
    panels = {
        "loss over w and b": "each point is one line; the walker goes downhill, to the best fit",
        "the lines": "what these points stand for; the nearer to the examples the better",
        "pull at your point": "each example pulls your line its own way; the arrow is the average",
    }
    claims = {
        "not_the_truth": "lowest points for 20 examples: 0.085 to 0.13 from the truth (median)",
        "sqrt_m": "with 320 examples they are 3 to 5.5 times nearer (medians of 400 samples)",
        "arrives": "after 80 steps the walker is within 0.02 of its sample's lowest point",
        "mean_pull": "the examples' average slope is autograd's slope of the loss, within 0.00001",
    }
    tries = (
        Try(
            "w=0.4",
            "You turn w. What changes on the map?",
            ("the heights: it is another loss now", "your point alone", "the lowest point"),
            right=2,
            keeps=("arrives", "not_the_truth"),
            why="The examples are fixed, so each line has its height. You only chose another line.",
        ),
        Try(
            "noise=0",
            "The examples follow the rule exactly. Where are the other samples' lowest points?",
            (
                "in the same cloud: it is the draw of x",
                "on a line through the truth",
                "on the truth",
            ),
            right=3,
            breaks="not_the_truth",
            keeps="arrives",
            why="The true line has no loss for any sample now, and nothing lies lower than that.",
        ),
        Try(
            "examples=320",
            "Sixteen times as many examples. How much nearer to the truth is the lowest point?",
            ("about 16 times", "about 4 times", "no nearer, but surer"),
            right=2,
            breaks="not_the_truth",
            keeps="arrives",
            why="The noise of m labels averages out as 1/√m. Sixteen times the data is a quarter "
            "of the error: a second digit costs a hundred times the data.",
        ),
        Try(
            "learning_rate=0.005",
            "A twentieth of the rate, and the line fits badly. What is wrong?",
            ("it was not trained for long enough", "the lowest point has moved", "both"),
            right=1,
            breaks="arrives",
            keeps="not_the_truth",
            why="The rate is no part of the loss. Map and lowest point are what they were; the "
            "walker is still on its way.",
        ),
    )
    quick = {"steps": 20}
    pace = 10

    w = Float(1.3, min=0, max=1.6, live=True, help="of your line: how steep it is")
    b = Float(-0.2, min=-0.6, max=1, live=True, help="of your line: its height at x = 0")
    examples = Int(20, min=5, max=512, log=True, help="points in a sample, m")
    noise = Float(0.4, min=0, max=1, help="standard deviation of the noise in y")
    learning_rate = Float(0.1, min=0, max=1.2, live=True, help="step size of the walker")
    steps = Int(80, min=10, max=5000, log=True, help="steps of the walker")

    def run(self, stage):
        truth = torch.tensor(TRUTH).to(stage.device)  # w, b

        def sample(m):
            """Four hundred samples of m points, and the lowest point of each: [400, 2]."""
            x = torch.randn(SAMPLES, m).to(stage.device)
            y = truth[0] * x + truth[1] + self.noise * torch.randn(SAMPLES, m).to(stage.device)
            u = x - x.mean(1, keepdim=True)
            w = (u * y).sum(1) / (u * u).sum(1)
            return x, y, torch.stack([w, y.mean(1) - w * x.mean(1)], dim=1)

        x, y, lowest = sample(self.examples)
        x, y, best, others = x[0], y[0], lowest[0], lowest[1:]  # the first one is yours

        def loss(w, b):
            """The mean cost of lines w, b [...] on the sample."""
            return ((w[..., None] * x + b[..., None] - y) ** 2).mean(-1)

        def pulls(w, b):
            """The slope of each example's own cost at the line w, b: [m, 2]."""
            residual = w * x + b - y
            return torch.stack([2 * residual * x, 2 * residual], dim=1)

        def line(w, b):
            ends = torch.tensor([-3.0, 3.0]).to(stage.device)
            return torch.stack([ends, w * ends + b], dim=1)

        walker = torch.tensor([0.05, 0.9]).to(stage.device)
        trail = [walker]
        heights = loss(*grid(W, B, 48, stage.device).unbind(-1))

        @stage.look()
        def look():
            you = torch.tensor([self.w, self.b]).to(stage.device)
            stage.plane(
                "loss over w and b",
                x=W,
                y=B,
                field=heights,
                kind="contour",
                paths={"walker": torch.stack(trail), "you": you[None], "truth": truth[None]},
                points={"lowest, other samples": others[:20]},
                x_label="w",
                y_label="b",
            )
            stage.plane(
                "the lines",
                x=(-3, 3),
                y=(-3, 3),
                paths={"walker": line(*walker), "you": line(*you), "truth": line(*truth)},
                points={"examples": torch.stack([x, y], dim=1)},
                x_label="x",
                y_label="y",
            )
            each = -pulls(*you)  # [m, 2]
            average = each.mean(0)
            reach = max(1.0, each.abs().quantile(0.9).item())
            stage.plane(
                "pull at your point",
                x=(-reach, reach),
                y=(-reach, reach),
                paths={"average": torch.stack([0 * average, average])},
                points={"one example": each},
                x_label="on w",
                y_label="on b",
            )
            stage.headline(
                f"loss: walker {loss(*walker):.3f}, you {loss(*you):.3f}, "
                f"truth {loss(*truth):.3f}, lowest {loss(*best):.3f}"
            )

        gap = 0.0
        for _ in stage.loop(self.steps):
            at = walker.clone().requires_grad_()
            slope = torch.autograd.grad(loss(*at), at)[0]
            gap = max(gap, (pulls(*walker).mean(0) - slope).abs().max().item())
            walker = walker - self.learning_rate * slope
            trail.append(walker)

        with stage.probe():
            off = (lowest - truth).norm(dim=1).median()
            stage.claim("not_the_truth", off, within=(0.085, 0.13))
            more = (sample(320)[2] - truth).norm(dim=1).median()
            stage.claim("sqrt_m", off / more, within=(3, 5.5))
            stage.claim("arrives", (walker - best).norm(), below=0.02)
            stage.claim("mean_pull", gap, below=1e-5)
