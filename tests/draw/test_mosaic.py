"""How panels share the screen."""

from __future__ import annotations

import pytest

from dlplay.draw.mosaic import (
    LEAD,
    LOWEST,
    SMALLEST,
    Place,
    Want,
    _beside,
    _strain,
    pages,
    places,
)
from dlplay.tui.widgets.strip import fitted

PICTURE = Want(lambda width: 14)
TABLE = Want(lambda width: 6, stretches=False)


def overlap(a: Place, b: Place) -> bool:
    return (
        a.x < b.x + b.width
        and b.x < a.x + a.width
        and a.y < b.y + b.height
        and b.y < a.y + a.height
    )


def test_what_a_lead_cannot_fill_is_for_the_pictures_under_it():
    lead = Want(lambda width: 14, fills=lambda width, height: (width, min(height, 18)))
    places_found = places([lead, PICTURE, PICTURE], 78, 40)
    assert places_found[0] == Place(0, 0, 78, 18)
    assert [place.height for place in places_found[1:]] == [22, 22]
    tables = places([lead, TABLE, TABLE], 78, 40)
    assert tables[0].height > 18  # nobody has a use for it


def test_a_table_that_leads_takes_its_rows_and_the_pictures_the_others():
    table = Want(lambda width: 11, False, lambda width, height: (width, min(height, 11)))
    lead, *others = places([table, PICTURE, PICTURE], 78, 40)
    assert lead.height == 11
    assert {place.height for place in others} == {29}


def test_a_lead_whose_picture_comes_in_steps_gets_the_next_step_if_it_can():
    """A map of 17 rows is whole in 20 rows and half as high in fewer."""
    lead = Want(
        lambda width: 20,
        stretches=False,
        fills=lambda width, height: (width, 20 if height >= 20 else 11),
    )
    assert places([lead, PICTURE], 78, 35)[0].height == 20


def test_a_table_is_given_the_width_that_it_needs():
    wide = Want(lambda width: 6, stretches=False, width=70)
    assert places([PICTURE, TABLE, PICTURE], 120, 33)[1].width == 40
    assert places([PICTURE, wide, PICTURE], 120, 33)[1].width >= 60


def test_others_stand_beside_a_lead_that_is_narrow():
    narrow = Want(lambda width: 30, fills=lambda width, height: (min(width, 2 * height), height))
    wide = Want(lambda width: 30)
    assert {place.y for place in places([narrow, PICTURE, PICTURE], 120, 40)} == {0, 20}
    assert places([narrow, PICTURE, PICTURE], 120, 40)[0].width < 120
    assert places([wide, PICTURE, PICTURE], 78, 40)[0].width == 78


def test_room_that_a_low_picture_leaves_idle_counts_against_a_layout():
    low = Want(lambda width: 14, fills=lambda width, height: (width, min(height, 14)))
    layout = _beside([PICTURE, low, low], 67, 202, 60)
    assert _strain([PICTURE, low, low], layout) > _strain([PICTURE, PICTURE, PICTURE], layout) + 2
    more = Want(lambda width: 14, fills=lambda width, height: (width, height + 2))
    assert _strain([PICTURE, more, more], layout) == _strain([PICTURE] * 3, layout)


@pytest.mark.parametrize("kinds", [(PICTURE,), (PICTURE, TABLE), (TABLE,)])
@pytest.mark.parametrize("count", range(1, 13))
@pytest.mark.parametrize(
    "size", [(50, 18), (78, 35), (90, 55), (112, 44), (150, 56), (30, 7), (10, 3)]
)
def test_the_lead_has_half_and_every_panel_is_on_some_page(kinds, count, size):
    wants = [kinds[n % len(kinds)] for n in range(count)]
    lead = count // 2
    groups = pages(wants, lead, *size)
    assert {number for group in groups for number in group} == set(range(count))
    for group in groups:
        found = places([wants[n] for n in group], *size)
        assert len(found) == len(group)
        assert not any(overlap(a, b) for n, a in enumerate(found) for b in found[:n])
        for place in found:
            assert place.x >= 0
            assert place.y >= 0
            assert place.x + place.width <= size[0]
            assert place.y + place.height <= size[1]
        if len(group) == 1:
            continue
        assert group[0] == lead
        assert 2 * found[0].width * found[0].height >= size[0] * size[1]
        for number, place in zip(group[1:], found[1:], strict=True):
            assert place.width >= SMALLEST[0]
            assert place.height >= (SMALLEST[1] if wants[number].stretches else LOWEST)


def test_at_80_columns_the_lead_is_alone():
    assert pages([PICTURE] * 4, 0, 50, 19) == [[0], [1], [2], [3]]
    assert pages([PICTURE, TABLE], 0, 50, 19) == [[0], [1]]


def test_at_120_columns_four_panels_are_seen_and_eight_have_pages():
    assert pages([PICTURE] * 4, 0, 78, 35) == [[0, 1, 2, 3]]
    groups = pages([PICTURE] * 8, 2, 78, 35)
    assert len(groups) == 3
    assert all(group[0] == 2 for group in groups)


def test_pictures_under_the_lead_are_no_flat_strips():
    lead, *others = places([PICTURE] * 4, 130, 54)
    assert {place.width for place in others} <= {43, 44}
    assert all(place.height >= 14 for place in others)
    assert lead.height >= 27
    _, *narrow = places([Want(lambda width: 10)] * 4, 90, 53)
    assert all(place.height >= 14 for place in narrow)


def test_a_picture_that_has_no_use_for_more_rows_leaves_them_to_others():
    small = Want(lambda width: 9, fills=lambda width, height: (width, min(height, 10)))
    for wants in ([PICTURE, small, PICTURE], [PICTURE, PICTURE, small], [PICTURE, small]):
        lead, *others = _beside(wants, 39, 78, 35)
        assert sum(place.height for place in others) == lead.height == 35
        if len(others) > 1:
            assert others[wants.index(small) - 1].height == 10


def test_a_table_is_as_high_as_its_rows_and_the_lead_has_the_rest():
    lead, table = places([PICTURE, TABLE], 78, 35)
    assert (table.width, table.height) == (78, 6)
    assert (lead.width, lead.height) == (78, 29)
    assert lead.height > LEAD
    lead, *others = places([PICTURE, TABLE, PICTURE], 90, 55)
    assert 6 in [place.height for place in others]


def test_names_are_shortened_to_fit_but_not_the_chosen_one():
    names = ["best unit of each layer", "all units", "right alone", "whole net"]
    assert fitted(names, 0, 100) == (0, names)
    first, short = fitted(names, 1, 50)
    assert first == 0
    assert short[1] == "all units"
    assert short[0].endswith("…")
    assert sum(len(f" {n} ") + 1 + len(name) for n, name in enumerate(short)) <= 50
    assert fitted(names, 2, 10) == (2, ["right alone"])
