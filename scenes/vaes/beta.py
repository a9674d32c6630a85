"""
# Poor copies or poor samples: which way to turn β?

The loss of a VAE has two terms that pull against each other:

    loss = ‖x − f(z)‖² / 2v + β · KL

The first wants good copies: each digit x a code z of its own, exactly told, so that the decoder f
can draw it again. The second wants that the codes of all digits together look like N(0, 1), where
you will draw codes for new pictures. A code that tells nothing costs nothing. v is the noise that a
pixel is allowed, KL is counted in nats.

Turn β down, and the codes drift apart. The copies stay sharp, but between the codes lies nothing,
and random codes decode to rubbish. A plain autoencoder is the end of this road. Turn β up, and
telling costs too much. One number of the code after another is given up: its KL falls to 0, the
decoder no longer looks at it. At last all are, and the decoder draws the mean of all digits
whatever the code. That is **posterior collapse**.

So poor copies ask for a smaller β, and poor samples, if codes have drifted, for a larger one. You
may read it the other way round: that is true where β multiplies the other term.

Multiply the loss by v, and you see that only the product β · v counts for what is learnt. Who sets
v by taste has turned β.

Six VAEs are trained here as one batch, from the same digits, with six values of β.

## Tomorrow

Look at the KL of each number of the code first. All in use and poor samples: raise β. Many unused
and poor copies: lower it. Compare values of β only at the same pixel noise v.
"""

import torch
from torch import nn

from dlplay import Float, Int, Scene, Toggle, Try
from dlplay.data import images
from dlplay.nn.batched import BatchedLinear, side_by_side
from dlplay.nn.judge import Judge

BETAS = (0.01, 0.1, 1.0, 4.0, 10.0, 40.0)
C = len(BETAS)


class Beta(Scene):
    covers = ("Comparison of VAE Loss and Standard Autoencoder Loss",)
    panels = {
        "copies and samples": "a column for each β: a new digit's copy, then three random codes",
        "trade": "copy: squared error of new digits; samples: distance from real ones; both low",
        "in use": "KL of each number of the code, in nats, the largest first; 0 is not in use",
    }
    claims = {
        "middle": "random codes decode nearest to real digits at β = 1 or 4",
        "drifted": "at β = 0.01 they are over 3 times as far as there",
        "collapsed": "at β = 40 they are over 3 times as far as there, too",
        "copies": "from β = 1 to 4, and from 4 to 10, copies get worse by 0.8 or more",
        "mean_digit": "at β = 40 the copies' error is within 5 % of the mean digit's",
        "given_up": "in use (KL over 0.1) are all numbers at β = 0.01, none at 40",
    }
    tries = (
        Try(
            "v=0.5",
            "Pixels are allowed ten times the noise. At which β are samples best now?",
            ("the same, 1 or 4", "ten times smaller", "ten times larger"),
            right=2,
            breaks=("middle", "copies"),
            why="Divide the first term by ten and multiply the loss by ten: it is the old loss "
            "with ten times the β.",
        ),
        Try(
            "v=0.005",
            "A tenth of the noise. Which VAE collapses?",
            ("that with β = 40, as before", "that with β = 10 too", "none"),
            right=3,
            breaks=("mean_digit", "given_up"),
            why="A miss of a pixel costs ten times as much, so it pays to tell. β = 40 now is what "
            "β = 4 was.",
        ),
        Try(
            "warm_up=on",
            "β grows from 0 to its value over the first half. How many numbers does β = 40 keep?",
            ("all: they were learnt before", "some", "none"),
            right=3,
            keeps=("mean_digit", "collapsed"),
            why="What was learnt before is forgotten when it costs too much. A slow start helps "
            "where both ends are stable, not where collapse is the best answer.",
        ),
    )
    quick = {"steps": 20}

    v = Float(0.05, min=0.005, max=0.5, log=True, help="variance of a pixel's noise")
    latents = Int(8, min=2, max=12, help="d, numbers of a code")
    warm_up = Toggle(False, help="β grows from 0 over the first half of the steps")
    digit = Int(1, min=1, max=100, live=True, help="the new digit that is copied")
    learning_rate = Float(0.002, min=1e-5, max=0.1, log=True, live=True, help="of Adam")
    steps = Int(1300, min=20, max=20000, log=True, help="training steps of 64 digits")

    def run(self, stage):
        x = images("digits", size=8, grey=True)[0].flatten(1).to(stage.device)  # [1797, 64]
        x, new = x[:1400], x[1400:]
        d, judge = self.latents, Judge(stage.device)
        encoders, decoders = mlps(64, 2 * d).to(stage.device), mlps(d, 64).to(stage.device)
        nets = nn.ModuleList([encoders, decoders])
        adam = torch.optim.Adam(nets.parameters(), lr=self.learning_rate)
        beta = torch.tensor(BETAS, device=stage.device)
        codes = torch.randn(1000, 1, d).expand(-1, C, -1).to(stage.device)

        def encode(x):
            """Mean and log variance of q(z|x), by each VAE: [N, C, d] twice."""
            mean, log_variance = encoders(side_by_side(x, C)).chunk(2, dim=2)
            return mean, log_variance.clamp(-12, 6)

        def errors(copies, x):
            return (copies - x[:, None]).square().sum(dim=2)  # [N, C]

        def measured():
            """Of each VAE: the copies' error [C], the samples' distance [C], KL by number [C, d]"""
            mean, log_variance = encode(new)
            kl = divergence(mean, log_variance).mean(dim=0)
            samples = decoders(codes).reshape(-1, C, 1, 8, 8)
            far = [judge.distance(samples[:, c], x.reshape(-1, 1, 8, 8)) for c in range(C)]
            return errors(decoders(mean), new).mean(dim=0), torch.tensor(far), kl

        @stage.look(50, nets)
        def look():
            shown = new[self.digit - 1, None]
            copy = decoders(encode(shown)[0])[0]  # [C, 64]
            rows = torch.stack([copy, *decoders(codes[:3])])  # [4, C, 64]
            names = [f"β {b:g}" for b in BETAS]
            stage.image("copies and samples", rows.reshape(-1, 8, 8), columns=C,
                        captions=names + [""] * 3 * C)  # fmt: skip
            copies, far, kl = measured()
            stage.plot("trade", BETAS, {"copy · 10": 10 * copies, "samples": far})
            stage.heatmap("in use", kl.sort(dim=1, descending=True).values, rows=names,
                          columns=[str(k + 1) for k in range(d)], low=0)  # fmt: skip
            best = BETAS[int(far.argmin())]
            stage.headline(
                f"samples are best at β = {best:g}: distance {far.min():.0f} from real digits"
            )

        stage.axes("trade", x="β", y="error, distance", log="xy")
        for step in stage.loop(self.steps):
            batch = x[torch.randint(len(x), (64,), device="cpu").to(stage.device)]
            mean, log_variance = encode(batch)  # [64, C, d] each
            z = mean + (log_variance / 2).exp() * torch.randn(mean.shape).to(stage.device)
            error = errors(decoders(z), batch) / (2 * self.v)  # [64, C]
            kl = divergence(mean, log_variance).sum(dim=2)  # [64, C]
            grown = min(1.0, 2 * step / self.steps) if self.warm_up else 1.0
            loss = (error + grown * beta * kl).mean(dim=0).sum()
            adam.param_groups[0]["lr"] = self.learning_rate
            adam.zero_grad()
            loss.backward()
            adam.step()

        with stage.probe(nets):
            copies, far, kl = measured()
            best = far[2:4].min()
            mean_digit = (new - x.mean(dim=0)).square().sum(dim=1).mean()
            used = (kl > 0.1).sum(dim=1)
            stage.claim("middle", far.min() / best, equal=1)
            stage.claim("drifted", far[0] / best, above=3)
            stage.claim("collapsed", far[5] / best, above=3)
            stage.claim("copies", copies[2:5].diff().min(), at_least=0.8)
            stage.claim("mean_digit", copies[5] / mean_digit, within=(0.95, 1.05))
            stage.claim("given_up", (used[0] - used[5]) / d, equal=1)


def mlps(inputs, outputs):
    """C nets side by side: [N, C, inputs] -> [N, C, outputs]."""
    return nn.Sequential(
        BatchedLinear(C, inputs, 96), nn.ReLU(), BatchedLinear(C, 96, 96), nn.ReLU(),
        BatchedLinear(C, 96, outputs),
    )  # fmt: skip


def divergence(mean, log_variance):
    """KL of N(mean, variance) from N(0, 1), of each number, in nats."""
    return (mean**2 + log_variance.exp() - 1 - log_variance) / 2
