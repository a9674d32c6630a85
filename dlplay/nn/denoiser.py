"""A small net that finds the noise in 8x8 digits, its training, and the walk back to a digit."""

from __future__ import annotations

import collections
import copy
import itertools
import math
from collections.abc import Callable, Iterator

import torch
from torch import nn

from dlplay.data.bundled import digits

LEVELS = 200  # T: noise levels 1 to T; level 0 is a clean picture
NOBODY = 10  # the class of a picture whose class is not told
HIDDEN = 0.1  # share of a batch whose class is hidden
RATE = 2e-3

Guess = Callable[[torch.Tensor, int], torch.Tensor]
"""The noise [N, 64] that somebody sees in pictures [N, 64] at one level."""


class Denoiser(nn.Module):
    """Guesses the noise in a picture, told its level and, or not, its class.

    A residual net of about 0.2 million numbers. The level enters as 32 sines and 32 cosines
    (Vaswani et al., 2017), the class as a vector of its own; both are added before each block.
    """

    def __init__(self, *, width: int = 192, blocks: int = 2, classes: int = 10) -> None:
        super().__init__()
        self.level = nn.Sequential(nn.Linear(64, width), nn.SiLU(), nn.Linear(width, width))
        self.digit = nn.Embedding(classes + 1, width)
        self.enter = nn.Linear(64, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width)
            )
            for _ in range(blocks)
        )
        self.leave = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 64))

    def forward(
        self,
        x: torch.Tensor,
        t: torch.Tensor,
        digit: torch.Tensor,
        also: torch.Tensor | float = 0.0,
    ) -> torch.Tensor:
        """The noise [N, 64] in x [N, 64] (values about -1 to 1), at levels t [N] of 1 to `LEVELS`.

        `digit` [N] is 0 to 9, or `NOBODY`. `also` [N, width] is added where the picture enters:
        the way in for a further condition.
        """
        told = self.level(waves(t)) + self.digit(digit)
        h = self.enter(x) + told + also
        for block in self.blocks:
            h = h + block(h + told)
        noise: torch.Tensor = self.leave(h)
        return noise


def waves(t: torch.Tensor) -> torch.Tensor:
    """Sines and cosines [N, 64] of levels t [N], of 32 wavelengths."""
    speed = torch.exp(-math.log(10_000) * torch.arange(32, device=t.device) / 32)
    angle = 1000 / LEVELS * t[:, None] * speed
    return torch.cat([angle.sin(), angle.cos()], dim=1)


def schedule(name: str = "linear", levels: int = LEVELS) -> tuple[torch.Tensor, torch.Tensor]:
    """β and ᾱ, [levels + 1] each, from level 0 (0 and 1) on: the noise of a step, what is left.

    "linear": β grows evenly (Ho et al., 2020, scaled from 1,000 levels). "cosine": ᾱ falls like a
    squared cosine (Nichol and Dhariwal, 2021). ValueError for any other name.
    """
    t = torch.arange(levels + 1, dtype=torch.float64)
    if name == "linear":
        beta = torch.linspace(1e-4, 0.02, levels, dtype=torch.float64) * 1000 / levels
    elif name == "cosine":
        left = torch.cos((t / levels + 0.008) / 1.008 * math.pi / 2) ** 2
        beta = 1 - left[1:] / left[:-1]
    else:
        raise ValueError(f"a schedule is linear or cosine, not {name!r}")
    beta = torch.cat([torch.zeros(1, dtype=torch.float64), beta.clamp(max=0.999)])
    return beta.float(), (1 - beta).cumprod(dim=0).float()


def training_digits(device: str = "cpu") -> tuple[torch.Tensor, ...]:
    """`digits` as a denoiser reads them: x [1437, 64] from -1 to 1, y; and 360 held-out ones."""
    x, y, x_test, y_test = (part.to(device) for part in digits())
    return x.flatten(1) * 2 - 1, y, x_test.flatten(1) * 2 - 1, y_test


def pictures(x: torch.Tensor) -> torch.Tensor:
    """x [N, 64] from -1 to 1 as pictures [N, 1, 8, 8] from 0 to 1, which `Judge` reads."""
    return ((x.clamp(-1, 1) + 1) / 2).view(-1, 1, 8, 8)


class Learner:
    """Trains a denoiser on noised pictures, a batch a step; `average` is what samples are made of.

    AdamW with a rate that falls to 0 as a cosine over `steps`, and an average of the weights over
    the last 200 steps or so, which makes better samples than the last weights alone.
    """

    def __init__(
        self,
        model: Denoiser,
        x: torch.Tensor,
        y: torch.Tensor,
        steps: int,
        *,
        weight: torch.Tensor | None = None,
        hidden: float = HIDDEN,
        batch: int = 64,
    ) -> None:
        """Pictures x [N, 64] of classes y [N]; `weight` [LEVELS + 1] of each level in the loss."""
        self.model, self.average = model, copy.deepcopy(model)
        self.x, self.y, self.steps = x, y, steps
        self.weight, self.hidden, self.batch = weight, hidden, batch
        self.alpha_bar = schedule()[1].to(x.device)
        self.adam = torch.optim.AdamW(model.parameters(), lr=RATE, fused=True)
        self.done = 0
        self.noisy, self.level = x[:batch], torch.zeros(batch)
        self.guess = self.noise = torch.zeros_like(self.noisy)

    def step(self) -> torch.Tensor:
        """One batch. Its squared error [batch]; `noisy`, `level`, `guess`, `noise` are of it."""
        device = self.x.device
        picked = torch.randint(len(self.x), (self.batch,), device="cpu").to(device)
        t = torch.randint(1, LEVELS + 1, (self.batch,), device="cpu").to(device)
        noise = torch.randn(self.batch, 64, device="cpu").to(device)
        hide = torch.rand(self.batch, device="cpu").to(device) < self.hidden
        a = self.alpha_bar[t, None]
        noisy = a.sqrt() * self.x[picked] + (1 - a).sqrt() * noise  # any level in one jump
        told = torch.where(hide, NOBODY, self.y[picked])
        guess = self.model(noisy, t, told, self.also(picked))
        error = (guess - noise).square().mean(dim=1)
        loss = (error if self.weight is None else error * self.weight[t]).mean()
        for group in self.adam.param_groups:
            group["lr"] = RATE * (1 + math.cos(math.pi * self.done / self.steps)) / 2
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        follow(self.average, self.model, 0.005 if self.done > 200 else 0.05)
        self.done += 1
        self.noisy, self.level = noisy, t
        self.guess, self.noise = guess.detach(), noise
        unweighted: torch.Tensor = error.detach()
        return unweighted

    def passes(self, most: int) -> int:
        """How many passes a look may walk back in: `most` at the end, at most 20 on the way."""
        return most if self.done == self.steps else min(most, 20)

    def told(self) -> str:
        """How the training goes, as a headline: the mean squared error of the last batch."""
        error = (self.guess - self.noise).square().mean()
        return f"trains: {error:.2f} of the noise not found"

    def also(self, picked: torch.Tensor) -> torch.Tensor | float:
        """What the net is told besides of the pictures with these numbers [batch]: nothing.

        For a subclass, whose model holds the layer that makes [batch, width] of the condition.
        """
        return 0.0


@torch.no_grad()
def follow(slow: nn.Module, fast: nn.Module, share: float) -> None:
    """Move the weights of one net this share of the way to another's."""
    torch._foreach_lerp_(list(slow.parameters()), list(fast.parameters()), share)


def asked(model: Denoiser, digit: torch.Tensor, push: float = 1.0) -> Guess:
    """The guess of a net that is told the class; with a push, of one that is pushed towards it.

    The guess without a class, and `push` times the way from there to the guess with it: 0 leaves
    the class out, 1 is the plain guess, more exaggerates (Ho and Salimans, 2022, whose w is
    push - 1). All but 0 and 1 cost two passes.
    """

    def guess(x: torch.Tensor, level: int) -> torch.Tensor:
        t = torch.full_like(digit, level)
        if push == 1:
            told: torch.Tensor = model(x, t, digit)
            return told
        free: torch.Tensor = model(x, t, torch.full_like(digit, NOBODY))
        return free if push == 0 else free + push * (model(x, t, digit) - free)

    return guess


def strides(passes: int, start: int = LEVELS) -> list[int]:
    """Levels from `start` down to 0 for so many passes, as evenly as whole numbers allow."""
    passes = min(passes, start)
    levels = torch.linspace(start, 1, passes).round().long().tolist() if passes else []
    return [*levels, 0]


def noise_like(x: torch.Tensor, dice: torch.Generator | None = None) -> torch.Tensor:
    """Standard normal numbers, drawn on the CPU, as many as x has."""
    return torch.randn(x.shape, generator=dice, device="cpu").to(x.device)


def stride(
    x: torch.Tensor,
    noise: torch.Tensor,
    before: torch.Tensor,
    after: torch.Tensor,
    fresh: float = 1.0,
    dice: torch.Generator | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """From one noise level to a lower one, by a guess of the noise: x there, and the clean guess.

    `before` and `after` are ᾱ of the two levels. `fresh` = 1 is the sampler of Ho et al. (2020),
    whose fresh noise has the variance β of the stride; 0 is DDIM (Song et al., 2020), which adds
    none; between them the guessed noise makes room for the share that is fresh.
    """
    clean = ((x - (1 - before).sqrt() * noise) / before.sqrt()).clamp(-1, 1)
    noise = (x - before.sqrt() * clean) / (1 - before).sqrt()  # what the clipped guess leaves
    beta = 1 - before / after
    room = fresh**2 * beta * (1 - after) / (1 - before)
    x = after.sqrt() * clean + (1 - after - room).clamp(min=0).sqrt() * noise
    if fresh and after < 1:
        x = x + fresh * beta.sqrt() * noise_like(x, dice)
    return x, clean


def walk(
    guess: Guess,
    x: torch.Tensor,
    *,
    passes: int = LEVELS,
    start: int = LEVELS,
    fresh: float = 1.0,
    dice: torch.Generator | None = None,
) -> Iterator[tuple[int, torch.Tensor, torch.Tensor]]:
    """The walk back of pictures x [N, 64] from level `start`: each level that is reached (the last
    is 0), the pictures there, and the clean pictures guessed on the way."""
    alpha_bar = schedule()[1].to(x.device)
    levels = strides(passes, start)
    for before, after in itertools.pairwise(levels):
        x, clean = stride(
            x, guess(x, before), alpha_bar[before], alpha_bar[after], fresh=fresh, dice=dice
        )
        yield after, x, clean


def drawn(
    guess: Guess,
    x: torch.Tensor,
    *,
    passes: int = LEVELS,
    start: int = LEVELS,
    fresh: float = 1.0,
    dice: torch.Generator | None = None,
) -> torch.Tensor:
    """Where `walk` ends: pictures [N, 64], from -1 to 1. x itself where `start` is 0."""
    steps = walk(guess, x, passes=passes, start=start, fresh=fresh, dice=dice)
    return collections.deque((end for _, end, _ in steps), maxlen=1).pop() if start else x


def variety(x: torch.Tensor, digit: torch.Tensor) -> torch.Tensor:
    """The mean distance between two pictures [N, 64] of the same digit, averaged over digits."""
    means = [torch.pdist(x[digit == d]).mean() for d in range(10) if (digit == d).sum() > 1]
    return torch.stack(means).mean()
