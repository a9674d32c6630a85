"""
# How far below the likelihood is the bound?

A hidden number z is drawn from N(0, 1), a curve f makes a point of it, and noise is added: x. How
probable is a point x? You would have to sum over all z that could have made it:

    p(x) = ∫ p(x|z) N(z; 0, 1) dz

In high dimensions nobody can. So one guesses which z it was, by a bell curve q(z) = N(μ, σ²), and
computes a **lower bound**, the ELBO:

    ELBO = E ln p(x|z)
           − KL(q, N(0, 1))

E is the mean over z from q. The first term asks that the guessed z explain x, the second charges q
for standing out from the prior. What is missing is known exactly:

    ln p(x) = ELBO + KL(q, p(z|x))

p(z|x), the *posterior*, says which z it probably was. So the bound is tight where q is the
posterior, and raising it over q is a search for the posterior (*variational inference*).

Here z is one number, and a fine grid gives all of this exactly. Each of 200 points gets **its own
q**, the best bell curve: what is left is the fault of the bell's form. A VAE has an **encoder**
instead, one net that looks at x and returns μ and σ: what it misses beyond that is its own fault.

On this curve nearly all of the gap is the encoder's. Where two z explain x equally well
(`model=square`: x = z²) even the best bell curve sits on one of them, and misses ln 2.

KL(q, p) is dear where q is and p is not, cheap where p is and q is not. So q had rather be too
narrow than too wide.

## Tomorrow

If a bound is loose, find out whose fault it is: refine q for a few points alone. If the gap closes,
train the encoder longer or make it larger. If not, q needs another form.
"""

import math

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Try

NOISE = 0.2
POINTS = 200


class Bound(Scene):
    covers = ("ELBO", "Variational Inference")
    panels = {
        "which z was it": "for one point: what is true, and three guesses; overlap is good",
        "gap": "ln p − ELBO of that point, in nats, for each guess; lower is better",
        "mean gap": "over 200 new points, in nats; lower is better",
    }
    claims = {
        "encoder": "the encoder's bound lies 0.04 to 0.3 nats below ln p, over 200 points",
        "own": "with its own bell curve for each point it lies less than 0.04 below",
        "bound": "of no point does a bound exceed ln p by more than 0.002 (by the book)",
    }
    tries = (
        Try(
            "model=square",
            "Now z and −z explain x equally well. What does the best bell curve miss, where they "
            "are far apart?",
            ("nothing, if it is refined", "0.69 nats, which is ln 2", "many nats: it covers both"),
            right=2,
            breaks="own",
            keeps="bound",
            why="Between the two, p(z|x) is nearly 0, and KL(q, p) is dear there. So q sits on one "
            "of them, where it claims twice the probability that is true: ln 2.",
        ),
        Try(
            "hidden=2",
            "The encoder has 2 hidden units a layer, not 64. Whose gap grows?",
            ("its own", "that of the best bell curves too", "neither: z is one number"),
            right=1,
            breaks="encoder",
            keeps="own",
            why="The bell curves of single points know nothing of the net. A net too small can't "
            "follow how μ and σ change along the curve.",
        ),
        Try(
            "stretch=0.5",
            "Your guess is half as wide as the truth, not twice as wide. What does it miss now?",
            ("0.8 nats, as before", "less, 0.3 nats", "more: it leaves out what is right"),
            right=2,
            keeps=("encoder", "own"),
            why="Too wide, it lies where z hardly explains x, and each such z costs many nats. "
            "Too narrow, it only leaves out what would have been right too.",
        ),
    )
    quick = {"steps": 40}

    model = Choice("curve", ("curve", "square"), help="f: (z, sin 2z + z²/2), or z²")
    point = Int(199, min=1, max=POINTS, live=True, help="the point shown, by its z")
    shift = Float(0.0, min=-4, max=4, live=True, help="your guess: off the mean, in spreads")
    stretch = Float(2.0, min=0.1, max=5, log=True, live=True, help="your guess: spreads wide")
    hidden = Int(64, min=2, max=256, log=True, help="units of each of the encoder's two layers")
    learning_rate = Float(0.003, min=1e-5, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(1500, min=20, max=10000, log=True, help="steps of 128 fresh points")

    def run(self, stage):
        f = curve if self.model == "curve" else square
        D, H = (2 if self.model == "curve" else 1), self.hidden
        z_test = torch.randn(POINTS).sort().values
        x_test = (f(z_test) + NOISE * torch.randn(POINTS, D)).to(stage.device)  # [POINTS, D]
        grid = torch.linspace(-5, 5, 2001).to(stage.device)
        joint = log_joint(f, grid, x_test[:, None])  # [POINTS, 2001]: ln p(x, z)
        log_p = joint.logsumexp(dim=1) + math.log(0.005)  # [POINTS]
        posterior = (joint - log_p[:, None]).exp()
        encoder = nn.Sequential(
            nn.Linear(D, H), nn.ReLU(), nn.Linear(H, H), nn.ReLU(), nn.Linear(H, 2)
        ).to(stage.device)
        # Each test point's own q, from three starts: μ and ln σ [3, POINTS]
        own = torch.stack([torch.linspace(-1.5, 1.5, 3)[:, None].expand(3, POINTS)] * 2)
        own[1] = -1.0
        own = own.to(stage.device).requires_grad_()
        adam = torch.optim.Adam(encoder.parameters(), lr=self.learning_rate)
        finer = torch.optim.Adam([own], lr=0.03)

        def elbo(mean, log_spread, x):
            """The bound for points x [N, D] and q's [..., N], its mean on 41 places of ±4 σ."""
            e = torch.linspace(-4, 4, 41).to(x.device)
            weight = (-(e**2) / 2).softmax(0)
            z = mean[..., None] + log_spread.exp()[..., None] * e  # [..., N, 41]
            entropy = log_spread + 0.5 * math.log(2 * math.pi * math.e)
            return (log_joint(f, z, x[:, None]) * weight).sum(-1) + entropy

        def guesses():
            """μ and ln σ [POINTS] of the encoder's q's and of the best own ones."""
            mean, log_spread = encoder(x_test).T
            best = elbo(*own, x_test).argmax(dim=0)
            return (mean, log_spread.clamp(-5, 2)), own[:, best, torch.arange(POINTS)]

        @stage.look(25, encoder)
        def look():
            at = self.point - 1
            true = posterior[at]
            mean = (true * grid).sum() * 0.005
            spread = ((true * (grid - mean) ** 2).sum() * 0.005).sqrt()
            yours = mean + self.shift * spread, (self.stretch * spread).log()
            shown = {"encoder": 0, "own q": 1}
            shown = {name: [g[at] for g in guesses()[k]] for name, k in shown.items()}
            shown["yours"] = yours
            zs = mean + spread * torch.linspace(-4, 4, 120).to(stage.device)
            here = (log_joint(f, zs, x_test[at]) - log_p[at]).exp()
            stage.plot("which z was it", zs, {"true": here} | {
                name: torch.distributions.Normal(m, s.exp()).log_prob(zs).exp()
                for name, (m, s) in shown.items()
            })  # fmt: skip
            gaps = [log_p[at] - elbo(m[None], s[None], x_test[at : at + 1])[0]
                    for m, s in shown.values()]  # fmt: skip
            stage.bars("gap", list(shown), torch.stack(gaps), unit="nats")
            means = [(log_p - elbo(*q, x_test)).mean().item() for q in guesses()]
            stage.curve("mean gap", {"encoder": means[0], "own q": means[1]})
            stage.headline(f"the encoder's bound is {means[0]:.2f} nats below, the best bell "
                           f"curves' {means[1]:.3f}")  # fmt: skip

        stage.axes("which z was it", x="z", y="density")
        stage.axes("mean gap", y="nats", log="y")
        for _ in stage.loop(self.steps):
            x = f(z := torch.randn(128)) + NOISE * torch.randn(128, D)
            x = x.to(stage.device)
            mean, log_spread = encoder(x).T
            log_spread = log_spread.clamp(-5, 2)
            z = mean + log_spread.exp() * torch.randn(128).to(stage.device)
            loss = -(log_joint(f, z, x) + log_spread).mean()  # −ELBO from one z a point
            adam.param_groups[0]["lr"] = self.learning_rate
            for optimizer, down in ((adam, loss), (finer, -elbo(*own, x_test).mean())):
                optimizer.zero_grad()
                down.backward()
                optimizer.step()

        with stage.probe(encoder):
            gap, least = (log_p - elbo(*q, x_test) for q in guesses())
            stage.claim("encoder", gap.mean(), within=(0.04, 0.3))
            stage.claim("own", least.mean(), below=0.04)
            stage.claim("bound", -torch.cat([gap, least]).min(), at_most=0.002)


def curve(z):
    """The place of each z in the plane: [...] -> [..., 2]."""
    return torch.stack([z, torch.sin(2 * z) + z**2 / 2], dim=-1)


def square(z):
    return (z**2)[..., None]


def log_joint(f, z, x):
    """ln p(x, z) of hidden numbers z [...] and points x [..., D]."""
    off = (x - f(z)) / NOISE
    each = -(off**2) / 2 - math.log(NOISE) - math.log(2 * math.pi) / 2
    return each.sum(dim=-1) - z**2 / 2 - math.log(2 * math.pi) / 2
