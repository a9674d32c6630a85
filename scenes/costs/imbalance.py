r"""
# Two per cent matters

Of 3,000 points 60 are *rare* (`prior`, 2 %): a blob between two larger ones. A classifier that
always says *frequent* is right in 98 % of the cases, and cross-entropy has no reason to object.
What helps?

- **weighted**: each example's loss is multiplied by a weight, inverse to its class's frequency, and
  the mean is one over weights, Σ wᵢlᵢ / Σ wᵢ (as in `nn.NLLLoss`, `nn.CrossEntropyLoss`).
- **balanced**: every batch holds as many rare examples as frequent ones, the rare repeated.
- **discarded**: balanced too, but by throwing frequent examples away until there are as few of
  them.
- **shifted**: the balanced net, with its logits corrected afterwards, and no training at all:

$$z_{rare} + \log \frac{\pi}{1 - \pi}$$

- **fine-tuned**: the balanced net, trained on for some steps with the true frequencies.

All are nets 2-24-2, and train side by side on six draws of the data. The test points are as many
of both classes, and each counts as much as it would if π of them were rare.

## What is true, and what is only told

- *Accuracy hides it.* Plain: 98 % right, and hardly a rare point found (*recall*).
- *"Balanced batches are better than weights."* Their expected gradients are the same, and so are
  the results.
- *The price is the probabilities.* Trained on halves, a net says *rare* several times too often:
  the mean of p is far above π and an answer of 0.5 means a few per cent (**reliability**). The
  shift repairs it exactly, if π is known (`assumed_prior`). So does fine-tuning.
- *"Fine-tune, and keep the benefit of the balanced training."* At threshold ½ recall falls back
  to the plain net's. For balancing moved the *threshold*, not the ranking: sorted by p the nets
  are equally good (AUC, the chance that a rare point is above a frequent one), and the plain net
  with its threshold at π finds as many as the balanced one at ½. That holds for these small nets;
  a deep one may learn better features from batches in which it sees the rare class at all.
- *Discarding data costs*, the more the fewer are left. A second set with 15 rare points of 1,500
  measures it, over the six draws: one draw alone varies more than the difference.

## Watch

- **map**: where the net of `whose` answers *rare*, at this `threshold`.
- **recall** and **mean p**: two faces of one coin. Training ends, fine-tuning starts, both fall.
- **precision**: for each share of the rare points found, how many of the alarms are right. All
  nets have nearly one curve; the threshold is a place on it.
- **reliability**: how often it was rare when the net said p. On the diagonal, p is true.

## Try

- `threshold=0.02`: the plain net finds them too. `threshold=0.95`: balanced finds few.
- `whose=plain`, `whose=shifted`: nothing is rare, by two ways. Then `threshold=0.02`.
- `assumed_prior=0.2`: the shift is as good as what one knows. `weight_power=0`: no weights.
- `prior=0.3`: hardly a problem. `finetune_steps=0`: no fine-tuning.
- `scarce=300`: with enough left, discarding does no harm.
"""

import math

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.nn import grid
from dlplay.nn.batched import BatchedLinear

DRAWS = 6  # sets of data, each with nets of its own
BATCH = 128
MODES = ("plain", "weighted", "balanced", "discarded")
EXTENT = (-4.5, 4.5), (-3.0, 3.0)  # of the map


def points(rare, frequent):
    """DRAWS sets, the rare points first: [DRAWS, rare + frequent, 2]."""
    middle = 0.7 * torch.randn(DRAWS, rare, 2)
    sides = 0.9 * torch.randn(DRAWS, frequent, 2)
    sides[:, ::2, 0] += 2
    sides[:, 1::2, 0] -= 2
    return torch.cat([middle, sides], dim=1)


def pick(mode, rare, total):
    """Which examples make up the batches of a mode: [BATCH, DRAWS]."""
    if mode in ("plain", "weighted"):
        return torch.randint(total, (BATCH, DRAWS))
    end = 2 * rare if mode == "discarded" else total
    half = BATCH // 2, DRAWS
    return torch.cat([torch.randint(rare, half), torch.randint(rare, end, half)])


def nets(copies, device):
    return nn.Sequential(
        BatchedLinear(copies, 2, 24), nn.ReLU(), BatchedLinear(copies, 24, 2, gain=1)
    ).to(device)


def log_p(net, x):
    """x [N, copies, 2] -> log-probabilities of frequent (0) and rare (1): [N, copies, 2]."""
    return net(x).log_softmax(dim=2)


class Imbalance(Scene):
    covers = {
        "Weights & Handling Imbalanced Classes": (
            "map",
            "at threshold",
            "recall",
            "mean p",
            "precision",
            "reliability",
            "accuracy_hides",
            "plain_misses",
            "finds",
            "same",
            "too_often",
            "shift",
            "calibrated",
            "ranking",
            "threshold_moved",
            "tuned",
            "falls_back",
            "discarding",
        ),
    }
    panels = ("map", "at threshold", "recall", "mean p", "precision", "reliability")
    quick = {"steps": 20, "finetune_steps": 10}

    whose = Choice(
        "balanced",
        ("plain", "weighted", "balanced", "discarded", "shifted", "fine-tuned"),
        live=True,
        help="the net on the map",
    )
    threshold = Float(0.5, min=0.01, max=0.99, step=0.01, live=True, help="p from which it is rare")
    prior = Float(0.02, min=0.005, max=0.5, log=True, help="π, the rare class's share")
    assumed_prior = Float(0.02, min=0.005, max=0.5, log=True, live=True, help="π that shifted uses")
    weight_power = Float(
        1, min=0, max=2, step=0.1, live=True, help="weights: 1 / frequency to this"
    )
    scarce = Int(15, min=5, max=500, log=True, help="rare points of 1,500 in the second set")
    learning_rate = Float(0.01, min=1e-4, max=0.1, log=True, live=True, help="Adam's step size")
    steps = Int(400, min=20, max=3000, help="training steps")
    finetune_steps = Int(200, min=0, max=2000, help="steps with true frequencies afterwards")

    def run(self, stage):
        device = stage.device
        n, rare = 3000, round(3000 * self.prior)
        x = points(rare, n - rare).to(device)  # [6, 3000, 2]
        few = points(self.scarce, 1500 - self.scarce).to(device)  # [6, 1500, 2]
        self.test = points(1000, 3000).to(device)[0]  # [4000, 2], the first 1,000 rare
        copies = DRAWS * len(MODES)
        self.net = nets(copies, device)  # DRAWS plain ones, DRAWS weighted ones, ...
        self.poor = nets(2 * DRAWS, device)  # balanced and discarded, on the second set
        self.tuned = None
        adam = torch.optim.Adam([*self.net.parameters(), *self.poor.parameters()])
        stage.watch(self.net)
        stage.axes("recall", y="found")
        stage.axes("mean p", log="y", lines={"π": self.prior})
        stage.axes("precision", x="recall", y="right alarms")

        for _ in stage.loop(self.steps, "train"):
            adam.param_groups[0]["lr"] = self.learning_rate
            loss = self.loss(self.net, x, rare, MODES)
            loss = loss + self.loss(self.poor, few, self.scarce, ("balanced", "discarded"))
            adam.zero_grad()
            loss.backward()
            adam.step()
            self.look(stage, stage.step)

        # The balanced nets go on with true frequencies
        self.tuned = nets(DRAWS, device)
        start = MODES.index("balanced") * DRAWS
        for new, old in zip(self.tuned.parameters(), self.net.parameters(), strict=True):
            new.data.copy_(old.data[start : start + DRAWS])
        adam = torch.optim.Adam(self.tuned.parameters())
        for _ in stage.loop(self.finetune_steps, "fine-tune"):
            adam.param_groups[0]["lr"] = self.learning_rate
            loss = self.loss(self.tuned, x, rare, ("plain",))
            adam.zero_grad()
            loss.backward()
            adam.step()
            self.look(stage, self.steps + stage.step)
        self.report(stage)

    def loss(self, net, x, rare, modes):
        """The sum of all copies' losses on batches of their own; x [DRAWS, n, 2]."""
        i = torch.cat([pick(mode, rare, x.shape[1]) for mode in modes], dim=1).to(x.device)
        draw = torch.arange(DRAWS, device=x.device).repeat(len(modes))  # [copies]
        y = (i < rare).long()  # [BATCH, copies]
        losses = -log_p(net, x[draw, i]).gather(2, y[..., None])[..., 0]  # [BATCH, copies]
        weights = torch.ones_like(losses)
        share = rare / x.shape[1]
        for m, mode in enumerate(modes):
            if mode == "weighted":
                mine = slice(m * DRAWS, (m + 1) * DRAWS)
                frequency = torch.where(y[:, mine] == 1, share, 1 - share)
                weights[:, mine] = frequency**-self.weight_power
        return ((weights * losses).sum(0) / weights.sum(0)).sum()

    def answers(self, x):
        """By name, every draw's probability of rare at the points x [N, 2]: [N, DRAWS]."""
        spread = x[:, None].expand(-1, DRAWS * len(MODES), -1)
        logits = self.net(spread)
        score = (logits[..., 1] - logits[..., 0]).split(DRAWS, dim=1)
        scores = dict(zip(MODES, score, strict=True))
        scores["shifted"] = scores["balanced"] + math.log(
            self.assumed_prior / (1 - self.assumed_prior)
        )
        if self.tuned is not None:
            logits = self.tuned(x[:, None].expand(-1, DRAWS, -1))
            scores["fine-tuned"] = logits[..., 1] - logits[..., 0]
        return {name: score.sigmoid() for name, score in scores.items()}

    def look(self, stage, x):
        if not stage.every(10) and not stage.changed("whose", "threshold", "assumed_prior"):
            return
        with stage.probe(self.net):
            found = self.answers(self.test)
            places = grid(*EXTENT, 40, stage.device).reshape(-1, 2)
            p = self.answers(places).get(self.whose, torch.zeros(1600, 1))[:, 0]
        judged = {name: judge(p, self.threshold, self.prior) for name, p in found.items()}

        def some(values, *names):
            return {name: values[name] for name in names if name in values}

        recall = {name: j["recall"].mean() for name, j in judged.items()}
        mean = {name: j["mean"].mean() for name, j in judged.items()}
        stage.curve("recall", some(recall, "plain", "balanced", "fine-tuned"), x=x)
        stage.curve("mean p", some(mean, "plain", "balanced", "shifted", "fine-tuned"), x=x)
        stage.plane(
            "map",
            x=EXTENT[0],
            y=EXTENT[1],
            field=(p - self.threshold).reshape(40, 40),
            kind="signed",
            points={"frequent": self.test[1000:1100], "rare": self.test[:30]},
            x_label="x₁",
            y_label="x₂",
        )
        stage.table(
            "at threshold",
            ["net", "right", "recall", "AUC"],
            [
                [
                    name,
                    f"{100 * j['right'].mean():.1f} %",
                    f"{100 * j['recall'].mean():.0f} %",
                    f"{auc(found[name]).mean():.3f}",
                ]
                for name, j in judged.items()
            ],
        )
        levels = torch.linspace(0.05, 1, 20)
        curves = {name: precision(p, levels, self.prior) for name, p in found.items()}
        stage.plot("precision", levels, some(curves, "plain", "weighted", "balanced", "fine-tuned"))
        diagonal = torch.tensor([[0.0, 0.0], [0.5, 0.5]])
        curves = {name: reliability(p, self.prior) for name, p in found.items()}
        stage.plane(
            "reliability",
            x=(0, 1),
            y=(0, 0.5),
            paths={"true": diagonal, **some(curves, "plain", "balanced", "shifted")},
            x_label="p said",
            y_label="was rare",
        )
        if stage.every(50):
            self.report(stage)

    def report(self, stage):
        with stage.probe(self.net, self.poor):
            found = self.answers(self.test)
            logits = self.poor(self.test[:, None].expand(-1, 2 * DRAWS, -1))
            balanced, discarded = (logits[..., 1] - logits[..., 0]).split(DRAWS, dim=1)
        half = {name: judge(p, self.threshold, self.prior) for name, p in found.items()}
        moved = judge(found["plain"], self.prior, self.prior)
        mean = {name: {k: v.mean().item() for k, v in j.items()} for name, j in half.items()}
        error = {name: calibration(p, self.prior).mean() for name, p in found.items()}
        stage.measure(
            plain_right=mean["plain"]["right"],
            plain_recall=mean["plain"]["recall"],
            least_recall=min(mean["weighted"]["recall"], mean["balanced"]["recall"]),
            weight_gap=abs(mean["weighted"]["both"] - mean["balanced"]["both"]),
            balanced_excess=mean["balanced"]["mean"] / self.prior,
            shifted_excess=mean["shifted"]["mean"] / self.prior,
            calibration_gain=error["balanced"] / error["shifted"],
            auc_gap=(auc(found["plain"]).mean() - auc(found["balanced"]).mean()).abs(),
            moved_gap=abs(moved["both"].mean().item() - mean["balanced"]["both"]),
            discarding_cost=auc(balanced).mean() - auc(discarded).mean(),
        )
        if self.tuned is not None:
            fallen = mean["fine-tuned"]["recall"]
            stage.measure(
                tuned_gap=abs(fallen - mean["plain"]["recall"]),
                tuned_excess=mean["fine-tuned"]["mean"] / self.prior,
            )

    @claim(
        "plain training is right in more than 95 % of the cases",
        breaks={"prior": 0.3, "steps": 100, "finetune_steps": 20},
    )
    def accuracy_hides(self, measured):
        return measured.plain_right > 0.95

    @claim(
        "and finds less than a quarter of the rare points",
        breaks={"threshold": 0.02, "steps": 150, "finetune_steps": 20},
    )
    def plain_misses(self, measured):
        return measured.plain_recall < 0.25

    @claim(
        "weights and balanced batches both find more than 0.7 of them",
        breaks={"threshold": 0.95, "steps": 150, "finetune_steps": 20},
    )
    def finds(self, measured):
        return measured.least_recall > 0.7

    @claim(
        "they do the same: their balanced accuracies differ by less than 0.03",
        breaks={"weight_power": 0, "steps": 100, "finetune_steps": 20},
    )
    def same(self, measured):
        return measured.weight_gap < 0.03

    @claim(
        "balanced training answers rare too often: its mean p is more than 4 times π",
        breaks={"prior": 0.3, "steps": 100, "finetune_steps": 20},
    )
    def too_often(self, measured):
        return measured.balanced_excess > 4

    @claim(
        "a shift of the logits alone brings the mean p back, to within 30 % of π (their ratio)",
        breaks={"assumed_prior": 0.2, "steps": 100, "finetune_steps": 20},
    )
    def shift(self, measured):
        return measured.shifted_excess.between(0.7, 1.3)

    @claim(
        "and its probabilities are true: the calibration error falls to a fifth or less",
        breaks={"assumed_prior": 0.2, "steps": 100, "finetune_steps": 20},
    )
    def calibrated(self, measured):
        return measured.calibration_gain > 5

    @claim(
        "balancing does not rank better: plain and balanced differ by less than 0.02 in AUC",
        breaks={"learning_rate": 0.0003, "steps": 100, "finetune_steps": 20},
    )
    def ranking(self, measured):
        return measured.auc_gap < 0.02

    @claim(
        "plain with its threshold at π has the balanced accuracy of balanced at ½, within 0.03",
        breaks={"threshold": 0.95, "steps": 150, "finetune_steps": 20},
    )
    def threshold_moved(self, measured):
        return measured.moved_gap < 0.03

    @claim(
        "fine-tuning with true frequencies brings the mean p back too, to within 30 % of π",
        breaks={"finetune_steps": 0, "steps": 100},
    )
    def tuned(self, measured):
        return measured.tuned_excess.between(0.7, 1.3)

    @claim(
        "but then, at threshold ½, recall falls back to that of plain, within 0.15",
        breaks={"finetune_steps": 0, "steps": 100},
    )
    def falls_back(self, measured):
        return measured.tuned_gap < 0.15

    @claim(
        "with 15 rare points, discarding frequent ones costs more than 0.01 of AUC",
        breaks={"scarce": 300, "steps": 200, "finetune_steps": 20},
    )
    def discarding(self, measured):
        return measured.discarding_cost > 0.01


def judge(p, threshold, prior):
    """Of probabilities [4000, DRAWS] for the test points, 1,000 rare ones first; per draw."""
    alarm = (p > threshold).float()
    recall, false = alarm[:1000].mean(0), alarm[1000:].mean(0)
    return {
        "recall": recall,
        "right": prior * recall + (1 - prior) * (1 - false),
        "both": (recall + 1 - false) / 2,  # balanced accuracy
        "mean": prior * p[:1000].mean(0) + (1 - prior) * p[1000:].mean(0),
    }


def auc(p):
    """How often a rare point is above a frequent one, per draw."""
    rank = p.argsort(dim=0).argsort(dim=0).double() + 1
    return (rank[:1000].sum(0) - 1000 * 1001 / 2) / (1000 * 3000)


def precision(p, levels, prior):
    """The share of right alarms when `levels` of the rare points are found, mean over draws."""
    threshold = p[:1000].sort(dim=0, descending=True).values[(levels * 1000).long() - 1]
    false = (p[1000:, None] >= threshold).float().mean(0)  # [levels, DRAWS]
    true = levels[:, None].to(p.device)
    return (prior * true / (prior * true + (1 - prior) * false)).mean(1)


def bins(p, prior):
    """Each tenth's weight, mean p and share of rare, times its weight: three [10, DRAWS]."""
    weight = torch.full_like(p, (1 - prior) / 3000)
    weight[:1000] = prior / 1000
    rare = torch.zeros_like(p)
    rare[:1000] = 1
    tenth = (10 * p).long().clamp(max=9)
    empty = torch.zeros(10, p.shape[1], device=p.device)
    return [empty.scatter_add(0, tenth, v) for v in (weight, weight * p, weight * rare)]


def reliability(p, prior):
    """What was said and what was true, for the tenths that hold enough points: [≤ 10, 2]."""
    total, said, true = (part.sum(1) for part in bins(p, prior))
    enough = total > 1e-3 * p.shape[1]
    return torch.stack([said[enough] / total[enough], true[enough] / total[enough]], dim=1)


def calibration(p, prior):
    """Expected calibration error over ten bins, per draw."""
    _, said, true = bins(p, prior)
    return (said - true).abs().sum(0)
