"""From what scenes draw with (tensors on any device, arrays, lists) to the arrays of events."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dlplay.stage import bounds
from dlplay.wire.events import Array, Box, Outlines

if TYPE_CHECKING:
    import numpy.typing as npt

LARGEST = 512  # rows or columns of a picture; a terminal shows far fewer

Numbers = Any  # a tensor, an array, or nested lists of numbers


def to_numpy(values: Numbers) -> npt.NDArray[Any]:
    """The numbers as an array of our own, off any device and any graph."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        if str(values.dtype) == "torch.bfloat16":
            values = values.float()
        return np.array(values.numpy())
    if isinstance(values, (list, tuple)) and values and hasattr(values[0], "detach"):
        return np.stack([to_numpy(value) for value in values])
    return np.array(values)


def floats(values: Numbers, dims: tuple[int, ...], what: str) -> npt.NDArray[np.float32]:
    """float32 with one of the given numbers of dimensions; ValueError otherwise."""
    with np.errstate(over="ignore", invalid="ignore"):  # what diverges becomes infinite
        array = to_numpy(values).astype(np.float32)
    if array.ndim not in dims:
        wanted = " or ".join(str(d) for d in dims)
        raise ValueError(f"{what} needs {wanted} dimensions, not {list(array.shape)}")
    if array.size and max(array.shape[-2:]) > LARGEST and array.ndim > 1 and what != "points":
        raise ValueError(
            f"{what} takes at most {LARGEST} rows and columns, not {list(array.shape)}"
        )
    return array


def limits(
    array: npt.NDArray[np.float32], low: float | None, high: float | None, diverging: bool
) -> tuple[float, float]:
    """The ends of a colour scale: those given, or those of the finite values."""
    finite = array[np.isfinite(array)]
    least, most = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if diverging:
        reach = max(abs(least), abs(most))
        least, most = -reach, reach
    return (least if low is None else float(low)), (most if high is None else float(high))


def pixels(images: Numbers, low: float | None, high: float | None) -> Array:
    """uint8 [N, H, W, C] from [H, W], [N, H, W] (grey) or [N, 1 or 3, H, W].

    uint8 input passes as it is; other numbers are stretched from `low`..`high` to 0..255.
    """
    sides = tuple(getattr(images, "shape", ()))[-2:]
    if sides and max(sides) > LARGEST:  # before it is copied
        raise ValueError(f"image takes at most {LARGEST} pixels a side, not {list(images.shape)}")
    array = to_numpy(images)
    if array.ndim == 2:
        array = array[None]
    if array.ndim == 3:
        array = array[:, None]
    if array.ndim != 4 or array.shape[1] not in (1, 3):
        raise ValueError(
            "image takes [H, W], [N, H, W] or [N, 1 or 3, H, W], "
            f"not {list(to_numpy(images).shape)}"
        )
    if max(array.shape[2:]) > LARGEST:
        raise ValueError(f"image takes at most {LARGEST} pixels a side, not {list(array.shape)}")
    if array.dtype != np.uint8:
        values = array.astype(np.float32)
        least, most = limits(values, low, high, diverging=False)
        scaled = (values - least) / max(most - least, 1e-12)
        array = (np.nan_to_num(scaled, nan=0.0).clip(0, 1) * 255).round().astype(np.uint8)
    return Array.of(np.ascontiguousarray(array.transpose(0, 2, 3, 1)))


def points(values: Numbers) -> Array:
    """float32 [N, 2]."""
    array = floats(values, (1, 2), "points")
    array = array.reshape(-1, 2) if array.size else np.zeros((0, 2), np.float32)
    return Array.of(array)


def path(values: Numbers) -> Array:
    """float32 [N, 2], thinned where there are many."""
    array = floats(values, (1, 2), "points")
    return Array.of(bounds.thinned(array.reshape(-1, 2)) if array.size else array.reshape(0, 2))


def outlines(
    name: str, boxes: Sequence[Numbers], labels: Sequence[Any] | None, count: int
) -> Outlines:
    """Boxes [K, 4] of each of `count` images, without those that have no area."""
    alone = count == 1 and len(boxes) > 0 and to_numpy(boxes[0]).ndim == 1 and len(boxes[0]) > 0
    each = [boxes] if alone else boxes
    if len(each) != count:
        raise ValueError(f"boxes: {name!r} is for {len(each)} images; there are {count}")
    words = None if labels is None else [labels] if alone else labels
    found, images, said = [np.zeros((0, 4), np.float32)], [], []
    for number, some in enumerate(each):
        edges = to_numpy(some).astype(np.float32)
        if edges.size and (edges.ndim > 2 or edges.shape[-1] != 4):
            raise ValueError(f"boxes: {name!r} needs [K, 4], not {list(edges.shape)}")
        edges = edges.reshape(-1, 4)
        kept = np.isfinite(edges).all(axis=1)
        kept &= (edges[:, 2] > edges[:, 0]) & (edges[:, 3] > edges[:, 1])
        found.append(edges[kept])
        images += [number] * int(kept.sum())
        if words is not None:
            if len(words[number]) != len(edges):
                raise ValueError(
                    f"box_labels: {name!r} needs a label a box: {len(words[number])} for "
                    f"{len(edges)} of image {number}"
                )
            said += [str(word) for word, keep in zip(words[number], kept, strict=True) if keep]
    return Outlines(name, Array.of(np.concatenate(found)), images, said)


def series(values: Numbers) -> list[float]:
    """A flat list of floats."""
    flat: list[float] = to_numpy(values).astype(np.float64).reshape(-1).tolist()
    return flat


def box(values: Numbers) -> Box:
    """How the finite ones of some numbers lie."""
    every = np.array(series(values))
    finite = every[np.isfinite(every)]
    bad = len(every) - len(finite)
    if not finite.size:
        nothing = math.nan
        return Box(nothing, nothing, nothing, nothing, nothing, nothing, 0, bad)
    with np.errstate(over="ignore", invalid="ignore"):  # of numbers at the end of all numbers
        least, lower, middle, upper, most = np.quantile(finite, (0, 0.25, 0.5, 0.75, 1)).tolist()
        return Box(least, lower, middle, upper, most, float(finite.mean()), len(finite), bad)
