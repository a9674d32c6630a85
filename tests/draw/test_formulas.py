"""Display formulas: drawn where they can be, left alone where not."""

from __future__ import annotations

import pytest

from dlplay.draw.formulas import formula, render


def test_a_fraction_has_its_bar():
    assert formula(r"\frac{a + b}{c}") == "  a + b\n ╶─────╴\n    c"


def test_operators_stand_apart_as_they_were_written():
    assert formula(r"\theta_{t+1} = \theta_t - \eta \nabla L") == " θₜ₊₁ = θₜ - η∇L"
    assert formula("a=b") == " a=b"
    assert formula("x = -y") == " x = -y"
    assert formula("x_{t - 1} = 2") == " xₜ₋₁ = 2"  # not in a subscript
    assert formula(r"x \in \mathbb{R}^{n}") == " x ∈ ℝⁿ"
    assert formula(r"L = -\log p") == " L = -log p"


def test_a_sum_has_its_limits():
    drawn = formula(r"\sum_{i=1}^n x_i").split("\n")
    assert len(drawn) == 5
    assert drawn[0].strip() == "ₙ"
    assert drawn[-1].strip() == "ⁱ⁼¹"


@pytest.mark.parametrize(
    "tex", [r"\frac{1}{", r"\operatorname{Var}[x]", r"\nosuchcommand{x}", "}", r"\left("]
)
def test_what_cannot_be_drawn_stays_as_it_was_written(tex):
    assert formula(tex) == tex


def test_a_question_mark_of_ones_own_is_no_error():
    assert formula("x = ?") == " x = ?"


def test_blocks_in_markdown():
    text = "Before\n$$ a = b $$\nafter, $5, and\n\n$$\nx^2\n$$\n\nend"
    assert render(text) == (
        "Before\n\n```text\n a = b\n```\n\nafter, $5, and\n\n```text\n x²\n```\n\nend"
    )


def test_text_without_formulas_is_untouched():
    text = "# A\n\n\n\nIt costs $5 or 10$.\n\n```\n$$ a $$\n```\n~~~\n$$ b $$\n~~~\n"
    assert render(text) == text


def test_ascii_keeps_the_tex():
    assert render("$$ \\frac{a}\n{b} $$", ascii=True) == "\n\n```text\n\\frac{a} {b}\n```\n\n"
