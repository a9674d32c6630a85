"""
# What does the likelihood bound pay for?

A walk back from noise also gives each x_0 a probability: that of all walks that end there. Nobody
can sum over all walks. But there is a bound. Noise x_0 in T small steps, q, and ask how well the
model's steps back, p, fit those. By Jensen's inequality the mean log of a ratio is at most the log
of its mean; so, on average over noisings,

    −log p(x_0) ≤ L_T + … + L_2 + L_1

This is the *negative ELBO*, in nats. It is a bill with three kinds of items:

    prior:   KL(q(x_T|x_0) ‖ N(0, 1))
    level t:
      KL(q(x_{t−1}|x_t, x_0) ‖ p)
    last:    −log p(x_0|x_1)

KL is the price for one distribution in place of another. The prior has nothing to learn. Each level
compares two bells: the step back for who knows x_0, and p, the model's N(μ, σ²) for who sees x_t
alone. If their widths are fixed, the KL is their squared distance over 2σ², and a number that no
training changes. So the bill comes down to guesses, which the next page uses.

In one dimension, with data in two heaps, the density is known, and with it the best guess and the
exact −log p. What is seen? Most is paid at the least noisy levels, where σ² is tiny. The last item
is *negative* and large: a narrow bell has a density above 1. Some texts drop it as small. With
T = 200 the bill is near the truth; with 5 levels it is not, as the true way back over a long step
has two heaps, and p has one.

## Tomorrow

Before you compare likelihoods, check that all items are in the sum, in nats, for the same units of
x. And do not spend on looks what the bound asks for the first levels.
"""

import math

import numpy as np
import torch

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.nn.denoiser import schedule

EDGES = (1, 5, 10, 20, 50, 100, 1000)  # levels that are shown as one item end here
nodes, mass = np.polynomial.hermite_e.hermegauss(64)
z, w = torch.from_numpy(nodes), torch.from_numpy(mass / mass.sum())  # 64 points of N(0, 1)
DATA = {"two-heaps": [(0.5, -1.0, 0.25), (0.5, 1.0, 0.25)], "one-heap": [(1.0, 1.0, 0.5)]}


class Bound(Scene):
    covers = ("Training Loss (negative ELBO)", "Simplifying the Negative ELBO")
    panels = {
        "the bill": "what each item costs, from noise to data; then sum, exact −log p",
        "bound": "by number of levels; nearer the exact line is better",
        "one step back": "from one x_t: the model's bell, the true way back",
    }
    claims = {
        "tight": "with the best guess the bound lies above the exact −log p, by under 0.05 nats",
        "coarse": "with 5 levels, the best guess, the best variance, it lies over 0.4 above",
        "last": "without its last item, −log p(x₀|x₁), the sum is over 2 nats off",
        "early": "the least noisy tenth of the levels pays over 0.6 of all KLs",
        "guesses": "guessing no noise at all would cost over 2 nats more than this guess",
    }
    tries = (
        Try(
            "levels=5",
            "Five big steps instead of 200. Where is the bound?",
            ("nearer: fewer items to pay", "farther off", "the same"),
            right=2,
            breaks=("tight", "last", "early"),
            keeps="coarse",
            why="Over a long step the true way back goes to either heap. The model has one bell "
            "for it, and pays for what that misses.",
        ),
        Try(
            "data=one-heap",
            "One heap of data, not two. Five levels, the best variance: how far is the bound off?",
            ("as far, the steps are as long", "half as far", "not at all"),
            right=3,
            breaks="coarse",
            keeps=("tight", "guesses"),
            why="If the data is a bell, each true step back is a bell, however long. Short steps "
            "are needed because real data is no bell.",
        ),
        Try(
            "variance=posterior",
            "Each step gets the variance of who knows x₀, a little less than β. The bound?",
            ("nearer", "the same", "far off"),
            right=3,
            breaks="tight",
            keeps=("coarse", "early"),
            why="The model does not know x₀, so its true step is wider. A bell that is too narrow "
            "pays the square of each miss at a high price.",
        ),
        Try(
            "share=0",
            "A model that never sees any noise. What does the bound make of it?",
            ("nothing, it is about likelihood", "under a nat more", "several nats more"),
            right=3,
            breaks=("tight", "guesses", "early"),
            why="Every level's KL is a squared distance of means, that is, of guesses. The bound "
            "is the bill for wrong ones.",
        ),
    )
    quick = {"levels": 10}
    pace = 30

    levels = Int(200, min=2, max=1000, log=True, help="T, the number of levels")
    variance = Choice("beta", ("beta", "posterior", "best"), help="σ² of the model's steps")
    share = Float(1.0, min=0, max=1.5, help="how much of the best guess of the noise is used")
    data = Choice("two-heaps", ("two-heaps", "one-heap"), help="where x₀ lies")
    level = Int(2, min=1, max=1000, log=True, live=True, help="the level shown at the end")

    def run(self, stage):
        T, heaps = self.levels, Heaps(DATA[self.data])
        x0 = heaps.x0
        exact = heaps.mean(-heaps.log_q(x0, torch.ones(()).double())[0].logsumexp(dim=0)).item()

        def prior(T):
            a = schedule("linear", T)[1][T].double()  # ᾱ_T
            return heaps.mean((a * x0**2 - a - (1 - a).log()) / 2).item()

        def bound(T, share, variance):
            steps = (Step(heaps, t, T, share, variance) for t in range(1, T + 1))
            return prior(T) + sum(step.nats() for step in steps)

        by_T = {n: bound(n, self.share, self.variance) for n in (5, 20, 50)}
        paid = {}  # nats, by level

        @stage.look(1)
        def look():
            t = min(self.level, T) if len(paid) == T else min(paid)
            items = {"prior": prior(T)}
            for low, high in reversed(list(zip((0, *EDGES), EDGES, strict=False))):
                if low < T:
                    name = f"t = {low + 1}–{min(high, T)}" if low else "last, t = 1"
                    items[name] = sum(n for k, n in paid.items() if low < k <= high)
            items["sum"] = sum(paid.values()) + prior(T)
            items["exact"] = exact
            stage.bars("the bill", list(items), list(items.values()), unit="nats")
            sums = {f"T = {n}": nats for n, nats in by_T.items()} | {f"T = {T}": items["sum"]}
            lines = {"exact": exact}
            stage.bars("bound", list(sums), list(sums.values()), unit="nats", lines=lines)
            step, e = Step(heaps, t, T, self.share, self.variance), torch.tensor(-0.3)
            x = step.a.sqrt() + (1 - step.a).sqrt() * e  # from x₀ = 1 with this noise
            model = step.back(x, self.share * heaps.best_guess(x, step.a))
            u = model + 4 * step.b.sqrt() * torch.linspace(-1, 1, 121, dtype=torch.float64)
            truth = heaps.log_q(u, step.before)[0].logsumexp(dim=0)
            truth = truth - (x - (1 - step.b).sqrt() * u) ** 2 / (2 * step.b)
            truth = truth.softmax(dim=0) / (u[1] - u[0])
            bells = {"model": bell(u, model, step.v), "truth": truth}
            if t > 1:
                bells["knows x₀"] = bell(u, step.back(x, e), step.narrow)
            stage.plot("one step back", u, bells)
            stage.headline(
                f"level {t} of {T}: {paid[t]:.3f} nats; sum {items['sum']:.2f}, exact {exact:.2f}"
            )

        stage.axes("one step back", x="x at level t − 1", y="density")
        for step in stage.loop(T):
            paid[T - step] = Step(heaps, T - step, T, self.share, self.variance).nats()

        with stage.probe():
            total, kls = prior(T) + sum(paid.values()), sum(paid.values()) - paid[1]
            early = sum(nats for t, nats in paid.items() if 1 < t <= T // 10)
            blind = bound(T, 0, self.variance)
            stage.claim("tight", total - exact, within=(0, 0.05))
            stage.claim("coarse", bound(5, 1, "best") - exact, above=0.4)
            stage.claim("last", abs(total - paid[1] - exact), above=2)
            stage.claim("early", early / kls, above=0.6)
            stage.claim("guesses", blind - total, above=2)


class Heaps:
    """Data x₀ on a line, in bells of which each has a share, a mean and a standard deviation."""

    def __init__(self, heaps):
        # In double precision, on the CPU: 8,192 pairs of x₀ and ε at most.
        self.p, self.m, self.s = torch.tensor(heaps, dtype=torch.float64).T[..., None]  # [K, 1]
        self.x0, self.w0 = (self.m + self.s * z).flatten(), (self.p * w).flatten()  # [64 K]

    def mean(self, values):
        """Of values [64 K] at each x₀, or [64 K, 64] at each x₀ and ε."""
        return (self.w0 * (values if values.dim() == 1 else values @ w)).sum()

    def log_q(self, x, a):
        """Where ᾱ is a, of each heap log of its share in q(x_t), and its pull: [K, ...] of x."""
        p, m, s = (part.view(-1, *(1,) * x.dim()) for part in (self.p, self.m, self.s))
        off, v = x - a.sqrt() * m, a * s**2 + 1 - a
        return p.log() - (2 * math.pi * v).log() / 2 - off**2 / (2 * v), off / v

    def best_guess(self, x, a):
        """The mean of the noise that may be in x [...]."""
        logs, pulls = self.log_q(x, a)
        return (1 - a).sqrt() * (logs.softmax(dim=0) * pulls).sum(dim=0)


class Step:
    """Level t of T: its two bells, and what they cost."""

    def __init__(self, heaps, t, T, share, variance):
        beta, bar = (values.double() for values in schedule("linear", T))
        self.b, self.a, self.before = beta[t], bar[t], bar[t - 1]  # β, ᾱ of t, ᾱ of t − 1
        noisy = self.a.sqrt() * heaps.x0[:, None] + (1 - self.a).sqrt() * z  # [64 K, 64]
        guess = heaps.best_guess(noisy, self.a)
        self.narrow = self.b * (1 - self.before) / (1 - self.a)  # β̃, of who knows x₀
        self.v = self.narrow if variance == "posterior" and t > 1 else self.b
        if variance == "best":  # and what is not known of x₀
            missed = heaps.mean((z - guess) ** 2)
            self.v = self.narrow + self.b**2 / (1 - self.a) / (1 - self.b) * missed
        off = self.back(noisy, z) - self.back(noisy, share * guess)
        r, last = self.narrow / self.v, (2 * math.pi * self.v).log()
        self.cost = heaps.mean(((r - 1 - r.log() if t > 1 else last) + off**2 / self.v) / 2)

    def back(self, x, e):
        """The mean of x_{t−1}, if the noise in x [...] is e."""
        return (x - self.b / (1 - self.a).sqrt() * e) / (1 - self.b).sqrt()

    def nats(self):
        return self.cost.item()


def bell(x, mean, variance):
    return (-((x - mean) ** 2) / (2 * variance)).exp() / (2 * math.pi * variance).sqrt()
