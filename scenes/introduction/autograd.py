r"""
# The price of a gradient

Four ways lead to a derivative. *By hand*: exact, and wrong in one sign. *Symbolic*: exact, but the
formula may grow much faster than the program. *Numerical*: the **finite difference**
(f(x+h) − f(x))/h, no thinking needed. *Automatic*: let the program record its operations, and apply
the chain rule to what it did. This scene asks what the last two cost, in digits and in work, and
then looks at what PyTorch records.

**Digits.** A forward difference is off by about h, because the graph is curved, and by about ε/h,
because the difference of two nearly equal numbers keeps only their rounding errors (ε = 2·10⁻¹⁶ in
float64). So the error has the shape of a V, and the best h is no small one: about √ε = 10⁻⁸, and
ε^⅓ = 10⁻⁵ for the central difference (f(x+h) − f(x−h))/2h. Automatic differentiation has no h: it
is exact to rounding. **finite differences** shows the typical error for sin(x)eˣ, at another x in
every step.

**Work.** Finite differences need one more run of the whole program for *each* parameter. *Forward
mode* carries the slope in one direction along with every number; exact, and again a run for each
parameter. *Reverse mode* runs once forward and once backward, and has them all: *the same few
forward passes however many parameters there are*. **cost** counts the multiply-adds of all matrix
products that PyTorch really does, for nets 64-w-w-10 of growing width w: below three passes. By the
clock it is more like 3 to 5, because memory must be read and written too. What is paid for it is
memory: every intermediate result is kept until the way back.

## PyTorch, looked into

**recorded graph** is what PyTorch has recorded, as it stands behind the loss of a net of three
layers on one 3×10×20 image, with the order in which the backward pass ran it. The modules are
building blocks; their 38,910 parameters require gradients, the image does not.

- *"Every tensor has a grad_fn"*: not the leaves. A parameter is made by no operation; an
  AccumulateGrad node fills in its `.grad`. Gradients run *through* all intermediate results, but
  are kept for leaves only, unless `retain_grad()` is called. See **tensors**.
- *"Derivatives are computed on the way forward"*: the operands are kept and a function noted;
  derivatives are computed on the way back.
- *The graph is made anew in each forward pass*, so a Python `if` or `while` on data changes it.
  **nodes recorded** doubles a number until it passes 8: small numbers leave long graphs.
- `view(-1)` flattens *everything*, the batch too; the net then works for a single image and no
  more. Use `flatten(1)`.

## Watch

- **finite differences**: the V of each kind; autodiff is the floor. In float32 the V ends halfway.
- **cost**: two lines climb with the number of parameters, and one does not.

## Try

- `difference=complex`: f(x+ih)/h has an imaginary part without any cancellation. No V: the smaller
  h, the better.
- `precision=float32`: autodiff keeps 7 digits; the best difference in float32 has not even 4.
- `mode=forward`: one direction at a time; the price grows like that of differences.
- `slip=plain-list`: layers in a Python list are no modules to PyTorch. It finds 0 parameters.
- `slip=detach`: the graph ends at each hidden layer, and only the last layer is ever trained.
- `slip=retain_grad`: intermediate results keep their gradient.
- `slip=view(-1)`: two images at once are an error; see the log.
- `slip=where`: a choice by `torch.where` is an operation; the graph is the same for all data.
"""

import warnings

import numpy as np
import torch
from torch import nn
from torch.autograd import forward_ad
from torch.nn.functional import mse_loss

from dlplay import Choice, Float, Int, Scene, claim

HS = np.logspace(-15, -1, 57)  # four in each decade
WIDTHS = (4, 8, 16, 32, 64, 128)  # 330 to 26,122 parameters
RECORDED = {"AccumulateGrad": 6, "AddmmBackward0": 3, "ReluBackward0": 2, "MseLossBackward0": 1}


def f(x):
    return np.sin(x) * np.exp(x)


def difference_errors(x, dtype, kind):
    """Of the forward and the central difference of f at x, for all h: two arrays [57]."""
    x, h = dtype(x), HS.astype(dtype)
    truth = np.exp(float(x)) * (np.sin(float(x)) + np.cos(float(x)))
    if kind == "complex":
        forward = central = f(x + 1j * h).imag / h
    else:
        forward = (f(x + h) - f(x)) / h
        central = (f(x + h) - f(x - h)) / (2 * h)
    return abs(forward - truth), abs(central - truth)


def autodiff_error(x, dtype):
    x = torch.tensor(x, dtype=dtype, requires_grad=True)
    (x.sin() * x.exp()).backward()
    at = x.item()
    return abs(x.grad.item() - np.exp(at) * (np.sin(at) + np.cos(at)))


class Product(torch.autograd.Function):
    """a @ b with its derivatives in both modes; counts the multiply-adds that are done."""

    count = 0

    @staticmethod
    def times(a, b):  # [n, d], [d, k]
        Product.count += a.shape[0] * a.shape[1] * b.shape[1]
        return a @ b

    @staticmethod
    def forward(ctx, a, b):
        ctx.set_materialize_grads(False)  # what has no slope is None, and is not multiplied
        ctx.save_for_backward(a, b)
        ctx.save_for_forward(a, b)
        return Product.times(a, b)

    @staticmethod
    def backward(ctx, g):
        (a, b), needed = ctx.saved_tensors, ctx.needs_input_grad
        return (
            Product.times(g, b.T) if needed[0] else None,
            Product.times(a.T, g) if needed[1] else None,
        )

    @staticmethod
    def jvp(ctx, da, db):
        a, b = ctx.saved_tensors
        slope = Product.times(a, db)
        return slope if da is None else slope + Product.times(da, b)


def prices(width, device):
    """The number of parameters of a net 64-w-w-10, and the multiply-adds for its gradient in three
    ways, in forward passes."""
    x = torch.randn(1, 64, device=device)
    shapes = [(width, 64), (width,), (width, width), (width,), (10, width), (10,)]
    theta = [0.1 * torch.randn(shape, device=device) for shape in shapes]
    n = sum(p.numel() for p in theta)

    def loss(theta):
        a = x
        for W, b in zip(theta[::2], theta[1::2], strict=True):
            a = torch.tanh(Product.apply(a, W.T) + b)
        return (a**2).mean()

    def counted(work):
        before = Product.count
        work()
        return Product.count - before

    def tangent():  # forward mode: the slope in one direction
        with forward_ad.dual_level():
            loss([forward_ad.make_dual(p, torch.ones_like(p)) for p in theta])

    once = counted(lambda: loss(theta))
    passes = {
        "reverse mode": counted(lambda: loss([p.requires_grad_() for p in theta]).backward()),
        "forward mode": n * counted(tangent),
        "differences": (n + 1) * once,
    }
    return n, {way: count / once for way, count in passes.items()}


class MyNet(nn.Module):
    """600 → 60 → 40 → 10."""

    def __init__(self, slip):
        super().__init__()
        layers = [nn.Linear(600, 60), nn.Linear(60, 40), nn.Linear(40, 10)]
        # A plain list hides its modules from parameters(), so that no optimizer sees them
        self.layers = layers if slip == "plain-list" else nn.ModuleList(layers)
        self.slip = slip

    def forward(self, image):
        x = image.view(-1) if self.slip == "view(-1)" else image.flatten(1)  # [N, 600]
        self.hidden = []
        for layer in self.layers[:2]:
            x = layer(x).relu()
            self.hidden.append(x)
            if self.slip == "retain_grad":
                x.retain_grad()
            if self.slip == "detach":
                x = x.detach()
        return self.layers[2](x)


def recorded(fn):
    """The graph behind a grad_fn, as (depth, function), each function where it is met first."""
    found, seen = [], set()

    def visit(fn, depth):
        if fn is not None and fn not in seen:
            seen.add(fn)
            found.append((depth, fn))
            for after, _ in fn.next_functions:
                visit(after, depth + 1)

    visit(fn, 0)
    return found


def doubled(x, slip):
    """2x, 4x, 8x ...: the first that is not below 8."""
    if slip == "where":
        for _ in range(6):
            x = torch.where(x < 8, 2 * x, x)
    while x < 8:
        x = 2 * x
    return x


class Autograd(Scene):
    covers = {
        "Computational Graphs in Deep Learning": ("nodes recorded", "dynamic"),
        "Automatic Differentiation": (
            "finite differences",
            "cost",
            "tensors",
            "exact",
            "best_h",
            "best_difference",
            "tiny_difference",
            "single_precision",
            "cheap",
            "cheaper_than_differences",
            "only_leaves_keep",
        ),
        "Pytorch": ("recorded graph", "tensors", "counts_parameters", "records", "takes_batches"),
    }
    panels = ("finite differences", "cost", "recorded graph", "tensors", "nodes recorded")
    quick = {"steps": 20}

    difference = Choice("real", ("real", "complex"), live=True, help="in which direction h goes")
    h = Float(1e-5, min=1e-15, max=0.1, log=True, live=True, help="the h whose error is marked")
    precision = Choice("float64", ("float64", "float32"), live=True, help="autodiff's numbers")
    mode = Choice("reverse", ("reverse", "forward"), live=True, help="how autodiff sweeps a net")
    slip = Choice(
        "none",
        ("none", "plain-list", "detach", "retain_grad", "view(-1)", "where"),
        live=True,
        help="one thing done differently",
    )
    steps = Int(300, min=20, max=20000, log=True, help="places at which f is differentiated")

    def run(self, stage):
        rng = np.random.default_rng(stage.seed)
        stage.axes("cost", x="parameters", y="forward passes", log="xy")
        sizes, costs = [], []

        for step in stage.loop(self.steps):
            # The slope of f at another place
            if step == 0 or stage.changed("difference", "precision"):
                forward, central, single, exact = [], [], [], []
            x = rng.uniform(0.2, 2)
            errors = difference_errors(x, np.float64, self.difference)
            forward.append(errors[0])
            central.append(errors[1])
            single.append(difference_errors(x, np.float32, self.difference)[0])
            exact.append(autodiff_error(x, getattr(torch, self.precision)))
            if stage.every(10) or stage.changed("h"):
                medians = [np.median(kind, axis=0) for kind in (forward, central, single)]
                self.draw_differences(stage, *medians, max(exact))

            # Another size of net
            if len(sizes) < len(WIDTHS):
                n, cost = prices(WIDTHS[len(sizes)], stage.device)
                sizes.append(n)
                costs.append(cost)
                stage.plot("cost", sizes, {way: [cost[way] for cost in costs] for way in cost})

            # What PyTorch records
            if step == 0 or stage.changed("slip"):
                lines = self.look_into_pytorch(stage)
                places, lengths = [], []
            shown = min(len(lines), stage.step // 4 + 1)
            stage.text("recorded graph", tree(lines, shown if step < self.steps - 1 else 99))
            y = doubled(torch.tensor(x, requires_grad=True), self.slip)
            places.append(x)
            lengths.append(len(recorded(y.grad_fn)))
            if stage.every(5):
                stage.axes("nodes recorded", x="input", y="nodes")
                stage.plot("nodes recorded", places, {"one input": lengths}, scatter=True)

            if stage.every(20) and len(sizes) == len(WIDTHS):
                way = f"{self.mode} mode"
                stage.measure(
                    autodiff_error=max(exact),
                    best_h=np.log10(HS[medians[0].argmin()]),
                    best_difference=medians[1].min(),
                    tiny_difference=medians[0][0],
                    single_difference=medians[2].min(),
                    gradient_price=max(cost[way] for cost in costs),
                    differences_price=costs[3]["differences"] / costs[3][way],
                    changed_nodes=max(lengths) - min(lengths),
                )

    def draw_differences(self, stage, forward, central, single, exact):
        mine = central[np.abs(np.log(HS / self.h)).argmin()]
        stage.axes(
            "finite differences",
            x="h",
            y="error",
            log="xy",
            lines={f"h={self.h:.0e}": max(mine, 1e-16)},
        )
        series = {
            "forward": forward,
            "central": central,
            "float32": single,
            "autodiff": np.full(len(HS), exact),
        }
        series = {name: np.maximum(errors, 1e-16) for name, errors in series.items()}
        stage.plot("finite differences", HS, series)

    def look_into_pytorch(self, stage):
        """One loss of MyNet, there and back. Lines of the graph: (turn, depth, name, shape)."""
        device = stage.device
        images = torch.randn(2, 3, 10, 20, device=device)  # [2, 3, 10, 20]
        net = MyNet(self.slip).to(device)
        for layer in net.layers:  # a plain list is not moved either
            layer.to(device)
        stage.watch(net)
        answer = net(images[:1])
        loss = mse_loss(answer, torch.zeros_like(answer))
        graph = recorded(loss.grad_fn)
        turns = []  # the functions in the order of the way back
        for _, fn in graph:
            fn.register_hook(lambda *_, fn=fn: turns.append(fn))
        loss.backward()

        lines = []
        for depth, fn in graph:
            name, leaf = type(fn).__name__.removesuffix("Backward0"), hasattr(fn, "variable")
            lines.append(
                (turns.index(fn) + 1, depth, name, list(fn.variable.shape) if leaf else "")
            )

        named = [("image", images[:1])]
        for k, layer in enumerate(net.layers, 1):
            named += [(f"W{k}", layer.weight), (f"b{k}", layer.bias)]
        named += [(f"a{k}", a) for k, a in enumerate(net.hidden, 1)] + [("answer", answer)]
        rows, exceptions = [], 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns whoever asks for a gradient not kept
            for name, tensor in named:
                made = type(tensor.grad_fn).__name__.removesuffix("Backward0")
                leaf, kept = tensor.is_leaf, tensor.grad is not None
                rows.append(
                    [
                        name,
                        "×".join(map(str, tensor.shape)),
                        "none" if leaf else made,
                        "kept" if kept else "no",
                    ]
                )
                exceptions += (kept or tensor.requires_grad) if name == "image" else kept != leaf
        stage.table("tensors", ["tensor", "size", "grad_fn", ".grad"], rows)

        try:
            outputs = net(images).numel()
        except RuntimeError as error:
            stage.log(f"two images: {error}")
            outputs = 0
        kinds = [type(fn).__name__ for _, fn in graph]
        stage.measure(
            parameters=sum(p.numel() for p in net.parameters()),
            unlike=sum(abs(kinds.count(kind) - count) for kind, count in RECORDED.items()),
            exceptions=exceptions,
            outputs=outputs,
        )
        return lines

    @claim(
        "autodiff is exact to rounding: the derivative of sin(x)eˣ is right to 1e-14 everywhere",
        breaks={"precision": "float32", "steps": 60},
    )
    def exact(self, measured):
        return measured.autodiff_error < 1e-14

    @claim(
        "the best h of a forward difference is near √ε: its logarithm is from −9 to −7",
        breaks={"difference": "complex", "steps": 60},
    )
    def best_h(self, measured):
        return measured.best_h.between(-9, -7)

    @claim(
        "the best central difference is good, not exact: its typical error is from 1e-13 to 1e-8",
        breaks={"difference": "complex", "steps": 60},
    )
    def best_difference(self, measured):
        return measured.best_difference.between(1e-13, 1e-8)

    @claim(
        "a smaller h is worse: at 1e-15 the forward difference errs by more than 1e-3",
        breaks={"difference": "complex", "steps": 60},
    )
    def tiny_difference(self, measured):
        return measured.tiny_difference > 1e-3

    @claim(
        "in float32 even the best forward difference errs by more than 1e-4",
        breaks={"difference": "complex", "steps": 60},
    )
    def single_precision(self, measured):
        return measured.single_difference > 1e-4

    @claim(
        "all derivatives of a net, from 330 to 26,122, cost less than 5 forward passes",
        breaks={"mode": "forward", "steps": 60},
    )
    def cheap(self, measured):
        return measured.gradient_price < 5

    @claim(
        "at 3,466 parameters finite differences need more than 50 times the multiply-adds",
        breaks={"mode": "forward", "steps": 60},
    )
    def cheaper_than_differences(self, measured):
        return measured.differences_price > 50

    @claim(
        "MyNet, 600-60-40-10, has 38,910 parameters",
        breaks={"slip": "plain-list", "steps": 60},
    )
    def counts_parameters(self, measured):
        return measured.parameters == 38910

    @claim(
        "its recorded graph has 6 leaves, 3 Addmm, 2 Relu and 1 MseLoss: 0 of them missing or more",
        breaks={"slip": "detach", "steps": 60},
    )
    def records(self, measured):
        return measured.unlike == 0

    @claim(
        "parameters have no grad_fn and keep their gradient, intermediate results the other way "
        "round, the image has neither: 0 exceptions",
        breaks={"slip": "retain_grad", "steps": 60},
    )
    def only_leaves_keep(self, measured):
        return measured.exceptions == 0

    @claim(
        "with flatten(1) two images at once give 20 outputs",
        breaks={"slip": "view(-1)", "steps": 60},
    )
    def takes_batches(self, measured):
        return measured.outputs == 20

    @claim(
        "a Python while on the data changes how many nodes are recorded from input to input",
        breaks={"slip": "where", "steps": 60},
    )
    def dynamic(self, measured):
        return measured.changed_nodes > 0


def tree(lines, turn):
    """The recorded graph, with the turns that the backward pass has taken so far."""
    return "\n".join(
        f"{at if at <= turn else '·':>2} {' ' * depth}{name} {shape}"
        for at, depth, name, shape in lines
    )
