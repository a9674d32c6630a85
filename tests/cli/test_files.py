"""The user's own files on the command line: given, refused, recorded, swept, completed."""

from __future__ import annotations

import hashlib
import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dlplay.author.files import FILE_KINDS
from dlplay.course.catalog import Catalog
from dlplay.tui.sweeps.dialog import Mistyped, Wish, offered, planned
from dlplay.tui.widgets.parameters import line
from tests.cli.test_commands import completed
from tests.conftest import wait_for

SCENE = '''"""# Reads"""
from dlplay import File, Scene, claim
from dlplay.data import {kind}


class Reads(Scene):
    mine = File("{default}", kind="{kind}", help="what it reads")

    def run(self, stage):
        for _ in stage.loop(2):
            found = {kind}(self.mine)
        stage.measure(size=len(found))

    @claim("there is something", breaks={{}})
    def something(self, measured):
        return measured.size > 0
'''


@pytest.fixture
def reading(course, tmp_path, monkeypatch):
    """A chapter with a scene for each kind of file; dlplay is started in a folder with a book."""
    (course / "reading").mkdir(exist_ok=True)
    for kind, known in FILE_KINDS.items():
        source = SCENE.format(kind=kind, default=known.bundled[0])
        (course / "reading" / f"{kind}.py").write_text(source, encoding="utf-8")
    folder = tmp_path / "my books"
    folder.mkdir()
    (folder / "play, a.txt").write_text("to be", encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return course


@pytest.fixture
def text(reading):
    return Catalog([reading]).find("reading/text")


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_every_kind_runs_with_what_is_bundled(dlplay, reading, kind):
    result = dlplay("run", f"reading/{kind}", "--device", "cpu")
    assert result.exit_code == 0, result.output


def test_a_wrong_file_is_told_before_anything_runs(dlplay, reading):
    result = dlplay("run", "reading/text", "mine=/no/such")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "dlplay: mine takes shakespeare, names, smiles, or the path of a UTF-8 text file of at "
        "most 5 MB, not '/no/such': there is no such file.\n"
    )
    result = dlplay("run", "reading/text", "mine=play, b.txt")
    assert result.exit_code == 2
    assert result.stderr.endswith("there is no such file. Did you mean 'play, a.txt'?\n")


def test_the_address_of_a_run_holds_the_path_as_it_was_given(dlplay, reading, tmp_path):
    for path in ("play, a.txt", "./play, a.txt", str(tmp_path / "my books" / "play, a.txt")):
        result = dlplay("run", "reading/text", f"mine={path}", "--device", "cpu")
        assert result.exit_code == 0
        (address,) = [row for row in result.stdout.splitlines() if row.startswith("dlplay open")]
        _, _, *words = shlex.split(address)
        assert words[:2] == ["reading/text", f"mine={path}"]
        again = dlplay("run", *words)
        assert again.exit_code == 0
        assert "size  5" in again.stdout


def test_a_recording_outlives_its_file(dlplay, reading, tmp_path):
    path = tmp_path / "my books" / "play, a.txt"
    record = tmp_path / "run.dlplay"
    words = ("run", "reading/text", f"mine={path}", "--device", "cpu", "--record", record)
    assert dlplay(*words).exit_code == 0
    path.unlink()
    seen = dlplay("replay", record)
    assert seen.exit_code == 0
    assert "size  5" in seen.stdout
    assert str(path) in seen.stdout.replace("\n", "")
    exported = dlplay("export", record, "--to", "json", "--out", "-")
    assert exported.exit_code == 0, exported.stderr
    known = json.loads(exported.stdout)
    assert known["parameters"] == {"mine": str(path)}
    assert known["files"] == {"mine": hashlib.sha256(b"to be").hexdigest()}
    assert b"to be" not in record.read_bytes()

    assert "not the file" not in seen.stderr  # it is gone, which is no news to a replay
    path.write_text("or not", encoding="utf-8")
    again = dlplay("replay", record)
    assert again.exit_code == 0
    assert f"mine={path} is not the file that was recorded" in again.stderr


def test_what_only_its_loader_finds_out_is_one_sentence(dlplay, reading, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    cut = tmp_path / "cut.png"
    Image.fromarray(noise).save(cut)
    cut.write_bytes(cut.read_bytes()[:4000])
    result = dlplay("run", "reading/image", f"mine={cut}", "--device", "cpu")
    assert result.exit_code == 1
    told = f"dlplay: '{cut}' cannot be used: it is broken, so it cannot be decoded\n"
    assert result.stderr == told


def test_a_file_that_went_after_it_was_chosen_ends_a_live_run_in_one_sentence(
    text, tmp_path, launcher
):
    path = tmp_path / "my books" / "play, a.txt"
    value = text.parameters["mine"].parse(str(path))
    path.unlink()
    run = launcher.start(text, {"mine": value}, device="cpu")
    wait_for(lambda: run.wait(0), "the end")
    (finished,) = [event for event in run.drain() if type(event).__name__ == "Finished"]
    assert finished.status == "failed"
    assert finished.message.endswith(f"not '{path}': there is no such file.")
    assert finished.parameters == {"mine": str(path)}


def test_show_tells_what_is_bundled_and_what_else_it_takes(dlplay, reading):
    shown = " ".join(dlplay("show", "reading/images").stdout.split())
    for word in ("photos, digits, fashion, or the path", "at most 2,000 image", "what it reads"):
        assert word in shown
    (schema,) = json.loads(dlplay("show", "reading/images", "--json").stdout)["parameters"]
    assert schema["content"] == "images"
    assert schema["bundled"] == ["photos", "digits", "fashion"]


def test_the_shell_completes_what_is_bundled_and_paths(reading):
    assert completed(["run", "reading/text", "mine="], reading) == [
        "mine=shakespeare",
        "mine=names",
        "mine=smiles",
    ]
    assert completed(["run", "reading/text", "mine=n"], reading) == ["mine=names"]
    Path("poem.txt").write_text("to be", encoding="utf-8")
    assert completed(["run", "reading/text", "mine=./po"], reading) == ["mine=./poem.txt"]


def test_files_can_be_swept(dlplay, reading):
    result = dlplay("sweep", "reading/text", "mine=names,./play, a.txt", "--device", "cpu")
    assert result.exit_code == 2  # a comma separates values, unless it is one file's whole name
    assert "not './play'" in result.stderr
    result = dlplay("sweep", "reading/text", "mine=play, a.txt")
    assert result.exit_code == 2
    assert "no parameter has several values" in result.stderr.replace("\n", " ")
    result = dlplay("sweep", "reading/text", "mine=names,smiles", "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert "smiles" in result.stdout


def test_a_sweep_is_offered_and_typed_with_spaces_in_names(text, tmp_path):
    mine, folder = text.parameters["mine"], tmp_path / "my books"
    (folder / "plain text").write_text("or not", encoding="utf-8")
    own = str(folder / "plain text")
    assert offered(mine, Wish(text)) == "shakespeare, names, smiles"
    assert offered(mine, Wish(text, {"mine": own})) == f"{own}, shakespeare, names, smiles"
    assert planned(Wish(text), mine, "plain text, names", "1", "1").values == [
        "plain text",
        "names",
    ]
    with pytest.raises(Mistyped, match="there is no such file"):
        planned(Wish(text), mine, "plain txt, names", "1", "1")


def test_of_a_long_path_the_sidebar_shows_the_end(text, tmp_path):
    inks = {"accent": "red", "cursor": "blue"}
    path = str(tmp_path / "my books" / "play, a.txt")
    row = line(text.parameters["mine"], path, True, 30, inks).plain
    assert row.startswith("▸  mine")
    assert "play, a.txt ›" in row
    assert "‹ …" in row
