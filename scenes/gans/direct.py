"""
# Can one not simply compare two heaps of samples?

A generator G turns noise z into a sample G(z). Is it any good? One sample cannot say. Only the heap
of its samples x can be held against a heap of real points y. So take a distance between the heaps,
and let G descend on it. The densities are unknown, so the distance must do with the points alone.
Here are four, each tried on points around a circle:

- **moments**: the squared differences of the means, then of the covariances.
- **nearest**: from each x to the nearest y.
- **two-way**: the same, plus from each y to the nearest x.
- **energy**: the mean distance between the heaps, less that within them:

      2 E|x − y| − E|x − x′| − E|y − y′|

E is the mean over pairs; x′ and y′ are other points of the same heap.

Each generator does what its distance asks for, no more. *Moments* sees no shape: a round cloud with
the right width will do. *Nearest* asks each sample to look real, and nobody asks whether all that
is real was made: one mode (a heap of the data) suffices. *Two-way* asks for that, but not in which
shares. *Energy* overlooks nothing: it is zero only if both densities are equal. Yet a thin bridge
of samples between two modes costs next to nothing there, so it is hardly taken down.

And this is the plane. In a picture of a thousand pixels all points are about equally far apart, and
which distance would tell a digit from a smudge? That is why the comparison itself is going to be
learnt, on the next pages.

## Tomorrow

Ask of each loss: what could a cheat do that it wouldn't notice? Then look for it in a large sample:
lost modes, false shares, bridges. One number never shows all three.
"""

import torch
from torch import nn

from dlplay import Float, Int, Scene, Try
from dlplay.data import Ring, energy_distance
from dlplay.nn import cloud_picture


class Direct(Scene):
    covers = ("Generative Adversarial Networks (chapter introduction)", "Generative Models")
    panels = {
        "samples": "of four generators, each trained on one distance; real points: in the frames",
        "share by mode": "share of the samples to which each mode is the nearest",
        "energy distance": "between 1,000 samples and 1,000 real points; lower is better",
        "measures": "modes found of all, share of samples on a mode, most over least by mode",
    }
    claims = {
        "shapeless": "trained on mean and covariance, under 0.16 of the samples lie on a mode",
        "few": "trained on the way to the nearest real point, 1 to 3 modes are found",
        "shares": "two-way, the fullest mode gets over 2.5 times as many as the emptiest",
        "even": "trained on the energy distance, it gets less than 1.7 times as many",
        "all": "and every mode is found",
        "bridges": "but only 0.25 to 0.45 of these samples lie on a mode (of real points 0.99)",
    }
    tries = (
        Try(
            "modes=16",
            "There are 16 modes on the circle now. How many does `nearest` serve?",
            ("all 16: each has its nearest samples", "about half", "hardly more than one"),
            right=3,
            keeps="few",
            why="Each sample is content beside any real point. None has a reason to leave for a "
            "mode where nobody is.",
        ),
        Try(
            "batch=16",
            "Batches of 16 points instead of 256. How does `two-way` share out its samples?",
            ("more unevenly, by chance", "as unevenly as before", "more evenly"),
            right=3,
            breaks=("shares", "bridges"),
            keeps="few",
            why="Among 256 samples a few suffice beside each mode. Among 16 there must be one "
            "beside each of 16 real points: to lack one is dear, and to have it takes a share.",
        ),
        Try(
            "noise=8",
            "Noise of 8 numbers instead of 2. How many samples of `energy` lie on a mode?",
            ("more", "fewer", "as many"),
            right=2,
            breaks="bridges",
            keeps="shapeless",
            why="More directions have to be folded onto the same modes, and between any two parts "
            "of the space of z there is a bridge.",
        ),
    )
    quick = {"steps": 10}
    pace = 100

    modes = Int(8, min=2, max=16, help="heaps of real points on the circle")
    spread = Float(0.1, min=0.02, max=0.5, log=True, help="standard deviation of each heap")
    noise = Int(2, min=1, max=16, help="numbers in z")
    batch = Int(256, min=16, max=512, log=True, help="points of either heap in a step")
    learning_rate = Float(0.005, min=1e-4, max=0.05, log=True, live=True, help="of Adam")
    steps = Int(500, min=10, max=5000, log=True, help="steps of all four generators")

    def run(self, stage):
        ring = Ring(self.modes, self.spread)
        generators = nn.ModuleDict({name: generator(self.noise) for name in DISTANCES})
        for G in generators.values():  # all begin alike
            G.load_state_dict(generators["moments"].state_dict())
        generators.to(stage.device)
        optimizer = torch.optim.Adam(generators.parameters(), lr=self.learning_rate)
        real = ring.points(2000, device=stage.device)
        z_new = torch.randn(2000, self.noise).to(stage.device)
        middle = (ring.centres() * torch.tensor([1, -1]) / 2.8 + 1) * 22  # in pixels, of 44
        half = 3 * self.spread / 2.8 * 22
        frames = [torch.cat([middle - half, middle + half], dim=1)] * 4

        def samples():
            return {name: G(z_new) for name, G in generators.items()}

        def apart(heaps):
            """Of heaps of samples by name, the energy distance to the real points, of half each."""
            return {name: energy_distance(x[:1000], real[:1000]) for name, x in heaps.items()}

        @stage.look(20, generators)
        def look():
            made = samples()
            clouds = torch.stack([cloud_picture(x) for x in made.values()])  # of 44 x 44 pixels
            stage.image("samples", clouds, captions=list(made), columns=2, boxes={"real": frames})
            cells = torch.stack([ring.cells(x) for x in [*made.values(), real]])
            stage.heatmap(
                "share by mode", cells, rows=[*made, "real"], x="mode", low=0, high=3 / self.modes
            )
            stage.curve("energy distance", apart(made))
            heaps = made | {"real": real}
            stage.table(
                "measures",
                ("distance", "modes", "on a mode", "most/least"),
                [
                    (
                        name,
                        f"{ring.found(x):.0f}",
                        f"{ring.on_mode(x):.2f}",
                        f"{uneven(ring, x):.1f}",
                    )
                    for name, x in heaps.items()
                ],
            )
            told = ", ".join(f"{name} {ring.on_mode(x):.0%}" for name, x in made.items())
            stage.headline(f"samples on a mode: {told}; real 99%")

        again = apart({"real against real": ring.points(1000, device=stage.device)})
        stage.axes("energy distance", y="distance", log="y", lines=again)
        for step in stage.loop(self.steps):
            lr = self.learning_rate * min(1, 2 - 2 * step / self.steps)
            optimizer.param_groups[0]["lr"] = lr
            y = ring.points(self.batch, device=stage.device)  # [N, 2]
            z = torch.randn(self.batch, self.noise).to(stage.device)
            loss = sum(DISTANCES[name](G(z), y) for name, G in generators.items())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(generators):
            made = samples()
            stage.claim("shapeless", ring.on_mode(made["moments"]), below=0.16)
            stage.claim("few", ring.found(made["nearest"]), within=(1, 3))
            stage.claim("shares", uneven(ring, made["two-way"]), above=2.5)
            stage.claim("even", uneven(ring, made["energy"]), below=1.7)
            stage.claim("all", ring.found(made["energy"]) / self.modes, at_least=1)
            stage.claim("bridges", ring.on_mode(made["energy"]), within=(0.25, 0.45))


def generator(noise):
    return nn.Sequential(
        nn.Linear(noise, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2)
    )


def moments(x, y):  # [N, 2] both, as in all that follow
    apart = (x.mean(dim=0) - y.mean(dim=0)).square().sum()
    return apart + (x.T.cov() - y.T.cov()).square().sum()


def nearest(x, y):
    return torch.cdist(x, y).amin(dim=1).mean()


def two_way(x, y):
    apart = torch.cdist(x, y)
    return apart.amin(dim=1).mean() + apart.amin(dim=0).mean()


def energy(x, y):
    """Without E|y − y′|, on which G has no influence. Pairs of a point with itself don't count."""
    pairs = len(x) * (len(x) - 1)
    return 2 * torch.cdist(x, y).mean() - torch.cdist(x, x).sum() / pairs


DISTANCES = {"moments": moments, "nearest": nearest, "two-way": two_way, "energy": energy}


def uneven(ring, x):
    """How many times more samples x [N, 2] are nearest to the fullest mode than to the emptiest."""
    cells = ring.cells(x)
    return cells.max() / cells.min()
