"""
# Can a net walk from noise to a digit?

Noise is easy to add. Nobody can take it away exactly, but a net can guess it. Train one to do just
that: take a digit x_0, pick a level t of 200, jump there,

    x_t = √ᾱ_t x_0 + √(1 − ᾱ_t) ε

and ask which noise ε was added. ᾱ_t falls from 1 to nearly 0 (the linear schedule). The loss is
the squared error, the same weight for each level:

    loss = ‖ε − net(x_t, t, class)‖²

The net is told t, its clock, and the digit's class (a tenth of the time it is not).

To draw a digit, start at t = 200 with pure noise. From the net's guess ε̂ follows a clean picture:

    x̂ = (x_t − √(1 − ᾱ_t) ε̂) / √ᾱ_t

At first that is crude, or a blur: the mean of all that is still possible. So you do not go there.
You go one level down, to a weighted mean of x̂ and x_t with fresh noise ε, and ask again:

    x_{t−1} = A x̂ + B x_t + √β_t ε
    A = √ᾱ_{t−1} β_t / (1 − ᾱ_t)
    B = √(1−β_t)(1−ᾱ_{t−1})/(1−ᾱ_t)

After 200 passes the blur is one digit (DDPM: Ho et al., 2020; first thought of by Sohl-Dickstein et
al., 2015). Any net will do that takes a picture and returns one, but it must know t: the same
picture means another thing at another level. Do good scores prove that diffusion was needed? No:
one Gaussian for each class draws these small digits as well. `pictures=FOLDER` learns your own, 100
or more, of which nothing is claimed.

## Tomorrow

Feed the level t. Look at the guesses at four levels: a blur that sharpens late is right. Count
passes per sample before you promise a speed.
"""

import copy
import itertools
import math

import torch
from torch import nn

from dlplay import Choice, File, Int, Scene, Try
from dlplay.data import images
from dlplay.nn.denoiser import (
    LEVELS,
    NOBODY,
    follow,
    noise_like,
    pictures,
    schedule,
    strides,
    training_digits,
    variety,
    waves,
)
from dlplay.nn.judge import Judge

SHOWN = (200, 120, 60, 20, 0)  # the levels of the lead


class WalkBack(Scene):
    covers = ("Denoising Diffusion Probabilistic Models (overview)", "Reverse Diffusion Process")
    panels = {
        "walk back": "above, from noise to a digit; below, the clean picture guessed there",
        "samples": "one of each digit, in order",
        "error of the guess": "squared, of the noise, by level; guessing 0 has 1; lower is better",
    }
    claims = {
        "right": "over 0.9 of 500 samples are read as the digit that was asked for",
        "near": "their Fréchet distance to real digits is below 5.5",
        "gaussian": "noise with the pixels' means and covariances is over 1.4 times as far",
        "varied": "samples of one digit differ 0.55 to 1 times as much as real ones",
        "clock": "told t = 100 at each level, the same net has over 0.25 fewer right",
    }
    tries = (
        Try(
            "clock=stopped",
            "The net is told t = 100 at each level. It sees the noise itself. The samples?",
            ("nearly as good: it sees how noisy they are", "blurred but right", "broken"),
            right=3,
            breaks=("right", "near", "gaussian", "clock"),
            why="It believes what it is told: too little noise at first, too much in the end.",
        ),
        Try(
            "passes=20",
            "Twenty passes instead of 200, each over ten levels. The samples?",
            ("as good", "slightly worse", "ruined"),
            right=2,
            keeps=("right", "varied", "clock"),
            why="A longer stride trusts each guess further. With 20 passes that costs little yet.",
        ),
        Try(
            "passes=1",
            "One pass: from pure noise straight to the guess of the clean picture. The samples?",
            ("noise", "good digits", "the class's blur under some noise"),
            right=3,
            breaks=("right", "near", "gaussian", "varied"),
            why="From pure noise the best guess is the mean of the class. Each later pass asks "
            "again with less noise in view, and decides something more.",
        ),
    )
    quick = {"steps": 3, "passes": 5}
    pace = 30

    clock = Choice("right", ("right", "stopped", "reversed"), live=True, help="the t it is told")
    passes = Int(200, min=1, max=200, log=True, live=True, help="of the net, from noise to digit")
    digit = Int(3, min=0, max=9, live=True, help="the digit that is asked for in the strip")
    blocks = Int(2, min=1, max=3, help="residual blocks of the net")
    pictures = File("digits", kind="images", help="what it learns; your own become 8×8, grey")
    steps = Int(150, min=3, max=1500, log=True, help="rounds of training, of 10 batches of 64")

    def run(self, stage):
        own, device = self.pictures != "digits", stage.device
        x, y, x_test, y_test = training_digits(device)  # [1437, 64], −1 to 1; [1437]
        if own:
            x = images(self.pictures, size=8, grey=True, least=100, device=device)[0].flatten(1)
            x, y = 2 * x - 1, torch.zeros(len(x), dtype=torch.long, device=device)
            x_test, y_test = x[::5], y[::5]
        alpha_bar = schedule()[1].to(device)  # ᾱ, [201]
        net = Denoiser(blocks=self.blocks).to(device)
        average = copy.deepcopy(net)  # of the weights: what samples are made of
        adam = torch.optim.AdamW(net.parameters(), lr=2e-3, fused=True)

        def walk(digit, passes, clock):
            """Each level on the way, the pictures there [N, 64], the clean ones guessed there."""
            dice, way = torch.Generator().manual_seed(stage.seed), []
            x_t = noise_like(x.new_zeros(len(digit), 64), dice)
            for t, s in itertools.pairwise(strides(passes)):  # from level t to level s
                told = {"right": t, "stopped": LEVELS // 2, "reversed": LEVELS + 1 - t}[clock]
                noise = average(x_t, torch.full_like(digit, told), digit)
                a, b = alpha_bar[t], alpha_bar[s]
                clean = ((x_t - (1 - a).sqrt() * noise) / a.sqrt()).clamp(-1, 1)
                way.append((t, x_t, clean))
                beta = 1 - a / b
                x_t = (b.sqrt() * beta * clean + (1 - beta).sqrt() * (1 - b) * x_t) / (1 - a)
                if s > 0:
                    x_t = x_t + beta.sqrt() * noise_like(x_t, dice)
            return [*way, (0, x_t, clean)]

        def judged(digits, end):
            """Share read as the digit that was asked for, distance from real digits."""
            right = (judge.classes(pictures(end)) == digits).float().mean()
            return right, judge.distance(pictures(end), pictures(x_test))

        def asked(count):
            """The digit of the strip, all ten, then so many more."""
            ten = torch.arange(10 + count, device=device) % 10
            return torch.cat([ten.new_tensor([self.digit]), ten]) * (not own)

        def show(way, now):
            """The walk as far as level `now`."""
            shown = [*(t for t in SHOWN if t > now), now]
            strip = [min(way, key=lambda frame: abs(frame[0] - t)) for t in shown]
            black = [torch.full_like(x[0], -1.0)] * (len(SHOWN) - len(shown))
            noisy, clean = ([frame[part][0] for frame in strip] + black for part in (1, 2))
            names = [f"t = {t}" for t, *_ in strip] + [""] * len(black) + ["guess"] * len(strip)
            both = torch.stack(noisy + clean).view(-1, 8, 8)
            stage.image("walk back", both, captions=names, columns=5, low=-1, high=1)
            stage.image("samples", pictures(way[-1][1][1:11]), columns=5)

        quiz_t = torch.arange(1, LEVELS + 1, device=device)  # one held-out picture for each level
        quiz, quiz_noise = (quiz_t - 1) % len(x_test), noise_like(x[:1].expand(LEVELS, -1))
        a = alpha_bar[quiz_t, None]
        quiz_x = a.sqrt() * x_test[quiz] + (1 - a).sqrt() * quiz_noise

        @stage.look(5, average)
        def look():
            show(walk(asked(0), min(self.passes, 20), self.clock), 0)
            error = (average(quiz_x, quiz_t, y_test[quiz]) - quiz_noise).square().mean(dim=1)
            by_level = error.view(-1, 10).mean(dim=1)
            stage.plot("error of the guess", range(5, LEVELS, 10), {"error": by_level})
            batches = 10 * (stage.step + 1)
            stage.headline(f"{batches} of {10 * self.steps} batches: error {error.mean():.2f}")

        stage.axes("error of the guess", x="level t", y="error", log="y", lines={"guessing 0": 1})
        for step in stage.loop(self.steps, "training"):
            adam.param_groups[0]["lr"] = 1e-3 * (1 + math.cos(math.pi * step / self.steps))
            for _ in range(10):
                pick = torch.randint(len(x), (64,), device="cpu").to(device)
                t = torch.randint(1, LEVELS + 1, (64,), device="cpu").to(device)
                noise, hide = noise_like(x[pick]), torch.rand(64, device="cpu").to(device) < 0.1
                a = alpha_bar[t, None]  # [64, 1]
                noisy = a.sqrt() * x[pick] + (1 - a).sqrt() * noise  # any level in one jump
                guess = net(noisy, t, torch.where(hide, NOBODY, y[pick]))
                loss = (guess - noise).square().mean()
                adam.zero_grad()
                loss.backward()
                adam.step()
                follow(average, net, 0.005 if step > 20 else 0.05)

        judge = Judge(device)
        if not own:  # which the judge does not know
            with stage.probe(average):
                ten = torch.arange(500, device=device) % 10
                end = walk(ten, self.passes, self.clock)[-1][1]
                right, far = judged(ten, end)
                lost, _ = judged(ten, walk(ten, self.passes, "stopped")[-1][1])
                root = torch.linalg.cholesky(torch.cov(x.T) + 1e-4 * torch.eye(64, device=device))
                _, mere = judged(ten, x.mean(dim=0) + noise_like(end) @ root.T)
                stage.claim("right", right, above=0.9)
                stage.claim("near", far, below=5.5)
                stage.claim("gaussian", mere / far, above=1.4)
                stage.claim("varied", variety(end, ten) / variety(x_test, y_test), within=(0.55, 1))
                stage.claim("clock", right - lost, above=0.25)

        ways, total = {}, self.passes  # the walk that is shown, by its settings

        @stage.look(1, average)
        def look_at_the_walk():
            setting = self.passes, self.clock, self.digit
            if setting not in ways:
                ways.clear()
                way, digits = walk(asked(200), self.passes, self.clock), asked(200)[11:]
                ways[setting] = way, (0, 0) if own else judged(digits, way[-1][1][11:])
            way, (share, distance) = ways[setting]
            now = way[(stage.step + 1) * (len(way) - 1) // total][0]
            show(way, now)
            said = f": {share:.0%} of 200 samples right, distance to real digits {distance:.1f}"
            stage.headline(f"at level {now} of 200{'' if own else said}")

        for _ in stage.loop(total, "walking back"):
            pass


class Denoiser(nn.Module):
    """Guesses the noise in a picture, told its level and, or not, its class."""

    def __init__(self, width=192, blocks=2):
        super().__init__()
        self.level = nn.Sequential(nn.Linear(64, width), nn.SiLU(), nn.Linear(width, width))
        self.digit = nn.Embedding(11, width)
        self.enter = nn.Linear(64, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width)
            )
            for _ in range(blocks)
        )
        self.leave = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 64))

    def forward(self, x, t, digit):  # x [N, 64], t [N] of 1 to 200, digit [N] of 0 to 10
        told = self.level(waves(t)) + self.digit(digit)  # [N, width]
        h = self.enter(x) + told
        for block in self.blocks:
            h = h + block(h + told)
        return self.leave(h)
