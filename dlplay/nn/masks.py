"""Answers at every pixel: how right they are, and how they are shown.

A mask has a class for each pixel, whole numbers [N, H, W]; class 0 is the background.
"""

from __future__ import annotations

import torch
from torch.nn import functional

# Of the classes, as red, green, blue: black, orange, blue, green; all can be told without green.
COLOURS = ((0.0, 0.0, 0.0), (0.95, 0.6, 0.1), (0.25, 0.55, 0.95), (0.2, 0.8, 0.45))


def mean_iou(answer: torch.Tensor, truth: torch.Tensor, classes: int = 4) -> torch.Tensor:
    """The mean over classes of shared pixels / pixels of either, over all masks together.

    A class that neither has is left out.
    """
    ious = []
    for kind in range(classes):
        a, b = answer == kind, truth == kind
        either = (a | b).sum()
        ious.append(torch.where(either > 0, (a & b).sum() / either.clamp(min=1), torch.nan))
    return torch.stack(ious).nanmean()


def near_borders(masks: torch.Tensor) -> torch.Tensor:
    """Which pixels have one of another class among their eight neighbours: [N, H, W]."""
    values = masks[:, None].float()
    greatest = functional.max_pool2d(values, 3, stride=1, padding=1)
    least = -functional.max_pool2d(-values, 3, stride=1, padding=1)
    return (greatest != least)[:, 0]


def in_colour(masks: torch.Tensor) -> torch.Tensor:
    """Masks of at most four classes as pictures: [N, H, W] -> [N, 3, H, W]."""
    colours = torch.tensor(COLOURS, device=masks.device)
    return colours[masks].permute(0, 3, 1, 2)
