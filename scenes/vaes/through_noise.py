"""
# How does a gradient get through a random draw?

A VAE's encoder returns a mean μ and a spread σ for each digit. Then a code z is drawn from
N(μ, σ²), decoded, and compared with the digit. How should μ and σ change, so that the copy gets
better? Between them and the error stands a draw.

Move the draw out of the way. Take the noise ε from outside, from N(0, 1), and write

    z = μ + σ ε

The same draw as before, but now z is a sum and a product, and ε a number like any other. The error
has a gradient by z, and z one by μ and σ. This is the **reparametrisation trick** (Kingma and
Welling; Rezende and others, 2014).

It isn't the only way, though one often reads that. You may leave z as it was drawn, and ask how
probable each draw should be: raise the probability of draws that were good, lower it for bad ones.

    ∇ E[error] = E[error · ∇ ln q(z)]

This **score function** needs no gradient of the error at all. It is right on average too. But a
draw tells it only *how good* it was, one number, never in which direction better ones lie. In eight
dimensions that is a weak hint, and the answer is noisy. The first panel shows both for one digit,
draw by draw, and their mean.

And if you let no gradient through? Then the encoder learns from the KL alone, which asks it to say
the same of all digits.

## Tomorrow

Use a draw that passes gradients: `rsample` in torch, not `sample`. One draw a digit is enough,
since the batch averages too. Where z is a choice between few things, and nothing can be passed,
subtract a baseline from the score function.
"""

import math
from copy import deepcopy

import torch
from torch import nn

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import images
from dlplay.nn.layers import mlp

V = 0.05  # variance of a pixel's noise
WAYS = ("through the noise", "score function", "blocked")


class ThroughNoise(Scene):
    covers = ("The Variational Autoencoder", "Re-parametrization Trick")
    panels = {
        "gradient": "of a digit's error by μ₁ and μ₂, 150 draws each; a tight bundle is better",
        "ELBO": "of new digits, by the way in which the encoder learns; higher is better",
        "KL": "what the codes say about the digits, in nats; 0 is nothing",
    }
    claims = {
        "quiet": "through the noise a gradient scatters less than 0.2 of the score function's",
        "same": "their means differ as two of the same kind would: by 0.5 to 1.1 standard errors",
        "ahead": "through the noise the ELBO ends over 10 nats above the score function's",
        "silent": "where no gradient comes through, the codes end at a KL below 0.1 nats",
        "speaks": "through the noise they end at a KL above 4",
    }
    tries = (
        Try(
            "score='less its mean'",
            "The mean error is subtracted from all errors before they weigh draws. Does the score "
            "function catch up?",
            ("no change: it was right on average before", "half-way", "all the way"),
            right=2,
            breaks=("ahead", "quiet"),
            keeps="silent",
            why="A draw is now raised if it was better than usual, not less if all were bad. "
            "Most of the noise was that common part. Still it knows no direction.",
        ),
        Try(
            "latents=2",
            "A code has two numbers. Does the score function catch up?",
            ("no", "half-way", "yes: two directions are soon tried"),
            right=1,
            keeps=("ahead", "silent"),
            why="With fewer numbers a draw says more of each. But its error still swings by tens "
            "of nats from digit to digit, and that noise is in every weight.",
        ),
        Try(
            "draws=4",
            "Four codes are drawn for each digit, not one. What does the ELBO gain through the "
            "noise?",
            ("over 3 nats", "hardly anything", "it loses"),
            right=2,
            keeps=("quiet", "silent", "speaks"),
            why="A batch of 128 digits has averaged most of this noise already. What is left is "
            "that the digits differ, and more draws of the same ones don't help there.",
        ),
    )
    quick = {"steps": 20}

    score = Choice("plain", ("plain", "less its mean"), help="errors as the score function weighs")
    draws = Int(1, min=1, max=16, log=True, help="codes drawn for each digit")
    latents = Int(8, min=2, max=16, help="d, numbers of a code")
    digit = Int(1, min=1, max=100, live=True, help="the new digit whose gradients you see")
    learning_rate = Float(0.001, min=1e-5, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(450, min=20, max=10000, log=True, help="training steps of 128 digits, all three")

    def run(self, stage):
        x = images("digits", size=8, grey=True)[0].flatten(1).to(stage.device)  # [1797, 64]
        x, new = x[:1400], x[1400:]
        d, L = self.latents, self.draws
        pair = nn.ModuleList([mlp(64, 128, 128, 2 * d), mlp(d, 128, 128, 64)])  # encoder, decoder
        pairs = nn.ModuleList(deepcopy(pair) for _ in WAYS).to(stage.device)
        adam = torch.optim.Adam(pairs.parameters(), lr=self.learning_rate)

        def parts(pair, x, way):
            """For digits [N, 64]: loss, −ELBO, KL, of L draws each, as means."""
            encoder, f = pair
            mean, log_variance = encoder(x).chunk(2, dim=1)  # [N, d] each
            e = torch.randn(L, *mean.shape).to(stage.device)
            z = mean + (log_variance / 2).exp() * e  # [L, N, d]
            if way != "through the noise":
                z = z.detach()
            error = squared(f(z), x) / (2 * V)  # [L, N]
            kl = (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1) / 2
            loss = error.mean() + kl.mean()
            below = (loss + 32 * math.log(2 * math.pi * V)).detach()
            if way == "score function":
                log_q = -((z - mean) ** 2 / log_variance.exp() + log_variance).sum(dim=2) / 2
                weight = error.detach()
                if self.score == "less its mean":
                    weight = weight - weight.mean()
                loss = loss + (weight * log_q).mean()
            return loss, below, kl.mean()

        def gradients(x, n):
            """n gradients of the error by μ for each digit [N, 64], both ways: [n, N, d] twice."""
            encoder, f = pairs[0]
            mean, log_variance = encoder(x).chunk(2, dim=1)
            spread = (log_variance / 2).exp()
            e = torch.randn(n, *mean.shape).to(stage.device)
            z = (mean + spread * e).requires_grad_()
            with torch.enable_grad():
                error = squared(f(z), x) / (2 * V)
                through = torch.autograd.grad(error.sum(), z)[0]
            weight = error.detach()
            if self.score == "less its mean":
                weight = weight - weight.mean(dim=0)
            return through, weight[..., None] * e / spread  # ∇ ln q(z) by μ is ε/σ

        @stage.look(25, pairs)
        def look():
            through, score = gradients(new[self.digit - 1, None], 150)
            shown = {"score function": score[:, 0, :2], "through the noise": through[:, 0, :2]}
            reach = max(1.0, score[..., :2].abs().quantile(0.97).item())
            arrow = torch.stack([torch.zeros(2).to(through), through[:, 0, :2].mean(dim=0)])
            stage.plane("gradient", x=(-reach, reach), y=(-reach, reach), points=shown,
                        paths={"mean": arrow}, x_label="by μ₁", y_label="by μ₂")  # fmt: skip
            found = {w: parts(p, new, w)[1:] for w, p in zip(WAYS, pairs, strict=True)}
            stage.curve("ELBO", {way: -below for way, (below, _) in found.items()})
            stage.curve("KL", {way: kl for way, (_, kl) in found.items()})
            stage.headline(f"a gradient scatters by {through.std(dim=0).mean():.1f} through the "
                           f"noise, by {score.std(dim=0).mean():.0f} otherwise")  # fmt: skip

        stage.axes("ELBO", y="nats")
        stage.axes("KL", y="nats")
        for _ in stage.loop(self.steps):
            batch = x[torch.randint(len(x), (128,), device="cpu").to(stage.device)]
            loss = sum(parts(p, batch, way)[0] for way, p in zip(WAYS, pairs, strict=True))
            adam.param_groups[0]["lr"] = self.learning_rate
            adam.zero_grad()
            loss.backward()
            adam.step()

        with stage.probe(pairs):
            through, score = gradients(new[:64], 200)
            error = score.std(dim=0) / math.sqrt(len(score))
            off = (through.mean(dim=0) - score.mean(dim=0)).abs() / error
            found = [parts(p, new, way)[1:] for way, p in zip(WAYS, pairs, strict=True)]
            stage.claim("quiet", through.std(dim=0).mean() / score.std(dim=0).mean(), below=0.2)
            stage.claim("same", off.mean(), within=(0.5, 1.1))
            stage.claim("ahead", found[1][0] - found[0][0], above=10)
            stage.claim("silent", found[2][1], below=0.1)
            stage.claim("speaks", found[0][1], above=4)


def squared(a, b):
    return ((a - b) ** 2).sum(dim=-1)
