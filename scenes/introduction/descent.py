"""
# Where does gradient descent come to rest?

Your loss has stopped falling, or it jumps and never settles. Which of your settings is to blame?

The map shows a loss over two parameters, x and y. It has two valleys, and the left one is deeper.
Four hundred walkers start anywhere. Each feels only the slope under its feet.

The gradient ∇L collects the slopes along all parameters. It points to where the loss *rises*
fastest, so each walker steps the other way:

    θ ← θ − α ∇L(θ)

θ are the parameters, here (x, y). α is the learning rate: how far a walker goes for a given slope.
Near a floor the slope fades, so the steps shrink by themselves and the walker comes to rest.

**Which floor?** With small steps, that of the valley it starts in. Nothing tells a walker that
there is a deeper one behind the ridge.

**How large may α be?** Curvature, λ, says how fast the slope changes. At a distance d from a floor
the slope is λd, so a step leads from d to

    d − αλd = (1 − αλ) d

The factor must lie between −1 and 1. So a floor can hold a walker only if α is below 2/λ, with λ
its largest curvature. Past that, each step lands on the other side, farther off. Here λ is 8.9 on
the left and 7.1 on the right. The flatter floor stands a larger rate; its depth does not matter.

**Full batch** means that each step asks all examples: the gradient is exact, as it is here. You may
hear that full-batch descent always reaches the minimum. It needs a rate below 2/λ, and even then it
ends in the valley in which it began.

## Tomorrow

If a full-batch loss jumps, its rate is above 2/λ: lower it. If it is calm and still bad, a smaller
rate will not help: start elsewhere and see whether you arrive at the same loss. Print the size of
the gradient too. It tells "at rest" from "slow".
"""

import numpy as np
import torch

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.nn import grid

REACH = 1.7  # the map goes from -1.7 to 1.7
# Learning rates that are tried beside yours, in units of the left floor's limit
SHARES = (0.05, 0.15, 0.3, 0.5, 0.7, 0.9, 0.98, 1.02, 1.1, 1.2, 1.3, 1.4)
FOLLOWED = 24  # walkers whose ways are drawn
STILL = 1e-4  # a walker is at rest where the slope is below this


class Descent(Scene):
    covers = ("Model Optimization with Gradient Descent", "Full Batch Gradient Descent")
    panels = {
        "landscape": "400 walkers go down, each into its own valley; the left is the deeper one",
        "slope": "slope under the walkers of each valley; below the line they are at rest",
        "learning rates": "share at rest in each valley by learning rate; higher is better",
    }
    claims = {
        "rests": "every one of 400 walkers ends where the slope is below 0.0001",
        "two_ends": "35 to 65 % of the walkers end in the right, higher valley",
        "limit": "left valley: share at rest at 0.98 of 2/λ is over 0.9 above that at 1.02 of it",
        "flatter_holds": "at 1.1 of the left valley's limit, over 90 % of those on the right rest",
    }
    tries = (
        Try(
            "learning_rate=0.25",
            "A rate between the two limits. Which valley can still hold a walker?",
            ("the deeper one on the left", "the higher, flatter one on the right", "neither"),
            right=2,
            breaks="rests",
            keeps="flatter_holds",
            why="The limit is 2/λ, and only curvature enters it. The left floor is deeper, but it "
            "is also more sharply curved: there each step overshoots by more than it had to go.",
        ),
        Try(
            "tilt=1.6",
            "The whole map is tilted further to the left. Where do the walkers end?",
            ("about half of them still on the right", "they never settle", "all on the left"),
            right=3,
            breaks=("two_ends", "flatter_holds"),
            keeps="rests",
            why="Past a tilt of 1.54 the way from the right goes downhill all along. A valley that "
            "is no longer there holds nobody; the start stops mattering.",
        ),
        Try(
            "learning_rate=0.01",
            "A quarter of the rate, the same 300 steps. Where are the walkers at the end?",
            ("still on their way", "at rest, more exactly than before", "in other valleys"),
            right=1,
            breaks="rests",
            keeps="two_ends",
            why="Each step takes away the share αλ of the distance. Along y the curvature is 1, so "
            "a step of 0.01 takes a hundredth. Small is calm, and calm is not arrived.",
        ),
        Try(
            "direction=along",
            "Each step goes along the gradient, not against it. Where do the walkers go?",
            ("up to the ridge, and rest there", "into the other valley", "out of the map"),
            right=3,
            breaks=("rests", "limit"),
            why="The gradient points uphill. The ridge is a top along x only; along y it is a "
            "floor, and the loss rises for ever to both sides.",
        ),
    )
    quick = {"steps": 20}
    pace = 10

    learning_rate = Float(0.04, min=0.005, max=0.6, log=True, live=True, help="step size α")
    tilt = Float(0.3, min=0, max=3, live=True, help="slope on which the two valleys lie")
    direction = Choice("against", ("against", "along"), help="which way a step goes")
    steps = Int(300, min=10, max=5000, log=True, help="steps of every walker")

    def run(self, stage):
        sign = 1 if self.direction == "against" else -1
        start = (2 * torch.rand(400, 2) - 1).to(stage.device) * 1.6  # [400, 2]
        # One group of walkers at your learning rate, and one at each of the others
        walkers = start.repeat(1 + len(SHARES), 1, 1)  # [13, 400, 2]
        field = grid((-REACH, REACH), (-REACH, REACH), 60, stage.device)
        ways = [start[:FOLLOWED]]  # where some of your walkers have been: [24, 2] each

        def valleys():
            """Which walkers are right of the ridge, and which are at rest: [13, 400] each."""
            ridge = floors(self.tilt)[1]
            return walkers[..., 0] > ridge, gradient(walkers, self.tilt).norm(dim=-1) < STILL

        stage.axes("slope", x="step", y="size of ∇L", log="y", lines={"at rest": STILL})
        stage.axes("learning rates", x="learning rate α", y="share at rest")

        @stage.look(2)
        def look():
            right, rest = valleys()
            yours, level = walkers[0], gradient(walkers[0], self.tilt).norm(dim=-1)
            stage.plane(
                "landscape",
                x=(-REACH, REACH),
                y=(-REACH, REACH),
                field=height(field, self.tilt),
                kind="contour",
                points={"left valley": yours[~right[0]], "right valley": yours[right[0]]},
                paths={f"ways of {FOLLOWED} of them": joined(ways)},
                x_label="x",
                y_label="y",
            )
            under = {"left valley": level[~right[0]], "right valley": level[right[0]]}
            stage.curve("slope", {k: v.mean().clamp(min=1e-6) for k, v in under.items() if len(v)})
            share = {
                "left valley": (rest & ~right).sum(1) / (~right).sum(1).clamp(min=1),  # [13]
                "right valley": (rest & right).sum(1) / right.sum(1).clamp(min=1),
            }
            stage.plot("learning rates", rates[1:], {k: v[1:] for k, v in share.items()})
            stage.headline(
                f"α = {self.learning_rate:.3g}: {rest[0].float().mean():.0%} at rest; "
                f"limits of α: left {limits[0]:.3f}, right {limits[2]:.3f}"
            )

        for _ in stage.loop(self.steps):
            limits = [2 / (12 * x * x - 4) for x in floors(self.tilt)]  # 2/λ, with λ = ∂²L/∂x²
            rates = torch.tensor([self.learning_rate, *(s * limits[0] for s in SHARES)])
            step = rates.to(stage.device)[:, None, None] * gradient(walkers, self.tilt)
            walkers = (walkers - sign * step).clamp(-4, 4)  # whoever leaves is kept at the edge
            ways = [*ways, walkers[0, :FOLLOWED]][:200]

        with stage.probe():
            right, rest = valleys()
            stage.claim("rests", rest[0].float().mean(), equal=1)
            stage.claim("two_ends", right[0].float().mean(), within=(0.35, 0.65))
            inside, outside, between = (1 + SHARES.index(s) for s in (0.98, 1.02, 1.1))
            left = [(rest & ~right)[k].sum() / (~right)[k].sum() for k in (inside, outside)]
            stage.claim("limit", left[0] - left[1], above=0.9)
            held = (rest & right)[between].sum() / right[between].sum()
            stage.claim("flatter_holds", held, above=0.9)


def joined(ways):
    """The way of each walker as one path [walkers · (steps + 1), 2], with gaps between them."""
    ways = torch.stack(ways, dim=1)  # [walkers, steps, 2]
    return torch.cat([ways, ways[:, :1] + torch.nan], dim=1).flatten(0, 1)[:-1]


def height(p, tilt):
    """The loss at points [..., 2]: two valleys along x, a bowl along y."""
    x, y = p[..., 0], p[..., 1]
    return (x**2 - 1) ** 2 + tilt * x + y**2 / 2


def gradient(p, tilt):
    """∇L at points [..., 2]."""
    with torch.enable_grad():
        p = p.detach().requires_grad_()
        return torch.autograd.grad(height(p, tilt).sum(), p)[0]


def floors(tilt):
    """The x of the left floor, of the ridge and of the right floor, where ∂L/∂x is 0."""
    roots = sorted(np.roots([4, 0, -4, tilt]), key=lambda root: root.real)
    if abs(roots[1].imag) > 1e-6:  # only one valley is left, and no ridge
        return roots[0].real, np.inf, np.inf
    return tuple(root.real for root in roots)
