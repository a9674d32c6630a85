"""Generated images of simple shapes."""

from __future__ import annotations

import math

import torch


def bars(
    count: int,
    *,
    size: int = 20,
    orientations: int = 4,
    noise: float = 0.25,
    generator: torch.Generator | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Bright bars on black: images [count, 1, size, size] and the class of their angle [count].

    Class k stands for the angle kπ / orientations, counted from horizontal, up to the right. A
    bar is 2 pixels wide, 8 to 12 long, and anywhere that its middle stays 5 pixels from the
    border. `noise` is the standard deviation of what is added to every pixel, so values may leave
    0 to 1. Random numbers come from `generator`, else from the global state.
    """
    classes = torch.randint(orientations, (count,), generator=generator)
    angle = (classes * math.pi / orientations).reshape(-1, 1, 1)
    middle = 5 + (size - 11) * torch.rand(2, count, 1, 1, generator=generator)
    length = 8 + 4 * torch.rand(count, 1, 1, generator=generator)
    row, column = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    up, right = middle[0] - row, column - middle[1]  # [count, size, size] each
    along = (right * angle.cos() + up * angle.sin()).abs()
    across = (up * angle.cos() - right * angle.sin()).abs()
    # Brightness falls from 1 to 0 within the pixel that an edge runs through.
    bar = (1.5 - across).clamp(0, 1) * (length / 2 + 0.5 - along).clamp(0, 1)
    added = noise * torch.randn(count, size, size, generator=generator)
    return (bar + added).unsqueeze(1), classes
