"""What all events have, and the numbers that some of them carry."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import numpy as np

Number = float
MOST = 1 << 53  # whole numbers beyond are none that we count or draw


class Array(msgspec.Struct, frozen=True):
    """Numbers in row-major order: `dtype` as numpy spells it (`<f4`, `|u1`); base64 in JSON."""

    shape: tuple[int, ...]
    dtype: str
    data: bytes

    @classmethod
    def of(cls, values: np.ndarray[Any, Any]) -> Array:
        return cls(tuple(values.shape), values.dtype.str, values.tobytes())

    def numpy(self) -> np.ndarray[Any, Any]:
        """A read-only view of the numbers."""
        import numpy as np

        return np.frombuffer(self.data, dtype=self.dtype).reshape(self.shape)

    def holds(self, dimensions: int, item: str) -> bool:
        """Whether it has so many dimensions, this type (`f4`), and all its numbers."""
        return (
            self.dtype in (f"<{item}", f"|{item}")
            and len(self.shape) == dimensions
            and all(side >= 0 for side in self.shape)
            and math.prod(self.shape) * int(item[1:]) == len(self.data)
        )

    def holds_points(self) -> bool:
        """Whether it is float32 [N, 2]."""
        return self.holds(2, "f4") and self.shape[1] == 2


class Event(msgspec.Struct, kw_only=True, tag_field="type", tag=str.lower):
    """What every event carries."""

    tick: int = 0

    def sound(self) -> bool:
        """Whether its parts fit each other, as its docstring promises. Ours do; those of a file
        that somebody else sent need not."""
        return True
