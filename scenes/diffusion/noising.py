"""
# What is left of a digit after t noisy steps?

To teach a net to clean pictures you spoil them yourself, step by step, until only noise is left.
A step shrinks the picture a little and adds fresh noise ε, a draw from N(0, 1) for each pixel:

    x_t = √(1 − β_t) x_{t−1} + √β_t ε

β_t is the noise's variance in step t, of T. The shrinking makes room for it: if x has variance 1,
then (1 − β_t) · 1 + β_t = 1 again. Without it the variance grows with each step. That is a choice:
some models let it grow on purpose, and divide the input by it.

Shrink factors multiply, variances of *fresh* noises add, and a sum of Gaussians is Gaussian. So t
steps are one jump:

    x_t = √ᾱ_t x_0 + √(1 − ᾱ_t) ε
    ᾱ_t = (1 − β_1) · … · (1 − β_t)

That is why training never walks. It picks a level t and jumps there.

What is left of the digit? Its share √ᾱ_t, under noise of √(1 − ᾱ_t). The signal-to-noise ratio
ᾱ_t / (1 − ᾱ_t) says how much can still be learned at level t. Two things can go wrong. If ᾱ_T is
not nearly 0, a sampler that starts from pure noise starts from something that the net never saw. If
the ratio is nearly 0 for long, those levels teach nothing: below 1/100 the net copies its input.

The **schedule** decides. *linear*: β_t grows evenly (Ho et al., 2020). *cosine*: ᾱ_t falls like a
squared cosine (Nichol and Dhariwal, 2021). *constant*: always the same β. All three end in noise.

It is often written as x + βε, with variance β after it. The variance of βε is β².

## Tomorrow

Before training, plot the signal-to-noise ratio for your T and schedule. Check that ᾱ_T is nearly 0,
and count the levels that lie below 1/100.
"""

import math

import torch

from dlplay import Choice, Float, Int, Scene, Toggle, Try
from dlplay.nn.denoiser import training_digits

COLUMNS = 5  # of the lead
MANY = 100  # digits whose pixels the histogram counts


class Noising(Scene):
    covers = ("Forward Diffusion Process", "Diffusion Kernel")
    panels = {
        "digit into noise": "above, step by step; below, in one jump to the same level",
        "signal to noise": "over the level; under the line there is nothing to learn",
        "variance": "of all pixels, over the level; the walk should follow the formula",
        "pixels": "of 100 digits at the last level shown; walk against jump",
    }
    claims = {
        "variance": "after the last step the variance of the pixels is 0.95 to 1.05",
        "jump": "at each level the mean squares of walk and jump differ by less than 4 %",
        "share": "at each level the digit's share in the walk is √ᾱ within 0.03",
        "forgotten": "at the end, pixels and their first values have a correlation below 0.05",
        "wasted": "levels under 1/100 signal: over 0.2 more of all than with the cosine schedule",
    }
    tries = (
        Try(
            "shrink=off",
            "Add noise, but never shrink. The variance after all 200 steps?",
            ("1, as before", "about 11", "it doubles with each step"),
            right=2,
            breaks=("variance", "jump", "share", "forgotten"),
            keeps="wasted",
            why="Variances add: that of the digits and the sum of all β, about 10. The digit is "
            "still there whole, under much more noise.",
        ),
        Try(
            "fresh=off",
            "The same noise is added in each step, not a fresh one. The noise at the end?",
            ("as strong", "far stronger", "weaker, as it is nothing new"),
            right=2,
            breaks=("variance", "jump"),
            keeps=("forgotten", "wasted"),
            why="Fresh noises partly cancel, so their variances add. The same noise adds up in a "
            "straight line: twice the noise has four times the variance.",
        ),
        Try(
            "strength=0.25",
            "A quarter of the noise in each step. What is left after 200?",
            ("nothing", "a faint digit", "half of the digit"),
            right=2,
            breaks="forgotten",
            keeps="jump",
            why="ᾱ is a product of 200 factors, so it falls like exp(−Σβ). A quarter of the sum "
            "leaves its fourth root: from 0.00003 to 0.08, a share of 0.28.",
        ),
        Try(
            "schedule=cosine",
            "The cosine schedule. How many of its 200 levels are all but noise?",
            ("more than with the linear one", "a third, as before", "far fewer"),
            right=3,
            breaks="wasted",
            keeps=("jump", "variance", "forgotten"),
            why="It is built so that ᾱ falls slowly at both ends. Whether samples get better "
            "depends on how many passes the sampler makes.",
        ),
    )
    quick = {"levels": 10}
    pace = 30

    schedule = Choice("linear", ("linear", "cosine", "constant"), help="how β goes with the level")
    levels = Int(200, min=10, max=1000, log=True, help="T, steps from digit to noise")
    strength = Float(1.0, min=0.25, max=4, log=True, help="times β")
    shrink = Toggle(True, help="shrink the picture before noise is added")
    fresh = Toggle(True, help="new noise in each step")
    level = Float(1.0, min=0.02, max=1, log=True, live=True, help="last level shown, over T")

    def run(self, stage):
        T = self.levels
        x = training_digits(stage.device)[0]  # [1437, 64], −1 to 1
        beta = betas(self.schedule, T, self.strength).to(stage.device)  # [T + 1]
        a = (1 - beta).cumprod(dim=0)  # ᾱ, [T + 1]
        snr = {n: ratio(betas(n, T, self.strength)) for n in ("linear", "cosine", "constant")}
        told = a * x.var() + 1 - a  # variance by the formula

        walk, same = x, torch.randn(x.shape).to(stage.device)
        way, variances, gaps, shares = [x[:MANY]], [x.var()], [], []

        @stage.look(1)
        def look():
            t = len(way) - 1
            last = max(1, round(self.level * T))
            shown = [round(last * (k / (COLUMNS - 1)) ** 2) for k in range(COLUMNS)]
            seen = [s for s in shown if s <= t]
            blank = torch.full((COLUMNS - len(seen), 64), -1.5, device=x.device)
            walked = torch.stack([way[s][0] for s in seen])
            jumped = torch.stack([jump(x[0], s) for s in seen])
            stage.image(
                "digit into noise",
                torch.cat([walked, blank, jumped, blank]).view(-1, 8, 8),
                captions=[f"step {s}" for s in shown] + [f"jump {s}" for s in shown],
                columns=COLUMNS,
                low=-1.5,
                high=1.5,
            )
            at = min(last, t)
            both = {"walk": way[at], "jump": jump(x[:MANY], at)}
            stage.histogram("pixels", both, low=-4, high=4, bins=32, x="value of a pixel")
            both = {"walk": torch.stack(variances), "formula": told[: t + 1]}
            stage.plot("variance", range(t + 1), both)
            stage.headline(
                f"step {at} of {T}: {a[at].sqrt():.1%} of the digit (√ᾱ), noise "
                f"{(1 - a[at]).sqrt():.2f}, variance {variances[at]:.2f}"
            )

        def jump(x, t):
            """Digits [..., 64] at level t, without the way there."""
            return a[t].sqrt() * x + (1 - a[t]).sqrt() * torch.randn(x.shape).to(x.device)

        stage.axes("variance", x="level t", y="variance")
        stage.axes("signal to noise", x="level t", y="ᾱ/(1−ᾱ)", log="y", lines={"1/100": 0.01})
        stage.plot("signal to noise", range(1, T + 1), snr)
        for step in stage.loop(T):
            t = step + 1
            noise = torch.randn(x.shape).to(stage.device) if self.fresh else same
            kept = (1 - beta[t]).sqrt() * walk if self.shrink else walk
            walk = kept + beta[t].sqrt() * noise
            jumped = jump(x, t)
            gaps.append((walk.square().mean() / jumped.square().mean() - 1).abs())
            shares.append(((walk * x).mean() / x.square().mean() - a[t].sqrt()).abs())
            way.append(walk[:MANY])
            variances.append(walk.var())

        with stage.probe():
            pair = torch.stack([walk.flatten(), x.flatten()])
            wasted = {name: (ratios < 0.01).float().mean() for name, ratios in snr.items()}
            stage.claim("variance", walk.var(), within=(0.95, 1.05))
            stage.claim("jump", max(gaps), below=0.04)
            stage.claim("share", max(shares), below=0.03)
            stage.claim("forgotten", pair.corrcoef()[0, 1].abs(), below=0.05)
            stage.claim("wasted", wasted[self.schedule] - wasted["cosine"], above=0.2)


def betas(name, T, strength):
    """β of each level, from level 0 (none) to T: [T + 1]."""
    t = torch.arange(T + 1, dtype=torch.float64)
    if name == "linear":
        beta = torch.linspace(1e-4, 0.02, T, dtype=torch.float64) * 1000 / T
    elif name == "cosine":
        a = torch.cos((t / T + 0.008) / 1.008 * math.pi / 2) ** 2
        beta = 1 - a[1:] / a[:-1]
    else:
        beta = torch.full((T,), 10.05 / T, dtype=torch.float64)  # the same sum as linear
    return torch.cat([torch.zeros(1), (strength * beta).clamp(max=0.999).float()])


def ratio(beta):
    """ᾱ / (1 − ᾱ) of levels 1 to T."""
    a = (1 - beta).cumprod(dim=0)[1:]
    return a / (1 - a)
