"""
# Why do stochastic steps never come to rest?

The loss came down quickly, and now it trembles at one height for hours. Is the model too small, or
is it only the way you walk?

Here a line is fitted to 512 points, so the loss is a bowl and its minimum is known. The walkers
differ only in how many examples they ask before each step. All come down side by side. Then each
levels out on a **floor** of its own, and the fewer examples it asks, the higher its floor lies.

**Why a floor?** The gradient of one example, drawn at random, is *unbiased*: right on average over
the draw. But each single one is off. At the minimum the examples' gradients still pull in all
directions. Only their mean is 0. So a walker that asks one example is kicked about even there.

Asking B examples, a *mini-batch*, averages the kicks. The variance of the mean is

    variance of one / B

and a step of size α spreads the walker out in proportion to α times that variance:

    floor ∝ α / B

(At B = 1 it is a little higher, for far from the minimum the kicks are larger, too.)
*Full batch* means all 512. Drawn with replacement some come twice and others never, so even 512
draws are not exact. Drawn without replacement they are.

**Must it tremble for ever?** You may hear that stochastic steps never settle. At a constant rate,
with noisy labels, that is so. But if α shrinks as 1/k with the step number k, the floor sinks as
you walk. And where the model can fit every example exactly, all the small gradients vanish at the
minimum together: there is no floor at all.

## Tomorrow

When the loss is flat and trembles, do not change the model yet. Lower the rate, or raise the batch.
If the loss falls at once, you were on the floor. That is why most schedules end with a small rate.
"""

import math

import torch

from dlplay import Choice, Float, Int, Scene, Toggle, Try
from dlplay.nn import grid

W1, W2 = (-2.1, 1.9), (-1.6, 2.4)  # the part of the map that is shown
M, BATCHES = 512, (1, 8, 64, 512)  # all examples, and those in a step
NAMES = ("1 example", "8 examples", "64 examples", "512 examples")
CURES = ("rate α", "rate α/4", "rate as 1/k", "exact labels")
COPIES = 16  # walkers of each kind: a curve is their mean


class Noise(Scene):
    covers = ("Stochastic Gradient Descent", "Mini-Batch Gradient Descent")
    panels = {
        "loss above the minimum": "mean of 16 walkers each, by examples in a step; lower is better",
        "one example a step": "what brings the highest floor down; lower is better",
        "the walk": "one walker of each kind, seen from above, on the loss as a map",
        "batch size": "more examples in a step: less variance, a lower floor (both axes log)",
    }
    claims = {
        "floor_by_batch": "the floor of 1 example a step is 50 to 125 times that of 64",
        "floor_by_rate": "a quarter of the rate lowers the floor of 1 example 3.2 to 7 times",
        "decay_sinks": "at a rate α/(1 + k/50), 1 example ends below 0.15 of its constant floor",
        "no_noise_no_floor": "with exact labels, 1 example ends below a millionth of its floor",
        "variance": "log variance of a step falls with log B at a slope of -1.1 to -0.9",
    }
    tries = (
        Try(
            "noise=0",
            "The labels have no noise now. Examples are drawn as before. How high are the floors?",
            ("as before: the randomness is in the draw", "about half", "there are none left"),
            right=3,
            breaks="floor_by_batch",
            keeps="variance",
            why="A line now goes through every point. At the minimum each example's own gradient "
            "is 0, so whichever is drawn says: stay.",
        ),
        Try(
            "replacement=off",
            "The examples of a step are all different now. Whose floor goes away?",
            ("that of 512", "that of 1", "none: a draw is a draw"),
            right=1,
            breaks="variance",
            keeps="floor_by_batch",
            why="Variance has a factor (m − B)/(m − 1) now, m = 512: it is 1 at B = 1, 0 at B = m.",
        ),
        Try(
            "decay=1/k",
            "All rates shrink as 1/k now. Does that help the walker with exact labels, too?",
            ("yes, it is at the minimum sooner", "no, it is slower", "it makes no difference"),
            right=2,
            breaks="no_noise_no_floor",
            why="Small steps are a cure for noise. Where there is none, they are only small.",
        ),
        Try(
            "learning_rate=1.05",
            "A rate just past the limit of the bowl. Who flies off?",
            ("only those that ask few examples", "all of them", "only the full batch"),
            right=2,
            breaks="floor_by_batch",
            why="The limit 2/λ holds for the exact gradient. Noise only comes on top of it.",
        ),
    )
    quick = {"steps": 20}
    pace = 30

    learning_rate = Float(0.1, min=0.005, max=1.1, log=True, live=True, help="α; 1 is the limit")
    decay = Choice("none", ("none", "1/k"), live=True, help="how the rate shrinks")
    noise = Float(0.5, min=0, max=1, help="standard deviation of the noise in the labels")
    replacement = Toggle(True, live=True, help="an example may be drawn twice for a step")
    steps = Int(600, min=20, max=20000, log=True, help="steps of every walker")

    def run(self, stage):
        device = stage.device
        stretch = torch.tensor([[1.7, -0.5], [1.0, 0.9]])
        x = (torch.randn(M, 2) @ stretch.T).to(device)  # [512, 2]
        truth = torch.tensor([1.0, -0.5]).to(device)
        exact = x @ truth  # [512]
        # C runs of a sweep go down at once, and ask the same examples
        noise = stage.each(self.noise)[:, None]
        y = exact + noise * torch.randn(M).to(device)  # [C, 512]
        hessian = 2 * x.T @ x / M  # of the mean of (x·w − y)²
        limit = 2 / torch.linalg.eigvalsh(hessian)[-1].item()
        best = torch.stack([torch.linalg.solve(x.T @ x, x.T @ own) for own in y])  # [C, 2], minima

        def draw(walkers, size):
            """Which examples each walker asks: [walkers, size]."""
            if self.replacement:
                return torch.randint(M, (walkers, size)).to(device)
            return torch.rand(walkers, M).topk(size).indices.to(device)

        def gradient(w, size, y):
            """Of the mean loss of a batch, for each of R walkers: [C, R, 2] -> [C, R, 2]."""
            i, w = draw(w.shape[1], size), w.detach().requires_grad_()
            with torch.enable_grad():
                error = (x[i] @ w[..., None])[..., 0] - y[..., i]  # [C, R, size]
                return torch.autograd.grad((error**2).mean(2).sum(), w)[0]

        def above(w, least=best):
            """The mean height of walkers above the minimum, ½ dᵀHd: [C]."""
            d = w - least[:, None]
            return ((d @ hessian) * d).sum(2).mean(1) / 2

        def by_batch():
            """Floor: the mean of the last half. Variance: of 800 batches, all at the start."""
            floors = torch.stack(heights[len(heights) // 2 :]).mean(0)  # [4, C]
            here = start.repeat(1, 50, 1)
            return floors, [gradient(here, size, y).var(1).sum(1) for size in BATCHES]

        start = torch.tensor([-1.2, 1.3]).to(device).repeat(stage.copies, COPIES, 1)  # [C, 16, 2]
        walkers, slow, decaying, fitted = dict.fromkeys(BATCHES, start), start, start, start
        heights, cures, trail = [], [], []
        stage.axes("loss above the minimum", x="step", y="loss − minimum", log="y")
        stage.axes("one example a step", x="step", y="loss − minimum", log="y")
        stage.axes("batch size", x="batch size B", log="xy")
        field = grid(W1, W2, 48, device)

        @stage.look(50)
        def far():
            floors, variance = by_batch()
            variance = torch.cat(variance)
            stage.plot(
                "batch size", BATCHES, {"loss − minimum": floors[:, 0], "variance": variance}
            )
            one, _, many, every = floors[:, 0]
            stage.headline(f"floor of 1 example {one:.2g}, of 64 {many:.2g}, of 512 {every:.2g}")

        @stage.look(5)
        def near():
            off, paths = field - best[0], dict(zip(NAMES, torch.stack(trail, 1), strict=True))
            height = ((off @ hessian) * off).sum(-1) / 2
            stage.plane("the walk", x=W1, y=W2, field=height, kind="contour", paths=paths,
                        x_label="w₁", y_label="w₂")  # fmt: skip

        for step in stage.loop(self.steps):
            rate = limit * stage.each(self.learning_rate)[:, None, None]
            shrunk = rate / (1 + step / 50)
            rate = rate if self.decay == "none" else shrunk
            for size, w in walkers.items():
                walkers[size] = w - rate * gradient(w, size, y)
            slow = slow - rate / 4 * gradient(slow, 1, y)
            decaying = decaying - shrunk * gradient(decaying, 1, y)
            fitted = fitted - rate * gradient(fitted, 1, exact)

            heights.append(torch.stack([above(w) for w in walkers.values()]))  # [4, C]
            cures.append(torch.stack([above(slow), above(decaying), above(fitted, truth[None])]))
            trail.append(torch.stack([w[0, 0] for w in walkers.values()]))  # [4, 2]
            stage.curve("loss above the minimum", dict(zip(NAMES, heights[-1], strict=True)))
            all_of_1 = heights[-1][0], *cures[-1].clamp(min=1e-9)
            stage.curve("one example a step", dict(zip(CURES, all_of_1, strict=True)))

        with stage.probe():
            floors, variance = by_batch()
            slow = torch.stack(cures[len(cures) // 2 :])[:, 0].mean(0)
            stage.claim("floor_by_batch", floors[0] / floors[2], within=(50, 125))
            stage.claim("floor_by_rate", floors[0] / slow, within=(3.2, 7))
            stage.claim("decay_sinks", cures[-1][1] / floors[0], below=0.15)
            stage.claim("no_noise_no_floor", cures[-1][2] / floors[0], below=1e-6)
            fall = (variance[-1].clamp(min=1e-20) / variance[0]).log() / math.log(M)
            stage.claim("variance", fall, within=(-1.1, -0.9))
