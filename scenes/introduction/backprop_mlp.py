r"""
# Backprop, one matrix at a time

A *unit* adds up its inputs with weights and a bias, the pre-activation z, and bends the sum with an
*activation* function g. A *layer* is many units that see the same inputs; if every unit sees all
of them it is *fully connected*. In columns, with a⁰ = x:

    zˡ = Wˡ aˡ⁻¹ + bˡ        aˡ = g(zˡ), g applied to each number by itself

A bias is the weight of an input that is always 1. It is kept apart because it is initialised
differently and is usually not regularised. Here such a net, 2-16-16-2, learns to tell two moons
apart, and every gradient is worked out *by hand*. The net is a composition of functions, so its
derivative is the **chain rule**, applied from the cost C back to the input. With the error
δˡ = ∂C/∂zˡ, four formulas do it all:

    δᴸ = ∂C/∂aᴸ ⊙ g′(zᴸ)                    at the output
    δˡ = (Wˡ⁺¹ᵀ δˡ⁺¹) ⊙ g′(zˡ)              one layer further back
    ∂C/∂Wˡ = δˡ aˡ⁻¹ᵀ        ∂C/∂bˡ = δˡ

At every step PyTorch's autograd is asked for the same gradients: **hand − autograd**.

## What is true, and what is only told

- *The first formula holds only for a g that treats each number by itself.* Softmax does not: every
  output depends on every z. With cross-entropy, the full Jacobian gives δᴸ = p − y. The
  element-wise rule says −y(1−p) instead: it is right in the true class and misses every wrong one
  by pₖ. A net trained with it (*element-wise*) learns to say one thing for all. With the
  sigmoid for each output and squared error (`head=sigmoid`) the rule is right.
- *Without activations, depth is an illusion*: W³(W²(W¹x)) is one matrix. The *linear* net here has
  all three layers, equals one affine map to the last digits, and does as well as a linear
  classifier that was solved for directly.
- *Without biases* a net of an odd g, such as tanh, is an odd function: f(−x) = −f(x), whatever its
  weights. It cannot put its boundary where the data want it. (A ReLU net without biases is not
  odd; it has f(cx) = c·f(x) for c > 0.)
- *Layouts.* The Jacobian ∂z/∂a has one row an *output* in the **numerator layout**, and is W
  itself: chains are written from the output to the input. In the **denominator layout** it is
  transposed, one row an input, ∂zᵍ/∂zᶠ = diag(g′(zᶠ)) Wᵀ, and chains run the other way; entry
  (i, j) is then ∂zⱼ/∂zᵢ. *"PyTorch uses the denominator layout"* is true only in that a gradient
  has the shape of its parameter: `torch.autograd.functional.jacobian` returns (output, input).
  In training no Jacobian is ever formed, only its product with δ. **sizes** writes the chain
  either way (turn `layout`; G′ is diag(g′), and sizes must match where they meet), with a ✓ where
  autograd agrees.
- C is one number, not a vector; z, a and δ are columns, d×1; and g is *applied*, not multiplied.
  ∂z/∂W would have three indices, but contracted with δ it is just the outer product δ aᵀ.

**The training loop of PyTorch** is three calls: `optimizer.zero_grad()`, `loss.backward()`,
`optimizer.step()`. A `nn.Sequential` that starts at the same weights runs these three: after a
hundred steps its weights are still those of the net trained by hand (*PyTorch loop*, a gap of
weights, in **hand − autograd**).
(Not for ever: with some seeds this learning rate doubles any difference again and again, even one
in the last digit.) The first call is there because `backward` *adds* to `.grad`.

## Watch

- **boundary**: the `watched` net. The linear one turns its line, and that is all it can do.
- **units**: one example's activations and, on the next page, the errors δ on their way back.
- **network**: the same activations in place, with each unit's heaviest weight in and out.
- **hand − autograd**: the largest difference of any gradient. 10⁻¹⁶ is rounding.

## Try

- `slip=element-wise` while it runs: autograd objects at once, and the boundary dissolves.
- `slip=no-g′`: forget one factor. The net may still learn: that is why such bugs live long.
- `slip=no-zero_grad`: the PyTorch net alone goes astray. `slip=bent`: one ReLU left in the linear
  net.
- `head=sigmoid`: the element-wise rule is right, and its claims break.
- `activation=relu`: the net without biases is no longer odd. `activation=identity`: all are linear.
- `layout=denominator`: torch's Jacobian no longer fits.
- `learning_rate=0.005`: too slow for anything.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from dlplay import Choice, Float, Int, Scene, claim
from dlplay.nn import grid

ACTIVATIONS = {  # g, and g′ in terms of z
    "tanh": (torch.tanh, lambda z: 1 - torch.tanh(z) ** 2),
    "relu": (torch.relu, lambda z: (z > 0).to(z.dtype)),
    "sigmoid": (torch.sigmoid, lambda z: torch.sigmoid(z) * (1 - torch.sigmoid(z))),
    "identity": (lambda z: z, torch.ones_like),
}
MODULES = {"tanh": nn.Tanh, "relu": nn.ReLU, "sigmoid": nn.Sigmoid, "identity": nn.Identity}
X, Y = (-1.8, 2.8), (-1.5, 2.0)  # the part of the plane that is shown
SUPER = "⁰¹²³⁴⁵"


def moons(count, device, dtype):
    """Two interleaving half circles: points [count, 2], classes [count]."""
    y = torch.arange(count, device=device) % 2
    angle = torch.pi * torch.rand(count, device=device, dtype=dtype)
    upper = torch.stack([angle.cos(), angle.sin()], 1)
    x = torch.where(y[:, None] == 0, upper, torch.tensor([1.0, 0.5], device=device) - upper)
    return x + 0.15 * torch.randn_like(x), y


class Net:
    """An MLP with its forward and backward pass written out. Rows are examples."""

    def __init__(self, W, b, activation, head):
        self.W, self.b = [w.clone() for w in W], [v.clone() for v in b]  # [out, in], [out]
        self.g = [ACTIVATIONS[activation]] * (len(W) - 1)
        self.head = head
        self.bias = True

    def forward(self, x):
        self.z, self.a = [], [x]
        for k, (W, b) in enumerate(zip(self.W, self.b, strict=True)):
            z = self.a[-1] @ W.T + b  # [N, out]
            self.z.append(z)
            if k < len(self.g):
                self.a.append(self.g[k][0](z))
            else:
                self.a.append(z.softmax(1) if self.head == "softmax" else torch.sigmoid(z))
        return self.a[-1]  # [N, 2]

    def backward(self, y, slip="none"):
        """Gradients of the mean cost for targets y [N, 2]: lists like W and b."""
        p = self.a[-1]
        if self.head == "sigmoid":  # C = ½ Σ (p − y)², g′ = p(1 − p)
            delta = (p - y) * p * (1 - p)
        elif slip == "element-wise":  # C = −Σ y ln p: (−y/p) ⊙ p(1 − p)
            delta = -y * (1 - p)
        else:
            delta = p - y
        self.delta, dW, db = [], [], []
        for k in reversed(range(len(self.W))):
            self.delta.insert(0, delta)
            dW.insert(0, delta.T @ self.a[k] / len(y))  # the mean over examples of δ aᵀ
            db.insert(0, delta.mean(0))
            if k:
                delta = delta @ self.W[k]  # as rows: (Wᵀ δ)ᵀ = δᵀ W
                if slip != "no-g′":
                    delta = delta * self.g[k - 1][1](self.z[k - 1])
        return dW, db

    def step(self, dW, db, rate):
        for k in range(len(self.W)):
            self.W[k] = self.W[k] - rate * dW[k]
            if self.bias:
                self.b[k] = self.b[k] - rate * db[k]

    def autograd(self, x, y):
        """What autograd says about the same weights: lists like W and b."""
        W, b = ([v.detach().requires_grad_() for v in part] for part in (self.W, self.b))
        a = x
        for k in range(len(W)):
            z = a @ W[k].T + b[k]
            a = self.g[k][0](z) if k < len(self.g) else z
        grads = torch.autograd.grad(cost(a, y, self.head), W + b)
        return grads[: len(W)], grads[len(W) :]


def cost(z, y, head):
    """The mean cost of outputs before the last function, z [N, 2], for targets y [N, 2]."""
    if head == "softmax":
        return cross_entropy(z, y)
    return 0.5 * ((torch.sigmoid(z) - y) ** 2).sum(1).mean()


def linear_facts(linear, odd, x):
    """How far the linear net is from one affine map, and the other from f(−x) = −f(x)."""
    matrix, shift = linear.W[0], linear.b[0]  # all layers multiplied out
    for W, b in zip(linear.W[1:], linear.b[1:], strict=True):
        matrix, shift = W @ matrix, W @ shift + b
    linear.forward(x)
    collapse = (linear.z[-1] - (x @ matrix.T + shift)).abs().max()
    odd.forward(x)
    there = odd.z[-1]
    odd.forward(-x)
    return collapse, (odd.z[-1] + there).abs().max()


def gap(ours, theirs):
    """The largest difference of any number in two lists of tensors."""
    return max((a - b).abs().max().item() for a, b in zip(ours, theirs, strict=True))


class BackpropMLP(Scene):
    covers = {
        "Traditional Neural Network (units, layers, forward propagation)": (
            "network",
            "units",
            "collapses",
            "linear_accuracy",
            "odd",
        ),
        "Backpropagation and the chain rule": (
            "hand − autograd",
            "sizes",
            "by_hand",
            "learns",
            "element_wise_gradient",
            "element_wise_fails",
            "numerator",
        ),
        "Pytorch": ("hand − autograd", "same_as_pytorch"),
    }
    panels = ("boundary", "accuracy", "units", "hand − autograd", "sizes", "network")
    quick = {"steps": 20}

    watched = Choice(
        "by hand",
        ("by hand", "element-wise", "no biases", "linear"),
        live=True,
        help="the net that is looked into",
    )
    activation = Choice(
        "tanh", ("tanh", "relu", "sigmoid", "identity"), help="g of the hidden layers"
    )
    layers = Int(2, min=1, max=4, help="hidden layers")
    width = Int(16, min=4, max=64, help="units in a hidden layer")
    head = Choice("softmax", ("softmax", "sigmoid"), help="the outputs' function, and its cost")
    slip = Choice(
        "none",
        ("none", "element-wise", "no-g′", "no-zero_grad", "bent"),
        live=True,
        help="a mistake to play",
    )
    layout = Choice(
        "numerator", ("numerator", "denominator"), live=True, help="how Jacobians are written"
    )
    example = Int(0, min=0, max=299, live=True, help="the example whose numbers are shown")
    learning_rate = Float(0.5, min=0.001, max=5, log=True, live=True, help="step size")
    steps = Int(600, min=20, max=10000, log=True, help="full-batch steps")

    def run(self, stage):
        device = stage.device
        exact = torch.float32 if device == "mps" else torch.float64
        x, labels = moons(300, device, exact)  # [300, 2], [300]
        x_test, labels_test = moons(1000, device, exact)
        y = one_hot(labels, 2).to(exact)  # [300, 2]

        sizes = [2] + [self.width] * self.layers + [2]
        W = [  # Xavier: standard deviation √(2/(in + out))
            torch.randn(o, i, dtype=exact, device=device) * (2 / (i + o)) ** 0.5
            for i, o in pairwise(sizes)
        ]
        b = [torch.zeros(o, dtype=exact, device=device) for o in sizes[1:]]
        nets = {
            "by hand": Net(W, b, self.activation, self.head),
            "element-wise": Net(W, b, self.activation, self.head),
            "no biases": Net(W, b, self.activation, self.head),
            "linear": Net(W, b, "identity", self.head),
        }
        nets["no biases"].bias = False
        hand = nets["by hand"]

        # The same net once more, for PyTorch's own training loop
        modules = []
        for i, o in pairwise(sizes):
            modules += [nn.Linear(i, o), MODULES[self.activation]()]
        twin = nn.Sequential(*modules[:-1]).to(device, exact)
        with torch.no_grad():
            for layer, w, v in zip(twin[::2], W, b, strict=True):
                layer.weight.copy_(w)
                layer.bias.copy_(v)
        optimizer = torch.optim.SGD(twin.parameters(), lr=self.learning_rate)
        stage.watch(twin)

        # The best linear rule, by least squares
        ones = torch.ones(len(x), 1, dtype=exact, device=device)
        rule = torch.linalg.lstsq(torch.cat([x, ones], 1), 2 * y - 1).solution  # [3, 2]
        best = ((x_test @ rule[:2] + rule[2]).argmax(1) == labels_test).double().mean().item()

        stage.axes("accuracy", y="test accuracy", lines={"linear rule": best})
        stage.axes("hand − autograd", log="y", lines={"allowed": 1e-10})
        points = grid(X, Y, 40, device).to(exact)
        worst = 0.0

        for step in stage.loop(self.steps):
            nets["linear"].g[0] = ACTIVATIONS["relu" if self.slip == "bent" else "identity"]

            # Four nets by hand
            gaps = {}
            for name, net in nets.items():
                net.forward(x)
                slip = "element-wise" if name == "element-wise" else "none"
                gradients = net.backward(y, self.slip if name == "by hand" else slip)
                if name in ("by hand", "element-wise"):
                    dW, db = gradients
                    truth = net.autograd(x, y)
                    gaps[name] = gap(dW + db, truth[0] + truth[1])
                net.step(*gradients, self.learning_rate)
            worst = max(worst, gaps["by hand"])
            if step == 0:
                stage.measure(element_wise_gap=gaps["element-wise"])

            # One by PyTorch
            optimizer.param_groups[0]["lr"] = self.learning_rate
            loss = cost(twin(x), y, self.head)
            if self.slip != "no-zero_grad":
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()

            theirs = [p.detach() for layer in twin[::2] for p in (layer.weight, layer.bias)]
            ours = [p for pair in zip(hand.W, hand.b, strict=True) for p in pair]
            gaps["PyTorch loop"] = gap(ours, theirs)
            if step < 100:
                twin_gap = gaps["PyTorch loop"]
            stage.curve("hand − autograd", {k: max(v, 1e-16) for k, v in gaps.items()})
            if stage.every(10):
                right = {}
                for name, net in nets.items():
                    correct = net.forward(x_test).argmax(1) == labels_test
                    right[name] = correct.double().mean().item()
                stage.curve("accuracy", right)
            if stage.every(20) or stage.changed("watched", "example", "layout", "slip"):
                self.look(stage, nets[self.watched], x, y, labels, points)

            if stage.every(50):
                with stage.probe(twin):
                    collapse, oddness = linear_facts(nets["linear"], nets["no biases"], x_test)
                stage.measure(
                    worst_gap=worst,
                    accuracy=right["by hand"],
                    element_wise=right["element-wise"],
                    linear_gap=abs(right["linear"] - best),
                    collapse=collapse,
                    oddness=oddness,
                    twin_gap=twin_gap,
                    jacobian_gap=self.jacobian_gap(hand, x),
                )

    def jacobian_gap(self, net, x):
        """Of ∂z of the outputs / ∂z of the last hidden layer for one example, by hand in the
        chosen layout, from torch's. Infinite where not even the shapes agree."""
        net.forward(x[self.example][None])
        (g, slope), z = net.g[-1], net.z[-2][0]  # z [width]
        jacobian = net.W[-1] @ slope(z).diag()  # numerator: [2, width]
        if self.layout == "denominator":
            jacobian = slope(z).diag() @ net.W[-1].T  # [width, 2]
        torchs = torch.autograd.functional.jacobian(lambda z: net.W[-1] @ g(z) + net.b[-1], z)
        if jacobian.shape != torchs.shape:
            return torch.inf
        return (jacobian - torchs).abs().max()

    def look(self, stage, net, x, y, labels, points):
        """All pictures of a net."""
        slip = "element-wise" if self.watched == "element-wise" else "none"
        slip = self.slip if self.watched == "by hand" else slip
        p = net.forward(points.reshape(-1, 2))  # [1600, 2]
        stage.plane(
            "boundary",
            x=X,
            y=Y,
            field=(p[:, 1] - p[:, 0]).reshape(len(points), -1),
            kind="signed",
            points=x[:120],
            labels=labels[:120],
            x_label="x₁",
            y_label="x₂",
        )

        # One example there and back
        one, target = x[self.example][None], y[self.example][None]
        net.forward(one)
        dW, _ = net.backward(target, slip)
        L = len(net.W)
        page = torch.zeros(2, L + 1, self.width)

        def spread(row):  # every layer fills its row, however few its units
            return row[torch.arange(self.width, device=row.device) * len(row) // self.width]

        for k in range(L + 1):
            page[0, k] = spread(net.a[k][0])
            if k:
                page[1, k] = spread(net.delta[k - 1][0])
        peak = page[1].abs().amax(1, keepdim=True)  # errors shrink on the way
        page[1] = page[1] / peak.clamp(min=1e-30)
        names = ["input", *(f"layer {k}" for k in range(1, L)), "output"]
        stage.heatmap(
            "units",
            page,
            names=["activation a", "error δ, as a share of the layer's largest"],
            rows=names,
            low=-1,
            high=1,
            diverging=True,
        )

        truth, _ = net.autograd(one, target)
        rows = []
        for k in reversed(range(1, L + 1)):
            (d, e), n = net.W[k - 1].shape, SUPER[k]
            if k == L:
                plain = self.head == "softmax" and slip != "element-wise"
                rows.append([f"δ{n}", "p − y" if plain else "C′⊙g′", f"{d}×1", ""])
            else:
                u, m = len(net.W[k]), SUPER[k + 1]
                if self.layout == "denominator":
                    rows.append([f"δ{n}", f"G′{n}W{m}ᵀδ{m}", f"{d}×{d}·{d}×{u}·{u}×1", ""])
                else:
                    rows.append([f"δ{n}ᵀ", f"δ{m}ᵀW{m}G′{n}", f"1×{u}·{u}×{d}·{d}×{d}", ""])
            agrees = "✓" if gap(dW[k - 1 : k], truth[k - 1 : k]) < 1e-10 else "✗"
            rows.append([f"∂W{n}", f"δ{n}a{SUPER[k - 1]}ᵀ", f"{d}×1·1×{e}", agrees])
        stage.table("sizes", ["", "product", "sizes", ""], rows)

        # Each unit, with the heaviest weight on its way in and on its way out
        places, values, edges, first = [], [], set(), [0]
        for k, a in enumerate(net.a):
            count = a.shape[1]
            places += [[k, (j + 0.5) / count] for j in range(count)]
            values += a[0].tolist()
            first.append(first[-1] + count)
            if k:
                weights = net.W[k - 1].abs()  # [out, in]
                edges |= {(first[k - 1] + i, first[k] + j) for j, i in enumerate(weights.argmax(1))}
                edges |= {(first[k - 1] + i, first[k] + j) for i, j in enumerate(weights.argmax(0))}
        stage.graph("network", places, sorted(edges), values=values, low=-1, high=1)

    @claim(
        "the four formulas, coded by hand, agree with autograd to 1e-10 at every step",
        breaks={"slip": "no-g′", "steps": 50},
    )
    def by_hand(self, measured):
        return measured.worst_gap < 1e-10

    @claim(
        "with δ = p − y the net tells the moons apart: over 0.95 right",
        breaks={"slip": "element-wise", "steps": 300},
    )
    def learns(self, measured):
        return measured.accuracy > 0.95

    @claim(
        "the element-wise rule for softmax gets a weight's gradient wrong by more than 0.1",
        breaks={"head": "sigmoid", "steps": 200},
    )
    def element_wise_gradient(self, measured):
        return measured.element_wise_gap > 0.1

    @claim(
        "and a net trained with it stays below 0.7 right",
        breaks={"head": "sigmoid", "steps": 200},
    )
    def element_wise_fails(self, measured):
        return measured.element_wise < 0.7

    @claim(
        "a trained net without activations equals one affine map, to 1e-10",
        breaks={"slip": "bent", "steps": 200},
    )
    def collapses(self, measured):
        return measured.collapse < 1e-10

    @claim(
        "and is as good as the best linear rule, within 0.03",
        breaks={"slip": "bent", "steps": 200},
    )
    def linear_accuracy(self, measured):
        return measured.linear_gap < 0.03

    @claim(
        "without biases a tanh net is odd: f(−x) + f(x) is 0 to 1e-12",
        breaks={"activation": "relu", "steps": 20},
    )
    def odd(self, measured):
        return measured.oddness < 1e-12

    @claim(
        "after 100 steps PyTorch's training loop has the weights of the loop by hand, within 1e-8",
        breaks={"slip": "no-zero_grad", "steps": 50},
    )
    def same_as_pytorch(self, measured):
        return measured.twin_gap < 1e-8

    @claim(
        "torch's jacobian() is in numerator layout, (output, input): it equals W·diag(g′) to 1e-10",
        breaks={"layout": "denominator", "steps": 20},
    )
    def numerator(self, measured):
        return measured.jacobian_gap < 1e-10
