r"""
# Bend the space, then cut it

A linear classifier, ȳ = sign(Σⱼ wⱼxⱼ + b), cuts the plane with one straight line. Four small
problems: **rings**, one class around the other; **xor**, opposite quarters of a square; **moons**,
two hooked halves; **spiral**, two arms wound into each other. No line solves any of them, but it
fails in different ways. On rings the line of least squares is no better than chance (the line that
gets most points right passes beside the inner ring, and gets some seven in ten); on moons it is
right nine times in ten. *Not separable* does not say *useless*.

The remedy: carry the points into a space of other coordinates, Φ(x), and cut there,
ȳ = sign(w·Φ(x) + b). Straight there is bent here. Choose a `map`:

| map | Φ(x) | chosen or learned |
|---|---|---|
| line | x itself | |
| polynomial | all products up to a degree d | chosen |
| random | f(Vx + c): D units whose weights V, c are drawn and never trained | by lot |
| rbf | exp(−γ‖x−xᵢ‖²) for each of 300 examples xᵢ | chosen |
| net | f(Vx + c): 32 units, V and c trained | learned |

For the middle three, w is the least-squares fit with a little weight decay. *line* and *net* are
trained before your eyes, by gradient descent on the logistic loss.

## Kernels

A kernel is the scalar product of two lifted points, K(x, y) = Φ(x)·Φ(y), had without lifting:

$$ (x \cdot y + 1)^d = \sum_{a+b+c=d} \frac{d!}{a! \, b! \, c!} \, (x_1 y_1)^a (x_2 y_2)^b $$

so Φ has the entries √(d!/(a! b! c!)) · x₁ᵃ x₂ᵇ: for d = 2 these are 1, √2x₁, √2x₂, x₁², x₂²,
√2x₁x₂. Leave out the roots and it is another kernel. For 64 pixels and d = 8 there are 10¹⁰
entries; the left side is 64 multiplications and a power. The *Gaussian* kernel, exp(−γ‖x−y‖²), is
not another one beside the *RBF* kernel: it is the radial basis function nearly always meant by that
name. Its Φ has infinitely many entries. A kernel machine,
ȳ = Σᵢ αᵢ K(x, xᵢ) + b, is a linear classifier over similarities to examples; here all of them,
in a support vector machine only the ones near the border.

A kernel must suit the problem. Squares solve the rings and the xor, for their borders are a
circle and x₁x₂ = 0; on the spiral they are no better than the line.

## A net of two layers, and what it promises

y = W¹F(W⁰x + b⁰) + b¹ is a lift, F(W⁰x + b⁰), and a cut, y = 0. With enough units y comes as near
as you like to *any* continuous function on a bounded closed set (*any*, not *most*), if its
activation is no polynomial: units that square their input only ever make quadratics, however many
there are. The theorem neither says how many are enough nor that training will find the weights. In
**error by width** the units are not trained at all, only w is, and the target even has a jump: the
error falls all the same.
For structured inputs that number may grow exponentially; that is where depth comes in (next scene).

## Watch

- **decision**: the sign of the output. With `map=line`: a line that turns, and is stuck.
- **after the lift**: across, the output (distance from the cut, which stands at 0); up, the widest
  direction left in Φ. What one straight cut can do, you see here.
- **accuracy**: on 1,000 fresh points, every map on every problem. *fitted* is the least-squares
  line, *line* the trained one: no training gets past a straight cut. *poly* goes with its degree.
- **kernel trick**: how many entries Φ has, of 2 numbers and of 64, and the largest difference
  between the two sides, as a share of their size.
- **learning**: the net's accuracy. The border of the spiral takes longest.

## Try

- `map=polynomial data=spiral`, then `degree=5`: now it suits. `degree=1` is a line again.
- `handmade=radius`: somebody who has looked gives every map x₁² + x₂² as a third coordinate,
  and a *line* solves the rings. `handmade=product` (x₁x₂) gives it the xor, `handmade=cubes`
  (x₁³, x₂³) the moons. Nobody has such numbers for faces.
- `activation=square`: units of the net and random units fail on the spiral alike, trained or not,
  and in **error by width** more of them do not help.
- `features=8`: too few, drawn by lot. The net needs fewer, because it moves them.
- `gamma=0.01`: all examples look alike. `gamma=100`: each is an island.
- `monomials=plain`: the kernel trick without its roots.
- `steps=20`: a net that could, but has not learned.
"""

from math import comb, factorial, pi, sqrt

import torch
from torch import nn
from torch.nn.functional import softplus

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.nn import grid
from dlplay.nn.batched import BatchedLinear

PROBLEMS = ("rings", "xor", "moons", "spiral")
MAPS = ("line", "polynomial", "random", "rbf", "net")
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "square": torch.square}
WIDTHS = (2, 4, 8, 16, 32, 64, 128, 256)
REACH = 1.25  # of the plane that is shown
SHOWN = 100  # points on it
DECAY = 1e-4  # weight decay of the least-squares fits


class Bend(nn.Module):
    """The activation that the scene has now."""

    def __init__(self, scene):
        super().__init__()
        self.scene = scene

    def forward(self, z):
        return ACTIVATIONS[self.scene.activation](z)


def problem(name, n, device):
    """n points [n, 2] in about −1..1 and their classes ±1 [n]."""
    u, noise = torch.rand(n, 2, device=device), torch.randn(n, 2, device=device)
    y = torch.arange(n, device=device) % 2 * 2.0 - 1
    if name == "rings":  # a ring around a smaller one
        r, angle = 0.65 + 0.25 * y, 2 * pi * u[:, 0]
        x = r[:, None] * torch.stack([angle.cos(), angle.sin()], 1) + 0.07 * noise
    elif name == "xor":
        x = 2 * u - 1
        y = (x[:, 0] * x[:, 1]).sign()
    elif name == "moons":  # two half circles, one upside down
        angle = pi * u[:, 0]
        x = torch.stack([angle.cos() + 0.5 * y, y * (0.25 - angle.sin())], 1)
        x = 0.6 * x + 0.07 * noise
    else:  # two arms, one and a half turns each
        r = u[:, 0].sqrt()
        angle = 3 * pi * r + pi * (y > 0)
        x = r[:, None] * torch.stack([angle.cos(), angle.sin()], 1) + 0.03 * noise
    return x, y


def monomials(x, degree, plain=False):
    """Φ [n, (d+1)(d+2)/2] whose scalar products are (x·y + 1)ᵈ, unless plain."""
    columns = []
    for a in range(degree + 1):
        for b in range(degree + 1 - a):
            ways = factorial(degree) / factorial(a) / factorial(b) / factorial(degree - a - b)
            columns.append((1.0 if plain else sqrt(ways)) * x[:, 0] ** a * x[:, 1] ** b)
    return torch.stack(columns, 1)


def fit(phi, y):
    """The w that makes ‖Φw − y‖² + λ‖w‖² least: [features, 1]."""
    gram = phi.T @ phi + DECAY * torch.eye(phi.shape[1], dtype=phi.dtype, device=phi.device)
    return torch.linalg.solve(gram, phi.T @ y[:, None])


class Lift(Scene):
    covers = {
        "Linear Classifiers and their Limitations": (
            "decision",
            "accuracy",
            "rings_line",
            "xor_line",
            "moons_line",
            "spiral_line",
        ),
        "Shallow Networks, kernels and the need for deep architectures": (
            "decision",
            "after the lift",
            "accuracy",
            "error by width",
            "kernel trick",
            "trick",
            "rings_quadratic",
            "xor_quadratic",
            "spiral_line",
            "gaussian",
            "random_units",
            "net",
            "universal",
        ),
    }
    panels = (
        "decision",
        "after the lift",
        "accuracy",
        "learning",
        "error by width",
        "kernel trick",
    )
    quick = {"steps": 20}

    data = Choice("spiral", PROBLEMS, live=True, help="the problem that is shown")
    map = Choice("net", MAPS, live=True, help="the map that is shown")
    degree = Int(2, min=1, max=8, live=True, help="of the polynomial map")
    features = Int(100, min=1, max=300, log=True, live=True, help="random units")
    activation = Choice(
        "tanh", ("relu", "tanh", "square"), live=True, help="of the random units and of the net"
    )
    gamma = Float(10.0, min=0.01, max=300, log=True, live=True, help="γ of the Gaussian kernel")
    handmade = Choice(
        "none", ("none", "radius", "product", "cubes"), help="more coordinates, by hand"
    )
    monomials = Choice(
        "weighted", ("weighted", "plain"), live=True, help="plain: Φ without its square roots"
    )
    steps = Int(400, min=10, max=4000, log=True, help="gradient steps of line and net")

    def run(self, stage):
        device = stage.device
        exact = torch.float32 if device == "mps" else torch.float64
        train, test = ({p: problem(p, n, device) for p in PROBLEMS} for n in (300, 1000))
        x = torch.stack([self.inputs(train[p][0]) for p in PROBLEMS], 1)  # [300, 4, 2 to 4]
        y = torch.stack([train[p][1] for p in PROBLEMS], 1)  # [300, 4]
        x_test = torch.stack([self.inputs(test[p][0]) for p in PROBLEMS], 1)  # [1000, 4, 2 to 4]
        y_test = torch.stack([test[p][1] for p in PROBLEMS], 1)
        mesh = grid((-REACH, REACH), (-REACH, REACH), 40, device).reshape(-1, 2)

        # Four lines and four nets, one a problem, side by side
        d, four = x.shape[2], len(PROBLEMS)
        line = nn.Sequential(BatchedLinear(four, d, 1)).to(device)
        first, last = BatchedLinear(four, d, 32, gain=3.0), BatchedLinear(four, 32, 1)
        net = nn.Sequential(first, Bend(self), last).to(device)
        with torch.no_grad():
            first.bias.normal_()
        optimizer = torch.optim.Adam([*line.parameters(), *net.parameters()], lr=0.02)
        stage.watch(net)

        # Random units: as many as `features` says are in use
        self.V = 3 * torch.randn(d, 300, device=device)
        self.c = 2 * torch.randn(300, device=device)

        stage.axes("learning", y="net's accuracy", lines={"chance": 0.5})
        stage.axes("error by width", x="units", y="mean squared error", log="xy")
        found, solved = {}, {}  # accuracies and weights, by problem and map
        for step in stage.loop(self.steps):
            outputs = line(x)[..., 0], net(x)[..., 0]  # [300, 4] each
            loss = sum(softplus(-y * output).mean(0).sum() for output in outputs)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

            if step == 0 or stage.changed("degree", "features", "activation", "gamma"):
                for p in PROBLEMS:
                    (here, classes), (there, truth) = train[p], test[p]
                    for name in ("straight", "polynomial", "random", "rbf"):
                        w = fit(with_one(self.lift(name, here, here), exact), classes.to(exact))
                        outputs = with_one(self.lift(name, there, here), exact) @ w  # [1000, 1]
                        found[p, name], solved[p, name] = accuracy(outputs[:, 0], truth), w
            if step == 0 or stage.changed("activation"):
                self.widths(stage, exact)
            if step == 0 or stage.changed("monomials"):
                self.compare(stage, exact)

            if stage.every(10) or stage.changed(*self.parameters):
                with stage.probe(net, line):
                    for i, p in enumerate(PROBLEMS):
                        found[p, "net"] = accuracy(net(x_test)[:, i, 0], y_test[:, i])
                        found[p, "line"] = accuracy(line(x_test)[:, i, 0], y_test[:, i])
                    stage.curve("learning", {p: found[p, "net"] for p in PROBLEMS})
                    order = ("straight", *MAPS)
                    words = {"straight": "fitted", "polynomial": f"poly {self.degree}"}
                    rows = [(words.get(m, m), *(found[p, m] for p in PROBLEMS)) for m in order]
                    best = [order.index(self.map)]
                    stage.table("accuracy", ("map", *PROBLEMS), rows, best=best)

                    # The chosen map of the chosen problem: lifted points [n, features], and w
                    i, here = PROBLEMS.index(self.data), train[self.data][0]
                    if self.map in ("line", "net"):
                        hidden, cut = (net[:2], net[2]) if self.map == "net" else (None, line[0])
                        w = torch.cat([cut.weight[i], cut.bias[i][None]])  # [features + 1, 1]

                        def phi(x, hidden=hidden, i=i):
                            copies = self.inputs(x)[:, None].expand(-1, four, -1)
                            return (hidden(copies) if hidden else copies)[:, i]
                    else:
                        w = solved[self.data, self.map]

                        def phi(x, here=here):
                            return self.lift(self.map, x, here)

                    field = with_one(phi(mesh), exact) @ w.to(exact)
                    self.look(stage, field, phi(here).to(exact), w.to(exact), *train[self.data])
                stage.measure(
                    rings_line=found["rings", "straight"],
                    xor_line=found["xor", "straight"],
                    moons_line=found["moons", "straight"],
                    spiral_low=max(found["spiral", "straight"], found["spiral", "polynomial"]),
                    rings_polynomial=found["rings", "polynomial"],
                    xor_polynomial=found["xor", "polynomial"],
                    rbf_least=min(found[p, "rbf"] for p in PROBLEMS),
                    random_spiral=found["spiral", "random"],
                    net_least=min(found[p, "net"] for p in PROBLEMS),
                )

    def inputs(self, x):
        """x [n, 2], with the handmade coordinates if there are any: [n, 2 to 4]."""
        if self.handmade == "radius":
            return torch.cat([x, (x**2).sum(1, keepdim=True)], 1)
        if self.handmade == "product":
            return torch.cat([x, x[:, :1] * x[:, 1:]], 1)
        if self.handmade == "cubes":
            return torch.cat([x, x**3], 1)
        return x

    def lift(self, name, x, examples):
        """Φ(x) of the maps that are chosen or drawn, not trained: [n, 2] -> [n, features]."""
        inputs = self.inputs(x)
        if name == "straight":
            return inputs
        if name == "polynomial":
            return torch.cat([monomials(x, self.degree), inputs[:, 2:]], 1)
        if name == "random":
            z = inputs @ self.V + self.c  # [n, 300]
            return ACTIVATIONS[self.activation](z)[:, : self.features]
        return (-self.gamma * torch.cdist(inputs, self.inputs(examples)) ** 2).exp()

    def look(self, stage, field, lifted, w, x, y):
        """The output on the plane, and the lifted points [n, F] seen along the cut."""
        size = round(len(field) ** 0.5)
        stage.plane(
            "decision",
            x=(-REACH, REACH),
            y=(-REACH, REACH),
            field=field.reshape(size, size).clamp(-1, 1),
            kind="signed",
            points={"+1": x[:SHOWN][y[:SHOWN] > 0], "−1": x[:SHOWN][y[:SHOWN] < 0]},
            x_label="x₁",
            y_label="x₂",
        )
        # Across: the output. Up: the widest direction of Φ at a right angle to w.
        output = (with_one(lifted) @ w)[:, 0]
        output = output / output.abs().quantile(0.9)
        normal = w[:-1, 0] / w[:-1, 0].norm()
        rest = lifted - lifted.mean(0)
        rest = rest - (rest @ normal)[:, None] * normal
        up = rest @ torch.linalg.eigh(rest.T @ rest).eigenvectors[:, -1]
        up = up / up.abs().quantile(0.9)
        seen = torch.stack([output, up], 1)
        stage.plane(
            "after the lift",
            x=(-1.5, 1.5),
            y=(-1.5, 1.5),
            points={"+1": seen[:SHOWN][y[:SHOWN] > 0], "−1": seen[:SHOWN][y[:SHOWN] < 0]},
            field=torch.linspace(-1, 1, 40).expand(40, -1),
            kind="signed",
            x_label="output",
            y_label="widest rest",
        )

    def widths(self, stage, exact):
        """How well random units, and least squares on top, fit a curve with a jump."""
        device = stage.device
        x = torch.linspace(-2, 2, 500, dtype=exact, device=device)[:, None]
        target = (3 * x).sin() + 0.3 * x.sign()  # [500, 1]
        errors = {}
        with stage.probe():
            torch.manual_seed(stage.seed)
            v = 2 * torch.randn(1, WIDTHS[-1], dtype=exact, device=device)
            c = 3 * torch.randn(WIDTHS[-1], dtype=exact, device=device)
        for name, f in ACTIVATIONS.items():
            h = f(x @ v + c)  # [500, 256]
            errors[name] = []
            for width in WIDTHS:
                phi = with_one(h[:, :width])
                gram = phi.T @ phi + 1e-7 * torch.eye(width + 1, dtype=exact, device=device)
                fitted = phi @ torch.linalg.solve(gram, phi.T @ target)
                errors[name].append(((fitted - target) ** 2).mean().item())
        stage.plot("error by width", WIDTHS, errors)
        chosen = errors[self.activation]
        stage.measure(width_gain=chosen[1] / chosen[-1])

    def compare(self, stage, exact):
        """(x·y + 1)ᵈ against Φ(x)·Φ(y), for every degree, on 100 pairs of points."""
        with stage.probe():
            x, y = torch.randn(2, 100, 2, dtype=exact, device=stage.device)
        rows, gaps = [], []
        for degree in range(1, 9):
            kernel = ((x * y).sum(1) + 1) ** degree
            plain = self.monomials == "plain"
            explicit = (monomials(x, degree, plain) * monomials(y, degree, plain)).sum(1)
            gaps.append(((kernel - explicit).abs() / kernel.abs().clamp(min=1)).max().item())
            rows.append((degree, comb(degree + 2, 2), f"{comb(degree + 64, 64):.1e}", gaps[-1]))
        stage.table("kernel trick", ("degree", "Φ of 2", "Φ of 64", "difference"), rows)
        stage.measure(trick_gap=max(gaps))

    @claim(
        "(x·y + 1)ᵈ is Φ(x)·Φ(y), to 1e-9 of its size, for every degree up to 8",
        breaks={"monomials": "plain", "steps": 10},
    )
    def trick(self, measured):
        return measured.trick_gap < 1e-9

    @claim(
        "on rings the line of least squares is no better than chance: 0.4 to 0.6",
        breaks={"handmade": "radius", "steps": 20},
    )
    def rings_line(self, measured):
        return measured.rings_line.between(0.4, 0.6)

    @claim(
        "on xor the line of least squares stays below 0.7",
        breaks={"handmade": "product", "steps": 20},
    )
    def xor_line(self, measured):
        return measured.xor_line < 0.7

    @claim(
        "on moons the line of least squares is far above chance and not right: 0.8 to 0.94",
        breaks={"handmade": "cubes", "steps": 20},
    )
    def moons_line(self, measured):
        return measured.moons_line.between(0.8, 0.94)

    @claim(
        "on the spiral neither the line of least squares nor the quadratic map reaches 0.75",
        breaks={"degree": 5, "steps": 20},
    )
    def spiral_line(self, measured):
        return measured.spiral_low < 0.75

    @claim(
        "on rings the quadratic map is over 0.95",
        breaks={"degree": 1, "steps": 20},
    )
    def rings_quadratic(self, measured):
        return measured.rings_polynomial > 0.95

    @claim("on xor the quadratic map is over 0.85", breaks={"degree": 1, "steps": 20})
    def xor_quadratic(self, measured):
        return measured.xor_polynomial > 0.85

    @claim(
        "the Gaussian kernel machine is over 0.93 on all four problems",
        breaks={"gamma": 0.01, "steps": 20},
    )
    def gaussian(self, measured):
        return measured.rbf_least > 0.93

    @claim(
        "on the spiral 100 random units, untrained, are over 0.93",
        breaks={"features": 8, "steps": 20},
    )
    def random_units(self, measured):
        return measured.random_spiral > 0.93

    @claim(
        "the trained net of 32 units is over 0.93 on all four problems, if its activation is no "
        "polynomial",
        breaks={"activation": "square", "steps": 200},
    )
    def net(self, measured):
        return measured.net_least > 0.93

    @claim(
        "64 times the random units make the error of the fit at least 30 times smaller, if the "
        "activation is no polynomial",
        breaks={"activation": "square", "steps": 200},
    )
    def universal(self, measured):
        return measured.width_gain > 30


def with_one(phi, dtype=None):
    """Φ with a column of ones for the bias."""
    phi = phi.to(dtype or phi.dtype)
    return torch.cat([phi, torch.ones_like(phi[:, :1])], 1)


def accuracy(output, y):
    return (output.sign() == y).float().mean().item()
