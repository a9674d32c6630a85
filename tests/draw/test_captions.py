"""Captions: whole where there is room, fewer clauses where there is less, never a cut word."""

import pytest

from dlplay.draw.captions import beginnings, clauses, wrapped

LONG = "how wrong the net is on its 200 points; lower is better"


def test_clauses_are_dropped_whole_from_the_end() -> None:
    assert clauses(LONG, 60) == LONG
    assert clauses(LONG, 54) == "how wrong the net is on its 200 points"
    assert clauses(LONG, 37) == ""


def test_clauses_end_outside_of_brackets_and_numbers() -> None:
    text = "of 2,000 points (all, or half), in a plane; less is more"
    kept = ["of 2,000 points (all, or half), in a plane", "of 2,000 points (all, or half)"]
    assert list(beginnings(text)) == [text, *kept]


@pytest.mark.parametrize(
    ("rooms", "lines"),
    [
        ([60], [LONG]),
        ([60, 60], [LONG]),
        ([40], ["how wrong the net is on its 200 points"]),
        ([20, 30], ["how wrong the net is", "on its 200 points"]),
        ([37, 60], ["how wrong the net is on its", "200 points; lower is better"]),
        ([20, 34], ["how wrong the net is", "on its 200 points; lower is better"]),
        ([20, 30, 30], ["how wrong the net is", "on its 200 points;", "lower is better"]),
        ([54, 60], ["how wrong the net is on its 200 points;", "lower is better"]),
        ([8, 38], ["", "how wrong the net is on its 200 points"]),
        ([30], ["how wrong the net is on its…"]),
        ([20, 10], ["how wrong the net is", "on its…"]),
        ([20], [""]),
        ([2, 2], ["", ""]),
        ([], []),
    ],
)
def test_a_caption_takes_the_lines_it_needs(rooms: list[int], lines: list[str]) -> None:
    assert wrapped(LONG, rooms) == lines


@pytest.mark.parametrize("first", range(0, 60, 3))
@pytest.mark.parametrize("more", [[], [12], [30, 30]])
def test_no_word_is_cut_and_no_line_too_long(first: int, more: list[int]) -> None:
    lines = wrapped(LONG, [first, *more])
    assert all(len(line) <= room for line, room in zip(lines, [first, *more], strict=False))
    said = " ".join(line for line in lines if line)
    cut = said.endswith("…")
    assert f"{LONG};".startswith(said.removesuffix("…") + (" " if cut else ""))
    assert cut or said in ("", LONG, "how wrong the net is on its 200 points")


def test_no_word_stands_alone_where_a_clause_can() -> None:
    text = "where it draws; the data are at 0"
    assert wrapped(text, [31, 46]) == ["where it draws;", "the data are at 0"]
    text = "a picture that is 1 everywhere, blurred once: its first row, across"
    assert wrapped(text, [31, 40]) == ["a picture that is 1 everywhere,", text[32:]]
    three = ["a picture that is 1", "everywhere, blurred once:", "its first row, across"]
    assert wrapped(text, [23, 36, 36]) == three
    text = "query and key, turned by their places: their angle is the distance"
    assert wrapped(text, [39, 60])[0] == "query and key, turned by their places:"
    assert wrapped("one line for each of the nets", [27, 40]) == [
        "one line for",
        "each of the nets",
    ]


def test_nothing_said_takes_nothing() -> None:
    assert wrapped("", [10, 10]) == [""]
