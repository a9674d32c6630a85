"""Parts that several scenes share: model parts, and what their pictures are computed from.

Model parts are imported from their modules: attention, detection, judge,
optimizers, transformer.
"""

from dlplay.nn.geometry import cloud_picture, grid, layout, unfolded

__all__ = ["cloud_picture", "grid", "layout", "unfolded"]
