r"""
# Digits out of thin noise

A plain **autoencoder** learns to squeeze a digit into two numbers and back. Nothing in its loss
says where those numbers should lie, so the codes settle at any place and scale, and a random code
means little to the decoder. A **variational autoencoder** is a probability model first: a hidden z
is drawn from N(0, 1), the decoder turns it into an image f(z), and each pixel adds noise of
variance v. The likelihood of an image sums over every z that might have caused it, which nobody
can do, so one maximises a bound of it, the **ELBO**:

$$
\log p(x) \geq \mathbf{E} [\log p(x|z)] - \text{KL}(q(z|x), p(z))
$$

The encoder gives q(z|x) = N(μ, σ²), its guess at z; 𝐄 is the mean over that guess. The first term
rewards good copies: it is −‖x − f(z)‖² / 2v and a constant, −32 log 2πv for 64 pixels. The second
charges nats for every code that stands out from the prior. In a loss to be *minimised* the KL has a
plus sign.

**β** weighs the second term. Small β: the codes drift apart, as in a plain autoencoder, and random
codes are worthless. Large β: it costs too much to say anything, q becomes the prior for every
image, KL is 0, and the decoder paints one and the same mean digit. That is *posterior collapse*. So
poor copies call for a smaller β, and poor samples, if the codes have drifted, for a larger one. You
may read it the other way round; that is true only where β multiplies the first term.

**Reparametrisation.** The encoder must learn from a sample. Written as z = μ + σε, with ε drawn
from outside, the gradient passes through z. It is often said that there is no other way. There is,
`gradient=score`: weigh the gradient of log q(z) by how bad the copy was. It is right on average and
far noisier. Without either (`gradient=blocked`) only the KL reaches the encoder: it collapses.

**How good are the samples?** A small classifier, trained on real digits, looks at 2,000 of each and
compares its features with those it has for real ones: the Fréchet distance. Two honest remarks.
With two dimensions a plain autoencoder's samples look fine one by one. They are only unevenly
spread over the digits, and how badly depends on where its codes happened to settle. And if you fit
a Gaussian to its codes and sample from that (*plain_fitted*, among the measures), most of the gap
is closed. What the VAE adds is a prior that is known beforehand, and a likelihood.

**It need not copy worse.** With two dimensions the noise on z regularises as much as the KL costs,
and the VAE copies new digits as well as the plain autoencoder. With 8 it pays the price that theory
promises.

**A bound, not the likelihood.** Averaging 200 samples within the logarithm gives a tighter estimate
of log p(x): about 2 nats above the ELBO. The difference is what the encoder's simple Gaussian, and
one network for all images, cost.

**Your own pictures.** `pictures=FOLDER` has it learn 100 or more of yours, grey and 8 pixels wide.
The classifier knows digits alone, so of your samples nothing is claimed; what else is measured is
measured of yours.

## Watch

- *ELBO terms*: the two terms, in nats per digit; and the plain autoencoder's error on their scale.
- *original and copy*: test digits, each with the VAE's copy at its right.
- *VAE and AE samples*: random codes, decoded by the VAE at the left and by the plain autoencoder
  at the right.
- *latent plane*: where the encoder puts test digits; the circle lies two standard
  deviations of the prior from its middle.
- *map of digits*: the plane, decoded, at even steps of probability.

## Try

- `beta=40`: posterior collapse. The bound is nearly tight now, and worthless.
- `beta=0.001`: the codes leave the prior, and the VAE's samples are no better than the plain ones.
- `beta=10`: one dimension of two is given up, copies blur.
- `gradient=score`, `gradient=blocked`: noisy learning, and none.
- `latents=8`: some dimensions collapse by themselves, and the plain samples fall apart.
"""

import math

import torch
from torch import nn

from dlplay import Choice, File, Float, Int, Scene, claim
from dlplay.data import digits, images
from dlplay.nn.judge import Judge

SHOWN = 9  # pairs of images
ROWS, COLUMNS = 5, 7  # of the map


def mlp(inputs, outputs):
    return nn.Sequential(
        nn.Linear(inputs, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, outputs)
    )


def read(pictures):
    """Pictures to learn from, others, and the digits that those show: [N, 1, 8, 8] twice, [N].

    Of your own, every fifth is kept back, and all count as 0.
    """
    if pictures == "digits":
        x, _, x_test, y_test = digits()
        return x, x_test, y_test
    x, _ = images(pictures, size=8, grey=True, least=100)
    held_out = torch.arange(len(x)) % 5 == 4
    return x[~held_out], x[held_out], torch.zeros(int(held_out.sum())).long()


class VAE(nn.Module):
    """x [N, 64] -> mean and log variance of q(z|x), [N, d] each; z [N, d] -> f(z) [N, 64]."""

    def __init__(self, latents):
        super().__init__()
        self.encoder = mlp(64, 2 * latents)
        self.decoder = mlp(latents, 64)

    def encode(self, x):
        mean, log_variance = self.encoder(x).chunk(2, dim=-1)
        return mean, log_variance.clamp(-12, 6)


class Autoencoder(nn.Module):
    def __init__(self, latents):
        super().__init__()
        self.encoder = mlp(64, latents)
        self.decoder = mlp(latents, 64)


def divergence(mean, log_variance):
    """KL(N(mean, variance) ‖ N(0, 1)) of each dimension, in nats."""
    return (mean**2 + log_variance.exp() - 1 - log_variance) / 2


def squared_error(a, b):
    return ((a - b) ** 2).sum(dim=-1)


def side_by_side(left, right):
    """Pairs of digits as one picture each: [N, 64] twice -> [N, 8, 17]."""
    line = torch.full((len(left), 8, 1), 0.3, device=left.device)
    return torch.cat([left.reshape(-1, 8, 8), line, right.reshape(-1, 8, 8)], dim=2)


class Digits(Scene):
    covers = {
        "Variational Autoencoder (chapter introduction)": (
            "latent plane",
            "map of digits",
            "samples_better",
        ),
        "Motivation for VAEs: The Limitations of Standard Autoencoders": (
            "VAE and AE samples",
            "samples_better",
            "all_digits",
        ),
        "ELBO": ("ELBO terms", "loose_bound"),
        "The Variational Autoencoder": (
            "latent plane",
            "original and copy",
            "fills_prior",
            "informative",
            "copies",
        ),
        "Re-parametrization Trick": ("ELBO terms", "quiet_gradient"),
        "Comparison of VAE Loss and Standard Autoencoder Loss": (
            "original and copy",
            "KL by dimension",
            "no_price",
        ),
        "Final Considerations and Applications of VAEs": ("map of digits", "all_digits"),
    }
    panels = (
        "latent plane",
        "map of digits",
        "ELBO terms",
        "original and copy",
        "VAE and AE samples",
        "KL by dimension",
    )
    quick = {"steps": 60}

    beta = Float(1.0, min=0.001, max=100, log=True, live=True, help="weight of the KL term")
    latents = Int(2, min=2, max=16, help="dimensions of z")
    noise_variance = Float(
        0.05,
        min=0.005,
        max=0.5,
        log=True,
        live=True,
        help="v: variance of a pixel around the decoded mean",
    )
    gradient = Choice(
        "reparametrised",
        ("reparametrised", "score", "blocked"),
        live=True,
        help="how the encoder learns from the sampled z",
    )
    learning_rate = Float(0.001, min=1e-5, max=0.1, log=True, live=True, help="step size of Adam")
    pictures = File("digits", kind="images", help="what it learns; your own become 8×8, grey")
    steps = Int(2000, min=20, max=20000, help="training steps of both autoencoders")

    def run(self, stage):
        x, x_test, y_test = read(self.pictures)
        x, x_test = x.flatten(1).to(stage.device), x_test.flatten(1).to(stage.device)
        vae = VAE(self.latents).to(stage.device)
        plain = Autoencoder(self.latents).to(stage.device)
        parameters = [*vae.parameters(), *plain.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=self.learning_rate, fused=True)
        stage.watch(vae)
        stage.axes("ELBO terms", y="nats per digit")
        random_codes = torch.randn(SHOWN, self.latents).to(stage.device)

        for _ in stage.loop(self.steps):
            optimizer.param_groups[0]["lr"] = self.learning_rate
            batch = x[torch.randint(len(x), (128,))]  # [128, 64]

            mean, log_variance = vae.encode(batch)  # [128, d] each
            noise = torch.randn(mean.shape).to(stage.device)
            z = mean + (log_variance / 2).exp() * noise
            if self.gradient != "reparametrised":
                z = z.detach()
            error = squared_error(vae.decoder(z), batch) / (2 * self.noise_variance)  # [128]
            kl = divergence(mean, log_variance).sum(dim=1)  # [128]
            loss = (error + self.beta * kl).mean()
            if self.gradient == "score":  # ∇E[error] = E[error · ∇ log q(z)]
                log_q = -((z - mean) ** 2 / log_variance.exp() + log_variance).sum(dim=1) / 2
                loss = loss + (error.detach() * log_q).mean()

            copy = plain.decoder(plain.encoder(batch))
            plain_error = squared_error(copy, batch).mean() / (2 * self.noise_variance)

            optimizer.zero_grad()
            (loss + plain_error).backward()
            optimizer.step()

            terms = {"reconstruction": error.mean(), "KL": kl.mean(), "plain AE": plain_error}
            stage.curve("ELBO terms", terms)
            if stage.every(40):
                with stage.probe(vae, plain):
                    self.look(stage, vae, plain, x_test, y_test, random_codes)

        with stage.probe(vae, plain):
            self.report_terms(stage, vae, plain, x, x_test)
            if self.pictures == "digits":  # the judge knows no other pictures
                self.report_samples(stage, vae, plain, x)
            self.report_noise(stage, vae, x_test[:64])

    def look(self, stage, vae, plain, x, y, codes):
        mean, log_variance = vae.encode(x)
        copies = vae.decoder(mean[:SHOWN])
        stage.image("original and copy", side_by_side(x[:SHOWN], copies))
        samples = side_by_side(vae.decoder(codes), plain.decoder(codes))
        stage.image("VAE and AE samples", samples)

        kl = divergence(mean, log_variance).mean(dim=0)
        names = [f"z{i + 1}" for i in range(self.latents)]
        stage.bars("KL by dimension", names, {"KL": kl}, unit="nats")

        turn = torch.linspace(0, 2 * math.pi, 61)
        circle = 2 * torch.stack([turn.cos(), turn.sin()], dim=1)
        reach = max(3.0, mean[:, :2].abs().quantile(0.99).item())
        stage.plane(
            "latent plane",
            x=(-reach, reach),
            y=(-reach, reach),
            points={str(kind): mean[y == kind, :2] for kind in range(10) if (y == kind).any()},
            paths={"prior": circle},
            x_label="z1",
            y_label="z2",
        )
        # Even steps of the prior's probability; the top row of the map has the highest z2.
        across = torch.special.ndtri(torch.linspace(0.04, 0.96, COLUMNS))
        down = torch.special.ndtri(torch.linspace(0.96, 0.04, ROWS))
        z = torch.zeros(ROWS, COLUMNS, self.latents)
        z[..., 0], z[..., 1] = across, down[:, None]
        tiles = vae.decoder(z.to(stage.device)).reshape(ROWS, COLUMNS, 8, 8)
        stage.image("map of digits", tiles.transpose(1, 2).reshape(ROWS * 8, COLUMNS * 8))

    def report_terms(self, stage, vae, plain, x, x_test):
        """KL, errors, and the ELBO against an estimate of log p(x) from 200 samples."""
        mean, log_variance = vae.encode(x_test)
        draws = torch.randn(200, *mean.shape).to(stage.device)
        z = mean + (log_variance / 2).exp() * draws  # [200, N, d]
        variance = self.noise_variance
        error = squared_error(vae.decoder(z), x_test)  # [200, N]
        log_likelihood = -error / (2 * variance) - 32 * math.log(2 * math.pi * variance)
        log_prior = -(z**2).sum(dim=-1) / 2
        log_q = -(draws**2 + log_variance).sum(dim=-1) / 2
        log_weight = log_likelihood + log_prior - log_q  # [200, N]; its mean is the ELBO
        log_p = log_weight.logsumexp(dim=0) - math.log(200)
        stage.measure(
            kl=divergence(mean, log_variance).sum(dim=1).mean(),
            elbo=log_weight.mean(),
            log_likelihood=log_p.mean(),
            spread=z.flatten(0, 1).var(dim=0).mean().sqrt(),
            vae_error=squared_error(vae.decoder(mean), x_test).mean(),
            plain_error=squared_error(plain.decoder(plain.encoder(x_test)), x_test).mean(),
            mean_digit_error=squared_error(x.mean(dim=0), x_test).mean(),
        )

    def report_samples(self, stage, vae, plain, x):
        """The judge's distance between real digits and 2,000 samples of each kind."""
        judge = Judge(stage.device)
        codes = torch.randn(2000, self.latents).to(stage.device)
        own = plain.encoder(x)
        # A Gaussian fitted to the plain autoencoder's own codes.
        covariance = torch.cov(own.T) + 1e-6 * torch.eye(self.latents).to(own)
        root, _ = torch.linalg.cholesky_ex(covariance)
        samples = {
            "vae": vae.decoder(codes),
            "plain": plain.decoder(codes),
            "plain_fitted": plain.decoder(own.mean(dim=0) + codes @ root.T),
        }
        real = x.reshape(-1, 1, 8, 8)
        for name, drawn in samples.items():
            drawn = drawn.reshape(-1, 1, 8, 8)
            shares = judge.classes(drawn).bincount(minlength=10) / len(drawn)
            distance = judge.distance(drawn, real)
            stage.measure(**{f"{name}_distance": distance, f"{name}_rarest": shares.min()})

    def report_noise(self, stage, vae, x):
        """How much the reconstruction's gradient by μ varies over 100 draws of z."""
        mean, log_variance = vae.encode(x)  # [64, d]
        std = (log_variance / 2).exp()
        mean = mean.expand(100, -1, -1).clone().requires_grad_()
        z = (mean + std * torch.randn(mean.shape).to(stage.device)).detach()  # [100, 64, d]
        with torch.enable_grad():
            through = mean + (z - mean.detach())
            error = squared_error(vae.decoder(through), x) / (2 * self.noise_variance)
            reparametrised = torch.autograd.grad(error.sum(), mean)[0]
        score = error.detach()[..., None] * (z - mean.detach()) / std**2
        chosen = {
            "reparametrised": reparametrised,
            "score": score,
            "blocked": torch.zeros_like(score),
        }[self.gradient]
        stage.measure(gradient_noise=chosen.std(dim=0).mean(), score_noise=score.std(dim=0).mean())

    @claim(
        "decoded random codes are twice as close to real digits as with a plain autoencoder",
        breaks={"beta": 0.001},
    )
    def samples_better(self, measured):
        return measured.plain_distance / measured.vae_distance >= 2

    @claim(
        "the VAE's samples show every digit: the rarest makes up 2 % or more",
        breaks={"beta": 40.0, "steps": 400},
    )
    def all_digits(self, measured):
        return measured.vae_rarest >= 0.02

    @claim(
        "the codes fill the prior: sampled codes have a standard deviation between 0.8 and 1.2",
        breaks={"beta": 0.001},
    )
    def fills_prior(self, measured):
        return measured.spread.between(0.8, 1.2)

    @claim(
        "the codes say something: KL is above 2 nats (0 is posterior collapse)",
        breaks={"beta": 40.0, "steps": 400},
    )
    def informative(self, measured):
        return measured.kl > 2

    @claim(
        "the copies beat the mean digit: at most 0.6 of its squared error",
        breaks={"gradient": "blocked", "steps": 400},
    )
    def copies(self, measured):
        return measured.vae_error / measured.mean_digit_error <= 0.6

    @claim(
        "with two dimensions the VAE copies new digits as well as a plain autoencoder, within 10 %",
        breaks={"beta": 10.0},
    )
    def no_price(self, measured):
        return measured.vae_error / measured.plain_error <= 1.1

    @claim(
        "the ELBO is a bound: it lies below the log-likelihood, here by 0.6 nats or more",
        breaks={"beta": 40.0, "steps": 400},
    )
    def loose_bound(self, measured):
        return measured.log_likelihood - measured.elbo >= 0.6

    @claim(
        "the chosen gradient of the encoder varies less than 0.6 of the score function's",
        breaks={"gradient": "score", "steps": 100},
    )
    def quiet_gradient(self, measured):
        return measured.gradient_noise / measured.score_noise < 0.6
