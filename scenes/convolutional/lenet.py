"""
# Was it the new layers that made AlexNet?

In 1998 a net called **LeNet-5** read handwritten digits on cheques: five layers, 61,706 weights. In
2012 **AlexNet** won the contest of naming photographs, and deep learning began to be taken
seriously. Between them lie 14 years, a thousand times the weights, a million photographs, and two
small changes in the layer:

    1998  tanh(z)    mean of 2×2
    2012  max(0, z)  maximum of 3×3

z is what the filters answer; the second entry is how maps are shrunk. Were these the secret? Try
them at the old size: here a digit goes through LeNet-5, from its 32×32 pixels through maps that get
smaller and more, to 120, 84 and 10 numbers, the last one for each class.

Neither is needed. With tanh and means the net of 1998 reads as many digits. A *sigmoid* in their
place costs far more: its slope is ¼ at most, so through four of them hardly a 256th of the gradient
comes back, and its answers are never around 0. What ReLU and maximum bring is not accuracy at five
layers. A ReLU's slope is 1 wherever it is on, however many follow each other. So what changed is
the scale: the data, the graphics cards, the depth, and dropout against learning by heart.

**ImageNet** holds 14 million photographs in 22,000 categories, its contest 1.28 million in 1,000.
Each net may give five answers (*top-5*), as a photo shows more than one thing. Guessing is wrong in
99.5 % of the cases then. AlexNet was wrong in 18.2 %; seven such nets together in 15.3 %.

## Tomorrow

With small images and few examples a small net of this old shape is a strong baseline: try it first.
Report top-1 beside top-5, and one net beside many.
"""

from collections import OrderedDict

import torch
from torch import nn
from torch.nn.functional import cross_entropy, interpolate

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import digits
from dlplay.nn.known import alexnet, costs, lenet, vgg

ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}
POOLS = {"mean": nn.AvgPool2d, "max": nn.MaxPool2d}
OLD, NEW, WORSE = "LeNet", "with ReLU, maximum", "with sigmoid, mean"
KNOWN = {
    "LeNet-5": (lenet, (1, 32, 32)),
    "AlexNet": (alexnet, (3, 227, 227)),
    "VGG-16": (lambda: vgg(16), (3, 224, 224)),
}


class LeNet(Scene):
    covers = (
        "LeNet, AlexNet & VGG-16 (overview, ImageNet and ILSVRC)",
        "LeNet",
        "AlexNet",
    )
    panels = {
        "digits read": "LeNet as it was, with AlexNet's layers, with sigmoids; higher is better",
        "on its way": "a new digit in LeNet: maps, then 120, 84, and 10 scores as shares",
        "layers": "of one known net: what it puts out, pixels seen by a unit, weights, work",
    }
    claims = {
        "old_is_fine": "with tanh and means over 0.92 of the new digits are read",
        "relu_not_needed": "that is within 0.06 of ReLU and maximum, either way",
        "saturation": "with sigmoids over 0.15 fewer are read after as many steps",
        "second_guess": "given two answers, LeNet errs less than two thirds as often",
    }
    tries = (
        Try(
            "activation=relu",
            "ReLU in the place of tanh, means stay. Does LeNet read more?",
            ("clearly more", "about as many", "half as many"),
            right=2,
            keeps="relu_not_needed",
            why="Four tanh in a row are too few to lose the gradient. The gain of ReLU comes with "
            "depth.",
        ),
        Try(
            "activation=sigmoid",
            "Sigmoid in the place of tanh. What does LeNet read now?",
            ("as many as before", "a few less", "far less"),
            right=3,
            breaks=("old_is_fine", "relu_not_needed"),
            why="Its slope is a quarter at most, four times in a row. The first layer hardly hears "
            "of the error.",
        ),
        Try(
            "pool=max",
            "The maximum of 2×2 instead of the mean. Does LeNet read more?",
            ("clearly more", "about as many", "clearly fewer"),
            right=2,
            keeps=("old_is_fine", "relu_not_needed"),
            why="Either halves the maps and keeps what the strokes are. At this size it is a "
            "matter of taste.",
        ),
    )
    quick = {"steps": 4}

    activation = Choice("tanh", ("sigmoid", "tanh", "relu"), help="between LeNet's layers")
    pool = Choice("mean", ("mean", "max"), help="how LeNet shrinks its maps")
    learning_rate = Float(0.002, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    shown = Int(0, min=0, max=396, live=True, help="the new digit that is on its way")
    known = Choice(
        "AlexNet",
        ("LeNet-5", "AlexNet", "VGG-16"),
        live=True,
        help="the net whose layers are listed",
    )
    steps = Int(150, min=4, max=3000, log=True, help="steps of 32 digits, for each net")

    def run(self, stage):
        x, y, x_test, y_test = digits(device=stage.device)  # [1400, 1, 8, 8], [1400]; 397 of test
        x, x_test = (interpolate(each, 32, mode="bilinear") for each in (x, x_test))
        plan = (self.activation, self.pool), ("relu", "max"), ("sigmoid", "mean")
        nets = nn.ModuleList(lenet_5(*each) for each in plan).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)

        def right(net, answers=1):
            """Is a new digit's class among so many best answers? [397]"""
            return (net(x_test).topk(answers).indices == y_test[:, None]).any(dim=1).float()

        @stage.look(10, nets)
        def look():
            read = [right(net).mean().item() for net in nets]
            stage.curve("digits read", dict(zip((OLD, NEW, WORSE), read, strict=True)))
            two = right(nets[0], 2).mean()
            stage.headline(
                f"read: LeNet {read[0]:.0%} ({two:.0%} given two answers), ReLU {read[1]:.0%}, "
                f"sigmoid {read[2]:.0%}"
            )
            a = x_test[self.shown, None]
            maps = {"digit": a[0, 0]}
            for name, layer in nets[0].named_children():
                a = layer(a)
                maps[name] = tiled(a[0]) if name != "class" else a[0].softmax(dim=0)[:, None]
            stage.matrices("on its way", maps, grey=("digit",), scales={"class": (0, 1)})
            stage.table(
                "layers", ("layer", "puts out", "sees", "weights", "work"), rows[self.known]
            )

        rows = {name: counted(name, *known) for name, known in KNOWN.items()}
        stage.axes("digits read", y="share read", lines={"guessing": 0.1})
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            batch = torch.randint(len(y), (32,), device="cpu").to(stage.device)
            loss = sum(cross_entropy(net(x[batch]), y[batch]) for net in nets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            old, new, worse = (right(net).mean().item() for net in nets)
            stage.claim("old_is_fine", old, above=0.92)
            stage.claim("relu_not_needed", old - new, within=(-0.06, 0.06))
            stage.claim("saturation", old - worse, above=0.15)
            errors = (1 - right(nets[0], 2).mean()) / (1 - old)
            stage.claim("second_guess", errors, below=0.667)


def lenet_5(activation, pool):
    """LeNet-5, its second convolution reading all six maps: [N, 1, 32, 32] -> [N, 10]."""
    act, half = ACTIVATIONS[activation], POOLS[pool]
    layers = {
        "C1": nn.Sequential(nn.Conv2d(1, 6, 5), act()),  # 6 maps of 28×28
        "S2": half(2),  # 6 of 14×14
        "C3": nn.Sequential(nn.Conv2d(6, 16, 5), act()),  # 16 of 10×10
        "S4": half(2),  # 16 of 5×5
        "C5": nn.Sequential(nn.Conv2d(16, 120, 5), act()),  # 120 numbers
        "F6": nn.Sequential(nn.Flatten(), nn.Linear(120, 84), act()),
        "class": nn.Linear(84, 10),
    }
    return nn.Sequential(OrderedDict(layers))


def tiled(a):
    """Maps [C, H, W], or numbers, as one matrix."""
    if a.numel() <= 120:
        return a.reshape(-1, 14) if a.numel() == 84 else a.reshape(-1, min(15, a.numel()))
    rows = {6: 2, 16: 4}[len(a)]
    grid = a.reshape(rows, -1, *a.shape[1:])  # [rows, columns, H, W]
    return grid.permute(0, 2, 1, 3).reshape(rows * a.shape[1], -1)


def counted(name, make, shape):
    """The layers of a known net, and their sum, for a table."""
    with torch.device("meta"):  # shapes without numbers
        found = costs(make(), shape)
    rows = [
        ("×".join(map(str, c.shape)), str(c.field or "all"), f"{c.weights:,}", f"{c.products:,}")
        for c in found
    ]
    sums = sum(c.weights for c in found), sum(c.products for c in found)
    rows.append(("", "", *(f"{each:,}" for each in sums)))
    names = [c.name.split(".")[0] for c in found]
    return [(n, *row) for n, row in zip((*names, name), rows, strict=True)]
