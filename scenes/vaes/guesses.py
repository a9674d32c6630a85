"""
# How many guesses find out how probable a digit is?

A VAE says how digits arise: draw a code z from N(0, 1), let the decoder f make a picture of it, add
noise of variance v to each pixel. How probable does it hold a digit x to be? You sum over all codes
that it may have had:

    p(x) = ∫ p(x|z) N(z; 0, 1) dz
    p(x|z) = N(x; f(z), v)

No formula does this sum. With one or two numbers in a code a fine grid would do. With d of them a
grid of m steps has mᵈ places. So one guesses: draw n codes from the prior, and take the mean of
what each makes of x. That is right on average, and useless: nearly all random codes make other
digits. The sum hangs on the few that happen to fit. And the logarithm of a mean of few draws is too
low on average.

The **encoder** has learnt which codes may have made x. Draw guesses from its q(z|x) and correct for
having chosen them:

    p(x) ≈ mean p(x|z) p(z) / q(z|x)

Each guess counts by how much rarer the prior would have made it (*importance sampling*). A few are
enough. Training makes do with the *mean of logarithms* instead of the logarithm of the mean. That
is the ELBO, the bound of the next page, which lies lower still.

## Tomorrow

Report a VAE's likelihood by importance sampling with its encoder, and the number of samples with
it. Double the samples: if the number still rises, it isn't there yet. Compare no bound with a
likelihood.
"""

import math

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import images
from dlplay.nn.layers import mlp

COUNTS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
NEW = 100  # digits whose probability is asked


class Guesses(Scene):
    covers = ("Non-linear Latent Variable Model", "VAE's Training")
    panels = {
        "how probable": "ln p(x) of new digits as estimated, by the number of guesses",
        "the best guess": "for one digit, the best of so many guesses from each, decoded",
        "share of the best": "of an estimate that hangs on its best guess alone; lower is better",
    }
    claims = {
        "random": "100 guesses from the prior say over 3 nats less than 10 from the encoder",
        "many": "5,000 from the prior still say 0.1 to 1.6 nats less than 1,000 of the encoder's",
        "enough": "the encoder's 1,000 say at most 0.8 nats more than its 10",
        "below": "the ELBO lies 0.9 to 2 nats below the encoder's 1,000",
    }
    tries = (
        Try(
            "latents=2",
            "A code has two numbers. What do 5,000 guesses from the prior say now?",
            ("less than the encoder's, as before", "as much or more", "nothing of use"),
            right=2,
            breaks=("random", "many"),
            why="In a plane many random codes lie near the right one. And the encoder's bell is "
            "too narrow here: codes outside it, its guesses hardly ever meet.",
        ),
        Try(
            "shown_to_it=another",
            "The encoder sees another digit before it guesses. How good are its ten guesses?",
            ("as good: all are digits", "poor, but better than the prior's", "worse than random"),
            right=3,
            breaks=("random", "enough"),
            why="It is sure, and wrong. Guesses from the prior are at least everywhere.",
        ),
        Try(
            "v=0.2",
            "Pixels have four times the noise. How many guesses does the prior need now?",
            ("more", "fewer", "as many"),
            right=2,
            breaks="random",
            keeps="enough",
            why="With more noise a rough picture explains a digit well. So many more of the "
            "random codes count.",
        ),
    )
    quick = {"steps": 30}

    latents = Int(8, min=1, max=16, help="d, numbers of a code")
    v = Float(0.05, min=0.01, max=0.5, log=True, help="variance of a pixel's noise")
    shown_to_it = Choice("the digit", ("the digit", "another"), help="what the encoder sees")
    digit = Int(1, min=1, max=NEW, live=True, help="the new digit whose guesses you see")
    guesses = Int(10, min=1, max=5000, log=True, live=True, help="of which you see the best")
    learning_rate = Float(0.001, min=1e-5, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(1000, min=20, max=20000, log=True, help="training steps of 128 digits")

    def run(self, stage):
        x = images("digits", size=8, grey=True)[0].flatten(1).to(stage.device)  # [1797, 64]
        x, new = x[:1400], x[-NEW:]
        d, v = self.latents, self.v
        encoder, f = mlp(64, 128, 128, 2 * d), mlp(d, 128, 128, 64)
        nets = nn.ModuleList([encoder, f]).to(stage.device)
        adam = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)
        seen = new if self.shown_to_it == "the digit" else new.roll(1, 0)

        def weights(digits, seen, n):
            """ln of what n guesses make of each digit, from the prior and from the encoder, each
            [n, N]; and their codes [n, d], [n, N, d]."""
            random = torch.randn(n, d).to(stage.device)
            mean, log_variance = encoder(seen).chunk(2, dim=1)  # [N, d] each
            e = torch.randn(n, *mean.shape).to(stage.device)
            z = mean + (log_variance / 2).exp() * e  # [n, N, d]
            # ln p(z) − ln q(z|x), in which √2π drops out
            rarer = (e**2 + log_variance - z**2).sum(dim=2) / 2
            prior = log_p(digits, f(random)[:, None], v)
            return prior, log_p(digits, f(z), v) + rarer, random, z

        @stage.look(100, nets)
        def look():
            prior, own, _, _ = weights(new[:30], seen[:30], 5000)
            sides = {"prior": prior, "encoder": own}
            elbo = own.mean().item()
            stage.axes("how probable", x="guesses", y="nats", log="x", lines={"ELBO": elbo})
            stage.plot("how probable", COUNTS, {
                name: [log_mean(w[:n]).mean().item() for n in COUNTS] for name, w in sides.items()
            })  # fmt: skip
            stage.axes("share of the best", x="guesses", y="share", log="x")
            stage.plot("share of the best", COUNTS, {
                name: [w[:n].softmax(0).amax(0).mean() for n in COUNTS] for name, w in sides.items()
            })  # fmt: skip
            at = self.digit - 1
            prior, own, random, z = weights(new[at, None], seen[at, None], self.guesses)
            best = f(torch.stack([random[prior[:, 0].argmax()], z[own[:, 0].argmax(), 0]]))
            shown = torch.cat([new[at, None], best]).reshape(3, 8, 8)
            stage.image("the best guess", shown, captions=("digit", "prior", "encoder"))
            stage.headline(
                f"10 guesses: from the prior {log_mean(sides['prior'][:10]).mean():.1f} "
                f"nats, from the encoder {log_mean(sides['encoder'][:10]).mean():.1f}"
            )

        for _ in stage.loop(self.steps):
            batch = x[torch.randint(len(x), (128,), device="cpu").to(stage.device)]
            mean, log_variance = encoder(batch).chunk(2, dim=1)  # [128, d] each
            z = mean + (log_variance / 2).exp() * torch.randn(mean.shape).to(stage.device)
            kl = (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1) / 2
            loss = (kl - log_p(batch, f(z), v)).mean()  # −ELBO
            adam.param_groups[0]["lr"] = self.learning_rate
            adam.zero_grad()
            loss.backward()
            adam.step()

        with stage.probe(nets):
            prior, own, _, _ = weights(new, seen, 5000)
            ten, thousand = (log_mean(own[:n]).mean() for n in (10, 1000))
            stage.claim("random", ten - log_mean(prior[:100]).mean(), above=3)
            stage.claim("many", thousand - log_mean(prior).mean(), within=(0.1, 1.6))
            stage.claim("enough", thousand - ten, at_most=0.8)
            stage.claim("below", thousand - own[:1000].mean(), within=(0.9, 2))


def log_p(x, copy, v):
    """ln N(x; f(z), v) of digits [N, 64] and decoded codes [..., N or 1, 64]: [..., N]."""
    return -((x - copy) ** 2).sum(dim=-1) / (2 * v) - 32 * math.log(2 * math.pi * v)


def log_mean(weights):
    """The logarithm of the mean of guesses' weights, given as logarithms [n, N]: [N]."""
    return weights.logsumexp(dim=0) - math.log(len(weights))
