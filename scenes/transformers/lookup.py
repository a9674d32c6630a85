"""
# How does a query choose among values?

You have 48 temperatures, read at odd hours of a day, each a little wrong. How warm was it at 9:10?
No reading is of that hour. A table would say nothing; the nearest reading alone is as wrong as its
thermometer; the mean of all has forgotten the hour.

**Attention** is a look-up in between. Each reading has a **key** k, its hour as the hand of a
24-hour clock, and a **value** v, its temperature. The **query** q is the hour that you ask for, a
hand as well. How well a key fits is the product q · k, largest where both point the same way. The
**weights** α come from it by softmax:

    αⱼ = exp(β q·kⱼ) / Σᵢ exp(β q·kᵢ)
    z = Σⱼ αⱼ vⱼ

The weights are positive and sum to 1, so the answer z is a mean, and can't leave the range of the
values. The **sharpness** β says who takes part: β = 0 all alike, β → ∞ the best fit alone. Here β
is learned, by asking for each reading from all the others. It grows until fewer readings would let
their errors through. (As a way to draw curves this is from 1964: Nadaraya and Watson.)

In a Transformer β is hidden in the learned matrices that make queries and keys, for long vectors
are sharp ones. That is also a trap: q · k measures length as well as direction. Make one key twice
as long, and it answers for hours that are not its own.

Weights are shares of a mean. Nothing makes them the chance that a reading is right.

## Tomorrow

Read softmax(q·k) v as "the mean of what is similar". If an output is washed out, its scores are too
small; if it copies single entries, too large; if one entry answers all, look at its key's length.
"""

import math

import torch

from dlplay import Float, Int, Scene, Try

DRAWS = 20  # of the readings, side by side; the first is shown
HOURS, GRID = torch.arange(0, 24, 0.25), torch.logspace(-1, 4, 51)
HEAVY = "has 90 % of the weight"


class Lookup(Scene):
    covers = ("Attention Weights", "Attention Mechanism (queries, keys, values)")
    panels = {
        "the day": "°C over the hour: readings, the answer for each hour; the upright line asks",
        "clock": "the keys as hands on a clock; the line is the query",
        "error": "°C, over the sharpness; lower is better",
    }
    claims = {
        "beats_mean": "at the learned sharpness the error is below 0.25 of that of the plain mean",
        "beats_nearest": "it is below 0.75 of the nearest reading's (medians of 20 days)",
        "near_best": "the learned sharpness is 0.4 to 2 times the best one of a list",
        "softer": "on days of three times the noise it is below 0.85 of that",
    }
    tries = (
        Try(
            "noise=0",
            "All thermometers are right. What is the nearest reading alone worth now?",
            ("much less than the mean of neighbours", "nearly as much", "far more"),
            right=2,
            breaks=("beats_nearest", "softer"),
            keeps="beats_mean",
            why="A mean of neighbours pays because their errors cancel. Without errors it only "
            "bridges the gaps between the hours.",
        ),
        Try(
            "long_key=2",
            "The key of 19 h becomes twice as long. For which hours does that reading answer?",
            ("its own, as before", "those from 15 to 23", "all of them"),
            right=2,
            breaks=("beats_mean", "beats_nearest"),
            why="Its score is twice the cosine, any other's at most 1. It wins wherever the cosine "
            "is above a half: 60 degrees, four hours, to both sides.",
        ),
        Try(
            "times=0.001",
            "The learned sharpness is divided by a thousand. What does each hour get?",
            ("its nearest reading", "nothing", "the mean of all readings"),
            right=3,
            breaks=("beats_mean", "near_best"),
            why="All scores are next to 0, so all weights are alike. No fit counts any more.",
        ),
        Try(
            "times=1000",
            "Now it is a thousand times as large. What does the curve become?",
            ("steps: one reading, then the next", "smoother", "flat"),
            right=1,
            breaks=("beats_nearest", "near_best"),
            why="The best fit takes all the weight. Where the next key fits better, the answer "
            "jumps to its value.",
        ),
    )
    quick = {"steps": 10}
    pace = 30

    hour = Float(9.2, min=0, max=24, live=True, help="the hour that you ask for")
    times = Float(1, min=1e-3, max=1e3, log=True, live=True, help="times the learned sharpness")
    long_key = Float(1, min=1, max=4, live=True, help="length of the key of 19 h, after learning")
    noise = Float(1, min=0, max=3, help="errors of the readings, their standard deviation in °C")
    points = Int(48, min=8, max=200, log=True, help="readings")
    steps = Int(150, min=10, max=1000, log=True, help="steps of Adam")

    def run(self, stage):
        hours = 24 * torch.rand(2 * DRAWS, self.points)
        hours[:, 0] = 19
        scale = self.noise * torch.tensor([1.0, 3.0]).repeat_interleave(DRAWS)[:, None]
        v = (temperature(hours) + scale * torch.randn(hours.shape)).to(stage.device)
        k, q = (
            hands(hours).to(stage.device),
            hands(HOURS).to(stage.device),
        )  # [draws, N, 2], [96, 2]
        truth = temperature(HOURS).to(stage.device)
        own = torch.eye(self.points, device=stage.device) == 1
        log_β = torch.full((2 * DRAWS, 1, 1), math.log(0.1)).to(stage.device).requires_grad_()
        optimizer = torch.optim.Adam([log_β], lr=0.1)

        def looked_up(q, β):
            """Queries [M, 2] -> of each draw the answers [draws, M] and weights [draws, M, N]."""
            long = k.clone()
            long[:, 0] *= self.long_key
            α = (β * (q @ long.mT)).softmax(dim=2)
            return (α @ v[:, :, None])[..., 0], α

        def errors(β):
            """Of each draw, the root of the mean squared error over the day: [draws]."""
            return (looked_up(q, β)[0] - truth).square().mean(dim=1).sqrt()

        def over_the_grid():
            return torch.stack([errors(β) for β in GRID.tolist()])  # [51, draws]

        @stage.look(1)
        def look():
            β = self.times * log_β.exp()
            answer = looked_up(q, β)[0][0].cpu()
            asked = hands(torch.tensor([self.hour]))
            z, α = (part[0, 0].cpu() for part in looked_up(asked.to(stage.device), β))
            heavy = α.argsort(descending=True)
            heavy = heavy[: 1 + int((α[heavy].cumsum(0) < 0.9).sum())]  # with 90 % of the weight
            light = torch.ones(self.points) == 1
            light[heavy] = False
            day, clock = torch.stack([hours[0], v[0].cpu()], dim=1), k[0].cpu()  # [N, 2] each
            clock[0] *= self.long_key
            line = torch.tensor([[self.hour, 0], [self.hour, float(z)]])
            curves = {"true": truth.cpu(), "answer": answer}
            paths = {name: torch.stack([HOURS, each], dim=1) for name, each in curves.items()}
            points = {"reading": day[light], HEAVY: day[heavy]}
            stage.plane(
                "the day", x=(0, 24), y=(0, 24), points=points, paths=paths | {"query": line}
            )
            span = -1.2 * self.long_key, 1.2 * self.long_key
            points = {"reading": clock[light], HEAVY: clock[heavy]}
            line = torch.cat([torch.zeros(1, 2), asked])
            stage.plane("clock", x=span, y=span, points=points, paths={"query": line})
            e, mean = errors(β)[:DRAWS].median(), errors(0)[:DRAWS].median()
            was = temperature(torch.tensor(self.hour))
            of = f"{len(heavy)} reading{'s' * (len(heavy) > 1)}"
            found = f"at {self.hour:.1f} h {z:.1f} °C (true {was:.1f}) from {of}"
            stage.headline(f"{found}; error {e:.2f}, plain mean {mean:.2f}")

        @stage.look(15)
        def look_at_errors():
            now = self.times * log_β.exp()[:DRAWS].median()
            stage.axes("error", x="sharpness", y="°C", log="x", verticals={"now": now})
            stage.plot(
                "error",
                GRID,
                {"median of 20 days": over_the_grid()[:, :DRAWS].median(dim=1).values},
            )

        for _ in stage.loop(self.steps):
            scores = (log_β.exp() * (k @ k.mT)).masked_fill(own, -math.inf)
            z = (scores.softmax(dim=2) @ v[:, :, None])[..., 0]  # each reading from the others
            loss = (z - v).square().mean(dim=1).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        with stage.probe():
            β = self.times * log_β.exp()
            e, mean, near = (errors(sharp)[:DRAWS] for sharp in (β, 0, 1e6))
            best, β = GRID.to(stage.device)[over_the_grid().argmin(dim=0)], β[:, 0, 0]
            stage.claim("beats_mean", (e / mean).median(), below=0.25)
            stage.claim("beats_nearest", (e / near).median(), below=0.75)
            stage.claim("near_best", (β / best)[:DRAWS].median(), within=(0.4, 2))
            stage.claim("softer", (β[DRAWS:] / β[:DRAWS]).median(), below=0.85)


def temperature(hours):
    """In truth, at each hour of the day, in °C."""
    t = hours * (math.pi / 12)
    return 12 + 5 * torch.sin(t - 2) + 2 * torch.sin(2 * t)


def hands(hours):
    """Where the hand of a clock points: [...] -> [..., 2]."""
    t = hours * (math.pi / 12)
    return torch.stack([t.sin(), t.cos()], dim=-1)
