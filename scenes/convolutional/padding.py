"""
# What does a net know about the border?

A window cannot stand on the border: half of it would hang over. So a layer's map is smaller than
its picture, with K a filter's side by K − 1 pixels. Ten layers of 3×3 eat a rim of ten pixels.

**Padding** puts P rings of made-up pixels around the picture first. With N pixels on a side the map
has N' of them:

    N' = N + 2P − K + 1

For N' = N, called *same* padding, P is (K − 1)/2, and K must be odd. The usual filling is zeros.

Zeros look harmless, but they are a mark. A filter that averages sees less light beside them: blur a
picture that is 1 everywhere, and it falls to 12/16 at the edges and to 9/16 in the corners. So a
unit can tell that the border is near. The next layer hears it from there, and passes it on.

How much can a net make of that? Here are four small nets, told apart by their padding. They see
pure noise and have to mark the outer two rings of it. Nothing in the picture says where the border
is. Only the padding can.

With *zeros* the net draws the frame. With *circular* padding, where the left border is filled from
the right one, there is no border, and the net guesses. Reflecting the picture at its border, or
repeating the outermost pixel, leaves no dark rim. Still the net finds it: it sees that pixels come
twice, which in noise they never do.

Does it help to bring the picture's mean to 0, so that a zero is nothing special? Try it.

## Tomorrow

When a net knows where things are and should not, look at the padding first. When it must know where
things are, padding may be how it does: test on larger pictures.
"""

from itertools import pairwise

import torch
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.nn.functional import conv2d, pad

from dlplay import Float, Int, Scene, Try

WAYS = {"zeros": "constant", "circular": "circular", "reflect": "reflect", "repeat": "replicate"}
BLUR = [[1 / 16, 2 / 16, 1 / 16], [2 / 16, 4 / 16, 2 / 16], [1 / 16, 2 / 16, 1 / 16]]


class Padding(Scene):
    covers = ("Padding",)
    panels = {
        "marked": "where each net marks the border, on average over 64 pictures of noise",
        "accuracy": "mean of the rim's and the inside's share of right pixels; 0.5 is guessing",
        "blurred": "a picture that is 1 everywhere, blurred once: its first row, across",
    }
    claims = {
        "zeros_tell": "with zeros the rim is found with a balanced accuracy over 0.95",
        "padding_tells": "that is 0.4 or more above the same net with circular padding",
        "repeating_tells": "repeating the outermost pixel is no cure: over 0.85",
    }
    tries = (
        Try(
            "mean=0",
            "The mean of the picture is 0, so a zero is the average. Can zeros still be told?",
            ("no: they are like any pixel", "partly", "as well as before"),
            right=3,
            keeps=("zeros_tell", "padding_tells"),
            why="Zero is the average now, but a row of exact zeros beside noise is easy to see: "
            "it has no variance.",
        ),
        Try(
            "layers=1",
            "One layer of 3×3 instead of three. How well does the net with zeros find the rim?",
            ("as well as before", "better than guessing, but far from perfect", "not at all"),
            right=2,
            breaks=("zeros_tell", "padding_tells"),
            why="The second ring sees no padding at all, and the outermost one only a sum, in "
            "which the noise drowns it.",
        ),
        Try(
            "side=8",
            "Pictures of 8×8: every place is close to the border. What does circular padding do?",
            ("the net finds the rim now", "it guesses as before", "it marks everything, rightly"),
            right=2,
            keeps=("zeros_tell", "padding_tells"),
            why="The right border continues at the left one. On such a ring no place is special, "
            "whatever its size.",
        ),
    )
    quick = {"steps": 10}
    pace = 10

    mean = Float(1, min=0, max=2, live=True, help="mean of the noise; its spread is 1")
    layers = Int(3, min=1, max=5, help="layers of 3×3")
    side = Int(16, min=8, max=40, help="side of the pictures, N")
    steps = Int(200, min=10, max=2000, log=True, help="steps of Adam, 16 pictures each")

    def run(self, stage):
        N = self.side
        rim = torch.ones(N, N)
        rim[2:-2, 2:-2] = 0
        rim = rim.to(stage.device)  # [N, N], 1 is to be marked
        sizes = pairwise([1, *[8] * (self.layers - 1), 1])  # channels before and after a layer
        start = [0.5 * torch.randn(b, a, 3, 3) / a**0.5 for a, b in sizes]
        nets = {way: [w.clone().to(stage.device) for w in start] for way in WAYS}
        biases = {way: [torch.zeros(len(w)).to(stage.device) for w in start] for way in WAYS}
        learned = [
            p.requires_grad_() for each in (nets, biases) for ps in each.values() for p in ps
        ]
        optimizer = torch.optim.Adam(learned, lr=0.01, fused=True)

        def noise(count):
            """Pictures with nothing in them: [count, 1, N, N]."""
            return self.mean + torch.randn(count, 1, N, N).to(stage.device)

        def marks(way, x):
            """Where the net with this padding sees the border, above 0: [B, N, N]."""
            for layer, (w, b) in enumerate(zip(nets[way], biases[way], strict=True)):
                x = x.relu() if layer else x
                x = conv2d(pad(x, (1, 1, 1, 1), mode=WAYS[way]), w, b)
            return x[:, 0]

        def balanced(marked):
            """The mean of two shares: of the rim that is marked, of the inside that is not."""
            on, off = (marked > 0)[:, rim == 1].float(), (marked <= 0)[:, rim == 0].float()
            return (on.mean() + off.mean()) / 2

        stage.axes("accuracy", y="balanced accuracy", lines={"guessing": 0.5})
        white, k = torch.ones(1, 1, N, N), torch.tensor(BLUR)[None, None]
        wide = {way: pad(white, (1, 1, 1, 1), mode=mode) for way, mode in WAYS.items()}
        stage.axes("blurred", x="column", y="brightness")
        stage.plot("blurred", range(N), {way: conv2d(x, k)[0, 0, 0] for way, x in wide.items()})

        @stage.look(5)
        def look():
            x = noise(64)
            found = {way: marks(way, x) for way in WAYS}
            right = {way: balanced(marked) for way, marked in found.items()}
            stage.curve("accuracy", right)
            stage.headline(
                "border found with " + ", ".join(f"{way} {r:.0%}" for way, r in right.items())
            )
            shown = {way: marked.sigmoid().mean(dim=0) for way, marked in found.items()}
            stage.matrices("marked", shown, scales=dict.fromkeys(shown, (0, 1)))

        weight = (1 - rim.mean()) / rim.mean()  # rim and inside count the same
        for _ in stage.loop(self.steps):
            x = noise(16)
            loss = sum(
                cross_entropy(marks(way, x), rim.expand(16, N, N), pos_weight=weight)
                for way in WAYS
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe():
            x = noise(200)
            zeros, circular = balanced(marks("zeros", x)), balanced(marks("circular", x))
            stage.claim("zeros_tell", zeros, above=0.95)
            stage.claim("padding_tells", zeros - circular, at_least=0.4)
            stage.claim("repeating_tells", balanced(marks("repeat", x)), above=0.85)
