"""
# Would you notice a wrong derivative?

You wrote a backward pass by hand, and the net learns. Is it right? Here four nets start with the
same weights. Three have a mistake in their derivatives. Accuracy betrays two of them and hides one.

A net is a function of a function of a function, so its derivative is the **chain rule**, applied
from the cost C back to the input. First forward, one matrix at a time; vectors are columns, a⁰ = x:

    zˡ = Wˡ aˡ⁻¹ + bˡ
    aˡ = g(zˡ)

The last layer has softmax in place of g: p = softmax(z³). The cost is C = −Σ y ln p, where y is 1
for the right class and 0 for the other. Let δˡ = ∂C/∂zˡ be the *error* of layer l. Now backward,
one matrix at a time:

    δ³ = p − y
    δˡ = (Wˡ⁺¹ᵀ δˡ⁺¹) ⊙ g′(zˡ)
    ∂C/∂Wˡ = δˡ aˡ⁻¹ᵀ
    ∂C/∂bˡ = δˡ

Wᵀ sends the error back along the weights on which the answer came. ⊙ multiplies number by number.
g′ says how much a unit still moves; for tanh it is 1 − a². Over many points, take the mean.

- *No transpose*: the error goes back through W², whose sizes fit: 16×16. Layer 1 gets a wrong
  direction. The other layers make the best of what it then offers.
- *No slope*: g′ is left out. That is the backward pass of a net without activations.
- *Element-wise softmax*: δ³ as if each p depended on its own z alone. But softmax divides by a sum
  over every z. Lost are the terms that push the wrong class down.

A Jacobian has a row for each output (numerator layout, as from PyTorch's `jacobian()`) or for each
input (denominator layout). A `.grad` has its parameter's shape.

## Tomorrow

Learning proves nothing. Compare each backward pass that you write with autograd: tiny input,
float64, one matrix at a time. The largest difference should be near 1e-15. If several are off,
begin nearest to the output. Test with layers of unequal width: then sizes catch a lost transpose.
"""

import torch
from torch.nn.functional import cross_entropy, one_hot

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import points

BUGS = ("none", "no transpose", "no slope", "element-wise softmax", "slope at a")


def forward(net, x):
    """The sums before the softmax for points x [2, N], and all that the way back needs."""
    W1, b1, W2, b2, W3, b3 = net
    a1 = torch.tanh(W1 @ x + b1)  # [16, 2] [2, N] -> [16, N]
    a2 = torch.tanh(W2 @ a1 + b2)  # [16, 16] [16, N] -> [16, N]
    z3 = W3 @ a2 + b3  # [2, 16] [16, N] -> [2, N]
    return z3, (x, a1, a2)


def backward(net, z3, kept, y, bug="none"):
    """The gradients of the mean cost by the net's six arrays, in their order; y is [2, N]."""
    _, _, W2, _, W3, _ = net
    x, a1, a2 = kept

    def slope(a):  # g′(z), where a = tanh(z)
        if bug == "no slope":
            return torch.ones_like(a)
        return 1 - (a.tanh() if bug == "slope at a" else a) ** 2

    p = z3.softmax(dim=0)
    delta3 = -y * (1 - p) if bug == "element-wise softmax" else p - y  # [2, N]
    delta2 = (W3.T @ delta3) * slope(a2)  # [16, 2] [2, N] -> [16, N]
    back = W2 if bug == "no transpose" else W2.T
    delta1 = (back @ delta2) * slope(a1)  # [16, 16] [16, N] -> [16, N]

    gradients = []
    for delta, a in ((delta1, x), (delta2, a1), (delta3, a2)):
        gradients.append(delta @ a.T / x.shape[1])  # [out, N] [N, in] -> [out, in], as W
        gradients.append(delta.mean(dim=1, keepdim=True))  # [out, 1], as b
    return gradients


class Backprop(Scene):
    covers = ("Backpropagation and the chain rule",)
    panels = {
        "test accuracy": "four nets on new points, three of them with a mistake; higher is better",
        "gap to autograd": "largest difference of any derivative; 1e-15 is rounding, not a mistake",
        "your net, backward": "how each matrix of gradients is made, and how far off it is",
    }
    claims = {
        "by_hand": "your net's gradients are autograd's within 1e-10 at each of the steps",
        "hidden_bug": "without the transpose the net still gets over 0.95 of 1,000 new points",
        "plain_bug": "without the slope the net ends at 0.82 to 0.91, where a straight line is",
        "softmax": "your net ends over 0.4 above the one with the element-wise softmax",
    }
    tries = (
        Try(
            "bug='no transpose'",
            "Your error goes back through W² where W²ᵀ belongs. How do you find out?",
            ("an error: sizes do not fit", "the accuracy stays low", "only autograd shows it"),
            right=3,
            breaks="by_hand",
            keeps=("hidden_bug", "softmax"),
            why="W² is 16×16, so both fit. Layer 1 goes a wrong way, but layers 2 and 3 go the "
            "right one, and what layer 1 offers them by chance is enough here.",
        ),
        Try(
            "bug='element-wise softmax'",
            "You differentiate softmax number by number, like a sigmoid. What becomes of your net?",
            ("it learns, only slower", "it ends at a coin's accuracy", "nothing: it learns"),
            right=2,
            breaks=("by_hand", "softmax"),
            why="Each p depends on every z. Without those terms nothing ever pushes a z down. "
            "Both grow, and the one that has grown more is the answer everywhere.",
        ),
        Try(
            "data=rings",
            "Rings instead of moons. Without the slope the net got 87 % on moons. And now?",
            ("about half", "about 87 % again", "as much as the right net"),
            right=1,
            breaks="plain_bug",
            keeps=("by_hand", "hidden_bug", "softmax"),
            why="Without g′ the backward pass is that of a net without activations: it learns "
            "what a straight line can do. On rings that is nothing.",
        ),
    )
    quick = {"steps": 20}
    pace = 30

    bug = Choice("none", BUGS, help="the mistake in your net; slope at a: g′(a) for g′(z)")
    data = Choice("moons", ("moons", "rings", "spiral"), help="where the two classes lie")
    learning_rate = Float(0.5, min=0.01, max=5, log=True, live=True, help="step size α")
    steps = Int(600, min=20, max=10000, log=True, help="full-batch steps")

    def run(self, stage):
        # float64, so that rounding hides no mistake
        xy, label = points(self.data, 1300, device=stage.device)
        xy = xy.double().T  # [2, 1300], points as columns
        x, x_test, y_test = xy[:, :300], xy[:, 300:], label[300:]
        y = one_hot(label[:300], 2).double().T  # [2, 300]

        start = []  # W¹, b¹, W², b², W³, b³
        for wide, tall in ((2, 16), (16, 16), (16, 2)):
            W = torch.randn(tall, wide).double() * (2 / (wide + tall)) ** 0.5
            start += [W.to(stage.device), torch.zeros(tall, 1).double().to(stage.device)]
        bugs = {"your net": self.bug, **{bug: bug for bug in BUGS[1:4]}}
        nets = dict.fromkeys(bugs, start)
        off, worst = {}, 0.0  # the gaps to autograd: of each array now; your net's largest so far

        def autograd(net):
            net = [w.clone().requires_grad_() for w in net]
            z3, _ = forward(net, x)
            return torch.autograd.grad(cross_entropy(z3.T, y.T), net)

        def accuracy(net):
            z3, _ = forward(net, x_test)
            return (z3.argmax(dim=0) == y_test).double().mean().item()

        ones = torch.ones(1, 300).to(x)
        line = torch.linalg.lstsq(torch.cat([x, ones]).T, (y[1] - y[0])[:, None]).solution  # [3, 1]
        straight = ((line[:2].T @ x_test + line[2] > 0)[0] == y_test).double().mean().item()
        stage.axes("test accuracy", y="share right", lines={"a straight line": straight})
        stage.axes("gap to autograd", y="largest difference", log="y")

        @stage.look(5)
        def look():
            right = {name: accuracy(net) for name, net in nets.items()}
            yours, gap = right["your net"], max(off["your net"])
            stage.headline(f"your net: {yours:.0%} right, its gradients off by {gap:.0e}")
            stage.curve("test accuracy", right)
            stage.curve("gap to autograd", {n: max(1e-17, *gaps) for n, gaps in off.items()})
            gap1, _, gap2, _, gap3, _ = [f"{gap:.0e}" for gap in off["your net"]]
            rows = (
                ("δ³", "p − y", "2×N", ""),
                ("W³", "δ³ a²ᵀ", "2×N · N×16", gap3),
                ("δ²", "W³ᵀ δ³ ⊙ g′", "16×2 · 2×N", ""),
                ("W²", "δ² a¹ᵀ", "16×N · N×16", gap2),
                ("δ¹", "W²ᵀ δ² ⊙ g′", "16×16 · 16×N", ""),
                ("W¹", "δ¹ xᵀ", "16×N · N×2", gap1),
            )
            stage.table("your net, backward", ("", "made from", "sizes", "off by"), rows)

        for _ in stage.loop(self.steps):
            for name, net in nets.items():
                z3, kept = forward(net, x)
                gradients = backward(net, z3, kept, y, bugs[name])
                pairs = zip(gradients, autograd(net), strict=True)
                off[name] = [(ours - truth).abs().max().item() for ours, truth in pairs]
                pairs = zip(net, gradients, strict=True)
                nets[name] = [w - self.learning_rate * gradient for w, gradient in pairs]
            worst = max(worst, *off["your net"])

        with stage.probe():
            right = {name: accuracy(net) for name, net in nets.items()}
            stage.claim("by_hand", worst, below=1e-10)
            stage.claim("hidden_bug", right["no transpose"], above=0.95)
            stage.claim("plain_bug", right["no slope"], within=(0.82, 0.91))
            stage.claim("softmax", right["your net"] - right["element-wise softmax"], above=0.4)
            stage.measure(straight_line=straight)
