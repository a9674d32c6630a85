"""
# What does it cost to turn an energy into a probability?

A net can learn to give a low **energy** E(y) to what is plausible and a high one to the rest. Any
net will do: E is a number, and nothing is asked of it. A probability density p is harder to please.
It may never be negative, and all of it together must be 1.

The first is easy. e^−E is positive whatever E is. The second needs a division, by the area under
that curve:

    Z = ∫ e^(−E(y)) dy
    p(y) = e^(−E(y)) / Z

E is the energy, e^−E the probability before it is normalised, −E what a classifier calls a logit.
(With K classes in place of numbers the integral is a sum, and p is softmax.)

Z has consequences. Add 3 to E everywhere: e^−E shrinks, Z shrinks alike, p stays. Only differences
of energy mean anything. But multiply E by 4, and p becomes sharper: a factor is a temperature.

In some families Z is known by heart: √(2πσ²) for E = (y − μ)²/2σ², the Gaussian, or 1/λ for E = λy
where y ≥ 0. Such a family is rigid. A Gaussian has one hump. A net has as many as needed, but its Z
must be counted: sum e^−E over a fine grid.

That is the price. On a line 100 points are enough; for d numbers it takes 100^d. To see how far off
fewer are, take d numbers that each have the energy learned here: their true Z is known, the
line's to the power d. With 10,000 evaluations a grid has 100 points an axis in the plane, 10 in
four dimensions, 3 in eight. Random points need no axes, but soon hardly one falls where p is high.

## Tomorrow

With one or two dimensions sum over a grid, and be done. Beyond four or five train without Z. Never
read an energy as a probability: compare differences, for the same question.
"""

import math

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import heaps_on_line, heaps_on_line_log_density
from dlplay.nn.energies import at_all, line_energies, middles

NETS, REACH = 8, 4.0  # trained side by side; y lies between -REACH and REACH
DIMENSIONS = (1, 2, 3, 4, 6, 8, 12, 16)


class PriceOfZ(Scene):
    covers = ("How Do we Model EBMs?", "Why EBMs?")
    panels = {
        "one energy": "energy; e^-energy; and p, that with an area of 1",
        "log Z": "nats off, in d dimensions; lower is better",
        "nats": "from the data to p, median of 8; lower is better",
    }
    claims = {
        "fits": "p is within 0.02 nats of the density of the data (median of 8 nets)",
        "gaussian_cannot": "the best Gaussian is over 0.8 nats further off than the median net",
        "rare": "each of the 8 nets gives the rare heap 0.15 to 0.25 (it has 0.2)",
        "plane": "in the plane, a grid of the evaluations misses log Z by less than 0.02",
        "eight": "in 8 dimensions it misses by more than 0.69, a factor of two (median of 8)",
        "random": "in 16 dimensions random points miss it by more than 3 (median of 8)",
    }
    tries = (
        Try(
            "floor=4",
            "The energy is put 3 higher everywhere. What happens to the density at y = 2?",
            ("it falls by a factor of e³", "nothing", "it rises"),
            right=2,
            keeps=("fits", "rare", "plane"),
            why="Each e^−E shrinks by e³, and so does the sum of them, Z. Only differences of "
            "energy mean anything.",
        ),
        Try(
            "scale=3",
            "The learned energy is multiplied by 3. What becomes of p?",
            ("nothing: Z makes up for it", "sharper, a better fit", "sharper, a worse fit"),
            right=3,
            breaks=("fits", "rare"),
            why="Z undoes what is added, not what is multiplied. Differences of energy are three "
            "times as large: the temperature is a third, and the rare heap nearly vanishes.",
        ),
        Try(
            "family=Gaussian",
            "Fit the family whose Z one knows by heart. What does it make of the two heaps?",
            ("a broad hump over both", "the larger heap alone", "two humps of equal height"),
            right=1,
            breaks=("fits", "gaussian_cannot", "rare"),
            why="It has one hump. The likelihood punishes any data that it leaves out, so it "
            "stretches over both, and is highest where there are hardly any.",
        ),
        Try(
            "evaluations=1000000",
            "A hundred times as many evaluations. In eight dimensions, how far off is the grid?",
            ("less than 1 %", "a third or so", "as far as before"),
            right=2,
            breaks="eight",
            keeps=("plane", "fits"),
            why="The eighth root of a hundred is 1.8: three points an axis become five.",
        ),
    )
    quick = {"steps": 20}

    floor = Float(1, min=-1.5, max=5, live=True, help="where the lowest energy is put")
    scale = Float(1, min=0.25, max=4, live=True, help="the energy times this, after training")
    evaluations = Int(
        10_000, min=100, max=1_000_000, log=True, live=True, help="of e^−E, to find Z"
    )
    family = Choice("net", ("net", "Gaussian"), help="what the energy is")
    learning_rate = Float(0.01, min=1e-4, max=0.1, log=True, live=True, help="of Adam, falling")
    steps = Int(500, min=20, max=3000, log=True, help="steps of 128 numbers, for each of 8 fits")

    def run(self, stage):
        net = (Bowl() if self.family == "Gaussian" else line_energies(NETS)).to(stage.device)
        optimizer = torch.optim.Adam(net.parameters(), lr=self.learning_rate)
        places = middles(201, REACH, stage.device)  # where p is counted
        true = heaps_on_line_log_density(places)  # [201]
        width = 2 * REACH / len(places)
        p = true.exp() * width
        μ = (p * places).sum()
        variance = (p * (places - μ) ** 2).sum()
        gaussian = -((places - μ) ** 2) / (2 * variance) - (2 * math.pi * variance).log() / 2

        def energy(y):
            """Of each net, at y [N], put so that its lowest is `floor`: [N, NETS]."""
            return (
                self.scale * (at_all(net, y, NETS) - at_all(net, places, NETS).amin(dim=0))
                + self.floor
            )

        def off(log_p):
            """Kullback and Leibler's distance of log_p [201, ...] from the data's density."""
            return (true.exp()[:, None] * (true[:, None] - log_p)).sum(dim=0) * width

        def log_z():
            return (-energy(places)).logsumexp(dim=0) + math.log(width)  # [NETS]

        def grid_error(d):
            """Of log Z for d numbers, counted on n points an axis: [NETS].

            The sum over all n^d points of e^−(E(y₁) + ... + E(y_d)) is the line's to the power d.
            """
            n = min(1000, int(self.evaluations ** (1 / d) + 1e-9))
            line = (-energy(middles(n, REACH, stage.device))).logsumexp(dim=0) + math.log(
                2 * REACH / n
            )
            return (d * (line - log_z())).abs()

        def random_error(d, nets=NETS):
            """The same, for points drawn evenly from the cube of d dimensions: [nets]."""
            fine = energy(middles(2001, REACH, stage.device))
            drawing = torch.Generator().manual_seed(stage.seed)
            errors = []
            for k in range(nets):
                total = 0
                for _ in range(d):
                    at = torch.randint(2001, (self.evaluations,), generator=drawing)
                    total = total + fine[at.to(stage.device), k]
                cube = d * math.log(2 * REACH) - math.log(self.evaluations)
                errors.append((-total).logsumexp(dim=0) + cube - d * log_z()[k])
            return torch.stack(errors).abs()

        sand = torch.stack([heaps_on_line(20 * NETS), -0.1 - 0.2 * torch.rand(20 * NETS)], dim=1)

        @stage.look(5)
        def look():
            e, z = energy(places)[:, 0], log_z()[0].exp()
            p = (-e).exp() / z
            away = off(-energy(places) - log_z()).median()
            top = max(4.0, self.floor + 2)
            curves = {"energy": e.clamp(max=top), "e^-energy": (-e).exp().clamp(max=top), "p": p}
            paths = {name: torch.stack([places, curve], dim=1) for name, curve in curves.items()}
            view = {"x": (-REACH, REACH), "y": (-0.4, top), "x_label": "y"}
            stage.plane("one energy", points={"data": sand}, paths=paths, **view)
            stage.curve("nats", net=away)
            stage.headline(
                f"Z = {z:.2g}; p is {away:.3f} nats off; "
                f"in 8 dimensions a grid's log Z is {grid_error(8).median():.1f} off"
            )

        @stage.look(250)
        def look_at_dimensions():
            grid = [float(grid_error(d)[0].clamp(min=1e-4)) for d in DIMENSIONS]
            chance = [float(random_error(d, 1)[0].clamp(min=1e-4)) for d in DIMENSIONS]
            stage.plot("log Z", DIMENSIONS, {"grid": grid, "random points": chance})

        stage.axes(
            "log Z", x="dimensions d", y="nats", log="xy", lines={"a factor of 2": math.log(2)}
        )
        lines = {"best Gaussian": float(off(gaussian[:, None]))}
        stage.axes("nats", x="step", y="nats", log="y", lines=lines)
        for step in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate * (1 - step / self.steps)
            data = heaps_on_line(128, NETS, device=stage.device)  # [128, NETS]
            e = net(data[..., None])[..., 0]
            log_Z = (-at_all(net, places, NETS)).logsumexp(dim=0) + math.log(width)  # [NETS]
            loss = (e.mean(dim=0) + log_Z).sum()  # −log p, of each net
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe(net):
            away = off(-energy(places) - log_z())  # [NETS]
            p = (-energy(places) - log_z()).exp() * width
            rare = p[places > 0].sum(dim=0)  # [NETS]
            stage.claim("fits", away.median(), below=0.02)
            stage.claim("gaussian_cannot", off(gaussian[:, None]) - away.median(), above=0.8)
            stage.claim("rare", (rare - 0.2).abs().max(), below=0.05)
            stage.claim("plane", grid_error(2).max(), below=0.02)
            stage.claim("eight", grid_error(8).median(), above=0.69)
            stage.claim("random", random_error(16).median(), above=3)


class Bowl(nn.Module):
    """E = (y − μ)²/2σ², for each of the 8 fits."""

    def __init__(self):
        super().__init__()
        self.μ, self.log_σ = (nn.Parameter(torch.zeros(NETS, 1)) for _ in range(2))

    def forward(self, y):  # [N, NETS, 1] -> [N, NETS, 1]
        return ((y - self.μ) * (-self.log_σ).exp()) ** 2 / 2
