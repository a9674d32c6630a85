"""Image files as tensors."""

from __future__ import annotations

import warnings
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import torch

from dlplay.author.contents import Unfit, as_image

if TYPE_CHECKING:
    from PIL.Image import Image


def decoded(data: bytes, size: int | None, grey: bool) -> torch.Tensor:
    """The image that a file holds, [3 or 1, H, W], values 0 to 1. Raises Unfit.

    `size`: its middle square, scaled to this width and height.
    """
    opened = as_image(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata
            x = _tensor(_scaled(opened, size, grey))
    except Unfit:
        raise
    except Exception:  # decoders raise nearly anything at what is broken
        raise Unfit("it is broken, so it cannot be decoded") from None
    return x if grey else x.expand(3, -1, -1).contiguous()


def _scaled(image: Image, size: int | None, grey: bool) -> Image:
    from PIL import ImageOps
    from PIL.Image import Resampling

    if size is not None:
        image.draft("", (2 * size, 2 * size))  # a large JPEG need not be decoded whole
    image.load()
    flat = _flat(_upright(image))
    if grey and flat.mode == "RGB":
        flat = flat.convert("L")
    return flat if size is None else ImageOps.fit(flat, (size, size), Resampling.LANCZOS)


def _upright(image: Image) -> Image:
    """As the camera was held, if the file tells."""
    from PIL import ImageOps

    with suppress(Exception):  # what it tells may be broken, where the image is not
        return ImageOps.exif_transpose(image)
    return image


def _flat(image: Image) -> Image:
    """In mode L, RGB, or F with values 0 to 1; what is transparent lies on white."""
    from PIL.Image import fromarray, new

    if image.mode == "F" or image.mode.startswith("I"):
        numbers = np.asarray(image).astype(np.float32) / (1 if image.mode == "F" else 65535)
        if not (numbers.min() >= 0 and numbers.max() <= 1):
            raise Unfit("its pixels have other values than 8 or 16 bits hold")
        return fromarray(numbers)
    if image.has_transparency_data:
        white = new("RGBA", image.size, "white")
        white.alpha_composite(image.convert("RGBA"))
        return white.convert("RGB")
    return image if image.mode == "L" else image.convert("RGB")


def _tensor(image: Image) -> torch.Tensor:
    x = torch.from_numpy(np.array(image, np.float32))
    x = x.clamp(0, 1) if image.mode == "F" else x / 255
    return x[None] if x.dim() == 2 else x.permute(2, 0, 1).contiguous()
