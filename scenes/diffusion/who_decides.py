"""
# What decides which digit the noise becomes?

You give a trained denoiser pure noise, and it walks back to a digit. No class was asked for. Here
it became a 7. Why not a 3?

Two things were left to chance: the **start**, the first noise, and the **dice**, the fresh noise
that each step adds. Take them apart. Draw from one start twice, with other dice. Then draw from two
starts with the *same* dice, so that each step adds the same noise to both. Which pairs are alike?

The dice decide. Each step keeps a part of x and adds fresh noise. On the first hundred levels there
is hardly any digit in x, only noise, and nearly all of it is replaced. When the walkers reach the
levels where a digit takes shape, of the start there is next to nothing left. Two starts that get
the same noise on the way have become one walker by then.

How much fresh noise a step adds can be turned. A step from level t down to s goes to

    x ← √ᾱₛ x̂ + c ε̂ + η √β ε

x̂ is the guess of the clean digit, ε̂ that of the noise, ε the dice, and c is as large as keeps the
amount of noise right. η = 1 is the usual sampler. At η = 0, DDIM (Song et al., 2020), no dice are
left and the start decides everything: the guessed noise is handed on from level to level. Then
nearby starts become the same digit, mostly.

You may read that noise becomes the picture that it was nearest to. The usual sampler ends at the
digit whose mean is nearest to the start no more often than by chance. With DDIM that is right in
half of the cases.

## Tomorrow

To repeat a sample, fix the seed of *every* draw, not only the first noise. To change a sample a
little, or to move from one to another, use DDIM and keep its first noise.
"""

from itertools import pairwise

import torch

from dlplay import Float, Int, Scene, Try
from dlplay.nn.denoiser import (
    NOBODY,
    Denoiser,
    Learner,
    asked,
    drawn,
    pictures,
    schedule,
    strides,
    training_digits,
    walk,
)
from dlplay.nn.judge import Judge

SHARES = 0.0, 0.1, 0.25, 0.5, 0.75, 1.0  # η


class WhoDecides(Scene):
    covers = ("Inference",)
    panels = {
        "pairs": "starts A, dice 1; starts A, dice 2; starts B, dice 1: which rows are alike?",
        "who decides": "share of pairs alike, over η, the fresh noise",
        "on the way": "when is the digit settled, and what of the start is left?",
        "no dice": "DDIM: from two starts, each beside one near it",
    }
    claims = {
        "dice": "of 200 pairs with other starts but the same dice over 0.9 are the same digit",
        "not_start": "of those from the same start with other dice below 0.25 are",
        "start": "with DDIM over 0.75 of starts nudged by 0.1 give the same digit as before",
        "nearest": "DDIM ends at the digit whose mean is nearest to the start in 0.4 to 0.7",
        "not_nearest": "the sampler with dice does so in below 0.22",
    }
    tries = (
        Try(
            "eta=0",
            "No fresh noise. How many pairs from one start with other dice are the same digit?",
            ("a tenth, as by chance", "about half", "all"),
            right=3,
            breaks=("dice", "not_start", "not_nearest"),
            keeps=("start", "nearest"),
            why="There are no dice any more. The walk is a function of its start.",
        ),
        Try(
            "eta=0.25",
            "A quarter of the fresh noise. What decides?",
            ("the start", "the dice", "neither alone"),
            right=3,
            breaks=("dice", "not_nearest"),
            keeps=("start", "nearest"),
            why="Part of the start lives on to the levels where the digit takes shape, mixed with "
            "as much fresh noise. Either, kept alone, gives the same digit in a third of pairs.",
        ),
        Try(
            "passes=10",
            "10 strides in place of 50. Do the dice still decide?",
            ("no: they are thrown too seldom", "yes", "half of the time"),
            right=2,
            keeps=("dice", "not_start"),
            why="A long stride replaces as much of the noise as the small ones that it stands for.",
        ),
        Try(
            "nudge=1",
            "DDIM's starts are not nudged but replaced. How many end at the same digit?",
            ("as many as before", "about half", "as many as by chance"),
            right=3,
            breaks="start",
            keeps=("dice", "not_start"),
            why="Where nothing is left to chance but the start, a new start is a new digit.",
        ),
    )
    quick = {"steps": 20, "passes": 5}

    eta = Float(1, min=0, max=1, live=True, help="η, share of fresh noise: 0 is DDIM")
    passes = Int(50, min=5, max=200, log=True, live=True, help="strides from noise to digit")
    nudge = Float(0.1, min=0, max=1, live=True, help="the part of DDIM's start that is replaced")
    steps = Int(1500, min=20, max=20000, log=True, help="batches of 64 digits to train on")

    def run(self, stage):
        x, y, _, _ = training_digits(stage.device)  # [N, 64] from -1 to 1
        means = torch.stack([x[y == d].mean(dim=0) for d in range(10)])
        learner = Learner(Denoiser().to(stage.device), x, y, self.steps)
        judge = Judge(stage.device)
        first, other, little = torch.randn(3, 200, 64).to(stage.device)  # starts, one by one
        nearest = torch.cdist(first, means).argmin(dim=1)
        nobody = torch.full((200,), NOBODY, device=stage.device)

        def sample(start, dice, η, passes):
            """Samples [N, 64] of starts [N, 64]; the same dice throw the same noise."""
            guess = asked(learner.average, nobody[: len(start)])
            dice = torch.Generator().manual_seed(2 * stage.seed + dice)
            return drawn(guess, start, passes=passes, fresh=η, dice=dice)

        def digits(x):
            return judge.classes(pictures(x))

        def same(x, z):
            return (digits(x) == digits(z)).float().mean().item()

        def nudged():
            return (1 - self.nudge**2) ** 0.5 * first + self.nudge * little

        @stage.look(50, learner.average)
        def look():
            n, passes = (200, self.passes) if learner.done == self.steps else (60, 10)
            pairs = (first, 0), (first, 1), (other, 0)
            a, b, c = (sample(start[:n], dice, self.eta, passes) for start, dice in pairs)
            captions = [row for row in ("A, 1", "A, 2", "B, 1") for _ in range(6)]
            rows = torch.cat([each[:6] for each in (a, b, c)])
            stage.image("pairs", pictures(rows), captions=captions, columns=6)
            plain, near = (sample(start[:2], 0, 0, 20) for start in (first, nudged()))
            pairs = torch.stack([plain, near], dim=1).flatten(0, 1)  # a start, one near it, ...
            stage.image("no dice", pictures(pairs), captions=["start", "near"] * 2, columns=4)
            dice, guess = torch.Generator().manual_seed(1), asked(learner.average, nobody[:n])
            steps = walk(guess, first[:n], passes=20, fresh=self.eta, dice=dice)
            cleans = [clean for *_, clean in steps]
            settled = [same(clean, cleans[-1]) for clean in cleans]
            levels, left = strides(20), start_left(strides(20), self.eta)
            curves = {"guess is the final digit": settled, "part of the start in x": left}
            stage.plot("on the way", levels[:-1], curves)
            stage.headline(
                f"same start, other dice: {same(a, b):.0%} alike; "
                f"same dice, other start: {same(a, c):.0%}"
            )

        @stage.look(250, learner.average)
        def look_over_eta():
            n = 200 if learner.done == self.steps else 60
            start, dice, chance = [], [], 0
            for η in SHARES:
                a, b = sample(first[:n], 0, η, 10), sample(first[:n], 1, η, 10)
                start.append(same(a, b))
                dice.append(same(a, sample(other[:n], 0, η, 10)))
                chance += (digits(a).bincount(minlength=10) / n).square().sum().item() / len(SHARES)
            lines, now = {"chance": chance}, {"now": self.eta}
            stage.axes("who decides", x="η", y="share alike", lines=lines, verticals=now)
            stage.plot("who decides", SHARES, {"same start": start, "same dice": dice})

        stage.axes("on the way", x="level", y="share")
        for _ in stage.loop(self.steps):
            learner.step()

        with stage.probe(learner.average):
            a, b = (sample(first, dice, self.eta, self.passes) for dice in (0, 1))
            plain = sample(first, 0, 0, 20)
            stage.claim("dice", same(a, sample(other, 0, self.eta, self.passes)), above=0.9)
            stage.claim("not_start", same(a, b), below=0.25)
            stage.claim("start", same(plain, sample(nudged(), 0, 0, 20)), above=0.75)
            found = [(digits(each) == nearest).float().mean() for each in (plain, a)]
            stage.claim("nearest", found[0], within=(0.4, 0.7))
            stage.claim("not_nearest", found[1], below=0.22)


def start_left(levels, η):
    """What x keeps of the first noise at each level but the last, as a factor."""
    ᾱ, left = schedule()[1].double(), [1.0]
    for t, s in pairwise(levels[:-1]):
        room = η**2 * (1 - ᾱ[t] / ᾱ[s]) * (1 - ᾱ[s]) / (1 - ᾱ[t])
        left.append(left[-1] * float(((1 - ᾱ[s] - room) / (1 - ᾱ[t])).sqrt()))
    return left
