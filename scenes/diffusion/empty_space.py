"""
# How empty is the space of pictures?

A picture of 8×8 pixels is a point with 64 numbers. Almost all such points are noise. Take a digit
that nobody saw before: the nearest of 1,400 known digits is 2.1 away. Shuffle its pixels, so that
it has the same ink in another order, and the nearest is 7 away. Digits are rare islands.

So drawing a new digit means finding an island from anywhere. A diffusion model does it with one
skill: from a noisy picture it guesses the clean one. What is the best guess?

Say the clean picture xᵢ was one of N known ones, all equally likely, and noise of standard
deviation σ was added to each pixel. You see y. Then xᵢ is the likelier, the nearer it is to y, and
the guess with the least squared error is the mean of all, each weighted by how likely it is:

    wᵢ ∝ exp(−‖y − xᵢ‖² / 2σ²)
    guess = Σᵢ wᵢ xᵢ,   Σᵢ wᵢ = 1

With much noise all weights are alike: the guess is the mean of all digits, a grey blur. With less
noise, digits of a similar shape remain, and the blur takes their form. With little, one is left.

Read the guess as an arrow from y: far out it points to the middle of all islands, nearer to some
of them, at last to one. A sampler follows such arrows while σ falls.

It is often said that the arrows point to the nearest picture. That is a worse guess: it is sharp,
but often the wrong digit. The mean stays between all that are still possible.

This guesser knows its N pictures alone. A trained net takes its place, and fills in between them.

## Tomorrow

Read a denoiser's answer as the mean of all clean pictures that could lie under this noise. A blur
at high noise is no fault of the net. Sharp guesses there would be one.
"""

import torch

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.data import digits
from dlplay.nn.denoiser import pictures
from dlplay.nn.judge import Judge

SHOWN = (10.0, 2.0, 1.0, 0.6, 0.2)  # the σ of the lead


class EmptySpace(Scene):
    covers = ("Diffusion models - introduction", "Intuition Behind Diffusion Models")
    panels = {
        "noise taken away": "a new digit under less and less noise; below, the best guess",
        "a mean of these": "a guess and what weighs most in it",
        "error of the guess": "squared; the grey mean has 1; lower is better",
        "distance": "to the nearest known digit; a pixel has −1 to 1",
    }
    claims = {
        "islands": "new digits are 2 to 2.3 from the nearest known one",
        "empty": "with their pixels shuffled they are over 2.5 times as far",
        "read": "at noise 0.5 over 0.9 of the guesses are read as the right digit",
        "useful": "at noise 1 the guess has under half of the grey mean's squared error",
        "hedges": "at noise 1 the nearest known digit has over 1.3 times the error of the guess",
        "blind": "at noise 10 guesses stray from the grey mean by under 0.05 of the variance",
    }
    tries = (
        Try(
            "sigma=10",
            "So much noise that nothing is seen. What is the best guess?",
            ("some digit, as all pictures are digits", "noise", "the mean of all digits"),
            right=3,
            keeps=("blind", "read"),
            why="Under so much noise each known digit is as likely as any other. The squared "
            "error is least in the middle of them.",
        ),
        Try(
            "guesser=nearest",
            "Answer with the nearest known digit: sharp, and a real one. Its squared error?",
            ("smaller", "the same", "larger"),
            right=3,
            breaks=("useful", "hedges", "blind"),
            keeps="islands",
            why="Where it is wrong it is wrong by a whole digit. The mean is never far from any "
            "that is still possible.",
        ),
        Try(
            "known=without-its-class",
            "No digit of the same class is known. What is the guess at little noise?",
            ("the digit all the same", "the most alike of the others", "the grey mean"),
            right=2,
            breaks=("read", "useful"),
            why="It can only mix what it knows, and the nearest is now of another class. A net "
            "that smooths between its examples can do more.",
        ),
        Try(
            "examples=30",
            "Thirty digits are known, not 1,400. What changes most?",
            (
                "new digits are much farther from any known one",
                "shuffled ones come nearer",
                "nothing: thirty are three of each",
            ),
            right=1,
            breaks=("islands", "empty", "read"),
            why="The islands get smaller, the emptiness stays: there was nothing near a shuffled "
            "digit before.",
        ),
    )
    quick = {"steps": 10}
    pace = 10

    sigma = Float(1.0, min=0.05, max=10, log=True, live=True, help="σ of the noise, at the end")
    picture = Int(3, min=0, max=396, live=True, help="the new digit that is shown")
    guesser = Choice("best", ("best", "nearest", "mean"), help="the weighted mean, or another")
    known = Choice("all", ("all", "without-its-class"), help="which digits are known")
    examples = Int(1400, min=20, max=1400, log=True, help="N, known digits")
    steps = Int(40, min=10, max=200, help="noise levels that are tried, from σ = 10 to 0.05")

    def run(self, stage):
        x, label, x_new, label_new = digits(flat=True, device=stage.device)
        x, label, x_new = 2 * x[: self.examples] - 1, label[: self.examples], 2 * x_new - 1
        grey, judge = x.mean(dim=0), Judge(stage.device)
        noise = torch.randn(x_new.shape).to(stage.device)  # [397, 64], the same at each σ
        own = label_new[:, None] == label if self.known != "all" else None  # [397, N]

        def weights(y, sigma, hidden=None):
            """How likely each known digit lies under noisy pictures y [M, 64]: [M, N]."""
            fit = -torch.cdist(y, x).square() / (2 * sigma**2)
            return (fit if hidden is None else fit.masked_fill(hidden, -torch.inf)).softmax(dim=1)

        def guess(w):
            """Clean pictures [M, 64] from weights [M, N]."""
            if self.guesser == "mean":
                return grey.expand(len(w), -1)
            return x[w.argmax(dim=1)] if self.guesser == "nearest" else w @ x

        def error(guessed):
            return (guessed - x_new).square().sum(dim=1).mean().item()

        sigmas = torch.logspace(1, -1.301, self.steps).tolist()
        tried, nearest = [], []
        apart = {
            "new digit": x_new,
            "shuffled": x_new[:, torch.randperm(64)],
            "noise": 2 * torch.rand(x_new.shape).to(stage.device) - 1,
        }
        far = {n: torch.cdist(y, x).amin(dim=1).mean().item() for n, y in apart.items()}

        @stage.look(1)
        def look():
            done = len(tried) == self.steps
            sigma = self.sigma if done else sigmas[len(tried) - 1]
            k = self.picture
            hidden = own[k : k + 1] if own is not None else None
            seen = [s for s in SHOWN if done or s >= sigma * 0.999]
            y = x_new[k] + torch.tensor(seen, device=x.device)[:, None] * noise[k]  # [S, 64]
            guesses = torch.cat([guess(weights(each[None], s, hidden))
                                 for each, s in zip(y, seen, strict=True)])  # fmt: skip
            blank = torch.full((len(SHOWN) - len(seen), 64), -1.0, device=x.device)
            stage.image(
                "noise taken away",
                pictures(torch.cat([y, blank, guesses, blank])),
                captions=[f"σ={s:g}" for s in SHOWN] + ["guess"] * len(SHOWN),
                columns=len(SHOWN),
            )
            y = x_new[k : k + 1] + sigma * noise[k]
            w = weights(y, sigma, hidden)
            most = w[0].topk(4)
            row = torch.cat([y, guess(w), x[most.indices]])
            names = ["noisy", "guess", *(f"{each:.1%}" for each in most.values.tolist())]
            stage.image("a mean of these", pictures(row), captions=names, columns=3)
            stage.axes("error of the guess", x="σ of the noise", y="error", log="x",
                       lines={"grey mean": 1}, verticals={"shown": sigma})  # fmt: skip
            both = {"guess": tried, "nearest known": nearest}
            stage.plot("error of the guess", sigmas[: len(tried)], both)
            stage.bars("distance", list(far), list(far.values()))
            stage.headline(
                f"known digits are {far['new digit']:.1f} away, shuffled {far['shuffled']:.1f}; "
                f"guess at noise {sigma:.2g}: error {at(sigma):.2f}"
            )

        def at(sigma):
            """The squared error of the guess, over that of the grey mean."""
            return error(guess(weights(x_new + sigma * noise, sigma, own))) / error(grey)

        for step in stage.loop(self.steps):
            w = weights(x_new + sigmas[step] * noise, sigmas[step], own)
            tried.append(error(guess(w)) / error(grey))
            nearest.append(error(x[w.argmax(dim=1)]) / error(grey))

        with stage.probe():
            low, one, high = (weights(x_new + s * noise, s, own) for s in (0.5, 1, 10))
            read = judge.classes(pictures(guess(low))) == label_new
            stray = (guess(high) - grey).square().sum(dim=1).mean() / x.var(dim=0).sum()
            best = error(guess(one))
            stage.claim("islands", far["new digit"], within=(2, 2.3))
            stage.claim("empty", far["shuffled"] / far["new digit"], above=2.5)
            stage.claim("read", read.float().mean(), above=0.9)
            stage.claim("useful", best / error(grey), below=0.5)
            stage.claim("hedges", error(x[one.argmax(dim=1)]) / best, above=1.3)
            stage.claim("blind", stray, below=0.05)
