"""Loaders of the bundled files."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

import numpy as np
import torch

FOLDER = Path(__file__).parent / "files"
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket", "camera", "coins")


@cache
def _digits() -> tuple[torch.Tensor, torch.Tensor]:
    raw = gzip.decompress((FOLDER / "digits8x8.bin.gz").read_bytes())
    rows = torch.from_numpy(np.frombuffer(raw, np.uint8).reshape(-1, 65).copy())
    return rows[:, :64].float().div(16).reshape(-1, 1, 8, 8), rows[:, 64].long()


def digits(
    train: int = 1400, *, split_seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Handwritten digits: x_train [train, 1, 8, 8], y_train, x_test, y_test; values 0 to 1.

    1,797 images in all, from the UCI optdigits test set (Alpaydin and Kaynak, 1998). The split
    depends on `split_seed` only, so that runs of different seeds share it.
    """
    x, y = _digits()
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(split_seed))
    x, y = x[order], y[order]
    return x[:train].clone(), y[:train].clone(), x[train:].clone(), y[train:].clone()


@cache
def shakespeare() -> str:
    """Nine plays, 1,122,254 characters of 78 kinds, laid out as dialogue."""
    return gzip.decompress((FOLDER / "shakespeare.txt.gz").read_bytes()).decode("ascii")


def photo(name: str) -> torch.Tensor:
    """A 128x128 picture, [3 or 1, 128, 128], values 0 to 1: one of PHOTOS."""
    if name not in PHOTOS:
        raise ValueError(f"a photo is one of {', '.join(PHOTOS)}, not {name!r}")
    with np.load(FOLDER / "photos.npz") as archive:
        pixels = torch.from_numpy(archive[name].copy()).float() / 255
    return pixels[None] if pixels.dim() == 2 else pixels.permute(2, 0, 1).contiguous()
