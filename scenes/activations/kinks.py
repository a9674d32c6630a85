"""
# Which slope at the corner?

|x| has no slope at 0: from the left it is −1, from the right +1. Nor has ReLU, nor any loss or
layer made of pieces. Two questions are easily mixed up. What does *theory* do at a corner? What
does *autograd* do?

**Theory.** For a convex f, a number g is a *subgradient* at p if the line through (p, f(p)) with
slope g lies nowhere above f. At a corner any slope between those of the two sides will do: all of
[−1, 1] for |x|, all of [0, 1] for ReLU. The subgradient method takes any of them, as if it were
the gradient:

$$x_{k+1} = x_k - \\alpha_k g_k$$

**Autograd** knows nothing of this. Each elementary function has one number written down for its
corner (the table **at the corner**), and the chain rule multiplies and adds them up.

## What is true, and what is only told

- *A constant step never settles.* The slope of |x| stays ±1 however close the minimum is. So the
  walker ends up hopping over it, α apart, for ever: from 1.05 with α = 0.1 between +0.05 and
  −0.05. (Only luck lands on the corner: `step_size=0.03`.) The gradient of x², the mean squared
  error, fades on the way, and the walker comes to rest; so does that of SmoothL1, which is x²/2
  close to 0.
- *Diminishing steps do settle*, if they go to 0 **and** add up to infinity: α ∝ 1/k^0.75 here.
  With 1/k² they add up to too little, and the walker stops before it is there.
- *It is no descent method.* In **valley**, f = |x| + 3|y|, the walker starts on the crease at
  (1, 0), where (1, 3g) is a subgradient for every g in [−1, 1]. With g = 1 a step against it goes
  *up*, however short it is. What theory promises is only that the best point so far gets close:
  after k steps, to within (R² + Σα²G²) / (2Σα) of the minimum, where R is the first distance from
  it and G the longest subgradient.
- *"ReLU′(0) = 1"* stands in many tables: the case "1 for x ≥ 0". PyTorch answers 0, and for
  LeakyReLU and PReLU the left slope, α and a (`case` plays the table's version). Either is a
  subgradient. A pre-activation is rarely exactly 0 (an input of zeros without a bias is one), so
  it hardly matters.
- *"Autograd picks a subgradient"* is wrong. relu(x) − relu(−x) is x, slope 1 everywhere, yet
  autograd answers 0 at 0, as each piece does. Subgradients of convex functions do add up to one of
  the sum. But −relu(−x) is not convex, and minus a subgradient is nothing of the kind. Nor is a
  network convex, so the definition above does not even apply to it; there is just a list of
  conventions, and PyTorch documents it.
- *Infinite slopes bite.* √x has the slope ∞ at 0, in PyTorch too. √(x²) is |x|, but at 0 the chain
  rule multiplies that ∞ by 0: not a number, and one such entry poisons all weights. This is what
  happens when a distance of two equal vectors is trained on. The remedy is √(x² + ε) (`epsilon`).

## Watch

- **corner**: the function, the fan of slopes between its two sides, and autograd's line at `at`.
- **at the corner**: the slopes of the two sides, PyTorch's and the table's. *NO*: PyTorch's does
  not lie between the two sides.
- **distance**: how far four walkers on a line stray from the minimum, the farthest of the last
  twenty steps; *diminishing* is |x| too. Level is not settled.
- **valley**: the constant step zigzags for ever, the diminishing one comes in. **height**
  is f there, the highest of the last twenty steps, with the best so far of the diminishing walker
  and the theory's promise for it.

## Try

- `function=relu(x) − relu(−x)`: the line of slope 0 that autograd draws crosses the function.
  `at=0.3`: beside the corner autograd is right.
- `pick=0`: PyTorch's choice in the valley; the first step goes down. `pick=1.5`: no subgradient.
- `power=2`: steps shrink too fast. `power=0`: they do not shrink. `step_size=1`: even x² hops.
- `epsilon=0.001`: the root has a slope at 0.
"""

import math

import torch
from torch import nn
from torch.nn.functional import hardtanh, l1_loss, leaky_relu, relu6, smooth_l1_loss, softshrink

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.nn import grid

SHOWN = {  # to choose from: the function, and where its corner is
    "|x|": torch.abs,
    "relu": torch.relu,
    "leaky relu": lambda x: leaky_relu(x, 0.01),
    "max(x, 2x)": lambda x: torch.maximum(x, 2 * x),
    "relu(x) − relu(−x)": lambda x: torch.relu(x) - torch.relu(-x),
    "√|x|": lambda x: x.abs().sqrt(),
    "smooth l1": lambda x: smooth_l1_loss(x, torch.zeros_like(x), reduction="none"),
}
PRELU = nn.PReLU().double()  # its slope a = 0.25
CORNERS = [  # function, its corner, the slope that PyTorch documents or has written down
    ("relu", torch.relu, 0.0, 0.0),
    ("leaky relu", lambda x: leaky_relu(x, 0.01), 0.0, 0.01),
    ("prelu", lambda x: PRELU(x), 0.0, 0.25),
    ("|x|", torch.abs, 0.0, 0.0),
    ("relu(x)−relu(−x)", SHOWN["relu(x) − relu(−x)"], 0.0, 0.0),
    ("max(x, 2x)", lambda x: torch.maximum(x, 2 * x), 0.0, 1.5),
    ("max(x, −x)", lambda x: torch.maximum(x, -x), 0.0, 0.0),
    ("L1 loss", lambda x: l1_loss(x, torch.zeros_like(x), reduction="none"), 0.0, 0.0),
    ("relu6, at 6", relu6, 6.0, 0.0),
    ("hardtanh, at 1", hardtanh, 1.0, 0.0),
    ("softshrink, ½", softshrink, 0.5, 0.0),
]
NEAR = 2.0**-20  # how far from the corner its two sides are measured
START = 1.05


def slope(f, x):
    """Autograd's slope of f at the number x."""
    point = torch.tensor([x], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(f(point).sum(), point)
    return gradient.item()


def sides(f, x):
    """The slopes of f just left and just right of the number x."""
    a, b, c = f(torch.tensor([x - NEAR, x, x + NEAR], dtype=torch.float64)).tolist()
    return (b - a) / NEAR, (c - b) / NEAR


class Kinks(Scene):
    covers = {
        "Subgradients": (
            "corner",
            "distance",
            "valley",
            "at the corner",
            "conventions",
            "supports",
            "never_settles",
            "diminishing",
            "smooth",
            "goes_up",
            "answers_zero",
            "infinite",
            "root",
        ),
        "ReLU- nn.ReLU()": ("at the corner", "conventions"),
    }
    panels = ("corner", "distance", "valley", "at the corner", "height")
    quick = {"steps": 20}

    function = Choice(
        "|x|",
        ("|x|", "relu", "leaky relu", "max(x, 2x)", "relu(x) − relu(−x)", "√|x|", "smooth l1"),
        live=True,
        help="shown in 'corner'",
    )
    at = Float(0, min=-1, max=1, step=0.05, live=True, help="where autograd is asked for a slope")
    step_size = Float(0.1, min=0.01, max=1, log=True, help="α of the constant steps")
    power = Float(0.75, min=0, max=2, step=0.05, help="diminishing steps: 3α / (k+1) to this power")
    pick = Float(1, min=-2, max=2, step=0.1, help="slope taken at the corner of |y| in 'valley'")
    case = Choice("x > 0", ("x > 0", "x ≥ 0"), live=True, help="where the table says slope 1")
    epsilon = Float(0, min=0, max=0.01, step=0.001, live=True, help="under the root, √(x² + ε)")
    steps = Int(3000, min=20, max=20000, help="steps of every walker")

    def run(self, stage):
        exact = torch.float32 if stage.device == "mps" else torch.float64

        # Four walkers on a line: |x| with constant and diminishing steps, x², SmoothL1
        names = ("|x|", "diminishing", "x²", "smooth l1")
        x = torch.full((4,), START, dtype=exact, device=stage.device, requires_grad=True)
        # Two in the valley |x| + 3|y|, on its crease
        p = torch.tensor([[1.0, 0.0], [1.0, 0.0]], dtype=exact, device=stage.device)  # [2, 2]
        trail, line = [p], [x.detach()]
        heights, best, spent, lengths = [height(p)], 1.0, 0.0, 0.0

        stage.axes("distance", x="step k", y="farthest of 20 steps", log="xy")
        stage.axes("height", x="step k", y="highest of 20 steps", log="xy")
        field = height(grid((-0.2, 1.1), (-0.4, 0.4), 48, stage.device))
        for k in stage.loop(self.steps):
            alpha = self.step_size
            small = 3 * alpha / (k + 1) ** self.power

            # On the line
            f = x[0].abs() + x[1].abs() + x[2] ** 2 + smooth_l1_loss(x[3], torch.zeros_like(x[3]))
            (g,) = torch.autograd.grad(f, x)  # [4], each walker's own
            rates = torch.tensor([alpha, small, alpha, alpha], dtype=exact, device=x.device)
            x = (x - rates * g).detach().requires_grad_()
            line.append(x.detach())

            # In the valley: the subgradient (sign x, 3 sign y), at the corner of |y| what we pick
            sign = p.sign()
            sign[:, 1] = torch.where(p[:, 1] == 0, self.pick, sign[:, 1])
            g = sign * torch.tensor([1.0, 3.0], dtype=exact, device=p.device)  # [2, 2]
            rates = torch.tensor([[alpha], [small]], dtype=exact, device=p.device) / 3
            p = p - rates * g
            trail.append(p)
            heights.append(height(p))
            spent += rates[1].item()
            lengths += rates[1].item() ** 2
            promise = (1 + 10 * lengths) / (2 * spent)  # R = 1, G² = 1² + 3²

            best = min(best, heights[-1][1].item())
            strays = torch.stack(line[-20:]).abs().max(dim=0).values  # [4]
            strays = strays.clamp(min=1e-15)  # 0 has no place on a logarithmic axis
            stage.curve("distance", dict(zip(names, strays, strict=True)), x=k + 1)
            constant, diminishing = torch.stack(heights[-20:]).max(dim=0).values
            stage.curve(
                "height",
                diminishing=diminishing,
                best=max(best, 1e-15),
                constant=constant,
                promise=promise,
                x=k + 1,
            )
            if stage.every(10) or stage.changed("function", "at", "case", "epsilon"):
                steps = torch.stack(trail, dim=1)  # [2, k+2, 2]
                stage.plane(
                    "valley",
                    x=(-0.2, 1.1),
                    y=(-0.4, 0.4),
                    field=field,
                    kind="contour",
                    paths={"diminishing": steps[1], "constant": steps[0]},
                    x_label="x",
                    y_label="y",
                )
                if k == 0 or stage.changed("function", "at"):
                    self.look(stage)
                if k == 0 or stage.changed("case", "epsilon"):
                    self.ask(stage)

        last = torch.stack(line[-20:])  # [20, 4]
        stage.measure(
            nearest=last[:, 0].abs().min() / self.step_size,
            diminished=last[-1, 1].abs(),
            smooth=last[-1, 2:].abs().max(),
            first_rise=height(trail[0] - 1e-6 * (trail[0] - trail[1]) / self.step_size)[0] - 1,
        )

    def look(self, stage):
        """The function, the fan of slopes at its corner, and autograd's line."""
        f = SHOWN[self.function]
        xs = torch.linspace(-1, 1, 101, dtype=torch.float64)
        here = torch.tensor([self.at], dtype=torch.float64)
        y, g = f(here).item(), slope(f, self.at)
        left, right = sides(f, self.at)
        paths = {"f": torch.stack([xs, f(xs)], dim=1)}
        if right > left + 1e-4 and max(abs(left), abs(right)) < 100:  # a convex corner
            fan = [left + t * (right - left) for t in (0.25, 0.5, 0.75)]
            paths |= {f"slope {s:.3g}": tangent(s, self.at, y) for s in fan if s != g}
        if abs(g) < 1e6:
            paths[f"autograd: {g:.3g}"] = tangent(g, self.at, y)
        stage.plane(
            "corner",
            x=(-1, 1),
            y=(-1, 1.2),
            points={"asked here": torch.tensor([[self.at, y]])},
            paths=paths,
            x_label="x",
            y_label="f(x)",
        )
        both = SHOWN["relu(x) − relu(−x)"]
        excess = self.pick * xs - xs.abs()  # of the line above |x|
        stage.measure(
            not_added=1 - slope(both, self.at),
            above=excess.max().clamp(min=0),
        )

    def ask(self, stage):
        """Both sides of each corner, autograd's answer, and what was to be expected."""
        roots = [
            ("√(x² + ε)", lambda x: (x**2 + self.epsilon).sqrt(), 0.0, None),
            ("√(x + ε)", lambda x: (x + self.epsilon).sqrt(), 0.0, None),
        ]
        rows, worst, asked = [], 0.0, {}
        for name, f, corner, written in (*CORNERS, *roots):
            left, right = sides(f, corner)
            g = asked[name] = slope(f, corner)
            if self.case == "x ≥ 0" and name in ("relu", "leaky relu", "prelu"):
                written = right
            if written is not None:
                worst = max(worst, abs(g - written))
            legal = min(left, right) - 1e-6 <= g <= max(left, right) + 1e-6
            answer = show(g) if legal else f"{show(g)} NO"
            both = f"{show(left)}, {show(right)}" if math.isfinite(left) else "–"
            rows.append([name, both, answer, "–" if written is None else show(written)])
        stage.table("at the corner", ["function", "sides", "torch", "table"], rows)
        stage.measure(
            table_error=worst,
            root_finite=float(math.isfinite(asked["√(x² + ε)"])),
            root_slope=asked["√(x + ε)"],
        )

    @claim(
        "the slopes that autograd gives at corners are those of the table: 0 for |x|, ReLU, ReLU6, "
        "Hardtanh and Softshrink, 0.01 for LeakyReLU, 0.25 for PReLU (largest difference)",
        breaks={"case": "x ≥ 0", "steps": 20},
    )
    def conventions(self, measured):
        return measured.table_error < 1e-12

    @claim(
        "relu(x) − relu(−x) has slope 1, and autograd's answer at 0 is wrong by exactly 1",
        breaks={"at": 0.3, "steps": 20},
    )
    def answers_zero(self, measured):
        return measured.not_added == 1

    @claim(
        "the line with the picked slope lies nowhere above |x|: it is a subgradient",
        breaks={"pick": 1.5, "steps": 20},
    )
    def supports(self, measured):
        return measured.above == 0

    @claim(
        "from 1.05 in constant steps of α = 0.1 |x| hops over the minimum for ever, at its nearest "
        "α/2 away",
        breaks={"step_size": 0.03, "steps": 100},
    )
    def never_settles(self, measured):
        return measured.nearest.between(0.499, 0.501)

    @claim(
        "with steps that shrink like 1/k^0.75 |x| comes closer than 0.02",
        breaks={"power": 2, "steps": 300},
    )
    def diminishing(self, measured):
        return measured.diminished < 0.02

    @claim(
        "where the gradient fades, constant steps settle: x² and SmoothL1 end closer than 1e-10",
        breaks={"step_size": 1, "steps": 300},
    )
    def smooth(self, measured):
        return measured.smooth < 1e-10

    @claim(
        "on the crease of |x| + 3|y| a step against the picked subgradient goes up, even one of a "
        "millionth",
        breaks={"pick": 0, "steps": 20},
    )
    def goes_up(self, measured):
        return measured.first_rise > 0

    @claim(
        "√x has an infinite slope at 0, and autograd gives it (the slope)",
        breaks={"epsilon": 0.001, "steps": 20},
    )
    def infinite(self, measured):
        return measured.root_slope == math.inf

    @claim(
        "at 0 autograd has no number for the slope of √(x²), though it is |x| (0: no number)",
        breaks={"epsilon": 0.001, "steps": 20},
    )
    def root(self, measured):
        return measured.root_finite == 0


def height(p):
    """f = |x| + 3|y| at points [..., 2]: [...]."""
    return p[..., 0].abs() + 3 * p[..., 1].abs()


def show(number):
    return f"{number:.3g}".replace("nan", "NaN").replace("inf", "∞")


def tangent(slope, x, y):
    """The line through (x, y), from −1 to 1: [2, 2]."""
    ends = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    return torch.stack([ends, y + slope * (ends - x)], dim=1)
