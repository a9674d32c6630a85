"""
# Two dozen curves and a cursor

An activation f makes a unit's output out of its weighted sum x. Three things about it matter: its
*bend* (without one, the network is one linear map), its *slope* f′, which every gradient on the
way back is multiplied by, and the *mean* of what it passes on. A tour shows a dozen one after
another; set `function` and you see the one that you choose, of two dozen. *slope* draws f′ twice:
by the formula on paper, and as torch's autograd finds it. In *all functions* the mean and the
flat share are measured, on numbers drawn from a normal distribution (`shift`, `spread`), as
pre-activations are.

**Straight and stepped.** identity: x, slope 1. Step: 1 if x > 0, else 0; slope 0, so nothing can
be learnt through it. Threshold: x above θ, else 0, slope 1 above. It is often mistaken for the
step, but Threshold(0, 0) is ReLU, in value and gradient. With θ > 0 it jumps, unseen by the
gradient.

**Flat on both sides.** Sigmoid σ(x) = 1/(1 + e⁻ˣ), slope σ(1 − σ), at most ¼, at x = 0. On paper
its values lie *between* 0 and 1. In float32 σ is exactly 1 from x = 17 on and exactly 0 below
about −89, and a logarithm of what is left is infinite. Tanh, slope 1 − tanh², at most 1; it is
2σ(2x) − 1, and being odd it says that σ(−x) = 1 − σ(x). Its outputs have mean 0 if the inputs are
spread evenly around 0, and as a rule not else (`shift=1`). Arctan and softsign x/(1 + |x|), slopes
1/(1 + x²) and 1/(1 + |x|)², go flat slowly, as a power of x and not exponentially: 0.01 at x = 10,
where σ has 0.00005 and tanh 0.00000001; see *tails*. Hardtanh and ReLU6 are cut off.

**Two straight pieces.** ReLU max(0, x), slope 1 or 0. LeakyReLU: a small *positive* slope, 0.01,
on the left. PReLU: that slope is learnt, from ¼. RReLU: it is drawn from ⅛..⅓ for each number in
training, and is 11/48, the mean, in tests. (The paper drew from 3..8, divided by it, and tested
with 5.5.) Tables that give ReLU's slope as 1 "for x ≥ 0" are wrong at 0: there is no derivative.
Torch takes 0 there, and for LeakyReLU and PReLU the slope on the left. The function itself is
continuous there.

**Exponential on the left.** ELU α(eˣ − 1) (Clevert and others; not the PReLU paper) goes to −α,
so α says how low it ends. It is the slope just left of 0 too, but no slope "of the negative side",
which goes flat. "Differentiable everywhere" it is only for α = 1. CELU divides by α inside,
α(eˣᐟᵅ − 1), and has no corner for any α. SELU is ELU with α = 1.6733, times 1.0507: slopes 1.758
and 1.051 at its corner. ELU's mean is nearer to 0 than ReLU's, but not near: over the layers of a
random net three deep it is a little over half of it. *Same net, different squash* looks again
after training.

**Smooth gates.** GELU x·Φ(x), slope Φ + xφ. Φ(x) is how probable it is that a standard normal
number lies *below x* (not that x is positive). SiLU x·σ(x), slope σ(1 + x(1 − σ)). Both dip:
−0.170 at x = −0.752, and −0.278 at −1.278; their slopes run from −0.13 to 1.13 and from −0.10 to
1.10. The tanh form of GELU is off by less than 0.0005, x·σ(1.702x) by 0.02. Whether GELU or SiLU
is cheaper depends on the library and machine; nothing is claimed of it here. Mish
x·tanh(softplus(x)) is much the same. Softplus ln(1 + eˣ), slope σ; logsigmoid is its mirror image,
flat on the right.

**Shrinks.** Hardshrink, softshrink and tanhshrink (x − tanh x, slope tanh²) are flat in the
middle.

**Saturating** means that f′ goes to 0 far out, non-saturating that it does not. "On both sides or
not" is too coarse: ReLU, ELU, GELU, SiLU and softplus saturate on the left only, LeakyReLU, PReLU
and RReLU nowhere. Hidden layers mostly use functions that stay steep on one side at least, as the
gradient vanishes less. And a saturating function need not be *saturated*: with inputs of spread
1, three in a thousand of tanh's slopes are below 0.01, with spread 5 over half.

## Watch

- *function*: f, and its tangent at the moving cursor. *tails*: |f′| far out, on either side.
- *slopes met*: how often each slope occurs, on normal inputs: what the gradient meets.
- *facts*: formula, derivative, and where it breaks.

## Try

- `alpha=2`: ELU gets a corner. CELU does not.
- `x=1`: too near to tell who saturates: slopes are read at ±x (10).
- `spread=5`: saturated. `shift=1`: tanh's mean is no longer 0.
- `precision=float64`: σ reaches 1 at x = 37, and 0 at about −710.
- `threshold=1`: no ReLU any more. `alpha=0.1`: ELU is nearly ReLU.
- `slip`: seven common slips. `output-slope` puts f(x) instead of x into f′; `corner-slope-1` is the
  table's x ≥ 0; `elu-as-line` takes α for a slope; `celu-without-alpha`, `quick-gelu` in GELU's
  place, `tanh-without-2` = 2σ(x) − 1, and `swapped-rrelu`, which draws its slopes in tests.
"""

import math
from dataclasses import replace

import torch
from torch import nn
from torch.nn.functional import elu, gelu, leaky_relu, rrelu

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.nn.activations import RRELU, activations, autograd

KINDS = {  # where each function breaks, in a few words
    "identity": "no bend: any depth of it is one linear map",
    "step": "slope 0: what lies before it never learns",
    "sigmoid": "slope at most ¼; rounds to exactly 1 from x = 17 in float32",
    "tanh": "flat beyond |x| = 3; mean 0 for even inputs only",
    "arctan": "flat, but slowly: f′ falls as 1/x²",
    "softsign": "flat, but slowly: f′ falls as 1/x²",
    "relu": "a unit below 0 for all inputs gets no gradient again",
    "threshold": "jumps where θ is not the value below; no gradient sees it",
    "leaky_relu": "leak³ through three layers is a millionth",
    "prelu": "a may pass 1; weight decay pulls it back to ReLU",
    "rrelu": "noise: two training passes differ",
    "elu": "corner at 0 unless α = 1; far left its slope is gone",
    "celu": "far left its slope is gone, the sooner the smaller α",
    "selu": "normalises itself only with its own initialisation",
    "gelu": "not monotone; flat far left",
    "silu": "not monotone; slope ½ at 0 slows deep plain nets",
    "mish": "not monotone; dearer than SiLU",
    "softplus": "never 0: mean above ReLU's",
    "logsigmoid": "flat on the right, unbounded on the left",
    "hardtanh": "slope exactly 0 beyond ±1",
    "relu6": "dies on both sides",
    "hardshrink": "jumps at ±½; no gradient sees it",
    "softshrink": "nothing passes within ±½",
    "tanhshrink": "almost no slope near 0",
}
TOLD = dict.fromkeys(("relu", "elu", "gelu", "silu", "softplus"), "left") | dict.fromkeys(
    ("leaky_relu", "prelu", "rrelu"), "neither"
)  # on which side they saturate
WORDS = {
    "left": "on the left",
    "right": "on the right",
    "both": "on both sides",
    "neither": "nowhere",
}
TOUR = ("step", "sigmoid", "tanh", "softsign", "relu", "leaky_relu", "rrelu", "elu", "selu",
        "gelu", "silu", "softplus")  # fmt: skip
FLAT = 0.008  # a slope at ±x below this counts as flat
# On paper: least value, where, and least and greatest slope
DIPS = {
    "gelu": (-0.169971, -0.75179, -0.12890, 1.12890),
    "silu": (-0.278465, -1.27846, -0.09984, 1.09984),
}
AT_TEN = {  # f′ at x = −10
    "sigmoid": 4.54e-5,
    "tanh": 8.24e-9,
    "arctan": 0.0099,
    "softsign": 0.00826,
    "silu": -4.09e-4,
}
GRID = torch.linspace(-9.97, 10.03, 401, dtype=torch.float64)  # meets no corner


class Gallery(Scene):
    covers = {
        "Activation functions: purpose, table and requirements": (
            "function",
            "slope",
            "facts",
            "formulas",
            "corners",
        ),
        "Threshold - nn.Threshold()": ("function", "facts", "threshold_is_relu"),
        "Sigmoid - nn.Sigmoid()": (
            "function",
            "tails",
            "steepest",
            "sigmoid_rounds",
            "sigmoid_underflows",
        ),
        "Tanh - nn.Tanh()": (
            "function",
            "all functions",
            "steepest",
            "tanh_is_sigmoid",
            "tanh_mean",
        ),
        "ReLU- nn.ReLU()": ("function", "slope", "corners"),
        "LeakyReLU - nn.LeakyReLU()": ("function", "slope", "corners"),
        "PReLU - nn.PReLU()": ("function", "slope", "corners"),
        "RReLU - nn.RReLU()": ("function", "facts", "rrelu_tests", "rrelu_trains"),
        "ELU - nn.ELU()": (
            "function",
            "slope",
            "elu_level",
            "elu_smooth",
            "celu_smooth",
            "elu_mean",
        ),
        "GELU - nn.GELU()": ("function", "facts", "dips", "gelu_tanh", "gelu_quick"),
        "SiLU – nn.SiLU": ("function", "facts", "dips"),
        "Saturating functions vs non-saturating functions": (
            "tails",
            "slopes met",
            "all functions",
            "one_sided",
            "slopes_at_ten",
            "power_tails",
            "not_saturated",
        ),
    }
    panels = ("function", "slope", "facts", "all functions", "slopes met", "tails")
    quick = {"steps": 24}

    function = Choice(
        "tour",
        ["tour", "identity", "step", "sigmoid", "tanh", "arctan", "softsign", "relu", "threshold",
         "leaky_relu", "prelu", "rrelu", "elu", "celu", "selu", "gelu", "silu", "mish", "softplus",
         "logsigmoid", "hardtanh", "relu6", "hardshrink", "softshrink", "tanhshrink"],
        live=True,
        help="what is shown; tour: one after another",
    )  # fmt: skip
    compare = Choice(
        "none",
        ["none", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu"],
        live=True,
        help="a second function beside it",
    )
    x = Float(10.0, min=0.1, max=10, live=True, help="slopes are read at ±x")
    alpha = Float(1.0, min=0.05, max=4, live=True, help="α of ELU and CELU")
    leak = Float(0.01, min=0, max=1, live=True, help="LeakyReLU's slope on the left")
    threshold = Float(0.0, min=0, max=3, live=True, help="Threshold gives 0 up to here")
    shift = Float(0.0, min=-5, max=5, live=True, help="mean of the normal inputs")
    spread = Float(1.0, min=0.1, max=20, log=True, live=True, help="their standard deviation")
    precision = Choice("float32", ["float32", "float64"], live=True, help="of σ and of the tails")
    slip = Choice(
        "none",
        ["none", "output-slope", "corner-slope-1", "elu-as-line", "celu-without-alpha",
         "quick-gelu", "tanh-without-2", "swapped-rrelu"],
        live=True,
        help="a common mistake, played through",
    )  # fmt: skip
    steps = Int(2400, min=24, max=20000, log=True, help="steps of the tour")

    def run(self, stage):
        exact = torch.float64  # all of this is a few hundred numbers: on the CPU
        at = torch.linspace(-6, 6, 241, dtype=exact)
        stage.axes("slope", x="x", y="f′(x)")
        stage.axes("tails", x="|x|", y="|f′|", log="y")
        names, tour = list(KINDS), TOUR
        for step in stage.loop(self.steps):
            if step == 0 or stage.changed(*self.parameters):
                table = self.functions()
                counts, sums, small = 0, dict.fromkeys(names, 0.0), dict.fromkeys(names, 0)
                self.check(stage, table)

            # What is shown
            place = step * len(tour) / self.steps
            name = tour[int(place)] if self.function == "tour" else self.function
            if stage.every(4):
                cursor = 6 * math.sin(2 * math.pi * place)
                self.draw(stage, name, table, at, cursor)
            if stage.every(10) or stage.changed(*self.parameters):
                z = self.shift + self.spread * torch.randn(2048)  # [2048] more normal inputs
                counts += len(z)
                rows = []
                for other, own in table.items():
                    sums[other] += own.f(z).sum().item()
                    small[other] += (own.slope(z).abs() < 0.01).sum().item()
                    left, right = own.slope(torch.tensor([-self.x, self.x])).tolist()
                    mean, share = sums[other] / counts, 100 * small[other] / counts
                    rows.append([other, brief(left), brief(right), f"{mean:.2f}", f"{share:.0f} %"])
                stage.table(
                    "all functions",
                    ["f", "f′(−x)", "f′(x)", "mean", "flat"],
                    rows,
                    best=[names.index(name)],
                )
                self.study(stage, name, table, z)
                stage.measure(
                    tanh_mean=abs(sums["tanh"] / counts), tanh_flat=small["tanh"] / counts
                )

    def functions(self):
        """All of them, with the parameters and the slip as they are."""
        table = activations(self.alpha, self.leak, self.threshold)
        if self.slip == "output-slope":  # f′(f(x)): the derivative of an output
            for name, own in table.items():
                table[name] = replace(own, slope=lambda x, own=own: own.slope(own.f(x)))
        if self.slip == "elu-as-line":
            table["elu"] = replace(table["elu"], f=lambda x: leaky_relu(x, self.alpha))
        if self.slip == "celu-without-alpha":
            table["celu"] = table["elu"]
        if self.slip == "quick-gelu":
            table["gelu"] = replace(table["gelu"], formula="x·σ(1.702x)", f=quick)
        return table

    def rrelu(self, x, training):
        return rrelu(x, *RRELU, training=training != (self.slip == "swapped-rrelu"))

    def draw(self, stage, name, table, at, cursor):
        """f with its tangent, f′ twice, and what there is to say."""
        own = table[name]
        f = self.rrelu(at, training=True) if name == "rrelu" else own.f(at)
        here = torch.tensor([cursor], dtype=at.dtype)
        y, m = own.f(here).item(), autograd(own.f, here).item()
        ends = torch.tensor([cursor - 1.5, cursor + 1.5], dtype=at.dtype)
        curves = {name: (at, f), "tangent": (ends, y + m * (ends - cursor))}
        slopes = {f"{name}: torch": autograd(own.f, at), "formula": own.slope(at)}
        if self.compare != "none":
            curves[self.compare] = (at, table[self.compare].f(at))
            slopes[self.compare] = table[self.compare].slope(at)
        reach = [min(own.f(at).min().item(), -1.2), max(own.f(at).max().item(), 1.2)]
        stage.plane(
            "function",
            x=(-6, 6),
            y=(reach[0] - 0.1, reach[1] + 0.1),
            points={"here": [[cursor, y]]},
            paths={key: torch.stack(own, dim=1) for key, own in curves.items()},
            x_label="x",
            y_label="f(x)",
        )
        stage.plot("slope", at, slopes)
        zero = autograd(own.f, torch.zeros(1, dtype=at.dtype)).item()
        wide = torch.linspace(-30, 30, 6001, dtype=at.dtype)
        values = own.f(wide)
        up, down = values.diff().min() >= -1e-12, values.diff().max() <= 1e-12
        lines = [
            f"{name} saturates {WORDS[own.flat]}",
            f"f = {own.formula}",
            f"f′ = {own.derivative}",
            f"at x = {cursor:.2f}: f = {y:.3f}, f′ = {m:.3f}",
            f"at x = 0: torch's f′ = {zero:.4g}{', a corner' if 0.0 in own.corners else ''}",
            f"over ±30: {values.min().item():.2g} to {values.max().item():.4g}, "
            + ("monotone" if up or down else "not monotone"),
            f"breaks: {KINDS[name]}",
        ]
        stage.text("facts", "\n".join(lines))

    def study(self, stage, name, table, z):
        """The slopes that the normal inputs z meet, and those far out."""
        stage.histogram("slopes met", {name: table[name].slope(z)}, x="f′(z)")
        far = torch.linspace(0, 30, 121).to(getattr(torch, self.precision))
        drawn = {"arctan": autograd(torch.atan, far)}
        drawn |= {f"{name} right": autograd(table[name].f, far)}
        drawn |= {f"{name} left": autograd(table[name].f, -far)}
        stage.plot("tails", far, {key: own.abs() for key, own in drawn.items()})

    def check(self, stage, table):
        """The facts that do not hang on chance, or hardly."""
        one = torch.ones(1, dtype=torch.float64)
        gaps = [(own.slope(GRID) - autograd(own.f, GRID)).abs().max() for own in table.values()]

        # At 0: what torch says, and what is told
        told = {"relu": 0.0, "leaky_relu": self.leak, "prelu": 0.25}
        if self.slip == "corner-slope-1":
            told = dict.fromkeys(told, 1.0)
        corner = max(abs(autograd(table[n].f, 0 * one).item() - v) for n, v in told.items())

        alpha = self.alpha
        celu = nn.ELU(2.0) if self.slip == "celu-without-alpha" else nn.CELU(2.0)
        dips = [
            abs(found - told)
            for name, numbers in DIPS.items()
            for found, told in zip(dip(table[name].f), numbers, strict=True)
        ]
        peaks = [*peak(table["sigmoid"].slope), *peak(table["tanh"].slope)]
        peak_gap = max(abs(a - b) for a, b in zip(peaks, (0, 0.25, 0, 1), strict=True))

        # Whole numbers from which on float32's σ is exactly 1, and 0
        whole = torch.arange(1000).to(getattr(torch, self.precision))
        ones = (whole.sigmoid() == 1).int().argmax()
        zeros = ((-whole).sigmoid() == 0).int().argmax()

        factor = 1 if self.slip == "tanh-without-2" else 2
        below = table["threshold"]
        twins = (below.f(GRID) - GRID.relu()).abs().max()
        twins += (autograd(below.f, GRID) - autograd(torch.relu, GRID)).abs().max()

        x = -torch.ones(20000, dtype=torch.float64)
        tested, trained = -self.rrelu(x, training=False), -self.rrelu(x, training=True)

        # The mean output of a random net, three layers deep, with He's weights
        means = {"relu": 0.0, "elu": 0.0}
        for name, f in (("relu", torch.relu), ("elu", lambda h: elu(h, alpha))):
            h = torch.randn(2000, 64, generator=torch.Generator().manual_seed(stage.seed))
            for layer in range(3):
                w = torch.Generator().manual_seed(1000 * stage.seed + layer)
                h = f(h @ torch.randn(64, 64, generator=w) * math.sqrt(2 / 64))
                means[name] += h.mean().item() / 3

        far = torch.tensor([-self.x, self.x])
        found = {name: sides(*autograd(table[name].f, far).tolist()) for name in TOLD}
        twice = torch.tensor([self.x, 2 * self.x], dtype=torch.float64)
        soft, sigma = (autograd(table[name].f, twice) for name in ("softsign", "sigmoid"))
        ten = [abs(autograd(table[n].f, -self.x * one) / told - 1) for n, told in AT_TEN.items()]

        stage.measure(
            formula_gap=max(gaps),
            corner_gap=corner,
            elu_corner=jump(lambda x: elu(x, alpha)),
            celu_share=jump(celu) / jump(nn.ELU(2.0)),
            elu_level=(table["elu"].f(-30 * one) + alpha).abs(),
            dip_gap=max(dips),
            gelu_gap=(self.approximate()(GRID) - gelu(GRID)).abs().max(),
            quick_gap=(quick(GRID) - table["gelu"].f(GRID)).abs().max(),
            peak_gap=peak_gap,
            ten_gap=max(ten),
            sigmoid_one=ones,
            sigmoid_zero=zeros,
            tanh_gap=(GRID.tanh() - 2 * (factor * GRID).sigmoid() + 1).abs().max(),
            twins_gap=twins,
            rrelu_gap=(tested - 11 / 48).abs().max(),
            rrelu_spread=trained.std(),
            elu_over_relu=means["elu"] / means["relu"],
            one_sided=sum(found[name] == side for name, side in TOLD.items()),
            tails=(soft[1] / soft[0]) / (sigma[1] / sigma[0]),
        )

    def approximate(self):
        """The short cut for GELU: the tanh form of its paper, or the quick one."""
        return quick if self.slip == "quick-gelu" else lambda x: gelu(x, approximate="tanh")

    @claim(
        "every derivative on paper is what autograd finds, between the corners, within 1e-9",
        breaks={"slip": "output-slope", "steps": 24},
    )
    def formulas(self, measured):
        return measured.formula_gap < 1e-9

    @claim(
        "at the corner x = 0 torch's slope is 0 for ReLU, and that of the left side for LeakyReLU "
        "and PReLU, to 1e-9",
        breaks={"slip": "corner-slope-1", "steps": 24},
    )
    def corners(self, measured):
        return measured.corner_gap < 1e-9

    @claim(
        "the sigmoid is steepest at x = 0, with slope ¼, and so is tanh, with slope 1 (largest "
        "error)",
        breaks={"slip": "output-slope", "steps": 24},
    )
    def steepest(self, measured):
        return measured.peak_gap < 1e-6

    @claim(
        "α is the level at which ELU ends, not its slope there: ELU(−30) = −α, within 1e-6",
        breaks={"slip": "elu-as-line", "steps": 24},
    )
    def elu_level(self, measured):
        return measured.elu_level < 1e-6

    @claim(
        "ELU's slopes left and right of 0 agree within 1e-6: only for α = 1",
        breaks={"alpha": 2, "steps": 24},
    )
    def elu_smooth(self, measured):
        return measured.elu_corner < 1e-6

    @claim(
        "at α = 2 CELU's corner is under a millionth of ELU's",
        breaks={"slip": "celu-without-alpha", "steps": 24},
    )
    def celu_smooth(self, measured):
        return measured.celu_share < 1e-6

    @claim(
        "in a random net of three layers ELU's mean output is between half and 0.9 of ReLU's: "
        "nearer to 0, not near",
        breaks={"alpha": 0.1, "steps": 24},
    )
    def elu_mean(self, measured):
        return measured.elu_over_relu.between(0.5, 0.9)

    @claim(
        "GELU's least value is −0.17 at x = −0.752 and SiLU's −0.278 at −1.278; their slopes run "
        "from −0.129 to 1.129 and from −0.1 to 1.1 (largest error)",
        breaks={"slip": "quick-gelu", "steps": 24},
    )
    def dips(self, measured):
        return measured.dip_gap < 1e-4

    @claim(
        "GELU's tanh form is off by less than 0.0005",
        breaks={"slip": "quick-gelu", "steps": 24},
    )
    def gelu_tanh(self, measured):
        return measured.gelu_gap < 5e-4

    @claim(
        "GELU's quick form x·σ(1.702x) is off by 0.02, within 0.001",
        breaks={"slip": "quick-gelu", "steps": 24},
    )
    def gelu_quick(self, measured):
        return measured.quick_gap.between(0.019, 0.021)

    @claim(
        "in float32 the sigmoid is exactly 1 from x = 17 on",
        breaks={"precision": "float64", "steps": 24},
    )
    def sigmoid_rounds(self, measured):
        return measured.sigmoid_one == 17

    @claim(
        "in float32 the sigmoid is exactly 0 from somewhere between x = −85 and −110 on",
        breaks={"precision": "float64", "steps": 24},
    )
    def sigmoid_underflows(self, measured):
        return measured.sigmoid_zero.between(85, 110)

    @claim("tanh x = 2σ(2x) − 1, within 1e-12", breaks={"slip": "tanh-without-2", "steps": 24})
    def tanh_is_sigmoid(self, measured):
        return measured.tanh_gap < 1e-12

    @claim(
        "tanh's mean is 0 (within 0.02) on inputs spread evenly around 0",
        breaks={"shift": 1, "steps": 24},
    )
    def tanh_mean(self, measured):
        return measured.tanh_mean < 0.02

    @claim(
        "Threshold(0, 0) is ReLU: values and gradients differ by exactly 0",
        breaks={"threshold": 1, "steps": 24},
    )
    def threshold_is_relu(self, measured):
        return measured.twins_gap == 0

    @claim(
        "in tests RReLU's slope on the left is 11/48 for every number, within 1e-6",
        breaks={"slip": "swapped-rrelu", "steps": 24},
    )
    def rrelu_tests(self, measured):
        return measured.rrelu_gap < 1e-6

    @claim(
        "in training its slopes vary as uniform numbers from ⅛..⅓ do: standard deviation 0.060",
        breaks={"slip": "swapped-rrelu", "steps": 24},
    )
    def rrelu_trains(self, measured):
        return measured.rrelu_spread.between(0.058, 0.062)

    @claim(
        "ReLU, ELU, GELU, SiLU and softplus are flat on the left only, and LeakyReLU, PReLU and "
        "RReLU nowhere: eight of eight",
        breaks={"x": 1, "steps": 24},
    )
    def one_sided(self, measured):
        return measured.one_sided == 8

    @claim(
        "at x = −10 the slopes of σ, tanh, arctan, softsign and SiLU are 4.54e-5, 8.24e-9, 0.0099, "
        "0.00826 and −0.000409, each within 1 per cent",
        breaks={"x": 1, "steps": 24},
    )
    def slopes_at_ten(self, measured):
        return measured.ten_gap < 0.01

    @claim(
        "softsign goes flat as a power, σ exponentially: from x to 2x it keeps over 10 times more "
        "of its slope",
        breaks={"x": 1, "steps": 24},
    )
    def power_tails(self, measured):
        return measured.tails > 10

    @claim(
        "saturating is not saturated: with inputs of spread 1 under 1 in 50 of tanh's slopes is "
        "below 0.01",
        breaks={"spread": 5, "steps": 24},
    )
    def not_saturated(self, measured):
        return measured.tanh_flat < 0.02


def quick(x):
    """The quick approximation of GELU."""
    return x * (1.702 * x).sigmoid()


def dip(f):
    """The least value of f, where it is, the least and the greatest slope."""
    x = torch.linspace(-4, 4, 80001, dtype=torch.float64)
    y, slopes = f(x), autograd(f, x)
    return y.min().item(), x[y.argmin()].item(), slopes.min().item(), slopes.max().item()


def peak(slope):
    """Where this slope is greatest, and how great."""
    x = torch.linspace(-10, 10, 2001, dtype=torch.float64)
    return x[slope(x).argmax()].item(), slope(x).max().item()


def brief(number):
    """Two digits, in at most six characters."""
    if number == 0 or abs(number) >= 0.01:
        return f"{number:.2g}"
    return f"{number:.0e}".replace("e-0", "e-")


def jump(f):
    """By how much the slopes just left and right of 0 differ."""
    left, right = autograd(f, torch.tensor([-1e-9, 1e-9], dtype=torch.float64)).tolist()
    return abs(right - left)


def sides(left, right):
    """On which sides these slopes count as flat."""
    words = {(1, 1): "both", (1, 0): "left", (0, 1): "right", (0, 0): "neither"}
    return words[abs(left) < FLAT, abs(right) < FLAT]
