"""
# Which pixels does a stride never read?

A **stride** of S moves the window on by S pixels at a time. The map becomes smaller, and the work
less. But what of the pixels between?

A picture has N pixels on a side, the window K, and **padding** adds P pixels to each border. Then
so many windows fit side by side:

    N' = ⌊(N + 2P − K) / S⌋ + 1

The brackets ⌊ ⌋ round down. With N = 7, K = 3, P = 0 a stride of 1 gives 5 windows, a stride of 2
gives 3. With a stride of 3 the division leaves a rest: the second window ends at pixel 6, and there
is no room for a third.

Nothing warns you. The map is 2×2, and the last row and column of the picture lie under no window:
13 of 49 pixels. What stands there cannot change the answer. Their gradient is exactly 0, so no
training can help.

Does it hurt? Here a net looks at noise with one dot in it and says if the dot is bright or dark. It
is trained on dots at all places. On the pixels that it reads it is nearly always right. On the
others it guesses.

A stride that is larger than the window leaves gaps as well, even where the division has no rest.
Padding helps only where the rest is the trouble: with gaps it may cost you more pixels.

You may read that a stride which does not divide "cannot be applied". All libraries apply it.

## Tomorrow

Work out (N + 2P − K) mod S for every layer with a stride. If it is not 0, pixels at the right and
the bottom are lost: crop or pad on purpose. Keep S ≤ K.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from dlplay import Float, Int, Scene, Try


class Stride(Scene):
    covers = ("Strided Convolutions", "On the Applicability of Stride")
    panels = {
        "picture": "how many windows read each pixel; share of dots there that are told rightly",
        "accuracy": "share of dots told bright or dark rightly; higher is better",
        "sizes": "windows side by side, by stride: what the division gives, and what is left",
    }
    claims = {
        "read_dots": "after 300 steps it is right for over 0.93 of the dots on pixels it reads",
        "unread_dots": "of the dots on pixels that no window reads, 0.4 to 0.6: the net guesses",
        "thirteen": "the trained net's answers have gradient 0 at exactly 13 of the 49 pixels",
        "lost": "of all dots it gets at least 0.07 less than the same net with a stride of 1",
    }
    tries = (
        Try(
            "padding=1",
            "A ring of zeros is added around the picture. How many pixels stay unread?",
            ("13, as before", "6", "none"),
            right=3,
            breaks=("unread_dots", "thirteen", "lost"),
            keeps="read_dots",
            why="7 + 2 − 3 = 6 is a multiple of 3: the last window ends where the picture ends.",
        ),
        Try(
            "stride=4",
            "A stride of 4, with a window of 3. Which pixels does no window read?",
            ("the last row and column", "the middle row and column", "none: 4 divides 7 − 3"),
            right=2,
            keeps=("thirteen", "unread_dots"),
            why="The last window ends at the edge. But a stride larger than the window leaves a "
            "gap between two windows.",
        ),
        Try(
            "stride=2",
            "A stride of 2. How often is the net right, over all places of the dot?",
            ("nearly always", "in seven of eight cases, as before", "half the time"),
            right=1,
            breaks=("thirteen", "lost"),
            keeps="read_dots",
            why="7 − 3 = 4 is even and neighbouring windows overlap: each pixel is read.",
        ),
    )
    quick = {"steps": 20}
    pace = 10

    stride = Int(3, min=1, max=4, help="pixels from one window to the next, S")
    padding = Int(0, min=0, max=2, help="rings of zeros around the picture, P")
    kernel = Int(3, min=2, max=5, help="side of the window, K")
    side = Int(7, min=5, max=12, help="side of the picture, N")
    noise = Float(0.5, min=0, max=3, live=True, help="spread of the noise; the dot is ±3")
    steps = Int(300, min=20, max=3000, log=True, help="steps of Adam, 128 pictures each")

    def run(self, stage):
        N, K, P, S = self.side, self.kernel, self.padding, self.stride
        nets = nn.ModuleList([network(N, K, P, S), network(N, K, P, 1)]).to(stage.device)
        optimizer = torch.optim.Adam(nets.parameters(), lr=0.005, fused=True)

        # The windows, one by one: where each begins, and which pixels it reads
        starts = [(r, c) for r in range(0, N + 2 * P - K + 1, S)
                  for c in range(0, N + 2 * P - K + 1, S)]  # fmt: skip
        reads = torch.zeros(len(starts), N + 2 * P, N + 2 * P)
        for count, (row, column) in zip(reads, starts, strict=True):
            count[row : row + K, column : column + K] += 1
        reads = reads[:, P : P + N, P : P + N]  # [N'², N, N], without the padding
        read = reads.sum(dim=0) > 0  # [N, N]

        def pictures(place):
            """Noise with a dot at each of these places, bright or dark: [B, 1, N, N], [B]."""
            bright = torch.randint(2, (len(place),))
            x = self.noise * torch.randn(len(place), N * N)
            x[torch.arange(len(place)), place] += 6.0 * bright - 3
            return x.reshape(-1, 1, N, N).to(stage.device), bright.to(stage.device)

        def right():
            """How often both nets are right, by the place of the dot: [2, N, N]."""
            x, bright = pictures(torch.arange(N * N).repeat(40))
            found = torch.stack([net(x).argmax(dim=1) == bright for net in nets])
            return found.float().reshape(2, 40, N, N).mean(dim=1).cpu()

        stage.axes("accuracy", y="share right", lines={"guessing": 0.5})
        divided = [(N + 2 * P - K) / stride + 1 for stride in (1, 2, 3, 4)]
        rounded = {"divided": divided, "rounded down: N'": [int(side) for side in divided]}
        stage.bars("sizes", ["S = 1", "S = 2", "S = 3", "S = 4"], rounded)

        @stage.look(5, nets)
        def look():
            shares, turn = right(), stage.step // 5
            row, column = starts[turn % len(starts)]
            named = {"read pixels": shares[0][read].mean(), "all, at stride 1": shares[1].mean()}
            missed = int((~read).sum())
            if missed:
                named["unread pixels"] = there = shares[0][~read].mean()
                stage.headline(
                    f"{missed} of {N * N} pixels unread: right for {there:.0%} of the dots there, "
                    f"{named['read pixels']:.0%} elsewhere"
                )
            else:
                stage.headline(f"no pixel is unread: right for {shares[0].mean():.0%} of the dots")
            stage.curve("accuracy", named)
            stage.matrices(
                "picture",
                {
                    "reads": reads[: turn + 1].sum(dim=0),
                    "right for a dot": shares[0],
                },
                windows={"reads": {"window": (row - P, column - P, K, K)}},
                scales={"reads": (0, K * K), "right for a dot": (0.4, 1)},
            )

        for _ in stage.loop(self.steps):
            x, bright = pictures(torch.randint(N * N, (128,)))
            loss = sum(cross_entropy(net(x), bright) for net in nets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        x = pictures(torch.randint(N * N, (512,)))[0].requires_grad_()
        slope = torch.autograd.grad(nets[0](x).square().sum(), x)[0]  # of the trained net's answers
        with stage.probe(nets):
            shares = right()
            stage.claim("read_dots", shares[0][read].mean(), above=0.93)
            stage.claim("unread_dots", shares[0][~read].mean(), within=(0.4, 0.6))
            stage.claim("thirteen", (slope.abs().amax(dim=(0, 1)) == 0).sum(), equal=13)
            stage.claim("lost", shares[1].mean() - shares[0].mean(), at_least=0.07)


def network(N, K, P, S):
    """Sixteen filters, and two layers that say dark or bright: [B, 1, N, N] -> [B, 2]."""
    side = (N + 2 * P - K) // S + 1
    return nn.Sequential(
        nn.Conv2d(1, 16, K, stride=S, padding=P), nn.ReLU(), nn.Flatten(),
        nn.Linear(16 * side**2, 32), nn.ReLU(), nn.Linear(32, 2),
    )  # fmt: skip
