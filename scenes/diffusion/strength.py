"""
# How much of the old picture survives image-to-image?

You have a picture, and want it changed: this 3 as an 8, this photo as a painting. Starting from
pure noise would give you *some* 8. How much of *your* picture can stay?

Image-to-image begins in the midst of the walk. Noise is added to the old picture x up to the level
t = s·T, in one jump, and the walk back starts there, asked for the new wish:

    xₜ = √ᾱₜ x + √(1 − ᾱₜ) ε

T is the number of levels, ᾱₜ the share of the picture's variance that is left at level t, ε
standard normal noise. The **strength** s says how far: 0 gives back the old picture, 1 forgets it.
The net is not trained for this. It is only started elsewhere.

Look along a row. With little noise the strokes are still seen through it, and the net repairs what
it finds: the old digit. With much noise hardly anything is seen, and the wish decides. In between
the two are bargained for: where the wish begins to win, the old picture begins to be lost. On
digits one hardly gets both, for another digit needs other strokes. To repaint a car you need none.

Noise is not the only lever. The **push** γ exaggerates the wish at each step of the walk:

    ε̂ = ε̂₀ + γ (ε̂ᵧ − ε̂₀)

ε̂ᵧ is the noise guessed with the wish, ε̂₀ without. A push at little noise reaches the wish more
often than more noise does, and ends no farther from the old picture.

## Tomorrow

Sweep strength *and* push on a grid. Take the point that gets the wish at the least distance from
the old picture, and not the first strength at which it works.
"""

import torch

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.nn.denoiser import (
    LEVELS,
    Denoiser,
    Learner,
    asked,
    drawn,
    noise_like,
    pictures,
    schedule,
    training_digits,
)
from dlplay.nn.judge import Judge

SWEEP = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5)  # strengths of the chart
STRIP = (0.0, 0.1, 0.2, 0.3, 1.0)  # of the lead
ROWS = 3


class Strength(Scene):
    covers = (
        "Other Conditioning Modalities in Stable Diffusion",
        "Image-to-Image Generation",
    )
    panels = {
        "old to new": "a row is an old digit, left, asked to become another; noise grows",
        "200 digits": "over the strength: share read as the wish, share read as the old digit",
        "two levers": "mean distance from the old picture (low is good) and the wish's share",
    }
    claims = {
        "old_kept": "at strength 0.1 the old picture is the nearest of all 200 in over 0.75",
        "old_lost": "at strength 0.3 it is the nearest in less than 0.1",
        "not_yet": "at 0.1 the wish is read in less than 0.4 of them",
        "wish_won": "at 0.3 the wish is read in over 0.85",
        "push_pays": "0.1 with γ = 3 gets over 0.1 more wishes than 0.2 with γ = 1",
        "no_farther": "and lies at most 0.25 farther from the old picture",
    }
    tries = (
        Try(
            "push=3",
            "Little noise, 0.1, but each step is pushed to the wish. How many wishes are read?",
            ("one in five, as before", "about half", "nearly all"),
            right=3,
            breaks=("not_yet", "old_kept"),
            keeps=("wish_won", "push_pays"),
            why="The little noise loosens all strokes a bit, and each of the many steps moves them "
            "the same way. That adds up.",
        ),
        Try(
            "wish=same",
            "Ask for the digit that it is already, at strength 0.3. Whose picture comes back?",
            ("nearly always the old one", "mostly another of that digit", "another digit"),
            right=2,
            breaks="not_yet",
            keeps=("wish_won", "old_kept"),
            why="The class is kept because you named it. The hand that wrote it nobody named, and "
            "the noise has covered it.",
        ),
        Try(
            "wish=none",
            "No wish at all. At strength 0.3, how often is the old digit still read?",
            ("nearly never", "in about half", "nearly always"),
            right=2,
            breaks="wish_won",
            why="Without a wish nothing pulls away from the old digit. The net takes for true what "
            "is seen through the noise, and at this level that is often still right.",
        ),
    )
    quick = {"steps": 20}

    push = Float(1.0, min=0, max=6, live=True, help="γ of the strip and the chart; 1 is none")
    wish = Choice("other", ("other", "same", "none"), live=True, help="the digit asked for")
    first = Int(1, min=1, max=190, live=True, help="the first of three old digits shown")
    steps = Int(1500, min=10, max=10000, log=True, help="batches of 64 that train the net")

    def run(self, stage):
        x, y, x_test, y_test = training_digits(stage.device)
        judge = Judge(stage.device)
        learner = Learner(Denoiser().to(stage.device), x, y, self.steps)
        net = learner.average
        alpha_bar = schedule()[1].to(stage.device)
        old, old_digit = x_test[:200], y_test[:200]
        other = (old_digit + torch.randint(1, 10, (200,), device="cpu").to(old_digit)) % 10

        def edited(s, push, wish, some=slice(None), passes=LEVELS):
            """Some of the old pictures, noised to the level s·T and walked back with a wish."""
            dice = torch.Generator().manual_seed(stage.seed)
            t, x = round(s * LEVELS), old[some]
            noisy = alpha_bar[t].sqrt() * x + (1 - alpha_bar[t]).sqrt() * noise_like(x, dice)
            wished = (old_digit if wish == "same" else other)[some]
            guess = asked(net, wished, 0 if wish == "none" else push)
            return drawn(guess, noisy, start=t, passes=passes, dice=dice)

        def judged(s, push):
            """Shares read as the wish, as the old digit, with the old picture nearest; distance."""
            new = edited(s, push, self.wish)
            read = judge.classes(pictures(new))
            wished = old_digit if self.wish == "same" else other
            nearest = torch.cdist(new, old).argmin(dim=1) == torch.arange(200).to(read)
            shares = [hit.float().mean() for hit in (read == wished, read == old_digit, nearest)]
            return torch.stack([*shares, (new - old).norm(dim=1).mean()]).cpu()

        @stage.look(50, net)
        def look():
            some = slice(self.first - 1, self.first - 1 + ROWS)
            passes = learner.passes(LEVELS)
            strip = [edited(s, self.push, self.wish, some, passes) for s in STRIP]  # 5 x [3, 64]
            wished = {"same": old_digit[some], "none": "???"}.get(self.wish, other[some])
            asks = [f"{d} → {w}" for d, w in zip(old_digit[some], wished, strict=True)]
            names = [f"s = {s:g}" if s else ask for ask in asks for s in STRIP]
            shown = pictures(torch.stack(strip, dim=1).flatten(0, 1))
            stage.image("old to new", shown, columns=len(STRIP), captions=names)
            if learner.done < self.steps:
                stage.headline(learner.told())

        @stage.look(750, net)
        def look_at_all():
            found = torch.stack([judged(s, self.push) for s in SWEEP])  # [7, 4]
            names = ("read as the wish", "read as the old digit")
            stage.axes("200 digits", x="strength s", y="share")
            stage.plot("200 digits", SWEEP, dict(zip(names, found.T, strict=False)))
            by_noise = torch.stack([judged(s, 1) for s in (0.1, 0.15, 0.2, 0.3)])[
                :, [3, 0]
            ]  # [4, 2]
            by_push = torch.stack([judged(0.1, push) for push in (1, 2, 3)])[:, [3, 0]]
            stage.plane(
                "two levers",
                x=(2, 6),
                y=(0, 1),
                paths={"more noise": by_noise, "more push": by_push},
                x_label="distance from the old picture",
                y_label="share read as the wish",
            )
            low, high = found[2], found[5]
            stage.headline(
                f"wish read: {low[0]:.0%} at s = 0.1, {high[0]:.0%} at 0.3; "
                f"old picture nearest: {low[2]:.0%}, {high[2]:.0%}"
            )

        for _ in stage.loop(self.steps):
            learner.step()

        with stage.probe(net):
            low, high = judged(0.1, self.push), judged(0.3, self.push)
            pushed, noisier = judged(0.1, 3), judged(0.2, 1)
            stage.claim("old_kept", low[2], above=0.75)
            stage.claim("old_lost", high[2], below=0.1)
            stage.claim("not_yet", low[0], below=0.4)
            stage.claim("wish_won", high[0], above=0.85)
            stage.claim("push_pays", pushed[0] - noisier[0], above=0.1)
            stage.claim("no_farther", pushed[3] - noisier[3], at_most=0.25)
