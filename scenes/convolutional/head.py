"""
# What are most of the weights for?

A convolutional net ends in a **head**: something that turns C small maps into one score a class.
The nets of 1998 to 2014 *flatten*: all C·M² numbers of the maps (M is the side of a map) become one
long list, and a **fully connected** layer, with a weight from every number to every unit, reads it.

    weights of a flat layer of H units
      H · (C · M² + 1)

So most weights of such a net lie in its head. What are they for? The convolutions share their
filters over all places, but the flat layer does not: its weights for "a stroke, here" and "a
stroke, there" are different ones. What it learns at one place it has to learn again at each other.
With few examples it learns the training digits by heart and no more.

A **global pool** takes one number of each map, its largest (or its mean), wherever it stands:

    z_c = max over h, w of map_c(h, w)

The layer after it has C + 1 weights a class. There is nothing to learn again, and the map may have
any size. What is given up is the place itself. For "which digit is it?" that is no loss; for "where
is it?" it is.

Weights are not work. A filter of few weights is used at every place, a weight of the head once. So
in VGG-16, of 2014, nine in ten weights lie in the head, but one in a hundred of the
multiplications.

## Tomorrow

End with a global pool, unless the place matters. If a model is too large, look at its head first;
if it is too slow, at its first layers.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import digits, scattered
from dlplay.nn.known import alexnet, costs, lenet, resnet, vgg

CANVASES = ("16", "24", "32")
HEADS = ("flatten", "global max", "global mean")
KNOWN = {
    "LeNet-5 (1998)": (lenet, (1, 32, 32)),
    "AlexNet (2012)": (alexnet, (3, 227, 227)),
    "VGG-16 (2014)": (lambda: vgg(16), (3, 224, 224)),
    "ResNet-18 (2015)": (lambda: resnet(18), (3, 224, 224)),
    "ResNet-50 (2015)": (lambda: resnet(50), (3, 224, 224)),
}


class Head(Scene):
    covers = ("FC Layer", "Typical CNN Architecture")
    panels = {
        "new digits read": "share read, of digits that stand anywhere; higher is better",
        "weights": "where they lie: the convolutions are the same, the heads are not",
        "known nets": "share of the weights, and of the multiply-adds, in the linear layers",
    }
    claims = {
        "most_weights": "over 0.8 of the flat net's weights lie in its head",
        "fewer_is_better": "with a global max over 0.2 more of the new digits are read",
        "not_untrained": "though the flat net reads over 0.95 of its own training digits",
    }
    tries = (
        Try(
            "examples=1400",
            "There are 1,400 training digits, not 300. How far is the flat head behind now?",
            ("as far as before", "less than half as far", "it leads"),
            right=2,
            breaks="fewer_is_better",
            keeps="most_weights",
            why="It must see each stroke at each place, and more examples are just that.",
        ),
        Try(
            "jitter=0",
            "All digits stand in the middle. Does the flat head still lose?",
            ("as clearly", "hardly, if at all", "it leads clearly"),
            right=2,
            breaks="fewer_is_better",
            keeps=("most_weights", "not_untrained"),
            why="Each stroke has its place now, so there is nothing to learn again elsewhere.",
        ),
        Try(
            "hidden=16",
            "The flat head gets 16 units instead of 64: a quarter of its weights. Does it gain?",
            ("yes, it reads as many as the global max", "no, it stays far behind"),
            right=2,
            keeps="fewer_is_better",
            breaks="most_weights",
            why="It is not the number of weights that hurts. A flat layer of any size must learn "
            "each stroke anew at each place.",
        ),
        Try(
            "canvas=32",
            "The trained nets meet digits on a canvas of 32×32. What does the flat head do?",
            ("it reads as many", "it reads fewer", "it cannot be applied"),
            right=3,
            keeps="fewer_is_better",
            why="Its weights were made for maps of 4×4. The global max does not even notice; the "
            "mean does, as empty places make it smaller.",
        ),
    )
    quick = {"steps": 20, "examples": 100}

    examples = Int(300, min=50, max=1400, log=True, help="training digits")
    jitter = Int(8, min=0, max=8, help="places that a digit can be at, less one, each way")
    hidden = Int(64, min=16, max=256, log=True, help="H, units of the flat head's hidden layer")
    canvas = Choice("16", CANVASES, live=True, help="side of the canvas of new digits, in pixels")
    learning_rate = Float(0.003, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(400, min=20, max=3000, log=True, help="steps of 64 examples, for each net")

    def run(self, stage):
        images, y, images_test, y_test = digits(self.examples, device=stage.device)
        x = scattered(images, 16, self.jitter)  # [N, 1, 16, 16]
        tests = {side: scattered(images_test, int(side), self.jitter) for side in CANVASES}

        low, high = nn.Linear(32 * 4 * 4, self.hidden), nn.Linear(self.hidden, 10)
        heads = (
            nn.Sequential(nn.Flatten(), low, nn.ReLU(), high),
            nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(32, 10)),
            nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)),
        )
        nets = nn.ModuleList(nn.Sequential(trunk(), head) for head in heads).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)
        sizes = [[sum(p.numel() for p in part.parameters()) for part in net] for net in nets]

        def read(net, x, y):
            """The share of images [N, 1, side, side] that a net reads; NaN if they do not fit."""
            if x.shape[-1] != 16 and net is nets[0]:
                return float("nan")
            return (net(x).argmax(dim=1) == y).float().mean().item()

        @stage.look(10, nets)
        def look():
            right = [read(net, tests[self.canvas], y_test) for net in nets]
            flattened = "cannot read" if right[0] != right[0] else f"reads {right[0]:.0%}"
            stage.headline(
                f"flat head: {flattened}, {sum(sizes[0]):,} weights; "
                f"global max: reads {right[1]:.0%}, {sum(sizes[1]):,}"
            )
            stage.curve("new digits read", dict(zip(HEADS, right, strict=True)))

        stage.axes("new digits read", x="step", y="share read", lines={"guessing": 0.1})
        parts = zip(*sizes, strict=True)
        stage.stack("weights", HEADS, dict(zip(("convolutions", "head"), parts, strict=True)))
        rows = [shares(name, *known) for name, known in KNOWN.items()]
        printed = [(name, f"{w:,}", f"{share:.1%}", f"{work:.1%}") for name, w, share, work in rows]
        stage.table("known nets", ("net", "weights", "linear", "of the work"), printed)

        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            batch = torch.randint(len(y), (64,), device="cpu").to(stage.device)
            loss = sum(cross_entropy(net(x[batch]), y[batch]) for net in nets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            flattened, pooled = (read(net, tests["16"], y_test) for net in nets[:2])
            stage.claim("most_weights", sizes[0][1] / sum(sizes[0]), above=0.8)
            stage.claim("fewer_is_better", pooled - flattened, above=0.2)
            stage.claim("not_untrained", read(nets[0], x, y), above=0.95)
            stage.measure(on_24x24=read(nets[1], tests["24"], y_test), vgg_work=rows[2][3])


def trunk():
    """Two convolutions, each halved: [N, 1, side, side] -> [N, 32, side / 4, side / 4]."""
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Sequential(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
    )


def shares(name, make, shape):
    """Of a known net: its weights, and what share of them and of its work is in linear layers."""
    with torch.device("meta"):  # shapes without numbers
        layers = costs(make(), shape)
    linear = [layer for layer in layers if layer.kind == "linear"]
    weights, work = (sum(getattr(c, what) for c in layers) for what in ("weights", "products"))
    in_weights, in_work = sum(c.weights for c in linear), sum(c.products for c in linear)
    return name, weights, in_weights / weights, in_work / work
