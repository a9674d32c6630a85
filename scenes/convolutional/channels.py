"""
# How do many channels become one map?

A colour photo is three pictures on top of each other, its **channels**, and after one layer there
are as many as the layer has filters. How can one filter look at all of them?

It has a slice for each. Every slice slides over its own channel, and at each place the results are
added up, with one bias for all:

    map = b + Σ_c slice_c ∗ x_c

x_c is channel c, ∗ the sliding sum. So **one filter makes one map**, from all channels. A layer of
C_out filters makes C_out maps and has

    C_out · (C_in · K² + 1)

weights. Across the places a filter is narrow, K × K. Across the channels it sees everything.

A filter of **1×1** has only the second half of this: it mixes the channels of one pixel and knows
nothing of its neighbours. It is a small linear layer, used at each pixel. What for? To choose the
mix, and to make few channels of many before a layer that is dear.

The bars are red or green, equally bright, level or upright: four classes. The colour lies *between
the channels*, the angle *between the places*. Four nets of one layer each, then the
largest answer of each map and a linear layer, show who sees what:

- **3×3** has slices for both channels.
- **1×1** sees the colour of single pixels.
- **mean, 3×3** sees a grey picture.
- **mix, 3×3** sees one channel too, but a 1×1 layer, the mean at first, learns how to mix it.

## Tomorrow

Count C_out(C_in K² + 1) before you build. Put a 1×1 layer that reduces the channels before a dear
layer. Do not cut the mix off at 0 where its sign tells something.
"""

import torch
from torch.nn.functional import conv2d, cross_entropy

from dlplay import Float, Int, Scene, Toggle, Try
from dlplay.data import bars

NETS = ("3×3", "1×1", "mean, 3×3", "mix, 3×3")
COLUMNS, SIZE = ("layer", "weights", "multiply-adds"), 16  # of the table; a side of a bar's picture


class Channels(Scene):
    covers = ("Convolutional Layer", "1x1 Convolutional Layer")
    panels = {
        "one filter": "each channel with its own slice; the sum, cut off at 0, is one map",
        "accuracy": "right on 500 new bars; guessing one half of the answer leaves 0.5",
        "count": "a layer of as many channels as filters, N×N places; last: via a quarter of them",
    }
    claims = {
        "both": "with slices for both channels, 3×3 is right for 0.95 or more of 500 new bars",
        "no_places": "1×1 stays between 0.4 and 0.6: half of the answer is a guess",
        "no_colour": "3×3 on the mean of the channels, too, stays between 0.4 and 0.6",
        "half_known": "yet 1×1 names the colour, and the mean the angle, of 0.95 or more",
        "learned_mix": "on one channel, mixed by a learned 1×1, 3×3 is right for 0.9 or more",
    }
    tries = (
        Try(
            "kernel=1",
            "All 3×3 filters become 1×1. What can the first net still tell?",
            ("angle and colour", "the colour", "nothing"),
            right=2,
            breaks=("both", "learned_mix"),
            keeps="no_places",
            why="Each answer comes from a single pixel. However many channels it has, the angle "
            "is not in it.",
        ),
        Try(
            "cut=on",
            "The learned mix is cut off at 0 before the 3×3 filters see it. What is lost?",
            ("nothing: ReLU is part of any layer", "a colour, or both", "the angles"),
            right=2,
            breaks="learned_mix",
            keeps="both",
            why="The mix tells the colours apart by their signs. Cut off, a colour is gone, "
            "and with it the angles of its bars; or both, where the mix is below 0 for both.",
        ),
        Try(
            "side=64",
            "The maps are twice as wide and high. How many weights has the 3×3 layer now?",
            ("as many as before", "4 times as many", "16 times as many"),
            right=1,
            keeps="both",
            why="A filter is the same at all places and does not know how many there are. Only the "
            "work grows, by 4. The full layer has 16 times as many weights.",
        ),
    )
    quick = {"steps": 10}
    pace = 30

    kernel = Int(3, min=1, max=5, help="K, side of the filters that are not 1×1")
    width = Int(16, min=1, max=32, help="filters of each net")
    cut = Toggle(False, help="ReLU after the learned mix")
    noise = Float(0.2, min=0, max=1, step=0.05, help="noise on every pixel of each channel")
    shown = Int(1, min=1, max=32, live=True, help="filter of the 3×3 net that is shown")
    side = Int(32, min=4, max=128, log=True, live=True, help="side N of the maps for the count")
    steps = Int(150, min=10, max=1000, log=True, help="steps of all four nets, 64 bars each")

    def run(self, stage):
        shape, angle = bars(2500, size=SIZE, orientations=2, noise=0)  # [2500, 1, 16, 16], [2500]
        colour = torch.randint(2, (2500,))  # 0 red, 1 green
        x = torch.zeros(2500, 2, SIZE, SIZE)
        x[torch.arange(2500), colour] = shape[:, 0]
        x = (x + self.noise * torch.randn(x.shape)).to(stage.device)
        y = (2 * angle + colour).to(stage.device)
        x_new, y_new = x[2000:], y[2000:]

        def weights(*size):
            """Random ones [outputs, inputs, ...], on the scale that keeps a signal's size."""
            inputs = torch.Size(size[1:]).numel()
            return (torch.randn(size) * (2 / inputs) ** 0.5).to(stage.device).requires_grad_()

        width, K = self.width, self.kernel
        k = [weights(width, 2, K, K), weights(width, 2, 1, 1)]
        k += [weights(width, 1, K, K), weights(width, 1, K, K)]
        mix = torch.full((1, 2, 1, 1), 0.5, device=stage.device, requires_grad=True)  # the mean
        b = [torch.zeros(width, device=stage.device, requires_grad=True) for _ in NETS]
        readout = [weights(4, width) for _ in NETS]
        optimizer = torch.optim.Adam([*k, *b, *readout], lr=0.01)
        optimizer.add_param_group({"params": [mix], "lr": 0.05})

        def answers(x):
            """Of each net: [M, 4] for bars x [M, 2, 16, 16]."""
            mixed = layer(x, mix)
            seen = (x, x, x.mean(dim=1, keepdim=True), mixed.relu() if self.cut else mixed)
            maps = [layer(s, k[n], b[n]).relu() for n, s in enumerate(seen)]  # [M, width, H, W]
            return [m.amax(dim=(2, 3)) @ readout[n].T for n, m in enumerate(maps)]

        stage.axes("accuracy", y="accuracy", lines={"one half guessed": 0.5})

        @stage.look(5)
        def look():
            right = [(a.argmax(dim=1) == y_new).float().mean() for a in answers(x_new)]
            stage.curve("accuracy", dict(zip(NETS, right, strict=True)))
            stage.headline(
                "right: " + ", ".join(f"{n}: {r:.0%}" for n, r in zip(NETS, right, strict=True))
            )
            f = min(self.shown, width) - 1
            bar = x_new[stage.step // 25 % 8][None]  # [1, 2, 16, 16]
            parts = [conv2d(bar[:, c : c + 1], k[0][f, c][None, None])[0, 0] for c in range(2)]
            total = parts[0] + parts[1] + b[0][f]
            slices = {"slice for red": k[0][f, 0], "slice for green": k[0][f, 1]}
            sums = {"red ∗ slice": parts[0], "green ∗ slice": parts[1], "sum + bias": total}
            scales = dict.fromkeys(slices, span(k[0][f])) | dict.fromkeys(sums, span(*parts, total))
            stage.matrices(
                "one filter",
                {"red": bar[0, 0], "green": bar[0, 1]} | slices | sums | {"the map": total.relu()},
                scales=scales | dict.fromkeys(("red", "green"), (0, 1)),
                grey=("red", "green"),
            )
            stage.table("count", COLUMNS, count(width, K, self.side**2))

        for _ in stage.loop(self.steps):
            i = torch.randint(2000, (64,))
            loss = sum(cross_entropy(a, y[i]) for a in answers(x[i]))  # each has its own weights
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe():
            said = torch.stack([a.argmax(dim=1) for a in answers(x_new)])  # [4, 500]
            both, one, mean, mixed = (said == y_new).float().mean(dim=1)
            stage.claim("both", both, at_least=0.95)
            stage.claim("no_places", one, within=(0.4, 0.6))
            stage.claim("no_colour", mean, within=(0.4, 0.6))
            colours, angles = said[1] % 2 == y_new % 2, said[2] // 2 == y_new // 2
            known = torch.stack([colours.float().mean(), angles.float().mean()])
            stage.claim("half_known", known.min(), at_least=0.95)
            stage.claim("learned_mix", mixed, at_least=0.9)


def layer(x, k, b=None):
    """Each channel with its slice k[:, c], then the sum: [M, C_in, H, W] to [M, C_out, ...]."""
    parts = [conv2d(x[:, c : c + 1], k[:, c : c + 1]) for c in range(x.shape[1])]
    total = torch.stack(parts).sum(dim=0)
    return total if b is None else total + b[:, None, None]


def span(*matrices):
    """Ends of one colour scale for all of them, 0 in its middle."""
    return -max(float(m.abs().max()) for m in matrices), max(float(m.abs().max()) for m in matrices)


def count(C, K, places):
    """What layers from C to C channels cost: rows of a name, weights, multiply-adds."""
    size, few, window = C * places, max(1, C // 4), C * K * K
    reduced = few * (C + 1) + few * (few * K * K + 1) + C * (few + 1)
    rows = (
        ("full", size * (size + 1), size * size),
        ("local, not shared", size * (window + 1), size * window),
        (f"{K}×{K}", C * (window + 1), size * window),
        ("1×1", C * (C + 1), size * C),
        (f"1×1, {K}×{K}, 1×1", reduced, (2 * C + few * K * K) * few * places),
    )
    return [(name, f"{weights:,}", f"{work:,}") for name, weights, work in rows]
