"""
# Does a GAN that is told the digit draw that digit?

A GAN draws some digit. You want a four. So tell it: the **conditional GAN** gives a condition c to
both nets, here the digit as ten numbers, a one at its place and zeros elsewhere. The generator gets
noise and digit, G(z, c). The discriminator gets picture and digit, D(x, c), and of real pictures
the true digit.

Why should the generator obey? Nothing compares its picture with the digit asked for. But the
discriminator sees pairs. A perfect three that comes with the digit four does not occur in the data,
so it is a fake. A discriminator that isn't told the digit can't notice: its generator draws good
digits, and pays no heed to what was asked. That net plays here as well, the same in all else.

A judge that saw neither game, a classifier of real digits, says how often the digit asked for is
the one that is recognised.

That is one half of the question. The other: within a digit, are the samples as varied as real ones?

    spread of a digit   Σ var(pixel)

over its samples, as a share of that of real ones. The condition decides *which*, from outside, so
samples of all ten digits prove no variety: collapse now hides within the digit. Without the penalty
on the discriminator's slope this GAN is told the digit and collapses all the same.

The noise decides *how* the digit is written. Turn it, and look along the rows.

## Tomorrow

Judge a conditional generator within each condition: many samples of one class, their spread beside
the real one's. And have its obedience counted by a classifier that had no part in the game.
"""

import torch
from torch import nn
from torch.nn.functional import one_hot, softplus

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import digits
from dlplay.nn.batched import BatchedLinear
from dlplay.nn.judge import Judge

TOLD, UNTOLD, LOOSE = NETS = "D told", "D untold", "no penalty"
Z = 16  # numbers of noise


class Ask(Scene):
    covers = ("Conditional GAN",)
    panels = {
        "asked for": "rows: D told, D untold, no penalty; under each the digit asked for",
        "obeys": "share of samples that the judge takes for the digit asked for; higher is better",
        "spread": "within a digit, as a share of real digits' spread; 1 is as varied as they are",
        "asked, recognised": "of the GAN with D told: the digit asked for, the one recognised",
    }
    claims = {
        "obeys": "told the digit, over 0.7 of the samples are recognised as the digit asked for",
        "untold": "with an untold discriminator it is over 0.5 less of them",
        "untold_good": "though its pictures are digits, at a distance below 25",
        "varied": "told, the spread within a digit is 0.45 to 1.2 of the real one's",
        "collapsed": "the same GAN without the penalty has over 0.2 less of it",
    }
    tries = (
        Try(
            "told=generator",
            "Now no discriminator is told the digit. How often is the asked one recognised?",
            ("as often: the generator still knows it", "somewhat less", "as by chance"),
            right=3,
            breaks=("obeys", "untold"),
            keeps="untold_good",
            why="A good three under the label four costs the generator nothing if nobody compares.",
        ),
        Try(
            "penalty=0",
            "The penalty is taken from all three. Each digit is fixed from outside. Does it "
            "collapse?",
            ("no, ten digits are asked for", "yes, within the digits", "only the untold one"),
            right=2,
            breaks=("obeys", "varied", "collapsed"),
            why="The condition decides which digit, nothing else. The old chase goes on, and here "
            "it goes so far that the digit is lost as well.",
        ),
        Try(
            "noise=1",
            "Another noise, the same five digits asked for. What changes in the first row?",
            ("which digits they are", "how they are written", "nothing"),
            right=2,
            keeps=("obeys", "varied"),
            why="The condition decides which, the noise how. In the second row the noise decides "
            "both.",
        ),
    )
    quick = {"steps": 4}

    noise = Int(0, min=0, max=50, live=True, help="which noise the pictures are drawn from")
    told = Choice("both", ("both", "generator"), help="who is told the digit in the first game")
    penalty = Float(0.5, min=0, max=5, live=True, help="γ, on D's slope at the data (first two)")
    learning_rate = Float(0.001, min=1e-5, max=0.01, log=True, live=True, help="of Adam")
    steps = Int(450, min=4, max=5000, log=True, help="steps of 64 digits")

    def run(self, stage):
        x, y, x_test, _ = digits(flat=True, device=stage.device)  # [1400, 64], [1400]
        judge = Judge(stage.device)
        G = mlp(Z + 10, 64, nn.ReLU(), nn.Sigmoid()).to(stage.device)  # three nets each
        D = mlp(64 + 10, 1, nn.LeakyReLU(0.2), nn.Identity()).to(stage.device)
        adam_g = torch.optim.Adam(G.parameters(), lr=self.learning_rate, betas=(0.5, 0.999))
        adam_d = torch.optim.Adam(D.parameters(), lr=self.learning_rate, betas=(0.5, 0.999))
        reads = torch.tensor([1.0 if self.told == "both" else 0.0, 0, 1])[:, None].to(stage.device)
        steady = torch.tensor([1.0, 1, 0]).to(stage.device)  # who has the penalty
        asked = torch.arange(10).repeat_interleave(60).to(stage.device)
        fixed = torch.randn(600, Z).to(stage.device)

        def drawn(z, c):
            """Noise [N, 16], digits [N] -> [N, 3, 64]."""
            return G(torch.cat([z, one_hot(c, 10)], dim=1)[:, None].expand(-1, 3, -1))

        def says(x, c):
            """What each D answers, before the sigmoid: [N, 3, 64], [N] -> [N, 3]."""
            digit = reads * one_hot(c, 10)[:, None]  # an untold D gets zeros
            return D(torch.cat([x, digit], dim=2))[..., 0]

        def recognised():
            """The judge's digits for the samples [3, 600], and the samples [600, 3, 64]."""
            samples = drawn(fixed, asked)
            return torch.stack([judge.classes(pictures(samples[:, k])) for k in range(3)]), samples

        def spreads(samples):
            """Of each GAN, how varied a digit's samples are beside real ones: [3]."""
            real = sum(x[y == c].var(dim=0).sum() for c in range(10)) / 10
            return samples.reshape(10, 60, 3, 64).var(dim=1).sum(dim=2).mean(dim=0) / real

        @stage.look(10, G)
        def look_at_samples():
            z = fixed[self.noise].expand(5, -1)
            some = [0, 2, 3, 4, 7]
            c = torch.tensor(some).to(stage.device)
            rows = pictures(drawn(z, c).transpose(0, 1).reshape(15, 64))
            stage.image("asked for", rows, columns=5, captions=[str(d) for d in some * 3])

        @stage.look(20, G)
        def look():
            found, samples = recognised()
            right = (found == asked).float().mean(dim=1)
            stage.curve("obeys", dict(zip(NETS, right, strict=True)))
            stage.curve("spread", dict(zip(NETS, spreads(samples), strict=True)))
            table = one_hot(found[0], 10).reshape(10, 60, 10).float().mean(dim=1)
            names = list("0123456789")
            stage.heatmap(
                "asked, recognised", table, rows=names, columns=names, x="recognised", y="asked"
            )
            told = ", ".join(f"{n} {float(r):.0%}" for n, r in zip(NETS, right, strict=True))
            stage.headline(f"recognised as the digit asked for: {told}")

        stage.axes("obeys", x="step", y="share", lines={"chance": 0.1})
        stage.axes("spread", x="step", y="of the real one", lines={"real": 1})
        for _ in stage.loop(self.steps):
            for adam in (adam_g, adam_d):
                adam.param_groups[0]["lr"] = self.learning_rate
            batch = torch.randint(len(x), (64,), device="cpu").to(stage.device)
            c, z = y[batch], torch.randn(64, Z).to(stage.device)
            real = x[batch][:, None].expand(-1, 3, -1).clone().requires_grad_()
            fake = drawn(z, c)

            on_real = says(real, c)  # [64, 3]
            slope = torch.autograd.grad(on_real.sum(), real, create_graph=True)[0]
            punished = steady * self.penalty / 2 * slope.square().sum(dim=2)
            loss = softplus(-on_real) + softplus(says(fake.detach(), c)) + punished
            adam_d.zero_grad()
            loss.mean(dim=0).sum().backward()
            adam_d.step()

            fooled = softplus(-says(fake, c))  # −log D(G(z, c), c)
            adam_g.zero_grad()
            fooled.mean(dim=0).sum().backward()
            adam_g.step()

        with stage.probe(G):
            found, samples = recognised()
            right, varied = (found == asked).float().mean(dim=1), spreads(samples)
            stage.claim("obeys", right[0], above=0.7)
            stage.claim("untold", right[0] - right[1], above=0.5)
            real = pictures(x_test)
            stage.claim("untold_good", judge.distance(pictures(samples[:, 1]), real), below=25)
            stage.claim("varied", varied[0], within=(0.45, 1.2))
            stage.claim("collapsed", varied[0] - varied[2], above=0.2)
            stage.measure(by_chance=right[1], without_penalty=right[2], collapsed_to=varied[2])


def pictures(pixels):  # [N, 64] -> [N, 1, 8, 8]
    return pixels.reshape(-1, 1, 8, 8)


def mlp(inputs, outputs, bend, last):
    """Three nets, each with weights of its own: [N, 3, inputs] -> [N, 3, outputs]."""
    return nn.Sequential(
        *(BatchedLinear(3, inputs, 128, gain=1), bend),
        *(BatchedLinear(3, 128, 128, gain=1), bend),
        *(BatchedLinear(3, 128, outputs, gain=1), last),
    )
