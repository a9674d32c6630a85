"""
# How few passes will a sampler do with?

A denoiser learned 200 noise levels, so its sampler takes 200 steps, each a pass of the net. Can you
skip levels?

Nothing in the net forbids it: at level t it guesses the noise ε̂, and from it the clean digit x̂.
From these you can go to any lower level s, not only to the next:

    x̂ = (x − √(1−ᾱₜ) ε̂) / √ᾱₜ
    x ← √ᾱₛ x̂ + c ε̂ + η √β ε

ᾱ is what is left of the clean picture's power at a level, β = 1 − ᾱₜ/ᾱₛ, ε is fresh noise, and c is
as large as keeps the amount of noise right. η = 1 is DDPM (Ho et al., 2020), η = 0 is DDIM (Song et
al., 2020).

Look where each row becomes a digit. DDPM needs ten passes or more. A long stride adds much fresh
noise, and the few passes that follow cannot take it back. DDIM adds none. It follows one smooth
path from noise to digit, and a smooth path may be walked in long strides. Here five will do.

More do not help: from 5 to 200 passes DDIM comes no nearer to real digits. With 200 passes DDPM is
as near, and more often the digit asked for. Its noise washes out what went wrong before. But its
samples differ less.

One pass is too few for either. At level 200 x̂ is a difference of two large, nearly equal pictures,
divided by √ᾱ = 0.006: each error of ε̂ counts 160 times. For the same reason x̂ is kept within
[−1, 1], as pixels are.

How few depends on the data. With photos (CIFAR-10) the authors of DDIM measured a distance of 13.4
at 10 passes, 4.7 at 50, 4.0 at 1,000.

## Tomorrow

Plot quality against passes for your own model, on a log axis, and take the knee. Few passes: a
sampler without fresh noise. Many: try both. Check where the strides lie before you add any.
"""

from itertools import pairwise

import torch

from dlplay import Choice, Float, Int, Scene, Toggle, Try
from dlplay.nn.denoiser import Denoiser, Learner, noise_like, pictures, schedule, training_digits
from dlplay.nn.judge import Judge

COUNTS = 1, 3, 5, 10, 20, 50, 200  # passes
NAMES = "DDPM", "DDIM"


class FewStrides(Scene):
    covers = ("Inference",)
    panels = {
        "one start": "the same noise in 1 to 50 passes, with fresh noise (DDPM) and without",
        "distance": "of samples from real digits (Fréchet), over passes; lower is better",
        "right class": "share of samples that are the digit asked for, over passes",
    }
    claims = {
        "five": "in 5 passes over 0.85 of 200 DDIM samples are the digit asked for",
        "nearer": "in 5 passes DDIM's distance from real digits is below 0.6 of DDPM's",
        "three": "in 3 passes it is over 1.3 times as large as in 5",
        "flat": "in 200 passes it is still over 0.75 of that in 5",
        "many": "in 200 passes DDPM is right in a larger share than DDIM, by over 0.01",
        "one": "in one pass the distance is above 15",
    }
    tries = (
        Try(
            "eta=1",
            "The second row gets fresh noise as well. How far from real digits is it in 5 passes?",
            ("as near as before", "half as far again", "two to four times as far"),
            right=3,
            breaks=("nearer", "flat"),
            why="Both rows are DDPM now. The noise of a long stride is more than the few passes "
            "after it can take back.",
        ),
        Try(
            "grid=late",
            "The strides are long at high noise, short near the end. How good are 3 passes now?",
            ("worse than before", "as good as 5 passes", "no change"),
            right=2,
            breaks="three",
            keeps="five",
            why="At high noise the guess hardly changes from level to level. Near the end the "
            "strokes are settled, and there a pass is worth more.",
        ),
        Try(
            "clip=off",
            "The guess x̂ may leave the range of pixels. The share of right digits in 5 passes?",
            ("the same: pixels are clipped in the end", "lower", "higher"),
            right=2,
            breaks="five",
            keeps="one",
            why="The first guess, divided by 0.006, has pixels far outside. DDIM hands the error "
            "on, so some are still at 60 in the end.",
        ),
    )
    quick = {"steps": 20}

    eta = Float(0, min=0, max=1, live=True, help="η, share of fresh noise in the second row")
    grid = Choice("even", ("even", "late"), live=True, help="late: short strides near the end")
    clip = Toggle(True, live=True, help="keep the guess of the clean digit within [-1, 1]")
    digit = Int(0, min=0, max=9, live=True, help="the digit that is shown")
    steps = Int(1500, min=20, max=20000, log=True, help="batches of 64 digits to train on")

    def run(self, stage):
        x, y, x_test, _ = training_digits(stage.device)  # [N, 64] from -1 to 1
        learner = Learner(Denoiser().to(stage.device), x, y, self.steps)
        judge, real = Judge(stage.device), pictures(x_test)
        ᾱ = schedule()[1].to(stage.device)  # [201]
        asked = torch.arange(200, device=stage.device) % 10

        def levels(passes):
            """From 200 to 0 in so many strides (fewer where two would be one)."""
            at = torch.linspace(200, 1, passes)
            if self.grid == "late":
                at = torch.linspace(200**0.5, 1, passes).square()
            return [*dict.fromkeys(at.round().long().tolist()), 0]

        def sample(n, passes):
            """n samples [n, 64] of DDPM and n of the second row, from the same n starts."""
            dice = torch.Generator().manual_seed(stage.seed)
            η = torch.tensor([1.0, self.eta]).repeat_interleave(n)[:, None].to(stage.device)
            x = noise_like(torch.empty(n, 64, device=stage.device), dice).repeat(2, 1)
            told = asked[:n].repeat(2)
            for t, s in pairwise(levels(passes)):
                ε = learner.average(x, torch.full_like(told, t), told)  # the guessed noise
                clean = (x - (1 - ᾱ[t]).sqrt() * ε) / ᾱ[t].sqrt()
                if self.clip:
                    clean = clean.clamp(-1, 1)
                    ε = (x - ᾱ[t].sqrt() * clean) / (1 - ᾱ[t]).sqrt()
                β = 1 - ᾱ[t] / ᾱ[s]
                room = η**2 * β * (1 - ᾱ[s]) / (1 - ᾱ[t])  # for fresh noise
                x = ᾱ[s].sqrt() * clean + (1 - ᾱ[s] - room).clamp(min=0).sqrt() * ε
                if s > 0:
                    x = x + η * β.sqrt() * noise_like(x, dice)
            return x[:n], x[n:]

        def judged(n, counts):
            """Of both samplers at each number of passes: samples, share right, distance."""
            found = [[], [], []]
            for passes in counts:
                both = sample(n, passes)
                images = [pictures(x) for x in both]
                right = [(judge.classes(i) == asked[:n]).float().mean().item() for i in images]
                distance = [judge.distance(i, real) for i in images]
                for kind, each in zip(found, (both, right, distance), strict=True):
                    kind.append(each)
            return found

        @stage.look(150, learner.average)
        def look():
            n, counts = (200, COUNTS) if learner.done == self.steps else (60, COUNTS[:6])
            samples, right, distance = judged(n, counts)
            rows = torch.stack([both[i][self.digit] for i in (0, 1) for both in samples[:6]])
            captions = [f"{count} {name}" for name in NAMES for count in COUNTS[:6]]
            stage.image("one start", pictures(rows), captions=captions, columns=6)
            far, share = (zip(*values, strict=True) for values in (distance, right))
            stage.plot("distance", counts, dict(zip(NAMES, far, strict=True)))
            stage.plot("right class", counts, dict(zip(NAMES, share, strict=True)))
            (a, b), (c, d) = right[2], distance[2]
            stage.headline(
                f"in 5 passes DDIM is right in {b:.0%}, at distance {d:.1f}; DDPM {a:.0%}, {c:.1f}"
            )

        stage.axes("distance", x="passes", y="Fréchet distance", log="xy")
        stage.axes("right class", x="passes", y="share", log="x")
        for _ in stage.loop(self.steps):
            learner.step()

        with stage.probe(learner.average):
            _, right, distance = judged(200, COUNTS)
            ddpm, ddim = zip(*distance, strict=True)
            stage.claim("five", right[2][1], above=0.85)
            stage.claim("nearer", ddim[2] / ddpm[2], below=0.6)
            stage.claim("three", ddim[1] / ddim[2], above=1.3)
            stage.claim("flat", ddim[6] / ddim[2], above=0.75)
            stage.claim("many", right[6][0] - right[6][1], above=0.01)
            stage.claim("one", ddim[0], above=15)
