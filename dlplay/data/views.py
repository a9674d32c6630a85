"""Two views of one picture: digits on a cluttered canvas, moved, turned and lit anew each time."""

from __future__ import annotations

import math

import torch
from torch.nn.functional import affine_grid, grid_sample, interpolate

CANVAS = 10  # pixels of its side


def view(images: torch.Tensor, *, strength: float = 1.0) -> torch.Tensor:
    """A new view of each digit [N, 1, 8, 8] with values 0 to 1: [N, 1, 10, 10], about -1 to 2.

    Turned by up to 10 degrees, scaled by up to 10 %, moved by up to 1 pixel, made lighter or
    darker, laid on a smooth random background (standard deviation 0.5), with a little noise;
    `strength` times all that. Random numbers come from the global state, on the CPU.
    """
    count, device = len(images), images.device

    def even(*shape: int) -> torch.Tensor:
        return 2 * torch.rand(shape) - 1

    angle = even(count) * math.radians(10) * strength
    scale = 1 + 0.1 * strength * even(count)
    shift = even(count, 2) * strength / (CANVAS / 2)
    cos, sin = angle.cos() * scale, angle.sin() * scale
    moves = torch.stack([cos, -sin, shift[:, 0], sin, cos, shift[:, 1]], dim=1).reshape(-1, 2, 3)
    light = 1 + 0.2 * strength * even(count, 1, 1, 1)
    clutter = 0.5 * strength * torch.randn(count, 1, 3, 3)
    noise = 0.1 * strength * torch.randn(count, 1, CANVAS, CANVAS)
    canvas = images.new_zeros(count, 1, CANVAS, CANVAS)
    canvas[:, :, 1:9, 1:9] = images
    places = affine_grid(moves.to(device), [count, 1, CANVAS, CANVAS], align_corners=False)
    digit = grid_sample(canvas, places, align_corners=False) * light.to(device)
    wide = interpolate(clutter, size=CANVAS, mode="bilinear", align_corners=True)
    return digit + (wide + noise).to(device)
