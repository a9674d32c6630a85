r"""
# Why does it help?

Everyone agrees *that* batch normalization helps: one may be ten times less careful. *Why* is still
open. Here nets of six hidden ReLU layers train on the digits (He's initialisation, plain SGD, 120
steps), without normalization, with LayerNorm and with BatchNorm: at five learning rates, and from
first weights of seven sizes. Each point is the median of three nets. The 36 nets of a kind are one
batched model; on a CPU it takes its steps 3 to 5 times as fast as they would one by one.

**Larger learning rates.** At rate 1 most plain nets diverge. Nets with BatchNorm still learn at 3,
with LayerNorm in between. Part of this is a plain consequence of scale invariance: a layer times a
is normalized back, so the gradient is orthogonal to the weights and falls as 1/a. A step that is
too long makes the weights longer, and thereby the next step shorter. At rate 10 that does not help
any more.

**Less depends on the first weights.** He × 0.1 in each of seven layers is 10⁻⁷ at the output; a
plain net stays there. BatchNorm undoes it in every layer. LayerNorm does so too, but more slowly.
"So be careless, everything works" is wrong: from He × 100 none of them gets anywhere. There the
gradient, a hundredth, hardly turns weights that are a hundred times as long. (The last layer is not
normalized, either.)

**The first story** (Ioffe and Szegedy, 2015) was *internal covariate shift*: each layer's inputs
move while it learns, and normalization holds them still. It does not fit: nets with noise added
behind the norms, which moves everything about, train about as well (Santurkar et al. 2018).

**The second story** is a *smoother loss*: the gradient here says more about the gradient a step
further on. That can be measured. From the weights w, go 0.02 to 0.4 along −g and compare:

$$ \frac{\left|\nabla L(w - s g) - g\right|}{\left|g\right|} $$

In a plain net the gradient becomes a different one, several times as long. With BatchNorm it
changes by less than its own length, and the loss on the way rises and falls less. So much is
measured here, for this net; that it is the cause, and not a companion, is not shown. And play
`activation=tanh`: the plain net then is as smooth as the other, and works at rate 1.

**The third story**, *regularization*: the batch's noise is said to improve generalization. Look at
**noisy labels**: 300 digits, 15 % with a wrong label, batches of 32. If the noise helped, BatchNorm
would be ahead. At this size it is not, or not reliably: its test loss may be lower, but it has as
many right answers as the plain net or so, in longer runs often fewer. So: a panel, and no claim.

The statistics belong to the function. If they are **recomputed** but taken for constants on the way
back (`no gradient`), SGD keeps pushing along directions that the forward pass then removes. If they
are computed **once**, that is only a good initialisation, and rate 3 explodes as without.

All nets are judged by the statistics of the test set as one batch (*The two lives of a BatchNorm
layer* is about that), and LayerNorm needs none.

## Watch

- **by rate**, **by first weights**: right answers on the test set, as they stand. The wider the
  plateau, the less care is needed.
- **gradient change**: the largest along a step; **along the step**: how the loss goes there.
- **loss**: nets with `learning_rate` and He's own weights.

## Try

- `depth=1`: one hidden layer is forgiving; the plain one learns at rate 1 and from He × 0.1 too.
- `statistics=no gradient`: batch norm learns badly from small weights. `statistics=once`: no
  longer from small ones, nor at rate 3.
- `learning_rate=1` while it runs: the arms of **by first weights** follow, and so does **loss**.
- `activation=sigmoid depth=2`: bounded and shallow. Even rate 10 works, and He × 100 somewhat.
- `activation=tanh`: bounded, so plain nets do not blow up, and the differences shrink.
- `steps=10`: LayerNorm at rate 1 needs more than ten steps.
"""

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits
from dlplay.nn.batched import BatchedLinear, accuracies, losses, side_by_side
from dlplay.nn.normalization import BatchedNorm

NORMS = ("none", "layer", "batch")
RATES = (0.1, 0.3, 1.0, 3.0, 10.0)
SCALES = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0)
DRAWS = 3  # nets of each kind
LENGTHS = (0.02, 0.05, 0.1, 0.2, 0.4)  # of the steps along which the loss is looked at
ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


class Nets(nn.Module):
    """`copies` nets of the same shape, each with its own weights."""

    def __init__(self, copies, norm, depth, activation, statistics):
        super().__init__()
        self.copies = copies
        layers = []
        for _ in range(depth):
            layers.append(BatchedLinear(copies, 64, 64))
            # Only batch norm plays the mistakes
            statistics = statistics if norm == "batch" else "recomputed"
            layers.append(BatchedNorm(norm, copies, 64, statistics=statistics))
            layers.append(ACTIVATIONS[activation]())
        self.layers = nn.Sequential(*layers, BatchedLinear(copies, 64, 10))

    def forward(self, x):  # [N, 64] -> [N, copies, 10]
        return self.layers(side_by_side(x, self.copies))

    def descend(self, rates):
        """One step of SGD, each copy at its own rate: rates [copies]."""
        with torch.no_grad():
            for p in self.parameters():  # [copies, ...]
                p -= per_copy(rates, p) * p.grad


def per_copy(numbers, like):
    """Numbers [copies], shaped to multiply a parameter [copies, ...]."""
    return numbers.reshape(-1, *[1] * (like.dim() - 1))


def gradients(net, x, y):
    """Each copy's loss [copies], and the gradient of their sum, a list like the parameters."""
    each = losses(net(x), y)
    return each.detach(), torch.autograd.grad(each.sum(), list(net.parameters()))


def distance(one, other):
    """Between two gradients of each copy, lists of [copies, ...]: [copies]."""
    return sum((a - b).flatten(1).square().sum(1) for a, b in zip(one, other, strict=True)).sqrt()


class Careless(Scene):
    covers = {
        "Why Is Batch Normalization Effective?": (
            "by rate",
            "by first weights",
            "gradient change",
            "along the step",
            "noisy labels",
            "batch_at_3",
            "plain_at_1",
            "layer_at_1",
            "all_at_10",
            "batch_from_small",
            "plain_elsewhere",
            "layer_between",
            "batch_from_huge",
            "smoother_gradient",
            "smoother_loss",
        ),
    }
    panels = ("by rate", "by first weights", "loss", "gradient change", "along the step",
              "noisy labels")  # fmt: skip
    quick = {"steps": 12, "depth": 2}

    learning_rate = Float(
        0.1, min=1e-3, max=10, log=True, live=True, help="rate of all nets but those by rate"
    )
    depth = Int(6, min=1, max=20, help="hidden layers")
    activation = Choice("relu", ("relu", "tanh", "sigmoid"), help="of the hidden layers")
    statistics = Choice(
        "recomputed",
        ("recomputed", "no gradient", "once"),
        help="how batch norm gets its mean and variance; the last two are mistakes",
    )
    batch = Int(64, min=4, max=512, log=True, live=True, help="digits in a batch")
    steps = Int(120, min=10, max=1000, help="updates of every net")

    def run(self, stage):
        device = stage.device
        x, y, test_x, test_y = (part.to(device) for part in digits())
        x, test_x = x.flatten(1), test_x.flatten(1)  # [1400, 64], [397, 64]
        mean, std = x.mean(0), x.std(0)
        std[std == 0] = 1  # pixels that are always black
        x, test_x = (x - mean) / std, (test_x - mean) / std
        few_x, few_y = x[:300], y[:300].clone()
        wrong = torch.randperm(300)[:45].to(device)
        few_y[wrong] = (few_y[wrong] + torch.randint(1, 10, (45,)).to(device)) % 10

        shape = self.depth, self.activation, self.statistics
        arms = [*RATES, *SCALES]
        many = {norm: Nets(len(arms) * DRAWS, norm, *shape).to(device) for norm in NORMS}
        walkers = {norm: Nets(DRAWS, norm, *shape).to(device) for norm in NORMS}
        learners = {norm: Nets(DRAWS, norm, *shape).to(device) for norm in ("none", "batch")}
        scales = torch.tensor([1.0] * len(RATES) + [*SCALES], device=device)
        with torch.no_grad():
            for net in many.values():
                for layer in net.layers:
                    if isinstance(layer, BatchedLinear):
                        layer.weight *= per_copy(scales.repeat_interleave(DRAWS), layer.weight)
        stage.watch(walkers["batch"])

        stage.axes("by rate", x="rate", y="right answers", log="x", lines={"chance": 0.1})
        stage.axes("by first weights", x="× He's", y="right answers", log="x",
                   lines={"chance": 0.1})  # fmt: skip
        stage.axes("loss", y="training loss", log="y")
        stage.axes("gradient change", y="relative to gradient", log="y", lines={"its length": 1})
        stage.axes("along the step", x="step length", y="loss")
        stage.axes("noisy labels", y="right answers")
        turns = {norm: [] for norm in NORMS}  # the gradient's change along a step, by look
        swings = {norm: [] for norm in NORMS}  # the loss's

        for _ in stage.loop(self.steps):
            rates = torch.tensor([*RATES] + [self.learning_rate] * len(SCALES), device=device)
            rates = rates.repeat_interleave(DRAWS)
            i = torch.randint(len(x), (self.batch,)).to(device)
            shown = {}
            for norm, net in many.items():
                each = losses(net(x[i]), y[i])
                net.zero_grad()
                each.sum().backward()
                net.descend(rates)
                first = (len(RATES) + SCALES.index(1.0)) * DRAWS
                shown[norm] = each.detach()[first : first + DRAWS].median()
            stage.curve("loss", shown)

            usual = torch.full((DRAWS,), self.learning_rate, device=device)
            along = {}
            for norm, net in walkers.items():
                _, g = gradients(net, x[i], y[i])
                if stage.every(5):
                    path, turn = self.look_ahead(net, g, x[i], y[i])  # [6, DRAWS], [DRAWS]
                    along[norm] = path.mean(1)
                    turns[norm].append(turn.mean().item())
                    swings[norm].append((path.amax(0) - path.amin(0)).max().item())
                for p, slope in zip(net.parameters(), g, strict=True):
                    p.grad = slope
                net.descend(usual)
            if along:
                stage.curve("gradient change", {norm: turns[norm][-1] for norm in NORMS})
                stage.plot("along the step", [0.0, *LENGTHS], along)

            i = torch.randint(300, (32,)).to(device)
            for net in learners.values():
                net.zero_grad()
                losses(net(few_x[i]), few_y[i]).sum().backward()
                net.descend(usual)
            if stage.every(10):
                noisy = self.examine(stage, many, learners, test_x, test_y)

        at = {norm: dict(zip(RATES, acc, strict=False)) for norm, acc in self.right.items()}
        of = {n: dict(zip(SCALES, a[len(RATES) :], strict=True)) for n, a in self.right.items()}
        stage.measure(
            batch_at_3=at["batch"][3.0],
            plain_at_1=at["none"][1.0],
            layer_at_1=at["layer"][1.0],
            best_at_10=max(at[norm][10.0] for norm in NORMS),
            batch_from_small=of["batch"][0.1],
            plain_elsewhere=max(of["none"][0.3], of["none"][3.0]),
            layer_from_small=of["layer"][0.1],
            batch_from_huge=of["batch"][100.0],
            plain_turn=median(turns["none"]),
            batch_turn=median(turns["batch"]),
            plain_swing=max(swings["none"]),
            batch_swing=max(swings["batch"]),
            plain_noisy=noisy["none"],
            batch_noisy=noisy["batch"],
        )

    def look_ahead(self, net, g, x, y):
        """Each copy's loss at 0 and at each length along −g: [6, copies]; and the largest change
        of its gradient there, relative to the gradient: [copies]."""
        weights = [p.detach().clone() for p in net.parameters()]
        size = distance(g, [torch.zeros_like(slope) for slope in g])
        path, changes = [], []
        for length in (0.0, *LENGTHS):
            with torch.no_grad():
                for p, w, slope in zip(net.parameters(), weights, g, strict=True):
                    p.copy_(w - length * slope)
            values, there = gradients(net, x, y)
            path.append(values)
            changes.append(distance(there, g) / size)
        with torch.no_grad():
            for p, w in zip(net.parameters(), weights, strict=True):
                p.copy_(w)
        return torch.stack(path), torch.stack(changes).amax(0)

    def examine(self, stage, many, learners, test_x, test_y):
        """How all nets stand on the test set: kept and drawn. And the noisily taught ones."""
        with stage.probe():
            self.right = {}
            for norm, net in many.items():
                logits = net(test_x)  # [397, copies, 10]
                right = accuracies(logits, test_y).reshape(-1, DRAWS)
                self.right[norm] = right.median(dim=1).values.tolist()
            noisy = {
                n: accuracies(net(test_x), test_y).mean().item() for n, net in learners.items()
            }
        first, second = slice(0, len(RATES)), slice(len(RATES), None)
        stage.plot("by rate", RATES, {norm: a[first] for norm, a in self.right.items()})
        stage.plot("by first weights", SCALES, {n: a[second] for n, a in self.right.items()})
        stage.curve("noisy labels", noisy)
        return noisy

    @claim(
        "at rate 3 nets with batch norm learn: over 85 % right",
        breaks={"statistics": "once", "steps": 30},
    )
    def batch_at_3(self, measured):
        return measured.batch_at_3 > 0.85

    @claim(
        "at rate 1 already the plain ones are lost: the median of three is right for under 50 %",
        breaks={"activation": "sigmoid", "depth": 2},
    )
    def plain_at_1(self, measured):
        return measured.plain_at_1 < 0.5

    @claim("layer norm still learns at rate 1: over 50 %", breaks={"steps": 10})
    def layer_at_1(self, measured):
        return measured.layer_at_1 > 0.5

    @claim("at rate 10 all three fail: under 40 %", breaks={"activation": "sigmoid", "depth": 2})
    def all_at_10(self, measured):
        return measured.best_at_10 < 0.4

    @claim(
        "from He's weights × 0.1 batch norm learns: over 90 %",
        breaks={"statistics": "once", "steps": 30},
    )
    def batch_from_small(self, measured):
        return measured.batch_from_small > 0.9

    @claim(
        "from He's × 0.3 already, or × 3, the plain nets learn nothing: under 20 %",
        breaks={"depth": 1},
    )
    def plain_elsewhere(self, measured):
        return measured.plain_elsewhere < 0.2

    @claim(
        "from × 0.1 layer norm is over 10 points behind batch norm",
        breaks={"activation": "sigmoid", "depth": 2},
    )
    def layer_between(self, measured):
        return measured.batch_from_small - measured.layer_from_small > 0.1

    @claim(
        "batch norm does not save weights × 100: under 50 %",
        breaks={"activation": "sigmoid", "depth": 2},
    )
    def batch_from_huge(self, measured):
        return measured.batch_from_huge < 0.5

    @claim(
        "along a step the plain gradient changes over twice as much as with batch norm (median)",
        breaks={"activation": "sigmoid", "depth": 2},
    )
    def smoother_gradient(self, measured):
        return measured.plain_turn / measured.batch_turn > 2

    @claim(
        "and the loss, where it changes most, over 3 times as much",
        breaks={"activation": "sigmoid", "depth": 2},
    )
    def smoother_loss(self, measured):
        return measured.plain_swing / measured.batch_swing > 3


def median(values):
    return sorted(values)[len(values) // 2]
