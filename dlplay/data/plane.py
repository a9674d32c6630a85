"""Labelled points in the plane, on which a student can see what a model does."""

from __future__ import annotations

import math

import torch

NOISE = {"rings": 0.12, "moons": 0.15, "quarters": 0.0, "spiral": 0.025}


def points(
    kind: str, count: int, *, noise: float | None = None, device: str = "cpu"
) -> tuple[torch.Tensor, torch.Tensor]:
    """Points [count, 2] of two classes and their labels [count], 0 and 1 by turns.

    `kind`: "rings" (radius 0.45 within radius 1), "moons" (two half circles that reach into one
    another, each the other's mirror image through the origin), "quarters" (the sign of x·y on the
    square from -1 to 1, as XOR has it), "spiral" (two arms of one and a half turns). `noise`: the
    standard deviation of what is added to both coordinates. Random numbers come from the global
    state, so that a run's seed decides.
    """
    if kind not in NOISE:
        raise ValueError(f"points are {', '.join(NOISE)}, not {kind!r}")
    y = torch.arange(count) % 2
    u = torch.rand(count)
    if kind == "rings":
        x = _circle(2 * math.pi * u) * torch.where(y == 0, 0.45, 1.0)[:, None]
    elif kind == "moons":
        upper = _circle(math.pi * u) - torch.tensor([0.5, 0.25])
        x = torch.where(y[:, None] == 0, upper, -upper)
    elif kind == "quarters":
        x = 2 * torch.stack([u, torch.rand(count)], dim=1) - 1
        y = (x.prod(dim=1) < 0).long()
    else:
        r = u.sqrt()
        x = _circle(3 * math.pi * r + math.pi * y) * r[:, None]
    x = x + (NOISE[kind] if noise is None else noise) * torch.randn(count, 2)
    return x.to(device), y.to(device)


def moons(count: int, *, noise: float = 0.08, device: str = "cpu") -> torch.Tensor:
    """Points [count, 2] of both half circles of `points("moons")`, without labels, each coordinate
    scaled to mean 0 and standard deviation 1. Half of them lie on either, in any order."""
    x, _ = points("moons", count, noise=noise)
    return (x[torch.randperm(count)] / _scale(noise)).to(device)


def moons_log_density(x: torch.Tensor, *, noise: float = 0.08) -> torch.Tensor:
    """The log of the density from which `moons` draws, in nats, at points x [N, 2]: [N].

    A mean over 2 · 400 Gaussians along the half circles, right to some 1e-6 for a `noise` of 0.02
    and more. Its mean over new points is what no other density can exceed, but by chance.
    """
    angle = math.pi * (torch.arange(400, device=x.device) + 0.5) / 400
    upper = _circle(angle) - torch.tensor([0.5, 0.25], device=x.device)
    centres, scale = torch.cat([upper, -upper]), _scale(noise).to(x.device)
    apart = torch.cdist(x * scale, centres).square()  # [N, 800]
    log_mean: torch.Tensor = (-apart / (2 * noise**2)).logsumexp(dim=1) - math.log(len(centres))
    return log_mean - math.log(2 * math.pi * noise**2) + scale.log().sum()


def folded(
    count: int, *, bend: float = 1.2, noise: float = 0.2, device: str = "cpu"
) -> tuple[torch.Tensor, torch.Tensor]:
    """Questions x [count] and answers y [count], such that most x near 0 have three answers.

    y is even between -2 and 2, and x = folded_x(y) + noise · u with u even between -1 and 1.
    With the usual `bend` the folds are at x = -0.37 and 0.37: between them are three answers,
    beyond them one. Turned round, this is the example of Bishop (1994, Mixture density networks).
    Random numbers come from the global state.
    """
    y = 4 * torch.rand(count) - 2
    x = folded_x(y, bend=bend) + noise * (2 * torch.rand(count) - 1)
    return x.to(device), y.to(device)


def folded_x(y: torch.Tensor, *, bend: float = 1.2) -> torch.Tensor:
    """The x to which each answer y belongs, without noise: y - bend · sin(πy / 2)."""
    return y - bend * torch.sin(math.pi / 2 * y)


def folded_answers(x: float, *, bend: float = 1.2) -> torch.Tensor:
    """All y between -2 and 2 whose folded_x is x, the lowest first, right to 1e-6, on the CPU."""
    y = torch.linspace(-2, 2, 40_001, dtype=torch.float64)
    beyond = folded_x(y, bend=bend) - x
    here, there = beyond[:-1], beyond[1:]
    crossed = (here == 0) | (here * there < 0)
    share = here[crossed] / (here[crossed] - there[crossed])
    return (y[:-1][crossed] + share * (y[1:] - y[:-1])[crossed]).float()


def _scale(noise: float) -> torch.Tensor:
    """The standard deviations of the moons' coordinates, before they are scaled: [2]."""
    across, up = 0.5 + 0.5**2, 0.5 - 2 * 0.25 * 2 / math.pi + 0.25**2
    return torch.tensor([across + noise**2, up + noise**2]).sqrt()


def _circle(angle: torch.Tensor) -> torch.Tensor:
    return torch.stack([angle.cos(), angle.sin()], dim=1)
