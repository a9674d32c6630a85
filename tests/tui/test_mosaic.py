"""How panels share the screen."""

from __future__ import annotations

import pytest

from dlplay.tui.widgets.mosaic import SMALLEST, plan


@pytest.mark.parametrize("count", range(1, 13))
@pytest.mark.parametrize("size", [(50, 20), (78, 36), (112, 44), (150, 56), (30, 7), (10, 3)])
def test_every_panel_is_on_some_page_at_a_bearable_size(count, size):
    layout = plan(count, *size)
    assert layout.per_page * layout.pages >= count > layout.per_page * (layout.pages - 1)
    cells = layout.columns * layout.rows
    assert cells - (layout.column_span * layout.row_span - 1) == layout.per_page
    assert layout.column_span <= layout.columns
    assert layout.row_span <= layout.rows
    if size[0] >= SMALLEST[0] and size[1] >= SMALLEST[1]:
        assert size[0] // layout.columns >= SMALLEST[0]
        assert size[1] // layout.rows >= SMALLEST[1]


def test_known_layouts():
    assert (plan(4, 78, 36).columns, plan(4, 78, 36).rows) == (2, 2)
    two_pages = plan(4, 50, 20)
    assert (two_pages.columns, two_pages.rows, two_pages.pages) == (1, 2, 2)
    five = plan(5, 112, 44)
    assert (five.columns, five.rows, five.column_span) == (3, 2, 2)
