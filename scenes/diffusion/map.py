"""
# What must be trained before a coarse picture can steer?

You want a picture of a given shape: a room with these walls, a digit with this silhouette. Words
can't say it. So give the net a coarse picture of it, a **map**. How does a map get in?

Another picture to begin with, or a hole to fill, needs no training: both are pictures, and the net
reads pictures. A map is another kind of thing. It enters through extra weights, a **channel**,
added where the picture enters:

    h = A x + C m

x is the noisy picture, A the weights that it has always entered by, m the map, C the new channel.
Here m says for each 2×2 pixels how much ink there is: 4×4 numbers, a coarse silhouette. C starts
at 0, so at first the map changes nothing. Training shows pictures with their maps, and C grows as
far as the map helps to find the noise.

In three pictures of ten the map is left out. So the net can guess with and without it, and the way
from one to the other can be stretched, as with a class:

    ε̂ = ε̂₀ + f (ε̂ₘ − ε̂₀)

ε̂ₘ is the guess with the map, ε̂₀ without; f says how far to **follow**.

The control is a channel whose weights are as large and were drawn by chance. It brings the same map
in, and says nothing with it: the net was never taught that language. (So the depth-to-image and
the inpainting model of Stable Diffusion were trained further, with 1 and 5 extra channels.)

A map leaves room. Two digits drawn from one map differ.

## Tomorrow

Ask of each condition that is offered: through which weights does it enter, and were they trained?
Then measure: take the map of what was drawn, and hold it against the map that was given.
"""

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, interpolate

from dlplay import Choice, Float, Int, Scene, Try
from dlplay.nn.denoiser import (
    NOBODY,
    Denoiser,
    Learner,
    drawn,
    noise_like,
    pictures,
    training_digits,
)
from dlplay.nn.judge import Judge

ROWS, PASSES = 3, 100
WAYS = ("trained", "no picture", "untrained")


class Map(Scene):
    covers = ("Depth-to-Image",)
    panels = {
        "drawn": "left a coarse picture; from it, two digits, and one through untrained weights",
        "missed": "how far the drawn digits, made coarse, are from it; low is good",
        "read right": "share read as the digit that was made coarse; 0.1 is chance",
    }
    claims = {
        "follows": "digits drawn from a coarse picture miss it by less than 0.4 of the variance",
        "without": "drawn without it they miss it by over 1.1",
        "untrained": "through a channel as large that nobody trained, by over 0.8 more",
        "read": "told nothing else, over 0.55 are read as the digit that was made coarse",
        "room": "two digits drawn from one coarse picture lie 2.4 to 3.8 apart",
    }
    tries = (
        Try(
            "follow=1",
            "The guess with the map is used as it is, without stretching. How well is it followed?",
            ("as well: it was trained so", "half as well", "not at all"),
            right=2,
            breaks=("follows", "read"),
            keeps="without",
            why="At the noisy levels, where the shape is decided, this small net makes little of "
            "the map. Stretching makes up for that.",
        ),
        Try(
            "learns=late",
            "The channel opens for the last third of the training. How well is the map followed?",
            ("as well", "worse, yet better than without", "as if there were no map"),
            right=2,
            breaks=("follows", "read"),
            keeps="without",
            why="The net has learned to do without. It now has a third of the batches to learn a "
            "new input, while the rate falls to 0.",
        ),
        Try(
            "told=class",
            "The class is told besides. What happens to the error of the map?",
            ("nothing: it says no more of places", "it grows: two masters", "it falls"),
            right=3,
            keeps=("follows", "read"),
            why="A wrong digit can't be laid into the map well. Who knows which digit it is lays "
            "the right strokes.",
        ),
        Try(
            "told=another",
            "The map of one digit, but another class is told. What is read?",
            ("the map's digit, as before", "the class told, always", "now one, now the other"),
            right=3,
            breaks="read",
            why="Map and class each push at every step. Which wins depends on whether the class "
            "told can be written inside that map.",
        ),
    )
    quick = {"steps": 20}

    follow = Float(3.0, min=0, max=6, live=True, help="f, how far to follow the map")
    told = Choice("nothing", ("nothing", "class", "another"), live=True, help="the class told")
    first = Int(1, min=1, max=190, live=True, help="the first of three maps shown")
    learns = Choice("start", ("start", "late"), help="from when on the channel is trained")
    steps = Int(1500, min=10, max=10000, log=True, help="batches of 64 that train the net")

    def run(self, stage):
        x, y, x_test, y_test = training_digits(stage.device)
        judge = Judge(stage.device)
        model = Denoiser()
        model.channel = nn.Linear(16, 192, bias=False)
        nn.init.zeros_(model.channel.weight)
        learner = Mapped(model.to(stage.device), x, y, self.steps, hidden=0.3)
        mean = silhouette(x).mean(dim=0)
        learner.maps = 3 * (silhouette(x) - mean)  # [N, 16], of variance about 1
        net, given, digit = learner.average, silhouette(x_test[:200]), y_test[:200]
        told = {
            "nothing": torch.full_like(digit, NOBODY),
            "class": digit,
            "another": (digit + torch.randint(1, 10, (200,), device="cpu").to(digit)) % 10,
        }
        dice = torch.Generator().manual_seed(stage.seed)
        chance = noise_like(model.channel.weight, dice)  # [192, 16]: weights nobody trained

        def draw(way, some=slice(None), throw=0, passes=PASSES):
            """Digits [N, 64] drawn from the maps `given`, in one of WAYS."""
            dice = torch.Generator().manual_seed(100 * stage.seed + throw)
            m, asked, C = 3 * (given[some] - mean), told[self.told][some], net.channel.weight
            if way == "untrained":
                C = chance * C.std()
            follow = 0 if way == "no picture" else self.follow

            def guess(x, level):
                t = torch.full_like(asked, level)
                free = net(x, t, asked)
                return free + follow * (net(x, t, asked, m @ C.T) - free)

            z = noise_like(torch.zeros(len(m), 64).to(m), dice)
            return drawn(guess, z, passes=passes, dice=dice)

        def missed(digits):
            """The error of the digits' own maps, as a share of the maps' variance."""
            error = (silhouette(digits) - given).square().mean()
            return (error / (given - given.mean(dim=0)).square().mean()).cpu()

        def read(digits):
            return (judge.classes(pictures(digits)) == digit).float().mean().cpu()

        @stage.look(50, net)
        def look():
            some = slice(self.first - 1, self.first - 1 + ROWS)
            passes = learner.passes(PASSES)
            coarse = interpolate(given[some].view(-1, 1, 4, 4), scale_factor=2).flatten(1) * 2 - 1
            two = [draw(WAYS[0], some, throw, passes) for throw in (0, 1)]
            row = [coarse, *two, draw(WAYS[2], some, 0, passes), x_test[:200][some]]  # 5 x [3, 64]
            captions = ("coarse", "drawn", "drawn", "untrained")
            names = [name for k in digit[some] for name in (*captions, f"true {k}")]
            shown = pictures(torch.stack(row, dim=1).flatten(0, 1))
            stage.image("drawn", shown, columns=5, captions=names)
            if learner.done < self.steps:
                stage.headline(learner.told())

        @stage.look(750, net)
        def look_at_all():
            each = [draw(way) for way in WAYS]
            errors = [missed(digits) for digits in each]
            stage.bars("missed", WAYS, errors, lines={"the mean": 1})
            stage.bars("read right", WAYS, [read(digits) for digits in each], lines={"chance": 0.1})
            stage.headline(
                f"the coarse picture is missed by {errors[0]:.2f}, through an untrained "
                f"channel by {errors[2]:.2f}"
            )

        for step in stage.loop(self.steps):
            learner.open = self.learns == "start" or step > 2 * self.steps // 3
            learner.step()

        with stage.probe(net):
            digits, again = draw(WAYS[0]), draw(WAYS[0], throw=1)
            stage.claim("follows", missed(digits), below=0.4)
            stage.claim("without", missed(draw(WAYS[1])), above=1.1)
            stage.claim("untrained", missed(draw(WAYS[2])) - missed(digits), above=0.8)
            stage.claim("read", read(digits), above=0.55)
            stage.claim("room", (digits - again).norm(dim=1).mean(), within=(2.4, 3.8))


class Mapped(Learner):
    """Shows the net the map with each picture, but for three of ten."""

    maps, open = None, True

    def also(self, picked):
        if not self.open:
            return 0.0
        shown = torch.rand(len(picked), 1, device="cpu").to(self.maps) >= 0.3
        return self.model.channel(self.maps[picked]) * shown


def silhouette(x):
    """How much ink [N, 16] each 2x2 pixels of pictures [N, 64] hold, 0 to 1."""
    return avg_pool2d(pictures(x), 2).flatten(1)
