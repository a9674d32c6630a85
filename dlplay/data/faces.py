"""Drawn faces whose features are known."""

from __future__ import annotations

from typing import NamedTuple

import torch

FEATURES = ("glasses", "smile", "hair")
SIDE = 12  # pixels


class Faces(NamedTuple):
    """`images` [N, 1, 12, 12], values 0 to 1; `features` [N, 3], 1 where a face has the feature."""

    images: torch.Tensor
    features: torch.Tensor


def faces(count: int, device: str = "cpu") -> Faces:
    """Faces, each with or without each of the FEATURES, by the toss of a coin.

    They also differ in place, size and shade, of which nothing is told. Random numbers come from
    the global state, so that a run's seed decides.
    """
    has = torch.randint(2, (count, len(FEATURES)), device="cpu").float()
    glasses, smile, hair = has[:, :, None, None].unbind(dim=1)

    def drawn(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(count, 1, 1, device="cpu")

    y, x = torch.meshgrid(torch.arange(SIDE) + 0.5, torch.arange(SIDE) + 0.5, indexing="ij")
    u = (x - drawn(5.7, 6.3)) / drawn(4.6, 5.2)  # [N, 12, 12]; the head's edge is at 1
    v = (y - drawn(6.3, 6.8)) / drawn(5.0, 5.5)
    skin, dark = drawn(0.4, 0.6), 0.0

    def within(distance: torch.Tensor, sharp: float = 6.0) -> torch.Tensor:
        """1 inside, 0 outside, and between at the edge, where the distance is 0."""
        return torch.sigmoid(-sharp * distance)

    def over(
        picture: torch.Tensor, shade: torch.Tensor | float, where: torch.Tensor
    ) -> torch.Tensor:
        return picture * (1 - where) + shade * where

    radius = (u**2 + v**2).sqrt()
    picture = over(torch.zeros_like(u), skin, within(radius - 1))
    picture = over(
        picture, drawn(0.85, 1.0), hair * within((radius - 1.1).abs() - 0.25) * (v < -0.3)
    )
    eye = ((u.abs() - 0.42) ** 2 + (v + 0.15) ** 2).sqrt()
    picture = over(picture, dark, within(eye - 0.14, 12))
    frame = torch.maximum(
        within((eye - 0.33).abs() - 0.1, 12),
        within(torch.maximum((v + 0.15).abs() - 0.08, u.abs() - 0.12), 12),
    )
    picture = over(picture, 1.0, glasses * frame)
    bend = torch.where(smile == 1, -1.3, 0.7)  # the corners go up, or down
    mouth = torch.maximum((v - 0.55 - bend * (u**2 - 0.1)).abs() - 0.13, u.abs() - 0.6)
    picture = over(picture, dark, within(mouth, 20))
    picture = (picture + 0.02 * torch.randn(picture.shape, device="cpu")).clamp(0, 1)
    return Faces(picture[:, None].to(device), has.to(device))
