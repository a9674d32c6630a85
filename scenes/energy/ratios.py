"""
# Can one learn an energy by comparisons alone?

To turn an energy into a probability of the answer y to a question x, you divide by a sum over all
answers:

    p(y|x) = e^−E(x, y) / Z(x)
    Z(x) = Σ e^−E(x, y) over all y

With many answers nobody can count Z. But two answers to *one* question have the same Z, so their
ratio needs none:

    p(y|x) / p(y′|x) = e^(E′ − E)

where E and E′ are their energies. So compare: the right answer with K wrong ones, drawn at random.
Three losses do so:

- **InfoNCE**: pick the right one out of all K + 1, by a softmax over −E.
- **Hinge**: the right one shall lie lower than each wrong one by a margin.
- **NCE**, noise-contrastive estimation (Gutmann and Hyvärinen, 2010): say of *each* answer alone
  whether it is right or random. It is told with which density q random answers are drawn. To judge
  one answer alone, −E must itself be log p:

        P(right) = p / (p + Kq), p = e^−E

The first two see differences of energies of one question. Add any number to all energies of a
question, and they see no change. So each question gets its own zero, where training left it. Count
Z here, where y is one number, and you see it: log Z(x) wanders. Within a question they rank as well
as NCE. But "E is −3 for this pair and −9 for that one" says nothing if the questions differ.

NCE pays for its absolute judgement by knowing q, and gets log Z(x) = 0 for every x: it *learns* Z,
it does not do without.

## Tomorrow

Rank answers to one question with such scores. Never compare a score across questions, nor set one
threshold for all, unless the loss has fixed the zero, or you divide by each question's own Z.
"""

import math

import torch
from torch import nn
from torch.nn.functional import softplus

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import folded, folded_x
from dlplay.nn import grid
from dlplay.nn.batched import BatchedLinear

LOSSES = "InfoNCE", "hinge", "NCE"
VIEW = (-2, 2)


class Ratios(Scene):
    covers = ("Other Contrastive Approaches",)
    panels = {
        "log Z": "of each question x, counted: comparisons leave it open, NCE brings it to 0",
        "energy": "of the loss that is shown, as it is: columns have their own zero, or one",
        "known": "−log p of new answers, by each question's own Z; lower is better",
    }
    claims = {
        "ranks": "for |x| < 0.3 all three find answers that belong to an x less than 0.1 away",
        "known": "divided by each question's own Z, all three have below 0.3 nats a new answer",
        "wanders": "log Z of InfoNCE or of the hinge, the worse of the two, ranges over 4 nats",
        "flat": "log Z of NCE ranges over less than 2.2 nats",
        "zero": "its mean lies within 0.45 nats of 0",
    }
    tries = (
        Try(
            "tilt=5",
            "5x is added to all energies of each net. How many of their answers change?",
            ("all but those at x = 0", "none", "those at the ends"),
            right=2,
            breaks="flat",
            keeps=("ranks", "known"),
            why="All answers to a question rise together, so their order stays, and Z(x) takes up "
            "the rest. A loss that compares could not have noticed.",
        ),
        Try(
            "density=1",
            "NCE is told that random answers have density 1. It is ¼. What goes wrong?",
            ("it ranks wrongly", "log Z has the wrong height", "log Z wanders like the others"),
            right=2,
            breaks="zero",
            keeps=("ranks", "flat", "known"),
            why="It compares p with K q. With q four times too large p becomes four times too "
            "large, everywhere alike: log Z rises by log 4.",
        ),
        Try(
            "margin=0",
            "The hinge is content as soon as no wrong answer lies lower. What does its net learn?",
            ("the same, without waste", "flat columns", "valleys of the wrong depth"),
            right=2,
            breaks="known",
            keeps=("flat", "zero"),
            why="Equal energies satisfy it. The margin is what makes it push.",
        ),
        Try(
            "negatives=1",
            "Each right answer meets one random answer, not 32. Do the three still rank?",
            ("yes", "NCE alone", "no"),
            right=1,
            keeps=("ranks", "zero"),
            why="Random answers are new at each step and in time fall everywhere. With one of them "
            "training is only slower.",
        ),
    )
    quick = {"steps": 20}

    shown = Choice(
        "InfoNCE", ("InfoNCE", "hinge", "NCE"), live=True, help="whose energy the map shows"
    )
    tilt = Float(0, min=-10, max=10, live=True, help="added to all energies, times x")
    margin = Float(1, min=0, max=5, help="by which the hinge wants the right answer lower")
    negatives = Int(32, min=1, max=64, log=True, help="K, random answers beside each right one")
    density = Float(0.25, min=0.05, max=2, log=True, help="q, as NCE is told; it is ¼")
    steps = Int(600, min=20, max=5000, log=True, help="steps over 64 pairs")

    def run(self, stage):
        x, y = (part.to(stage.device) for part in folded(6000, noise=0.15))
        new_x, new_y = (part.to(stage.device) for part in folded(800, noise=0.15))
        new_x, new_y = new_x[new_x.abs() < 1], new_y[new_x.abs() < 1]
        nets = nn.Sequential(
            *(BatchedLinear(3, 2, 64), nn.SiLU(), BatchedLinear(3, 64, 64), nn.SiLU()),
            BatchedLinear(3, 64, 1, gain=1),
        ).to(stage.device)
        adam = torch.optim.Adam(nets.parameters(), lr=6e-3)
        ys = torch.linspace(-2, 2, 161, device=stage.device)  # all answers
        xs = torch.linspace(-1, 1, 21, device=stage.device)  # questions
        near = torch.linspace(-0.3, 0.3, 31, device=stage.device)
        places = grid(VIEW, VIEW, 48, device=stage.device).reshape(-1, 2)

        def energies(pairs):
            """Of pairs [N, 2], by each of the three nets: [N, 3]."""
            return nets(pairs[:, None].expand(-1, 3, -1))[..., 0]

        def tilted(pairs):
            return energies(pairs) + self.tilt * pairs[:, :1]

        def columns(questions):
            """The energies of all answers to questions [X]: [X, Y, 3]."""
            pairs = torch.cartesian_prod(questions, ys)
            return tilted(pairs).view(len(questions), len(ys), 3)

        def log_z(questions):
            """Counted: [X, 3]."""
            return (-columns(questions)).logsumexp(dim=1) + math.log(4 / len(ys))

        def misses():
            answers = ys[columns(near).argmin(dim=1)]  # [31, 3]
            return (folded_x(answers) - near[:, None]).abs().mean(dim=0)

        def nats():
            """−log p of new answers, each divided by its own question's Z: [3]."""
            pairs = torch.stack([new_x, new_y], dim=1)
            return (tilted(pairs) + log_z(new_x)).mean(dim=0)

        def named(three):
            return dict(zip(LOSSES, three, strict=True))

        @stage.look(20, nets)
        def look():
            z = log_z(xs)
            stage.plot("log Z", xs, named(z.T))
            field = tilted(places)[:, LOSSES.index(self.shown)].view(48, 48)
            data = {"data": torch.stack([x, y], dim=1)[:100]}
            stage.plane("energy", x=VIEW, y=VIEW, field=field, points=data, x_label="question x",
                        y_label="answer y")  # fmt: skip
            stage.curve("known", named(nats()))
            ranges = named(z.max(dim=0).values - z.min(dim=0).values)
            told = ", ".join(f"{name} {size:.1f}" for name, size in ranges.items())
            stage.headline(f"log Z ranges over: {told} nats")

        stage.axes("log Z", x="question x", y="nats", lines={"E = −log p": 0})
        stage.axes("known", x="step", y="nats", lines={"all answers alike": math.log(4)})
        for _ in stage.loop(self.steps):
            batch = torch.randint(len(x), (64,), device="cpu").to(stage.device)
            wrong = 4 * torch.rand(64, self.negatives).to(stage.device) - 2  # q = ¼
            answers = torch.cat([y[batch, None], wrong], dim=1)  # [64, 1 + K], the right one first
            pairs = torch.stack([x[batch, None].expand_as(answers), answers], dim=2)
            e = energies(pairs.view(-1, 2)).view(64, -1, 3)
            right, wrong = e[:, 0], e[:, 1:]  # [64, 3], [64, K, 3]
            picked = (right + (-e).logsumexp(dim=1))[:, 0]
            lower = (self.margin + right[:, None] - wrong).relu().mean(dim=1)[:, 1]
            # P(right) is the sigmoid of −E − log Kq
            kq = math.log(self.negatives * self.density)
            alone = (softplus(right + kq) + softplus(-wrong - kq).sum(dim=1))[:, 2]
            adam.zero_grad()
            (picked + lower + alone).mean().backward()
            adam.step()

        with stage.probe(nets):
            z = log_z(xs)
            ranges = z.max(dim=0).values - z.min(dim=0).values
            stage.claim("ranks", misses().max(), below=0.1)
            stage.claim("known", nats().max(), below=0.3)
            stage.claim("wanders", ranges[:2].max(), above=4)
            stage.claim("flat", ranges[2], below=2.2)
            stage.claim("zero", z[:, 2].mean().abs(), below=0.45)
