"""Numbers as people read them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dlplay.words.numbers import bound, last_place, short, stands, steps


@pytest.mark.parametrize(("count", "text"), [(0, "0 steps"), (1, "1 step"), (2000, "2,000 steps")])
def test_how_many_steps(count, text):
    assert steps(count) == text


def test_no_page_says_that_it_was_after_1_steps():
    """Looks are made after the first step, too: headlines say `step 1: ...`."""
    top = Path(__file__).parents[2]
    files = [*top.glob("scenes/**/*.py"), *top.glob("docs/**/*.py"), top / "README.md"]
    files.append(top / "dlplay" / "cli" / "template.py")
    assert len(files) > 100
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    assert [file for file, text in texts.items() if re.search(r"step \+ 1\} \w+s\b", text)] == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0.0, "0"),
        (12.0, "12"),
        (1234.6, "1235"),
        (0.123456, "0.1235"),
        (5e-324, "4.941e-324"),
        (float("inf"), "inf"),
    ],
)
def test_four_figures_say_enough(value, text):
    assert short(value) == text


@pytest.mark.parametrize(
    ("relation", "limit", "text"),
    [
        (">", 2.0, "> 2"),
        ("between", (0.9, 1.1), "0.9 to 1.1"),
        ("between", (1 - 1e-6, 1 + 1e-6), "1 ± 1e-06"),
        ("<", None, ""),
    ],
)
def test_bounds_say_what_is_allowed(relation, limit, text):
    assert bound(relation, limit) == text


@pytest.mark.parametrize(
    ("holds", "whole", "words"),
    [
        (True, True, "✓ holds"),
        (False, True, "✗ fails"),
        (None, True, "· not measured"),
        (True, False, "✓ holds"),
        (False, False, "… not yet"),
        (None, False, "· not measured"),
    ],
)
def test_a_claim_fails_only_at_a_runs_own_end(holds, whole, words):
    assert stands(holds, whole)[0] == words


@pytest.mark.parametrize("value", [85.2348, 1.0, 9.999, 999.9, 1000.0, 123456.7, 2e7, 3e-9])
def test_the_last_place_is_what_the_figures_tell_apart(value):
    place = last_place(value)
    assert short(value) != short(value + place)
    assert short(value + place) == short(value + place + 0.01 * place)
