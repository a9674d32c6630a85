"""Parts that several scenes share: model parts, and what their pictures are computed from."""

from dlplay.nn.geometry import grid, layout

__all__ = ["grid", "layout"]
