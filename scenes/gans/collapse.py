"""
# Why do all samples look alike?

A discriminator D judges one point at a time. Suppose that the generator G makes the same good point
again and again. Each copy, taken alone, looks real. That all are alike, no single one can show.

So nothing keeps G from it, and something drives it there. Against a D that stands still, G's best
answer is a heap on the one spot that D likes most. Give G five steps for each of D's, and it gets
there. Then D learns that this spot is full of fakes, its answer falls there, and the next best spot
is elsewhere. All samples run on together. This is **mode collapse** (a mode is a heap of the data),
and it does not stand still: it is a chase from mode to mode.

The usual curves don't tell. D's mean answer on the fakes stays near ½, as in a game that goes
well: sometimes the crowd is ahead, sometimes D.

What helps? First, one step each: then D has turned its slope before all are in one place. Second,
let D see what a single point can't show. Give it the batch's mean m and standard deviation s as
further inputs:

    D(x, m, s)

A batch holds only real points or only fakes. Copies have s near 0, real batches never have, on
whichever mode the copies stand. So no spot is left to hop to, and D's slope through s drives the
samples apart. This is the simplest form of **minibatch discrimination**.

Here all three play on the same ring of eight modes. *Greedy* and *batch* have five steps of G for
each of D's; *batch* is shown m and s. In *fair* it is one step each.

## Tomorrow

Draw a thousand samples and count what they show: no loss does it for you. If they are alike, give G
fewer steps or D more, then let D see the batch.
"""

import torch
from torch import nn
from torch.nn.functional import softplus

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import Ring
from dlplay.nn import grid
from dlplay.nn.batched import BatchedLinear

VIEW = (-3.0, 3.0)
NAMES = "fair", "greedy", "batch"


class Collapse(Scene):
    covers = ("Difficulties with Training GANs",)
    panels = {
        "greedy": "many steps of G for each of D's: its samples hop; lines: D says ½",
        "greedy by mode": "share; even: 0.13",
        "batch": "as greedy, but D sees the batch's mean and spread as well",
        "fullest mode": "share of all samples nearest to one of 8 modes; lower is better",
    }
    claims = {
        "collapsed": "in the last third, on average over 0.45 of greedy's samples are at one mode",
        "chase": "over half of them, in turn, at 5 or more of the 8 modes",
        "silent": "while its D's mean answer on them is 0.4 to 0.6 on average",
        "fair": "one step each: the fullest mode then has below 0.3",
        "cured": "as greedy, but with a D that sees the batch: below 0.25",
    }
    tries = (
        Try(
            "g_steps=1",
            "G takes a single step for each of D's in all games. How does greedy end?",
            ("spread over the modes", "still on one mode", "on two or three modes"),
            right=1,
            breaks=("collapsed", "chase"),
            keeps=("fair", "cured"),
            why="It now is the fair game. D's slope turns after each small step, before all of "
            "the samples have come to one place.",
        ),
        Try(
            "sees=nothing",
            "D of batch sees its points one by one again. Its samples?",
            ("spread: the game has begun well", "on one mode, and hopping", "far from all modes"),
            right=2,
            breaks="cured",
            keeps=("collapsed", "fair"),
            why="Now it is greedy once more. The two numbers about the batch made the difference.",
        ),
        Try(
            "sees=mean",
            "D of batch sees only the batch's mean, not its spread. Is that enough?",
            ("no, it must see how alike they are", "it is worse than nothing", "yes, nearly"),
            right=3,
            keeps=("cured", "collapsed"),
            why="The modes lie around 0. A heap on any of them has its mean there, far from 0, "
            "where no real batch has its own.",
        ),
    )
    quick = {"steps": 20}
    pace = 30

    g_steps = Int(5, min=1, max=10, live=True, help="steps of G for each of D's, but in fair")
    sees = Choice("both", ("both", "mean", "spread", "nothing"), help="what batch's D is shown")
    momentum = Float(0.5, min=0, max=0.9, help="β₁ of Adam")
    learning_rate = Float(0.002, min=1e-4, max=0.01, log=True, live=True, help="of Adam, for both")
    steps = Int(450, min=20, max=5000, log=True, help="rounds: a step of D, then G's steps")

    def run(self, stage):
        ring = Ring()
        # Two games: the second holds greedy and batch, side by side
        G = [net(copies, 2, 2).to(stage.device) for copies in (1, 2)]
        D = [net(copies, 6, 1).to(stage.device) for copies in (1, 2)]
        adam = {
            model: torch.optim.Adam(
                model.parameters(), self.learning_rate, (self.momentum, 0.999), fused=True
            )
            for model in (*G, *D)
        }
        told = [self.sees in ("both", what) for what in ("mean", "spread") for _ in range(2)]
        shown = torch.tensor([[False] * 4, told]).to(stage.device)
        shown = [shown[:1], shown]  # whether D is told: [copies, 4], for each game

        def about(x, k):
            """Mean and spread of a batch x [N, copies, 2], as far as D is told: [copies, 4]."""
            return shown[k] * torch.cat([x.mean(dim=0), x.std(dim=0)], dim=1)

        def logits(x, k, of):
            """D's for points x, in a batch that is `of`: [N, copies, 1]."""
            return D[k](torch.cat([x, of.expand(len(x), -1, -1)], dim=2))

        def judged(x, k):
            return logits(x, k, about(x, k))

        def fakes(k):
            return G[k](torch.randn(64, k + 1, 2).to(stage.device))

        def step_of(model, loss):
            adam[model].param_groups[0]["lr"] = self.learning_rate
            adam[model].zero_grad()
            loss.mean(dim=0).sum().backward()
            adam[model].step()

        z_new = torch.randn(1000, 1, 2).to(stage.device)
        real = ring.points(150, device=stage.device)
        places = grid(VIEW, VIEW, 30, stage.device).reshape(-1, 1, 2).expand(-1, 2, 2)
        cells, answers = [], []  # every five rounds: shares by mode [3, 8]; D's mean answers [3]

        def measure():
            x = [G[k](z_new.expand(-1, k + 1, 2)) for k in (0, 1)]
            cells.append(ring.cells(torch.cat(x, dim=1).transpose(0, 1)))
            mean = [judged(x[k], k).sigmoid().mean(dim=(0, 2)) for k in (0, 1)]
            answers.append(torch.cat(mean))

        @stage.look(5, *G, *D)
        def look():
            x = G[1](z_new[:300].expand(-1, 2, 2))
            field = logits(places, 1, about(x, 1)).sigmoid()[..., 0] - 0.5  # [900, 2]
            greedy, batch = (
                {
                    "x": VIEW, "y": VIEW, "field": field[:, k].reshape(30, 30), "kind": "signed",
                    "low": -0.1, "high": 0.1, "points": {"fake": x[:, k], "real": real},
                }
                for k in (0, 1)
            )  # fmt: skip
            stage.plane("greedy", **greedy)
            stage.plane("batch", **batch)
            history = torch.stack(cells[-25:])[:, 1].T  # [8, times]
            stage.heatmap(
                "greedy by mode", history, rows=list("12345678"), low=0, high=1,
                x="the last 125 rounds", y="mode",
            )  # fmt: skip
            full = cells[-1].amax(dim=1).tolist()
            stage.curve("fullest mode", dict(zip(NAMES, full, strict=True)))
            stage.headline(
                f"greedy: {full[1]:.2f} of the samples at mode {cells[-1][1].argmax() + 1}; "
                f"D answers {answers[-1][1]:.2f} on them"
            )

        stage.axes("fullest mode", x="round", y="share", lines={"even": 0.125})
        for turn in stage.loop(self.steps):
            for k in (0, 1):
                x = ring.points(64, k + 1, device=stage.device)
                step_of(D[k], softplus(-judged(x, k)) + softplus(judged(fakes(k).detach(), k)))
                for _ in range(self.g_steps if k else 1):
                    step_of(G[k], softplus(-judged(fakes(k), k)))  # −log D(G(z))
            if turn % 5 == 0:
                with stage.probe():
                    measure()

        late = torch.stack(cells)[-len(cells) // 3 :]  # [times, 3, 8]: the last third of them
        full, at = late.amax(dim=2), late[:, 1].argmax(dim=1)
        stage.claim("collapsed", full[:, 1].mean(), above=0.45)
        stage.claim("chase", len(set(at[full[:, 1] > 0.5].tolist())), at_least=5)
        stage.claim("silent", torch.stack(answers)[-len(late) :, 1].mean(), within=(0.4, 0.6))
        stage.claim("fair", full[:, 0].mean(), below=0.3)
        stage.claim("cured", full[:, 2].mean(), below=0.25)


def net(copies, inputs, outputs):
    """From noise to a point, or to D's logit: D(x, m, s) is its sigmoid."""
    return nn.Sequential(
        BatchedLinear(copies, inputs, 32, gain=0.6), nn.LeakyReLU(0.2),
        BatchedLinear(copies, 32, 32, gain=0.6), nn.LeakyReLU(0.2),
        BatchedLinear(copies, 32, outputs, gain=0.6),
    )  # fmt: skip
