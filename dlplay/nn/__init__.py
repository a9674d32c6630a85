"""Parts that several scenes share: model parts, and what their pictures are computed from.

Model parts are imported from their modules: attention, detection, judge,
optimizers, transformer.
"""

from dlplay.nn.geometry import arrows, cloud_picture, grid, layout, sliced_distance, unfolded

__all__ = ["arrows", "cloud_picture", "grid", "layout", "sliced_distance", "unfolded"]
