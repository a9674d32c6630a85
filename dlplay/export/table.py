"""`csv`: the curves as data, every point that was recorded."""

from __future__ import annotations

import csv as writer
import io
from itertools import repeat

from dlplay.export.options import Options
from dlplay.export.source import Source
from dlplay.words.foreign import cell

COLUMNS = ("panel", "series", "tick", "x", "y")


def csv(source: Source, options: Options) -> str:
    """One row a point: panel, series, tick, x, y.

    `tick` counts the step boundaries passed since the run began; it is empty for whole plots,
    of which the last is written. Numbers are written so that they are read back to the last bit;
    those that are not finite are `nan`, `inf` and `-inf`. A name that a spreadsheet would compute
    as a formula begins with an apostrophe. Raises NoSuchPanel.
    """
    curves = source.curves()
    file = io.StringIO()
    rows = writer.writer(file, lineterminator="\n")
    rows.writerow(COLUMNS)
    for panel in options.choose(list(curves), "panels with curves"):
        for name, points in curves[panel].items():
            ticks = map(int, points.ticks) if points.ticks else repeat("")
            columns = zip(
                repeat(cell(panel)), repeat(cell(name)), ticks, points.x, points.y, strict=False
            )
            rows.writerows(columns)
    return file.getvalue()
