"""
# Why does the plain loss beat the exact one?

The bound on the likelihood is a sum over noise levels t of squared distances between two means. In
terms of the noise ε and the net's guess ε̂ each of them is

    w_t ‖ε − ε̂(x_t, t)‖²
    w_t = β_t / (2 (1 − β_t)(1 − ᾱ_t))

with β_t the variance of a step, and of a step back, and ᾱ_t the product of all 1 − β so far. One
draws a level and a noise, and takes a step of descent on that term.

Ho et al. (2020) leave w_t out: every level counts alike. The samples get better. Why?

At the first levels the noise is weaker than the digits' own roughness and cannot be told from it:
the error stays near 1, that of guessing nothing, whatever one does. Just there w_t is largest, up
to 11 times its mean, and most of the bound is spent there. Nothing can be learned from these terms,
but they push the net about at random. The terms of noisy levels, at which shapes are made, are a
hundred times smaller, and what they ask for drowns. Most of them also weigh less than their share.

Here the exact loss does not even win by its own sum: after as many batches the plainly trained net
is better in that too. Draw the levels as often as they weigh instead, each term alike. That is the
same loss on average, with less chance in it, and its own sum is repaired. The samples are not: the
middle levels still get half of the training.

Equal weights are a bound, too: a mean of bounds for data with noise added (Kingma and Gao, 2023).

## Tomorrow

Choose the weights for what you want: codes of few bits, or good pictures. Compare two nets by the
same sum, never by the losses that they were trained on. Plot the error by level.
"""

import copy
import itertools
import math

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.nn.denoiser import (
    LEVELS,
    NOBODY,
    Denoiser,
    asked,
    drawn,
    follow,
    noise_like,
    pictures,
    schedule,
    training_digits,
)
from dlplay.nn.judge import Judge

EQUAL, BOUND = "equal weights", "bound's weights"
# Levels that are shown as one point end here
EDGES = (0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 29, 38, 50, 66, 87, 114, 150, 200)
MIDDLES = [(low + high + 1) / 2 for low, high in itertools.pairwise(EDGES)]
SAMPLERS = {"ddim-20": (20, 0.0), "ancestral-20": (20, 1.0), "ancestral-200": (200, 1.0)}


class Weighting(Scene):
    covers = ("Final Expression for the Diffusion Loss",)
    panels = {
        "error": "of each net's guess of the noise; apart where it is noisy, where shapes are made",
        "weight": "of each level in the loss of each net",
        "samples": "left of the net with equal weights, right of the other",
        "distance": "of 300 samples from real digits; lower is better",
    }
    claims = {
        "farther": "the bound's samples are over 1.2 times as far from real digits",
        "misread": "over 0.04 fewer of its 500 samples are read as the digit asked for",
        "shapes": "at the noisiest quarter of the levels its error is over 1.4 times as large",
        "hopeless": "at the first level both errors are 0.8 to 1.2: as bad as guessing 0",
        "own": "by the bound's own sum it is over 2 % worse than the net of equal weights",
        "spent": "the first 10 of 200 levels make over 0.6 of that sum",
    }
    tries = (
        Try(
            "tilt=0",
            "Equal weights for the second net, too. How far apart are the two?",
            ("as before", "by chance only", "not at all"),
            right=3,
            breaks=("farther", "misread", "shapes", "own"),
            keeps=("hopeless", "spent"),
            why="They begin alike, with the same batches in which the same noise is hidden. So "
            "the weights alone made the difference.",
        ),
        Try(
            "levels=by-weight",
            "The second net's levels are drawn as often as they weigh, each term counts alike. "
            "What is repaired?",
            ("the bound's own sum", "the samples", "both"),
            right=1,
            breaks="own",
            keeps=("shapes", "farther"),
            why="On average it is the same loss, with less chance in its gradient. But the levels "
            "between, at which shapes are made, still get half of the training.",
        ),
        Try(
            "tilt=-1",
            "One over the bound's weights: the noisy levels count most. Its samples?",
            ("worse, that is as wrong", "no farther from real ones than with equal weights",
             "no digits"),
            right=2,
            breaks=("farther", "misread", "shapes"),
            keeps="hopeless",
            why="The levels at which shapes are made get more of the training, those at which "
            "nothing can be learned get less.",
        ),
        Try(
            "sampler=ancestral-200",
            "Samples are drawn in 200 passes with fresh noise, not in 20 without. How much of the "
            "gap in right digits is left?",
            ("all of it", "a small part", "it is larger"),
            right=2,
            breaks="misread",
            keeps=("shapes", "own"),
            why="Each pass corrects errors of those before. The nets are the same, so what a "
            "weighting is worth also depends on the sampler.",
        ),
    )  # fmt: skip
    quick = {"steps": 3}

    tilt = Float(1.0, min=-1, max=1, help="exponent on the bound's weights of the second net")
    levels = Choice("evenly", ("evenly", "by-weight"), help="how the second net's are drawn")
    sampler = Choice("ddim-20", tuple(SAMPLERS), live=True, help="how samples are drawn, passes")
    digit = Int(2, min=0, max=9, live=True, help="the first of the digits that are shown")
    level = Int(150, min=1, max=200, live=True, log=True, help="the level whose errors are told")
    steps = Int(150, min=3, max=1000, log=True, help="rounds of training, of 10 batches of 64")

    def run(self, stage):
        device = stage.device
        x, y, x_test, y_test = training_digits(device)  # [1437, 64], −1 to 1; [1437]
        beta, alpha_bar = (values.to(device) for values in schedule())  # [201] each
        exact = beta[1:] / (2 * (1 - beta[1:]) * (1 - alpha_bar[1:]))  # σ² = β
        exact = torch.cat([torch.zeros_like(exact[:1]), exact / exact.mean()])  # by level
        tilted = torch.cat([exact[:1], exact[1:] ** self.tilt / (exact[1:] ** self.tilt).mean()])
        weights = {EQUAL: torch.ones_like(exact), BOUND: tilted}
        first = Denoiser().to(device)
        nets = nn.ModuleList([first, copy.deepcopy(first)])
        averages = copy.deepcopy(nets)  # of the weights: what samples are made of
        adams = [torch.optim.AdamW(net.parameters(), lr=2e-3, fused=True) for net in nets]

        # 20 held-out pictures at each level, with noise: [4000, 64]
        quiz_t = torch.arange(1, LEVELS + 1, device=device).repeat_interleave(20)
        quiz = torch.randint(len(x_test), quiz_t.shape, device="cpu").to(device)
        a, quiz_noise = alpha_bar[quiz_t, None], noise_like(x_test[quiz])
        quiz_x = a.sqrt() * x_test[quiz] + (1 - a).sqrt() * quiz_noise

        def errors():
            """Of each net, by level: [200]."""
            off = [net(quiz_x, quiz_t, y_test[quiz]) - quiz_noise for net in averages]
            return [each.square().mean(dim=1).view(LEVELS, 20).mean(dim=1) for each in off]

        def samples(digit, sampler):
            """Of each net, from the same noise: [N, 64]."""
            passes, fresh = SAMPLERS[sampler]
            found = []
            for net in averages:
                dice = torch.Generator().manual_seed(stage.seed)
                start = noise_like(x.new_zeros(len(digit), 64), dice)
                how = {"passes": passes, "fresh": fresh, "dice": dice}
                found.append(drawn(asked(net, digit), start, **how))
            return found

        judge = Judge(device)
        real = pictures(x_test)

        @stage.look(5, averages)
        def look():
            plain, bound = errors()
            both = {EQUAL: grouped(plain), BOUND: grouped(bound)}
            stage.axes("error", x="noise level t", y="squared error", log="xy",
                       verticals={"level": self.level})  # fmt: skip
            stage.plot("error", MIDDLES, both)
            both = {name: grouped(each[1:]) for name, each in weights.items()}
            stage.plot("weight", MIDDLES, both)
            digit = (self.digit + torch.arange(2, device=device)) % 10
            pairs = torch.stack(samples(digit, self.sampler), dim=1).flatten(0, 1)
            names = ["equal", "bound's"] * 2
            stage.image("samples", pictures(pairs), columns=2, captions=names)
            k = self.level
            stage.headline(f"error at level {k}: with equal weights {plain[k - 1]:.2g}, with the "
                           f"bound's {bound[k - 1]:.2g}")  # fmt: skip

        @stage.look(15, averages)
        def look_at_distance():
            ends = samples(torch.arange(300, device=device) % 10, "ddim-20")
            far = [judge.distance(pictures(each), real) for each in ends]
            stage.curve("distance", dict(zip(weights, far, strict=True)))

        stage.axes("weight", x="noise level t", y="weight", log="xy")
        stage.axes("distance", x="round", y="Fréchet distance", log="y")
        for step in stage.loop(self.steps):
            rate = 1e-3 * (1 + math.cos(math.pi * step / self.steps))
            for _ in range(10):
                pick = torch.randint(len(x), (64,), device="cpu").to(device)
                t = torch.randint(1, LEVELS + 1, (64,), device="cpu").to(device)
                noise, hide = noise_like(x[pick]), torch.rand(64, device="cpu").to(device) < 0.1
                digit = torch.where(hide, NOBODY, y[pick])
                often = tilted.cpu().multinomial(64, replacement=True).to(device)
                for name, net, adam in zip(weights, nets, adams, strict=True):
                    by_weight = name == BOUND and self.levels == "by-weight"
                    level = often if by_weight else t
                    a = alpha_bar[level, None]  # [64, 1]
                    noisy = a.sqrt() * x[pick] + (1 - a).sqrt() * noise
                    error = (net(noisy, level, digit) - noise).square().mean(dim=1)  # [64]
                    loss = (error if by_weight else weights[name][level] * error).mean()
                    adam.param_groups[0]["lr"] = rate
                    adam.zero_grad()
                    loss.backward()
                    adam.step()
                follow(averages, nets, 0.005 if step > 20 else 0.05)

        with stage.probe(averages):
            digit = torch.arange(500, device=device) % 10
            ends = [pictures(each) for each in samples(digit, self.sampler)]
            far = [judge.distance(each, real) for each in ends]
            right = [(judge.classes(each) == digit).float().mean() for each in ends]
            plain, bound = errors()
            sums = [(exact[1:] * each).sum() for each in (plain, bound)]
            stage.claim("farther", far[1] / far[0], above=1.2)
            stage.claim("misread", right[0] - right[1], above=0.04)
            stage.claim("shapes", bound[-50:].mean() / plain[-50:].mean(), above=1.4)
            stage.claim("hopeless", (plain[0] + bound[0]) / 2, within=(0.8, 1.2))
            stage.claim("own", sums[1] / sums[0], above=1.02)
            stage.claim("spent", (exact[1:11] * plain[:10]).sum() / sums[0], above=0.6)


def grouped(values):
    """Means of values [200] by level, over the levels that are shown as one point."""
    return torch.stack([values[low:high].mean() for low, high in itertools.pairwise(EDGES)])
