"""
# What does each part of a layer do?

Your net does not fit data that it should fit. Which part of it is missing? Take the parts away, one
at a time, and see what each was for.

A *unit* adds up its inputs with weights, adds a number of its own, the **bias**, and passes the sum
through a function g, the **activation**. In the plane, the places where the sum is 0 form a
straight line: the thin lines of the picture. The weights turn the line. The bias moves it away from
the middle. The activation makes the unit answer differently on the two sides.

A *layer* is many units that see the same inputs. It is *fully connected* if each unit sees all of
them. Layer l at once:

    zˡ = Wˡ aˡ⁻¹ + bˡ
    aˡ = g(zˡ)

aˡ⁻¹ is what comes in, a column; a⁰ is the point. Wˡ has a row of weights and bˡ a bias for each
unit. zˡ are the sums, and g is applied to each of them by itself: it is a function, not a factor.
Doing this layer by layer is the *forward pass*. The last layer has one unit and no g; the sign of
its sum is the answer.

Three nets start with the same weights and see the same points.

**Without biases** every line of layer 1 runs through the middle. With tanh, where g(−z) = −g(z),
the whole net then has f(−x) = −f(x): opposite points get opposite answers, whatever the weights
are. A ring wants the same answer at both.

**Without activations** the layers multiply out: W³(W²(W¹x)) = (W³W²W¹)x. Three layers are one
matrix, with biases one matrix and one shift. The border is a straight line, and more layers would
not bend it.

## Tomorrow

When a net cannot fit data that it should fit, first look whether biases and activations are really
there: print the model, count its parameters. Exempt biases from weight decay: they shift, they do
not steepen. A layer that batch normalisation follows needs no bias.
"""

from itertools import pairwise

import torch
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from dlplay import Choice, Int, Scene, Try
from dlplay.data import points
from dlplay.nn import grid

NETS = ("whole", "no biases", "no activations")
VIEW = (-1.7, 1.7)


class Units(Scene):
    covers = ("Traditional Neural Network (units, layers, forward propagation)",)
    panels = {
        "border": "the net's answer; thin lines: where each unit of layer 1 has the sum 0",
        "test accuracy": "share of 2,000 new points that each net gets right; higher is better",
        "one point": "what each hidden unit of the shown net passes on for the marked point",
    }
    claims = {
        "whole": "after 600 steps the whole net is right for over 0.95 of 2,000 new points",
        "biases": "leaving out the biases costs over 0.3 more accuracy here than on moons",
        "one_line": "on moons the net without activations is within 0.04 of a least-squares line",
        "bends": "on moons the whole net is right for over 0.06 more than without activations",
    }
    tries = (
        Try(
            "watched='no biases'",
            "The picture changes to the net without biases. How do its lines lie?",
            ("all parallel", "anywhere, as before", "all through the middle"),
            right=3,
            keeps=("whole", "biases"),
            why="Without a bias the sum is 0 at the origin; training can only turn such lines.",
        ),
        Try(
            "data=moons",
            "Moons instead of rings. Which of the nets can do without its biases?",
            ("none: a bias is always needed", "the tanh net", "the one without activations"),
            right=2,
            breaks="biases",
            keeps="whole",
            why="f(−x) = −f(x) suits these moons: each is the other, mirrored through the middle.",
        ),
        Try(
            "activation=relu",
            "ReLU is no odd function. Can the net without biases close the ring now?",
            ("no: near and far on a ray look alike to it", "yes", "only with more units"),
            right=1,
            keeps="whole",
            why="Without biases a ReLU net has f(cx) = c·f(x) for c > 0. The sign is the same all "
            "along a ray, and a ray crosses both rings.",
        ),
        Try(
            "units=2",
            "Two units in each layer, all parts in place. What does the whole net do on rings?",
            ("a closed ring, less smooth", "open: four in five right", "nothing: half right"),
            right=2,
            breaks="whole",
            why="Each unit of layer 1 has one line. Two fence in a strip, three close a figure.",
        ),
    )
    quick = {"steps": 20}
    pace = 30

    data = Choice("rings", ("rings", "moons", "spiral"), help="where the two classes lie")
    watched = Choice("whole", NETS, live=True, help="the net that is shown")
    units = Int(8, min=1, max=32, help="units in each of the two hidden layers")
    activation = Choice("tanh", ("tanh", "relu"), help="the function g")
    point = Int(0, min=0, max=299, live=True, help="the point that is sent through the net")
    steps = Int(600, min=20, max=5000, log=True, help="full-batch steps at rate 0.5")

    def run(self, stage):
        # Each net learns two problems: the chosen one, and moons beside it
        sets = [points(kind, 2300) for kind in (self.data, "moons")]
        xy = torch.stack([x.T for x, _ in sets]).to(stage.device)  # [2, 2, 2300], points as columns
        label = torch.stack([y for _, y in sets]).to(stage.device)  # [2, 2300]
        x, y, x_test, y_test = xy[..., :300], label[:, :300], xy[..., 300:], label[:, 300:]

        W, b = [], []  # of the layers: [3 nets, 2 problems, out, in] and [3, 2, out, 1]
        for wide, tall in pairwise((2, self.units, self.units, 1)):
            start = torch.randn(tall, wide) * (2 / (wide + tall)) ** 0.5  # the same for all
            W.append(start.repeat(3, 2, 1, 1).to(stage.device).requires_grad_())
            b.append(torch.zeros(3, 2, tall, 1, device=stage.device).requires_grad_())
        biased = torch.tensor([1, 0, 1], device=stage.device)[:, None, None, None]
        bent = torch.tensor([1, 1, 0], device=stage.device)[:, None, None, None] == 1
        g = {"tanh": torch.tanh, "relu": torch.relu}[self.activation]
        optimizer = torch.optim.SGD(W + b, lr=0.5)

        def forward(a):
            """All activations of points a [2 problems, 2, N], layer by layer, a⁰ first."""
            layers = [a]
            for k in range(3):
                z = W[k] @ layers[-1] + biased * b[k]
                layers.append(torch.where(bent, g(z), z) if k < 2 else z)
            return layers  # the last: [3, 2, 1, N]

        def accuracy():  # [3 nets, 2 problems]
            return ((forward(x_test)[-1][:, :, 0] > 0) == y_test).float().mean(dim=2)

        places = grid(VIEW, VIEW, 48, stage.device).reshape(-1, 2).T  # [2, 2304]

        @stage.look(10)
        def look():
            shown, right = NETS.index(self.watched), accuracy()[:, 0].tolist()
            named = ", ".join(f"{n} {r:.0%}" for n, r in zip(NETS, right, strict=True))
            stage.headline(f"right on new points: {named}")
            field = forward(places.expand(2, -1, -1))[-1][shown, 0, 0].reshape(48, 48)
            here = x[0, :, self.point][None]  # [1, 2]
            lines = zero_lines(W[0][shown, 0], (biased * b[0])[shown, 0, :, 0])
            stage.plane(
                "border",
                x=VIEW,
                y=VIEW,
                field=field.tanh(),
                kind="signed",
                points=x[0, :, :150].T,
                labels=y[0, :150],
                paths={"a unit's sum is 0": torch.cat([lines, here]), "the marked point": here},
                x_label="x₁",
                y_label="x₂",
            )
            stage.curve("test accuracy", dict(zip(NETS, right, strict=True)))
            stage.heatmap(
                "one point",
                torch.stack([a[shown, 0, :, self.point] for a in forward(x)[1:3]]),  # [2, units]
                rows=("layer 1", "layer 2"),
                x="unit",
                low=-1,
                high=1,
                diverging=True,
            )

        for _ in stage.loop(self.steps):
            answer = forward(x)[-1][:, :, 0]  # [3, 2, 300]
            each = cross_entropy(answer, y.float().expand(3, -1, -1), reduction="none")
            loss = each.mean(dim=2).sum()  # each net has a mean loss of its own
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe():
            right = accuracy()
            drop = right[0] - right[1]  # what the biases are worth on each problem
            ones = torch.ones(1, 300, device=stage.device)
            line = torch.linalg.lstsq(torch.cat([x[1], ones]).T, 2.0 * y[1, :, None] - 1).solution
            straight = ((x_test[1].T @ line[:2] + line[2] > 0)[:, 0] == y_test[1]).float().mean()
            stage.claim("whole", right[0, 0], above=0.95)
            stage.claim("biases", drop[0] - drop[1], above=0.3)
            stage.claim("one_line", (right[2, 1] - straight).abs(), below=0.04)
            stage.claim("bends", right[0, 1] - right[2, 1], above=0.06)


def zero_lines(W, b):
    """The line w·x + b = 0 of each unit, long enough for the view; gaps between: [units · 3, 2]."""
    size = W.norm(dim=1, keepdim=True).clamp(min=1e-9)
    foot = -b[:, None] * W / size**2  # the point of the line that is nearest to the middle
    along = torch.stack([-W[:, 1], W[:, 0]], dim=1) / size
    gap = torch.full_like(foot, torch.nan)
    return torch.stack([foot - 4 * along, foot + 4 * along, gap], dim=1).flatten(0, 1)
