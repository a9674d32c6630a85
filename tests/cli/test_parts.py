"""The small parts: addresses, ASCII, trimmed output."""

from __future__ import annotations

import io

import pytest

from dlplay.author.parameters.base import ParameterError
from dlplay.cli.streams import AsciiStream, TrimmedStream
from dlplay.words.address import address, parse_seed, parse_settings
from dlplay.words.plain import to_ascii


@pytest.fixture
def fine(course):
    from dlplay.course.catalog import Catalog

    return Catalog([course]).find("tiny/fine")


def test_an_address_is_parsed_back_to_the_same_settings(fine):
    import shlex

    values = {**fine.defaults, "rate": 0.123456789, "rule": "signed", "word": "a 'b' = $c"}
    written = address(fine, values, 12, "cpu")
    id, *words = shlex.split(written)
    assert id == "tiny/fine"
    assert words[-4:] == ["--seed", "12", "--device", "cpu"]
    settings, seed = parse_settings(fine, words[:-4])
    assert fine.defaults | settings == values
    assert seed is None


def test_defaults_are_not_written(fine):
    assert address(fine, fine.defaults, 0) == "tiny/fine --seed 0"


def test_the_seed_may_be_a_setting(fine):
    assert parse_settings(fine, ["seed=7", "rate=1"]) == ({"rate": 1.0}, 7)
    with pytest.raises(ParameterError, match="seed is given twice"):
        parse_settings(fine, ["seed=7", "seed=8"])


@pytest.mark.parametrize("text", ["", "-1", "1.5", "x", "²", "9" * 30])
def test_bad_seeds(text):
    with pytest.raises(ParameterError, match="whole number"):
        parse_seed(text)


def test_a_value_may_have_an_equals_sign(fine):
    assert parse_settings(fine, ["word=a=b"])[0] == {"word": "a=b"}
    with pytest.raises(ParameterError, match="is no setting"):
        parse_settings(fine, ["=1"])


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("x² ≤ θ", "x^2 <= theta"),
        ("Δw → ∞", "Deltaw -> inf"),
        ("θₜ₊₁", "theta_t_+_1"),
        ("naïve café", "naive cafe"),
        ("plain", "plain"),
        ("日", "?"),
    ],
)
def test_ascii_words(text, plain):
    assert to_ascii(text) == plain


def test_ascii_streams_keep_columns():
    out = io.StringIO()
    stream = AsciiStream(out)
    stream.write("┌─┬│ ✓ • ⠿ θ café\n")
    assert out.getvalue() == "+-+| + * ? ? cafe\n"
    assert stream.encoding == "ascii"


def test_trimmed_streams():
    out = io.StringIO()
    TrimmedStream(out).write("a  \n  b \n\n   c d   \n")
    assert out.getvalue() == "a\n  b\n\n   c d\n"
