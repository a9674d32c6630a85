"""
# What does classifier guidance really sample?

You have a model that draws from all data, and you want one class y of it. Bayes' rule says how. The
slope of the log density of the class is the sum of two:

    ∇ log p(x|y)
      = ∇ log p(x) + ∇ log p(y|x)

The first is what a diffusion model knows. The second is the gradient of a classifier: the direction
in which x looks more like y. In each step the sampler goes along both (Dhariwal and Nichol, 2021).
With a strength γ on the second, it should draw from

    p(x) p(y|x)^γ

γ = 0 is all data, γ = 1 the class, more than 1 its clearest examples.

Here this can be checked. Data are numbers, two classes with means ±1 and variance 1. The slope of
log p is known exactly at each noise level, the classifier is learned, and the promised density can
be drawn: the curve. The sampler takes 200 steps, with fresh noise (SDE) or without (ODE).

Turn γ to 1: the samples lie on the curve, if the classifier was trained on *noisy* numbers and told
the level. One that saw only clean numbers is too sure of noisy ones, and pushes too hard.

At γ = 4 the samples lie beyond the curve, whatever the classifier. The formula is wrong for a
sampler. It would need the slope of the *promised density with noise added*. What it takes is the
slope of noisy p times noisy classifier to the γ. At γ = 0 or 1 these are the same, else not: see
*slopes*. Without fresh noise the error is larger, as nothing lets the walkers forget where they
were pushed.

## Tomorrow

Take γ for a knob of taste. Tune it by looking at samples, and read no probabilities off it. Train a
guiding classifier on noisy inputs at all levels. Test a sampler on a density that you know.
"""

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.nn.denoiser import LEVELS, schedule

LIST = 0.0, 1.0, 2.0, 4.0, 8.0  # γ
GRID = torch.linspace(-8, 10, 901)
BINS = torch.linspace(-4, 6, 51)
β, ᾱ = schedule()  # [201] each


class Steer(Scene):
    covers = ("Guided Diffusion", "Classifier Guidance")
    panels = {
        "samples": "density of 1,500 samples each; promised is what the formula says",
        "miss": "greatest gap in cumulative share (KS), over γ; lower is better",
        "slopes": "at one noise level: needed for the promise, taken by the sampler",
    }
    claims = {
        "kept": "at γ = 1 the SDE's samples miss the promise by below 0.06 (KS)",
        "clean_misses": "at γ = 1, led by a classifier of clean data, they miss it by 0.09 to 0.22",
        "beyond": "at the γ that is set their mean lies over 0.25 beyond the promised mean",
        "missed": "there they miss the promise by over 0.15",
        "without_noise": "there the ODE misses it by over 0.1 more than the SDE",
    }
    tries = (
        Try(
            "gamma=1",
            "The plain sum of the two slopes. Where do the samples lie beside the promised curve?",
            ("on it", "beyond it, by a quarter as much", "short of it"),
            right=1,
            breaks=("beyond", "missed", "without_noise"),
            keeps="kept",
            why="At γ = 1 Bayes' rule holds at each noise level: noisy p times noisy classifier is "
            "the noisy class. At another γ it holds without noise alone.",
        ),
        Try(
            "classifier=exact",
            "The classifier's formula in place of a learned one. Do samples keep the promise now?",
            ("yes: the net was wrong far out", "the SDE's do", "no"),
            right=3,
            keeps=("kept", "beyond", "missed"),
            why="Each of its answers is right, at each level. The sum of the slopes is the slope "
            "of another density.",
        ),
        Try(
            "classifier=clean",
            "A classifier that never saw noise pushes. Does γ = 1 keep its promise now?",
            ("yes", "no: too far out, too narrow", "no: too little, both classes"),
            right=2,
            breaks="kept",
            keeps="clean_misses",
            why="At high noise the classes overlap, and a good answer is unsure. This one reads x "
            "as if it were clean, is sure, and pushes from the first step on.",
        ),
    )
    quick = {"steps": 10, "strides": 10}

    gamma = Float(4, min=0, max=8, live=True, help="γ, strength of the classifier's push")
    classifier = Choice("noisy", ("noisy", "clean", "exact"), live=True, help="who pushes")
    level = Int(60, min=1, max=200, live=True, help="the noise level whose slopes are shown")
    strides = Int(200, min=10, max=200, live=True, help="of the samplers, from noise to data")
    apart = Float(1, min=0.5, max=3, help="m: the means of the classes are m and -m")
    steps = Int(600, min=10, max=5000, log=True, help="batches to train both classifiers on")

    def run(self, stage):
        m = self.apart
        noisy, clean = mlp().to(stage.device), mlp().to(stage.device)
        nets = nn.ModuleList([noisy, clean])
        adam = torch.optim.Adam(nets.parameters(), lr=5e-3)

        def push(x, t, who):
            """∇ log p(y|x) of the class at m, at points x of level t."""
            s = float(ᾱ[t].sqrt())
            if who == "exact":
                return 2 * s * m * torch.sigmoid(-2 * s * m * x)
            net, t = (noisy, t) if who == "noisy" else (clean, 0)
            with torch.enable_grad():
                x = x.detach().requires_grad_()
                return torch.autograd.grad(logsigmoid(logits(net, x, t)).sum(), x)[0]

        def slope(x, t, γ, who):
            """What the sampler takes for the slope of the log density at level t."""
            s = float(ᾱ[t].sqrt()) * m
            return s * torch.tanh(s * x) - x + γ * push(x, t, who)

        def sample(γs, who, n, strides):
            """Samples of SDE and ODE at each γ: [2, γs, n], on the CPU."""
            dice = torch.Generator().manual_seed(stage.seed)
            γ = torch.tensor(γs)[:, None].to(stage.device)
            x = torch.randn(2, len(γs), n, generator=dice).to(stage.device)
            levels = torch.linspace(LEVELS, 1, strides).round().long().tolist()
            for t, s in zip(levels, [*levels[1:], 0], strict=True):
                b = float(β[s + 1 : t + 1].sum())  # noise of the stride
                ε = torch.randn(x.shape[1:], generator=dice).to(stage.device)
                sde, ode = slope(x, t, γ, who)
                x = torch.stack(
                    [x[0] + b * (x[0] / 2 + sde) + b**0.5 * ε, x[1] + b * (x[1] + ode) / 2]
                )
            return x.cpu()

        @stage.look(40, nets)
        def look():
            done = stage.step == self.steps - 1
            γs = [*LIST, self.gamma]
            x = sample(γs, self.classifier, *((1500, self.strides) if done else (500, 25)))
            now = promise(self.gamma, m)
            heights = [each.histogram(BINS, density=True).hist for each in x[:, -1]]
            middles = (BINS[1:] + BINS[:-1]) / 2
            told = now[((middles + 8) / 0.02).round().long()]
            stage.plot("samples", middles, {"promised": told, "SDE": heights[0], "ODE": heights[1]})
            misses = [[miss(each, γ, m) for each, γ in zip(kind, γs, strict=True)] for kind in x]
            stage.axes("miss", x="γ", y="KS", verticals={"now": self.gamma})
            stage.plot("miss", LIST, {"SDE": misses[0][:-1], "ODE": misses[1][:-1]})
            z = torch.linspace(-2, 4, 61)
            taken = slope(z.to(stage.device), self.level, self.gamma, self.classifier)
            needed = noised_slope(z, now, self.level)
            stage.plot("slopes", z, {"needed": needed, "taken": taken})
            stage.headline(
                f"at γ = {self.gamma:g} mean {float((now * GRID).sum() * 0.02):.2f} is promised; "
                f"SDE {float(x[0, -1].mean()):.2f}, ODE {float(x[1, -1].mean()):.2f}"
            )

        stage.axes("samples", x="x", y="density")
        stage.axes("slopes", x="x", y="slope", lines={"flat": 0})
        for step in stage.loop(self.steps):
            y = torch.randint(2, (256,)).float()
            t = torch.randint(0, LEVELS + 1, (256,))
            x = m * (2 * y - 1) + torch.randn(256)
            noised = ᾱ[t].sqrt() * x + (1 - ᾱ[t]).sqrt() * torch.randn(256)
            x, noised, t, y = (each.to(stage.device) for each in (x, noised, t, y))
            loss = binary_cross_entropy_with_logits(logits(noisy, noised, t), y)
            loss = loss + binary_cross_entropy_with_logits(logits(clean, x, 0 * t), y)
            adam.param_groups[0]["lr"] = 5e-3 * (1 - step / self.steps)
            adam.zero_grad()
            loss.backward()
            adam.step()

        with stage.probe(nets):
            x = sample([self.gamma, 1.0], self.classifier, 1500, self.strides)
            sde, ode = (miss(each, self.gamma, m) for each in x[:, 0])
            clean_led = sample([1.0], "clean", 1500, self.strides)[0, 0]
            mean = (promise(self.gamma, m) * GRID).sum() * 0.02
            stage.claim("kept", miss(x[0, 1], 1.0, m), below=0.06)
            stage.claim("clean_misses", miss(clean_led, 1.0, m), within=(0.09, 0.22))
            stage.claim("beyond", x[0, 0].mean() - mean, above=0.25)
            stage.claim("missed", sde, above=0.15)
            stage.claim("without_noise", ode - sde, above=0.1)


def mlp():
    return nn.Sequential(
        nn.Linear(3, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 1)
    )


def logits(net, x, t):
    """How much x [...] at level t looks like the class at m."""
    t = torch.as_tensor(t, device=x.device).expand(x.shape)
    return net(torch.stack([x, t / LEVELS, ᾱ.to(x.device)[t].sqrt()], dim=-1))[..., 0]


def promise(γ, m):
    """p(x) p(y|x)^γ on GRID, as a density."""
    log_p = torch.logaddexp(-((GRID - m) ** 2) / 2, -((GRID + m) ** 2) / 2)
    p = (log_p + γ * logsigmoid(2 * m * GRID)).exp()
    return p / (p.sum() * 0.02)


def miss(x, γ, m):
    """The greatest gap between the cumulative shares of samples x [n] and of the promise."""
    x, told = x.sort().values, promise(γ, m).cumsum(0) * 0.02
    told = told[((x + 8) / 0.02).round().long().clamp(0, 900)]
    return float((told - (torch.arange(len(x)) + 0.5) / len(x)).abs().max())


def noised_slope(z, p, t):
    """The slope of the log of density p on GRID at level t, noise added, at points z."""
    s, v = float(ᾱ[t].sqrt()), float(1 - ᾱ[t])
    weight = p * torch.exp(-((z[:, None] - s * GRID) ** 2) / (2 * v))  # [z, GRID]
    return ((s * GRID - z[:, None]) / v * weight).sum(dim=1) / weight.sum(dim=1)
