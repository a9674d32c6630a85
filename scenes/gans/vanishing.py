"""
# Why is the generator's loss turned round?

In the game of two nets, D climbs E log D(x) + E log(1 − D(G(z))), and the generator G goes down in
it. Only the second part depends on G. So G's loss should be

    plain   log(1 − D(G(z)))

But early on the fakes are poor, and D is soon sure of it. Just then G should learn most. What is
left of its gradient?

D ends in a sigmoid σ: D = σ(s), where s is a number without bounds, the logit. All that G hears
comes through s. By s the loss changes at the rate

    plain   −D

D sure of a fake means D near 0: the loss is flat there, and G gets next to nothing. A perfect judge
teaches nothing. (This is not because D's own slope is gone: s still falls and rises from place to
place. The sigmoid hides it.)

Turn the question round. Let G not lower the log of "fake", but raise that of "real":

    turned  −log D(G(z))

By s it changes at the rate

    turned  −(1 − D)

That is nearly −1 where D is sure of a fake, and 0 where G has won. Both losses have the same
direction and the same goal. They differ in where they are loud: of a single fake, turned has
(1 − D)/D times the gradient of plain.

Where D is undecided, they are equally loud. So plain is not hopeless: it fails where D is ahead.
And an optimizer such as Adam, which divides each gradient by its usual size, hides much of it.

## Tomorrow

Use −log D(G(z)), or a loss that doesn't saturate. Plot the norm of G's gradient beside D's answer
on fakes: if both go to zero, D has won and G is deaf.
"""

import copy

import torch
from torch import nn
from torch.nn.functional import softplus

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.nn.batched import BatchedLinear

COPIES = 8  # games side by side; numbers are their medians


class Vanishing(Scene):
    covers = ("Difficulties with Training GANs",)
    panels = {
        "losses": "fakes on both losses; left, D is sure: plain is flat there",
        "gradient": "of G, while D learns alone",
        "distance": "fakes to data; lower is better",
    }
    claims = {
        "deaf": "D's head start makes turned over 8 times louder beside plain than it was",
        "arrives": "then 200 steps of play with turned leave under 0.35 of the way to the data",
        "lags": "with plain, over 2.5 times as much of it is left",
    }
    tries = (
        Try(
            "optimizer=Adam",
            "G descends by Adam, not by plain steps. How far does it come with plain now?",
            ("it stays stuck: no gradient, no step", "about as far as with turned", "half as far"),
            right=2,
            breaks="lags",
            keeps="deaf",
            why="Adam divides each gradient by its usual size. What is a thousand times smaller "
            "throughout gives the same steps. The deaf G gets a hearing aid, as long as the "
            "gradient isn't lost in noise.",
        ),
        Try(
            "head_start=0",
            "D gets no head start: both play from the first step. Is plain still stuck?",
            ("yes", "no, it comes nearer too", "G runs away from the data"),
            right=2,
            breaks=("deaf", "lags"),
            why="As long as D is undecided, plain is as loud as turned.",
        ),
        Try(
            "head_start=25",
            "D gets 25 steps alone, not 400. How much louder is turned than plain after them?",
            ("hundreds of times", "about thirty times", "a few times"),
            right=3,
            breaks="deaf",
            keeps="arrives",
            why="D is hardly sure of the fakes yet: at D = 0.2 the factor (1 − D)/D is 4. It "
            "grows as fast as D's odds.",
        ),
    )
    quick = {"head_start": 10, "steps": 10}
    pace = 30

    head_start = Int(400, min=0, max=2000, help="steps that D learns alone, against G at its start")
    gap = Float(4, min=0, max=8, help="from the fakes' first place to the data's mean")
    optimizer = Choice("SGD", ("SGD", "Adam"), help="how G descends: SGD is plain steps")
    learning_rate = Float(
        0.05, min=1e-3, max=0.5, log=True, live=True, help="of G (of Adam: a tenth)"
    )
    steps = Int(200, min=10, max=2000, log=True, help="steps of play, D's and G's by turns")

    def run(self, stage):
        G = nn.Sequential(BatchedLinear(COPIES, 2, 32), nn.ReLU(), BatchedLinear(COPIES, 32, 2))
        D = nn.Sequential(
            BatchedLinear(COPIES, 2, 64), nn.LeakyReLU(0.2), BatchedLinear(COPIES, 64, 1, gain=0.3)
        )
        G, D = G.to(stage.device), D.to(stage.device)
        z_new = torch.randn(128, COPIES, 2).to(stage.device)
        with torch.no_grad():
            data = G(z_new).mean(dim=0) + torch.tensor([self.gap, 0.0]).to(stage.device)

        def real():
            return data + 0.5 * torch.randn(64, COPIES, 2).to(stage.device)

        def noise():
            return torch.randn(64, COPIES, 2).to(stage.device)

        def train(D, G, adam):
            loss = softplus(-D(real())) + softplus(D(G(noise()).detach()))  # [64, COPIES, 1]
            adam.zero_grad()
            loss.mean(dim=0).sum().backward()
            adam.step()

        def gradient(name):
            """The norm of each G's gradient: [COPIES]."""
            with torch.enable_grad():
                loss = LOSSES[name](D(G(z_new))).mean(dim=0).sum()
                parts = torch.autograd.grad(loss, list(G.parameters()))
            return torch.cat([part.flatten(1) for part in parts], dim=1).norm(dim=1)

        def show(logits):
            """Three fakes of each game, by their logits [3, COPIES], on both losses of G."""
            s = torch.linspace(-12, 4, 80, device=stage.device)
            curves = {n: torch.stack([s, loss(s)], dim=1) for n, loss in LOSSES.items()}
            on = {
                f"fakes, {n}": torch.stack([each.flatten(), LOSSES[n](each.flatten())], dim=1)
                for n, each in logits.items()
            }
            stage.plane(
                "losses", x=(-12, 4), y=(-5, 12), points=on, paths=curves,
                x_label="D's logit s", y_label="loss of G",
            )  # fmt: skip

        @stage.look(5, G, D)
        def look_at_head_start():
            if stage.tick > self.head_start:
                return
            s = D(G(z_new))[..., 0]  # [128, COPIES]
            show(dict.fromkeys(LOSSES, s[:3]))
            norms = {name: gradient(name).median() for name in LOSSES}
            stage.curve("gradient", norms, x=stage.tick)
            stage.headline(
                f"D learns alone; it gives fakes {s.sigmoid().mean():.2g}; gradient on G: "
                f"plain {norms['plain']:.2g}, turned {norms['turned']:.2g}"
            )

        adam = torch.optim.Adam(D.parameters(), lr=0.005, betas=(0.5, 0.999))
        stage.axes("gradient", x="steps of D alone", y="norm", log="y")
        stage.axes("distance", x="step of play", y="distance", lines={"start": self.gap})
        with stage.probe():
            before = (gradient("turned") / gradient("plain")).median()
        for _ in stage.loop(self.head_start, "D learns alone"):
            train(D, G, adam)
        with stage.probe():
            after = (gradient("turned") / gradient("plain")).median()

        games = {name: copy.deepcopy((G, D)) for name in LOSSES}
        adams = {n: torch.optim.Adam(d.parameters(), 0.005, (0.5, 0.999))
                 for n, (_, d) in games.items()}  # fmt: skip
        optimizers = {
            name: torch.optim.SGD(g.parameters(), lr=self.learning_rate)
            if self.optimizer == "SGD"
            else torch.optim.Adam(g.parameters(), betas=(0.5, 0.999))
            for name, (g, _) in games.items()
        }

        def distance():
            """From the mean of the fakes to that of the data, the median of the games."""
            return {n: (g(z_new).mean(dim=0) - data).norm(dim=1).median()
                    for n, (g, _) in games.items()}  # fmt: skip

        @stage.look(5)
        def look_at_play():
            show({name: d(g(z_new))[:3, :, 0] for name, (g, d) in games.items()})
            far = distance()
            stage.curve("distance", far)
            stage.headline(
                f"both play; from fakes to data: plain {far['plain']:.2f}, turned "
                f"{far['turned']:.2f}, at first {self.gap:.2f}"
            )

        for _ in stage.loop(self.steps, "both play"):
            for name, (g, d) in games.items():
                train(d, g, adams[name])
                loss = LOSSES[name](d(g(noise()))).mean(dim=0).sum()
                tenth = 0.1 if self.optimizer == "Adam" else 1.0
                optimizers[name].param_groups[0]["lr"] = tenth * self.learning_rate
                optimizers[name].zero_grad()
                loss.backward()
                optimizers[name].step()

        with stage.probe():
            left = {name: far / max(self.gap, 1e-3) for name, far in distance().items()}
            stage.claim("deaf", after / before, above=8)
            stage.claim("arrives", left["turned"], below=0.35)
            stage.claim("lags", left["plain"] / left["turned"], above=2.5)


def plain(s):
    """log(1 − D), from the logit s of D."""
    return -softplus(s)


def turned(s):
    """−log D."""
    return softplus(-s)


LOSSES = {"plain": plain, "turned": turned}
