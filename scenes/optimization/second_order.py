r"""
# Curvature: Newton, conjugate gradient, Hessian-free

How far should one go along a direction d? Until E rises again. With slope gᵀd and curvature dᵀHd
that is a parabola: its bottom is at −gᵀd / dᵀHd, and lies (gᵀd)² / (2 dᵀHd) lower. *"Good
directions have much gradient for their curvature"* is true of the **distance**. What one gains is
g²/2h: a slope of 10 with curvature 50 has the smaller ratio, 0.2 against 1, than a slope of 1 with
curvature 1, and gains twice as much (**one direction**).

The **Hessian** collects all curvatures, Hᵢⱼ = ∂²E/∂θᵢ∂θⱼ. Its diagonal says how each slope changes
by its own weight; off the diagonal is the *twist*: moving one weight changes another's slope. *"An
ellipse means twist"*: only one that lies across the axes. Along the axes there is none, and descent
is as slow. Twist depends on the axes, slowness on κ = λmax/λmin. The panel **Hessian** is that of a
small untrained net, 200 weights, and says how much of its sum of squares lies off the diagonal.

**Newton's method** turns every ellipse into a circle:

$$\Delta\theta = - H^{-1} \nabla E$$

On a quadratic it is there in one step. But n weights make n² entries: a million weights, 4
terabytes, before one has inverted it. And where the slope is zero on a saddle, it goes *to* the
saddle: it looks for a place with no slope, not for a low one.

**How to avoid the inverse.** Divide by the diagonal alone: enough for ellipses along the axes, no
better than descent for those across. Or remember a few steps and slopes: L-BFGS, a *low-rank*
approximation. Or never build H: a product Hv is the derivative of ∇E · v, and costs about as much
as two or three gradients (the table counts multiply-adds), where the matrix costs n of
them. Hessian-free methods do this; they are often called low-rank, but their products are exact.
For recurrent nets the paper adds a penalty on changing the hidden state.

**Conjugate gradient** goes to the bottom along one direction, then along one that does not spoil
the first: conjugate, dᵢᵀHdⱼ = 0 for all before. It needs products alone. *"N steps for N
dimensions, guaranteed"*: in exact arithmetic, and then it needs only as many as H has *distinct*
eigenvalues; it is close long before. With rounding the directions lose each other: at κ = 10⁶ and
N = 100, after 100 steps, it is not there.

**Hessian-free** (Martens 2010): take the loss as a quadratic, with the Gauss-Newton matrix JᵀLJ in
place of H, as that has no negative curvature; add damping λ to stay where the quadratic is right;
solve by conjugate gradient; repeat. It trained the deep sigmoid **autoencoder** here, ten layers,
off the plateau where every image is answered with the mean image, which momentum in a thousand
steps leaves late or not at all. *No magic*: it needs the sparse first weights of the paper too
(`weights=xavier`: it stays on the plateau), and Adam gets there from either. Today it is history,
with a lesson on curvature.

Left out: runs of L-BFGS and of non-linear conjugate gradient on nets, and wall-clock times. The
curves of **autoencoder** end after equal numbers of steps, not after equal work: compare them at
the same place on the axis.

## Watch

- **gap**: how high above the minimum, of the start's height; **conjugacy**: |dᵢᵀHdⱼ| of the first
  directions, normalised, log₁₀: black but for the diagonal.
- **autoencoder**: loss against work, counted in gradients; a product counts 3.
- **Hessian**: the few largest entries are cut, or the rest would be black.

## Try

- `conjugate=off`: the same line searches along plain gradients; `kappa=1000000`: rounding.
- `turned=off`: along the axes the diagonal is all one needs, and there is no twist.
- `weights=xavier`: the plateau, for Hessian-free and momentum, not for Adam.
- `newton_rate=0.5`: Newton needs many steps.
- `saddle_free=on`: divided by |λ|, Newton leaves the saddle.
- `first_order_rate=10`: at ten times its rate Adam stays on the plateau too.
- `product=gauss-newton`: not the Hessian. `product=whole matrix`: exact, at the price of n
  products.
- `slope=1`, with the curvature still 50: now the ratio is right.
"""

import math
from copy import deepcopy
from itertools import pairwise

import torch
from torch import nn, optim

from dlplay import Choice, Float, Int, Scene, Toggle, claim
from dlplay.data import digits
from dlplay.nn.hessian_free import (
    HessianFree,
    conjugate_gradient,
    flat,
    gauss_newton_product,
    hessian_product,
)

IMAGES = 300
LAYERS = (64, 64, 48, 32, 16, 6, 16, 32, 48, 64, 64)
FIRST_ORDER = 40  # steps of momentum and of Adam for each of Hessian-free


class SecondOrder(Scene):
    covers = {
        'A Brief Overview of "Hessian-Free" Optimization': (
            "autoencoder",
            "hf_leaves",
            "momentum_behind",
            "adam_too",
        ),
        "Intuition Behind Curvature": ("one direction", "distance", "ratio_misleads"),
        "Newton's method": ("gap", "newton_one_step", "newton_to_saddle"),
        "Curvature (Hessian) Matrix": ("Hessian", "products_exact", "twist"),
        "How to avoid Inverting a Huge Matrix": (
            "costs",
            "gap",
            "products_exact",
            "diagonal_fails",
            "product_cost",
        ),
        "Conjugate Gradient": (
            "gap",
            "conjugacy",
            "two_steps",
            "n_steps",
            "close_early",
            "mutually_conjugate",
            "distinct",
            "rounding",
        ),
    }
    panels = ("gap", "autoencoder", "Hessian", "conjugacy", "one direction", "costs")
    quick = {"steps": 2}

    size = Int(50, min=2, max=200, help="N, dimensions of the quadratic")
    kappa = Float(100, min=1, max=1e6, log=True, help="largest eigenvalue over the smallest")
    turned = Toggle(True, help="whether the ellipse lies across the axes")
    conjugate = Toggle(True, help="off: each line search along the plain gradient")
    slope = Float(10, min=0.1, max=20, live=True, help="g, of the steeper of the two directions")
    bend = Float(50, min=0.1, max=100, live=True, help="h, curvature of the steeper direction")
    weights = Choice("sparse", ("sparse", "xavier"), help="the autoencoder's first weights")
    product = Choice(
        "hessian",
        ("hessian", "gauss-newton", "whole matrix"),
        help="how products with the small net's Hessian are made",
    )
    newton_rate = Float(1, min=0.1, max=2, help="share of Newton's step that is taken")
    saddle_free = Toggle(False, help="Newton divides by |λ|: uphill curvature does not attract")
    first_order_rate = Float(
        1, min=0.01, max=100, log=True, live=True, help="times the rates of momentum and of Adam"
    )
    steps = Int(25, min=2, max=100, help="steps of Hessian-free")

    def run(self, stage):
        device = stage.device
        exact = torch.float32 if device == "mps" else torch.float64

        # The quadratic ½ xᵀHx from x = (1, 1, ...) along its own axes; its minimum is at 0
        H, start = self.quadratic(self.size, self.kappa, exact, device)
        top = 0.5 * start @ H @ start
        eigen = torch.linalg.eigvalsh(H)
        best = 2 / (eigen[0] + eigen[-1])  # descent's best rate
        diagonal = H.diagonal()
        scaled = torch.linalg.eigvalsh(H / (diagonal[:, None] * diagonal).sqrt())
        best_diagonal = 2 / (scaled[0] + scaled[-1])
        where = {name: start.clone() for name in ("descent", "diagonal", "Newton")}
        solver = self.solver(H, start)
        gaps = {name: [1.0] for name in (*where, "CG")}
        directions, solved = [], start
        self.facts(stage, exact)

        # The autoencoder
        x = digits()[0].flatten(1)[:IMAGES].to(device)
        plateau = ((x - x.mean(0)) ** 2).sum(1).mean().item()
        net = self.autoencoder().to(device)
        nets = {"HF": net, "momentum": deepcopy(net), "Adam": deepcopy(net)}
        free = HessianFree(net.parameters(), damping=1.0, cg_steps=40)
        optimizers = {
            "momentum": optim.SGD(nets["momentum"].parameters(), momentum=0.9),
            "Adam": optim.Adam(nets["Adam"].parameters(), fused=True),
        }
        stage.watch(net)

        def loss(outputs):
            return ((outputs - x) ** 2).sum() / len(x)  # squared error of an image

        stage.axes("gap", y="height", log="y", lines={"1 %": 0.01})
        lines = {"mean image": plateau}
        stage.axes("autoencoder", x="gradients", y="error of an image", log="y", lines=lines)
        stage.axes("one direction", x="distance", y="change of E")

        for step in stage.loop(self.steps):
            # Some steps on the quadratic
            for _ in range(8):
                where["descent"] = where["descent"] - best * (H @ where["descent"])
                preconditioned = (H @ where["diagonal"]) / diagonal
                where["diagonal"] = where["diagonal"] - best_diagonal * preconditioned
                newton = torch.linalg.solve(H, H @ where["Newton"])
                where["Newton"] = where["Newton"] - self.newton_rate * newton
                iterate = next(solver, None)
                if iterate is not None:
                    solved = iterate.x
                    if len(directions) < 20:
                        directions.append(iterate.direction)
                for name, place in {**where, "CG": solved}.items():
                    gaps[name].append((0.5 * place @ H @ place / top).item())
            for name, gap in gaps.items():
                stage.curve("gap", {name: max(gap[-1], 1e-17)}, x=len(gap) - 1)

            # One step of Hessian-free, and as many of the others
            error = free.step(lambda: net(x), loss)
            work = step + 3 * free.products
            stage.curve("autoencoder", {"HF": min(error, 20)}, x=work)
            for name, optimizer in optimizers.items():
                optimizer.param_groups[0]["lr"] = 0.01 * self.first_order_rate
                for k in range(FIRST_ORDER):
                    value = loss(nets[name](x))
                    optimizer.zero_grad()
                    value.backward()
                    optimizer.step()
                    at = step * FIRST_ORDER + k
                    if k % 5 == 0:
                        stage.curve("autoencoder", {name: value.clamp(max=20).nan_to_num(20)}, x=at)

            if step == 0 or stage.changed("slope", "bend"):
                self.look_along(stage)
            if stage.every(5):
                stage.heatmap("conjugacy", self.angles(H, directions).log10(), low=-16, high=0)

        with stage.probe(*nets.values()):
            final = {name: loss(net(x)).item() for name, net in nets.items()}
        angles = self.angles(H, directions)
        angles.fill_diagonal_(0)
        stage.measure(
            newton_gap=gaps["Newton"][1],
            diagonal_ratio=first(gaps["diagonal"]) / first(gaps["descent"]),
            cg_steps=first(gaps["CG"]),
            descent_steps=first(gaps["descent"]),
            conjugacy=angles.max(),
            hf_error=final["HF"],
            momentum_error=final["momentum"],
            adam_error=final["Adam"],
        )

    # The quadratic

    def quadratic(self, n, kappa, exact, device, values=None):
        """H [n, n] with eigenvalues from 1/κ to 1, and where to start: 1 along every own axis."""
        if values is None:
            values = torch.logspace(-math.log10(kappa), 0, n, dtype=exact)
        axes = torch.eye(n, dtype=exact)
        if self.turned:
            axes = torch.linalg.qr(torch.randn(n, n, dtype=exact)).Q
        H = (axes * values) @ axes.T
        return H.to(device), axes.sum(1).to(device)

    def solver(self, H, start):
        """Conjugate gradient from the start; or, restarted at each step, steepest descent."""
        nothing = torch.zeros_like(start)
        if self.conjugate:
            yield from conjugate_gradient(lambda v: H @ v, nothing, start)
            return
        while iterate := next(conjugate_gradient(lambda v: H @ v, nothing, start), None):
            start = iterate.x
            yield iterate

    def gap_after(self, steps, n, kappa, exact, device, values=None):
        """The height after so many steps of conjugate gradient, of the start's."""
        H, start = self.quadratic(n, kappa, exact, device, values)
        x = start
        for iterate, _ in zip(self.solver(H, start), range(steps), strict=False):
            x = iterate.x
        return (x @ H @ x / (start @ H @ start)).item()

    def angles(self, H, directions):
        """|dᵢᵀHdⱼ| of the directions, normalised: [k, k]."""
        d = torch.stack(directions)
        products = d @ H @ d.T
        norms = products.diagonal().sqrt()
        return (products / (norms[:, None] * norms)).abs().clamp(min=1e-17)

    # What needs no training

    def facts(self, stage, exact):
        device = stage.device
        three = torch.tensor([0.01, 0.1, 1.0], dtype=exact).repeat(34)[:100]
        stage.measure(
            gap_2=self.gap_after(2, 2, 100, exact, device),
            gap_10=self.gap_after(10, 10, 100, exact, device),
            gap_distinct=self.gap_after(3, 100, 100, exact, device, three),
            gap_rounded=self.gap_after(100, 100, self.kappa**3, exact, device),
        )

        # Newton on x²/2 − y²/2 + y⁴/4, from beside the ridge y = 0
        x, y = 1.0, 0.01
        for _ in range(20):
            curvature = 3 * y**2 - 1
            if self.saddle_free:
                curvature = max(abs(curvature), 0.1)
            x, y = 0.0, y - (y**3 - y) / curvature
        stage.measure(saddle_distance=math.hypot(x, y))

        # A small net's Hessian, column by column
        images, labels, *_ = digits()
        pooled = images.reshape(len(images), 2, 4, 4, 2).mean((2, 4)).flatten(1)  # [N, 8]
        pooled, labels = pooled[:300].to(device, exact), labels[:300].to(device)
        net = nn.Sequential(nn.Linear(8, 10), nn.Tanh(), nn.Linear(10, 10)).to(device, exact)
        parameters = list(net.parameters())
        n = sum(p.numel() for p in parameters)

        def slope():
            loss = nn.functional.cross_entropy(net(pooled), labels)
            return flat(torch.autograd.grad(loss, parameters))

        def column(v):
            outputs = net(pooled)
            loss = nn.functional.cross_entropy(outputs, labels)
            if self.product == "gauss-newton":
                return gauss_newton_product(outputs, loss, parameters, v)
            return hessian_product(loss, parameters, v)

        H = torch.stack([column(e) for e in torch.eye(n, dtype=exact, device=device)])
        v = torch.randn(n, dtype=exact, device=device)
        product = H @ v if self.product == "whole matrix" else column(v)
        moved = []  # the slope a little way along v, and back
        for sign in (1, -1):
            with torch.no_grad():
                before = flat(parameters)
                nn.utils.vector_to_parameters(before + sign * 1e-5 * v, parameters)
            moved.append(slope())
            nn.utils.vector_to_parameters(before, parameters)
        differences = (moved[0] - moved[1]) / 2e-5
        gaps = [H - H.T, product - differences, product - H @ v]

        # Multiply-adds of matrix products, in units of a gradient's
        passes = {"Hv": flops(lambda: column(v)) / flops(slope)}
        passes["all of H"] = n * passes["Hv"]  # column by column
        cost = passes["all of H" if self.product == "whole matrix" else "Hv"]
        rows = [
            ["gradient", 1.0, n],
            ["product Hv", passes["Hv"], n],
            ["all of H", passes["all of H"], float(n * n)],
            ["L-BFGS (10)", 1.0, 20 * n],  # ten pairs of steps and slopes
            ["H, n = 10⁶", 1e6 * passes["Hv"], 1e12],  # 4 terabytes
        ]
        stage.table("costs", ["", "gradients", "numbers"], rows)
        reach = H.abs().flatten().quantile(0.95).item()
        label = f"200 weights: {100 * twist(H):.0f} % twist"
        stage.heatmap("Hessian", H, x=label, low=-reach, high=reach, diverging=True)
        turned = self.quadratic(self.size, self.kappa, exact, device)[0]
        stage.measure(
            product_error=max(gap.abs().max().item() for gap in gaps) / H.abs().max(),
            product_cost=cost,
            turned_twist=twist(turned),
        )

    def look_along(self, stage):
        """E along two directions: the steep one, and one with slope 1 and curvature 1."""
        t = torch.linspace(0, 2, 20001, dtype=torch.float64)
        steep = -self.slope * t + 0.5 * self.bend * t**2
        gentle = -t + 0.5 * t**2
        names = [f"g {self.slope:g}, h {self.bend:g}", "g 1, h 1"]
        shown = {n: e[::100].clamp(max=0.2) for n, e in zip(names, (steep, gentle), strict=True)}
        stage.plot("one direction", t[::100], shown)
        stage.measure(distance=t[steep.argmin()], drop_ratio=steep.min() / gentle.min())

    # The net

    def autoencoder(self):
        """Ten layers of sigmoids, the last one linear."""
        layers = []
        for inputs, outputs in pairwise(LAYERS):
            layer = nn.Linear(inputs, outputs)
            nn.init.zeros_(layer.bias)
            if self.weights == "xavier":
                nn.init.xavier_normal_(layer.weight)
            else:  # the paper's: 15 weights of each unit from N(0, 1), the others 0
                with torch.no_grad():
                    layer.weight.zero_()
                    for row in layer.weight:
                        chosen = torch.randperm(inputs)[:15]
                        row[chosen] = torch.randn(len(chosen))
            layers += [layer, nn.Sigmoid()]
        return nn.Sequential(*layers[:-1])

    @claim(
        "on a quadratic one step of Newton's is enough (height left, of the start's)",
        breaks={"newton_rate": 0.5, "saddle_free": True, "steps": 2},
    )
    def newton_one_step(self, measured):
        return measured.newton_gap < 1e-12

    @claim(
        "beside a saddle Newton goes to the saddle (distance from it after 20 steps)",
        breaks={"newton_rate": 0.5, "saddle_free": True, "steps": 2},
    )
    def newton_to_saddle(self, measured):
        return measured.saddle_distance < 1e-6

    @claim(
        "a product Hv is the difference of two slopes, and H is symmetric (largest error)",
        breaks={"product": "gauss-newton", "steps": 2},
    )
    def products_exact(self, measured):
        return measured.product_error < 1e-6

    @claim(
        "a product costs less than 6 gradients, counted in multiply-adds",
        breaks={"product": "whole matrix", "steps": 2},
    )
    def product_cost(self, measured):
        return measured.product_cost < 6

    @claim(
        "a turned ellipse has more than 0.3 of ‖H‖² off its diagonal",
        breaks={"turned": False, "steps": 8},
    )
    def twist(self, measured):
        return measured.turned_twist > 0.3

    @claim(
        "dividing by the diagonal of a turned ellipse still takes more than 0.3 of descent's steps "
        "to a hundredth of the height",
        breaks={"turned": False, "steps": 8},
    )
    def diagonal_fails(self, measured):
        return measured.diagonal_ratio > 0.3

    @claim(
        "conjugate gradient: N = 2 takes 2 steps (height left)",
        breaks={"conjugate": False, "steps": 5},
    )
    def two_steps(self, measured):
        return measured.gap_2 < 1e-12

    @claim("N = 10 takes 10 steps (height left)", breaks={"conjugate": False, "steps": 5})
    def n_steps(self, measured):
        return measured.gap_10 < 1e-10

    @claim(
        "with 3 distinct eigenvalues N = 100 takes 3 steps (height left)",
        breaks={"conjugate": False, "steps": 5},
    )
    def distinct(self, measured):
        return measured.gap_distinct < 1e-10

    @claim(
        "N = 50, κ = 100: to a hundredth of the height descent takes more than 5 times the steps",
        breaks={"conjugate": False, "steps": 5},
    )
    def close_early(self, measured):
        return measured.descent_steps / measured.cg_steps > 5

    @claim(
        "its first 20 directions are conjugate: |dᵢᵀHdⱼ|, normalised, is below 1e-6",
        breaks={"conjugate": False, "steps": 5},
    )
    def mutually_conjugate(self, measured):
        return measured.conjugacy < 1e-6

    @claim(
        "but not with rounding: N = 100 and κ = 10⁶ leave more than 1e-10 of the height after 100 "
        "steps",
        breaks={"kappa": 1, "steps": 2},
    )
    def rounding(self, measured):
        return measured.gap_rounded > 1e-10

    @claim(
        "with slope 10 and curvature 50 the bottom is at a distance of 0.2",
        breaks={"slope": 1, "steps": 2},
    )
    def distance(self, measured):
        return measured.distance.between(0.1999, 0.2001)

    @claim(
        "it lies deeper than the bottom for slope 1 and curvature 1, at a distance of 1",
        breaks={"slope": 1, "steps": 2},
    )
    def ratio_misleads(self, measured):
        return measured.drop_ratio > 1

    @claim(
        "Hessian-free brings the deep autoencoder's error below 3",
        breaks={"weights": "xavier"},
    )
    def hf_leaves(self, measured):
        return measured.hf_error < 3

    @claim(
        "momentum, in 1000 steps, is left with more than 1.5 times Hessian-free's error",
        breaks={"weights": "xavier"},
    )
    def momentum_behind(self, measured):
        return measured.momentum_error / measured.hf_error > 1.5

    @claim(
        "Adam needs no curvature: with 40 steps for each of Hessian-free's it too gets below 4",
        breaks={"first_order_rate": 10, "steps": 10},
    )
    def adam_too(self, measured):
        return measured.adam_error < 4


def first(gaps):
    """The first step with less than a hundredth of the height; if none has, all of them."""
    return next((k for k, gap in enumerate(gaps) if gap < 0.01), len(gaps))


def twist(H):
    """How much of the sum of squares of H lies off its diagonal."""
    return 1 - (H.diagonal() ** 2).sum() / (H**2).sum()


def flops(work):
    """Floating-point operations of the matrix products in a call."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()
