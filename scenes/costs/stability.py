r"""
# When the log meets zero

A classifier returns scores, the *logits*. Softmax turns them into probabilities, and the
cross-entropy is −log of the right class's one. On paper it makes no difference when the log is
taken. In floating point it does, for exp grows and shrinks so fast that numbers run out. Let the
right class have the logit 0 and the only other one the logit g, so that the loss is log(1 + eᵍ),
about g when the classifier is badly wrong:

- **naive**: p = exp(s)/Σexp(s), then −log p. From g = 89 on, exp(g) is *infinite* in float32
  (overflow). The right class's p is 1/∞ = 0 and the loss ∞; the other's is ∞/∞, no number, NaN.
- **log of softmax**: torch's softmax takes the largest logit off first, so nothing overflows. But
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
- **digits**: the same net and data three times, its logits multiplied by `gain`. Two turn to NaN,
  and then say 0 to everything.
- **logistic**: two logistic regressions that start badly wrong. One stays there.

## Try

- `gap=50`: all three agree. `gap=95`: only the naive one fails.
- `gain=30`: all three nets learn alike.
- `score=16` and `score=17`: the two sides of the cliff. `bias=10`: both regressions learn.
- `precision=float64`: the cliff is at 37.
- `method=naive` or `method=log of softmax`: the third arm does what the other two do.
"""

import torch
from torch import nn
from torch.nn import functional as fn

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.data import digits

WAYS = ("naive", "log of softmax", "fused")


def cross_entropy(way, scores, y):
    """The cross-entropy of logits [N, C] and classes y [N], computed in one of three ways."""
    if way == "naive":
        e = scores.exp()
        return -(e / e.sum(1, keepdim=True)).log()[torch.arange(len(y)), y].mean()
    if way == "log of softmax":
        return fn.nll_loss(scores.softmax(1).log(), y)
    return fn.cross_entropy(scores, y)


def binary(way, z, y):
    """The cross-entropy of logits z and targets y of two classes."""
    if way == "naive":
        p = z.sigmoid()
        return -(y * p.log() + (1 - y) * (1 - p).log()).mean()
    if way == "log of softmax":
        return fn.binary_cross_entropy(z.sigmoid(), y)
    return fn.binary_cross_entropy_with_logits(z, y)


def slope(loss, x):
    """A loss's value at x, and its gradient."""
    x = x.clone().requires_grad_()
    value = loss(x)
    return value.item(), torch.autograd.grad(value, x)[0]


class Stability(Scene):
    covers = {
        "nn.NLLLoss()": ("at the gap", "by gap", "underflow", "halfway_dies"),
        "nn.CrossEntropyLoss()": (
            "by gap",
            "at the gap",
            "digits",
            "overflow",
            "exact",
            "gradient",
            "naive_dies",
            "fused_learns",
            "small_gain",
        ),
        "nn.BCELoss()": ("BCE", "BCE slope", "logistic", "cliff", "shelf", "no_slope", "stuck"),
        "nn.BCEWithLogitsLoss()": ("BCE", "BCE slope", "logistic", "with_logits", "learns"),
    }
    panels = ("by gap", "at the gap", "digits", "BCE", "BCE slope", "logistic")
    quick = {"steps": 30}

    gap = Float(110, min=0, max=1000, live=True, help="how far the wrong logit is above the right")
    score = Float(17, min=0, max=60, step=1, live=True, help="logit z of an example with y = 0")
    method = Choice(
        "fused", ("naive", "log of softmax", "fused"), help="how the third arm computes its loss"
    )
    precision = Choice("float32", ("float32", "float64"), help="floating-point numbers")
    gain = Float(300, min=1, max=1000, log=True, help="multiplies the logits of the digit nets")
    bias = Float(18, min=0, max=60, step=1, help="bias with which the logistic regressions start")
    steps = Int(300, min=10, max=3000, log=True, help="training steps")

    def run(self, stage):
        device = stage.device
        double = self.precision == "float64" and device != "mps"
        self.dtype = torch.float64 if double else torch.float32

        images, labels, test_images, test_labels = (part.to(device) for part in digits())
        x, test_x = (part.flatten(1).to(self.dtype) for part in (images, test_images))  # [N, 64]
        arms = {name: name for name in WAYS[:2]} | {"chosen": self.method}
        nets, gains = {}, {}
        for name in arms:
            for gain, suffix in ((self.gain, ""), (self.gain / 3, ", gain/3")):
                torch.manual_seed(stage.seed)
                net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
                nets[name + suffix] = net.to(device, self.dtype)
                gains[name + suffix] = gain
        stage.watch(nets["chosen"])
        trainers = {
            name: torch.optim.Adam(net.parameters(), lr=0.003) for name, net in nets.items()
        }

        # 400 points of two classes, and two regressions that say "class 1" to all of them
        y = (torch.arange(400, device=device) % 2).to(self.dtype)
        points = torch.randn(400, 2, device=device, dtype=self.dtype) + 4 * y[:, None] - 2
        sure = {"BCELoss": "log of softmax", "chosen": self.method}
        regressions = {}
        for name in sure:
            line = nn.Linear(2, 1).to(device, self.dtype)
            nn.init.zeros_(line.weight)
            nn.init.constant_(line.bias, self.bias)
            regressions[name] = line
        turners = {n: torch.optim.Adam(r.parameters(), lr=0.2) for n, r in regressions.items()}

        stage.axes("digits", y="right answers", lines={"chance": 0.1})
        stage.axes("logistic", y="right answers", lines={"chance": 0.5})
        for _ in stage.loop(self.steps):
            i = torch.randint(len(x), (64,), device=device)
            for name, net in nets.items():
                way = arms[name.removesuffix(", gain/3")]
                loss = cross_entropy(way, gains[name] * net(x[i]), labels[i])
                trainers[name].zero_grad()
                loss.backward()
                trainers[name].step()
            for name, line in regressions.items():
                loss = binary(sure[name], line(points)[:, 0], y)
                turners[name].zero_grad()
                loss.backward()
                turners[name].step()

            if stage.every(5):
                with stage.probe(*nets.values()):
                    right = {
                        name: (net(test_x).argmax(1) == test_labels).double().mean().item()
                        for name, net in nets.items()
                    }
                    sides = {
                        name: ((line(points)[:, 0] > 0) == (y > 0.5)).double().mean().item()
                        for name, line in regressions.items()
                    }
                stage.curve("digits", {name: right[name] for name in arms})
                stage.curve("logistic", sides)
            if stage.step == 0 or stage.changed("gap", "score"):
                self.look(stage)

        small = [right[name + ", gain/3"] for name in arms]
        stage.measure(
            naive_right=right["naive"],
            halfway_right=right["log of softmax"],
            chosen_right=right["chosen"],
            small_spread=max(small) - min(small),
            stuck=sides["BCELoss"],
            learned=sides["chosen"],
        )

    def look(self, stage):
        """Values and slopes, of the curves and at the chosen gap and score."""
        device = stage.device
        right = torch.zeros(1, dtype=torch.long, device=device)

        def logits(gap):
            return torch.tensor([[0.0, gap]], dtype=self.dtype, device=device)

        gaps = range(0, 202, 2)
        ways = dict(zip(WAYS[:2], WAYS[:2], strict=True)) | {"chosen": self.method}
        curves = {name: [] for name in ways}
        rows = []
        for name, way in ways.items():
            for gap in gaps:
                curves[name].append(cross_entropy(way, logits(float(gap)), right).item())
            value, gradient = slope(lambda s, w=way: cross_entropy(w, s, right), logits(self.gap))
            rows.append([name, value, gradient[0, 0].item(), gradient[0, 1].item()])
        stage.axes("by gap", x="gap", y="loss")
        stage.plot("by gap", list(gaps), curves)
        stage.table("at the gap", ["way", "loss", "∂ right", "∂ wrong"], rows, best=[2])

        zero = torch.zeros(1, dtype=self.dtype, device=device)
        scores = [z / 2 for z in range(81)]
        ways = {"BCELoss": "log of softmax", "chosen": self.method}
        values, slopes = {name: [] for name in ways}, {name: [] for name in ways}
        for name, way in ways.items():
            for z in [*scores, self.score]:
                value, gradient = slope(lambda s, w=way: binary(w, s, zero), zero + z)
                values[name].append(value)
                slopes[name].append(gradient.item())
        here = {name: (values[name].pop(), slopes[name].pop()) for name in ways}
        stage.axes("BCE", x="logit z, y = 0", y="loss")
        stage.axes("BCE slope", x="logit z, y = 0", y="slope")
        stage.plot("BCE", scores, values)
        stage.plot("BCE slope", scores, slopes)

        whole = torch.arange(100, dtype=self.dtype, device=device).sigmoid()
        stage.measure(
            naive_fails=not torch.isfinite(torch.tensor(rows[0][1])),
            halfway_loss=rows[1][1],
            chosen_error=finite(abs(rows[2][1] - self.gap)),
            gradient_error=finite(max(abs(rows[2][2] + 1), abs(rows[2][3] - 1))),
            cliff=int((whole == 1).double().argmax()),
            shelf=here["BCELoss"][0],
            shelf_slope=here["BCELoss"][1],
            logits_error=finite(
                max(abs(here["chosen"][0] - self.score), abs(here["chosen"][1] - 1))
            ),
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
        breaks={"bias": 10, "steps": 300},
    )
    def stuck(self, measured):
        return measured.stuck < 0.6

    @claim(
        "with BCEWithLogitsLoss it learns: over 95 %",
        breaks={"method": "naive", "steps": 100},
    )
    def learns(self, measured):
        return measured.learned > 0.95


def finite(error):
    """An error that is no number is as bad as can be."""
    return float("inf") if error != error else error
