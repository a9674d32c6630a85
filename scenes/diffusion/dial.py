"""
# How strong should guidance be?

You ask a diffusion model for a 3, and one time in ten it draws something else. You would like to
ask louder.

**Classifier-free guidance** (Ho and Salimans, 2022) needs no classifier. In training the net is
told the class y, but in one example of ten the class is hidden. So one net learns two guesses of
the noise: ε̂₀ without a class, ε̂ᵧ with it. What the class adds is their difference. The sampler
takes γ times that:

    ε̂ = ε̂₀ + γ (ε̂ᵧ − ε̂₀)

At γ = 0 the class is left out, and the digit comes by chance. γ = 1 is the plain guess. Beyond it
you exaggerate: away from what any digit looks like, towards what only a 3 looks like.

Read the picture from left to right. Each row is one start. At γ = 0 the rows are some digits. At 1
they are 3s, but for a few. Further on all are clear 3s. At 8 they are the *same* 3, in black and
white.

The share of right digits only rises with γ. It cannot tell you when to stop. Variety only falls.
The Fréchet distance from real digits sees both: it compares mean and spread of the samples with
those of real digits. It has a least value, here between 1 and 2. There the samples are about as
near as another 200 real digits would be.

γ is no dose of truth. At ½ you get neither the mixture of all digits nor the 3s.

Each step costs two passes of the net, one for each guess. The w of the paper is γ − 1.

## Tomorrow

Sweep γ on your own model, and look at a distance or at variety beside the class. For a small model
begin near 1.5. Hide the class in 10 to 20 % of training. If all samples look alike, turn γ down.
"""

import torch

from dlplay import Float, Int, Scene, Try
from dlplay.nn.denoiser import (
    NOBODY,
    Denoiser,
    Learner,
    drawn,
    noise_like,
    pictures,
    training_digits,
    variety,
)
from dlplay.nn.judge import Judge

LIST = 0.0, 0.5, 1.0, 1.25, 1.5, 2.0, 4.0, 8.0  # γ
SHOWN = {"γ 0": 0, "γ 0.5": 1, "γ 1": 2, "γ now": -1, "γ 4": 6, "γ 8": 7}  # place in that list


class Dial(Scene):
    covers = ("Classifier-Free Guidance",)
    panels = {
        "asked for one digit": "a start a row; from left to right it is asked for louder",
        "distance": "of 200 samples from real digits (Fréchet), over γ; lower is better",
        "right or varied": "share right; how much samples differ, 1 as real digits do",
    }
    claims = {
        "certain": "at the γ that is set over 0.92 of 200 samples are the digit asked for",
        "near": "there the distance from real digits is below 3",
        "between": "the least distance at 1.25 or 1.5 is below 0.8 of that at 1 and of that at 2",
        "far": "at γ = 8 it is over 4 times that least one",
        "sameness": "from γ = 1 to 4 variety falls by over 0.2",
    }
    tries = (
        Try(
            "gamma=8",
            "At γ = 8 every sample is the digit asked for. How far are they from real digits?",
            ("nearest of all", "as near as at γ = 1", "farther than at γ = 1"),
            right=3,
            breaks="near",
            keeps="certain",
            why="All are the same loud example of the digit. Real digits differ, and are seldom so "
            "clear.",
        ),
        Try(
            "gamma=0.5",
            "Half a push. What share of samples is the digit asked for?",
            ("about 0.3", "about 0.6", "about 0.9"),
            right=2,
            breaks=("certain", "near"),
            keeps=("between", "far"),
            why="Each step goes half the way to the asked digit, half the way to whatever the "
            "start suggests. Many samples end between digits.",
        ),
        Try(
            "left_out=0",
            "In training the class is never hidden. What does a small push beyond 1 do now?",
            (
                "what it did: the net knows the classes better",
                "nothing",
                "it takes samples away from real digits",
            ),
            right=3,
            breaks=("near", "between"),
            why="Nobody ever trained the guess without a class. The way from it to the guess with "
            "the class points anywhere, also to where no digit is.",
        ),
        Try(
            "left_out=0.5",
            "The class is hidden half of the time. Where are the samples of a strong push, γ = 8?",
            ("nearer to real digits than before", "as far", "farther"),
            right=1,
            keeps=("far", "sameness"),
            why="The guess without a class learned from more examples, that with it from fewer. "
            "The same γ pushes less far, so the best γ is larger as well.",
        ),
    )
    quick = {"steps": 20, "passes": 5}

    gamma = Float(1.25, min=0, max=8, live=True, help="γ, strength of the guidance")
    passes = Int(20, min=5, max=100, log=True, live=True, help="strides of DDIM, two passes each")
    digit = Int(3, min=0, max=9, live=True, help="the digit that is shown")
    left_out = Float(0.1, min=0, max=0.5, help="share of examples whose class is hidden")
    steps = Int(1500, min=20, max=20000, log=True, help="batches of 64 digits to train on")

    def run(self, stage):
        x, y, x_test, y_test = training_digits(stage.device)  # [N, 64] from -1 to 1
        net = Denoiser().to(stage.device)
        learner = Learner(net, x, y, self.steps, hidden=self.left_out)
        judge, real, reach = Judge(stage.device), pictures(x_test), variety(x_test, y_test)
        asked = torch.arange(200, device=stage.device) % 10
        others = torch.randperm(len(x))[:200].to(stage.device)

        def sample(γ, n, passes):
            """n samples [n, 64], always from the same starts."""
            told, nobody = asked[:n], torch.full_like(asked[:n], NOBODY)

            def guess(x, level):
                t = torch.full_like(told, level)
                free = learner.average(x, t, nobody)
                return free + γ * (learner.average(x, t, told) - free)

            start = torch.empty(n, 64, device=stage.device)
            start = noise_like(start, torch.Generator().manual_seed(stage.seed))
            return drawn(guess, start, passes=passes, fresh=0)

        def swept(n, passes):
            """Of each γ of the list and the one set: samples, share right, distance, variety."""
            rows = []
            for γ in (*LIST, self.gamma):
                samples = sample(γ, n, passes)
                images = pictures(samples)
                right = (judge.classes(images) == asked[:n]).float().mean().item()
                varied = (variety(samples, asked[:n]) / reach).item()
                rows.append((samples, right, judge.distance(images, real), varied))
            return tuple(zip(*rows, strict=True))

        @stage.look(125, learner.average)
        def look():
            done = learner.done == self.steps
            samples, right, far, varied = swept(*((200, self.passes) if done else (60, 5)))
            rows = [samples[at][self.digit + 10 * i] for i in range(3) for at in SHOWN.values()]
            captions = [*SHOWN] * 3
            stage.image(
                "asked for one digit", pictures(torch.stack(rows)), captions=captions, columns=6
            )
            now, truth = {"now": self.gamma}, judge.distance(pictures(x[others]), real)
            lines = {"200 real digits": truth}
            stage.axes("distance", x="γ", y="Fréchet distance", log="y", lines=lines, verticals=now)
            stage.plot("distance", LIST, {"distance": far[:-1]})
            stage.axes("right or varied", x="γ", verticals=now)
            stage.plot("right or varied", LIST, {"right": right[:-1], "variety": varied[:-1]})
            stage.headline(
                f"at γ = {self.gamma:g} {right[-1]:.0%} right, variety {varied[-1]:.2f}, "
                f"distance {far[-1]:.1f}"
            )

        for _ in stage.loop(self.steps):
            learner.step()

        with stage.probe(learner.average):
            _, right, far, varied = swept(200, self.passes)
            least = min(far[3:5])
            stage.measure(by_chance=right[0])  # about a tenth: at γ = 0 nobody asks
            stage.claim("certain", right[-1], above=0.92)
            stage.claim("near", far[-1], below=3)
            stage.claim("between", least / min(far[2], far[5]), below=0.8)
            stage.claim("far", far[7] / least, above=4)
            stage.claim("sameness", varied[2] - varied[6], above=0.2)
