"""Charts that lie: a label a group at the left, a row or more for each, the values' axis below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dlplay.draw import glyphs
from dlplay.draw.canvas import Canvas
from dlplay.draw.figures import Scale
from dlplay.draw.frame import Area, x_axis
from dlplay.draw.ink import FAINT, NONE

SPACIOUS = 4  # rows of a group that leave one free between bars of three


@dataclass(frozen=True)
class Lanes:
    """Where the groups lie: `slot` rows of the area for each of the first `shown`."""

    area: Area
    shown: int
    slot: int

    @property
    def thick(self) -> int:
        """Rows of a bar, an odd number, so that it has a middle."""
        return 3 if self.slot >= SPACIOUS else 1

    @property
    def share(self) -> float:
        """How far it is from the middle of its first row to that of its last, in slots."""
        return (self.thick - 1) / self.slot

    def row(self, group: int) -> int:
        """The row of the area in which the middle of the group lies."""
        return group * self.slot + (self.slot - 1) // 2

    def middle(self, group: int) -> float:
        """The height of that row, in slots from below."""
        return (self.area.height - self.row(group) - 0.5) / self.slot


def lay(
    canvas: Canvas, top: int, labels: Sequence[str], x: Scale, x_label: str = ""
) -> Lanes | None:
    """Draw labels and axis from row `top` on; None if there is no room for a chart.

    Groups that do not fit are counted in the last row.
    """
    room = canvas.height - top
    below = 2 if room >= len(labels) + 2 else 1 if room > min(len(labels), 3) else 0
    left = min(max(map(glyphs.width, labels), default=0), canvas.width // 3)
    left = left + 1 if left else 0
    space = room - below
    shown = len(labels) if len(labels) <= space else max(1, space - 1)
    if space < 1 or canvas.width - left - 1 < 1 or not labels:
        return None
    slot = min(SPACIOUS, (space if shown == len(labels) else space - 1) // shown) or 1
    area = Area(left + 1, top, canvas.width - left - 1, slot * shown)
    for row in range(area.height):
        canvas.text(left, top + row, "│", NONE, FAINT)
    found = Lanes(area, shown, slot)
    for group in range(shown):
        label = glyphs.fit(labels[group], left - 1)
        canvas.right(left - 1, top + found.row(group), label)
    if shown < len(labels) and space > shown:
        canvas.text(area.x, top + area.height, f"+{len(labels) - shown} more", NONE, FAINT)
    if below:
        y = canvas.height - below if shown < len(labels) else top + area.height
        x_axis(canvas, area, x, x_label, y, below)
    return found


def natural(groups: int, legend: int = 0, boxed: bool = True) -> int:
    """The rows that so many groups would like; less where all are single lines."""
    slot = SPACIOUS if groups <= 4 and boxed else 2
    return max(1, min(20, groups * slot + 2 + legend))
