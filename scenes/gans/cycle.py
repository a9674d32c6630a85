"""
# Translating without a single pair: what does a round trip guarantee?

You have photographs X and paintings Y, and want to turn the one into the other. No painting belongs
to a photograph: there are no pairs to learn from. A **CycleGAN** trains two translators, F from X
to Y and H back from Y to X, and for each world a discriminator that knows its real members. So F(x)
must look like some y. But which? F could ignore x altogether: each painting fine, none of your
photograph.

Therefore a second demand, the **cycle**. Whoever goes there and back must arrive where he started:

    λ|H(F(x)) − x| + λ|F(H(y)) − y|

on average over x and y; λ weighs it against the two games. Now F must not throw away what H needs
to find the way home.

Here X is four heaps in a plane, and Y the same four, turned, stretched, shifted. So we know what
the nets do not: which heap belongs to which. Three kinds of start are played side by side: with
both translators near "leave it where it is" and the cycle; at random with it; at random without.

The cycle does what it says: each way with it can be undone, without it none can. But look at the
colours. A translation that swaps the heaps can be undone just as well, and no discriminator sees
it, for all heaps are there. Among all these ways the start decides. From "leave it" the nearest way
is found, and if Y is turned far, the nearest is wrong.

CycleGANs for pictures translate rightly because small convolutions cannot move things about: they
too start near "leave it".

## Tomorrow

A small round-trip error proves nothing about the meaning. Collect a few true pairs, to check by
hand. And let the translator start near the identity, or give it layers that cannot stray far.
"""

import math

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.nn.batched import BatchedLinear

KINDS = {"near start": range(3), "random start": range(3, 7), "no cycle": range(7, 11)}
GAMES = 11
HEAPS = torch.tensor([[1.5, 0.0], [0.0, 1.5], [-1.5, 0.0], [0.0, -1.5]])
SPREAD, SHIFT = 0.2, torch.tensor([0.8, -0.4])


class Cycle(Scene):
    covers = ("CycleGAN",)
    panels = {
        "translation": "left X, middle its translation, right where each colour should be",
        "what it proves": "each game: a small round trip is left, rightly translated is up",
        "round trip": "how far from x there and back leads, medians; lower is better",
        "from heap, to heap": "of the game shown: shares; right would be a bright diagonal",
    }
    claims = {
        "undone": "with the cycle all seven games end with a round trip below 0.25",
        "lost": "without it, random starts end at over 8 times the round trip (medians)",
        "looks_right": "from random starts, over 0.7 of translations lie on Y's heaps (median)",
        "luck": "yet in their own heap lie over 0.3 fewer of all points than with near starts",
        "near": "from 'leave it where it is' over 0.85 do, with Y turned by 20 degrees",
    }
    tries = (
        Try(
            "angle=90",
            "Y is turned by a quarter. What do the games do that start at 'leave it'?",
            (
                "small round trip, own heaps",
                "small round trip, wrong heaps",
                "large round trip, wrong heaps",
            ),
            right=2,
            breaks=("near", "luck"),
            keeps=("undone", "lost"),
            why="The heap that lies nearest now belongs to another. That way is short, it can be "
            "undone, and it fills all heaps of Y: nothing in the loss objects.",
        ),
        Try(
            "cycle=0",
            "Nobody asks for the way back. What becomes of the random starts?",
            ("their round trip is as bad as the others'", "they find it anyway", "they collapse"),
            right=1,
            breaks=("undone", "lost"),
            keeps="near",
            why="Each translator plays its own game; what F makes of a heap is no concern of H. "
            "Where both start near 'leave it' they still agree by and large.",
        ),
        Try(
            "sizes=unequal",
            "The heaps hold 40, 30, 20 and 10 %, in both worlds. Do random starts find their own?",
            ("yes: the sizes tell", "no, though their sizes could tell", "only the largest"),
            right=2,
            keeps=("undone", "lost"),
            why="In truth the sizes tell. But to swap two heaps later, all of a heap would have to "
            "cross empty space, where the discriminator says fake.",
        ),
    )
    quick = {"steps": 4}

    game = Int(4, min=1, max=GAMES, live=True, help="shown: 1-3 near, 4-7 random, 8-11 no cycle")
    cycle = Float(1, min=0, max=20, live=True, help="λ, weight of there and back")
    angle = Float(20, min=0, max=180, help="degrees by which Y is turned")
    sizes = Choice("equal", ("equal", "unequal"), help="of the heaps, in both worlds")
    learning_rate = Float(0.002, min=1e-5, max=0.02, log=True, live=True, help="of Adam")
    steps = Int(500, min=4, max=5000, log=True, help="steps of 64 points of each world")

    def run(self, stage):
        turn = math.radians(self.angle)
        row = torch.tensor([math.cos(turn), math.sin(turn)])
        matrix = 1.2 * torch.stack([row, torch.stack([-row[1], row[0]])])

        def true(x):
            """Where x [..., 2] belongs, which nobody tells the nets."""
            return x @ matrix.to(x) + SHIFT.to(x)

        weights = torch.full((4,), 0.25) if self.sizes == "equal" else torch.arange(4, 0, -1) / 10

        def members(n):
            """Of X, for each game: points [n, 11, 2] and their heaps [n, 11]."""
            heap = torch.multinomial(weights, n * GAMES, replacement=True).reshape(n, GAMES)
            points = HEAPS[heap] + SPREAD * torch.randn(n, GAMES, 2)
            return points.to(stage.device), heap.to(stage.device)

        F, H = mlp(2, nn.ReLU()).to(stage.device), mlp(2, nn.ReLU()).to(stage.device)
        D_x, D_y = (mlp(1, nn.LeakyReLU(0.2)).to(stage.device) for _ in range(2))
        adams = [
            torch.optim.Adam(
                [*one.parameters(), *other.parameters()], lr=self.learning_rate, betas=(0.5, 0.999)
            )
            for one, other in ((F, H), (D_x, D_y))
        ]
        near, cycled = torch.zeros(2, GAMES).to(stage.device)
        near[:3], cycled[:7] = 1, 1

        def there(x):
            return near[:, None] * x + F(x)

        def back(y):
            return near[:, None] * y + H(y)

        x_seen, heap = members(400)
        mine = HEAPS.to(stage.device)

        def measured():
            """Of each game: round trip, shares on Y's heaps, in the own heap; table [11, 4, 4]."""
            y = there(x_seen)
            apart = (y[:, :, None] - true(mine)).norm(dim=3)  # [400, 11, 4]
            least, to = apart.min(dim=2)
            trip = (back(y) - x_seen).abs().sum(dim=2).mean(dim=0)
            one_hot = nn.functional.one_hot
            table = torch.einsum("ngi,ngj->gij", one_hot(heap, 4).float(), one_hot(to, 4).float())
            on = (least < 3 * 1.2 * SPREAD).float().mean(dim=0)
            return trip, on, (to == heap).float().mean(dim=0), table / table.sum(dim=2)[..., None]

        @stage.look(10)
        def look():
            trip, _, own, table = (part.cpu() for part in measured())
            k = self.game - 1
            x, of = x_seen[:200, k], heap[:200, k]
            aside = torch.tensor([5.5, 0]).to(x)
            clouds = {
                f"heap {h + 1}": torch.cat([x - aside, there(x_seen)[:200, k], true(x) + aside])[
                    (of == h).repeat(3)
                ]
                for h in range(4)
            }
            stage.plane("translation", x=(-8, 9), y=(-3.2, 2.6), points=clouds)
            stage.plane(
                "what it proves",
                x=(-2, 1),
                y=(-0.05, 1.05),
                points={
                    name: torch.stack([trip.clamp(0.01, 10).log10(), own], dim=1)[list(games)]
                    for name, games in KINDS.items()
                },
                x_label="log₁₀ of the round-trip error",
                y_label="share in its own heap",
            )
            stage.curve(
                "round trip", {name: trip[list(games)].median() for name, games in KINDS.items()}
            )
            names = list("1234")
            stage.heatmap("from heap, to heap", table[k], rows=names, columns=names, low=0, high=1)
            kind = next(name for name, games in KINDS.items() if k in games)
            stage.headline(
                f"game {k + 1}, {kind}: round trip {trip[k]:.2f}, {own[k]:.0%} in their own heap"
            )

        stage.axes("round trip", x="step", y="error", log="y")
        for _ in stage.loop(self.steps):
            for adam in adams:
                adam.param_groups[0]["lr"] = self.learning_rate
            x, y = members(64)[0], true(members(64)[0])  # two draws: nobody has a partner
            like_y, like_x = there(x), back(y)

            pairs = (D_y, y, like_y), (D_x, x, like_x)
            told = sum((D(r) - 1).square() + D(f.detach()).square() for D, r, f in pairs)
            adams[1].zero_grad()
            told.mean(dim=0).sum().backward()  # each game has its own nets: a sum trains all
            adams[1].step()

            fooled = sum((D(f) - 1).square().mean(dim=(0, 2)) for D, _, f in pairs)  # [11]
            home = (back(like_y) - x).abs() + (there(like_x) - y).abs()
            loss = fooled + cycled * self.cycle * home.sum(dim=2).mean(dim=0)
            adams[0].zero_grad()
            loss.sum().backward()
            adams[0].step()

        with stage.probe():
            trip, on, own, _ = measured()
            stage.claim("undone", trip[:7].max(), below=0.25)
            stage.claim("lost", trip[7:].median() / trip[3:7].median(), above=8)
            stage.claim("looks_right", on[3:7].median(), above=0.7)
            stage.claim("luck", own[:3].mean() - own[3:7].mean(), above=0.3)
            stage.measure(lost_trip=trip[7:].median(), random_own=own[3:7].mean())
            stage.claim("near", own[:3].median(), above=0.85)


def mlp(outputs, bend):
    """A net for each game: [N, 11, 2] -> [N, 11, outputs]."""
    return nn.Sequential(
        *(BatchedLinear(GAMES, 2, 32, gain=1), bend),
        *(BatchedLinear(GAMES, 32, 32, gain=1), bend),
        BatchedLinear(GAMES, 32, outputs, gain=0.5),
    )
