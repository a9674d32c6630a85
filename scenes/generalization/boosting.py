r"""
# One after the other

A committee's members learn side by side and know nothing of one another. **Boosting** trains weak
learners one after the other, each on what those before it did badly, and adds them up. So it takes
away bias, where averaging takes away variance: a stump, a tree of one split, can draw one straight
border only (on two moons it is right for some 0.8 of new points), and many stumps draw a bent one.

**AdaBoost** (Freund and Schapire 1997) keeps a weight for each example. Round t's learner hₜ, of
answers −1 or 1, has an *edge* γₜ: the weight that it gets right less the weight that it gets wrong.
Its say is αₜ = ½ ln((1 + γₜ) / (1 − γₜ)); then every weight is multiplied by exp(−αₜ y hₜ(x)) and
all are brought to the sum 1. The answer is the sign of Σ αₜ hₜ(x), a weighted vote. Two things
follow. Under the new weights the learner just added has the edge 0, **it is a coin now**: the next
must find something else. And whatever the data are,

$$\text{training error} \leq \prod_t \sqrt{1 - \gamma_t^2}$$

so that learners better than a coin by any fixed edge bring the training error to 0, exponentially
fast. That says nothing of new points.

**After the last training error** the rounds are not idle. An example's *margin* is y Σ αₜ hₜ(x) /
Σ |αₜ|, between −1 and 1: how clear the vote was. It still grows (Schapire et al. 1998), which may
explain why AdaBoost often does not get worse where one would expect it to. Often, not always: on
moons that overlap, its stumps are about best after 20 rounds, and no better after 300.

**Wrong labels** are hard points that nobody should learn. AdaBoost cannot know that, and gives them
more and more weight; *bagging* of the very same trees gives them none beyond their share, and
loses much less (Dietterich 2000).

**Gradient boosting** (Friedman 2001) gives no example a weight. Each new tree is fitted to the
negative gradient of the loss (for logistic loss: y − p, what is left to explain) and *added*, not
averaged, times a *shrinkage*. Depth 3 and shrinkage 0.5 overfit in no time, and are ever more sure
of it: the share of wrong answers hardly shows this, the loss does. Small steps take more rounds to
the same point and spoil less beyond it. When to stop remains to be chosen, on other data.

"Boosting gives hard examples more weight" is thus true of AdaBoost only; "boosting averages" of
neither. Unlike bagging and a random forest it cannot be trained in parallel. (Which library for it
wins on tables is a fashion, and nothing that a scene could measure.)

All learn from 200 points of two moons that overlap; all are judged on 2000 new points, whose labels
are right.

## Watch

- **wrong answers**: on new points, of AdaBoost's stumps and of gradient boosting with shrinkage
  0.5; and the latter's on its own points, far below.
- **own error**: AdaBoost with trees, on the points that it learns from: the bound, the error under
  it, and the smallest margin, which goes on when the error is 0.
- **wrong labels**: AdaBoost and bagging with the same trees and the same labels, a fifth of them
  turned round; and the share of AdaBoost's weight that lies on those.
- **loss**: of gradient boosting, on new points, with large and with small steps.
- **hard points**: those on which AdaBoost's weights came to lie (*heavy*: over twice the mean), and
  how its stumps vote.

## Try

- `rounds=1`: one weak learner. `rounds=20`: boosting before it overfits.
- `reweight=off`: the same tree for ever. Its edge stays, so the "bound" falls below the error.
- `depth=1`: stumps need hundreds of rounds to a training error of 0, if they get there. `depth=4`:
  a few suffice.
- `label_noise=0`: AdaBoost and bagging come close. `label_noise=0.4`: nothing tells the wrong ones.
- `shrinkage=0.5`: no small steps. `shrinkage=0.01`: not yet overfitted.
- `spread=0.1`: moons apart, little to overfit. Soon one tree gets all the weight right; its say
  would be infinite (here it is capped) and it is no coin.
"""

import math

import torch
from torch import nn

from dlplay import Float, Int, Scene, Toggle, claim
from dlplay.nn import grid
from dlplay.nn.trees import tree

N, NEW, CELLS = 200, 2000, 32  # points to learn from, new points, cells of the picture's side
WIDE, HIGH = (-1.8, 2.8), (-1.3, 1.8)  # of the picture


class Boosting(Scene):
    covers = {
        "How to Encourage Diversity Among Predictors": (
            "wrong answers",
            "own error",
            "wrong labels",
            "loss",
            "hard points",
            "adaboost_gains",
            "boosting_overfits",
            "a_coin_now",
            "error_is_bounded",
            "margins_grow",
            "noise_draws_weight",
            "noise_hurts",
            "shrinkage_helps",
        ),
    }
    panels = ("wrong answers", "own error", "wrong labels", "loss", "hard points")
    quick = {"rounds": 5}

    rounds = Int(300, min=1, max=400, log=True, help="learners, one a round")
    depth = Int(3, min=1, max=4, help="splits above a leaf, in all trees but the stumps")
    shrinkage = Float(0.05, min=0.01, max=1, log=True, live=True, help="of the small steps")
    label_noise = Float(0.2, min=0, max=0.4, step=0.05, help="share turned round in wrong labels")
    reweight = Toggle(True, help="AdaBoost gives wrongly answered points more weight")
    spread = Float(0.3, min=0.1, max=0.5, step=0.05, help="how blurred the moons are")

    def run(self, stage):
        turned = torch.randperm(N)[: round(N * self.label_noise)]
        x, y = moons(N, self.spread)
        new, truth = moons(NEW, self.spread)
        y_wrong = y.clone()
        y_wrong[turned] *= -1

        # All that is ever asked: points to learn from, new points, a grid to draw. [P, 2]
        points = torch.cat([x, new, grid(WIDE, HIGH, CELLS).reshape(-1, 2)])
        cuts = x.sort(dim=0).values  # [N, 2]
        right = (points[:, None] > cuts).flatten(1)  # on which side of every cut, [P, 2N]
        some = (points[:, None] > cuts[::4]).flatten(1)  # a quarter of them will do, [P, N / 2]

        stumps = AdaBoost(y, self.reweight)
        trees = AdaBoost(y, self.reweight)
        misled = AdaBoost(y_wrong, self.reweight)
        bagged = torch.zeros(len(points))  # the sum of its trees' votes
        large, small = torch.zeros(2, len(points))  # gradient boosting's sums, by size of step
        every_stump = 2.0 * some - 1  # [P, N / 2] of −1, 1
        first = largest_ratio = coin = 0.0
        faultless = None  # the smallest margin when the training error is first 0

        stage.axes("wrong answers", x="round", y="share", log="x")
        stage.axes("own error", x="round", y="share; margin", log="x")
        stage.axes("wrong labels", x="round", y="share", log="x")
        stage.axes("loss", x="round", y="nats", log="x")
        for step in stage.loop(self.rounds):
            # AdaBoost: the best stump, and a tree for right and for wrong labels.
            edges = (stumps.weights * y) @ every_stump[:N]
            best = edges.abs().argmax()
            stumps.add(every_stump[:, best] * edges[best].sign())
            for ada in (trees, misled):
                c = N * ada.weights
                ada.add(signs(answers(right, c * ada.y, c, self.depth)))

            # Bagging: the same trees, each from its own N out of N examples, all of one weight.
            c = torch.randint(N, (N,)).bincount(minlength=N).float()
            bagged += signs(answers(right, c * y_wrong, c, self.depth))

            # Gradient boosting: r is minus the logistic loss's slope, p(1 − p) its curvature.
            for total, size in ((large, 0.5), (small, self.shrinkage)):
                p = total[:N].sigmoid()
                r = (y + 1) / 2 - p
                total += size * answers(some, r, p * (1 - p), self.depth)

            wrong = {
                "AdaBoost": share_wrong(on_new(stumps.vote), truth),
                "gradient": share_wrong(on_new(large), truth),
                "its own": share_wrong(large[:N], y),
            }
            first = wrong["AdaBoost"] if step == 0 else first
            own, margin = share_wrong(trees.vote[:N], y), trees.margins().min().item()
            faultless = margin if own == 0 and faultless is None else faultless
            largest_ratio = max(largest_ratio, own / max(trees.bound, 1e-9))
            coin = max(coin, abs(trees.edge_now))
            misled_wrong = share_wrong(on_new(misled.vote), truth)
            bagged_wrong = share_wrong(on_new(bagged), truth)
            weight = misled.weights[turned].sum().item()
            losses = logistic(on_new(large), truth), logistic(on_new(small), truth)

            stage.curve("wrong answers", wrong, x=step + 1)
            stage.curve(
                "own error",
                {"error": own, "its bound": trees.bound, "smallest margin": margin},
                x=step + 1,
            )
            stage.curve(
                "wrong labels",
                {"AdaBoost": misled_wrong, "bagging": bagged_wrong, "their weight": weight},
                x=step + 1,
            )
            stage.curve("loss", {"steps of 0.5": losses[0], "small steps": losses[1]}, x=step + 1)
            if stage.every(20):
                draw_points(stage, x, y, stumps)

        stage.measure(
            ada_gain=first - wrong["AdaBoost"],
            overfitting=wrong["gradient"] - wrong["its own"],
            coin=coin,
            bound_ratio=largest_ratio,
            margin_growth=0.0 if faultless is None else margin - faultless,
            weight_ratio=weight / max(len(turned) / N, 1 / N),
            noise_cost=misled_wrong - bagged_wrong,
            loss_ratio=losses[1] / losses[0],
        )

    @claim(
        "AdaBoost's stumps are wrong over 0.02 less often than one stump",
        breaks={"rounds": 1},
    )
    def adaboost_gains(self, measured):
        return measured.ada_gain > 0.02

    @claim(
        "gradient boosting overfits: over 0.05 more wrong on new points than on its own",
        breaks={"rounds": 1},
    )
    def boosting_overfits(self, measured):
        return measured.overfitting > 0.05

    @claim(
        "under the new weights the tree just added is a coin: its edge is 0, within 10⁻⁴",
        breaks={"rounds": 5, "reweight": False},
    )
    def a_coin_now(self, measured):
        return measured.coin < 1e-4

    @claim(
        "AdaBoost's training error is never above the product of the √(1 − γ²)",
        breaks={"rounds": 20, "reweight": False},
    )
    def error_is_bounded(self, measured):
        return measured.bound_ratio <= 1

    @claim(
        "the smallest margin grows by over 0.05 after the training error is 0",
        breaks={"depth": 1, "rounds": 100},
    )
    def margins_grow(self, measured):
        return measured.margin_growth > 0.05

    @claim(
        "wrong labels hold over 1.3 times their share of AdaBoost's weight",
        breaks={"rounds": 20, "reweight": False},
    )
    def noise_draws_weight(self, measured):
        return measured.weight_ratio > 1.3

    @claim(
        "with wrong labels AdaBoost is wrong over 0.06 more often than bagging of the same trees",
        breaks={"label_noise": 0.0},
    )
    def noise_hurts(self, measured):
        return measured.noise_cost > 0.06

    @claim(
        "small steps: after 300 rounds under 0.6 of the loss on new points of steps of 0.5",
        breaks={"shrinkage": 0.5},
    )
    def shrinkage_helps(self, measured):
        return measured.loss_ratio < 0.6


class AdaBoost:
    """The weights of the N points to learn from, with labels y of −1 and 1, and the vote so far
    on all points (Freund and Schapire 1997)."""

    def __init__(self, y, reweight):
        self.y, self.reweight = y, reweight
        self.weights = torch.full((N,), 1 / N)
        self.vote = torch.zeros(N + NEW + CELLS * CELLS)
        self.strengths, self.bound, self.edge_now = 0.0, 1.0, 0.0

    def add(self, h):
        """One more learner: its answers h [P], of −1 and 1."""
        edge = (self.weights * self.y * h[:N]).sum().clamp(-0.9999, 0.9999)
        strength = edge.atanh()  # ½ ln((1 + γ) / (1 − γ))
        self.vote += strength * h
        self.strengths += strength.abs().item()
        self.bound *= (1 - edge.item() ** 2) ** 0.5
        if self.reweight:
            weights = self.weights * (-strength * self.y * h[:N]).exp()
            self.weights = weights / weights.sum()
        self.edge_now = (self.weights * self.y * h[:N]).sum().item()

    def margins(self):
        """How clear the vote on each point was, for the right answer: [N], from −1 to 1."""
        return self.y * self.vote[:N] / self.strengths


def moons(n, spread):
    """Two interleaved half circles: x [n, 2], y [n] of −1 and 1."""
    y = torch.arange(n) % 2 * 2 - 1
    angle = math.pi * torch.rand(n)
    x = torch.stack([angle.cos(), angle.sin()], dim=1)
    x[y < 0] = torch.tensor([1.0, 0.5]) - x[y < 0]
    return x + spread * torch.randn(n, 2), y.float()


def answers(right, r, c, depth):
    """The answers, for all points, of a tree grown from targets r [N] and weights c [N]: [P]."""
    everywhere = torch.ones(len(right)).bool()
    return tree(right, r[:, None], c, everywhere, depth=depth)[:, 0]


def signs(answers):
    return torch.where(answers > 0, 1.0, -1.0)


def on_new(sums):
    return sums[N : N + NEW]


def share_wrong(sums, y):
    return (sums.sign() != y).float().mean().item()


def logistic(sums, y):
    return nn.functional.softplus(-sums * y).mean().item()


def draw_points(stage, x, y, stumps):
    heavy = stumps.weights > 2 / N
    stage.plane(
        "hard points",
        x=WIDE,
        y=HIGH,
        field=stumps.vote[N + NEW :].reshape(CELLS, CELLS).sign(),
        kind="signed",
        points={
            "lower": x[~heavy & (y < 0)],
            "upper": x[~heavy & (y > 0)],
            "heavy lower": x[heavy & (y < 0)],
            "heavy upper": x[heavy & (y > 0)],
        },
        x_label="x₁",
        y_label="x₂",
    )
