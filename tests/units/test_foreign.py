"""Text of others, as it may be shown."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from dlplay.words.foreign import one_line, printed, shown, uncoloured


def test_no_character_is_obeyed_and_none_moves():
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    safe = shown(everything)
    assert len(safe) == len(everything)
    kinds = {unicodedata.category(c) for c in safe if c not in "\n\t\u200c\u200d"}
    assert kinds.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
    assert safe.encode()


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\x1b[2Jb", "a␛[2Jb"),
        ("\x9b2J\x00\x7f", "\ufffd2J␀␡"),
        ("one\r\ntwo\tthree", "one␍\ntwo\tthree"),
        ("evil\u202etxt.exe", "evil\ufffdtxt.exe"),
        ("half \ud800", "half \ufffd"),
        ("line\u2028end", "line\ufffdend"),
        ("日本 ∇x ≤ é 👩\u200d👩", "日本 ∇x ≤ é 👩\u200d👩"),
    ],
)
def test_signs(text, seen):
    assert shown(text) == seen


def test_one_line_has_no_ends():
    assert one_line("a\nb\tc\rd") == "a b c␍d"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (" 10%|█    |\r 50%|██▌  |\r100%|█████|\r", "100%|█████|"),
        ("long words\rno", "nong words"),
        ("long words\r\x1b[Kno", "no"),
        ("gone\x1b[2K\rback", "back"),
        ("abc\b\bX", "aXc"),
        ("\x1b[31mred\x1b[0m plain", "\x1b[31mred\x1b[0m plain"),
        ("\x1b[31mone\rtwo\x1b[0m", "\x1b[31mtwo\x1b[0m"),
        ("up \x1b[2A and \x1b[2J \x1b]0;title\x07", "up ␛[2A and ␛[2J ␛]0;title␇"),
        ("windows\r\nlines\r", "windows\nlines"),
    ],
)
def test_what_was_printed_is_shown_as_it_ended(text, seen):
    assert printed(text) == seen
    assert uncoloured(printed(text)).replace("\n", "").isprintable()
