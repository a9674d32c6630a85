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
member, for squared error and every convex loss, with the mean of probabilities; with a majority
*vote* (`combine=vote`) the equation does not hold. One excellent model and nine that answer by
chance make a bad committee (`bad_members`). And the luckiest of ten equals may come near to all
together, or before them; the less they disagree, the sooner: compare *start* and *bagging*.

## How to make them disagree

- **Another start** only: other first weights and another order of the data. Often called a dubious
  hack; it gives most of the gain here, and *deep ensembles* of this kind are standard now.
- **Bagging**: every member has a sample of N out of N examples, drawn with replacement. It
  contains 1 − (1 − 1/N)ᴺ ≈ 63.2 % of them. The members are worse, for they have seen less, they
  disagree more, and the committee is about as good (with `bootstrap=0.05` it is not).
- **Random forests** are bagged trees that, besides, may look at a random few of the features at
  each split (8 of 64 here). The last part is often omitted; without it, it is only bagging.
- **Other architectures, other regularisers**: not shown.
- **Boosting** trains weak learners one after the other, so that each makes up for those before it:
  *AdaBoost* by weighting the examples, *gradient boosting* by fitting what is left of the loss. It
  reduces bias, where averaging reduces variance; the scene *One after the other* is about it.

The price: M times the training and M times the answers.

300 digits, 15 % of their labels wrong; forty nets 64-32-10 (twenty by start, twenty by bagging)
learn as one batched model, some 7 times as fast on one core as one by one. The trees have the same
300 with right labels (with wrong ones the forest's lead over bagging is within chance).

## Watch

- **error by members**: over M, averaged over orders. **identity**: three bars of which two give the
  third.
- **disagreement**: the share of test digits on which two members differ, for *start* and for
  *bagging*.
- **who is right**: the share of right answers on new digits, of the mean and the best member and of
  all together; beside them, one tree that has seen all 300.

## Try

- `members=1`: no committee. `members=20`: little more than with 5.
- `combine=vote`: the identity breaks. `bootstrap=3`: bagging with nearly all the data.
- `bad_members=0`, `correlation=0.5`: what a mean can and cannot do.
- `split_features=64`: the forest is bagging. `trees=1`: a forest of one.
"""

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits
from dlplay.nn.batched import BatchedLinear, accuracies, side_by_side
from dlplay.nn.trees import tree

KINDS = ("start", "bagging")


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
            "distinct_share",
            "bagging_disagrees",
            "bagged_are_worse",
            "bagging_keeps_up",
            "start_is_enough",
            "bagged_trees",
            "forest",
        ),
    }
    panels = ("error by members", "identity", "disagreement", "who is right")
    quick = {"steps": 20, "trees": 5}

    members = Int(10, min=1, max=20, live=True, help="M, nets in a committee")
    combine = Choice("mean", ("mean", "vote"), live=True, help="how the members' answers combine")
    bootstrap = Float(1.0, min=0.05, max=10, step=0.05, help="size of a bag, times N")
    split_features = Int(8, min=1, max=64, log=True, help="pixels a forest's split may look at")
    trees = Int(80, min=1, max=100, log=True, help="in the bagged and in the forest")
    bad_members = Int(9, min=0, max=50, help="random members beside a good one")
    correlation = Float(0.0, min=0, max=1, step=0.1, help="ρ of the errors, of made-up members")
    steps = Int(400, min=5, max=2000, log=True, help="training steps, of 32 examples")

    def run(self, stage):
        device = stage.device
        x, y, x_test, y_test = digits(300)
        x, x_test = x.flatten(1), x_test.flatten(1)  # [300, 64], [1497, 64]
        trees = Trees(x, y, x_test, y_test, self.split_features)
        wrong = torch.rand(len(y)) < 0.15
        y = torch.where(wrong, (y + torch.randint(1, 10, y.shape)) % 10, y)

        x, y, x_test, y_test = (part.to(device) for part in (x, y, x_test, y_test))
        truth = nn.functional.one_hot(y_test, 10).float()  # [1497, 10]
        copies = 40  # twenty by start, twenty by bagging
        net = nn.Sequential(
            BatchedLinear(copies, 64, 32), nn.ReLU(), BatchedLinear(copies, 32, 10, gain=1)
        ).to(device)
        stage.watch(net)
        adam = torch.optim.Adam(net.parameters(), lr=0.01, fused=True)
        bags = torch.randint(300, (max(1, round(300 * self.bootstrap)), 20), device=device)
        stage.axes("error by members", x="M", y="squared error")

        for step in stage.loop(self.steps):
            i = torch.randint(300, (32, copies), device=device)  # every copy has its own order
            row = torch.randint(len(bags), (32, 20), device=device)
            i[:, 20:] = bags.gather(0, row)
            log_p = net(x[i]).log_softmax(dim=2)  # [32, copies, 10]
            adam.zero_grad()
            (-log_p.gather(2, y[i][..., None]).mean(dim=0).sum()).backward()
            adam.step()

            while trees.grown < 2 * self.trees * (step + 1) // self.steps:
                trees.grow()
            if stage.every(25) or stage.changed("members", "combine"):
                with stage.probe(net):
                    p = net(side_by_side(x_test, copies)).softmax(dim=2)  # [1497, copies, 10]
                    facts, curves = {}, {}
                    for kind, part in zip(KINDS, p.split(20, dim=1), strict=True):
                        facts[kind] = committee(part[:, : self.members], truth, self.combine)
                        curves[kind] = self.by_members(part, truth)
                self.draw_committees(stage, facts, curves, trees)

        start, bagging = facts["start"], facts["bagging"]
        curve = curves["start"]
        bagged, forest = (row[-1] for row in trees.rows())
        stage.measure(
            identity_gap=max(
                abs(f["mean"] - f["ambiguity"] - f["ensemble"]) / f["mean"] for f in facts.values()
            ),
            mean_ratio=max(f["ensemble"] / f["mean"] for f in facts.values()),
            best_gap=bagging["ensemble right"] - bagging["best right"],
            first_five=(curve[0] - curve[:5][-1]) / max(curve[0] - curve[-1], 1e-9),
            distinct=sum(len(bag.unique()) for bag in bags.T) / 20 / 300,
            disagreement=bagging["differ"].mean() / start["differ"].mean().clamp(min=1e-9),
            bagging_cost=start["right"] - bagging["right"],
            bagging_lag=start["ensemble right"] - bagging["ensemble right"],
            start_gain=start["ensemble right"] - start["right"],
            bagged_gain=bagged - trees.one,
            forest_gain=forest - bagged,
            crowd_ratio=self.crowd(truth),
            variance_share=self.variance_of_ten(),
        )

    def by_members(self, p, truth):
        """The squared errors of committees of 1 to M of the members p [N, 20, 10], averaged over
        four of each size, which begin at different members."""
        return [
            sum(
                squared(combine(p.roll(5 * s, dims=1)[:, :size], self.combine), truth).item() / 4
                for s in range(4)
            )
            for size in range(1, self.members + 1)
        ]

    def draw_committees(self, stage, facts, curves, trees):
        stage.plot("error by members", range(1, self.members + 1), curves)
        stage.bars(
            "identity",
            ["mean member", "− ambiguity", "committee"],
            {kind: [f["mean"], f["ambiguity"], f["ensemble"]] for kind, f in facts.items()},
        )
        rows = [
            [f"nets: {kind}", f["right"], f["best right"], f["ensemble right"]]
            for kind, f in facts.items()
        ]
        rows += [["right labels:"], ["one tree", trees.one], *trees.rows()]
        rows = [[*row, "", "", ""][:4] for row in rows]
        stage.table("who is right", ["who", "mean", "best", "all"], rows)
        differ = torch.cat([f["differ"] for f in facts.values()], dim=1)  # [M, 2 M]
        names = [str(m + 1) for m in range(self.members)]
        stage.heatmap("disagreement", differ, rows=names, x="start | bagging", low=0)

    def crowd(self, truth):
        """One member that is nearly always right, and others that answer by chance: the error of
        their mean over the good one's."""
        good = (truth + 0.05 * torch.randn_like(truth)).clamp(min=0)
        bad = torch.rand(len(truth), self.bad_members, 10, device=truth.device)
        p = torch.cat([good[:, None], bad], dim=1)
        p = p / p.sum(dim=2, keepdim=True)  # [1497, 1 + bad_members, 10]
        return squared(p.mean(dim=1), truth) / squared(p[:, 0], truth)

    def variance_of_ten(self):
        """The variance of the mean of ten errors with a correlation, times ten, over one's."""
        common, own = torch.randn(20_000, 1), torch.randn(20_000, 10)
        errors = self.correlation**0.5 * common + (1 - self.correlation) ** 0.5 * own
        return 10 * errors.mean(dim=1).var() / errors.var()

    @claim(
        "committee = mean member − ambiguity: the two sides differ by less than 10⁻⁵",
        breaks={"combine": "vote", "trees": 5, "steps": 20},
    )
    def krogh_vedelsby(self, measured):
        return measured.identity_gap < 1e-5

    @claim(
        "the committee's squared error is less than 0.95 of its mean member's",
        breaks={"members": 1, "trees": 5, "steps": 20},
    )
    def beats_mean_member(self, measured):
        return measured.mean_ratio < 0.95

    @claim(
        "with bagging it is more often right than its best member (usual, not guaranteed)",
        breaks={"members": 1, "trees": 5, "steps": 20},
    )
    def beats_best_member(self, measured):
        return measured.best_gap > 0

    @claim(
        "the first five of ten members bring over 0.75 of the gain",
        breaks={"members": 1, "trees": 5, "steps": 20},
    )
    def first_five(self, measured):
        return measured.first_five > 0.75

    @claim(
        "uncorrelated errors: the mean of ten has a tenth of the variance (times ten, it is 1)",
        breaks={"correlation": 0.5, "trees": 5, "steps": 20},
    )
    def variance_divided(self, measured):
        return measured.variance_share.between(0.95, 1.05)

    @claim(
        "one good and nine random members: their mean has over 10 times the good one's error",
        breaks={"bad_members": 0, "trees": 5, "steps": 20},
    )
    def no_guarantee(self, measured):
        return measured.crowd_ratio > 10

    @claim(
        "a bag of N holds 63.2 % of the examples, within 1.5 points",
        breaks={"bootstrap": 10.0, "trees": 5, "steps": 200},
    )
    def distinct_share(self, measured):
        return measured.distinct.between(0.617, 0.647)

    @claim(
        "bagged members disagree over 1.4 times as often as those of another start",
        breaks={"bootstrap": 10.0, "trees": 5, "steps": 200},
    )
    def bagging_disagrees(self, measured):
        return measured.disagreement > 1.4

    @claim(
        "each of them is worse, by more than 0.02 of accuracy",
        breaks={"bootstrap": 10.0, "trees": 5, "steps": 200},
    )
    def bagged_are_worse(self, measured):
        return measured.bagging_cost > 0.02

    @claim(
        "and yet their committee is as often right, up to 0.03 less",
        breaks={"bootstrap": 0.05, "trees": 5, "steps": 100},
    )
    def bagging_keeps_up(self, measured):
        return measured.bagging_lag < 0.03

    @claim(
        "another start alone lets the committee be right over 0.01 more often than its members",
        breaks={"members": 1, "trees": 5, "steps": 20},
    )
    def start_is_enough(self, measured):
        return measured.start_gain > 0.01

    @claim(
        "bagged trees are right over 0.05 more often than one tree",
        breaks={"trees": 1, "steps": 20},
    )
    def bagged_trees(self, measured):
        return measured.bagged_gain > 0.05

    @claim(
        "a random few pixels at each split are worth over 0.015 more",
        breaks={"split_features": 64, "trees": 40, "steps": 20},
    )
    def forest(self, measured):
        return measured.forest_gain > 0.015


def squared(p, truth):
    """The squared error summed over classes, mean over examples: [N, ..., 10] -> [...]."""
    return (p - truth).square().sum(dim=-1).mean(dim=0)


def combine(p, how):
    """p [N, M, 10] -> [N, 10]: the mean of the probabilities, or the class with most votes."""
    if how == "mean":
        return p.mean(dim=1)
    votes = nn.functional.one_hot(p.argmax(dim=2), 10).sum(dim=1)
    return nn.functional.one_hot(votes.argmax(dim=1), 10).float()


def committee(p, truth, how):
    """What there is to know of the members p [N, M, 10] and of what they say together."""
    y = truth.argmax(dim=1)
    together = combine(p, how)  # [N, 10]
    errors, right = squared(p, truth[:, None]), accuracies(p, y)  # [M] each
    answers = p.argmax(dim=2)  # [N, M]
    return {
        "mean": errors.mean().item(),
        "ensemble": squared(together, truth).item(),
        "ambiguity": squared(p, together[:, None]).mean().item(),
        "right": right.mean().item(),
        "best right": right.max().item(),
        "ensemble right": (together.argmax(dim=1) == y).float().mean().item(),
        "differ": (answers[:, :, None] != answers[:, None]).float().mean(dim=0),  # [M, M]
    }


class Trees:
    """One tree, bagged trees and a random forest (Breiman 1996, 2001) for digits [N, 64]."""

    def __init__(self, x, y, new, truth, split_features):
        levels = torch.arange(16) / 16 + 1 / 32  # a pixel is 0, 1/16, ... or 1
        self.right = (torch.cat([x, new])[:, :, None] > levels).flatten(1)  # [P, 64 · 16]
        self.y, self.truth = nn.functional.one_hot(y, 10).float(), truth
        self.features = {"bagged": 64, "forest": split_features}  # that a split may look at
        self.votes = {kind: torch.zeros(len(truth), 10) for kind in self.features}
        self.alone = {kind: [] for kind in self.features}  # each tree's share of right answers
        self.one = self.share_right(self.answers(torch.ones(len(y)), 64))
        self.grown = 0

    def answers(self, times, features):
        """A new tree's, for new digits [N', 10]; it sees each example so many `times` [N]."""
        inside = torch.cat([times > 0, torch.ones(len(self.truth)).bool()])
        return tree(
            self.right,
            times[:, None] * self.y,
            times,
            inside,
            pick=lambda: (torch.randperm(64)[:features, None] * 16 + torch.arange(16)).flatten(),
        )[len(times) :]

    def grow(self):
        """One more tree, for both by turns, each with its own bag."""
        kind = tuple(self.features)[self.grown % 2]
        bag = torch.randint(len(self.y), (len(self.y),))
        answers = self.answers(bag.bincount(minlength=len(self.y)).float(), self.features[kind])
        self.votes[kind] += answers
        self.alone[kind].append(self.share_right(answers))
        self.grown += 1

    def share_right(self, answers):
        return (answers.argmax(dim=1) == self.truth).float().mean().item()

    def rows(self):
        """By kind: the trees' mean and best share of right answers, and that of all together."""
        return [
            [f"{len(v)} trees, {k}", sum(v) / len(v), max(v), self.share_right(self.votes[k])]
            for k, v in self.alone.items()
            if v
        ]
