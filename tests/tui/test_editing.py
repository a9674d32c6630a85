"""Which words open a file in the user's editor, and at which line."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlplay.tui.editing import command, line_of

FILE = Path("/a folder/x.py")


@pytest.mark.parametrize(
    ("editor", "words"),
    [
        ("", ["vi", "+7", str(FILE)]),
        ("vim -n", ["vim", "-n", "+7", str(FILE)]),
        ("'/my bin/nano' -w", ["/my bin/nano", "-w", "+7", str(FILE)]),
        ("hx", ["hx", f"{FILE}:7"]),
        ("code --wait", ["code", "--wait", "--goto", f"{FILE}:7"]),
        ("kate -b", ["kate", "-b", "-l", "7", str(FILE)]),
        ("nobody-knows", ["nobody-knows", str(FILE)]),
    ],
)
def test_the_editor_is_told_the_line(editor, words):
    assert command(FILE, 7, {"EDITOR": editor}) == words
    assert command(FILE, 7, {"EDITOR": "other", "VISUAL": editor or "vi"}) == words


def test_without_a_line_there_is_only_the_file():
    assert command(FILE, 0, {"EDITOR": "vim"}) == ["vim", str(FILE)]


def test_what_cannot_be_split_is_told():
    with pytest.raises(ValueError, match="No closing quotation"):
        command(FILE, 0, {"EDITOR": "vi 'unclosed"})


def test_the_line_of_an_error():
    log = f'Traceback:\n  File "{FILE}", line 3, in run\n  File "{FILE}", line 12, in f\nValueError'
    assert line_of(FILE, "", log) == 12
    assert line_of(FILE, "x.py: invalid syntax (x.py, line 4)", log) == 4
    assert line_of(FILE, "nothing is wrong") == 0
