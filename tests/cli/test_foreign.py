"""What a scene, a recording, a file or the command line says is text on every output."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests import hostile
from tests.hostile import EVIL, MARKUP


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    return hostile.course(tmp_path_factory.mktemp("evil"))


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A data folder with a recording of a stranger and notes about it."""
    from dlplay.engine.recordings.library import Library

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    library = Library()
    library.folder.mkdir(parents=True)
    path = hostile.recording(library.folder / "evil\x1b[2J[x].dlplay")
    library.pin(path, EVIL)
    (library.folder / "bad.dlplay").write_bytes(b"dlplay-recording 1\n" + b"\x1b" * 40)
    (library.folder / os.fsdecode(b"raw\xff.dlplay")).write_bytes(path.read_bytes())
    return library


COMMANDS = [
    "list", "list --json", "show evil/hostile", "show evil/hostile --json --answers",
    "show evil/hostile --answers", "show evil/broken", "run evil/broken", "run evil/hostile",
    "run evil/hostile fails=on", "run evil/hostile --json", "run evil/hostile fails=on --json",
    "check evil/hostile", "check evil/hostile --json", "check evil --tries",
    "sweep evil/hostile rate=0.5,1", "sweep evil/hostile rate=0.5,1 --json",
    "sweep evil/hostile which= --csv", "sweep evil/hostile rate=0.5,1 fails=on",
    "runs", "runs --json", "replay 1", "replay 2", "replay 3", "progress", "progress --json",
    "export 1 --to txt", "export 1 --to svg", "export 1 --to html", "export 1 --to json",
    "export 1 --to csv", "export 2 --to csv", "script evil/hostile", "doctor --json",
]  # fmt: skip


@pytest.mark.parametrize("line", COMMANDS)
def test_nothing_is_obeyed(dlplay, evil, home, tmp_path, monkeypatch, line):
    monkeypatch.chdir(tmp_path)
    words = line.split()
    extra = ["--out", "-"] if words[0] == "export" else []
    result = dlplay("--scenes", evil, *words, *extra)
    assert result.exit_code in range(6)
    if words[0] not in ("export", "script"):  # those are files
        assert hostile.obeyed(result.stdout) == []
    assert hostile.obeyed(result.stderr) == []
    assert "Traceback" not in result.stderr or "fails=on" in line or "broken" in line
    if "--json" in line:
        for text in result.stdout.splitlines() if "run " in line else [result.stdout]:
            json.loads(text)


def test_text_is_not_lost(dlplay, evil):
    said = dlplay("--scenes", evil, "show", "evil/hostile").stdout
    assert MARKUP.split()[0] in said
    assert "[@click=app.quit]q[/]" in " ".join(said.split())


@pytest.mark.parametrize(
    "words",
    [
        [EVIL], ["list", EVIL], ["show", EVIL], ["run", EVIL], ["open", EVIL], ["export", EVIL],
        ["export", EVIL, "--to", EVIL], ["replay", EVIL], [f"--{EVIL}"], ["list", f"--{EVIL}"],
        ["--color", EVIL], ["--scenes", EVIL.replace("\0", "")], ["new", EVIL], ["check", EVIL],
        ["run", "evil/hostile", EVIL], ["run", "evil/hostile", f"rate={EVIL}"],
        ["run", "evil/hostile", f"which={EVIL}x"], ["run", "evil/hostile", "--seed", EVIL],
        ["run", "evil/hostile", "--device", EVIL], ["sweep", "evil/hostile", f"rate={EVIL},1"],
        ["sweep", "evil/hostile", "rate=1,2", "--measure", f"{EVIL}?"],
        ["run", "evil/hostile", "--record", EVIL.replace("\0", "")],
        ["runs", "--pin", EVIL], ["script", "evil/hostile", "--out", EVIL.replace("\0", "")],
    ],
    ids=lambda words: " ".join(words)[:30].encode("unicode_escape").decode(),
)  # fmt: skip
def test_what_is_typed_is_quoted_harmlessly(dlplay, evil, home, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    result = dlplay("--scenes", evil, *words)
    assert result.exit_code in range(1, 6)
    assert hostile.obeyed(result.stdout + result.stderr) == []
    assert "Traceback" not in result.stderr


PLAIN = ["list", "show tiny/fine", "run tiny/fine", "run tiny/fine --json", "runs --json", "--help"]


@pytest.mark.parametrize("line", [*PLAIN, "doctor", "progress", "--version", "script tiny/fine"])
def test_a_full_disk_is_one_sentence(course, line):
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "dlplay", *line.split()],
            stdout=full, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "DLPLAY_SCENES": str(course)},
        )  # fmt: skip
    said = "dlplay: standard output could not be written: No space left on device\n"
    assert (done.stderr, done.returncode) == (said, 5)


@pytest.mark.parametrize("line", PLAIN)
def test_a_closed_output_is_no_traceback(course, line):
    words = f"exec {sys.executable} -m dlplay {line} >&- 2>&-"
    env = {**os.environ, "DLPLAY_SCENES": str(course)}
    assert subprocess.run(["sh", "-c", words], env=env).returncode in (0, 5)
