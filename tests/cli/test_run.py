"""run: what it prints, what it exits with, and that Ctrl-C is obeyed."""

from __future__ import annotations

import json
import os
import signal

import pytest

from dlplay.engine.recordings.format import Recorder, read
from dlplay.wire.events import Finished
from tests.conftest import FAULTS
from tests.full import full_disk


def events_of(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("args", "status"),
    [
        (["tiny/fine"], 0),
        (["tiny/fine", "--check"], 0),
        (["tiny/raises"], 1),
        (["tiny/raises", "--check"], 1),
        (["tiny/broken"], 1),
        (["tiny/fails"], 0),
        (["tiny/fails", "--check"], 3),
        (["tiny/forgets", "--check"], 3),
        (["tiny/fine", "rate=1", "--check"], 3),
        (["tiny/diverges"], 4),
        (["tiny/diverges", "--check"], 4),
        (["tiny/infinite", "--check"], 0),
    ],
)
def test_exit_status(dlplay, args, status):
    assert dlplay("run", *args).exit_code == status
    assert dlplay("run", *args, "--json").exit_code == status


def test_the_result_on_paper(dlplay):
    result = dlplay("run", "tiny/fine", "rate=0.25", "word=two words", "--seed", "3")
    shown = result.stdout
    lines = shown.splitlines()
    assert lines[0] == "A scene that behaves"
    assert lines.index("loss") < lines.index("words") < lines.index("Claims")
    assert "said two words" in lines
    claim = next(line for line in lines if "the loss falls below 0.1" in line)
    assert " ".join(claim.split()) == "✓ holds the loss falls below 0.1 9.095e-13 < 0.1"
    assert "  seed  3" in lines
    assert lines[-1] == "dlplay open tiny/fine rate=0.25 word='two words' --seed 3"
    assert lines[-2].startswith("done: 20 steps in ")
    assert result.stderr == ""
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines()[:-1])) <= 80


def test_the_address_starts_the_same_run_again(dlplay):
    import shlex

    first = dlplay("run", "tiny/fine", "rate=0.3", "word=it's", "seed=9", "--device", "cpu")
    words = shlex.split(first.stdout.splitlines()[-1])
    assert words[:2] == ["dlplay", "open"]
    again = dlplay("run", *words[2:])
    drop = len("done: 20 steps in 0.0 s")
    assert [
        line[drop:] if line.startswith("done") else line for line in again.stdout.splitlines()
    ] == [line[drop:] if line.startswith("done") else line for line in first.stdout.splitlines()]


def test_the_address_of_a_scene_elsewhere_says_where(dlplay, course, monkeypatch):
    monkeypatch.delenv("DLPLAY_SCENES")
    shown = dlplay("run", "tiny/fine", "--seed", "3", "--scenes", course).stdout
    assert shown.splitlines()[-1] == f"dlplay open tiny/fine --seed 3 --scenes {course.resolve()}"
    swept = dlplay("sweep", "tiny/fine", "steps=1,2", "--scenes", course).stdout
    assert swept.splitlines()[-1].endswith(f" --scenes {course.resolve()}")


def test_how_claims_stand_in_words(dlplay):
    assert "✗ fails" in dlplay("run", "tiny/fails").stdout
    assert "· not measured" in dlplay("run", "tiny/forgets").stdout
    plain = dlplay("run", "tiny/fails", "--ascii").stdout
    assert plain.isascii()
    assert "x fails" in plain or "no fails" in plain
    assert ">= 2" in plain


def test_what_a_scene_prints_is_its_log(dlplay):
    assert "I forgot something" in dlplay("run", "tiny/forgets").stdout.splitlines()


def test_a_scene_that_raises_says_where(dlplay):
    result = dlplay("run", "tiny/raises")
    assert "dlplay: raises.py raised ValueError: the batch is empty" in result.stderr
    assert 'raise ValueError("the batch is empty")' in result.stderr
    assert "execute.py" not in result.stderr  # the scene's own lines, not ours
    assert "failed: 6 steps" in result.stdout
    assert "loss" in result.stdout.splitlines()  # what it drew before


def test_a_divergence_keeps_its_curve(dlplay):
    result = dlplay("run", "tiny/diverges")
    assert "loss is no longer a finite number at step 30" in result.stderr
    assert "loss" in result.stdout.splitlines()


def test_json_lines(dlplay):
    result = dlplay("run", "tiny/fine", "--json", "--seed", "5", "steps=10")
    lines = events_of(result.stdout)
    assert lines[0]["type"] == "started"
    assert lines[0]["parameters"] == {"rate": 0.5, "steps": 10, "rule": "plain", "word": "hello"}
    points = [y for line in lines if line["type"] == "points" for y in line["y"]]
    assert points == [0.5**n for n in range(1, 11)]
    last = lines[-1]
    assert last["type"] == "finished"
    assert last["status"] == "done"
    assert (last["scene"], last["seed"], last["device"]) == ("tiny/fine", 5, "cpu")
    assert last["measures"] == {"end": 0.5**10, "seed": 5.0}
    assert last["steps"] == 10
    assert last["seconds"] > 0
    (claim,) = last["claims"]
    assert claim["claim"] == "the loss falls below 0.1"
    assert (claim["value"], claim["relation"], claim["bound"]) == (0.5**10, "<", 0.1)
    assert claim["holds"] is True
    assert result.stderr == ""


def test_json_of_what_is_not_finite_is_null(dlplay):
    lines = events_of(dlplay("run", "tiny/infinite", "--json").stdout)
    bad = [y for e in lines if e["type"] == "points" and e["series"] == "bad" for y in e["y"]]
    assert bad == [None, None]
    assert lines[-1]["measures"] == {"x": None}


@pytest.mark.parametrize("name", ["raises", "broken", "diverges"])
def test_json_ends_with_the_summary_whatever_happens(dlplay, name):
    result = dlplay("run", f"tiny/{name}", "--json")
    last = events_of(result.stdout)[-1]
    assert last["type"] == "finished"
    assert last["message"]
    assert last["message"] in result.stderr


def test_a_device_that_is_not_there(dlplay):
    import torch

    missing = "mps" if torch.cuda.is_available() else "cuda"
    result = dlplay("run", "tiny/fine", "--device", missing)
    assert result.exit_code == 2
    assert f"has no {missing} device" in result.stderr


# Recording


def test_a_recording_holds_every_event(dlplay, tmp_path):
    file = tmp_path / "run.dlplay"
    printed = dlplay("run", "tiny/fine", "--json", "--record", file)
    assert printed.exit_code == 0
    from dlplay.wire import events

    recording = read(file)
    lines = [json.loads(events.to_json(event)) for batch in recording for event in batch]
    assert lines == events_of(printed.stdout)
    assert recording.damaged == ""


def test_a_recording_is_not_written_over_unless_asked(dlplay, tmp_path):
    file = tmp_path / "run.dlplay"
    file.write_text("precious")
    result = dlplay("run", "tiny/fine", "--record", file)
    assert result.exit_code == 2
    assert "run.dlplay exists; --force writes over it" in " ".join(result.stderr.split())
    assert file.read_text() == "precious"
    assert dlplay("run", "tiny/fine", "--record", file, "--force").exit_code == 0
    assert isinstance(list(read(file))[-1][-1], Finished)


def test_a_sabotaged_run_says_so_in_its_recording_and_on_paper(dlplay, tmp_path):
    file = tmp_path / "run.dlplay"
    args = ("run", "faults/page", "--scenes", FAULTS, "--no-looks")
    shown = dlplay(*args, "--sabotage", "step", "--record", file)
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[1] == "sabotaged: the optimizer's step is left out"
    assert "--seed 0 --sabotage step" in lines[-1]
    events = [event for batch in read(file) for event in batch]
    assert events[0].sabotage == "step"
    assert events[-1].spoilt > 0
    assert {claim.name: claim.holds for claim in events[-1].claims} == {
        "learns": False, "counts": True
    }  # fmt: skip
    assert events_of(dlplay("run", "tiny/fine", "--json").stdout)[0]["sabotage"] == ""


@pytest.mark.parametrize(
    ("kind", "hint"), [("sing", " Did you mean 'sign'?"), ("", ""), ("Labels", " Did you mean")]
)
def test_a_sabotage_that_there_is_not(dlplay, tmp_path, kind, hint):
    file = tmp_path / "run.dlplay"
    result = dlplay("run", "tiny/fine", "--sabotage", kind, "--record", file)
    said = f"dlplay: --sabotage takes one of step, labels, sign, not {kind!r}.{hint}"
    assert result.stderr.startswith(said)
    assert (result.exit_code, result.stdout, file.exists()) == (2, "", False)


def test_a_mistake_leaves_no_file(dlplay, tmp_path):
    file = tmp_path / "run.dlplay"
    assert dlplay("run", "tiny/fine", "rate=9", "--record", file).exit_code == 2
    assert dlplay("run", "tiny/fine", "--device", "mps", "--record", file).exit_code == 2
    assert not file.exists()


def test_a_full_disk_does_not_end_the_run(dlplay, monkeypatch, tmp_path):
    import os

    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    result = dlplay("run", "tiny/fine", "--record", "/dev/full", "--force")
    assert "done: 20 steps" in result.stdout
    assert "/dev/full could not be written on: No space left on device" in result.stderr
    assert result.exit_code == 1


@pytest.mark.parametrize("room", [5, 19, 400])
def test_a_disk_that_fills_up_leaves_what_can_be_read_or_nothing(
    dlplay, tmp_path, room, monkeypatch
):
    write = Recorder.__call__

    def one_by_one(recorder, batch):  # where the command is slow, a whole run comes at once
        for event in batch:
            write(recorder, [event])

    monkeypatch.setattr(Recorder, "__call__", one_by_one)
    file = tmp_path / "run.dlplay"
    with full_disk(room):
        result = dlplay("run", "tiny/fine", "--record", file)
    assert "done: 20 steps" in result.stdout
    assert "could not be written on: File too large" in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.exit_code == 1
    if room < 400:
        assert "nothing is recorded" in result.stderr
        assert not file.exists()
    else:
        assert "the recording is not whole" in result.stderr
        replayed = dlplay("replay", file)
        assert replayed.exit_code == 0
        assert "unfinished" in replayed.stdout


def test_where_nothing_can_be_written_a_run_still_runs(start, tmp_path):
    nowhere = tmp_path / "file"
    nowhere.write_text("in the way of any folder")
    names = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "TMPDIR")
    process = start("run", "tiny/fine", **dict.fromkeys(names, str(nowhere)))
    out, err = process.communicate()
    assert "done: 20 steps" in out
    assert err.count("\n") <= 1  # of the settings, which cannot be read
    assert process.returncode == 0


WRONG = {
    "syntax": (b"class A(Scene):\n    def run(self, stage)\n", "syntax.py: line 2: expected ':'"),
    "deep": (b"x = " + b"(" * 5000 + b")" * 5000, "deep.py: line 1: too many nested parentheses"),
    "nul": (b"x = 1\0\n", "nul.py: it holds NUL bytes"),
    "latin": ("# Zürich\n".encode("latin-1"), "latin.py: "),
    "empty_class": (
        b"from dlplay import Scene\nclass A(Scene):\n    pass\n",
        "empty_class.py: A has no run(self, stage)",
    ),
    "two": (
        b"from dlplay import Scene\nclass A(Scene):\n    pass\nclass B(Scene):\n    pass\n",
        "two.py: it has two scenes, A and B",
    ),
    "huge": (b"#" * 300_000, "huge.py: it is larger than 200 kB"),
    "folder": (None, "folder.py: it is a folder, not a file"),
    "pipe": (None, "pipe.py: it is a device or a pipe, not a file"),
    "loop": (None, "loop.py: Too many levels of symbolic links"),
}


def test_what_cannot_be_run_is_told_in_one_sentence(dlplay, tmp_path):
    chapter = tmp_path / "wrong"
    chapter.mkdir()
    for name, (content, _) in WRONG.items():
        if content is not None:
            (chapter / f"{name}.py").write_bytes(content)
    (chapter / "folder.py").mkdir()
    os.mkfifo(chapter / "pipe.py")
    (chapter / "loop.py").symlink_to("loop.py")
    for name, (_, words) in WRONG.items():
        result = dlplay("--scenes", tmp_path, "run", f"wrong/{name.replace('_', '-')}")
        assert result.exit_code == 1, name
        assert result.stderr.startswith(f"dlplay: {words}"), result.stderr
        assert result.stderr.count("\n") == 1
        assert len(result.stderr) < 200
        assert "Traceback" not in result.stdout


# Ctrl-C


def test_ctrl_c_stops_and_prints_what_there_is(start, tmp_path):
    file = tmp_path / "run.dlplay"
    process = start("run", "tiny/fine", "rate=1", "steps=1000000000", "--json", "--record", file)
    lines = iter(process.stdout.readline, "")
    next(line for line in lines if json.loads(line)["type"] == "points")
    process.send_signal(signal.SIGINT)
    last = list(lines)[-1]
    assert json.loads(last)["type"] == "finished"
    assert json.loads(last)["status"] == "stopped"
    assert process.wait() == 130
    assert "Traceback" not in process.stderr.read()
    assert list(read(file))[-1][-1].status == "stopped"


def test_a_second_ctrl_c_ends_what_does_not_listen(start, tmp_path):
    file = tmp_path / "run.dlplay"
    process = start("run", "tiny/endless", "--json", "--record", file)
    next(line for line in process.stdout if json.loads(line)["type"] == "points")
    process.send_signal(signal.SIGINT)
    assert "Ctrl-C again" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    assert "Traceback" not in process.stderr.read()
    kinds = [type(event).__name__ for batch in read(file) for event in batch]
    assert kinds[0] == "Started"
    assert "Points" in kinds


def test_a_person_sees_progress_and_it_goes_away(on_terminal):
    status, shown = on_terminal("run", "tiny/fine", "steps=2000000", "rate=1")
    assert status == 0
    assert "steps/s" in shown
    assert "/2000000" in shown
    assert "loss train 1" in shown
    *_, result = shown.split("\x1b[?25h")  # the cursor is shown again
    assert "steps/s" not in result
    assert "A scene that behaves" in result
