r"""
# A graph that differentiates itself

A model is a parametrised map ȳ = G(x, θ), a cost C(y, ȳ) compares its answer with the right one,
and the **loss** L(x, y, θ) = C(y, G(x, θ)) is both in one. Write it as a **computational graph**: a
node is a variable or an operation, an edge from a to b says that b is computed from a. Whoever
knows the derivative of each *operation* then gets that of the *whole*, and that is all there is to
automatic differentiation. The engine in this file does it in forty lines:

- *forward*: each node takes its inputs' values and computes its own. It remembers them.
- *backward*: the root gets the gradient 1. Each node, from the root on, passes to every input its
  own gradient times the local derivative; what arrives by several ways **adds up**.

That is *reverse mode*. One backward sweep gives the derivatives with respect to all parameters.

## Which models

Linear regression: ȳ = Σθⱼxⱼ with C = (y−ȳ)². Logistic regression: ȳ = σ(Σθⱼxⱼ) with
C = −[y ln ȳ + (1−y) ln(1−ȳ)]. Both send the same **residual** back to the sum, but for a factor:
2(ȳ−y), and ȳ−y. That is no accident: each cost fits its output. Cross them (`slip=crossed`: the
squared cost of a σ) and the factor ȳ(1−ȳ) is left over: a saturated unit hardly gets a gradient,
however wrong it is. Drawn with + and × and σ or as one block (`granularity`), a model has the same
value and the same gradients. A G with dropout or sampling in it is not deterministic; then the
noise is one more input.

**The average.** On m examples the loss is (1/m) Σᵢ L(x⁽ⁱ⁾, y⁽ⁱ⁾, θ), i from 0 to m−1 (not to m).
As a graph: m copies that share θ, and one node that averages (`graph=average` shows two copies).
Sharing is fan-out, so the gradient of the average is the average of the per-example gradients.

## Any acyclic graph, and loops

Reverse mode needs a *directed acyclic graph* (DAG): it sweeps in any order in which a node comes
after all that use it. At every step a random DAG of 20 nodes is differentiated, in a random such
order, and compared with PyTorch and with central differences (f(x+h) − f(x−h))/2h at your `h`.

A loop, h ← tanh(wh + x), is unrolled into such a graph, and the gradients of all uses of w are
added: backpropagation through time. *"Loops must be unrolled"*: not at a fixed point. There
h* = f(h*, w), so dh*/dw = (1 − ∂f/∂h)⁻¹ ∂f/∂w without any history. **unrolled loop** shows how the
unrolled gradient approaches it, by the same factor with every turn.

## Watch

- **graph**, **sweep**: one node a step, values forward, then gradients (∂) back; pause, and step.
  After each sweep the regressions take a step of descent, so their next loss is another.
- **random graphs**: 10⁻¹⁶ from PyTorch is rounding. The differences are off by far more; not
  because the gradients were wrong.

## Try

- `graph=fan-out`: x·x + 2x at 3, where three ways lead back to x: 8. Then `slip=overwrite`: the
  last way that arrives wins, and PyTorch objects.
- `slip=breadth-first`: nodes nearest to the root first. It looks like a fair order; some nodes
  pass on what they have not yet got.
- `slip=truncated`: the loop forgets its past, as in truncated backpropagation through time. Only
  the last use of w gets a gradient, and no number of turns helps.
- `h=1e-15`, `h=0.1`: finite differences no longer confirm anything.
- `precision=float32`: half the digits for our engine; fine and fused nodes round differently.
- `unroll=3`: too short a memory.
"""

import numpy as np
import torch

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
    "cut": (lambda m, a: a, lambda m, a: (0,)),  # the value goes on, the gradient does not
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

    def gradients(self, slip="none"):
        """Forward, then backward."""
        self.forward()
        return self.backward(slip=slip)

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
    g.node("+", (g.node("×", (x, x), "x·x"), g.node("×", (two, x), "2x")), "y")
    return g


def random_dag(rng, dtype, size=20):
    g = Graph(dtype)
    for k in range(5):
        g.leaf(f"x{k + 1}", rng.uniform(-1, 1))
    while len(g.ops) < size:
        op = ("+", "×", "tanh", "sin")[rng.integers(4)]
        count = 2 if op in "+×" else 1
        g.node(op, rng.integers(len(g.ops), size=count).tolist(), f"{op}{len(g.ops) + 1}")
    return g


def unrolled(w, x, turns, dtype, shared=True, cut=False):
    """h ← tanh(w h + x) from 0: one w, or one for each use. Also the nodes of w.
    `cut`: no gradient goes from one turn back to the one before."""
    g = Graph(dtype)
    h, x = g.leaf("h0", 0), g.leaf("x", x)
    ws = [g.leaf("w", w)] if shared else [g.leaf(f"w{k + 1}", w) for k in range(turns)]
    for k in range(turns):
        h = g.node("cut", (h,)) if cut else h
        product = g.node("×", (ws[0 if shared else k], h), f"wh{k}")
        h = g.node("tanh", (g.node("+", (product, x), f"z{k + 1}"),), f"h{k + 1}")
    return g, ws


def regression(kind, fused, theta, examples, dtype, crossed=False):
    """The mean loss of a linear or logistic regression on examples (x₁, x₂, y) as a graph; also
    the node of the first sum z."""
    g = Graph(dtype)
    w, v, b = (g.leaf(n, t) for n, t in zip(("w₁", "w₂", "b"), theta, strict=True))
    losses, first = [], None
    for k, example in enumerate(examples):
        mark = "′" * k
        x, u, y = (g.leaf(n + mark, c) for n, c in zip(("x₁", "x₂", "y"), example, strict=True))
        if fused:
            op = "logistic" if kind == "logistic" else "squared"
            losses.append(g.node(op, (w, v, b, x, u, y), "loss" + mark))
            continue
        products = g.node("×", (w, x), "w₁x₁" + mark), g.node("×", (v, u), "w₂x₂" + mark)
        z = g.node("+", (g.node("+", products, "sum" + mark), b), "z" + mark)
        first = z if first is None else first
        answer = g.node("σ", (z,), "p" + mark) if kind == "logistic" else z
        if kind == "logistic" and not crossed:
            losses.append(g.node("CE", (answer, y), "loss" + mark))
        else:
            losses.append(g.node("²", (g.node("−", (answer, y), "gap" + mark),), "loss" + mark))
    if len(losses) > 1:
        g.node("mean", losses, "average")
    return g, first


class GraphAutodiff(Scene):
    covers = {
        "Computational Graphs in Deep Learning": ("graph", "sweep", "same_fused"),
        "ML Model in Supervised Learning": ("graph", "residuals"),
        "Loss Function": ("graph", "average"),
        "Automatic Differentiation": ("graph", "sweep", "fans_out"),
        "Directed Acyclic Graphs for Backpropagation": (
            "random graphs",
            "unrolled loop",
            "agrees_with_torch",
            "confirmed",
            "shared_weight",
            "implicit",
        ),
    }
    panels = ("graph", "sweep", "random graphs", "unrolled loop")
    quick = {"steps": 20}

    graph = Choice(
        "logistic",
        ("logistic", "linear", "average", "fan-out", "random", "loop"),
        live=True,
        help="the graph that is shown",
    )
    granularity = Choice("fine", ("fine", "fused"), live=True, help="nodes for + and ×, or a block")
    slip = Choice(
        "none",
        ("none", "overwrite", "breadth-first", "crossed", "truncated"),
        live=True,
        help="a mistake to play",
    )
    h = Float(1e-5, min=1e-15, max=0.1, log=True, live=True, help="step of the differences")
    unroll = Int(60, min=1, max=200, log=True, live=True, help="turns of the loop")
    precision = Choice("float64", ("float64", "float32"), help="the engine's numbers")
    steps = Int(600, min=20, max=20000, log=True, help="nodes to visit, and random graphs to test")

    def run(self, stage):
        dtype = np.float64 if self.precision == "float64" else np.float32
        rng, show_rng = np.random.default_rng(stage.seed), np.random.default_rng(stage.seed)
        w, x = rng.uniform(0.5, 0.9), rng.uniform(0.2, 0.6)  # the loop's

        def loop_error(turns):
            g, (node,) = unrolled(w, x, turns, dtype, cut=self.slip == "truncated")
            return abs(float(g.gradients(self.slip)[node]) - implicit(w, x))

        stage.axes("random graphs", x="graph", y="gap", log="y", lines={"allowed": 1e-10})
        stage.axes("unrolled loop", x="turns", y="error of dh/dw", log="y")
        shown = None  # visits the nodes of the graph on show, one when asked

        for step in stage.loop(self.steps):
            if step == 0 or stage.changed("slip", "h"):
                worst, errors = {}, []
            if step == 0 or stage.changed("graph", "granularity", "slip"):
                shown = self.visits(stage, show_rng, dtype)
            next(shown)

            # A random graph: our gradients, PyTorch's and finite differences
            g = random_dag(rng, dtype)
            g.forward()
            sweep = g.breadth_first() if self.slip == "breadth-first" else g.random_sweep(rng)
            ours = g.backward(sweep, self.slip)[:5]
            gaps = {
                "from PyTorch": gap(ours, g.torch_gradients()),
                "differences": gap(ours, g.differences(self.h)),
            }
            stage.curve("random graphs", {name: max(v, 1e-17) for name, v in gaps.items()})

            # Random regressions, and a loop of five turns
            if step % 4 == 0:
                gaps |= self.identities(rng, dtype)
            worst = {name: max(v, worst.get(name, 0.0)) for name, v in (worst | gaps).items()}

            # The long loop, one more turn
            if len(errors) < self.unroll:
                errors.append(loop_error(len(errors) + 1))
            turns = min(self.unroll, len(errors))
            stage.plot(
                "unrolled loop",
                range(1, turns + 1),
                {"unrolled − implicit": np.maximum(errors[:turns], 1e-16)},
            )

            if stage.every(20):
                stage.measure(
                    torch_gap=worst["from PyTorch"],
                    difference_gap=worst["differences"],
                    fused_gap=worst["fused"],
                    residual_gap=worst["residual"],
                    average_gap=worst["average"],
                    shared_gap=worst["shared"],
                    fan_out=fan_out(dtype).gradients(self.slip)[0],
                    implicit_gap=loop_error(self.unroll),
                )

    def identities(self, rng, dtype):
        """Largest gaps in what must be equal, on random numbers."""
        found = {"fused": 0.0, "residual": 0.0, "average": 0.0}
        theta, inputs = 0.5 * rng.normal(size=3), rng.normal(size=(8, 2))
        examples = [(x, u, float(rng.random() < 0.5)) for x, u in inputs]
        (x, u, y), crossed = examples[0], self.slip == "crossed"
        for kind in ("logistic", "linear"):
            # Fine nodes and one block: the loss, and the gradients of all six leaves
            fine, _ = regression(kind, False, theta, examples[:1], dtype)
            fused, _ = regression(kind, True, theta, examples[:1], dtype)
            ours, theirs = fine.gradients()[:6], fused.gradients()[:6]
            found["fused"] = max(
                found["fused"], gap([fine.values[-1], *ours], [fused.values[-1], *theirs])
            )
            # The gradient at z, and the residual
            g, node = regression(kind, False, theta, examples[:1], dtype, crossed)
            z = theta[0] * x + theta[1] * u + theta[2]
            residual = 2 * (z - y) if kind == "linear" else sigmoid(np, z) - y
            found["residual"] = max(found["residual"], gap([g.gradients()[node]], [residual]))
            # Eight copies that share θ, and the average of eight gradients
            g, _ = regression(kind, False, theta, examples, dtype)
            each = [regression(kind, False, theta, [e], dtype)[0].gradients()[:3] for e in examples]
            average = np.mean(each, axis=0)
            found["average"] = max(found["average"], gap(g.gradients(self.slip)[:3], average))

        # A weight that is used in five turns: the sum over its uses, and PyTorch
        g, uses = unrolled(theta[0], x, 5, dtype, shared=False, cut=self.slip == "truncated")
        grads = g.gradients()
        shared, _ = unrolled(theta[0], x, 5, dtype)
        truth = shared.torch_gradients()[2]  # leaves are h0, x, w
        return found | {"shared": gap([sum(grads[node] for node in uses)], [truth])}

    def visits(self, stage, rng, dtype):
        """Forward and backward through a graph, one node at each call; then another example."""
        theta = [0.1, -0.2, 0.0]
        while True:
            g = self.example(rng, dtype, theta)
            back = g.breadth_first() if self.slip == "breadth-first" else range(len(g.ops))[::-1]
            plan = [("↓", n) for n, op in enumerate(g.ops) if op] + [("↑", n) for n in back]
            known, passed, rows = set(g.leaves()), set(), []
            g.start_backward()
            for way, n in plan:
                inputs = " ".join(g.names[i] for i in g.inputs[n])
                if way == "↓":
                    g.forward_at(n)
                    known.add(n)
                    row = ["↓", f"{g.names[n]} = {g.ops[n]} {inputs}", f"{g.values[n]:.3g}", ""]
                else:
                    g.backward_at(n, self.slip)
                    passed.add(n)
                    row = ["↑", f"{g.names[n]} → {inputs}", "", f"{g.grads[n]:.3g}"]
                rows.insert(0, row)
                stage.table("sweep", ["", "newest first", "value", "∂"], rows, best=[0])
                self.picture(stage, g, known, passed, n)
                yield
            if self.graph in ("logistic", "linear", "average"):
                theta = [t - 0.2 * float(d) for t, d in zip(theta, g.grads[:3], strict=True)]

    def picture(self, stage, g, known, passed, now):
        labels, state = [], []
        for n, name in enumerate(g.names):
            value, slope = f"{name} {g.values[n]:.3g}" if n in known else name, g.grads[n]
            labels.append(f"{name} ∂{slope:.3g}" if n in passed else value)
            state.append(1.0 if n in passed else 0.5 if n in known else 0.0)
        edges = [(i, n) for n, inputs in enumerate(g.inputs) for i in inputs]
        down = [[-slot, -depth] for depth, slot in layers(g)]
        stage.graph("graph", down, edges, values=state, labels=labels, marked=[now])

    def example(self, rng, dtype, theta):
        """The graph on show, before anything is computed."""
        if self.graph == "fan-out":
            return fan_out(dtype)
        if self.graph == "random":
            return random_dag(rng, dtype, 14)
        if self.graph == "loop":
            return unrolled(0.8, 0.5, min(self.unroll, 4), dtype, cut=self.slip == "truncated")[0]
        inputs = rng.normal(size=(2 if self.graph == "average" else 1, 2)).round(1)
        examples = [(x, u, float(x - u > 0)) for x, u in inputs]
        kind = "linear" if self.graph == "linear" else "logistic"
        fused, crossed = self.granularity == "fused", self.slip == "crossed"
        return regression(kind, fused, theta, examples, dtype, crossed)[0]

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
        "what arrives by several ways adds up: with a 1 at the root, x·x + 2x at 3 has the slope 8",
        breaks={"slip": "overwrite", "steps": 60},
    )
    def fans_out(self, measured):
        return measured.fan_out == 8

    @claim(
        "the gradient of the average loss of 8 examples that share θ is the average of their "
        "gradients, within 1e-12",
        breaks={"slip": "overwrite", "steps": 60},
    )
    def average(self, measured):
        return measured.average_gap < 1e-12

    @claim(
        "a regression in fine nodes and as one block: the same loss and gradients, within 1e-12",
        breaks={"precision": "float32", "steps": 60},
    )
    def same_fused(self, measured):
        return measured.fused_gap < 1e-12

    @claim(
        "both regressions send their residual back to the sum, 2(ȳ−y) and ȳ−y, within 1e-12",
        breaks={"slip": "crossed", "steps": 60},
    )
    def residuals(self, measured):
        return measured.residual_gap < 1e-12

    @claim(
        "a loop of five turns: the gradients of each use of w add up to autograd's, within 1e-12",
        breaks={"slip": "truncated", "steps": 60},
    )
    def shared_weight(self, measured):
        return measured.shared_gap < 1e-12

    @claim(
        "unrolled far enough, a loop has the gradient that its fixed point has without unrolling, "
        "within 1e-6",
        breaks={"slip": "truncated", "steps": 60},
    )
    def implicit(self, measured):
        return measured.implicit_gap < 1e-6


def gap(ours, theirs):
    """The largest difference of two numbers, relative to numbers above 1."""
    pairs = [(float(a), float(b)) for a, b in zip(ours, theirs, strict=True)]
    return max(abs(a - b) / max(1.0, abs(b)) for a, b in pairs)


def implicit(w, x):
    """dh*/dw at the fixed point h* = tanh(w h* + x): no history is needed."""
    h = 0.0
    for _ in range(1000):
        h = np.tanh(w * h + x)
    bend = 1 - h**2  # tanh′
    return bend * h / (1 - bend * w)


def layers(g):
    """Places for the nodes, (depth, −slot): each deeper than its inputs."""
    depth = []
    for inputs in g.inputs:
        depth.append(1 + max(depth[i] for i in inputs) if inputs else 0)
    users = [[n for n, inputs in enumerate(g.inputs) if i in inputs] for i in range(len(g.ops))]
    for n, op in enumerate(g.ops):
        if not op and users[n]:  # a leaf stands just before its first use
            depth[n] = min(depth[m] for m in users[n]) - 1
    rows, places = {}, []
    for n, d in enumerate(depth):
        rows.setdefault(d, []).append(n)
    for n, d in enumerate(depth):
        place, count = rows[d].index(n), len(rows[d])
        shift = 0.45 * (place % 2) if count > 3 else 0  # room for names
        places.append([d - shift, -(place + 0.5) / count])
    return places
