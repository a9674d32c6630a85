"""
# How far does one unit really see?

A net must say which of two dots is left, the bright or the dark one. No unit that sees only one of
the dots can know. How deep must the net be for one unit to see both?

The **receptive field** of a unit are the pixels that can reach it. One 3×3 layer: a square of side
3. The next layer looks at a 3×3 square of such units, so its field has side 5. After L layers of
filters K×K:

    r = 1 + L(K − 1)

That is the field *on paper*. Padding does not change it. A *dilation* D, which leaves D − 1 pixels
between the weights of a filter, makes a layer's share (K − 1)·D, and every layer after a stride of
S counts S times.

But not all pixels in it count alike. The picture shows how strongly each pixel moves one unit in
the middle: the size of its gradient, averaged over nets that nobody has trained. From a pixel to
the unit lead many paths, and at each layer a path moves by −1, 0 or 1 in each direction. To the
corner leads a single one, all steps the same way; to the middle lead millions. It is a random walk
of L steps, and such a walk gets about √L far:

    part that counts ∝ √L

Four times the depth, four times the paper, but only twice the part that counts. Training starts
there. Three nets learn to tell the dots apart; two of them have two layers.

## Tomorrow

Work out r before you build, from the distance that your net must relate, and plan for clearly more
than that. Get it by dilation or stride before you get it by depth.
"""

import torch
from torch import nn
from torch.nn.functional import conv2d, cross_entropy

from dlplay import Choice, Float, Int, Scene, Try

N = 41  # a side of the picture of gradients: just the field of 20 layers
C, COPIES = 4, 24  # maps of a random net; how many such nets
H, W = 9, 21  # of the strip that the dots lie on: a ring both ways
NETS = {"2 layers": (1, 1), "4 layers": (1, 1, 1, 1), "2 layers, dilated": (1, 4)}  # dilations


class ReceptiveField(Scene):
    covers = ("More about Receptive Fields",)
    panels = {
        "one unit": "how much each pixel moves the unit in the middle; squares: paper, 95 % of it",
        "which is left": "the two answers; below: what one unit of each net sees on paper",
        "accuracy": "share of 500 new strips whose order each net tells; higher is better",
        "width": "side of the field on paper and of the part that counts; both axes log",
    }
    claims = {
        "square_root": "the gradient's spread grows like depth to the power 0.4 to 0.6",
        "core": "of the deepest unit 95 % lie in a square of 0.3 to 0.5 of the side on paper",
        "too_short": "two layers, field 5, stay between 0.4 and 0.6 for dots 6 apart",
        "deep_enough": "four layers, field 9, tell the order of 0.95 or more of 500 new strips",
        "wide_enough": "so do two layers that are dilated, field 11",
    }
    tries = (
        Try(
            "gap=2",
            "The dots are 2 pixels apart, not 6. Which nets solve it now?",
            ("all three", "the two with larger fields", "only the one with field 5"),
            right=1,
            breaks="too_short",
            keeps=("deep_enough", "wide_enough"),
            why="Both dots lie well within every field.",
        ),
        Try(
            "gap=9",
            "The dots are 9 pixels apart. Which nets solve it now?",
            ("four layers, dilated", "only the dilated one", "none"),
            right=2,
            breaks="deep_enough",
            keeps=("too_short", "wide_enough"),
            why="To see both dots takes 10 pixels. Depth gave four layers only 9.",
        ),
        Try(
            "dilation=growing",
            "Layer l of the random nets has dilation l. How does the part that counts grow?",
            ("with √L, as before", "with L", "faster than L"),
            right=3,
            breaks="square_root",
            why="The steps of the walk grow as well: L steps, each as wide as it is deep.",
        ),
    )
    quick = {"steps": 10}
    pace = 10

    layers = Int(20, min=1, max=20, live=True, help="L of the unit that is shown")
    dilation = Choice("1", ("1", "growing"), help="of the random nets: 1, or l in layer l")
    gap = Int(6, min=2, max=9, help="pixels from one dot to the other")
    noise = Float(0.1, min=0, max=0.5, step=0.05, live=True, help="noise on every pixel")
    steps = Int(60, min=10, max=1000, log=True, help="steps of all three nets, 64 strips each")

    def run(self, stage):
        dilations = [1] * 20 if self.dilation == "1" else [1, 2, 3, 4, 5]
        depth = torch.arange(1, len(dilations) + 1)
        paper = 1 + 2 * torch.tensor(dilations).cumsum(0)  # [L]
        energy = gradients(dilations, stage.device)  # [L, N, N]
        away = (torch.arange(N, device=stage.device) - N // 2).abs()
        spread = (energy.sum(dim=1) * away**2).sum(dim=1).sqrt()  # [L], pixels
        square = torch.maximum(away[:, None], away)  # [N, N], half the side of a pixel's square
        inside = torch.stack([(energy * (square <= r)).sum(dim=(1, 2)) for r in range(21)])
        counts = 1 + 2 * (inside < 0.95).sum(dim=0)  # [L], side of the square that holds 95 %

        def strips(count):
            """Strips [count, 1, H, W], and whether the bright dot is left, 1 or 0."""
            x, left = self.noise * torch.randn(count, H, W), torch.randint(2, (count,))
            row, column = torch.randint(H, (count,)), torch.randint(W, (count,))
            i, bright = torch.arange(count), 2.0 * left - 1
            x[i, row, column] += bright
            x[i, row, (column + self.gap) % W] -= bright
            return x[:, None].to(stage.device), left.to(stage.device)

        nets = nn.ModuleList(net(each) for each in NETS.values()).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters())
        rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, total_steps=self.steps)
        x_new, left_new = strips(500)

        def right():
            return [(n(x_new).argmax(dim=1) == left_new).float().mean() for n in nets]

        stage.axes("width", x="layers L", y="pixels", log="xy")
        stage.axes("accuracy", y="accuracy", lines={"guessing": 0.5})

        @stage.look(1)
        def grow():
            shown = min(self.layers, len(depth), 1 + stage.step // 3)
            side, core = int(paper[shown - 1]), int(counts[shown - 1])
            edges = (("on paper", side), ("95 %", core))
            squares = {n: (N // 2 - w // 2, N // 2 - w // 2, w, w) for n, w in edges}
            size = {f"gradient, {shown} layers": energy[shown - 1].sqrt()}
            stage.matrices("one unit", size, windows=dict.fromkeys(size, squares))
            widths = {"on paper": paper[:shown], "95 %": counts[:shown]}
            stage.plot("width", depth[:shown], widths)
            stage.headline(f"{shown} layers: {side} pixels wide on paper, 95 % lie in {core}")

        @stage.look(5, nets)
        def look():
            stage.curve("accuracy", dict(zip(NETS, right(), strict=True)))
            example, middle = torch.zeros(H, W), 5 + self.gap // 2
            example[4, 5], example[4, 5 + self.gap] = 1, -1
            reach = {name: sum(each) for name, each in NETS.items()}  # to each side
            rows = {name: (max(0, 4 - r), min(H, 1 + 2 * r)) for name, r in reach.items()}
            fields = {n: (rows[n][0], middle - r, rows[n][1], 1 + 2 * r) for n, r in reach.items()}
            stage.matrices(
                "which is left",
                {"bright left": example, "dark left": -example, "fields": 0 * example},
                windows={"fields": fields},
                grey=("bright left", "dark left", "fields"),
                scales={"fields": (-1, 1)},
            )

        for _ in stage.loop(self.steps):
            x, left = strips(64)
            loss = sum(cross_entropy(n(x), left) for n in nets)  # each net has its own gradient
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rates.step()

        with stage.probe(nets):
            logs = torch.cov(torch.stack([depth.log(), spread.cpu().log()]))
            stage.claim("square_root", logs[0, 1] / logs[0, 0], within=(0.4, 0.6))  # the slope
            stage.claim("core", int(counts[-1]) / int(paper[-1]), within=(0.3, 0.5))
            two, four, dilated = right()
            stage.claim("too_short", two, within=(0.4, 0.6))
            stage.claim("deep_enough", four, at_least=0.95)
            stage.claim("wide_enough", dilated, at_least=0.95)


def gradients(dilations, device):
    """How much each pixel moves one unit in the middle: the gradient's square, [L, N, N].

    Of layer 1, 2, ... L; mean of random nets with ReLU side by side, each summing to 1.
    """
    x = torch.randn(1, COPIES, N, N).to(device).requires_grad_()
    a, found = x, []
    for layer, d in enumerate(dilations):
        inputs = C if layer else 1
        k = (torch.randn(COPIES * C, inputs, 3, 3) * (2 / (9 * inputs)) ** 0.5).to(device)
        a = conv2d(a, k, padding=d, dilation=d, groups=COPIES).relu()  # [1, COPIES · C, N, N]
        unit = a[0, :, N // 2, N // 2].sum()
        square = torch.autograd.grad(unit, x, retain_graph=True)[0][0] ** 2  # [COPIES, N, N]
        alike = square / square.sum(dim=(1, 2), keepdim=True).clamp(min=1e-30)
        found.append(alike.sum(dim=0) / alike.sum())
    return torch.stack(found)


def net(dilations):
    """Layers 3×3 with 8 maps, then the largest answer of each map, then a linear layer."""
    layers = []
    for n, d in enumerate(dilations):
        own = {"padding": d, "dilation": d, "padding_mode": "circular", "bias": False}
        layers += [nn.Conv2d(8 if n else 1, 8, 3, **own), nn.BatchNorm2d(8), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8, 2))
