"""Data for scenes: small bundled files and generators. Nothing is ever downloaded.

Every bundled file has its source and licence in LICENSES.md beside this file. Everything returned
is a float32 or int64 tensor on the CPU; move it with `.to(stage.device)`.
"""

from dlplay.data.bundled import digits, photo, shakespeare
from dlplay.data.plane import points
from dlplay.data.shapes import bars

__all__ = ["bars", "digits", "photo", "points", "shakespeare"]
