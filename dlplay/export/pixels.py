"""Pixels as a PNG file, with nothing but the standard library."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


def png(pixels: np.ndarray[Any, Any]) -> bytes:
    """uint8 [H, W, 1 or 3] as a PNG file (https://www.w3.org/TR/png/)."""
    high, wide, channels = pixels.shape
    color = {1: 0, 3: 2}[channels]  # greyscale, truecolour
    rows = b"".join(b"\0" + pixels[row].tobytes() for row in range(high))
    header = struct.pack(">IIBBBBB", wide, high, 8, color, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
