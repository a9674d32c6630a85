"""What a page declares is held against its code, without running it."""

from __future__ import annotations

import pytest

from dlplay.author.parameters.base import ParameterError
from dlplay.author.parameters.numbers import Float, Int
from dlplay.author.tries import Try, TryError
from dlplay.course.catalog import Catalog, describe, load

PAGE = '''"""
# What is half of one?

The page.

## Tomorrow

Halve.
"""
import a_module_that_is_not_there
from dlplay import Float, Int, Scene, Try

LIMIT = 0.1

class Half(Scene):
    covers = ("Halving",)
    panels = {"value": "the number, halved at each step"}
    claims = {"small": "after 20 steps the number is below a tenth"}
    tries = (
        Try("rate=0.99 steps=10", "What?", ("small", "large"), right=2, breaks="small", why="So."),
    )
    quick = {"steps": 3}
    pace = 10
    rate = Float(0.5, min=0.1, max=1, live=True, help="share that is kept")
    steps = Int(20, min=1, max=100, help="halvings")

    def run(self, stage):
        value = 1.0

        @stage.look(5)
        def look():
            stage.headline(f"{value}")
            stage.claim("small", value, below=LIMIT)

        for _ in stage.loop(self.steps):
            value *= self.rate
            stage.curve("value", it=value)
        stage.claim("small", value, below=LIMIT)  # at the end
'''


@pytest.fixture
def read(tmp_path):
    folder = tmp_path / "halves"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        '"""# Halves"""\nscenes = {"The only part": ("half",), "Another": ()}\n'
    )

    def write(*changes):
        source = PAGE
        for old, new in changes:
            assert old in source
            source = source.replace(old, new)
        (folder / "half.py").write_text(source)
        return describe(folder / "half.py", tmp_path)

    return write


def test_a_page_is_read_without_being_imported(read):
    card = read()
    assert not card.broken
    assert card.is_page
    assert card.covers == {"Halving": ()}
    assert card.panels == {"value": "the number, halved at each step"}
    (small,) = card.claims
    assert (small.text, small.condition) == (
        "after 20 steps the number is below a tenth",
        "small < 0.1",
    )
    assert small.breaks == {"rate": 0.99, "steps": 10}
    (each,) = card.tries
    assert (each.options, each.right, each.breaks) == (("small", "large"), 2, ("small",))
    assert card.pace == 10


def test_a_chapter_has_parts(read, tmp_path):
    card = read()
    (chapter,) = Catalog([tmp_path]).chapters
    assert chapter.parts == {"The only part": ("halves/half",), "Another": ()}
    assert chapter.part_of(card.id) == "The only part"
    assert chapter.part_of("halves/other") == ""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('curve("value"', 'curve("valu"', "panels has no 'valu'. Did you mean 'value'?"),
        ('curve("value"', 'curve("val" + "ue"', ""),
        ('curve("value"', 'curve(f"value"', "the panel of stage.curve is written out"),
        ('curve("value", it=value)', "log(value)", "'value' is declared and never drawn"),
        ('claim("small", value, below=LIMIT)\n\n', 'claim("smal", value, below=LIMIT)\n\n',
         "claims has no 'smal'. Did you mean 'small'?"),
        ('stage.claim("small", value, below=LIMIT)  #', "pass  #", "made in a look alone"),
        ("stage.claim", "stage.log", "never made"),
        ("below=LIMIT)\n\n", "below=value)\n\n", "'value' is not a literal"),
        ("below=LIMIT)\n\n", "bellow=LIMIT)\n\n", "Did you mean 'below'?"),
        ("below=LIMIT)\n\n", "above=LIMIT)\n\n", "claimed with two bounds"),
        ('breaks="small"', 'breaks="smal"', "names a claim 'smal'. Did you mean 'small'?"),
        ('breaks="small", ', "", "says of no claim"),
        ("rate=0.99 steps=10", "rat=0.99", "no parameter 'rat'"),
        ("rate=0.99 steps=10", "rate=7", "rate takes a number from 0.1 to 1, not 7"),
        ("rate=0.99 steps=10", "rate=0.5", "leaves rate at its default"),
        ("rate=0.99 steps=10", "rate=0.99 steps", "write name=value"),
        ("right=2", "right=3", "has options 1 to 2, not 3"),
        ('("small", "large")', '("small",)', "needs 2 to 4 options"),
        ('("Halving",)', '"Halving"', "titles; one alone needs its comma: ('Momentum',)"),
        ('("Halving",)', '{"Halving": ()}', "titles, not a dict: ('Momentum',)"),
        ('("Halving",)', '("Halving", 3)', "titles, and int is none"),
        ("tries = (\n", "tries = {}\n    more = (\n", "is a tuple of Try(...), not a dict"),
        ('{"value": "the', '{"value": 1, "x": "the', "panels is a dict of texts"),
    ],
)  # fmt: skip
def test_a_page_whose_declarations_and_code_disagree_says_where(read, old, new, says):
    card = read((old, new))
    assert says in card.broken
    assert bool(card.broken) is bool(says)


def test_a_mistake_names_its_line(read):
    card = read(('curve("value"', 'curve("valu"'))
    line = 1 + PAGE[: PAGE.index('curve("value"')].count("\n")
    assert f"line {line}:" in card.broken
    with pytest.raises(Exception, match=f"line {line}:"):
        load(card)


ONCE = ("value *= self.rate", "value *= stage.each(self.rate)")
TWICE = ("value *= self.rate", "value *= stage.each(self.rate) + stage.each(self.rate)")


@pytest.mark.parametrize("call", [ONCE, TWICE])
def test_what_is_given_to_each_may_differ_in_the_runs_of_a_batch(read, call):
    assert read().each == ()
    assert read(call).each == ("rate",)
    in_look = read(call, ('f"{value}"', 'f"{self.rate}"'))
    assert (in_look.each, in_look.broken) == (("rate",), "")


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ("value *= stage.each(self.rate) + self.rate", "read it as stage.each(self.rate) here too"),
        ("value *= stage.each(2 * self.rate)", "stage.each takes a Float of the scene as it is"),
        ("value *= stage.each(self.steps)", "stage.each takes a Float of the scene as it is"),
        ("value *= stage.each(self.other)", "stage.each takes a Float of the scene as it is"),
        ("value *= stage.each()", "stage.each takes a Float of the scene as it is"),
    ],
)
def test_what_a_batch_could_not_run_is_told_with_its_line(read, new, says):
    card = read(("value *= self.rate", new))
    assert says in card.broken
    line = 1 + PAGE[: PAGE.index("value *= self.rate")].count("\n")
    assert f"line {line}:" in card.broken


PARAMETERS = {
    "units": Int(8, min=1, max=16),
    "depth": Int(2, min=1, max=16),
    "steps": Int(200, min=1, max=1000),
    "rate": Float(1.0, min=0, max=2),
}
for name, parameter in PARAMETERS.items():
    parameter.name = name


def attempt(setting):
    return Try(setting, "?", ("a", "b"), right=1, breaks="learns", why="so")


def test_a_try_turns_one_knob_and_perhaps_the_budget():
    assert attempt("units=2").knob(PARAMETERS) == "units"
    assert attempt("units=2 steps=10").knob(PARAMETERS) == "units"
    assert attempt("steps=10").knob(PARAMETERS) == "steps"
    with pytest.raises(TryError, match="turns 2 knobs"):
        attempt("units=2 depth=3").check(PARAMETERS, ["learns"])
    with pytest.raises(ParameterError, match="cannot be read"):
        attempt("units='2").check(PARAMETERS, ["learns"])


def test_a_try_that_breaks_and_keeps_the_same_claim_is_refused():
    both = Try("units=2", "?", ("a", "b"), right=1, breaks="learns", keeps="learns", why="so")
    with pytest.raises(TryError, match="breaks and keeps learns"):
        both.check(PARAMETERS, ["learns"])
