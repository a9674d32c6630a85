"""`dlplay export`: files, mistakes, damage."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from dlplay.engine.recordings import library
from dlplay.engine.recordings.format import MAGIC
from dlplay.export import FORMATS, Options


@pytest.fixture
def export(tmp_path, monkeypatch, fine):
    """Calls the command in an empty folder that holds fine.dlplay."""
    from dlplay.cli import app
    from tests.conftest import FAULTS

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLPLAY_SCENES", str(FAULTS))
    shutil.copy(fine.file, "fine.dlplay")

    def call(*args):
        result = CliRunner().invoke(app, ["export", *map(str, args)], prog_name="dlplay")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return SimpleNamespace(
            status=result.exit_code,
            out=result.stdout,
            err=" ".join(result.stderr.split()),
        )

    return call


TEXTS = [name for name in FORMATS if name not in ("png", "gif", "tensorboard", "script")]


@pytest.mark.parametrize("name", TEXTS)
def test_every_format(export, tmp_path, fine, name):
    result = export("fine.dlplay", "--to", name)
    assert (result.status, result.out, result.err) == (0, f"fine.{name}\n", "")
    written = (tmp_path / f"fine.{name}").read_text(encoding="utf-8")
    assert written == FORMATS[name].write(fine.source, Options())
    assert export("fine.dlplay", "--to", name, "--out", "-").out == written


def test_pictures_event_files_and_scripts(export, tmp_path, fine):
    for name, file in (
        ("png", "fine.png"),
        ("gif", "fine.gif"),
        ("tensorboard", "fine.tensorboard/events.out.tfevents.0.dlplay"),
        ("script", "fine.py"),
    ):
        result = export("fine.dlplay", "--to", name)
        assert (result.status, result.out, result.err) == (0, f"{file}\n", "")
        made = FORMATS[name].write(fine.source, Options())
        data = (tmp_path / file).read_bytes()
        assert data == (made.encode() if isinstance(made, str) else made)
        assert export("fine.dlplay", "--to", name).status == 2  # it exists


@pytest.mark.parametrize(
    ("name", "package"), [("png", "resvg_py"), ("gif", "resvg_py"), ("tensorboard", "tensorboard")]
)
def test_a_package_that_is_missing(export, monkeypatch, name, package):
    for known in [known for known in sys.modules if known.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, known)
    monkeypatch.setitem(sys.modules, package, None)
    result = export("fine.dlplay", "--to", name)
    assert result.status == 1
    assert f"which is not installed: pip install 'dlplay[{name}]'" in result.err


def test_help_tells_what_each_format_is(export):
    shown = export("--help").out
    for name, format in FORMATS.items():
        assert f"  {name:<13}{format.meaning}\n" in shown


def test_size_panel_and_characters(export):
    small = export(
        "fine.dlplay", "--to", "cast", "--out", "-", "--size", "60x20", "--panel", "loss"
    )
    header = json.loads(small.out.splitlines()[0])
    assert header["width"] == 60
    assert "valley" not in small.out
    assert "┤" in small.out
    assert export("fine.dlplay", "--to", "cast", "--out", "-", "--ascii").out.isascii()


def test_how_long_what_moves_takes(export):
    short = export("fine.dlplay", "--to", "cast", "--out", "-", "--seconds", "2.5")
    assert json.loads(short.out.splitlines()[-1])[0] == 2.5
    for words, said in (
        ("--to cast --seconds soon", "--seconds takes 1 to 120, not 'soon'"),
        ("--to gif --seconds 0", "--seconds takes 1 to 120, not '0'"),
        ("--to gif --seconds nan", "--seconds takes 1 to 120, not 'nan'"),
        ("--to png --seconds 3", "--seconds is for what moves (gif, cast); png does not"),
    ):
        result = export("fine.dlplay", *words.split())
        assert result.status == 2
        assert said in result.err


def test_nothing_is_written_over_unless_asked(export, tmp_path):
    (tmp_path / "fine.csv").write_text("precious")
    result = export("fine.dlplay", "--to", "csv")
    assert (result.status, result.err) == (2, "dlplay: fine.csv exists; --force writes over it")
    assert (tmp_path / "fine.csv").read_text() == "precious"
    assert export("fine.dlplay", "--to", "csv", "--force").status == 0
    assert (tmp_path / "fine.csv").read_text().startswith("panel,series")


def test_the_recording_is_never_written_over(export, tmp_path):
    before = (tmp_path / "fine.dlplay").read_bytes()
    result = export("fine.dlplay", "--to", "csv", "--out", "./fine.dlplay", "--force")
    assert result.status == 2
    assert "is the recording itself" in result.err
    assert (tmp_path / "fine.dlplay").read_bytes() == before


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ["fine.dlplay"],
            "say what to export to: --to takes one of svg, png, html, csv, json, gif, cast",
        ),
        (["fine.dlplay", "--to", "sgv"], "not 'sgv'. Did you mean 'svg'?"),
        (["fine.dlplay", "--to", "svg", "--size", "big"], "from 30x8 to 500x300, such as 160x48"),
        (["fine.dlplay", "--to", "svg", "--size", "29x48"], "not '29x48'"),
        (["fine.dlplay", "--to", "csv", "--size", "80x24"], "--size is for pictures"),
        (["fine.dlplay", "--to", "svg", "--panel", "los"], "Did you mean 'loss'?"),
        (["fine.dlplay", "--to", "png", "--panel", "los"], "Did you mean 'loss'?"),
        (["fine.dlplay", "--to", "tensorboard", "--panel", "los"], "Did you mean 'loss'?"),
        (["fine.dlplay", "--to", "script", "--panel", "loss"], "a script draws nothing"),
        (["fine.dlplay", "--to", "tensorboard", "--out", "-"], "takes a folder for tensorboard"),
        (["fine.dlplay", "--to", "svg", "--out", "."], "is a folder"),
        (["fine.dlplay", "--to", "svg", "--out", "no/a.svg"], "there is no folder no"),
        (["fin.dlplay", "--to", "svg"], "Did you mean 'fine.dlplay'?"),
        (
            ["fine.dlplay", "--to", "gif", "--out", "x.PNG"],
            "the name of a gif ends in .gif, not in .PNG, which is what --to png writes",
        ),
        (["fine.dlplay", "--to", "script", "--out", "x.csv"], "ends in .py, not in .csv"),
    ],
)
def test_mistakes(export, tmp_path, args, message):
    result = export(*args)
    assert result.status == 2
    assert message in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["fine.dlplay"]


def test_a_number_is_that_of_a_recorded_run(export, fine, monkeypatch):
    asked = []

    class StandIn:
        def find(self, word):
            asked.append(word)
            return SimpleNamespace(path=fine.file)

    monkeypatch.setattr(library, "Library", StandIn)
    assert export("3", "--to", "csv", "--out", "-").out.startswith("panel,series")
    assert asked == ["3"]


def test_a_number_that_is_not_there(export):
    result = export("7", "--to", "csv")
    assert result.status == 2
    assert "there is no run 7" in result.err


def test_a_recording_that_was_cut_off(export, tmp_path, fine):
    data = fine.file.read_bytes()
    (tmp_path / "cut.dlplay").write_bytes(data[: len(data) - 10])
    for name in FORMATS:
        result = export("cut.dlplay", "--to", name)
        assert result.status == 0
        assert "cut.dlplay: The file ends within a batch" in result.err
    facts = json.loads((tmp_path / "cut.json").read_text())
    assert facts["status"] is None
    assert "ends within a batch" in facts["damaged"]
    assert "ends within a batch" in (tmp_path / "cut.html").read_text()
    assert (tmp_path / "cut.csv").read_text() == FORMATS["csv"].write(fine.source, Options())


def test_a_file_that_is_no_recording(export, tmp_path):
    for content in (b"", MAGIC, b"something else", MAGIC + b"xxxxxxxxxxxxxxxxxxxx"):
        (tmp_path / "bad").write_bytes(content)
        result = export("bad", "--to", "svg")
        assert result.status == 1
        assert "bad" in result.err
        assert not (tmp_path / "bad.svg").exists()


def test_a_name_with_another_ending_of_ones_own(export, tmp_path):
    """What no other format's files are called is the user's choice."""
    assert export("fine.dlplay", "--to", "csv", "--out", "fine.tsv.txt").status == 0
    assert export("fine.dlplay", "--to", "csv", "--out", "fine").status == 0


def test_a_scene_that_is_gone_or_changed(export, tmp_path, monkeypatch):
    monkeypatch.setenv("DLPLAY_SCENES", str(tmp_path / "none"))
    for name in ("svg", "png", "html", "cast"):  # which would show its title and captions
        result = export("fine.dlplay", "--to", name)
        assert result.status == 0
        assert "no scene faults/fine here any more" in result.err
    for name in ("csv", "json", "tensorboard"):
        result = export("fine.dlplay", "--to", name)
        assert (result.status, result.err) == (0, "")
    result = export("fine.dlplay", "--to", "script")
    assert result.status == 2
    assert result.err.count("no scene faults/fine here") == 1
    assert json.loads((tmp_path / "fine.json").read_text())["title"] == "faults/fine"
    (tmp_path / "none" / "faults").mkdir(parents=True)
    (tmp_path / "none" / "faults" / "fine.py").write_text(
        '"""# Another"""\nfrom dlplay import Scene\n\nclass Fine(Scene):\n    pass\n'
    )
    result = export("fine.dlplay", "--to", "json", "--force")
    assert result.status == 0
    assert "has been changed since" in result.err


def test_a_disk_that_is_full(export):
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    result = export("fine.dlplay", "--to", "svg", "--out", "/dev/full", "--force")
    assert result.status == 1
    assert "/dev/full cannot be written: No space left on device" in result.err


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_who_waits_is_told_how_far_it_is(fine, tmp_path):
    """On standard error, where that is a terminal; the line goes when the file is written."""
    import pty

    reader, terminal = pty.openpty()
    words = ["export", str(fine.file), "--to", "cast", "--out", "-"]
    done = subprocess.run(
        [sys.executable, "-m", "dlplay", *words],
        stdout=subprocess.PIPE,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm"},
        check=True,
    )
    os.close(terminal)
    shown = os.read(reader, 100_000).decode()
    os.close(reader)
    assert "fine.dlplay to cast" in shown
    assert shown.rstrip().endswith("\x1b[2K")
    assert done.stdout.startswith(b"{")


def test_what_waits_is_told_by_whatever_draws(fine):
    for name in ("cast", "gif"):
        shares = []
        FORMATS[name].write(fine.source, Options(width=40, height=10, progress=shares.append))
        assert len(shares) > 5
        assert shares == sorted(shares)
        assert 0 <= shares[0] < shares[-1] <= 1


def test_neither_torch_nor_textual(fine):
    program = (
        "import sys; from dlplay.cli import app\n"
        "try: app()\n"
        "finally: print({'torch', 'textual'} & set(sys.modules), file=sys.stderr)"
    )
    words = ["export", str(fine.file), "--to", "html", "--out", "-"]
    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[-1] == "set()"
    assert done.stdout.startswith("<!DOCTYPE html>")
