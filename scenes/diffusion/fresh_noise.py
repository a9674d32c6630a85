"""
# Why does a sampler add noise while it removes noise?

A net has learned to guess the noise in a picture. To draw a new digit you begin with pure noise and
take noise away, 200 times. Yet the usual sampler (Ho et al., 2020) ends each step by *adding* some.
Does it undo its own work?

Say the picture x is at level t, with ᾱₜ of its power left from a clean digit. From the guessed
noise ε̂ follows a guess of the clean digit:

    x̂ = (x − √(1−ᾱₜ) ε̂) / √ᾱₜ

The next level s is a little cleaner. β = 1 − ᾱₜ/ᾱₛ is the power of the noise that was added between
them. The sampler goes to a place μ between x and x̂, and adds fresh noise ε:

    μ = [√ᾱₛ β x̂ + √(1−β)(1−ᾱₛ) x]
        / (1−ᾱₜ)
    x ← μ + φ √β ε

with φ = 1. Many pictures at level s could have become this x. They are spread around μ, by about
√β. With φ = 0 you always take their middle. Once does no harm. After 200 middles all that was
special is gone: each start ends at the same picture, the smoothest mean of its digit.

The picture *spread on the way* shows how. Real digits, noised to a level, differ by so much. With
fresh noise the walkers differ as much, until the last steps. Without it they differ too little from
the start. The net, told level t, sees a picture that is cleaner than it should be, and takes out
still more.

A classifier does not see this. It is even surer of the mean than of real digits.

How much noise is right? Variety grows with φ, but from about φ = 1 on fewer samples are the digit
that was asked for.

## Tomorrow

Never judge samples by a classifier alone. Measure how much two samples of one class differ, beside
two real ones. If samples look clean, right, and all alike, look for the noise in your sampler.
"""

from itertools import pairwise

import torch

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.nn.denoiser import (
    Denoiser,
    Learner,
    noise_like,
    pictures,
    schedule,
    strides,
    training_digits,
    variety,
)
from dlplay.nn.judge import Judge

ARMS = ("fresh noise", "no noise")


class FreshNoise(Scene):
    covers = ("Inference",)
    panels = {
        "samples": "one digit, from the same six starts: with fresh noise, then without",
        "judge": "share right; how sure; variety, 1 where they differ as real ones do",
        "distance": "of the samples from real digits (Fréchet); lower is better",
        "spread on the way": "how far two of one digit differ, by level; 0 is the end",
    }
    claims = {
        "right": "with fresh noise over 0.9 of 200 samples are the digit asked for",
        "varied": "two of one digit differ 0.6 to 0.9 times as much as two real ones",
        "near": "their Fréchet distance from real digits is below 5.5",
        "alike": "without fresh noise they differ less than 0.1 times as much as real ones",
        "fooled": "yet the judge is surer of them, by over 0.015 on average",
        "farther": "their Fréchet distance is over 1.3 times that with fresh noise",
    }
    tries = (
        Try(
            "fresh=0.5",
            "Half as much fresh noise in each step. How much do the samples vary?",
            ("half as much", "nearly as much as before", "not at all"),
            right=1,
            breaks="varied",
            keeps=("right", "near"),
            why="Too little comes in for what each step takes out, so the walkers draw together "
            "until both are in balance.",
        ),
        Try(
            "fresh=1.5",
            "Half as much again. The judge?",
            ("finds more of them right", "finds as many right", "finds fewer right"),
            right=3,
            breaks=("right", "varied", "near"),
            why="Each step leaves more noise than the next expects. The walkers differ more than "
            "real digits do, and some of that is noise in the final picture.",
        ),
        Try(
            "removed=all",
            "Each step takes out all guessed noise at once, then adds the fresh. The samples?",
            ("sharper, as varied", "noise", "all right, but hardly varied"),
            right=3,
            breaks="varied",
            keeps="right",
            why="A step adds far less noise than a level has. If all is taken out first, too "
            "little is left on every level, as if the fresh noise were weak.",
        ),
        Try(
            "beta_scale=4",
            "The sampler reckons with four times the noise that the net learned from. Samples?",
            ("ruined", "hardly worse, or even nearer to real ones", "all alike"),
            right=2,
            keeps="near",
            why="The levels are steeper, but each is told to hold no less noise than it does. Net "
            "and sampler need not have one schedule; they must agree on the start.",
        ),
        Try(
            "beta_scale=0.25",
            "Now it reckons with a quarter. Samples?",
            ("as good as with four times", "better: smaller steps", "farther from real digits"),
            right=3,
            breaks="near",
            why="Level 200 now claims to hold a faint digit. The start is pure noise, so the net "
            "takes some of it for a digit, and keeps it.",
        ),
    )
    quick = {"steps": 20, "passes": 5}

    fresh = Float(1, min=0, max=1.5, live=True, help="φ, fresh noise in units of √β")
    removed = Choice("middle", ("middle", "all"), live=True, help="where a step goes before noise")
    beta_scale = Float(1, min=0.25, max=4, log=True, live=True, help="times β, when sampling")
    passes = Int(200, min=5, max=200, log=True, live=True, help="strides from noise to digit")
    digit = Int(3, min=0, max=9, live=True, help="the digit that is shown")
    steps = Int(1500, min=20, max=20000, log=True, help="batches of 64 digits to train on")

    def run(self, stage):
        x, y, x_test, y_test = training_digits(stage.device)  # [N, 64] from -1 to 1
        learner = Learner(Denoiser().to(stage.device), x, y, self.steps)
        judge, real, reach = Judge(stage.device), pictures(x_test), variety(x_test, y_test)

        def walk(n, passes):
            """n samples with fresh noise, n without: both [n, 64], their digits, and spreads."""
            dice = torch.Generator().manual_seed(stage.seed)
            digits = torch.arange(n, device=stage.device) % 10
            φ = torch.tensor([self.fresh, 0.0]).repeat_interleave(n)[:, None].to(stage.device)
            x = noise_like(torch.empty(n, 64, device=stage.device), dice).repeat(2, 1)
            ᾱ = (1 - (schedule()[0] * self.beta_scale).clamp(max=0.999)).cumprod(dim=0)
            ᾱ = ᾱ.to(stage.device)  # [201]
            told, on_the_way = digits.repeat(2), []
            for step, (t, s) in enumerate(pairwise(strides(passes)), 1):
                ε = learner.average(x, torch.full_like(told, t), told)
                clean = ((x - (1 - ᾱ[t]).sqrt() * ε) / ᾱ[t].sqrt()).clamp(-1, 1)
                β = 1 - ᾱ[t] / ᾱ[s]
                x = (ᾱ[s].sqrt() * β * clean + (1 - β).sqrt() * (1 - ᾱ[s]) * x) / (1 - ᾱ[t])
                if self.removed == "all":
                    x = ᾱ[s].sqrt() * clean
                if s > 0:  # the last step ends without noise
                    x = x + φ * β.sqrt() * noise_like(x, dice)
                if step % max(1, passes // 10) == 0 or s == 0:
                    on_the_way.append([s, variety(x[:n], digits), variety(x[n:], digits)])
            return x[:n], x[n:], digits, on_the_way

        def judged(x, digits):
            """Share right, certainty, variety (real: 1), Fréchet distance of samples [n, 64]."""
            images = pictures(x)
            right = (judge.classes(images) == digits).float().mean()
            varied = variety(x, digits) / reach
            shares = right, judge.confidence(images).mean(), varied
            return *map(float, shares), judge.distance(images, real)

        @stage.look(50, learner.average)
        def look():
            done = learner.done == self.steps
            fresh, none, digits, on_the_way = walk(
                *((200, self.passes) if done else (60, min(self.passes, 40)))
            )
            shown = [samples[digits == self.digit][:6] for samples in (fresh, none)]
            captions = [arm for arm in ("fresh", "none") for _ in range(6)]
            stage.image("samples", pictures(torch.cat(shown)), captions=captions, columns=6)
            a, b, truth = judged(fresh, digits), judged(none, digits), judged(x_test, y_test)
            bars = {"real digits": truth, ARMS[0]: a, ARMS[1]: b}
            stage.bars("judge", ("right", "sure", "variety"), {k: v[:3] for k, v in bars.items()})
            stage.bars("distance", ARMS, (a[3], b[3]))
            levels = torch.tensor([s for s, *_ in on_the_way])
            ᾱ = schedule()[1][levels]
            spread = (ᾱ * float(reach) ** 2 + (1 - ᾱ) * 2 * 64).sqrt()  # of two real ones, noised
            spread = {"real digits": spread} | {
                arm: [float(row[i]) for row in on_the_way] for i, arm in enumerate(ARMS, 1)
            }
            stage.plot("spread on the way", levels, spread)
            stage.headline(
                f"right {a[0]:.2f}, variety {a[2]:.2f}; without fresh noise right {b[0]:.2f}, "
                f"variety {b[2]:.2f}"
            )

        stage.axes("spread on the way", x="level", y="distance")
        for _ in stage.loop(self.steps):
            learner.step()

        with stage.probe(learner.average):
            fresh, none, digits, _ = walk(200, self.passes)
            a, b = judged(fresh, digits), judged(none, digits)
            stage.claim("right", a[0], above=0.9)
            stage.claim("varied", a[2], within=(0.6, 0.9))
            stage.claim("near", a[3], below=5.5)
            stage.claim("alike", b[2], below=0.1)
            stage.claim("fooled", b[1] - a[1], above=0.015)
            stage.claim("farther", b[3] / a[3], above=1.3)
