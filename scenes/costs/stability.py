r"""
# When the log meets zero

A classifier returns scores, the *logits*. Softmax turns them into probabilities, and the
cross-entropy is −log of the right class's one. On paper it makes no difference when the log is
taken. In floating point it does, for exp grows and shrinks so fast that numbers run out. Let the
right class have the logit 0 and the only other one the logit g, so that the loss is log(1 + eᵍ),
about g when the classifier is badly wrong:

- **naive**: p = exp(s)/Σexp(s), then −log p. From g = 89 on, exp(g) is *infinite* in float32
  (overflow). The right class's p is 1/∞ = 0 and the loss ∞; the other's is ∞/∞, no number, NaN.
- **softmax-log**: torch's softmax takes the largest logit off first, so nothing overflows. But
  p = e⁻ᵍ *underflows*: from g = 104 on it is 0, and −log 0 = ∞.
- **fused**: nn.CrossEntropyLoss takes logits and never makes p. It computes

$$ \log \text{softmax}(s)_y = s_y - m - \log \sum_k \exp(s_k - m), \quad m = \max_k s_k $$

  The largest term of the sum is 1: nothing overflows, and the log is never of 0. The gradient is
  p − y, whatever g.

nn.NLLLoss is only the last step: it takes log-probabilities, and picks −x_y. Whether that is stable
was decided before, by what it is fed: log(softmax(s)) is the second way, log_softmax(s) the third.
It checks nothing: given raw scores 5 and 1 it returns −5.

That the unstable form fails by "very large gradients" is told and imprecise. It fails by p = 0:
the loss is ∞, and the gradient 1/p · p′ is ∞ · 0 = NaN. One such example in one batch makes every
weight NaN, and it does not heal.

**Two classes.** nn.BCELoss takes a probability x, y its target: −y log x − (1−y) log(1−x). In
float32 σ(17) is 1, exactly. So for y = 0 the loss is −log 0, and here PyTorch helps itself with a
*clamp*: the log is never below −100. The loss of z = 17 is then 100, and not 17; and worse, σ is
flat there, its slope σ(1−σ) is 0. The gradient is 0 where the model is most wrong: it never learns.
nn.BCEWithLogitsLoss takes the logit z and computes max(z, 0) − zy + log(1 + e^−|z|): 17, slope 1.

**"Take float64, then."** That moves the cliff from 17 to 37, and does not remove it.

## Watch

- **by gap**: three curves that are one, until two of them end.
- **BCE** and **BCE slope**: the jump to the shelf at 100, and the slope that falls to 0 there.
- **loss and slope** at the chosen `gap` and `score`, for the wrong logit: what is returned, the
  true loss, and the slope, which should be 1.
- **digits**: the same net and data three times, its logits multiplied by `gain`. Two turn to NaN,
  and then say 0 to everything.
- **logistic**: two logistic regressions that start badly wrong. One stays there.

## Try

- `gap=50`: all three agree. `gap=95`: only the naive one fails.
- `gain=30`: all three nets learn alike.
- `score=16` and `score=17`: the two sides of the cliff. `bias=10`: both regressions learn.
- `precision=float64`: the cliff is at 37.
- `method=naive` or `method=softmax-log`: the third arm does what the other two do.
"""

import math

import torch
from torch import nn
from torch.nn import functional as fn

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits


def cross_entropy(way, scores, y):
    """The cross-entropy of logits [N, C] and classes y [N], computed in one of three ways."""
    if way == "naive":
        e = scores.exp()
        return -(e / e.sum(1, keepdim=True)).log()[torch.arange(len(y)), y].mean()
    if way == "softmax-log":
        return fn.nll_loss(scores.softmax(1).log(), y)
    return fn.cross_entropy(scores, y)


def binary(way, z, y):
    """The cross-entropy of logits z and targets y of two classes."""
    if way == "naive":
        p = z.sigmoid()
        return -(y * p.log() + (1 - y) * (1 - p).log()).mean()
    if way == "softmax-log":
        return fn.binary_cross_entropy(z.sigmoid(), y)
    return fn.binary_cross_entropy_with_logits(z, y)


def slope(loss, x):
    """A loss's value at x, and its gradient."""
    x = x.clone().requires_grad_()
    value = loss(x)
    return value.item(), torch.autograd.grad(value, x)[0]


class Stability(Scene):
    covers = {
        "nn.NLLLoss()": (
            "loss and slope",
            "by gap",
            "underflow",
            "halfway_ends",
            "halfway_dies",
        ),
        "nn.CrossEntropyLoss()": (
            "by gap",
            "loss and slope",
            "digits",
            "overflow",
            "naive_ends",
            "exact",
            "gradient",
            "naive_dies",
            "fused_learns",
            "small_gain",
        ),
        "nn.BCELoss()": ("BCE", "BCE slope", "logistic", "cliff", "shelf", "no_slope", "stuck"),
        "nn.BCEWithLogitsLoss()": ("BCE", "BCE slope", "logistic", "with_logits", "learns"),
    }
    panels = ("by gap", "loss and slope", "digits", "logistic", "BCE", "BCE slope")
    quick = {"steps": 30}

    gap = Float(110, min=0, max=1000, live=True, help="how far the wrong logit is above the right")
    score = Float(17, min=0, max=60, step=1, live=True, help="logit z of an example with y = 0")
    method = Choice(
        "fused", ("naive", "softmax-log", "fused"), help="how the third arm computes its loss"
    )
    precision = Choice("float32", ("float32", "float64"), help="floating-point numbers")
    gain = Float(300, min=1, max=1000, log=True, help="multiplies the logits of the digit nets")
    bias = Float(18, min=0, max=60, step=1, help="bias with which the logistic regressions start")
    steps = Int(300, min=10, max=3000, log=True, help="training steps")

    def run(self, stage):
        device = stage.device
        double = self.precision == "float64" and device != "mps"
        self.dtype = torch.float64 if double else torch.float32

        # The third arm goes by its method's name, unless that is one of the other two
        self.third = "fused" if self.method == "fused" else "chosen"
        self.logits = "with logits" if self.method == "fused" else "chosen"
        self.ways = {"naive": "naive", "softmax-log": "softmax-log", self.third: self.method}
        self.binary_ways = {"BCELoss": "softmax-log", self.logits: self.method}

        images, labels, test_images, test_labels = (part.to(device) for part in digits())
        x, test_x = (part.flatten(1).to(self.dtype) for part in (images, test_images))  # [N, 64]
        nets = {}  # one for each way and gain
        for name in self.ways:
            for gain in (self.gain, self.gain / 3):
                torch.manual_seed(stage.seed)
                net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
                nets[name, gain] = net.to(device, self.dtype)
        stage.watch(nets[self.third, self.gain])
        trainers = {key: torch.optim.Adam(net.parameters(), lr=0.003) for key, net in nets.items()}

        # 400 points of two classes, and two regressions that say "class 1" to all of them
        y = (torch.arange(400, device=device) % 2).to(self.dtype)
        points = torch.randn(400, 2, device=device, dtype=self.dtype) + 4 * y[:, None] - 2
        regressions = {}
        for name in self.binary_ways:
            line = nn.Linear(2, 1).to(device, self.dtype)
            nn.init.zeros_(line.weight)
            nn.init.constant_(line.bias, self.bias)
            regressions[name] = line
        turners = {n: torch.optim.Adam(r.parameters(), lr=0.2) for n, r in regressions.items()}

        stage.axes("digits", y="right", lines={"chance": 0.1})
        stage.axes("logistic", y="right", lines={"chance": 0.5})
        for _ in stage.loop(self.steps):
            i = torch.randint(len(x), (64,), device=device)
            for (name, gain), net in nets.items():
                loss = cross_entropy(self.ways[name], gain * net(x[i]), labels[i])
                trainers[name, gain].zero_grad()
                loss.backward()
                trainers[name, gain].step()
            for name, line in regressions.items():
                loss = binary(self.binary_ways[name], line(points)[:, 0], y)
                turners[name].zero_grad()
                loss.backward()
                turners[name].step()

            if stage.every(5):
                with stage.probe(*nets.values()):
                    right = {
                        key: (net(test_x).argmax(1) == test_labels).double().mean().item()
                        for key, net in nets.items()
                    }
                    sides = {
                        name: ((line(points)[:, 0] > 0) == (y > 0.5)).double().mean().item()
                        for name, line in regressions.items()
                    }
                stage.curve("digits", {name: right[name, self.gain] for name in self.ways})
                stage.curve("logistic", sides)
            if stage.step == 0 or stage.changed("gap", "score"):
                self.look(stage)

        small = [right[name, self.gain / 3] for name in self.ways]
        stage.measure(
            naive_right=right["naive", self.gain],
            halfway_right=right["softmax-log", self.gain],
            chosen_right=right[self.third, self.gain],
            small_spread=max(small) - min(small),
            stuck=sides["BCELoss"],
            learned=sides[self.logits],
        )

    def look(self, stage):
        """Values and slopes: as curves, and at the chosen gap and score."""
        device = stage.device
        right = torch.zeros(1, dtype=torch.long, device=device)
        zero = torch.zeros(1, dtype=self.dtype, device=device)

        def loss(way, gap):
            return cross_entropy(way, torch.tensor([[0.0, gap]], dtype=self.dtype), right.cpu())

        gaps = range(0, 202, 2)
        curves = {n: [loss(way, float(g)).item() for g in gaps] for n, way in self.ways.items()}
        stage.axes("by gap", x="gap", y="loss")
        stage.plot("by gap", list(gaps), curves)
        rows, gradients = [], []
        for name, way in self.ways.items():
            logits = torch.tensor([[0.0, self.gap]], dtype=self.dtype, device=device)
            value, gradient = slope(lambda s, w=way: cross_entropy(w, s, right), logits)
            gradients.append(gradient[0].tolist())
            rows.append([name, value, self.gap, gradients[-1][1]])

        scores = [z / 2 for z in range(81)]
        values, slopes = {}, {}
        for name, way in self.binary_ways.items():
            pairs = [slope(lambda z, w=way: binary(w, z, zero), zero + z) for z in scores]
            values[name] = [value for value, _ in pairs]
            slopes[name] = [gradient.item() for _, gradient in pairs]
            value, gradient = slope(lambda z, w=way: binary(w, z, zero), zero + self.score)
            rows.append([name, value, self.score, gradient.item()])
        stage.axes("BCE", x="z, y = 0", y="loss")
        stage.axes("BCE slope", x="z, y = 0", y="slope")
        stage.plot("BCE", scores, values)
        stage.plot("BCE slope", scores, slopes)
        stage.table("loss and slope", ["way", "loss", "true", "slope"], rows, best=[2, 4])

        naive, halfway, chosen, bce, logits = rows
        whole = torch.arange(100, dtype=self.dtype, device=device).sigmoid()
        stage.measure(
            naive_fails=not math.isfinite(naive[1]),
            halfway_loss=halfway[1],
            chosen_error=finite(abs(chosen[1] - self.gap)),
            gradient_error=finite(max(abs(gradients[2][0] + 1), abs(gradients[2][1] - 1))),
            naive_last=last(lambda gap: loss("naive", gap).item()),
            halfway_last=last(lambda gap: loss("softmax-log", gap).item()),
            cliff=int((whole == 1).double().argmax()),
            shelf=bce[1],
            shelf_slope=bce[3],
            logits_error=finite(max(abs(logits[1] - self.score), abs(logits[3] - 1))),
        )

    @claim(
        "110 above the right logit, exp overflows in float32: the naive loss is no finite number",
        breaks={"gap": 50, "steps": 10},
    )
    def overflow(self, measured):
        return measured.naive_fails == 1

    @claim(
        "softmax and then the log does not overflow, it underflows: the loss is infinite, over 10⁹",
        breaks={"gap": 50, "steps": 10},
    )
    def underflow(self, measured):
        return measured.halfway_loss > 1e9

    @claim(
        "in float32 the naive loss is right up to a gap of 88 (in float64 709)",
        breaks={"precision": "float64", "steps": 10},
    )
    def naive_ends(self, measured):
        return measured.naive_last == 88

    @claim(
        "and NLLLoss of the log of softmax up to 103 (in float64 745), to within 1 %",
        breaks={"precision": "float64", "steps": 10},
    )
    def halfway_ends(self, measured):
        return measured.halfway_last == 103

    @claim(
        "CrossEntropyLoss returns the gap, 110, within 0.001",
        breaks={"method": "naive", "steps": 100},
    )
    def exact(self, measured):
        return measured.chosen_error < 1e-3

    @claim(
        "and its gradient is p − y: −1 and 1, within 0.000001",
        breaks={"method": "naive", "steps": 100},
    )
    def gradient(self, measured):
        return measured.gradient_error < 1e-6

    @claim(
        "with logits times 300, a net with the naive loss is lost: under 30 % right",
        breaks={"gain": 10, "steps": 100},
    )
    def naive_dies(self, measured):
        return measured.naive_right < 0.3

    @claim(
        "with the log of softmax, NLLLoss loses it too: under 30 % right",
        breaks={"gain": 10, "steps": 100},
    )
    def halfway_dies(self, measured):
        return measured.halfway_right < 0.3

    @claim(
        "fused, the same net learns: over 85 % right",
        breaks={"method": "naive", "steps": 100},
    )
    def fused_learns(self, measured):
        return measured.chosen_right > 0.85

    @claim(
        "with logits times 100 all three learn alike, within 2 points",
        breaks={"gain": 1000, "steps": 100},
    )
    def small_gain(self, measured):
        return measured.small_spread < 0.02

    @claim(
        "in float32 σ(z) is exactly 1 from z = 17 on (in float64 from 37)",
        breaks={"precision": "float64", "steps": 10},
    )
    def cliff(self, measured):
        return measured.cliff == 17

    @claim(
        "there BCELoss returns 100 instead of 17: its log is clamped at −100",
        breaks={"score": 16, "steps": 10},
    )
    def shelf(self, measured):
        return measured.shelf == 100

    @claim(
        "and its slope is exactly 0",
        breaks={"score": 16, "steps": 10},
    )
    def no_slope(self, measured):
        return measured.shelf_slope == 0

    @claim(
        "BCEWithLogitsLoss returns 17 and slope 1, both within 0.0001",
        breaks={"method": "naive", "steps": 100},
    )
    def with_logits(self, measured):
        return measured.logits_error < 1e-4

    @claim(
        "a logistic regression that starts with the bias 18 never learns with BCELoss: it stays "
        "below 60 %",
        breaks={"bias": 10, "steps": 100},
    )
    def stuck(self, measured):
        return measured.stuck < 0.6

    @claim(
        "with BCEWithLogitsLoss it learns: over 95 %",
        breaks={"method": "naive", "steps": 100},
    )
    def learns(self, measured):
        return measured.learned > 0.95


def last(loss):
    """The last whole gap up to which a loss is log(1 + eᵍ), within 1 %."""
    gap = 1
    while abs(loss(float(gap)) / (gap + math.log1p(math.exp(-gap))) - 1) < 0.01:
        gap += 1
    return gap - 1


def finite(error):
    """An error that is no number is as bad as can be."""
    return float("inf") if error != error else error
