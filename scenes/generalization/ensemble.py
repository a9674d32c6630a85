r"""
# The committee

Train several models and average their answers: nearly always that is better than to pick one. Why,
and by how much, is exact arithmetic. Let fₘ be the members' probabilities, f̄ their mean, y the
one-hot truth. On each example, and so on average (Krogh and Vedelsby 1995):

$$(\bar{f} - y)^2 = \frac{1}{M} \sum_m (f_m - y)^2 - \frac{1}{M} \sum_m (f_m - \bar{f})^2$$

**The ensemble's error is the mean member's error less the members' spread about their mean**,
their *ambiguity*. So the more they disagree, at equal quality, the better. In terms of bias and
variance: averaging leaves the bias and takes away variance, so that members may be large and
overfit. If their errors were uncorrelated, the variance would be divided by M; with a correlation
ρ between errors a part ρ of it stays, however many there are (`correlation`). That is why most is
gained by the first five.

**"The average beats every member"** is not guaranteed. Guaranteed is only: better than the *mean*
member. One excellent model and nine that answer by chance make a bad committee (`bad_members`). It
is so for squared error and for every convex loss, with the mean of probabilities; with a majority
*vote* (`combine=vote`) the equation does not hold.

## How to make them disagree

- **Another start** only: other first weights and another order of the data. Often called a dubious
  hack; it gives most of the gain here, and *deep ensembles* of this kind are standard now.
- **Bagging**: every member has a sample of N out of N examples, drawn with replacement. It
  contains 1 − (1 − 1/N)ᴺ ≈ 63.2 % of them. The members are worse, for they have seen less, they
  disagree more, and the ensemble is about as good.
- **Random forests** are bagged trees that, besides, may look at a random few of the features at
  each split (8 of 64 here). The last part is often omitted; without it, it is only bagging.
- **Other architectures, other regularisers**: not shown.
- **Boosting** trains weak learners one after the other. *AdaBoost* gives wrongly classified
  examples more weight and takes a weighted vote. *Gradient boosting* does neither: each new tree
  is fitted to the negative gradient of the loss (for logistic loss: y − p) and *added*, times a
  shrinkage of 0.5. Both reduce bias, not variance, so both can overfit, trees of depth 3 quickly.

The price: M times the training and M times the answers. (Which library wins on tables is a
fashion, and nothing that a scene could measure.)

300 digits, 15 % of their labels wrong; forty nets 64-32-10 (twenty by start, twenty by bagging)
learn as one batched model, some 7 times as fast on one core as one by one. The trees have the same
300 with right labels. Boosting plays on two moons.

## Watch

- **error by members**: over M, averaged over orders. **identity**: three bars of which two give the
  third.
- **disagreement**: the share of test digits on which two members differ.
- **who is right**: members, ensembles, trees.
- **boosting**, and **hard points**: where AdaBoost's weights went.

## Try

- `members=1`: no committee. `members=20`: little more than with 5.
- `combine=vote`: the identity breaks. `bootstrap=3`: bagging with nearly all the data.
- `bad_members=0`, `correlation=0.5`: what a mean can and cannot do.
- `rounds=5`: boosting before it overfits. `label_noise=0`.
- `split_features=64`: the forest is bagging. `trees=1`: a forest of one.
"""

import math

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits
from dlplay.nn.batched import BatchedLinear, accuracies, side_by_side

KINDS = ("start", "bagging")
LEVELS = 17  # a pixel is 0 to 16


class Ensemble(Scene):
    covers = {
        "Ensemble of Models": (
            "error by members",
            "who is right",
            "beats_mean_member",
            "beats_best_member",
            "first_five",
            "variance_divided",
        ),
        "How Does the Ensemble Compare with the Individual Predictors?": (
            "identity",
            "krogh_vedelsby",
            "no_guarantee",
        ),
        "How to Encourage Diversity Among Predictors": (
            "disagreement",
            "who is right",
            "boosting",
            "hard points",
            "distinct_share",
            "bagging_disagrees",
            "bagged_are_worse",
            "start_is_enough",
            "bagged_trees",
            "forest",
            "adaboost_gains",
            "boosting_overfits",
        ),
    }
    panels = (
        "error by members",
        "identity",
        "disagreement",
        "who is right",
        "boosting",
        "hard points",
    )
    quick = {"steps": 20, "rounds": 5, "trees": 5}

    members = Int(10, min=1, max=20, live=True, help="M, nets in a committee")
    combine = Choice("mean", ("mean", "vote"), live=True, help="how the members' answers combine")
    look_at = Choice("start", KINDS, live=True, help="whose disagreement is drawn")
    label_noise = Float(0.15, min=0, max=0.5, step=0.05, help="share of wrong labels")
    bootstrap = Float(1.0, min=0.1, max=4, step=0.1, help="size of a bag, times N")
    split_features = Int(8, min=1, max=64, log=True, help="pixels a forest's split may look at")
    trees = Int(40, min=1, max=100, log=True, help="in the bagged and in the forest")
    bad_members = Int(9, min=0, max=50, help="random members beside a good one")
    correlation = Float(0.0, min=0, max=1, step=0.1, help="ρ of the errors, of made-up members")
    rounds = Int(300, min=1, max=400, log=True, help="rounds of boosting, one a step")
    steps = Int(400, min=5, max=2000, log=True, help="training steps, of 32 examples")

    def run(self, stage):
        device = stage.device
        x, y, x_test, y_test = digits(300)
        wrong = torch.rand(len(y)) < self.label_noise
        noisy = torch.where(wrong, (y + torch.randint(1, 10, y.shape)) % 10, y)
        self.make_trees(x, y, x_test, y_test)
        boosting = Boosting()

        x, x_test = x.flatten(1).to(device), x_test.flatten(1).to(device)
        noisy, y_test = noisy.to(device), y_test.to(device)
        truth = nn.functional.one_hot(y_test, 10).float()  # [1497, 10]
        copies = 40  # twenty by start, twenty by bagging
        net = nn.Sequential(
            BatchedLinear(copies, 64, 32), nn.ReLU(), BatchedLinear(copies, 32, 10, gain=1)
        ).to(device)
        stage.watch(net)
        adam = torch.optim.Adam(net.parameters(), lr=0.01, fused=True)
        bags = torch.randint(300, (max(1, round(300 * self.bootstrap)), 20), device=device)
        stage.axes("error by members", x="M", y="squared error")
        stage.axes("boosting", x="round", y="wrong on new points")

        for step in stage.loop(self.steps):
            i = torch.randint(300, (32, copies), device=device)  # every copy has its own order
            row = torch.randint(len(bags), (32, 20), device=device)
            i[:, 20:] = bags.gather(0, row)
            log_p = net(x[i]).log_softmax(dim=2)  # [32, copies, 10]
            adam.zero_grad()
            (-log_p.gather(2, noisy[i][..., None]).mean(dim=0).sum()).backward()
            adam.step()

            for _ in range(math.ceil(self.rounds / self.steps)):
                if boosting.round < self.rounds:
                    boosting.step()
                    stage.curve("boosting", boosting.wrong, x=boosting.round)
            done = 2 * self.trees * (step + 1) // self.steps  # trees that should have grown by now
            while self.grown < done:
                self.grow()
            if stage.every(25) or stage.changed("members", "combine", "look_at"):
                with stage.probe(net):
                    logits = net(side_by_side(x_test, copies))  # [1497, copies, 10]
                    self.assess(stage, logits.softmax(dim=2), truth, y_test)
                boosting.draw(stage)
        self.report(stage, bags, truth, boosting)

    def assess(self, stage, p, truth, y):
        """Everything about the two committees that are trained nets; p [N, copies, 10]."""
        M = self.members
        errors, facts, table = {}, {}, []
        for k, kind in enumerate(KINDS):
            mine = p[:, 20 * k : 20 * k + 20]  # [N, 20, 10]
            each = squared(mine, truth[:, None])  # [20]
            curve = []
            for size in range(1, M + 1):
                # averaged over four committees of so many, which begin at different members
                shifts = [mine.roll(5 * s, dims=1)[:, :size].mean(dim=1) for s in range(4)]
                curve.append(sum(squared(part, truth).item() for part in shifts) / 4)
            errors[kind] = curve
            mine = mine[:, :M]
            mean = combine(mine, self.combine)  # [N, 10]
            answers = mine.argmax(dim=2)  # [N, M]
            differ = (answers[:, :, None] != answers[:, None]).float().mean(dim=0)  # [M, M]
            right = accuracies(mine, y)  # [M]
            facts[kind] = {
                "ensemble": squared(mean, truth).item(),
                "mean": each[:M].mean().item(),
                "best": each[:M].min().item(),
                "ambiguity": squared(mine, mean[:, None]).mean().item(),
                "differ": (differ.sum() / max(M * (M - 1), 1)).item(),
                "member right": right.mean().item(),
                "ensemble right": (mean.argmax(dim=1) == y).float().mean().item(),
                "curve": curve,
            }
            table.append([f"{kind}: mean member", f"{facts[kind]['member right']:.3f}"])
            table.append([f"{kind}: best member", f"{right.max().item():.3f}"])
            table.append([f"{kind}: committee", f"{facts[kind]['ensemble right']:.3f}"])
            if kind == self.look_at:
                names = [str(m + 1) for m in range(M)]
                stage.heatmap("disagreement", differ, rows=names, columns=names, x="member", low=0)
        stage.plot("error by members", range(1, M + 1), errors)
        stage.bars(
            "identity",
            ["mean member", "− ambiguity", "committee"],
            {kind: [f["mean"], f["ambiguity"], f["ensemble"]] for kind, f in facts.items()},
        )
        self.facts = facts
        rows = [
            [f"{name} (right labels)", f"{right:.3f}"] for name, right in self.forests().items()
        ]
        stage.table("who is right", ["on new digits", "right"], table + rows)

    # Trees

    def make_trees(self, x, y, x_test, y_test):
        self.pixels = (16 * x.flatten(1)).round().long()  # [300, 64], 0 to 16
        self.labels, self.answers = y, y_test
        self.new = (16 * x_test.flatten(1)).round().long()
        self.votes = {kind: torch.zeros(len(y_test), 10) for kind in ("bagged", "forest")}
        rows = torch.arange(300)
        one = predict(tree(self.pixels, y, rows, 64), self.new)
        self.one_tree = (one == y_test).float().mean().item()
        self.grown = 0

    def grow(self):
        """One more tree: bagged ones first, then those of the forest, by turns."""
        kind = ("bagged", "forest")[self.grown % 2]
        features = 64 if kind == "bagged" else self.split_features
        bag = torch.randint(300, (300,))
        answers = predict(tree(self.pixels, self.labels, bag, features), self.new)
        self.votes[kind][torch.arange(len(answers)), answers] += 1
        self.grown += 1

    def forests(self):
        shares = {"one tree": self.one_tree}
        for kind, votes in self.votes.items():
            name = f"{min(max(self.grown // 2, 1), self.trees)} trees, {kind}"
            shares[name] = (votes.argmax(dim=1) == self.answers).float().mean().item()
        return shares

    def report(self, stage, bags, truth, boosting):
        start, bagging = self.facts["start"], self.facts["bagging"]
        gap = max(
            abs(f["mean"] - f["ambiguity"] - f["ensemble"]) / f["mean"] for f in self.facts.values()
        )
        curve = start["curve"]
        trees = list(self.forests().values())
        distinct = [len(bag.unique()) / 300 for bag in bags.T]
        # One member that is nearly always right, and others that answer by chance
        good = (truth + 0.05 * torch.randn_like(truth)).clamp(min=0)
        good = good / good.sum(dim=1, keepdim=True)
        bad = torch.rand(len(truth), self.bad_members, 10, device=truth.device)
        bad = bad / bad.sum(dim=2, keepdim=True)
        crowd = torch.cat([good[:, None], bad], dim=1).mean(dim=1)
        # Ten members' errors, with this correlation
        common = torch.randn(20_000, 1)
        own = torch.randn(20_000, 10)
        made = self.correlation**0.5 * common + (1 - self.correlation) ** 0.5 * own
        stage.measure(
            identity_gap=gap,
            mean_ratio=max(f["ensemble"] / f["mean"] for f in self.facts.values()),
            best_ratio=max(f["ensemble"] / f["best"] for f in self.facts.values()),
            first_five=(curve[0] - curve[min(4, len(curve) - 1)]) / max(curve[0] - curve[-1], 1e-9),
            variance_share=made.mean(dim=1).var() / made.var() * 10,
            crowd_ratio=squared(crowd, truth) / squared(good, truth),
            distinct=sum(distinct) / len(distinct),
            disagreement=bagging["differ"] / max(start["differ"], 1e-9),
            bagging_cost=start["member right"] - bagging["member right"],
            start_gain=start["ensemble right"] - start["member right"],
            bagged_gain=trees[1] - trees[0],
            forest_gain=trees[2] - trees[1],
            ada_gain=boosting.first - boosting.wrong["AdaBoost"],
            overfitting=boosting.wrong["gradient boosting"] - boosting.train_wrong(),
        )

    @claim(
        "committee = mean member − ambiguity: the two sides differ by less than 10⁻⁵",
        breaks={"combine": "vote", "trees": 5, "steps": 20, "rounds": 5},
    )
    def krogh_vedelsby(self, measured):
        return measured.identity_gap < 1e-5

    @claim(
        "the committee's squared error is less than 0.95 of its mean member's",
        breaks={"members": 1, "trees": 5, "steps": 20, "rounds": 5},
    )
    def beats_mean_member(self, measured):
        return measured.mean_ratio < 0.95

    @claim(
        "it is less than its best member's, too (ratio; usual, not guaranteed)",
        breaks={"members": 1, "trees": 5, "steps": 20, "rounds": 5},
    )
    def beats_best_member(self, measured):
        return measured.best_ratio < 1

    @claim(
        "the first five of ten members bring over 0.75 of the gain",
        breaks={"members": 1, "trees": 5, "steps": 20, "rounds": 5},
    )
    def first_five(self, measured):
        return measured.first_five > 0.75

    @claim(
        "uncorrelated errors: the mean of ten has a tenth of the variance (times ten, it is 1)",
        breaks={"correlation": 0.5, "trees": 5, "steps": 20, "rounds": 5},
    )
    def variance_divided(self, measured):
        return measured.variance_share.between(0.95, 1.05)

    @claim(
        "one good and nine random members: their mean has over 10 times the good one's error",
        breaks={"bad_members": 0, "trees": 5, "steps": 20, "rounds": 5},
    )
    def no_guarantee(self, measured):
        return measured.crowd_ratio > 10

    @claim(
        "a bag of N holds 63.2 % of the examples, within 1.5 points",
        breaks={"bootstrap": 3.0, "trees": 5, "steps": 20, "rounds": 5},
    )
    def distinct_share(self, measured):
        return measured.distinct.between(0.617, 0.647)

    @claim(
        "bagged members disagree over 1.4 times as often as those of another start",
        breaks={"bootstrap": 4.0, "trees": 5, "steps": 200, "rounds": 5},
    )
    def bagging_disagrees(self, measured):
        return measured.disagreement > 1.4

    @claim(
        "each of them is worse, by more than 0.02 of accuracy",
        breaks={"bootstrap": 4.0, "trees": 5, "steps": 200, "rounds": 5},
    )
    def bagged_are_worse(self, measured):
        return measured.bagging_cost > 0.02

    @claim(
        "another start alone lets the committee be right over 0.01 more often than its members",
        breaks={"members": 1, "trees": 5, "steps": 20, "rounds": 5},
    )
    def start_is_enough(self, measured):
        return measured.start_gain > 0.01

    @claim(
        "bagged trees are right over 0.05 more often than one tree",
        breaks={"trees": 1, "steps": 20, "rounds": 5},
    )
    def bagged_trees(self, measured):
        return measured.bagged_gain > 0.05

    @claim(
        "a random few pixels at each split are worth over 0.01 more",
        breaks={"split_features": 64, "steps": 20, "rounds": 5},
    )
    def forest(self, measured):
        return measured.forest_gain > 0.01

    @claim(
        "AdaBoost's stumps are wrong over 0.04 less often than one stump",
        breaks={"rounds": 1, "trees": 5, "steps": 20},
    )
    def adaboost_gains(self, measured):
        return measured.ada_gain > 0.04

    @claim(
        "gradient boosting overfits: over 0.05 more wrong on new points than on its own",
        breaks={"rounds": 1, "trees": 5, "steps": 20},
    )
    def boosting_overfits(self, measured):
        return measured.overfitting > 0.05


def squared(p, truth):
    """The squared error summed over classes, mean over examples: [N, ..., 10] -> [...]."""
    return (p - truth).square().sum(dim=-1).mean(dim=0)


def combine(p, how):
    """p [N, M, 10] -> [N, 10]: the mean of the probabilities, or the class with most votes."""
    if how == "mean":
        return p.mean(dim=1)
    votes = nn.functional.one_hot(p.argmax(dim=2), 10).sum(dim=1)
    return nn.functional.one_hot(votes.argmax(dim=1), 10).float()


def tree(x, y, rows, features):
    """A decision tree (Breiman et al. 1984) for x [N, 64], grown until every leaf is pure: a
    class, or (pixel, level, tree of those up to the level, tree of those above)."""
    labels = y[rows]
    counts = labels.bincount(minlength=10)
    if counts.max() == len(rows):
        return int(counts.argmax())
    chosen = torch.randperm(64)[:features]
    values = x[rows][:, chosen]  # [n, features]
    place = (torch.arange(features) * LEVELS + values) * 10 + labels[:, None]
    table = place.flatten().bincount(minlength=features * LEVELS * 10)
    below = table.reshape(features, LEVELS, 10).cumsum(dim=1).float()  # examples ≤ each level
    above = counts - below
    low, high = below.sum(dim=2), above.sum(dim=2)
    # Gini impurity: least where the sum of squares over each side's size is greatest
    score = below.square().sum(2) / low.clamp(min=1) + above.square().sum(2) / high.clamp(min=1)
    score[(low == 0) | (high == 0)] = -1
    best = int(score.argmax())
    if score.flatten()[best] < 0:
        return int(counts.argmax())
    feature, level = best // LEVELS, best % LEVELS
    left = values[:, feature] <= level
    return (
        int(chosen[feature]),
        level,
        tree(x, y, rows[left], features),
        tree(x, y, rows[~left], features),
    )


def predict(node, x):
    """The tree's classes for x [N, 64]: [N]."""
    if isinstance(node, int):
        return torch.full((len(x),), node)
    pixel, level, low, high = node
    left = x[:, pixel] <= level
    answers = torch.empty(len(x), dtype=torch.long)
    answers[left], answers[~left] = predict(low, x[left]), predict(high, x[~left])
    return answers


def moons(n, spread=0.3):
    """Two interleaved half circles: x [n, 2], y [n] of −1 and 1."""
    y = torch.arange(n) % 2 * 2 - 1
    angle = math.pi * torch.rand(n)
    x = torch.stack([angle.cos(), angle.sin()], dim=1)
    x[y < 0] = torch.tensor([1.0, 0.5]) - x[y < 0]
    return x + spread * torch.randn(n, 2), y.float()


class Boosting:
    """AdaBoost (Freund and Schapire 1997) with stumps, and gradient boosting (Friedman 2001) of
    the logistic loss with trees of depth 3, on 200 points of two moons."""

    def __init__(self):
        self.x, self.y = moons(200)
        self.new, self.truth = moons(2000)
        cuts = [(d, t.item()) for d in (0, 1) for t in self.x[:, d].sort().values[::4]]
        # Every stump's answer: on which side of its cut a point is, [points, 100] of −1, 1
        self.sides = torch.stack([(self.x[:, d] > t) * 2.0 - 1 for d, t in cuts], dim=1)
        self.new_sides = torch.stack([(self.new[:, d] > t) * 2.0 - 1 for d, t in cuts], dim=1)
        self.weights = torch.full((200,), 1 / 200)
        self.vote = torch.zeros(2000)
        self.sum, self.new_sum = torch.zeros(200), torch.zeros(2000)
        self.round, self.first, self.wrong = 0, 0.0, {}

    def step(self):
        """A round of each."""
        edge = (self.weights * self.y) @ self.sides  # [100], share right minus share wrong
        best = edge.abs().argmax()
        sign, e = edge[best].sign(), edge[best].abs().clamp(max=0.9999)
        strength = 0.5 * ((1 + e) / (1 - e)).log() * sign
        self.weights = self.weights * (-strength * self.y * self.sides[:, best]).exp()
        self.weights = self.weights / self.weights.sum()
        self.vote = self.vote + strength * self.new_sides[:, best]

        p = self.sum.sigmoid()
        gradient = (self.y + 1) / 2 - p  # minus the logistic loss's slope
        add, new = self.regress(
            gradient, p * (1 - p), torch.ones(200).bool(), torch.ones(2000).bool(), 3
        )
        self.sum, self.new_sum = self.sum + 0.5 * add, self.new_sum + 0.5 * new

        self.round += 1
        self.wrong = {
            "AdaBoost": (self.vote.sign() != self.truth).float().mean().item(),
            "gradient boosting": (self.new_sum.sign() != self.truth).float().mean().item(),
        }
        self.first = self.first or self.wrong["AdaBoost"]

    def regress(self, r, curvature, inside, new_inside, depth):
        """A least-squares tree for the residuals r: what it adds to old and to new points."""
        step = r[inside].sum() / curvature[inside].sum().clamp(min=1e-3)  # Newton's, in a leaf
        step = step.clamp(-4, 4)
        leaf = step * inside, step * new_inside
        if depth == 0 or inside.sum() < 2:
            return leaf
        right = (self.sides > 0) & inside[:, None]  # [200, 100]
        n = right.sum(dim=0)
        total = (r[:, None] * right).sum(dim=0)
        others = inside.sum() - n
        gain = total**2 / n.clamp(min=1) + (r[inside].sum() - total) ** 2 / others.clamp(min=1)
        gain[(n == 0) | (others == 0)] = -1
        best = gain.argmax()
        if gain[best] < 0:
            return leaf
        side, new_side = self.sides[:, best] > 0, self.new_sides[:, best] > 0
        a, new_a = self.regress(r, curvature, inside & side, new_inside & new_side, depth - 1)
        b, new_b = self.regress(r, curvature, inside & ~side, new_inside & ~new_side, depth - 1)
        return a + b, new_a + new_b

    def train_wrong(self):
        return (self.sum.sign() != self.y).float().mean().item()

    def draw(self, stage):
        heavy = self.weights > 2 / 200
        light = self.weights < 0.5 / 200
        groups = {"heavy": heavy, "usual": ~heavy & ~light, "light": light}
        stage.plane(
            "hard points",
            x=(-1.8, 2.8),
            y=(-1.3, 1.8),
            points={
                f"{name} {'upper' if moon > 0 else 'lower'}": self.x[chosen & (self.y == moon)]
                for name, chosen in groups.items()
                for moon in (-1, 1)
            },
            x_label="x₁",
            y_label="x₂",
        )
