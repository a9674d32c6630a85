"""
# What does a random code decode to?

You have a net that writes digits: give it a code z, eight numbers, and it returns 8×8 pixels. To
get new digits you draw codes at random. From where?

A plain **autoencoder** squeezes a digit x into a code and decodes it again. Its loss asks for good
copies alone:

    loss = ‖x − f(z)‖²

f is the decoder. Nothing says where the codes should lie. They settle as it happens: far apart in
some directions, close together in others. If you draw from a bell curve around 0, nearly all of
your codes fall beside them, where the decoder never learnt anything.

A **variational autoencoder** (VAE, Kingma and Welling, 2014) is told beforehand from where you will
draw. Its encoder gives a mean μ and a spread σ for each digit, the code is z = μ + σε with noise ε,
and the loss charges for codes that stand out from the bell curve N(0, 1):

    loss = ‖x − f(z)‖² / 2v + β · KL

v = 0.05 is the noise that a pixel is allowed. KL is the distance of N(μ, σ²) from N(0, 1) in nats,
summed over the numbers of the code. β is its weight, 1 in the theory.

A classifier trained on real digits judges 2,000 random decodings: how far the distribution of its
features is from that of real digits (Fréchet distance; 0 is the same).

Is a VAE needed? Fit a bell curve to the autoencoder's own codes and draw from it (`draw=fitted`):
its pictures are as good. Only the place where you drew was wrong. A VAE knows that place before it
is trained, and gives a probability to each picture, which the next pages are about.

## Tomorrow

Before you sample from a latent space, plot two things: where the codes of data lie, and where you
draw. If they differ, fit what you draw from, or train with a prior.
"""

import torch
from torch import nn

from dlplay import Choice, File, Float, Int, Scene, Try
from dlplay.data import images
from dlplay.nn.batched import side_by_side, stacked
from dlplay.nn.judge import Judge
from dlplay.nn.layers import mlp

v = 0.05  # variance of a pixel around the decoder's answer


class RandomCodes(Scene):
    covers = (
        "Variational Autoencoder (chapter introduction)",
        "Motivation for VAEs: The Limitations of Standard Autoencoders",
    )
    panels = {
        "random codes decoded": "what each model writes for the same random codes",
        "spread of codes": "along each of their own directions, widest first; you draw 1 in all",
        "distance": "of random decodings from real digits; lower is better",
    }
    claims = {
        "farther": "the autoencoder's random decodings are over 5 times as far from real digits",
        "poor": "the autoencoder's are at a distance above 35",
        "near": "the VAE's are at a distance below 12",
        "filled": "the codes that the VAE draws for digits have a spread of 0.85 to 1.15",
        "place": "from a bell curve fitted to its codes, the autoencoder's are below 20",
    }
    tries = (
        Try(
            "draw=fitted",
            "Each model's codes are drawn from a bell curve fitted to its own. The autoencoder's "
            "pictures?",
            ("as poor as before", "better, but far from the VAE's", "as good as the VAE's"),
            right=3,
            breaks=("farther", "poor"),
            keeps=("near", "place"),
            why="Its decoder was never bad. It was asked about codes that it had never seen.",
        ),
        Try(
            "beta=0.001",
            "The VAE's codes keep their noise but hardly pay for leaving the circle. Its pictures?",
            ("as good as before", "as poor as the autoencoder's", "sharper, so better"),
            right=2,
            breaks=("farther", "near", "filled"),
            why="Noise alone does not call the codes together. The encoder moves them far apart, "
            "where the noise does no harm, and random codes fall between.",
        ),
        Try(
            "latents=2",
            "Two numbers instead of eight. The autoencoder's pictures?",
            ("poorer still: less room for a digit", "nearly as good as the VAE's", "no change"),
            right=2,
            breaks=("farther", "poor"),
            why="1,400 digits leave few gaps in a plane. Each further number makes more room, "
            "and the digits fill ever less of it.",
        ),
    )
    quick = {"steps": 40}

    beta = Float(1.0, min=0.001, max=100, log=True, live=True, help="β, weight of the KL")
    latents = Int(8, min=2, max=16, help="d, numbers of a code")
    draw = Choice("prior", ("prior", "fitted"), live=True, help="random codes: N(0, 1), or fitted")
    spread = Float(1.0, min=0.2, max=4, log=True, live=True, help="how far out codes are drawn")
    learning_rate = Float(0.001, min=1e-5, max=0.1, log=True, live=True, help="of Adam")
    pictures = File("digits", kind="images", help="what they learn; your own become 8×8, grey")
    steps = Int(1200, min=20, max=20000, log=True, help="training steps of both, 128 digits each")

    def run(self, stage):
        own = self.pictures != "digits"
        x, x_test = split(self.pictures)
        x, x_test = x.to(stage.device), x_test.to(stage.device)  # [N, 64]
        d, C, judge = self.latents, stage.copies, Judge(stage.device)
        encoder, decoder = mlp(64, 128, 128, d), mlp(d, 128, 128, 64)  # the autoencoder
        ends = (64, 2 * d), (d, 64)
        guess, write = (stacked(mlp(a, 128, 128, b), C) for a, b in ends)  # C VAEs
        nets = nn.ModuleList([encoder, decoder, guess, write]).to(stage.device)
        adam = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)
        fixed = torch.randn(2000, d).to(stage.device)

        def codes(x):
            """A code for each image from each encoder: [N, d], and [N, C, d] of the VAEs."""
            mean, log_variance = guess(side_by_side(x, C)).chunk(2, dim=2)
            noise = torch.randn(len(x), 1, d).to(stage.device)
            return encoder(x), mean + (log_variance / 2).exp() * noise

        def drawn(own_codes, draw):
            """2,000 random codes, for a model whose codes of training images these are."""
            if draw == "prior":
                return self.spread * fixed
            covariance = torch.cov(own_codes.T) + 1e-6 * torch.eye(d, device=x.device)
            root, _ = torch.linalg.cholesky_ex(covariance)
            return own_codes.mean(dim=0) + self.spread * fixed @ root.T

        def written(codes, draw):
            """What the VAEs make of codes like theirs: [2000, C, 64]."""
            return write(torch.stack([drawn(each, draw) for each in codes.unbind(1)], dim=1))

        def judged(pixels):
            """Distance from real digits."""
            return judge.distance(pixels.reshape(-1, 1, 8, 8), x.reshape(-1, 1, 8, 8))

        @stage.look(40, nets)
        def look():
            z_plain, z_vae = codes(x)
            plain, vae = decoder(drawn(z_plain, self.draw)), written(z_vae, self.draw)[:, 0]
            rows = [each[start : start + 4] for start in (0, 4) for each in (plain, vae)]
            both = torch.cat(rows).reshape(16, 8, 8)  # the same code above one another
            names = ("autoencoder", "VAE")
            captions = [n for _ in (0, 4) for n in names for _ in range(4)]
            stage.image("random codes decoded", both, columns=4, captions=captions)
            if own:  # the judge knows digits alone
                stage.headline("nobody judges your pictures here: compare what both decode")
            else:
                far = dict(zip(names, map(judged, (plain, vae)), strict=True))
                stage.curve("distance", far)
                told = ", ".join(f"{name} {distance:.0f}" for name, distance in far.items())
                stage.headline(f"distance of random decodings from real digits: {told}")
            z_plain, z_vae = codes(x_test)
            spreads = [torch.cov(z.T).cpu() for z in (z_plain, z_vae[:, 0])]
            stage.plot("spread of codes", range(1, d + 1), {
                name: torch.linalg.eigvalsh(each).clamp(min=0).sqrt().flip(0)
                for name, each in zip(names, spreads, strict=True)
            })  # fmt: skip

        stage.axes("spread of codes", x="direction", y="spread", lines={"drawn": self.spread})
        stage.axes("distance", y="Fréchet distance", log="y")
        for _ in stage.loop(self.steps):
            batch = x[torch.randint(len(x), (128,), device="cpu").to(stage.device)]
            mean, log_variance = guess(side_by_side(batch, C)).chunk(2, dim=2)  # [128, C, d] each
            z = mean + (log_variance / 2).exp() * torch.randn(128, 1, d).to(stage.device)
            kl = (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=2) / 2  # [128, C]
            error = (write(z) - batch[:, None]).square().sum(dim=2)
            plain_error = (decoder(encoder(batch)) - batch).square().sum(dim=1) / (2 * v)
            loss = (error / (2 * v) + stage.each(self.beta) * kl).mean(dim=0).sum()
            adam.param_groups[0]["lr"] = self.learning_rate
            adam.zero_grad()
            (loss + plain_error.mean()).backward()
            adam.step()

        if own:
            return
        with stage.probe(nets):
            z_plain, z_vae = codes(x)
            plain = judged(decoder(drawn(z_plain, self.draw)))
            vae = torch.tensor([judged(each) for each in written(z_vae, self.draw).unbind(1)])
            stage.claim("farther", plain / vae, above=5)
            stage.claim("poor", plain, above=35)
            stage.claim("near", vae, below=12)
            stage.claim("filled", z_vae.var(dim=0).mean(dim=1).sqrt(), within=(0.85, 1.15))
            stage.claim("place", judged(decoder(drawn(z_plain, "fitted"))), below=20)


def split(pictures):
    """Pictures [N, 64] to learn from, and every fifth, kept back."""
    x = images(pictures, size=8, grey=True, least=100)[0].flatten(1)
    held_out = torch.arange(len(x)) % 5 == 4
    return x[~held_out], x[held_out]
