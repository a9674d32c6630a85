"""
# Which curve says that the samples are getting better?

A classifier trains, its loss falls, and you know that it is getting better. A GAN trains, and its
generator's loss goes up and down, or only up. Is that bad? The number can't tell. It is

    −log D(G(z))

and D is learning too. The loss says who is ahead: if D learns faster than G, it rises, while the
samples may come nearer to the data all the time.

So measure something against which the opponent can't inflate itself. A **critic** C gives each
point a height, any number. Its **gap** is

    mean of C(real) − mean of C(fake)

If C may be as steep as it likes, the gap can be made any number. But say that its slope is at most
1 everywhere. Then the largest possible gap is how far the fakes must be carried, on average, to
become the data: the **Wasserstein distance**. That is the objective of a WGAN, another one than
that of the usual GAN, not a trick for the same.

How to keep the slope near 1? WGAN-GP adds to the critic's loss, on points between real and fake,

    γ · (|slope of C| − 1)²

"Largest possible" also means that the critic has to keep up. Here both discriminators take eight
steps for each of the generator's. With fewer, or without γ, the gap is only a number. And at the
end, where samples are as near as this critic can see, its gap creeps up a little again.

Later GANs (ProGAN, StyleGAN, the hinge loss) change layers or loss. Not one has a generator's loss
that you can read.

## Tomorrow

Plot a distance between samples and held-out data beside any GAN's loss, and choose the checkpoint
by that. A critic's gap may stand in for it as long as its slope is held and it takes several steps.
"""

import torch
from torch import nn
from torch.nn.functional import softplus

from dlplay import Float, Int, Scene, Try
from dlplay.data.ring import Ring, energy_distance
from dlplay.nn.batched import BatchedLinear, repeated, step_each

NAMES = "usual GAN", "WGAN"
GAMES = 3  # of each kind, side by side


class HonestLoss(Scene):
    covers = ("Other GANs",)
    panels = {
        "told, true": "each way begins at the top; one that tells the truth leads down to the left",
        "told": "of the usual GAN the generator's loss, of the WGAN the critic's gap",
        "true distance": "of the samples from the data (energy distance); lower is better",
    }
    claims = {
        "gap_follows": "the critic's gap and the true distance correlate by over 0.7",
        "loss_does_not": "the usual generator's loss and the distance do by less than 0.4",
        "wgan_learns": "the WGAN ends at less than 0.2 of its distance at step 5",
        "loss_rises": "and at the end the usual loss is over 1.2 times what it was at step 5",
    }
    tries = (
        Try(
            "inner=1",
            "Discriminator and critic take one step for each of the generator's. The gap?",
            ("as honest as before", "follows the distance less", "becomes negative and stays so"),
            right=2,
            breaks="gap_follows",
            why="A gap says how far the fakes are only if no other critic would find a larger one. "
            "This one is always behind.",
        ),
        Try(
            "penalty=0",
            "Nothing holds the critic's slope any more. What does its gap do?",
            ("it grows without bound", "it follows the distance as before", "it goes to 0"),
            right=1,
            breaks="gap_follows",
            why="The steeper the critic, the larger its gap, wherever the samples are.",
        ),
    )
    quick = {"steps": 20}

    game = Int(1, min=1, max=GAMES, live=True, help="which of three games of each kind is shown")
    penalty = Float(1, min=0, max=10, help="γ, on the critic's slope")
    inner = Int(8, min=1, max=20, help="steps of discriminator and critic for one of a generator")
    learning_rate = Float(0.001, min=1e-5, max=0.01, log=True, live=True, help="of generators")
    steps = Int(160, min=10, max=2000, log=True, help="steps of each generator")

    def run(self, stage):
        ring, R = Ring(), stage.copies  # runs of a sweep, each with its GAMES of either kind
        nets = [mlp(2, nn.ReLU()), mlp(2, nn.ReLU())]  # generators: usual, of the critic
        nets += [mlp(1, nn.LeakyReLU(0.2)), mlp(1, nn.LeakyReLU(0.2))]
        G, W, D, C = nets = repeated(nn.ModuleList(nets), R).to(stage.device)
        betas = (0.5, 0.999), (0.0, 0.9), (0.5, 0.999), (0.0, 0.9)
        adams = [
            torch.optim.Adam(n.parameters(), betas=b) for n, b in zip(nets, betas, strict=True)
        ]

        def in_all(x):
            """Dice fall alike in all runs: [N, GAMES, ...] -> [N, R · GAMES, ...]."""
            return x.repeat(1, R, 1).to(stage.device)

        fixed, x_seen = in_all(torch.randn(400, GAMES, 2)), in_all(ring.points(400, GAMES))
        told, true = [], []  # every five steps, of both kinds: [2, R, GAMES] each

        def fooled(says):
            return softplus(-says).mean(dim=(0, 2))  # −log D(G(z)), of each game

        def gap(real, fake):
            return (C(real) - C(fake)).mean(dim=(0, 2))

        def distance(x):
            return energy_distance(x.transpose(0, 1), x_seen.transpose(0, 1))

        def measure():
            usual, critics = G(fixed), W(fixed)
            own = torch.stack([fooled(D(usual)), gap(x_seen, critics)])
            far = torch.stack([distance(usual), distance(critics)])
            told.append(own.unflatten(1, (R, GAMES)).cpu())
            true.append(far.unflatten(1, (R, GAMES)).cpu())
            own, far = (each[-1][..., self.game - 1] for each in (told, true))  # [2, R] each
            stage.curve("told", dict(zip(NAMES, own, strict=True)))
            stage.curve("true distance", dict(zip(NAMES, far, strict=True)))

        @stage.look(5)
        def look():
            if not told:
                return
            k = self.game - 1
            own, far = (torch.stack(each)[:, :, 0, k] for each in (told, true))  # [looks, 2]
            ways = torch.stack([own / own.abs().amax(dim=0).clamp(min=1e-9), far], dim=2)
            paths = {name: ways[:, i] for i, name in enumerate(NAMES)}
            stage.plane(
                "told, true",
                x=(-0.3, 1.05),
                y=(0, 1.5),
                paths=paths,
                x_label="own loss or gap, as a share of its most",
                y_label="true distance",
            )
            stage.headline(
                f"usual: loss {own[0, 0]:.1f} → {own[-1, 0]:.1f}, distance {far[-1, 0]:.2f}; "
                f"WGAN: gap {own[0, 1]:.1f} → {own[-1, 1]:.1f}, distance {far[-1, 1]:.2f}"
            )

        stage.axes("told", x="step", y="loss, gap")
        stage.axes("true distance", x="step", y="distance", log="y")
        for step in stage.loop(self.steps):
            rate, γ = stage.each(self.learning_rate), stage.each(self.penalty)
            for _ in range(self.inner):
                x, z = in_all(ring.points(48, GAMES)), in_all(torch.randn(48, GAMES, 2))
                usual, fake = G(z).detach(), W(z).detach()
                loss = softplus(-D(x)) + softplus(D(usual))
                descend(adams[2], 2 * rate, loss.mean(dim=(0, 2)))

                share = in_all(torch.rand(48, GAMES, 1))
                between = (share * x + (1 - share) * fake).requires_grad_()
                slope = torch.autograd.grad(C(between).sum(), between, create_graph=True)[0]
                steep = (slope.norm(dim=2) - 1).square().mean(dim=0)
                descend(adams[3], 2 * rate, γ.repeat_interleave(GAMES) * steep - gap(x, fake))
            if step % 5 == 4:
                with stage.probe():
                    measure()
            z = in_all(torch.randn(48, GAMES, 2))
            descend(adams[0], rate, fooled(D(G(z))))
            descend(adams[1], rate, -C(W(z)).mean(dim=(0, 2)))

        own, far = torch.stack(told), torch.stack(true)  # [looks, 2, R, GAMES]
        loss, gap_ = correlation(own, far).median(dim=2).values  # [R] each
        usual, wgan = far[:, 0].amin(dim=0) / far[0, 0], far[-1, 1] / far[0, 1]
        stage.claim("gap_follows", gap_, above=0.7)
        stage.claim("loss_does_not", loss, below=0.4)
        stage.claim("wgan_learns", wgan.median(dim=1).values, below=0.2)
        stage.measure(usual_at_best=usual.median(dim=1).values)
        rises = (own[-1, 0] / own[0, 0]).median(dim=1).values
        stage.claim("loss_rises", rises, above=1.2)


def descend(adam, rate, losses):  # [R · GAMES]: each game has its nets, so their sum trains all
    adam.zero_grad()
    losses.sum().backward()
    step_each(adam, rate)


def correlation(a, b):  # [looks, 2, R, GAMES] -> [2, R, GAMES]
    a, b = a - a.mean(dim=0), b - b.mean(dim=0)
    return (a * b).sum(dim=0) / (a.norm(dim=0) * b.norm(dim=0)).clamp(min=1e-9)


def mlp(outputs, bend):
    """A net for each game: [N, GAMES, 2] -> [N, GAMES, outputs]."""
    return nn.Sequential(
        *(BatchedLinear(GAMES, 2, 48, gain=0.58), bend),
        *(BatchedLinear(GAMES, 48, 48, gain=0.58), bend),
        BatchedLinear(GAMES, 48, outputs, gain=0.58),
    )
