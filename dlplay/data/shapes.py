"""Generated images of simple shapes."""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import torch
from torch.nn import functional


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


class Objects(NamedTuple):
    """Images of simple objects, and what is in them.

    `images` [N, 1, size, size]; `boxes` [N, M, 4]: left, top, right, bottom in pixels, where a
    pixel is 1 wide and the border of the image is 0 and `size`; `classes` [N, M]: 0 circle,
    1 square, 2 triangle, -1 where an image has fewer than M objects (its box is 0);
    `masks` [N, size, size]: 0 background, else the class + 1.
    """

    images: torch.Tensor
    boxes: torch.Tensor
    classes: torch.Tensor
    masks: torch.Tensor


def objects(
    count: int,
    *,
    size: int = 48,
    least: int = 1,
    most: int = 3,
    sides: tuple[int, int] = (9, 17),
    overlap: bool = False,
    noise: float = 0.08,
    generator: torch.Generator | None = None,
) -> Objects:
    """Circles, squares and triangles on a dark ground: `least` to `most` of them in an image.

    `sides`: smallest and largest width of an object in pixels. Without `overlap` their boxes keep
    a pixel apart; if no place is left for one, the image has one fewer, but never none. `noise`:
    standard deviation of what is added to every pixel, so values may leave 0 to 1. Random numbers
    come from `generator`, else from the global state. Raises ValueError if `sides` do not fit.
    """
    if not 3 <= sides[0] <= sides[1] <= size - 2:
        raise ValueError(f"sides must be 3 to {size - 2} pixels in order; they are {sides}")
    images = torch.zeros(count, size, size)
    boxes = torch.zeros(count, most, 4)
    classes = torch.full((count, most), -1)
    masks = torch.zeros(count, size, size, dtype=torch.int64)
    wanted = torch.randint(least, most + 1, (count,), generator=generator).tolist()
    # For each object more places than it should need: the first that is free is taken.
    drawn = torch.rand(count, most, PLACES, 2, generator=generator)
    widths = torch.randint(sides[0], sides[1] + 1, (count, most), generator=generator).tolist()
    kinds = torch.randint(3, (count, most), generator=generator).tolist()
    light = (0.55 + 0.45 * torch.rand(count, most, generator=generator)).tolist()
    for n in range(count):
        taken: list[tuple[int, int, int, int]] = []
        for m in range(wanted[n]):
            side, kind = widths[n][m], kinds[n][m]
            for along, down in drawn[n, m].tolist():
                left = 1 + int(along * (size - 1 - side))
                top = 1 + int(down * (size - 1 - side))
                box = left, top, left + side, top + side
                if overlap or not any(_close(box, other) for other in taken):
                    break
            else:
                continue
            shape = _shape(kind, side)
            rows, columns = slice(top, top + side), slice(left, left + side)
            images[n, rows, columns][shape] = light[n][m]
            masks[n, rows, columns][shape] = kind + 1
            boxes[n, len(taken)] = torch.tensor(box, dtype=torch.float32)
            classes[n, len(taken)] = kind
            taken.append(box)
    images += noise * torch.randn(count, size, size, generator=generator)
    return Objects(images.unsqueeze(1), boxes, classes, masks)


PLACES = 30  # that are tried for an object


def _close(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    """Whether less than a pixel is between two boxes."""
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


@cache
def _shape(kind: int, side: int) -> torch.Tensor:
    """Which pixels of its box an object covers: [side, side]."""
    at = torch.arange(side) + 0.5  # middles of pixels
    row, column = at[:, None], at[None]
    if kind == 0:
        return (row - side / 2) ** 2 + (column - side / 2) ** 2 <= (side / 2) ** 2
    if kind == 1:
        return torch.ones(side, side, dtype=torch.bool)
    return (column - side / 2).abs() <= row / 2


def scattered(
    images: torch.Tensor, size: int, jitter: int, *, generator: torch.Generator | None = None
) -> torch.Tensor:
    """Images [N, C, H, W], each at a place of its own on a black canvas: [N, C, size, size].

    Each way there are `jitter` + 1 places around the middle: 0 puts all into the middle, and
    `size` - H lets them reach every border. Random numbers come from `generator`, else from the
    global state. Raises ValueError if the canvas is too small.
    """
    count, channels, height, width = images.shape
    if not 0 <= jitter <= size - max(height, width):
        raise ValueError(f"jitter must be 0 to {size - max(height, width)}; it is {jitter}")
    canvas = images.new_zeros(count, channels, size, size)
    places = torch.randint(jitter + 1, (count, 2), generator=generator)
    tops = min((size - height) // 2 - jitter // 2, size - height - jitter) + places[:, 0]
    lefts = min((size - width) // 2 - jitter // 2, size - width - jitter) + places[:, 1]
    for image, empty, top, left in zip(images, canvas, tops.tolist(), lefts.tolist(), strict=True):
        empty[:, top : top + height, left : left + width] = image
    return canvas


def warped(
    images: torch.Tensor,
    size: int,
    *,
    turn: float = 0.0,
    shift: float = 0.0,
    scale: float = 0.0,
    generator: torch.Generator | None = None,
) -> torch.Tensor:
    """Images [N, C, H, W], each turned, scaled and shifted by chance: [N, C, size, size].

    They lie on a black canvas: turned by up to `turn` degrees either way, 1 - `scale` to
    1 + `scale` times as large, and up to `shift` pixels right or left of the middle and up or
    down. Random numbers come from `generator`, else from the global state.
    """
    count, channels, height, width = images.shape
    chance = 2 * torch.rand(count, 4, generator=generator) - 1
    angle, factor = chance[:, 0] * math.radians(turn), 1 + chance[:, 1] * scale
    rows = angle.cos(), angle.sin(), -angle.sin(), angle.cos()
    # From places on the canvas to places in the image; both reach from -1 to 1.
    matrix = torch.stack(rows, dim=1).reshape(count, 2, 2) / factor[:, None, None]
    middle = chance[:, 2:, None] * 2 * shift / size
    matrix = matrix * torch.tensor([[size / width], [size / height]])
    places = torch.cat([matrix, -matrix @ middle], dim=2).to(images.device)
    grid = functional.affine_grid(places, [count, channels, size, size], align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)
