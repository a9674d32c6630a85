"""
# How does inpainting make the filling fit?

The upper half of a digit is hidden. You know which digit it is, and have a net that draws digits.
How do you get an upper half that belongs to *this* lower half?

Drawing another digit and pasting its upper half would give a real half: of somebody else's digit.
The net must see the known part while it works on the unknown one. But at each noise level t it
knows only pictures with that level's noise. So you give it the known part like that:

    known: √ᾱₜ x + √(1 − ᾱₜ) ε
    hole: what the walk back has there

x is the digit, ᾱₜ the share of its variance that is left at level t, ε fresh noise. The net guesses
the noise of the whole picture. One step back is taken, the known part is put back in the noise of
the next level, and so on down to level 0. Nothing new is trained.

So the hole is denoised *in company*: each step is a guess about a picture that contains your lower
half. Whether it fits is measured with the true upper half, which the net never saw: is the fill
nearer to it than to the upper halves of other digits of the same class? For what was painted alone
and pasted it is so half of the time, as by chance.

Several fills of one hole differ. Where they do, the picture leaves something open; the map of
pixels shows where.

The class does another part of the work. Without it the lower half must say which digit it is, and a
net that was trained mostly with classes is bad at that.

## Tomorrow

Make several fills before you believe one. Where they agree, the known part decides; where they
don't, nobody knows. Check that a fill answers to *its* surroundings: hold it against a pasted one.
"""

import itertools

import torch

from dlplay import Choice, Int, Scene, Try
from dlplay.nn.denoiser import (
    NOBODY,
    Denoiser,
    Learner,
    asked,
    noise_like,
    pictures,
    schedule,
    stride,
    strides,
    training_digits,
)
from dlplay.nn.judge import Judge

ROWS, PASSES = 3, 100


class Inpaint(Scene):
    covers = ("Inpainting",)
    panels = {
        "fills": "a digit with a hole, three fills of it, and the true digit, which nobody saw",
        "200 digits": "share of fills read right, and share that fits its own digit best",
        "left open": "how much eight fills of the first digit differ, pixel by pixel",
    }
    claims = {
        "read": "told its class, over 0.93 of filled digits are read right",
        "class_needed": "not told it, in the same company, 0.5 to 0.8 are",
        "fits": "over 0.55 fit their own digit better than another of its class",
        "company": "that is over 0.05 more than of halves painted alone and pasted",
        "open": "two fills of one hole lie 1.8 to 2.5 apart: no single answer",
    }
    tries = (
        Try(
            "company=none",
            "The hole is painted alone, then pasted in. What is lost?",
            (
                "nearly all: most are misread",
                "that it fits; the class is still read",
                "nothing that one could measure",
            ),
            right=2,
            breaks=("fits", "company"),
            keeps="read",
            why="The class was told, so a right upper half comes out. It belongs to no lower half "
            "in particular.",
        ),
        Try(
            "company=clean",
            "The known half is put back without noise. The net never saw such pictures. What "
            "happens?",
            ("the fills break down", "they are read, but don't fit", "no harm is measured"),
            right=3,
            keeps=("read", "fits"),
            why="A clean half says more than a noisy one, and this small net takes it well. That "
            "a picture must have one noise level is right by the book, and no law.",
        ),
        Try(
            "told=nothing",
            "The lower half alone must say which digit it is. How many fills are read right?",
            ("nearly all", "about two in three", "one in ten"),
            right=2,
            breaks="read",
            why="Lower halves of different digits look alike, and this net learned without a class "
            "from one picture in ten only.",
        ),
        Try(
            "again=4",
            "Each level is walked four times: a step back, noise on top, again. What changes?",
            (
                "fills fit better and are more alike",
                "fills differ more",
                "only the time",
            ),
            right=1,
            breaks="open",
            keeps=("read", "fits"),
            why="In one visit the hole hears of its surroundings once. Each repeat lets both sides "
            "agree before the noise falls and fixes things (RePaint, 2022).",
        ),
    )
    quick = {"steps": 20}

    hole = Choice("top", ("top", "left", "middle"), live=True, help="the part that is hidden")
    told = Choice("class", ("class", "nothing"), live=True, help="what the net is told")
    company = Choice(
        "renoised", ("renoised", "clean", "none"), live=True, help="the known part on the way"
    )
    again = Int(1, min=1, max=4, live=True, help="how often each level is walked")
    until = Int(0, min=0, max=200, live=True, help="the noise level at which shown fills stop")
    first = Int(1, min=1, max=190, live=True, help="the first of three digits shown")
    steps = Int(1500, min=10, max=10000, log=True, help="batches of 64 that train the net")

    def run(self, stage):
        x, y, x_test, y_test = training_digits(stage.device)
        judge = Judge(stage.device)
        learner = Learner(Denoiser().to(stage.device), x, y, self.steps)
        net = learner.average
        alpha_bar = schedule()[1].to(stage.device)
        true, digit = x_test[:200], y_test[:200]
        same = (digit[:, None] == digit) & (torch.eye(200, device=stage.device) == 0)

        def hidden():
            """Which of the 64 pixels are unknown."""
            hole = torch.zeros(8, 8, device=stage.device) == 1
            rows, columns = {
                "top": (slice(4), slice(8)),
                "left": (slice(8), slice(4)),
                "middle": (slice(2, 6), slice(2, 6)),
            }[self.hole]
            hole[rows, columns] = True
            return hole.flatten()

        def filled(x, digit, company, told, throw=0, passes=PASSES, until=0):
            """Digits x [N, 64], of which the hole is not read, with the hole filled."""
            hole, dice = hidden(), torch.Generator().manual_seed(100 * stage.seed + throw)
            guess = asked(net, digit if told == "class" else torch.full_like(digit, NOBODY))
            z = noise_like(x, dice)
            for t, lower in itertools.pairwise(strides(passes)):
                a, b = alpha_bar[t], alpha_bar[lower]
                for left in reversed(range(self.again)):
                    if company == "renoised":
                        known = a.sqrt() * x + (1 - a).sqrt() * noise_like(x, dice)
                    else:
                        known = x if company == "clean" else z
                    z = torch.where(hole, z, known)
                    z, _ = stride(z, guess(z, t), a, b, dice=dice)
                    if left:  # up again by the noise between the two levels
                        z = (a / b).sqrt() * z + (1 - a / b).sqrt() * noise_like(x, dice)
                if lower <= until:
                    break
            return torch.where(hole, z, x)

        def right(fills):
            """The share of filled digits [200, 64] that is read right."""
            return (judge.classes(pictures(fills)) == digit).float().mean().cpu()

        def fits(fills):
            """How often a fill is nearer to its true part than to another of the same digit."""
            hole = hidden()
            far = torch.cdist(fills[:, hole], true[:, hole])  # [200, 200]
            return (far.diagonal()[:, None] < far)[same].float().mean().cpu()

        @stage.look(50, net)
        def look():
            some = slice(self.first - 1, self.first - 1 + ROWS)
            x, d = true[some], digit[some]
            passes = learner.passes(PASSES)
            thrice = x.repeat(3, 1), d.repeat(3)
            fills = filled(*thrice, self.company, self.told, 0, passes, self.until)
            rows = [torch.where(hidden(), 0.0, x), *fills.chunk(3), x]  # 5 x [3, 64]
            names = [n for k in d for n in ("given", "fill 1", "fill 2", "fill 3", f"true {k}")]
            shown = pictures(torch.stack(rows, dim=1).flatten(0, 1))
            stage.image("fills", shown, columns=5, captions=names)
            if learner.done < self.steps:
                stage.headline(learner.told())

        @stage.look(750, net)
        def look_at_all():
            each = {
                "as set": filled(true, digit, self.company, self.told),
                "alone, pasted": filled(true, digit, "none", self.told),
            }
            values = {name: [right(fills), fits(fills)] for name, fills in each.items()}
            stage.bars("200 digits", ("read right", "fits its own"), values, lines={"chance": 0.5})
            x, d = true[self.first - 1].repeat(8, 1), digit[self.first - 1].repeat(8)
            eight = pictures(filled(x, d, self.company, self.told))  # [8, 1, 8, 8]
            stage.heatmap("left open", eight[:, 0].std(dim=0), low=0, high=0.3)
            read, fit = values["as set"]
            alone = values["alone, pasted"][1]
            stage.headline(f"read right {read:.0%}; fits its own {fit:.0%}, pasted {alone:.0%}")

        for _ in stage.loop(self.steps):
            learner.step()

        with stage.probe(net):
            fills = [filled(true, digit, self.company, self.told, k) for k in (0, 1)]
            untold = filled(true, digit, self.company, "nothing")
            alone = filled(true, digit, "none", self.told)
            stage.claim("read", right(fills[0]), above=0.93)
            stage.claim("class_needed", right(untold), within=(0.5, 0.8))
            stage.claim("fits", fits(fills[0]), above=0.55)
            stage.claim("company", fits(fills[0]) - fits(alone), above=0.05)
            apart = (fills[0] - fills[1]).norm(dim=1).mean()
            stage.claim("open", apart, within=(1.8, 2.5))
