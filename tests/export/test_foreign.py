"""Texts of others in what is exported: in a script no code, in a table no formula."""

from __future__ import annotations

import ast
import csv
import io
import random
import tokenize

import pytest

from dlplay.course.catalog import Catalog
from dlplay.export.script import Plan, script
from dlplay.export.script.text import comment, literal
from dlplay.wire import events
from dlplay.words.foreign import cell
from tests import hostile
from tests.hostile import EVIL

PIECES = [
    "\n", "\r", "\0", "\x1b", "\x0c", "\u2028", "\x85", "\ud800", "\udcff", "'", '"', '"""', "'''",
    "\\", "\\\n", "#", "{x}", "import os", "\nimport os\n", "\t", "😀", "\\x41", "\\N{DASH}", "",
]  # fmt: skip


def texts(count, seed=0):
    by_chance = random.Random(seed)
    for _ in range(count):
        yield "".join(by_chance.choices(PIECES, k=by_chance.randint(0, 6)))


def test_a_literal_is_the_text_and_a_comment_is_a_comment():
    for text in texts(3000):
        assert ast.literal_eval(literal(text)) == text
        assert "\n" not in literal(text)
        (token,) = [
            t
            for t in tokenize.generate_tokens(io.StringIO(f"# {comment(text)}\n").readline)
            if t.type not in (tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
        ]
        assert token.type == tokenize.COMMENT
        literal(text).encode()
        comment(text).encode()


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    root = hostile.course(tmp_path_factory.mktemp("evil"))
    return Catalog([root]).find("evil/hostile")


def test_no_text_becomes_code(card):
    plain = shape(script(Plan(card, card.defaults | {"words": ""}, "an address", 0, "cpu", [])))
    for text in [EVIL, EVIL + hostile.HALF, *texts(30)]:
        tweak = events.Tweaked(tick=1, name="rate", value=1.0)
        known = card.defaults | {"words": text}
        source = script(Plan(card, known, f"evil/hostile words={text!s} {text}", 0, text, [tweak]))
        source.encode()
        assert shape(source, tweaked=True) == plain
        assert text in {n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant)}


def shape(source, tweaked=False):
    """The names and statements of a script, whatever its texts and numbers are."""
    tree = ast.parse(source)
    kinds = [type(node).__name__ for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    names = sorted(n.id for n in ast.walk(tree) if isinstance(n, ast.Name))
    return kinds, names


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"), ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"), ("@SUM(1)", "'@SUM(1)"),
        ("-2+3", "'-2+3"), ("\t=1", "'\t=1"), ("\r=1", "'␍=1"), (" =1", "' =1"), ("＝1", "'＝1"),
        ("-0.5", "-0.5"), ("+3e-4", "+3e-4"), ("-inf", "-inf"), ("loss", "loss"), ("", ""),
        ("a=b", "a=b"), ("\x1b[2J", "␛[2J"),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(text, written):
    assert cell(text) == written


def test_names_of_curves_are_no_formulas(by_hand):
    from dlplay.export.options import Options
    from dlplay.export.table import csv as write

    name = '=HYPERLINK("x")'
    source = by_hand(
        [events.Points(tick=1, panel=name, series=f"@{name}", ticks=[1], x=[0.0], y=[-1.0])]
    )
    _, row = csv.reader(io.StringIO(write(source, Options())))
    assert row == [f"'{name}", f"'@{name}", "1", "0.0", "-1.0"]
