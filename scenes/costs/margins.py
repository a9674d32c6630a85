r"""
# How sure is sure enough

A classifier with two classes y = ±1 returns one score x; its sign is the answer. The product y·x
is positive when the answer is right, and says how sure it was. The **hinge loss** asks for more
than right:

$$ \text{hinge} = \max(0, m - y \cdot x) \qquad \text{soft margin} = \log(1 + \exp(-y \cdot x)) $$

The hinge is *exactly* 0, with slope 0, once y·x reaches the margin m; before that its slope for x
is −y, however wrong the answer. With m = 0 it is the **perceptron**, which stops at the first line
that makes no mistake, however narrowly. The distance of the nearest point from the line,
y·x / |w|, is the *geometric margin*: the hinge's line keeps away from both classes, and errs less
on new points.

**The number m means little by itself.** Asked for 10 in place of 1, training finds the same line
and makes w ten times as long, or as long as the number of steps allows. "A larger margin
generalises better" holds against m = 0, not beyond. Only if long weights cost something (`decay`)
does m matter.

**nn.SoftMarginLoss** is often said to ensure a margin of at least 1. It has no margin: it is the
logistic loss, nn.BCEWithLogitsLoss with labels ±1 in place of 1 and 0, derivative −y σ(−y·x). At
y·x = 1 it is 0.3133, and it is above 0 for every finite score, so it never stops pushing. If the
classes can be separated, its line drifts towards the widest margin all by itself, without having
been asked to: an implicit bias, and a slow one. Nor does it compare one sample with another.

**nn.MultiLabelMarginLoss** is for several labels at once (not for one out of many: that is
nn.MultiMarginLoss). With C classes and targets j,

$$ \frac{1}{C} \sum_j \sum_i \max(0, 1 - (x_j - x_i)) $$

where i runs over the classes that are *not* targets. Written "over all classes", as it is often,
it counts each target against itself: for scores .1, .2, .4, .8 and targets {3, 0} that gives 1.85,
the truth is 0.85. The targets are a list of class *numbers*, filled up with −1; zeros and ones, as
BCE wants them, are no error and nonsense. It breaks where you need a decision: it puts the labels
in *order*, right ones on top, 1 apart, but nothing ties them to 0. In **right sets** two networks
find the two digits in a picture. Told that there are two, the margin's network is as good as BCE's.
Asked which scores are above 0, it is lost. Some other `cut`, between 1 and 1½ here, would do; but
which one depends on the training, and only trying it out tells.

All curves of margins and errors are means over eight sets of 80 points; **lines** shows the first.

## Watch

- **lines**: *m=0*, the perceptron, stops at once; *m*, the hinge, moves on until its nearest points
  are m away (in units of its score); *10m* ends on the same line; *soft* is the soft margin.
- **loss**: over y·x. Beyond m, only the soft margin still slopes.
- **geometric margin**: the soft margin climbs for as long as you let it.
- **right sets**: by the two highest scores (*top*), and by all scores above `cut`.
- **scores**: of a picture that no net has seen; its digits are starred.
- **by the book**: the length of w at 10 m over that at m, the cosine of the two, errors on new
  points, the losses as they stand, the multi-label example, and how often both digits of an unseen
  pair score 1 more than the rest (*digits apart*).

## Try

- `margin=0`: all hinges are perceptrons.
- `decay=0.1`: long weights cost something; now 10 m gives another line than m, and
  the hinge does not end at 0.
- `cut=1.5`: the margin's scores name the sets, too.
- `steps=20`: nobody has converged: the hinge is not 0, and sets are not ordered.
- `learning_rate=20`: the soft margin runs so far that its loss all but vanishes.
- `mistake=hinge`: the soft margin taken for a hinge. `mistake=classes`: i over all classes.
- `mistake=padding`: zeros and ones as targets of MultiLabelMarginLoss: no complaint, no learning.
"""

import torch
import torch.nn.functional as fn
from torch import nn

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits

SETS, POINTS, NEW = 8, 80, 1000  # point sets, points to learn from and new ones in each
GAP = 0.15  # no point is closer to the true line
ARMS = ("m=0", "m", "10m", "soft")


def clouds(device):
    """Points of two classes with a gap between: inputs with a 1 for the bias [8, 1080, 3], and
    labels ±1 [8, 1080]."""
    angle = torch.rand(SETS, 1, 1, device=device) * 6.28
    normal = torch.cat([angle.cos(), angle.sin()], dim=1)  # [8, 2, 1]
    x = torch.randn(SETS, 4 * (POINTS + NEW), 2, device=device)
    side = (x @ normal)[..., 0] + 0.3  # signed distance from the true line
    far = [(side[k].abs() > GAP).nonzero()[: POINTS + NEW, 0] for k in range(SETS)]
    x = torch.stack([x[k, far[k]] for k in range(SETS)])
    y = torch.stack([side[k, far[k]] for k in range(SETS)]).sign()
    return torch.cat([x, torch.ones_like(x[..., :1])], dim=2), y


def pairs(images, labels, left, right):
    """Two digits side by side [N, 128] and their labels [N, 2]; no pairs of the same digit."""
    differ = labels[left] != labels[right]
    left, right = left[differ], right[differ]
    both = torch.cat([images[left], images[right]], dim=3).flatten(1)
    return both, torch.stack([labels[left], labels[right]], dim=1)


def reader():
    return nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))


class Margins(Scene):
    covers = {
        "Hinge Loss": (
            "lines",
            "loss",
            "geometric margin",
            "by the book",
            "wider",
            "fewer_errors",
            "nothing_left",
            "same_line",
            "longer",
        ),
        "nn.SoftMarginLoss()": (
            "loss",
            "geometric margin",
            "by the book",
            "logistic",
            "never_zero",
            "implicit",
        ),
        "nn.MultiLabelMarginLoss()": (
            "right sets",
            "scores",
            "by the book",
            "other_classes",
            "orders",
            "apart",
            "no_worse",
            "no_threshold",
        ),
    }
    panels = ("lines", "loss", "geometric margin", "right sets", "scores", "by the book")
    quick = {"steps": 20}

    margin = Float(1.0, min=0, max=20, live=True, help="m, the score that the hinge asks for")
    decay = Float(0.0, min=0, max=0.2, live=True, help="times squared weights, added to the loss")
    learning_rate = Float(0.3, min=0.01, max=50, log=True, live=True, help="step size of the lines")
    cut = Float(0.0, min=-5, max=5, step=0.25, live=True, help="score above which a digit is named")
    mistake = Choice(
        "none",
        ("none", "hinge", "classes", "padding"),
        live=True,
        help="a popular slip, played by the soft margin or the two digits",
    )
    steps = Int(500, min=20, max=5000, help="training steps; the lines take 8 in each")

    def run(self, stage):
        device = stage.device
        points, sides = clouds(device)
        x, y = points[:, :POINTS], sides[:, :POINTS]  # [8, 80, 3], [8, 80]
        new_x, new_y = points[:, POINTS:], sides[:, POINTS:]
        lines = 0.01 * torch.randn(1, SETS, 3, device=device)  # the same start for all four
        lines = lines.repeat(4, 1, 1).requires_grad_()  # [4, 8, 3]

        images, labels, test_images, test_labels = (part.to(device) for part in digits())
        order = torch.randperm(len(test_images), device=device)
        first = torch.arange(len(order), device=device)
        unseen, targets = pairs(test_images, test_labels, first, order)
        wanted = fn.one_hot(targets, 10).sum(1) == 1  # [N, 10]
        margin_net, bce_net = reader().to(device), reader().to(device)
        bce_net.load_state_dict(margin_net.state_dict())
        weights = [*margin_net.parameters(), *bce_net.parameters()]
        optimizer = torch.optim.Adam(weights, lr=5e-3)
        stage.watch(margin_net)
        stage.axes("geometric margin", y="mean of 8 sets")
        stage.axes("right sets", y="% of unseen pairs")

        for step in stage.loop(self.steps):
            for _ in range(8):
                losses = self.losses(lines, x, y)  # [4, 8]
                cost = losses.sum() + self.decay * (lines[..., :2] ** 2).sum()
                (gradient,) = torch.autograd.grad(cost, lines)
                with torch.no_grad():
                    lines -= self.learning_rate * gradient

            left = torch.randint(len(images), (128,), device=device)
            right = torch.randint(len(images), (128,), device=device)
            batch, answer = pairs(images, labels, left, right)
            hot = fn.one_hot(answer, 10).sum(1)  # [B, 10]
            listed = fn.pad(answer, (0, 8), value=-1)  # class numbers, filled up with −1
            given = hot if self.mistake == "padding" else listed
            loss = fn.multilabel_margin_loss(margin_net(batch), given)
            loss = loss + fn.binary_cross_entropy_with_logits(bce_net(batch), hot.float())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

            if step == 0 or stage.changed("margin", "mistake"):
                self.draw_loss(stage)
            if stage.every(4):
                with stage.probe():
                    length = lines[..., :2].norm(dim=2)  # [4, 8]
                    nearest = (y * signed(lines, x)).amin(2) / length
                    errors = (new_y * signed(lines, new_x) <= 0).float().mean((1, 2))  # [4]
                stage.curve("geometric margin", dict(zip(ARMS, nearest.mean(1), strict=True)))
            if stage.every(10):
                self.draw_lines(stage, x[0], y[0], lines[:, 0].detach())
                with stage.probe(margin_net, bce_net):
                    scores = torch.stack([margin_net(unseen), bce_net(unseen)])  # [2, N, 10]
                top = torch.zeros_like(scores).scatter(2, scores.topk(2, dim=2).indices, 1.0) > 0
                top = (top == wanted).all(2).float().mean(1)  # [2]
                above = ((scores > self.cut) == wanted).all(2).float().mean(1)
                lowest = scores[0].masked_fill(~wanted, torch.inf).amin(1)  # of the two digits [N]
                highest = scores[0].masked_fill(wanted, -torch.inf).amax(1)  # of the others [N]
                apart = (lowest - highest >= 1).float().mean()
                shares = (top[0], top[1], above[0], above[1])
                names = ("margin top", "BCE top", "margin cut", "BCE cut")
                stage.curve("right sets", {n: 100 * s for n, s in zip(names, shares, strict=True)})
                stars = [f"{k}★" if wanted[0, k] else str(k) for k in range(10)]
                stage.bars("scores", stars, {"margin": scores[0, 0], "BCE": scores[1, 0]})
                cosine = torch.cosine_similarity(lines[1], lines[2], dim=1).mean()
                longer = (length[2] / length[1].clamp(min=1e-9)).mean()
                logistic, at_one, example = identities(self.mistake, device)
                losses = self.losses(lines, x, y).detach().mean(1)
                stage.table(
                    "by the book",
                    ["quantity", "here", "theory"],
                    [
                        ["|w|: 10 m over m", longer.item(), "10"],
                        ["cosine of the two", cosine.item(), "1"],
                        ["errors, perceptron", errors[0].item(), "more"],
                        ["errors, hinge", errors[1].item(), "fewer"],
                        ["hinge now", losses[1].item(), "0"],
                        ["soft margin now", losses[3].item(), "> 0"],
                        ["it, at y·x = 1", at_one, "0.313"],
                        ["it − logistic", logistic, "0"],
                        ["example", example, "0.85"],
                        ["digits apart", apart.item(), "1"],
                    ],
                )
                stage.measure(
                    margin_gain=nearest[1].mean() - nearest[0].mean(),
                    error_gain=errors[0] - errors[1],
                    cosine=cosine,
                    longer=longer,
                    hinge_left=losses[1] + gradient[1].abs().max(),
                    soft_left=losses[3],
                    soft_margin=nearest[3].mean(),
                    logistic=logistic + abs(at_one - 0.31326),
                    example=example,
                    margin_top=top[0],
                    apart=apart,
                    top_gap=abs(top[0] - top[1]),
                    threshold_gap=above[1] - above[0],
                )

    def losses(self, lines, x, y):
        """Mean losses of the four lines of each set: [4, 8]."""
        certainty = y * signed(lines, x)  # y·x [4, 8, 80]
        wanted = (0.0, self.margin, 10 * self.margin)
        each = [(m - certainty[k]).clamp(min=0) for k, m in enumerate(wanted)]
        ones = torch.ones_like(certainty[3])
        each.append(fn.soft_margin_loss(certainty[3], ones, reduction="none"))
        return torch.stack(each).mean(2)

    def draw_lines(self, stage, x, y, lines):
        paths = {}
        for name, (a, b, c) in zip(ARMS, lines, strict=True):
            length = (a**2 + b**2).sqrt()
            normal = torch.stack([a, b]) / length
            along = torch.stack([-normal[1], normal[0]])
            paths[name] = torch.stack([-c / length * normal + t * along for t in (-6, 6)])
        stage.plane(
            "lines",
            x=(-3, 3),
            y=(-3, 3),
            points={"+": x[y > 0, :2], "−": x[y < 0, :2]},
            paths=paths,
            x_label="x₁",
            y_label="x₂",
        )

    def draw_loss(self, stage):
        certainty = torch.linspace(-2, 3, 101)
        curves = {
            "m=0": (-certainty).clamp(min=0),
            "m": (self.margin - certainty).clamp(min=0),
            "soft": soft_margin(certainty, self.mistake),
        }
        stage.axes("loss", x="y·x", y="loss")
        stage.plot("loss", certainty, curves)

    @claim(
        "the hinge's line keeps at least 0.05 further from the points than the perceptron's",
        breaks={"margin": 0, "steps": 60},
    )
    def wider(self, measured):
        return measured.margin_gain > 0.05

    @claim(
        "and errs less on new points",
        breaks={"margin": 0, "steps": 60},
    )
    def fewer_errors(self, measured):
        return measured.error_gain > 0

    @claim(
        "a margin of 10 m gives nearly the line of m: the cosine of their weights is above 0.99",
        breaks={"decay": 0.1, "steps": 100},
    )
    def same_line(self, measured):
        return measured.cosine > 0.99

    @claim(
        "and weights more than 4 times as long",
        breaks={"margin": 0, "steps": 60},
    )
    def longer(self, measured):
        return measured.longer > 4

    @claim(
        "on points that can be separated the hinge ends at 0, its gradient too, exactly, in all "
        "eight sets",
        breaks={"decay": 0.1, "steps": 100},
    )
    def nothing_left(self, measured):
        return measured.hinge_left == 0

    @claim(
        "the soft margin never does: it is above 0.002 still",
        breaks={"learning_rate": 20, "steps": 300},
    )
    def never_zero(self, measured):
        return measured.soft_left > 0.002

    @claim(
        "without being asked to, the soft margin's line keeps more than 0.1 from the points",
        breaks={"decay": 0.1, "steps": 100},
    )
    def implicit(self, measured):
        return measured.soft_margin > 0.1

    @claim(
        "SoftMarginLoss is BCEWithLogitsLoss, and 0.3133 at y·x = 1: both within 1e-4",
        breaks={"mistake": "hinge", "steps": 20},
    )
    def logistic(self, measured):
        return measured.logistic < 1e-4

    @claim(
        "MultiLabelMarginLoss compares targets with the other classes only: the example costs 0.85",
        breaks={"mistake": "classes", "steps": 20},
    )
    def other_classes(self, measured):
        return measured.example.between(0.8499, 0.8501)

    @claim(
        "it orders: the two highest scores are the two digits for more than 60 % of unseen pairs",
        breaks={"mistake": "padding", "steps": 100},
    )
    def orders(self, measured):
        return measured.margin_top > 0.6

    @claim(
        "for more than 35 % of them both digits are a full 1 above all others",
        breaks={"mistake": "padding", "steps": 100},
    )
    def apart(self, measured):
        return measured.apart > 0.35

    @claim(
        "by the two highest scores it and BCE differ by less than 10 points",
        breaks={"mistake": "padding", "steps": 100},
    )
    def no_worse(self, measured):
        return measured.top_gap < 0.1

    @claim(
        "it does not threshold: scores above 0 are the right set at least 20 points more rarely "
        "than BCE's",
        breaks={"cut": 1.5, "steps": 100},
    )
    def no_threshold(self, measured):
        return measured.threshold_gap > 0.2


def signed(lines, x):
    """Scores of lines [4, 8, 3] for points [8, N, 3]: [4, 8, N]."""
    return torch.einsum("asd,snd->asn", lines, x)


def soft_margin(certainty, mistake):
    """SoftMarginLoss over y·x; or what those take it for who say that it ensures a margin of 1."""
    if mistake == "hinge":
        return (1 - certainty).clamp(min=0)
    return fn.soft_margin_loss(certainty, torch.ones_like(certainty), reduction="none")


def identities(mistake, device):
    """The largest difference of soft margin and BCE with logits, the soft margin at y·x = 1, and
    the multi-label loss of the example."""
    z = torch.linspace(-5, 5, 101, device=device)
    ones = torch.ones_like(z)
    gap = fn.binary_cross_entropy_with_logits(z, ones, reduction="none") - soft_margin(z, mistake)
    at_one = soft_margin(torch.ones(1, device=device), mistake).item()
    scores = torch.tensor([0.1, 0.2, 0.4, 0.8], device=device)
    if mistake == "classes":
        example = sum((1 - (scores[j] - scores)).clamp(min=0).sum() for j in (3, 0)) / 4
    else:
        listed = torch.tensor([3, 0, -1, 1], device=device)  # what follows −1 does not count
        example = fn.multilabel_margin_loss(scores, listed)
    return gap.abs().max().item(), at_one, example.item()
