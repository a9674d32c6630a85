"""Lessons in any width: nothing is cut."""

from __future__ import annotations

import pytest
from rich.console import Console

from dlplay.draw.lesson import folded, lesson

FORMULA = r"$$L(\theta) = \frac{1}{N} \sum_i \ell(f_\theta(x_i), y_i) + \lambda \|\theta\|^2$$"
CODE = "```python\nnet = Sequential(Linear(2, 16), Tanh(), Linear(16, 16), Linear(16, 2))\n```"


def shown(markdown, width):
    console = Console(width=width, force_terminal=False, color_system=None)
    with console.capture() as capture:
        console.print(lesson(markdown))
    return capture.get().split("\n")


def signs(lines):
    return sorted(char for line in lines for char in line if not char.isspace())


@pytest.mark.parametrize("width", [8, 20, 30, 34, 44, 60, 100])
@pytest.mark.parametrize("markdown", [FORMULA, CODE])
def test_no_sign_of_a_formula_or_of_code_is_lost(markdown, width):
    lines = shown(markdown, width)
    assert signs(lines) == signs(shown(markdown, 200))
    assert all(len(line.rstrip()) <= width for line in lines)


def test_a_formula_is_indented_where_there_is_room():
    lines = [shown("```text\na = b\n```", width)[0] for width in (5, 7, 40)]
    indents = [len(line) - len(line.lstrip()) for line in lines]
    assert indents == [0, 2, 4]


def test_a_wide_drawing_is_parted_where_no_line_has_a_sign():
    drawing = ["  1      22", "--- +  ----", " 22     333"]
    assert folded(drawing, 8) == ["  1", "--- +", " 22", "", "  22", "----", " 333"]
    assert folded(["one and two"], 8) == ["one and", "two"]
