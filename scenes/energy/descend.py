"""
# Which answer does descent find?

A trained energy E(x, y) is low where question x and answer y suit each other. To answer is to
search for its lowest place. In one dimension you can try all y. In a thousand you can't, but E is a
net, so its slope costs no more than one pass back. Hold x and the weights fast and let the *answer*
roll downhill:

    y ← y − η ∂E/∂y

η is the step size. This is the gradient descent of training, turned round: there the weights move,
here they stand still and y moves.

Descent never climbs. It ends on the floor of the valley in which it began, the next one down, not
the lowest one. That can be a right answer, one of several. It can also be a **false valley**, a
hollow that training left somewhere high up, because no wrong answer ever fell there, or too few. A
walker feels no difference: in both the slope is 0.

So start often, from places far apart, and compare the floors. Among walkers for the *same* x the
energy tells which to keep.

You can also shake: add noise √(2ηT)·ε to each step, with ε from a normal distribution and T the
temperature. Then walkers climb over walls some T high. They pay for it: they never come to rest.

If η is too large for the narrowest valley, a walker leaps from one slope to the other, higher and
higher, until it is thrown out.

## Tomorrow

Start many times, keep the lowest, and report how many starts agreed. If descent jumps, take a
smaller step before you blame the net. If starts disagree, ask whether there are several answers.
"""

import torch
from torch import nn

from dlplay import Float, Int, Scene, Try
from dlplay.data import folded, folded_answers
from dlplay.nn import grid

VIEW = (-2, 2)
WALKERS = "below -0.6", "between", "above 0.6"  # where they are now: one name, one colour


class Descend(Scene):
    covers = ("EBMs Inference",)
    panels = {
        "slope": "walkers roll on E over y; the lowest row is where they started",
        "map": "energy above the lowest of each column; the walkers stand in theirs",
        "at x = 1": "energy of walkers asked for x = 1, above the lowest place there",
    }
    claims = {
        "arrive": "over 0.85 of the walkers end within 0.2 of a right answer to x",
        "all_found": "each right answer to x is found by some walker",
        "falls": "in over 0.95 of their moves the energy falls",
        "false_valley": "asked for x = 1, 0.15 to 0.7 of the walkers find the one right answer",
        "keep_lowest": "there, the lowest walker is right within 0.2, and 4 nats below the median",
    }
    tries = (
        Try(
            "starts=1",
            "One walker instead of 40, starting at y = 0. How many of the three answers are found?",
            ("all, one after the other", "one", "none"),
            right=2,
            breaks="all_found",
            why="It rolls to the floor of its own valley. From there every way leads up.",
        ),
        Try(
            "rate=0.1",
            "The step is twenty times as large. What do the walkers do?",
            ("arrive twenty times sooner", "most leap about and are lost", "the same as before"),
            right=2,
            breaks=("arrive", "all_found", "falls", "false_valley"),
            why="One step carries them over the floor and up the other side, where the slope is "
            "steeper still.",
        ),
        Try(
            "x=1",
            "At x = 1 there is one right answer. How many of 40 walkers find it?",
            ("all of them", "none", "fewer than half"),
            right=3,
            breaks="arrive",
            keeps=("falls", "keep_lowest"),
            why="The rest rolls into a false valley, ten nats higher. Descent sees only the slope "
            "under its feet; the energy tells which floor is lower.",
        ),
        Try(
            "shake=1",
            "They are shaken, with temperature 1. How many stand near a right answer at the end?",
            ("some three in four", "nearly all", "hardly any"),
            right=1,
            breaks=("arrive", "falls"),
            why="The valleys are a few nats deep. A walker goes up about 1 nat at any time, and "
            "now and then over a wall.",
        ),
    )
    quick = {"steps": 20, "walk": 10}
    pace = 100

    x = Float(0, min=-1.2, max=1.2, live=True, help="the question")
    starts = Int(40, min=1, max=60, help="walkers, from even places between -2 and 2")
    rate = Float(0.005, min=0.001, max=0.3, log=True, live=True, help="η, size of a step down")
    shake = Float(0, min=0, max=3, live=True, help="T, the temperature of the noise")
    walk = Int(300, min=10, max=2000, log=True, help="steps that the walkers take")
    steps = Int(600, min=20, max=5000, log=True, help="steps of learning before, over 64 pairs")

    def run(self, stage):
        x, y = folded(4000, noise=0.3, device=stage.device)
        energy = nn.Sequential(
            *(nn.Linear(2, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU()), nn.Linear(64, 1)
        ).to(stage.device)
        optimizer = torch.optim.Adam(energy.parameters(), lr=0.006)
        places = grid(VIEW, VIEW, 48, device=stage.device)  # [y, x, 2]
        line = torch.linspace(-2.5, 2.5, 251, device=stage.device)
        even = 4 * (torch.arange(self.starts) + 0.5) / self.starts - 2
        # In each of C runs of a sweep, asked for x and for x = 1: [C, 2, starts]
        walkers = even.repeat(stage.copies, 2, 1).to(stage.device)
        fell = []

        def energies(asked, y):
            """The energy of answers y [..., 2, N] to the two questions `asked` [2]: [..., 2, N]."""
            return energy(torch.stack([asked[:, None].expand_as(y), y], dim=-1))[..., 0]

        def floors(asked):
            return energies(asked, line.expand(2, -1)).min(dim=1, keepdim=True).values  # [2, 1]

        @stage.look(5, energy)
        def look():
            asked = torch.tensor([self.x, 1.0], device=stage.device)
            low = floors(asked)
            e, at = (energies(asked, walkers[0]) - low)[0].cpu(), walkers[0, 0].cpu()
            curve = (energies(asked, line.expand(2, -1)) - low)[0].cpu()
            on_curve = torch.stack([at, e.clamp(max=11.7)], dim=1)
            column = torch.stack([torch.full_like(at, self.x), at], dim=1)
            sides = at < -0.6, at.abs() <= 0.6, at > 0.6
            right = folded_answers(self.x)
            paths = {"energy": torch.stack([line.cpu(), curve.clamp(max=11.7)], dim=1)}
            for i, each in enumerate(right):
                paths[f"right {i + 1}"] = torch.tensor([[each, 0.0], [each, 2.0]])
            begun = torch.stack([even, torch.full_like(even, -0.7)], dim=1)  # the row below
            rolling = {
                name: torch.cat([on_curve[side], begun[side]])
                for name, side in zip(WALKERS, sides, strict=True)
            }
            stage.plane("slope", x=(-2.2, 2.2), y=(-1, 12), points=rolling, paths=paths,
                        x_label="answer y", y_label="nats")  # fmt: skip
            standing = {name: column[side] for name, side in zip(WALKERS, sides, strict=True)}
            field = energy(places)[..., 0]
            field = field - field.min(dim=0).values
            view = {"x": VIEW, "y": VIEW, "x_label": "question x", "y_label": "answer y"}
            stage.plane("map", **view, field=field, low=0, high=12, points=standing)
            near = (at[:, None] - right).abs() < 0.2  # [starts, answers]
            found = f"{int(near.any(dim=0).sum())} of {len(right)} right answers found"
            there = f"{int(near.any(dim=1).sum())} of {self.starts} walkers are at one"
            stage.headline(f"{found}; {there}, after {len(fell)} steps down")

        for _ in stage.loop(self.steps):
            batch = torch.randint(len(x), (64,), device="cpu").to(stage.device)
            wrong = 4 * torch.rand(64, 32).to(stage.device) - 2
            answers = torch.cat([y[batch, None], wrong], dim=1)  # [64, 33], the right one first
            pairs = torch.stack([x[batch, None].expand_as(answers), answers], dim=2)
            e = energy(pairs)[..., 0]
            loss = (e[:, 0] + (-e).logsumexp(dim=1)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        stage.axes("at x = 1", x="step down", y="nats")
        for _ in stage.loop(self.walk):
            asked = torch.tensor([self.x, 1.0]).to(stage.device)
            at = walkers.detach().requires_grad_()
            e = energies(asked, at)
            (slope,) = torch.autograd.grad(e.sum(), at)
            noise = torch.randn(2, self.starts).to(stage.device)
            η = stage.each(self.rate)[:, None, None]
            T = stage.each(self.shake)[:, None, None]
            moved = at - η * slope + (2 * η * T) ** 0.5 * noise
            walkers = moved.detach().clamp(-2.5, 2.5)
            with torch.no_grad():
                after = energies(asked, walkers)
                height = (after - floors(asked))[:, 1]  # [C, starts]
            fell.append((after < e + 1e-4)[:, 0].float().mean(dim=1))
            middle = height.median(dim=1).values
            stage.curve("at x = 1", lowest=height.amin(dim=1), median=middle)

        with stage.probe(energy):
            asked = torch.tensor([self.x, 1.0], device=stage.device)
            e, ends = energies(asked, walkers)[:, 1].cpu(), walkers.cpu()  # [C, starts]
            near = (ends[:, 0, :, None] - folded_answers(self.x)).abs() < 0.2
            off = (ends[:, 1] - folded_answers(1.0)).abs()  # of the walkers asked for x = 1
            found = off.gather(1, e.argmin(dim=1, keepdim=True))[:, 0] < 0.2
            kept = found * (e.median(dim=1).values - e.min(dim=1).values)
            stage.claim("arrive", near.any(dim=2).float().mean(dim=1), above=0.85)
            stage.claim("all_found", near.any(dim=1).float().mean(dim=1), at_least=1)
            stage.claim("falls", torch.stack(fell).mean(dim=0), above=0.95)
            stage.claim("false_valley", (off < 0.2).float().mean(dim=1), within=(0.15, 0.7))
            stage.claim("keep_lowest", kept, above=4)
