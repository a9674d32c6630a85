r"""
# A graph that differentiates itself

A model is a parametrised map ȳ = G(x, θ), a cost C(y, ȳ) compares its answer with the right one,
and the **loss** L(x, y, θ) = C(y, G(x, θ)) is both in one. Write it as a **computational graph**: a
node is a variable or an operation, an edge from a to b says that b is computed from a. Whoever
knows the derivative of each *operation* then gets that of the *whole*, and that is all there is to
automatic differentiation. The engine behind **graph** and **sweep** does it in forty lines:

- *forward*: each node takes its inputs' values and computes its own. It remembers them.
- *backward*: the root gets the gradient 1. Each node, from the root on, passes to every input its
  own gradient times the local derivative; what arrives by several ways **adds up**.

That is *reverse mode*. One backward sweep gives the derivatives with respect to all parameters.

**Which models.** Linear regression: ȳ = Σθⱼxⱼ, C = (y−ȳ)². Logistic regression: ȳ = σ(Σθⱼxⱼ),
C = −[y ln ȳ + (1−y) ln(1−ȳ)]. Both send the same **residual** back to the sum: 2(ȳ−y), and ȳ−y.
That is no accident: each cost fits its output (cross them, `slip=crossed`, and a saturated unit
gets no gradient). Drawn with + and × and σ, or as one block, `granularity`: the same numbers. A
G with dropout or sampling in it is not deterministic; then the noise is one more input.

**The average.** On m examples the loss is (1/m) Σᵢ L(x⁽ⁱ⁾, y⁽ⁱ⁾, θ), i from 0 to m−1 (not to m).
As a graph: m copies that share θ, `graph=average`, and one node that averages. Sharing is fan-out,
so the gradient of the average is the average of the per-example gradients.

## Why not differentiate numerically?

The **finite difference** (f(x+h) − f(x))/h is off by about h, because the graph is curved, and by
about ε/h, because the difference of two nearly equal numbers keeps only their rounding errors. So
the error has the shape of a V, and the best h is no small one: √ε = 10⁻⁸, ε^⅓ = 10⁻⁵ for central
differences. And the whole gradient takes n+1 evaluations. Reverse mode is exact to rounding, and
costs *the same few forward passes however many parameters there are* (**cost** counts
multiply-adds, MAC: 2.4 passes; by the clock it is 3 to 5, as memory counts too). Forward mode is
exact as well but takes a pass for each parameter. Deriving by hand is exact, and wrong in one sign.

## PyTorch, looked into

**grad_fn** is the graph that PyTorch has recorded for a net of three layers on 3×10×20 images. The
modules are building blocks, their 38,910 parameters require gradients, the image does not.

- *"Every tensor has a grad_fn"*: not the leaves. Parameters are made by no operation; an
  AccumulateGrad node fills in their `.grad`. Gradients run *through* all intermediate results, but
  are kept for leaves only, unless `retain_grad()` is called.
- *"Derivatives are computed on the way forward"*: the operands are kept, derivatives are computed
  on the way back.
- The graph is made anew in each forward pass, so a Python `if` on data changes it.
- `view(-1)` flattens the batch as well; the net then works for a single image and no more. Use
  `flatten(1)`.

## Any acyclic graph

Reverse mode needs a directed *acyclic* graph (DAG): it sweeps in any order in which a node comes
after all that use it. At every step a random DAG of 20 nodes is differentiated, in a random such
order, and compared with PyTorch and with finite differences at your `h`. A loop, h ← tanh(wh + x),
is unrolled into such a graph, and the gradients of all uses of w are added. *"Loops must be
unrolled"*: not at a fixed point. There h* = f(h*, w), so dh*/dw = (1 − ∂f/∂h)⁻¹ ∂f/∂w without any
history. **unrolled loop** shows how the unrolled gradient approaches it.

## Watch

- **graph**, **sweep**: one node a step, forward and back (pause, then step). ∂ marks gradients.
- **finite differences**: the V, and where yours stands.

## Try

- `graph=fan-out`: x·x + 2x at 3, where three ways lead back to x: 8. Then `slip=overwrite`.
- `slip=breadth-first`: nodes nearest to the root first. Some pass on what they have not yet got.
- `precision=float32`: half the digits; autodiff loses 7 of them, differences nearly all.
- `difference=complex`: f(x+ih)/h has an imaginary part without any cancellation. No V.
- `h=1e-15`, `h=0.1`: finite differences no longer confirm the gradients.
- `mode=forward`: one parameter at a time. `unroll=3`: too short a memory.
- `slip=detach`, `plain-list`, `view(-1)`, `retain_grad`, `where`, `no-zero_grad`: six ways to
  change what PyTorch records, or what it keeps.
"""

import warnings

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from dlplay import Choice, Float, Int, Scene, claim


def sigmoid(m, z):
    return 1 / (1 + m.exp(-z))


def logistic_loss(m, w, v, b, x, u, y):
    z = w * x + v * u + b
    return m.log(1 + m.exp(z)) - y * z


def logistic_slopes(m, w, v, b, x, u, y):
    z = w * x + v * u + b
    r = sigmoid(m, z) - y  # the residual
    return r * x, r * u, r, r * w, r * v, -z


def squared_slopes(m, w, v, b, x, u, y):
    r = 2 * (w * x + v * u + b - y)
    return r * x, r * u, r, r * w, r * v, -r


# Each operation, and its derivatives with respect to each input; m is numpy or torch
OPS = {
    "+": (lambda m, a, b: a + b, lambda m, a, b: (1, 1)),
    "−": (lambda m, a, b: a - b, lambda m, a, b: (1, -1)),
    "×": (lambda m, a, b: a * b, lambda m, a, b: (b, a)),
    "²": (lambda m, a: a * a, lambda m, a: (2 * a,)),
    "sin": (lambda m, a: m.sin(a), lambda m, a: (m.cos(a),)),
    "exp": (lambda m, a: m.exp(a), lambda m, a: (m.exp(a),)),
    "tanh": (lambda m, a: m.tanh(a), lambda m, a: (1 - m.tanh(a) ** 2,)),
    "σ": (sigmoid, lambda m, a: (sigmoid(m, a) * (1 - sigmoid(m, a)),)),
    "CE": (  # the cost of saying p where y is right
        lambda m, p, y: -(y * m.log(p) + (1 - y) * m.log(1 - p)),
        lambda m, p, y: ((p - y) / (p * (1 - p)), m.log(1 - p) - m.log(p)),
    ),
    "mean": (lambda m, *a: sum(a) / len(a), lambda m, *a: [1 / len(a)] * len(a)),
    "logistic": (logistic_loss, logistic_slopes),
    "squared": (lambda m, w, v, b, x, u, y: (w * x + v * u + b - y) ** 2, squared_slopes),
}


class Graph:
    """Nodes in the order in which they were made; the last is the root."""

    def __init__(self, dtype=np.float64):
        self.dtype = dtype
        self.names, self.ops, self.inputs, self.values, self.grads = [], [], [], [], []

    def leaf(self, name, value):
        return self.node("", (), name, self.dtype(value))

    def node(self, op, inputs, name="", value=None):
        self.names.append(name or op)
        self.ops.append(op)
        self.inputs.append(tuple(inputs))
        self.values.append(value)
        self.grads.append(self.dtype(0))
        return len(self.ops) - 1

    def forward_at(self, n):
        """Compute one node from its inputs; a leaf has its value."""
        if self.ops[n]:
            operands = [self.values[i] for i in self.inputs[n]]
            self.values[n] = self.dtype(OPS[self.ops[n]][0](np, *operands))

    def forward(self):
        for n in range(len(self.ops)):
            self.forward_at(n)
        return self.values[-1]

    def start_backward(self):
        self.grads = [self.dtype(0)] * len(self.ops)
        self.grads[-1] = self.dtype(1)

    def backward_at(self, n, slip="none"):
        """Pass a node's gradient on to its inputs."""
        if self.ops[n]:
            operands = [self.values[i] for i in self.inputs[n]]
            slopes = OPS[self.ops[n]][1](np, *operands)
            for i, slope in zip(self.inputs[n], slopes, strict=True):
                way = self.dtype(slope * self.grads[n])
                self.grads[i] = way if slip == "overwrite" else self.grads[i] + way

    def backward(self, sweep=None, slip="none"):
        """Gradients of the root with respect to all nodes, in the order `sweep`."""
        self.start_backward()
        for n in reversed(range(len(self.ops))) if sweep is None else sweep:
            self.backward_at(n, slip)
        return self.grads

    def leaves(self):
        return [n for n, op in enumerate(self.ops) if not op]

    def torch_gradients(self):
        """What PyTorch says: the gradients of the leaves."""
        values = []
        for op, inputs, value in zip(self.ops, self.inputs, self.values, strict=True):
            if op:
                values.append(OPS[op][0](torch, *(values[i] for i in inputs)))
            else:
                values.append(torch.tensor(float(value), dtype=torch.float64, requires_grad=True))
        leaves = [values[n] for n in self.leaves()]
        found = torch.autograd.grad(values[-1], leaves, allow_unused=True)
        return [0.0 if g is None else g.item() for g in found]

    def differences(self, h):
        """The same by central differences."""
        found = []
        for n in self.leaves():
            here, ends = self.values[n], []
            for shift in (h, -h):
                self.values[n] = self.dtype(here + shift)
                ends.append(self.forward())
            self.values[n] = here
            found.append((ends[0] - ends[1]) / (2 * h))
        self.forward()
        return found

    def random_sweep(self, rng):
        """A random order from the root on, in which a node comes after all that use it."""
        waiting = [sum(n in inputs for inputs in self.inputs) for n in range(len(self.ops))]
        ready = [n for n, users in enumerate(waiting) if users == 0]
        sweep = []
        while ready:
            n = ready.pop(rng.integers(len(ready)))
            sweep.append(n)
            for i in set(self.inputs[n]):
                waiting[i] -= 1
                if waiting[i] == 0:
                    ready.append(i)
        return sweep

    def breadth_first(self):
        """By distance from the root. It looks like an order of that kind, and is none."""
        sweep = [len(self.ops) - 1]
        for n in sweep:
            sweep += [i for i in dict.fromkeys(self.inputs[n]) if i not in sweep]
        return sweep


def fan_out(dtype):
    g = Graph(dtype)
    x, two = g.leaf("x", 3), g.leaf("2", 2)
    g.node("+", (g.node("×", (x, x)), g.node("×", (two, x))))
    return g


def random_dag(rng, dtype, size=20):
    g = Graph(dtype)
    for k in range(5):
        g.leaf(f"x{k + 1}", rng.uniform(-1, 1))
    while len(g.ops) < size:
        # Sums and products are bent back, so that no chain of them grows out of bounds
        op = ("+", "×", "tanh", "sin")[rng.integers(4)]
        count = 2 if op in "+×" else 1
        g.node(op, rng.integers(len(g.ops), size=count).tolist())
    return g


def unrolled(w, x, k, dtype, shared=True):
    """h ← tanh(w h + x), k times from 0: one w, or one for each use. Also the nodes of w."""
    g = Graph(dtype)
    h, x = g.leaf("h₀", 0), g.leaf("x", x)
    ws = [g.leaf("w", w)] if shared else [g.leaf(f"w{i + 1}", w) for i in range(k)]
    for i in range(k):
        h = g.node("tanh", (g.node("+", (g.node("×", (ws[min(i, len(ws) - 1)], h)), x)),))
    return g, ws


def regression(kind, fused, theta, examples, dtype, crossed=False):
    """The mean loss of a linear or logistic regression on examples (x₁, x₂, y) as a graph; also
    the node of the first sum z."""
    g = Graph(dtype)
    w, v, b = (g.leaf(n, t) for n, t in zip(("w₁", "w₂", "b"), theta, strict=True))
    losses, first = [], None
    for k, (x, u, y) in enumerate(examples):
        mark = "" if len(examples) == 1 else "′" * k
        leaves = [g.leaf(n + mark, c) for n, c in (("x₁", x), ("x₂", u), ("y", y))]
        if fused:
            losses.append(
                g.node("logistic" if kind == "logistic" else "squared", (w, v, b, *leaves))
            )
            continue
        x, u, y = leaves
        sums = g.node("+", (g.node("×", (w, x)), g.node("×", (v, u))))
        z = g.node("+", (sums, b), "z")
        first = z if first is None else first
        if kind == "logistic":
            p = g.node("σ", (z,))
            losses.append(g.node("²", (g.node("−", (p, y)),)) if crossed else g.node("CE", (p, y)))
        else:
            losses.append(g.node("²", (g.node("−", (z, y)),)))
    if len(losses) > 1:
        g.node("mean", losses)
    return g, first


MACS = [0]  # multiply-adds, counted while they are done


def times(a, b):
    """The product of [N, d] and [d, k]."""
    MACS[0] += a.shape[0] * a.shape[1] * b.shape[1]
    return a @ b


class Product(torch.autograd.Function):
    """The same for PyTorch's graph: a node of our own, with its backward function."""

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return times(a, b)

    @staticmethod
    def backward(ctx, g):
        (a, b), needed = ctx.saved_tensors, ctx.needs_input_grad
        return (
            times(g, b.T) if needed[0] else None,
            times(a.T, g) if needed[1] else None,
        )


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


def recorded(fn, depth=0):
    """The graph behind a grad_fn, as (depth, function), each function where it is met first."""
    found, seen = [], set()

    def visit(fn, depth):
        if fn is not None and fn not in seen:
            seen.add(fn)
            found.append((depth, fn))
            for after, _ in fn.next_functions:
                visit(after, depth + 1)

    visit(fn, depth)
    return found


class GraphAutodiff(Scene):
    covers = {
        "Computational Graphs in Deep Learning": ("graph", "sweep", "same_fused", "dynamic"),
        "ML Model in Supervised Learning": ("graph", "residuals"),
        "Loss Function": ("graph", "average"),
        "Automatic Differentiation": (
            "finite differences",
            "cost",
            "exact",
            "best_difference",
            "tiny_difference",
            "single_precision",
            "cheap",
            "cheaper_than_differences",
            "fans_out",
            "only_leaves_keep",
        ),
        "Pytorch": ("grad_fn", "counts_parameters", "records", "takes_batches"),
        "Directed Acyclic Graphs for Backpropagation": (
            "unrolled loop",
            "graph",
            "agrees_with_torch",
            "confirmed",
            "shared_weight",
            "implicit",
        ),
    }
    panels = ("graph", "sweep", "finite differences", "cost", "unrolled loop", "grad_fn")
    quick = {"steps": 20}

    graph = Choice(
        "logistic",
        ("logistic", "linear", "average", "fan-out", "random", "loop"),
        live=True,
        help="the graph that is shown",
    )
    granularity = Choice("fine", ("fine", "fused"), live=True, help="nodes for + and ×, or a block")
    h = Float(1e-5, min=1e-15, max=0.1, log=True, live=True, help="step of finite differences")
    difference = Choice("real", ("real", "complex"), live=True, help="in which direction h goes")
    precision = Choice("float64", ("float64", "float32"), help="the engine's numbers")
    mode = Choice("reverse", ("reverse", "forward"), live=True, help="how autodiff sweeps a net")
    unroll = Int(60, min=1, max=200, log=True, live=True, help="turns of the loop")
    slip = Choice(
        "none",
        (
            "none",
            "overwrite",
            "breadth-first",
            "crossed",
            "no-zero_grad",
            "plain-list",
            "detach",
            "view(-1)",
            "retain_grad",
            "where",
        ),
        live=True,
        help="one thing done differently",
    )
    steps = Int(1200, min=20, max=20000, log=True, help="nodes to visit, and random graphs to test")

    def run(self, stage):
        self.dtype = np.float64 if self.precision == "float64" else np.float32
        rng, show_rng = np.random.default_rng(stage.seed), np.random.default_rng(stage.seed)
        w, x = rng.uniform(0.5, 0.9), rng.uniform(0.2, 0.6)  # the loop's
        stage.axes("unrolled loop", x="turns", y="error of dh/dw", log="y")
        self.theta = [0.1, -0.2, 0.0]
        shown = None  # the graph on show, as a generator that visits a node when asked
        worst, errors = {}, []

        for step in stage.loop(self.steps):
            if stage.changed("slip", "h"):
                worst, errors = {}, []

            # A random graph: our gradients, PyTorch's and finite differences
            g = random_dag(rng, self.dtype)
            g.forward()
            sweep = g.breadth_first() if self.slip == "breadth-first" else g.random_sweep(rng)
            ours = g.backward(sweep, self.slip)[:5]
            record(worst, "torch", ours, g.torch_gradients())
            record(worst, "differences", ours, g.differences(self.h))
            if step % 4 == 0:
                self.compare_granularity(rng, worst)

            # The loop, one more turn
            if len(errors) < self.unroll:
                g, (node,) = unrolled(w, x, len(errors) + 1, self.dtype)
                g.forward()
                errors.append(abs(float(g.backward(slip=self.slip)[node]) - implicit(w, x)))
            k = min(self.unroll, len(errors))
            stage.plot(
                "unrolled loop",
                range(1, k + 1),
                {"unrolled − implicit": np.maximum(errors[:k], 1e-16)},
            )

            # One node of the graph on show
            if shown is None or stage.changed("graph", "granularity", "slip"):
                shown = self.visits(stage, show_rng)
            if next(shown, None) is None:
                shown = None

            if step == 0 or stage.changed("h", "difference"):
                self.compare_differences(stage)
            if step == 1 or stage.changed("slip"):
                self.look_into_pytorch(stage)
                self.compare_average(stage, rng)
            if step == 2 or stage.changed("mode"):
                self.count_costs(stage)
            if stage.every(20):
                stage.measure(
                    torch_gap=worst["torch"],
                    difference_gap=worst["differences"],
                    fused_gap=worst["fused"],
                    residual_gap=worst["residual"],
                    shared_gap=worst["shared"],
                    fan_out=worst["fan-out"],
                )

        while len(errors) < self.unroll:
            g, (node,) = unrolled(w, x, len(errors) + 1, self.dtype)
            g.forward()
            errors.append(abs(float(g.backward(slip=self.slip)[node]) - implicit(w, x)))
        stage.measure(implicit_gap=errors[self.unroll - 1])

    def visits(self, stage, rng):
        """Forward and backward through a graph, one node at each call; then a step of descent."""
        kind, fused = self.graph, self.granularity == "fused"
        if kind in ("logistic", "linear", "average"):
            examples = []
            for _ in range(2 if kind == "average" else 1):
                x, u = rng.normal(size=2).round(1)
                examples.append((x, u, float(x - u > 0)))
            model = "linear" if kind == "linear" else "logistic"
            crossed = self.slip == "crossed"
            g, _ = regression(model, fused, self.theta, examples, self.dtype, crossed)
        elif kind == "fan-out":
            g = fan_out(self.dtype)
        elif kind == "random":
            g = random_dag(rng, self.dtype, 14)
        else:
            g, _ = unrolled(0.8, 0.5, min(self.unroll, 4), self.dtype)

        places = layers(g)
        edges = [(i, n) for n, inputs in enumerate(g.inputs) for i in inputs]
        known, passed = set(g.leaves()), set()

        def look(now):
            labels, rows, state = [], [], []
            for n, name in enumerate(g.names):
                value = f"{g.values[n]:.3g}" if n in known else "·"
                slope = f"{g.grads[n]:.3g}" if n in passed else "·"
                labels.append(f"{name} ∂{slope}" if n in passed else f"{name} {value}")
                rows.append([f"{n} {name}", " ".join(map(str, g.inputs[n])), value, slope])
                state.append(1.0 if n in passed else 0.5 if n in known else 0.0)
            stage.graph("graph", places, edges, values=state, labels=labels, marked=[now])
            columns = ["node", "from", "value", "gradient"]
            stage.table("sweep", columns, rows, best=[now])

        for n in range(len(g.ops)):
            if n not in known:
                g.forward_at(n)
                known.add(n)
                look(n)
                yield n
        g.start_backward()
        order = reversed(range(len(g.ops)))
        for n in g.breadth_first() if self.slip == "breadth-first" else order:
            passed.add(n)
            g.backward_at(n, self.slip)
            look(n)
            yield n
        if kind in ("logistic", "linear", "average"):
            self.theta = [t - 0.2 * float(d) for t, d in zip(self.theta, g.grads[:3], strict=True)]

    def compare_granularity(self, rng, worst):
        """Fine against fused, the residual at z, and a weight shared by five turns of a loop."""
        theta, (x, u) = 0.5 * rng.normal(size=3), rng.normal(size=2)
        for kind in ("logistic", "linear"):
            y = float(rng.random() < 0.5)
            fine, _ = regression(kind, False, theta, [(x, u, y)], self.dtype)
            fused, _ = regression(kind, True, theta, [(x, u, y)], self.dtype)
            values = [fine.forward()], [fused.forward()]
            record(worst, "fused", *values)
            record(worst, "fused", fine.backward()[:6], fused.backward()[:6])
            crossed = self.slip == "crossed"
            g, z = regression(kind, False, theta, [(x, u, y)], self.dtype, crossed)
            g.forward()
            here = theta[0] * x + theta[1] * u + theta[2]
            expected = 2 * (here - y) if kind == "linear" else 1 / (1 + np.exp(-here)) - y
            record(worst, "residual", [g.backward()[z]], [expected])

        g, ws = unrolled(theta[0], x, 5, self.dtype, shared=False)
        g.forward()
        summed = sum(g.backward()[node] for node in ws)
        w = torch.tensor(theta[0], dtype=torch.float64, requires_grad=True)
        h = torch.tensor(0.0, dtype=torch.float64)
        for _ in range(5):
            h = torch.tanh(w * (h.detach() if self.slip == "detach" else h) + x)
        h.backward()
        record(worst, "shared", [summed], [w.grad.item()])

        g = fan_out(self.dtype)
        g.forward()
        worst["fan-out"] = float(g.backward(slip=self.slip)[0])

    def compare_differences(self, stage):
        """The derivative of sin(x) eˣ at 1: differences for many h, and the engine."""
        truth = np.exp(1.0) * (np.sin(1.0) + np.cos(1.0))

        def errors(dtype, hs):
            one = dtype(1)
            complex_type = np.complex128 if dtype is np.float64 else np.complex64

            def f(x):
                return np.sin(x) * np.exp(x)

            forward, central = [], []
            for h in map(dtype, hs):
                if self.difference == "complex":
                    found = [f(complex_type(complex(1, h))).imag / h] * 2
                else:
                    found = [(f(one + h) - f(one)) / h, (f(one + h) - f(one - h)) / (2 * h)]
                forward.append(abs(float(found[0]) - truth))
                central.append(abs(float(found[1]) - truth))
            return np.array(forward), np.array(central)

        g = Graph(self.dtype)
        x = g.leaf("x", 1)
        g.node("×", (g.node("sin", (x,)), g.node("exp", (x,))))
        g.forward()
        exact = abs(float(g.backward()[x]) - truth)

        hs = np.logspace(-15, -1, 57)  # four in each decade
        forward, central = errors(self.dtype, hs)
        mine = max(central[np.abs(np.log(hs / self.h)).argmin()], 1e-16)
        stage.axes(
            "finite differences",
            x="h",
            y="error of the derivative",
            log="xy",
            lines={f"central at h = {self.h:.0e}": mine},
        )
        stage.plot(
            "finite differences",
            hs,
            {
                "forward": np.maximum(forward, 1e-16),
                "central": np.maximum(central, 1e-16),
                "autodiff": np.full(len(hs), max(exact, 1e-16)),
            },
        )
        stage.measure(
            autodiff_error=exact,
            best_difference=central[::4].min(),  # one h in each decade: finer ones meet lucky hits
            tiny_difference=forward[0],
            single_difference=errors(np.float32, hs[::4])[0].min(),
        )

    def compare_average(self, stage, rng):
        """The gradient of the average of 512 losses, and the average of 512 gradients."""
        device = stage.device
        exact = torch.float32 if device == "mps" else torch.float64
        x = torch.tensor(rng.normal(size=(512, 2)), dtype=exact, device=device)
        y = (x[:, 0] > x[:, 1]).to(exact)
        theta = torch.tensor([0.5, 0.3], dtype=exact, device=device, requires_grad=True)
        for _ in range(2):
            if self.slip != "no-zero_grad":
                theta.grad = None
            binary_cross_entropy_with_logits(x @ theta, y).backward()

        # A copy of θ for each example: what reaches a copy is the gradient of one loss
        copies = theta.detach().repeat(512, 1).requires_grad_()  # [512, 2]
        losses = binary_cross_entropy_with_logits((x * copies).sum(1), y, reduction="none")
        losses.sum().backward()
        stage.measure(average_gap=(copies.grad.mean(0) - theta.grad).abs().max())

    def look_into_pytorch(self, stage):
        device = stage.device
        images = torch.randn(2, 3, 10, 20, device=device)  # [2, 3, 10, 20]
        net = MyNet(self.slip).to(device)
        for layer in net.layers:  # a plain list is not moved either
            layer.to(device)
        stage.watch(net)
        single = net(images[:1]).reshape(1, 10)
        loss = mse_loss(single, torch.zeros(1, 10, device=device))
        graph = recorded(loss.grad_fn)
        loss.backward()
        kinds = [type(fn).__name__ for _, fn in graph]
        wanted = {
            "AccumulateGrad": 6,
            "AddmmBackward0": 3,
            "ReluBackward0": 2,
            "MseLossBackward0": 1,
        }
        lines = []
        for depth, fn in graph:
            name = type(fn).__name__.removesuffix("Backward0")
            shape = list(fn.variable.shape) if name == "AccumulateGrad" else ""
            lines.append(f"{'│ ' * depth}{name} {shape}")
        total = sum(p.numel() for p in net.parameters())
        stage.text("grad_fn", f"{total:,} parameters\n" + "\n".join(lines))

        leaves = [p for layer in net.layers for p in layer.parameters()]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns whoever asks for such a gradient
            kept = sum(hidden.grad is not None for hidden in net.hidden)
        try:
            outputs = net(images).numel()
        except RuntimeError as error:
            stage.log(f"two images: {error}")
            outputs = 0

        def bent(x):
            if self.slip == "where":
                return torch.where(x > 0, (2 * x).exp().sin(), -x)
            return (2 * x).exp().sin() if x > 0 else -x

        inputs = [torch.tensor(value, requires_grad=True) for value in (1.0, -1.0)]
        nodes = [len(recorded(bent(x).grad_fn)) for x in inputs]
        stage.measure(
            parameters=total,
            unlike=sum(abs(kinds.count(kind) - n) for kind, n in wanted.items()),
            keepers=kept + sum(p.grad_fn is not None for p in leaves),
            outputs=outputs,
            changed_nodes=abs(nodes[0] - nodes[1]),
        )

    def count_costs(self, stage):
        """Multiply-adds for the gradient of a net of 3,466 parameters, 64-32-32-10."""
        x = torch.randn(1, 64, device=stage.device)
        shapes = [(32, 64), (32,), (32, 32), (32,), (10, 32), (10,)]
        theta = [0.1 * torch.randn(shape, device=stage.device) for shape in shapes]
        n = sum(p.numel() for p in theta)

        def loss(theta):
            a = x
            for W, b in zip(theta[::2], theta[1::2], strict=True):
                a = torch.tanh(Product.apply(a, W.T) + b)
            return (a**2).mean()

        def along(directions):
            """The loss and its derivative in one direction: every number has its slope with it."""
            a, da = x, None
            for k in range(0, len(theta), 2):
                (W, b), (dW, db) = theta[k : k + 2], directions[k : k + 2]
                dz = times(a, dW.T) + db
                dz = dz if da is None else dz + times(da, W.T)
                a = torch.tanh(times(a, W.T) + b)
                da = (1 - a**2) * dz
            return (2 * a * da).mean()

        def counted(work):
            MACS[0] = 0
            work()
            return MACS[0]

        forward = counted(lambda: loss(theta))
        tangent = counted(lambda: along([torch.ones_like(p) for p in theta]))  # one of n
        reverse = counted(lambda: loss([p.requires_grad_() for p in theta]).backward())
        costs = {
            "one forward": forward,
            "reverse mode": reverse,
            "forward mode": n * tangent,
            "differences": (n + 1) * forward,
        }
        stage.bars("cost", list(costs), list(costs.values()), log=True, unit="MAC")
        chosen = reverse if self.mode == "reverse" else n * tangent
        stage.measure(gradient_price=chosen / forward, differences_price=(n + 1) * forward / chosen)

    @claim(
        "random graphs of 20 nodes, swept in any topological order, have PyTorch's gradients, "
        "within 1e-10",
        breaks={"slip": "breadth-first", "steps": 60},
    )
    def agrees_with_torch(self, measured):
        return measured.torch_gap < 1e-10

    @claim(
        "and central differences confirm them, within 1e-6",
        breaks={"h": 1e-15, "steps": 60},
    )
    def confirmed(self, measured):
        return measured.difference_gap < 1e-6

    @claim(
        "what arrives by several ways adds up: x·x + 2x at 3 has the slope 8",
        breaks={"slip": "overwrite", "steps": 60},
    )
    def fans_out(self, measured):
        return measured.fan_out == 8

    @claim(
        "a regression in fine nodes and as one block: the same loss and gradients, within 1e-12",
        breaks={"precision": "float32", "steps": 60},
    )
    def same_fused(self, measured):
        return measured.fused_gap < 1e-12

    @claim(
        "both regressions send their residual back, 2(ȳ−y) and ȳ−y, within 1e-12",
        breaks={"slip": "crossed", "steps": 60},
    )
    def residuals(self, measured):
        return measured.residual_gap < 1e-12

    @claim(
        "the gradient of the average loss is the average of the per-example gradients, "
        "within 1e-12",
        breaks={"slip": "no-zero_grad", "steps": 60},
    )
    def average(self, measured):
        return measured.average_gap < 1e-12

    @claim(
        "autodiff is exact: the derivative of sin(x)eˣ at 1 is right to 1e-14",
        breaks={"precision": "float32", "steps": 60},
    )
    def exact(self, measured):
        return measured.autodiff_error < 1e-14

    @claim(
        "the best central difference is good, not exact: its error is from 1e-13 to 1e-8",
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
        "all 3,466 derivatives of a net cost less than 5 forward passes",
        breaks={"mode": "forward", "steps": 60},
    )
    def cheap(self, measured):
        return measured.gradient_price < 5

    @claim(
        "finite differences need more than 50 times the multiply-adds",
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
        "leaves have no grad_fn and intermediate results keep no gradient: 0 exceptions",
        breaks={"slip": "retain_grad", "steps": 60},
    )
    def only_leaves_keep(self, measured):
        return measured.keepers == 0

    @claim(
        "with flatten(1) two images at once give 20 outputs",
        breaks={"slip": "view(-1)", "steps": 60},
    )
    def takes_batches(self, measured):
        return measured.outputs == 20

    @claim(
        "a Python if on the data changes how many nodes are recorded",
        breaks={"slip": "where", "steps": 60},
    )
    def dynamic(self, measured):
        return measured.changed_nodes > 0

    @claim(
        "a loop of five turns: the gradients of each use of w add up to autograd's, within 1e-12",
        breaks={"slip": "detach", "steps": 60},
    )
    def shared_weight(self, measured):
        return measured.shared_gap < 1e-12

    @claim(
        "unrolled far enough, a loop has the gradient that its fixed point has without unrolling, "
        "within 1e-6",
        breaks={"unroll": 3, "steps": 60},
    )
    def implicit(self, measured):
        return measured.implicit_gap < 1e-6


def record(worst, name, ours, theirs):
    """Keep the largest difference, relative to numbers above 1."""
    for a, b in zip(ours, theirs, strict=True):
        error = abs(float(a) - float(b)) / max(1.0, abs(float(b)))
        worst[name] = max(worst.get(name, 0.0), error)


def implicit(w, x):
    """dh*/dw at the fixed point h* = tanh(w h* + x): no history is needed."""
    h = 0.0
    for _ in range(1000):
        h = np.tanh(w * h + x)
    bend = 1 - h**2  # tanh′
    return bend * h / (1 - bend * w)


def layers(g):
    """Places for the nodes: each to the right of its inputs."""
    depth = []
    for inputs in g.inputs:
        depth.append(1 + max(depth[i] for i in inputs) if inputs else 0)
    users = [[n for n, inputs in enumerate(g.inputs) if i in inputs] for i in range(len(g.ops))]
    for n, op in enumerate(g.ops):
        if not op and users[n]:  # a leaf stands just before its first use
            depth[n] = min(depth[m] for m in users[n]) - 1
    rows = {}
    for n, d in enumerate(depth):
        rows.setdefault(d, []).append(n)
    return [[d, -(rows[d].index(n) + 0.5) / len(rows[d])] for n, d in enumerate(depth)]
