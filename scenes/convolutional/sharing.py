"""
# What does a filter know about places it never saw?

Train a net on digits that stand in the left half of a canvas. Then show it digits in the right
half. They are digits like those before. Does it read them?

Take the first layer in three ways, each with C maps of answers, one answer a place:

- **full**: each answer has a weight for each pixel of the canvas.
- **local**: each answer has weights for the K×K window around its place alone, and each place has
  weights of its own.
- **shared**: the window as before, but all places of a map use the *same* weights. That is a
  convolution.

What follows is the same for all: ReLU, the largest answer of each map, a linear layer. With n
pixels and m places the first layer has

    full    C · m · (n + 1)
    local   C · m · (K² + 1)
    shared  C · (K² + 1)

weights, biases included. Looking locally saves a factor of ten here, sharing a further 128.

But the count is not the point. A weight learns from an example only if something lies under it.
The weights that look at the right half never meet a digit, so they stay what chance made them. In
the full net and in the local one these are weights of their own: the nets guess there. In the
shared net there are no such weights. What a filter learns on the left it knows everywhere.

So it is not looking locally that carries knowledge from place to place. Without sharing, small
windows even do worse where the net *was* trained.

## Tomorrow

Ask of each new kind of layer: over what does it share its weights? Then test it where training had
no example: other places, other times, other lengths. If it guesses there, collect examples from
there, or share.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, unfold

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import digits

H, W = 12, 20  # pixels of the canvas
NETS = ("full", "local", "shared")


class Sharing(Scene):
    covers = ("Local Connectivity and Parameters Sharing",)
    panels = {
        "by place": "share of new digits read, by where they stand; training ends at the mark",
        "weights": "of one map: a row is an answer, a column a pixel; grey is 0",
        "nets": "weights of the first layer, and the share of new digits read in each half",
    }
    claims = {
        "carries_over": "trained on the left, the shared net reads over 0.7 of right-half digits",
        "unshared_does_not": "of these the full and the local net read 0.2 or less each",
        "both_learned": "on the left, where they were trained, both read over 0.5",
        "locality_alone": "on the left the local net reads over 0.08 less than the full one",
        "same_place": "on the left the shared net is within 0.1 of the full one, either way",
    }
    tries = (
        Try(
            "sides=both",
            "Training digits stand in both halves now. How many of the right-half digits does the "
            "local net read?",
            ("one in ten, as by guessing", "as many as in the left half", "as many as the shared"),
            right=2,
            breaks="unshared_does_not",
            keeps="carries_over",
            why="Each place can learn, but only from the examples that stand there. So either "
            "half has half of the examples, and is read a little worse than before.",
        ),
        Try(
            "examples=100",
            "There are 100 training digits, not 1,400. Which net loses least on the LEFT?",
            ("full", "local", "shared"),
            right=3,
            breaks="same_place",
            keeps="unshared_does_not",
            why="Each example teaches the shared filter wherever it stands. The others must see "
            "each stroke at each place.",
        ),
        Try(
            "kernel=3",
            "Windows of 3×3 pixels. What happens to the shared net in the RIGHT half?",
            (
                "it falls to guessing",
                "as many read as on the left, but fewer",
                "nothing",
            ),
            right=2,
            breaks="carries_over",
            keeps="unshared_does_not",
            why="A window of 3×3 sees less of a digit. Whatever a filter knows, it knows at all "
            "places.",
        ),
    )
    quick = {"steps": 20, "examples": 100}

    examples = Int(1400, min=50, max=1400, log=True, help="training digits")
    sides = Choice("left", ("left", "both"), help="the halves in which training digits stand")
    kernel = Int(5, min=3, max=7, help="K, the side of the window of local and shared")
    maps = Int(12, min=4, max=24, help="C, maps of the first layer")
    shown = Int(1, min=1, max=24, live=True, help="the map whose weights are shown")
    learning_rate = Float(0.003, min=1e-4, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(400, min=20, max=3000, log=True, help="steps of 64 examples, for each net")

    def run(self, stage):
        images, y, images_test, y_test = digits(self.examples, device=stage.device)
        half = torch.randint(2, (len(y),)) if self.sides == "both" else torch.zeros(len(y))
        x = placed(images, 10 * half + torch.randint(3, (len(y),)))  # [N, 1, H, W]
        x_left = placed(images_test, torch.randint(3, (len(y_test),)))
        x_right = placed(images_test, 10 + torch.randint(3, (len(y_test),)))
        # The same 100 digits at each of the 13 places from left to right: [1300, 1, H, W]
        x_places = torch.cat([placed(images_test[:100], torch.full((100,), k)) for k in range(13)])

        K, C = self.kernel, self.maps
        firsts = (Full(K, C), Local(K, C), nn.Conv2d(1, C, K))
        nets = [
            nn.Sequential(first, nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(C, 10))
            for first in firsts
        ]
        nets = nn.ModuleList(nets).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)

        def read(x, y):
            """The share of images [N, 1, H, W] that each net reads."""
            return [(net(x).argmax(dim=1) == y).float().mean().item() for net in nets]

        @stage.look(25, nets)
        def look():
            left, right = read(x_left, y_test), read(x_right, y_test)
            named = ", ".join(f"{n} {r:.0%}" for n, r in zip(NETS, right, strict=True))
            stage.headline(f"right-half digits read, trained on {self.sides}: {named}")
            hits = [net(x_places).argmax(dim=1).reshape(13, 100) == y_test[:100] for net in nets]
            by_place = [hit.float().mean(dim=1) for hit in hits]  # [13] each
            stage.plot("by place", range(13), dict(zip(NETS, by_place, strict=True)))
            at = min(self.shown, C) - 1
            wide = matrices(firsts, K, at)
            reach = float(max(w.abs().max() for w in wide))
            stage.matrices(
                "weights",
                dict(zip(NETS, wide, strict=True)),
                scales=dict.fromkeys(NETS, (-reach, reach)),
            )
            counts = [sum(p.numel() for p in first.parameters()) for first in firsts]
            rows = [
                (name, f"{count:,}", f"{a:.2f}", f"{b:.2f}")
                for name, count, a, b in zip(NETS, counts, left, right, strict=True)
            ]
            stage.table("nets", ("layer", "weights", "left", "right"), rows)

        trained = {"training ends here": 2} if self.sides == "left" else {}
        stage.axes(
            "by place",
            x="digit's left column",
            y="share read",
            lines={"guessing": 0.1},
            verticals=trained,
        )
        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            batch = torch.randint(len(y), (64,), device="cpu").to(stage.device)
            loss = sum(cross_entropy(net(x[batch]), y[batch]) for net in nets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(nets):
            left, right = (dict(zip(NETS, read(x, y_test), strict=True)) for x in (x_left, x_right))
            stage.claim("carries_over", right["shared"], above=0.7)
            stage.claim("unshared_does_not", max(right["full"], right["local"]), at_most=0.2)
            stage.claim("both_learned", min(left["full"], left["local"]), above=0.5)
            stage.claim("locality_alone", left["full"] - left["local"], above=0.08)
            stage.claim("same_place", left["shared"] - left["full"], within=(-0.1, 0.1))


class Full(nn.Module):
    """An answer at each place of C maps, with a weight for each pixel of the canvas."""

    def __init__(self, K, C):
        super().__init__()
        self.shape = C, H - K + 1, W - K + 1
        self.line = nn.Linear(H * W, C * (H - K + 1) * (W - K + 1))

    def forward(self, x):  # [N, 1, H, W] -> [N, C, H - K + 1, W - K + 1]
        return self.line(x.flatten(1)).reshape(-1, *self.shape)


class Local(nn.Module):
    """An answer at each place of C maps, with weights of its own for its window."""

    def __init__(self, K, C):
        super().__init__()
        rows, columns = H - K + 1, W - K + 1
        self.K = K
        self.weight = nn.Parameter((2 * torch.rand(rows * columns, C, K * K) - 1) / K)
        self.bias = nn.Parameter(torch.zeros(C, rows, columns))

    def forward(self, x):  # [N, 1, H, W] -> [N, C, H - K + 1, W - K + 1]
        windows = unfold(x, self.K)  # [N, K², places]
        answers = torch.einsum("nkp,pck->ncp", windows, self.weight)
        return answers.reshape(-1, *self.bias.shape) + self.bias


def placed(images, lefts):
    """Digits [N, 1, 8, 8] on black, at the columns `lefts` [N], in any row: [N, 1, H, W]."""
    canvas = images.new_zeros(len(images), 1, H, W)
    tops = torch.randint(H - 7, (len(images),)).tolist()
    for image, empty, top, left in zip(images, canvas, tops, lefts.int().tolist(), strict=True):
        empty[:, top : top + 8, left : left + 8] = image
    return canvas


def matrices(firsts, K, shown):
    """Of one map, the weights from row 6 of the canvas to row 6 − K // 2 of answers, thrice."""
    full, local, shared = firsts
    columns, row = W - K + 1, 6 - K // 2
    whole = full.line.weight.reshape(-1, H - K + 1, columns, H, W)[shown, row, :, 6]
    own = local.weight.reshape(H - K + 1, columns, -1, K, K)[row, :, shown, K // 2]  # [columns, K]
    same = shared.weight[shown, 0, K // 2].expand(columns, K)
    bands = []
    for filters in (own, same):
        band = filters.new_zeros(columns, W)
        for place in range(columns):
            band[place, place : place + K] = filters[place]
        bands.append(band)
    return whole, *bands
