"""Loaders of the bundled pictures: digits, clothes, photos."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

import numpy as np
import torch

FOLDER = Path(__file__).parent / "files"
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket", "camera", "coins")
# What the classes of fashion() are, in order.
CLOTHES = (
    "T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
    "ankle boot",
)  # fmt: skip


@cache
def _digits() -> tuple[torch.Tensor, torch.Tensor]:
    raw = gzip.decompress((FOLDER / "digits8x8.bin.gz").read_bytes())
    rows = torch.from_numpy(np.frombuffer(raw, np.uint8).reshape(-1, 65).copy())
    return rows[:, :64].float().div(16).reshape(-1, 1, 8, 8), rows[:, 64].long()


Split = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def digits(
    train: int = 1400,
    *,
    flat: bool = False,
    standard: bool = False,
    device: str = "cpu",
    split_seed: int = 0,
) -> Split:
    """Handwritten digits: x_train [train, 1, 8, 8], y_train, x_test, y_test; values 0 to 1.

    1,797 images in all, from the UCI optdigits test set (Alpaydin and Kaynak, 1998). `flat`: each
    image as 64 numbers. `standard`: each pixel with mean 0 and standard deviation 1 over the
    training images (pixels that never change stay 0). The split depends on `split_seed` only, so
    that runs of different seeds share it.
    """
    x, y = _digits()
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(split_seed))
    x, y = x[order], y[order]
    return _prepared(x[:train], y[:train], x[train:], y[train:], flat, standard, device)


@cache
def _fashion() -> Split:
    raw = gzip.decompress((FOLDER / "fashion_3k.bin.gz").read_bytes())
    data = torch.from_numpy(np.frombuffer(raw, np.uint8)[8:].copy())
    y, y_test, pairs = data[:3000], data[3000:3600], data[3600:]
    # Two pixels share a byte: the left one has the upper half.
    x = torch.stack([pairs >> 4, pairs & 15], dim=1).float().div(15).reshape(3600, 1, 28, 28)
    return x[:3000], y.long(), x[3000:], y_test.long()


def fashion(
    train: int = 3000, *, flat: bool = False, standard: bool = False, device: str = "cpu"
) -> Split:
    """Pictures of clothes: x_train [train, 1, 28, 28], y_train, x_test [600, 1, 28, 28], y_test.

    Values 0 to 1 in 16 levels of grey, the classes 0 to 9 as in CLOTHES, as many of each; a
    part of Fashion-MNIST (Zalando SE, 2017). The test pictures come from its test set. `train`:
    the first so many of the 3,000 training pictures, which lie in random order. `flat`,
    `standard`: as of `digits`.
    """
    x, y, x_test, y_test = _fashion()
    return _prepared(x[:train], y[:train], x_test, y_test, flat, standard, device)


def _prepared(
    x: torch.Tensor,
    y: torch.Tensor,
    x_test: torch.Tensor,
    y_test: torch.Tensor,
    flat: bool,
    standard: bool,
    device: str,
) -> Split:
    if standard:
        mean, std = x.mean(dim=0), x.std(dim=0)
        std = torch.where(std > 0, std, torch.ones_like(std))
        x, x_test = (x - mean) / std, (x_test - mean) / std
    if flat:
        x, x_test = x.flatten(1), x_test.flatten(1)
    return (
        x.clone().to(device),
        y.clone().to(device),
        x_test.clone().to(device),
        y_test.clone().to(device),
    )


def photo(name: str, *, device: str = "cpu") -> torch.Tensor:
    """A 128x128 picture, [3, 128, 128], of camera and coins [1, 128, 128]; values 0 to 1.

    One of PHOTOS: sample images of scikit-image, cropped and scaled down.
    """
    if name not in PHOTOS:
        raise ValueError(f"a photo is one of {', '.join(PHOTOS)}, not {name!r}")
    with np.load(FOLDER / "photos.npz") as archive:
        pixels = torch.from_numpy(archive[name].copy()).float() / 255
    pixels = pixels[None] if pixels.dim() == 2 else pixels.permute(2, 0, 1)
    return pixels.contiguous().to(device)
