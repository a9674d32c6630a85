"""The timeline's marks and their names."""

from __future__ import annotations

import pytest

from dlplay.engine.timeline import Mark
from dlplay.tui.widgets.timebar import timebar

INKS = dict.fromkeys(("accent", "warning", "error"), "")
MARKS = [
    Mark(20, "tweak", "learning_rate = 0.1"),
    Mark(60, "spike", "loss: train jumps to 3"),
    Mark(61, "spike", "loss: test jumps to 4"),
    Mark(99, "diverged", "it diverged"),
]


def test_marks_have_their_names_where_there_is_room():
    line = timebar(50, 100, MARKS, 180, INKS).plain
    assert "▾ learning_rate = 0.1 ─" in line
    assert "▲ loss: test jumps to 4 ─" in line
    assert "loss: train jumps" not in line  # the next mark is beside it
    assert line.count("●") == 1


def test_a_name_is_shortened_before_it_is_left_out():
    assert "▾ learning… ●" in timebar(50, 100, MARKS, 72, INKS).plain
    assert "learning" not in timebar(50, 100, MARKS, 50, INKS).plain


@pytest.mark.parametrize("width", range(30, 200, 7))
@pytest.mark.parametrize("at", [10, 50, 80])
def test_names_hide_neither_marks_nor_the_cursor(width, at):
    named = timebar(at, 100, MARKS, width, INKS).plain
    bare = timebar(at, 100, [Mark(m.tick, m.kind, "") for m in MARKS], width, INKS).plain
    signs = [(n, char) for n, char in enumerate(bare) if char in "▾▲✗●"]
    assert [(n, named[n]) for n, _ in signs] == signs
    assert len(named) == len(bare)
