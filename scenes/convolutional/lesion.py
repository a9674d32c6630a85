"""
# What if a block is taken out of the trained net?

ResNet-34 and its twin, the *plain* net of 34 layers, have the same blocks of two layers in the same
order. In one, each block's input is added to its output. Train both until they read nearly all
digits, in small: 20 layers. Then leave one block out and train no more. What does the rest still
know?

The plain net is a chain. Each block was made for just what the one before it puts out, and gets
something else now. It falls to guessing, whichever block is missing.

In the residual net the input x₀ travels on by itself, and block n adds its part Fₙ:

    x₃ = x₀ + F₁(x₀) + F₂(x₁) + F₃(x₂)

(without the ReLUs). Take a part away, and the sum of the others stands. Each block is a small
correction of what is there; two neighbours may even change places. Not all are worth the same:
early ones are missed most, as all later ones build on them. Only a block that changes the shape
cannot be left out: the rest would not fit.

Train it with blocks left out at random (*stochastic depth*), and it learns to do without any.

The published nets differ in how many blocks a stage has, and in the block. With two layers of 3×3:
34 = 1 + 2·(3 + 4 + 6 + 3) + 1. From 50 layers on with three, 1×1, 3×3, 1×1, where the first
squeezes the maps to a quarter and the last widens them again: 101 = 1 + 3·(3 + 4 + 23 + 3) + 1.

## Tomorrow

If a residual net is too slow, leave out whole late blocks, measure, and train on a little: it is
the cheapest pruning. Do not try it with a plain net.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import cross_entropy, relu

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import digits
from dlplay.nn.known import RESNET, costs, resnet, vgg

STAGES = (8, 16, 32)  # maps of each stage
NETS = ("residual", "plain")


class Lesion(Scene):
    covers = ("ResNet-34 vs plain-34; ResNet-101",)
    panels = {
        "what remains": "share of new digits read without a block; nothing is trained anew",
        "whole": "share of new digits read by the whole nets; higher is better",
        "known nets": "blocks of each stage, pixels that a last unit sees, and costs at 224×224",
    }
    claims = {
        "both_learn": "whole, each net reads 0.7 or more of the new digits",
        "hardly_missed": "the residual net, a block removed, reads 0.8 or more (median of blocks)",
        "chain_breaks": "the plain net then reads 0.3 or less",
        "early_matter": "the worst removal in the first stage costs more than in the last",
        "order_alike": "two neighbours swapped, the residual net reads 0.8 or more (median)",
    }
    tries = (
        Try(
            "operation=swap",
            "Two neighbouring blocks change places. What does the residual net read?",
            ("one in ten, as by guessing", "about two thirds", "nearly as much as before"),
            right=3,
            keeps="order_alike",
            why="Each adds its part to a sum that hardly changes from block to block.",
        ),
        Try(
            "removed=4",
            "Four of the blocks are taken out at once. What does the residual net read?",
            ("nearly as much as without one", "half or less", "as little as the plain one"),
            right=2,
            breaks="hardly_missed",
            keeps="chain_breaks",
            why="The corrections are small, but not nothing, and later ones count on the earlier.",
        ),
        Try(
            "drop=0.3",
            "In training each block of the residual net was left out now and then. Which is missed "
            "most now?",
            ("one of the first, as before", "none much", "the last"),
            right=2,
            breaks="early_matter",
            keeps="hardly_missed",
            why="No block could count on any other, so none became indispensable.",
        ),
    )
    quick = {"steps": 4, "blocks": 2}
    pace = 30

    operation = Choice("remove", ("remove", "swap"), live=True, help="what is done to the block")
    removed = Int(1, min=1, max=4, live=True, help="blocks removed: this one and the next ones")
    blocks = Int(3, min=2, max=5, help="blocks in each of the three stages")
    drop = Float(0.0, min=0, max=0.5, step=0.1,
                 help="chance that the residual net trains without a block")  # fmt: skip
    steps = Int(150, min=4, max=2000, log=True, help="steps of 32 digits, one-cycle rate, each net")

    def run(self, stage):
        x, y, x_test, y_test = digits(device=stage.device)  # [1400, 1, 8, 8], [1400]; 397 of test
        nets = [Net(self.blocks, residual) for residual in (True, False)]
        nets[1].load_state_dict(nets[0].state_dict(), strict=False)  # the same start
        nets = nn.ModuleList(nets).to(stage.device)
        sgd = torch.optim.SGD(nets.parameters(), momentum=0.9)
        cycle = torch.optim.lr_scheduler.OneCycleLR(sgd, 0.1, total_steps=self.steps)
        every = range(3 * self.blocks)
        kept = [n for n in every if n == 0 or n % self.blocks]  # those that keep the shape
        pairs = [(n, n + 1) for n in kept if n + 1 in kept]

        def read(net, order=every):
            return (net(x_test, order).argmax(dim=1) == y_test).float().mean().item()

        def without(net, n):
            """The share read without block n and the next, `removed` in all."""
            at = kept.index(n)
            gone = [*kept, *kept][at : at + self.removed]
            return read(net, [m for m in every if m not in gone])

        def swapped(net, pair):
            change = dict(zip(pair, reversed(pair), strict=True))
            return read(net, [change.get(m, m) for m in every])

        @stage.look(30, nets)
        def look():
            if self.operation == "remove":
                names = [f"without {n + 1}" for n in kept]
                remains = [[without(net, n) for n in kept] for net in nets]
                done = f"without {'a block' if self.removed == 1 else f'{self.removed} blocks'}"
            else:
                names = [f"{n + 1} ↔ {m + 1}" for n, m in pairs]
                remains = [[swapped(net, pair) for pair in pairs] for net in nets]
                done = "two blocks swapped"
            left = dict(zip(NETS, remains, strict=True))
            stage.bars("what remains", names, left, lines={"guessing": 0.1})
            whole = [read(net) for net in nets]
            stage.curve("whole", dict(zip(NETS, whole, strict=True)))
            told = [f"{w:.0%} → {middle(r):.0%}" for w, r in zip(whole, remains, strict=True)]
            stage.headline(f"{done} (median): residual {told[0]}, plain {told[1]}")

        stage.axes("whole", y="share read", lines={"guessing": 0.1})
        rows = [row(f"ResNet-{n}", resnet, n, stages) for n, (stages, _) in RESNET.items()]
        rows.append(row("VGG-19", vgg, 19, "plain"))
        stage.table("known nets", ("net", "blocks", "sees", "weights", "multiply-adds"), rows)

        for _ in stage.loop(self.steps):
            batch = torch.randint(len(y), (32,))
            order = [n for n in every if n not in kept or torch.rand(()) >= self.drop]
            logits = nets[0](x[batch], order), nets[1](x[batch], every)
            loss = sum(cross_entropy(each, y[batch]) for each in logits)
            sgd.zero_grad()
            loss.backward()
            sgd.step()
            cycle.step()

        with stage.probe(nets):
            remains = [[without(net, n) for n in kept] for net in nets]
            stage.claim("both_learn", min(map(read, nets)), at_least=0.7)
            stage.claim("hardly_missed", middle(remains[0]), at_least=0.8)
            stage.claim("chain_breaks", middle(remains[1]), at_most=0.3)
            first, last = (
                min(
                    left for n, left in zip(kept, remains[0], strict=True) if n // self.blocks == at
                )
                for at in (0, 2)
            )
            stage.claim("early_matter", last - first, above=0)
            stage.claim("order_alike", middle([swapped(nets[0], p) for p in pairs]), at_least=0.8)


class Net(nn.Module):
    """A layer, three stages of blocks, the mean of each map, a linear layer."""

    def __init__(self, blocks, residual):
        super().__init__()
        widths = [STAGES[0], *(width for width in STAGES for _ in range(blocks))]
        pairs = list(pairwise(widths))
        self.residual = residual
        self.stem = nn.Sequential(layer(1, STAGES[0], 3), nn.ReLU())
        self.blocks = nn.ModuleList(
            nn.Sequential(layer(*pair, 3), nn.ReLU(), layer(pair[1], pair[1], 3)) for pair in pairs
        )
        self.end = nn.Linear(STAGES[-1], 10)
        if residual:  # a projection where the shape changes
            sides = [layer(*p, 1) if p[0] != p[1] else nn.Sequential() for p in pairs]
            self.sides = nn.ModuleList(sides)

    def forward(self, x, order):
        """Images [N, 1, 8, 8] -> [N, 10], by the blocks of `order`."""
        x = self.stem(x)
        for n in order:
            x = relu(self.sides[n](x) + self.blocks[n](x) if self.residual else self.blocks[n](x))
        return self.end(x.mean(dim=(2, 3)))


def layer(inputs, outputs, side):
    """A convolution, with stride 2 where the number of maps changes, and a batch norm."""
    stride = 2 if 1 < inputs < outputs else 1
    convolution = nn.Conv2d(inputs, outputs, side, stride, padding=side // 2, bias=False)
    nn.init.kaiming_normal_(convolution.weight)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs))


def middle(numbers):
    return torch.tensor(numbers).median().item()


def row(name, make, layers, stages):
    """Of a known net: blocks, field, weights and work, counted on shapes without numbers."""
    with torch.device("meta"):
        found = costs(make(layers), (3, 224, 224))
    weights, products = sum(c.weights for c in found), sum(c.products for c in found)
    blocks = stages if isinstance(stages, str) else " + ".join(map(str, stages))
    field = max(c.field for c in found)
    return name, blocks, str(field), f"{weights:,}", f"{products / 1e9:.1f} billion"
