"""
# What made GANs work on pictures?

A GAN of plain dense layers, trained on pictures, mostly ends in the same way: the generator draws
one or two pictures again and again, whatever noise it gets. In 2015 came a recipe that worked, the
**DCGAN** (deep convolutional GAN):

- The generator starts from a few coarse maps made of the noise. **Transposed convolutions** of
  stride 2 double their size until they are a picture: here 2×2, 4×4, 8×8.
- The discriminator is the mirror of it: convolutions of stride 2 halve the picture.
- **Batch normalisation** stands in both: each unit's values lose the batch's mean and are divided
  by its spread.

What of that was it? Four GANs play here, on the same digits: dense or convolutional, each with
batch normalisation (BN) and without. So you can see what each of the two is worth alone.

How good are the samples? Don't trust your eye. A classifier that has learned real digits and never
sees the game, the *judge*, says two things. It names each sample's digit; from the shares pₖ of the
ten come the

    digits shown  exp(−Σₖ pₖ log pₖ)

1 if all are alike, 10 if all come equally often. And it measures the **distance** between the
samples and real digits: how far mean and covariance of its own last layer are apart (a Fréchet
distance). It is about 1 for real digits.

Normalisation is what steadies this game: a unit that must vary over the batch can't ignore the
noise, and a discriminator that reads a batch together notices when all are alike. On 8×8 pixels
convolutions alone don't. On large pictures you need them as well, or the weights become too many.

## Tomorrow

If a GAN collapses, don't enlarge it. Steady it: normalisation, or a gradient penalty on the
discriminator. Measure variety by a classifier that had no part in the game.
"""

import math
from functools import partial

import torch
from torch import nn
from torch.nn.functional import softplus

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import images
from dlplay.nn.judge import Judge

NETS = "dense", "dense BN", "conv", "DCGAN"
Z = 16  # numbers of noise
# Of the batch that is there, in training and afterwards
BN1 = partial(nn.BatchNorm1d, track_running_stats=False)
BN2 = partial(nn.BatchNorm2d, track_running_stats=False)


class Convolutions(Scene):
    covers = ("GANs in Image Domain", "DCGAN")
    panels = {
        "samples": "a row for each GAN, five noises; BN: with batch normalisation",
        "which digits": "share of each GAN's samples that the judge takes for each digit",
        "digits shown": "1: all alike, 10: all digits equally often; higher is better",
        "distance": "of the samples from real digits, as the judge sees them; lower is better",
    }
    claims = {
        "dense_fails": "without normalisation the dense GAN shows fewer than 6 digits",
        "conv_fails": "the convolutional one, without it, stays at a distance above 70",
        "dcgan": "with both, the DCGAN comes within 25",
        "norm_alone": "so do the dense layers, with normalisation alone",
        "variety": "both that have it show over 7.5 digits",
    }
    tries = (
        Try(
            "normalise=none",
            "No batch normalisation in any of the four. Does the DCGAN still work?",
            ("yes, its layers fit pictures", "it shows fewer digits, but good ones", "no"),
            right=3,
            breaks=("dcgan", "norm_alone", "variety"),
            keeps="dense_fails",
            why="What is left of it is the net of the third row: the right layers, in a game that "
            "nothing steadies.",
        ),
        Try(
            "penalty=0.5",
            "The discriminators' slope at real digits is punished. What of the plain dense GAN?",
            ("still one or two digits", "nearly all digits", "noise"),
            right=2,
            breaks="dense_fails",
            keeps=("norm_alone", "variety"),
            why="A discriminator that is not steep cannot drive the generator from digit to digit. "
            "It is another way to steady it, with the same layers.",
        ),
        Try(
            "beta1=0.9",
            "Adam keeps 0.9 of its last steps, as usual elsewhere, not 0.5. Who suffers?",
            ("nobody", "all but the normalised", "the DCGAN too"),
            right=3,
            breaks="dcgan",
            keeps="dense_fails",
            why="Momentum throws a game outwards, and normalisation does not take that away.",
        ),
    )
    quick = {"steps": 4}

    walk = Float(0, min=0, max=1, live=True, help="each noise on its way to another one")
    penalty = Float(0, min=0, max=5, live=True, help="γ, on all discriminators' slope at the data")
    normalise = Choice("both", ("both", "discriminator", "generator", "none"), help="BN is where")
    channels = Int(12, min=4, max=64, help="of the finer maps; the coarse ones have twice as many")
    beta1 = Float(0.5, min=0, max=0.95, help="β₁ of Adam: share of the last steps that is kept")
    learning_rate = Float(0.002, min=1e-5, max=0.01, log=True, live=True, help="of Adam")
    steps = Int(260, min=4, max=5000, log=True, help="steps of 32 digits, for each GAN")

    def run(self, stage):
        x, _ = images("digits", size=8, grey=True, device=stage.device)  # [1797, 1, 8, 8]
        x_test, x, judge = x[1400:], 2 * x[:1400] - 1, Judge(stage.device)  # to learn: −1 to 1
        in_g, in_d = (self.normalise in ("both", net) for net in ("generator", "discriminator"))
        C = self.channels
        generators = nn.ModuleList(
            [dense_g(False), dense_g(in_g), conv_g(C, False), conv_g(C, in_g)]
        ).to(stage.device)
        discriminators = nn.ModuleList(
            [dense_d(False), dense_d(in_d), conv_d(C, False), conv_d(C, in_d)]
        ).to(stage.device)
        betas = self.beta1, 0.999
        adam_g = torch.optim.Adam(generators.parameters(), lr=self.learning_rate, betas=betas)
        adam_d = torch.optim.Adam(discriminators.parameters(), lr=self.learning_rate, betas=betas)
        fixed, others = torch.randn(2, 500, Z).to(stage.device)

        def drawn(net, z):
            """Pictures from 0 to 1, [N, 1, 8, 8]."""
            return (net(z) + 1) / 2

        def judged():
            """Of each GAN, the shares of the ten digits [4, 10], and the distance [4]."""
            heaps = [drawn(net, fixed) for net in generators]
            shares = [judge.classes(heap).bincount(minlength=10) / 500 for heap in heaps]
            return torch.stack(shares), [judge.distance(heap, x_test) for heap in heaps]

        def shown(shares):
            return torch.special.entr(shares).sum(dim=1).exp()  # [4]

        @stage.look(10)
        def look_at_samples():
            t = self.walk * math.pi / 2  # along the sphere, where noise lies
            z = math.cos(t) * fixed + math.sin(t) * others
            rows = torch.cat([drawn(net, z)[:5] for net in generators])
            names = [name for name in NETS for _ in range(5)]
            stage.image("samples", rows, columns=5, captions=names)

        @stage.look(20)
        def look():
            shares, far = judged()
            stage.heatmap(
                "which digits", shares, rows=NETS, columns=list("0123456789"), low=0, high=0.3
            )
            count = dict(zip(NETS, shown(shares).tolist(), strict=True))
            stage.curve("digits shown", count)
            stage.curve("distance", dict(zip(NETS, far, strict=True)))
            told = ", ".join(f"{name} {value:.1f}" for name, value in count.items())
            stage.headline(f"digits shown: {told}")

        stage.axes("digits shown", x="step", y="of 10")
        stage.axes("distance", x="step", y="distance", log="y", lines={"real digits": 1})
        for _ in stage.loop(self.steps):
            for adam in (adam_g, adam_d):
                adam.param_groups[0]["lr"] = self.learning_rate
            real = x[torch.randint(len(x), (32,), device="cpu").to(stage.device)]
            real.requires_grad_(self.penalty > 0)
            z = torch.randn(32, Z).to(stage.device)
            fakes = [net(z) for net in generators]

            loss = 0
            for D, fake in zip(discriminators, fakes, strict=True):
                says = D(real)  # before the sigmoid: [32, 1]
                loss = loss + softplus(-says).mean() + softplus(D(fake.detach())).mean()
                if self.penalty:
                    slope = torch.autograd.grad(says.sum(), real, create_graph=True)[0]
                    loss = loss + self.penalty / 2 * slope.square().sum(dim=(1, 2, 3)).mean()
            adam_d.zero_grad()
            loss.backward()
            adam_d.step()

            pairs = zip(discriminators, fakes, strict=True)
            fooled = sum(softplus(-D(fake)).mean() for D, fake in pairs)  # −log D(G(z))
            adam_g.zero_grad()
            fooled.backward()
            adam_g.step()

        with stage.probe():
            shares, far = judged()
            count = shown(shares)
            stage.claim("dense_fails", count[0], below=6)
            stage.claim("conv_fails", far[2], above=70)
            stage.claim("dcgan", far[3], below=25)
            stage.claim("norm_alone", far[1], below=25)
            stage.claim("variety", torch.minimum(count[1], count[3]), above=7.5)


def norm(layer, wanted):
    return layer if wanted else nn.Identity()


def dense_g(bn):  # [N, 16] -> [N, 1, 8, 8]
    return nn.Sequential(
        *(nn.Linear(Z, 128), norm(BN1(128), bn), nn.ReLU()),
        *(nn.Linear(128, 128), norm(BN1(128), bn), nn.ReLU()),
        *(nn.Linear(128, 64), nn.Tanh(), nn.Unflatten(1, (1, 8, 8))),
    )


def dense_d(bn):  # [N, 1, 8, 8] -> [N, 1]
    return nn.Sequential(
        *(nn.Flatten(), nn.Linear(64, 128), nn.LeakyReLU(0.2)),
        *(nn.Linear(128, 128), norm(BN1(128), bn), nn.LeakyReLU(0.2)),
        nn.Linear(128, 1),
    )


def conv_g(C, bn):  # 2×2 with 2C channels, then 4×4 with C, then 8×8 with 1
    return nn.Sequential(
        *(nn.Linear(Z, 8 * C), nn.Unflatten(1, (2 * C, 2, 2))),
        *(norm(BN2(2 * C), bn), nn.ReLU()),
        *(nn.ConvTranspose2d(2 * C, C, 4, 2, 1), norm(BN2(C), bn), nn.ReLU()),
        *(nn.ConvTranspose2d(C, 1, 4, 2, 1), nn.Tanh()),
    )


def conv_d(C, bn):  # 8×8 with 1 channel, then 4×4 with C, then 2×2 with 2C
    return nn.Sequential(
        *(nn.Conv2d(1, C, 4, 2, 1), nn.LeakyReLU(0.2)),
        *(nn.Conv2d(C, 2 * C, 4, 2, 1), norm(BN2(2 * C), bn), nn.LeakyReLU(0.2)),
        *(nn.Flatten(), nn.Linear(8 * C, 1)),
    )
