"""
# What may stand on the shortcut?

A residual block adds what comes in to what its layers made of it:

    x ← relu(x + F(x))

x are the maps, F is the **branch**: two layers of 3×3, each with a batch norm. The added x is the
**shortcut**. Nothing stands on it. Would it not be better to let it learn something too, or to
keep the sum in scale?

Four nets of 15 such blocks are trained on the same digits. One has plain shortcuts. One has a
learned 1×1 layer W on each. One normalises each sum. In the last, the **pre-activation** net, norm
and ReLU have moved to the front of the branch, and not even a ReLU is left on the way:

    x ← x + F(norm, relu first)

Whatever stands on the way acts again in every block. A norm divides each sum by its spread, some
√2: after 15 blocks little is left of what came in first. Filters that nobody has trained yet mix
the maps 15 times over. A free way hands on as much from the first block as from the last, and by it
the gradient comes back.

Sometimes shapes differ: twice a block here halves the side of its maps and doubles their number,
and x cannot be added as it is. There something must be done, and *only* there. A **projection**, a
1×1 layer with stride 2, has a weight for each pair of maps. Or take every second pixel, and let the
new maps be **zeros**: no weights at all. Both work. Released ResNets project.

Pre-activation is slower at first here, and level or a little ahead after 60 steps. Its published
gain came with a thousand layers.

## Tomorrow

Keep the way free: norms, dropout and gates go into the branch. Project only where shapes change. A
deep model in which a norm follows each sum needs a slow warm-up of the learning rate, or pre-norm.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import cross_entropy, pad, relu

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import digits

STAGES = (8, 16, 32)  # maps of each stage
FREE, LAYER, SUM, PRE = NETS = ("plain", "1×1 on each", "norm of sum", "pre-activation")
BLOCKS = """\
{0:16}      loss {4}
x -+-------------------+-- relu -->
   +-- F --------------+
{1:16}      loss {5}
x -+-- 1x1, norm ------+-- relu -->
   +-- F --------------+
{2:16}      loss {6}
x -+-------------------+-- norm, relu -->
   +-- F --------------+
{3:16}      loss {7}
x -+-------------------+-->
   +-- norm, relu, F --+

F: 3x3, norm, relu, 3x3 (norm)
where shapes change: {8}"""


class ResidualBlock(Scene):
    covers = ("Residual block (dimension matching)", "Pre-activation design")
    panels = {
        "training loss": "mean of the last 10 batches; lower is better",
        "blocks": "what stands on the upper way, the shortcut, in each of the four nets",
        "gradients": "their size in the first layer of each block; block 1 is next to the input",
        "nets": "weights, how many of them stand on shortcuts, and the share of new digits read",
    }
    claims = {
        "free_works": "with plain shortcuts the loss after 60 steps is below 0.9",
        "layer_hurts": "over the last 30 steps a 1×1 layer on each costs over 0.25 more loss",
        "norm_hurts": "over the last 30 steps a norm after each sum costs over 0.5 more loss",
        "order_alike": "there pre-activation is within 0.5 of the plain shortcuts, either way",
        "steeper": "at the start gradients rise to block 1 over 1.1 times more in these two nets",
    }
    tries = (
        Try(
            "blocks=1",
            "One block in each stage, 8 layers. What does a layer or norm on the shortcut cost?",
            ("as much as before", "little or nothing"),
            right=2,
            breaks=("layer_hurts", "norm_hurts"),
            keeps="free_works",
            why="What stands on the way acts three times, not fifteen.",
        ),
        Try(
            "match=zeros",
            "Where shapes change, zeros are added instead of a projection. How does the net with "
            "plain shortcuts train?",
            ("clearly worse: its new maps begin empty", "alike", "not at all"),
            right=2,
            keeps="free_works",
            why="The branch fills the new maps. The old ones pass as they are.",
        ),
        Try(
            "start=identity",
            "In each block F begins at 0, so that at first it hands on its input. Which net gains "
            "most?",
            ("the plain one", "the one with a 1×1 layer on each", "the one with a norm after each"),
            right=3,
            breaks="steeper",
            keeps=("free_works", "layer_hurts"),
            why="Nothing is added at first, so the norm has nothing to divide by: the way is free "
            "until the branches have grown. (Their first layers get no gradient before that.)",
        ),
    )
    quick = {"steps": 4, "blocks": 1}

    blocks = Int(5, min=1, max=6, help="blocks in each of the three stages")
    match = Choice("projection", ("projection", "zeros"), help="the shortcut where shapes change")
    start = Choice("random", ("random", "identity"), help="F at the start: as drawn, or 0")
    learning_rate = Float(0.05, min=0.001, max=0.5, log=True, live=True, help="of SGD")
    steps = Int(60, min=4, max=1000, log=True, help="steps of 32 digits, for each net")

    def run(self, stage):
        x, y, x_test, y_test = digits(device=stage.device)  # [1400, 1, 8, 8], [1400]; 397 of test
        nets = [Net(kind, self.blocks, self.match, self.start) for kind in NETS]
        nets = nn.ModuleList(nets).to(stage.device)
        optimizer = torch.optim.SGD(nets.parameters(), lr=self.learning_rate, momentum=0.9)
        losses = []

        def gradients():
            return [[b.first.weight.grad.norm().item() for b in net.blocks] for net in nets]

        stage.axes("training loss", x="step", y="loss", lines={"guessing": 2.303})
        stage.axes("gradients", x="block", y="length", log="y")

        @stage.look(3)
        def look():
            told = [f"{loss:.2f}" for loss in recent.tolist()]
            named = ", ".join(f"{n} {t}" for n, t in zip(NETS, told, strict=True))
            stage.headline(f"loss: {named}")
            stage.text("blocks", BLOCKS.format(*NETS, *told, self.match))
            sizes = dict(zip(NETS, gradients(), strict=True))
            stage.plot("gradients", range(1, 3 * self.blocks + 1), sizes)

        @stage.look(20, nets)
        def table():
            rows = [
                (
                    name,
                    f"{sum(p.numel() for p in net.parameters()):,}",
                    f"{sum(p.numel() for b in net.blocks for p in b.side.parameters()):,}",
                    f"{(net(x_test).argmax(dim=1) == y_test).float().mean():.2f}",
                )
                for name, net in zip(NETS, nets, strict=True)
            ]
            stage.table("nets", ("net", "weights", "on shortcuts", "read"), rows)

        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            batch = torch.randint(len(y), (32,), device="cpu").to(stage.device)
            loss = torch.stack([cross_entropy(net(x[batch]), y[batch]) for net in nets])  # [4]
            optimizer.zero_grad()
            loss.sum().backward()
            if step == 0:
                sizes = torch.tensor(gradients())  # [4, blocks]
            optimizer.step()
            losses.append(loss.detach())
            recent = torch.stack(losses[-10:]).mean(0)
            stage.curve("training loss", dict(zip(NETS, recent, strict=True)))

        with stage.probe(nets):
            free, layer, norm, pre = torch.stack(losses[-30:]).mean(0).tolist()
            rise = (sizes[:, 0] / sizes[:, -1]).nan_to_num(1.0).tolist()
            stage.claim("free_works", recent[0], below=0.9)
            stage.claim("layer_hurts", layer - free, above=0.25)
            stage.claim("norm_hurts", norm - free, above=0.5)
            stage.claim("order_alike", pre - free, within=(-0.5, 0.5))
            stage.claim("steeper", min(rise[1:3]) / max(rise[0], rise[3]), above=1.1)
            stage.measure(pre_activation_at_the_end=recent[3] - recent[0])


class Block(nn.Module):
    """Maps [N, inputs, M, M] -> [N, outputs, M / stride, M / stride]."""

    def __init__(self, kind, inputs, outputs, match, start):
        super().__init__()
        self.kind, self.stride, self.new = kind, outputs // inputs, outputs - inputs
        self.first = filters(inputs, outputs, 3, self.stride)
        second = filters(outputs, outputs, 3)
        if kind == PRE:
            front, back = [norm(inputs), nn.ReLU()], [norm(outputs), nn.ReLU(), second]
        else:
            front, back = [], [norm(outputs), nn.ReLU(), second, norm(outputs)]
        if start == "identity":
            nn.init.zeros_(back[-1].weight)
        self.F = nn.Sequential(*front, self.first, *back)
        self.side = nn.Sequential()  # hands on what it gets
        if kind == LAYER or (self.new and match == "projection"):
            self.side = nn.Sequential(filters(inputs, outputs, 1, self.stride), norm(outputs))
        self.after = norm(outputs) if kind == SUM else nn.Sequential()

    def forward(self, x):
        short = self.side(x)
        if short.shape[1] < x.shape[1] + self.new:  # every second pixel; the new maps are zeros
            short = pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.new))
        x = self.after(short + self.F(x))
        return x if self.kind == PRE else relu(x)


class Net(nn.Module):
    """A layer, three stages of blocks, the mean of each map, a linear layer."""

    def __init__(self, kind, blocks, match, start):
        super().__init__()
        widths = [STAGES[0], *(width for width in STAGES for _ in range(blocks))]
        pairs = pairwise(widths)
        self.stem = nn.Sequential(filters(1, STAGES[0], 3), norm(STAGES[0]), nn.ReLU())
        self.blocks = nn.Sequential(*(Block(kind, *pair, match, start) for pair in pairs))
        last = [norm(STAGES[2]), nn.ReLU()] if kind == PRE else []
        self.end = nn.Sequential(*last, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))

    def forward(self, x):  # [N, 1, 8, 8] -> [N, 10]
        return self.end(self.blocks(self.stem(x)))


def filters(inputs, outputs, side, stride=1):
    layer = nn.Conv2d(inputs, outputs, side, stride, padding=side // 2, bias=False)
    nn.init.kaiming_normal_(layer.weight)
    return layer


def norm(maps):
    """Batch normalisation by the batch's own mean and variance."""
    return nn.BatchNorm2d(maps, track_running_stats=False)
