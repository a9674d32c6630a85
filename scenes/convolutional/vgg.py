"""
# Three small filters or one large one?

A unit that is to see a square of 7×7 can have a filter of 7×7. Or a filter of 3×3 that looks at
units with filters of 3×3 that look at such units again: each layer adds one pixel on every side.
**VGG-16**, of 2014, has no filters but 3×3, in 13 layers. What does that save, and what does it
cost?

With C maps before and after, without biases:

    one 7×7        49 · C²  weights
    three 3×3   3 · 9 · C²  weights

27 to 49, at the same field: 45 % saved, and as much of the work.

Four nets read digits that stand anywhere on a canvas of 12×12. All begin with one layer of 3×3 and
end with the largest answer of each map. Between, one has three layers of 3×3, one a single layer
of 7×7. The third has only one layer of 3×3, so that its units see 5×5 instead of 9×9. The fourth is
the first again, without the ReLUs in the stack.

Three small ones are as good as one large one. One small one is behind in most runs, but not by
much: on digits, much is told by parts that fit into 5×5. The ReLUs between the layers, often said
to be the gain of a stack, could be left out here. Larger tasks need both more.

The saving has a price. A signal and its gradient pass three layers now in place of one. Each stack
here has batch norms; take them away, and see who starts to learn. VGG was older than they are: its
deep versions got their first layers from a shallow one, trained before.

## Tomorrow

Stack 3×3, with a norm after each, and check in the first minutes that the deep stack's loss falls.
A filter of 7×7 pays only where it has one weight a map, or few maps to read, as in a first layer.
"""

from itertools import groupby

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Float, Int, Scene, Toggle, Try
from dlplay.data import digits, scattered
from dlplay.nn.known import costs, vgg

SMALL, LARGE, SHORT, LINEAR = "three 3×3", "one 7×7", "one 3×3", "three, no ReLU"
NETS = (SMALL, LARGE, SHORT, LINEAR)
N = 12  # side of the canvas


class Vgg(Scene):
    covers = ("VGG-16",)
    panels = {
        "one unit sees": "squares: what a unit after the middle sees of a digit, layer by layer",
        "digits read": "share of new digits read, wherever they stand; higher is better",
        "weights": "of the middle layers, biases and norms left out; fewer is better",
        "VGG-16": "by stages: last map, pixels that a unit of it sees, weights, multiply-adds",
    }
    claims = {
        "as_good": "three 3×3 read within 0.05 of one 7×7, either way",
        "both_read": "and both read over 0.9 of the new digits",
        "relu_unneeded": "without the ReLUs between its layers it reads within 0.06 as many",
    }
    tries = (
        Try(
            "norm=off",
            "The same without batch norms. Which of the two middles suffers more?",
            ("one 7×7", "three 3×3", "both alike"),
            right=2,
            breaks="as_good",
            why="Signal and gradient pass three layers in place of one, and nothing keeps their "
            "scale.",
        ),
        Try(
            "depth=1",
            "The stack shrinks to one layer of 3×3, with a fifth of the weights of one 7×7. What "
            "does it read?",
            ("nearly as many", "half as many", "one in ten, as by guessing"),
            right=1,
            keeps=("as_good", "both_read"),
            why="Its units see 5×5 pixels. Digits of 8×8 have parts of that size which no other "
            "digit has.",
        ),
    )
    quick = {"steps": 4}

    width = Int(12, min=4, max=32, log=True, help="C, maps of every layer")
    depth = Int(3, min=1, max=10, help="layers of 3×3 in the stacks")
    norm = Toggle(True, help="a batch norm after each layer")
    learning_rate = Float(0.02, min=1e-4, max=0.1, log=True, help="highest of the one-cycle rate")
    shown = Int(0, min=0, max=396, live=True, help="the new digit that is shown")
    steps = Int(200, min=4, max=3000, log=True, help="steps of 32 digits, for each net")

    def run(self, stage):
        images, y, images_test, y_test = digits(device=stage.device)
        x, x_test = (
            scattered(images, N, N - 8),
            scattered(images_test, N, N - 8),
        )  # [1400, 1, N, N], [397]
        sides = {SMALL: [3] * self.depth, LARGE: [7], SHORT: [3], LINEAR: [3] * self.depth}
        nets = [net(self.width, sides[n], self.norm, n != LINEAR) for n in NETS]
        nets = nn.ModuleList(nets).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters())
        cycle = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.learning_rate, total_steps=self.steps
        )
        weights = [sum(p.numel() for p in each[1].parameters() if p.dim() == 4) for each in nets]

        def read():
            return [(n(x_test).argmax(dim=1) == y_test).float().mean().item() for n in nets]

        @stage.look(10, nets)
        def look():
            right = dict(zip(NETS, read(), strict=True))
            stage.curve("digits read", right)
            stage.headline(
                f"{right[SMALL]:.0%} of new digits read with {weights[0]:,} weights in the stack, "
                f"{right[LARGE]:.0%} with {weights[1]:,}"
            )
            drawn = dict.fromkeys(NETS[:3], x_test[self.shown, 0])
            squares = {name: fields([3, *sides[name]]) for name in drawn}
            stage.matrices("one unit sees", drawn, windows=squares, grey=tuple(drawn))

        stage.axes("digits read", y="share read", lines={"guessing": 0.1})
        stage.bars("weights", NETS[:3], weights[:3])
        heads = ("stage", "layers", "puts out", "sees", "weights", "work")
        stage.table("VGG-16", heads, counted())

        for _ in stage.loop(self.steps):
            batch = torch.randint(len(y), (32,), device="cpu").to(stage.device)
            loss = sum(cross_entropy(each(x[batch]), y[batch]) for each in nets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            cycle.step()

        with stage.probe(nets):
            small, large, short, linear = read()
            stage.claim("as_good", small - large, within=(-0.05, 0.05))
            stage.claim("both_read", min(small, large), above=0.9)
            stage.measure(one_small_behind=small - short)
            stage.claim("relu_unneeded", small - linear, within=(-0.06, 0.06))


def net(C, sides, norm, relus):
    """A layer of 3×3, then layers of these sides, the largest of each map, a linear layer.

    Without `relus` there is none between the middle layers, only after the last.
    """
    middle = []
    for at, side in enumerate(sides):
        middle += layer(C, C, side, norm, relus or at == len(sides) - 1)
    ends = nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(C, 10)
    return nn.Sequential(nn.Sequential(*layer(1, C, 3, norm, True)), nn.Sequential(*middle), *ends)


def layer(inputs, C, side, norm, relu):
    convolution = nn.Conv2d(inputs, C, side, padding=side // 2, bias=not norm)
    return [convolution, *[nn.BatchNorm2d(C)] * norm, *[nn.ReLU()] * relu]


def fields(sides):
    """What one unit in the middle sees, layer by layer back to the image, as cells to outline."""
    squares, field = {}, 1
    for at, side in enumerate(reversed(sides)):
        field += side - 1
        corner = max(0, N // 2 - field // 2)
        squares["1 layer" if at == 0 else f"{at + 1} layers"] = (
            corner,
            corner,
            min(N, field),
            min(N, field),
        )
    return squares


def counted():
    """VGG-16 by stages of equal layers, and its sum, on shapes without numbers."""
    with torch.device("meta"):
        found = costs(vgg(16), (3, 224, 224))
    rows = []
    for name, stage in groupby(found, key=lambda layer: layer.name.split(".")[0]):
        layers = list(stage)
        shape, sees = "×".join(map(str, layers[-1].shape)), str(layers[-1].field or "all")
        rows.append((name, str(len(layers)), shape, sees, *sums(layers)))
    return [*rows, ("VGG-16", str(len(found)), "", "", *sums(found))]


def sums(layers):
    return f"{sum(c.weights for c in layers):,}", f"{sum(c.products for c in layers):,}"
