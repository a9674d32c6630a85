"""The user's lasting settings: read whatever the file holds, changed without losing the rest."""

from __future__ import annotations

import threading

import pytest

from dlplay.course.preferences import ALLOWED, Preferences
from dlplay.draw.look import CHARTS


def test_the_charts_that_may_be_chosen_are_those_that_are_drawn():
    assert ALLOWED["charts"] == CHARTS


def test_what_is_kept_is_there_the_next_time_and_the_rest_of_the_file_stays(tmp_path):
    path = tmp_path / "new" / "settings.toml"
    Preferences(path).keep("charts", "plotext")
    assert Preferences(path)["charts"] == "plotext"
    path.write_text('# mine\ncharts = "plotext" # for now\nlater = [1, 2]\n')
    Preferences(path).keep("charts", "own")
    assert path.read_text() == '# mine\ncharts = "own"\nlater = [1, 2]\n'
    path.write_text("[later]\nx = 1\n")
    Preferences(path).keep("charts", "plotext")
    assert path.read_text() == 'charts = "plotext"\n[later]\nx = 1\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('charts = "plottext"', "takes one of own, plotext, not 'plottext'. Did you mean"),
        ("charts = 3", "takes one of own, plotext, not 3."),
        ('chart = "own"', "no setting 'chart'; there is charts. Did you mean 'charts'?"),
        ("charts = plotext", "cannot be read as lines of"),
        ("\x00\xff", "cannot be read"),
        ("a = " + "[" * 9000, "cannot be read"),
        ("x = 1\n" * 30_000, "cannot be read"),
    ],
    ids=("value", "number", "name", "bare", "bytes", "deep", "long"),
)
def test_a_damaged_file_means_the_defaults_and_one_line(tmp_path, text, said):
    path = tmp_path / "settings.toml"
    path.write_bytes(text.encode("latin-1"))
    found = Preferences(path)
    assert found["charts"] == "own"
    assert said in found.trouble
    assert "\n" not in found.trouble
    found.keep("charts", "plotext")
    assert Preferences(path)["charts"] == "plotext"
    kept = [each.read_bytes() for each in tmp_path.iterdir() if each.suffix in (".old", ".toml")]
    assert len(kept) == 1 + ("cannot be read" in said)  # nothing of the user's is lost


def test_no_file_is_no_trouble_and_without_a_place_nothing_is_written(tmp_path):
    assert not Preferences(tmp_path / "settings.toml").trouble
    found = Preferences()
    found.keep("charts", "plotext")
    assert found["charts"] == "plotext"
    with pytest.raises(ValueError, match="Did you mean 'plotext'"):
        found.keep("charts", "plotex")


def test_a_folder_that_cannot_be_written_is_told_and_the_choice_holds(tmp_path):
    (tmp_path / "file").write_text("")
    found = Preferences(tmp_path / "file" / "settings.toml")
    with pytest.raises(FileExistsError):
        found.keep("charts", "plotext")
    assert found["charts"] == "plotext"


def test_many_at_once_leave_a_whole_file(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("# mine\n")
    each = [
        threading.Thread(target=lambda n=n: Preferences(path).keep("charts", CHARTS[n % 2]))
        for n in range(8)
    ]
    for thread in each:
        thread.start()
    for thread in each:
        thread.join()
    assert not Preferences(path).trouble
    assert path.read_text().endswith("# mine\n")
