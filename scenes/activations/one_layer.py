"""
# What one hidden layer can say

A network with one hidden layer adds up W copies of the same bend, each shifted, stretched and
weighted: y = c₀ + Σⱼ cⱼ f(wⱼx + bⱼ). Which functions can it come close to, if W may grow? The
answer hangs on f alone. The target here is sin 3x with a jump of 0.6 at x = 0.

To keep luck and learning rates out of it, w and b are drawn at random and stay, and only the
readout c is found, by least squares: the best answer that these W bends can give. What is left is
the error of *expression*, not of training.

**"It must be non-linear" is not enough.** A sum of squares of lines is a parabola, whatever W is;
a sum of cubes is a cubic. With f = z, z² or z³ the error stands still at that of the best line,
parabola or cubic, from a handful of units to 256. The theorem of Leshno and others (1993) asks one
thing of an f that is continuous but for a few jumps: that it is no polynomial. Try
`impurity=0.001`: a thousandth of sin z added to z², and the wall is gone. (On paper and in double
precision. The readout pays with weights of up to millions, so no one would train such a net. *Can
express* is cheap to prove.)

**"It must be differentiable" is a wish of training, not of expression.** The binary step has slope
0 wherever it has one, and 256 steps draw the curve well. But the gradient that should move w and b
is exactly 0. In *trained* all nets start from the same kind of least-squares solution with a few
units and then train everything: ReLU and the others move their bends to where they are needed;
the step's stay where chance has put them. Straight-through training (`surrogate=on`: go forward
with the step, back with the slope of tanh) moves them, though along a direction that is the
gradient of nothing.

**ReLU**, max(0, z), makes broken lines: each unit is one corner, at x = −b/w, and W corners are all
there is. **GELU**, z·Φ(z), is the same corner rounded, with a small dip to the left. That dip, its
lack of monotonicity, is said to make it more expressive. Every non-polynomial f can already
express everything; at 16 units GELU is about as good as the monotone tanh, at 256 neither lacks
anything. Its good name comes from training large transformers, and that is not tested here.

**What the bends need.** A unit bends where its z is near 0. `bends=0` puts all of those places at
x = 0: then ReLU and step have just one corner between all of them. And if z hardly moves
(`weights=0.01`), a smooth f looks like its own first few Taylor terms, a polynomial once more;
ReLU has a corner at any scale and does not mind.

## Watch

- *fit*: the chosen f at work while W grows, and tanh to compare. *features*: five of its bends.
- *error by width*: mean squared error over W, both axes logarithmic. The dashed line is the
  best parabola (the best straight line too: the target is odd).
- *trained*: all weights trained, by width 16 unless you change it.

## Try

- `impurity=0.001`: the polynomials break through their walls.
- `bends=0`: without shifts ReLU, GELU and step stand still. Tanh does not: it is odd, as the target
  is, and stretching alone is enough. That is luck.
- `weights=0.01`: tanh and GELU become polynomials in all but name.
- `weights=20`: tanh is nearly a step and GELU nearly ReLU; at 16 units GELU is ahead.
- `surrogate=on`: the step's hidden weights move.
- `learning_rate=0.00001`: nothing trains, and all is as good as its random bends.
"""

import math

import torch
from torch import nn
from torch.nn.functional import elu, gelu

from dlplay import Choice, Float, Int, Scene, Toggle, claim


def step_of(z, surrogate):
    """1 above 0, else 0: slope 0 wherever it has one. As a surrogate, backwards it is tanh."""
    step = (z.sign() + 1) / 2
    return z.tanh() + (step - z.tanh()).detach() if surrogate else step


FUNCTIONS = {
    "identity": lambda z: z,
    "square": lambda z: z**2,
    "cube": lambda z: z**3,
    "step": lambda z: step_of(z, surrogate=False),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "elu": elu,
    "gelu": gelu,
    "sin": torch.sin,
}
DEGREES = {"identity": 1, "square": 2, "cube": 3}
UNIVERSAL = ("tanh", "relu", "elu", "gelu")
TRAINED = ("step", "tanh", "relu", "elu", "gelu")
SHOWN = ("square", "cube", "step", "tanh", "relu", "gelu")  # in the chart of errors
WIDTHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 224, 256)


def solve(h, y, rcond=1e-12):
    """The readout [W + 1] that is best for these features [N, W] and a constant, and its error.

    `rcond`: directions weaker than this share of the strongest are left out.
    """
    h = torch.cat([h, torch.ones_like(y)[:, None]], dim=1)  # [N, W + 1]
    c = torch.linalg.lstsq(h, y[:, None], rcond=rcond, driver="gelsd").solution[:, 0]
    return c, (h @ c - y).square().mean().item()


class OneLayer(Scene):
    covers = {
        "Activation functions: purpose, table and requirements": (
            "fit",
            "error by width",
            "polynomials_stand_still",
            "others_do_not",
            "trained",
            "step_expresses",
            "step_stays",
        ),
        "ReLU- nn.ReLU()": ("features", "trained", "others_do_not", "corners_move"),
        "GELU - nn.GELU()": ("errors", "others_do_not", "no_better_than_tanh"),
    }
    panels = ("fit", "error by width", "features", "trained", "errors")
    quick = {"steps": 23}

    activation = Choice(
        "square",
        ["identity", "square", "cube", "step", "sigmoid", "tanh", "relu", "elu", "gelu", "sin"],
        live=True,
        help="the f of the fit and the features",
    )
    impurity = Float(0.0, min=0, max=1, help="how much of sin z is added to each f")
    weights = Float(2.0, min=0.001, max=20, log=True, help="spread of the hidden weights w")
    bends = Float(1.0, min=0, max=1, help="where units bend: within this share of the range of x")
    width = Int(16, min=2, max=64, log=True, help="hidden units of the nets that train")
    learning_rate = Float(0.001, min=1e-5, max=1, log=True, live=True, help="Adam's step size")
    surrogate = Toggle(False, live=True, help="the step trains with the slope of tanh")
    steps = Int(1500, min=23, max=5000, log=True, help="training steps")

    def run(self, stage):
        # The algebra is tiny and needs double precision: on the CPU, whatever the device.
        exact = torch.float64
        x = torch.linspace(-math.pi, math.pi, 256, dtype=exact)  # [256]
        y = (3 * x).sin() + 0.3 * x.sign()
        w = self.weights * torch.randn(WIDTHS[-1], dtype=exact)  # [256]
        at = self.bends * math.pi * (2 * torch.rand(WIDTHS[-1], dtype=exact) - 1)
        b = -w * at  # z = w (x − at) is 0 at x = at
        z = x[:, None] * w + b  # [256 points, 256 units]

        def feature(name, z):
            return FUNCTIONS[name](z) + self.impurity * z.sin()

        # The best polynomials: what a net with f = z, z², z³ cannot pass
        walls = {}
        for name, degree in DEGREES.items():
            walls[name] = solve(torch.stack([x**k for k in range(1, degree + 1)], dim=1), y)[1]
        stage.axes(
            "error by width",
            x="units W",
            y="squared error",
            log="xy",
            lines={"parabola": walls["square"]},
        )
        stage.axes("trained", y="squared error", log="y")
        stage.axes("fit", x="x", y="y")
        stage.axes("features", x="x", y="f(wx + b), scaled")

        # The nets that train: [A nets, W units] each of w and b; they begin at their best readout
        A, W = len(TRAINED), self.width
        start = {name: solve(feature(name, z[:, :W]), y, rcond=1e-3) for name in TRAINED}
        readout = torch.stack([start[name][0] for name in TRAINED])  # [A, W + 1]
        drawn = (w[:W].repeat(A, 1), b[:W].repeat(A, 1), readout[:, :W, None], readout[:, W:, None])
        net = [nn.Parameter(p.float().to(stage.device)) for p in drawn]
        first = [p.detach().clone() for p in net]
        optimizer = torch.optim.Adam(net, lr=self.learning_rate)
        xs, ys = x.float().to(stage.device), y.float().to(stage.device)

        errors = {name: [] for name in FUNCTIONS}  # for each width surveyed so far
        for step in stage.loop(self.steps):
            # Train everything for a step
            rate = self.learning_rate * min(1, (step + 1) / 100)  # gently: the readouts are large
            optimizer.param_groups[0]["lr"] = rate
            hidden = xs[None, :, None] * net[0][:, None] + net[1][:, None]  # [A, 256, W]
            h = [
                step_of(own, self.surrogate) + self.impurity * own.sin()
                if name == "step"
                else feature(name, own)
                for name, own in zip(TRAINED, hidden, strict=True)
            ]
            out = (torch.stack(h) @ net[2] + net[3])[..., 0]  # [A, 256]
            loss = (out - ys).square().mean(dim=1)  # [A]
            optimizer.zero_grad()
            loss.sum().backward()
            optimizer.step()
            if stage.every(3):
                stage.curve("trained", dict(zip(TRAINED, loss, strict=True)))

            # From time to time, one width more
            known = len(errors["step"])
            due = known < len(WIDTHS) and step >= known * self.steps // (len(WIDTHS) + 3)
            if due:
                for name in FUNCTIONS:
                    errors[name].append(solve(feature(name, z[:, : WIDTHS[known]]), y)[1])
                stage.plot(
                    "error by width", WIDTHS[: known + 1], {name: errors[name] for name in SHOWN}
                )
                self.tabulate(stage, errors)
            if due or stage.changed("activation"):
                last = WIDTHS[len(errors["step"]) - 1]
                fits = {}
                for name in dict.fromkeys((self.activation, "tanh")):  # tanh, to compare
                    h = feature(name, z[:, :last])
                    h1 = torch.cat([h, torch.ones_like(x)[:, None]], dim=1)  # [256, W + 1]
                    fits[f"{name}, W = {last}"] = h1 @ solve(h, y)[0]
                stage.plot("fit", x, {"target": y, **fits})
                few = feature(self.activation, z[:, :5])  # each drawn to a height of 1
                few = few / few.abs().amax(dim=0).clamp(min=1e-9)
                stage.plot("features", x, {f"unit {i + 1}": few[:, i] for i in range(5)})

        moved = max((p[0] - q[0]).norm().item() for p, q in zip(net[:2], first[:2], strict=True))
        relu, tanh = TRAINED.index("relu"), WIDTHS.index(16)
        stage.measure(
            wall_gap=max(
                abs(errors[name][k] - walls[name])
                for name in DEGREES
                for k in range(WIDTHS.index(4), len(WIDTHS))
            ),
            universal_error=max(errors[name][-1] for name in UNIVERSAL),
            step_error=errors["step"][-1],
            gelu_over_tanh=errors["gelu"][tanh] / errors["tanh"][tanh],
            step_moved=moved,
            relu_gain=start["relu"][1] / loss[relu].item(),
        )

    def tabulate(self, stage, errors):
        """One row for each f, one column for each of a few widths."""
        columns = [width for width in (256, 16, 4) if width <= WIDTHS[len(errors["step"]) - 1]]
        rows = [
            [name, *(tail[WIDTHS.index(width)] for width in columns)]
            for name, tail in errors.items()
        ]
        stage.table("errors", ["f", *(f"W={width}" for width in columns)], rows)

    @claim(
        "with f = z, z² or z³ no width from 4 to 256 passes the best line, parabola or cubic: the "
        "error differs from it by less than 1e-6",
        breaks={"impurity": 0.001, "steps": 40},
    )
    def polynomials_stand_still(self, measured):
        return measured.wall_gap < 1e-6

    @claim(
        "256 random units of tanh, ReLU, ELU and GELU all fit to an error below 0.01",
        breaks={"bends": 0, "steps": 40},
    )
    def others_do_not(self, measured):
        return measured.universal_error < 0.01

    @claim(
        "256 random binary steps too fit to an error below 0.01, though no gradient could place "
        "them",
        breaks={"bends": 0, "steps": 40},
    )
    def step_expresses(self, measured):
        return measured.step_error < 0.01

    @claim(
        "at 16 random units GELU, for all its dip, is not three times as good as tanh: its error "
        "is over a third of tanh's",
        breaks={"weights": 20, "steps": 40},
    )
    def no_better_than_tanh(self, measured):
        return measured.gelu_over_tanh > 1 / 3

    @claim(
        "trained by gradients, the hidden weights of the step net move by exactly 0",
        breaks={"surrogate": True, "steps": 40},
    )
    def step_stays(self, measured):
        return measured.step_moved == 0

    @claim(
        "trained, 16 ReLU units move their corners: the error is below 3/4 of that at the start, "
        "of units where chance has put them and a readout by least squares of bounded size",
        breaks={"learning_rate": 0.00001, "steps": 100},
    )
    def corners_move(self, measured):
        return measured.relu_gain > 4 / 3
