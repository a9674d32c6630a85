"""`dlplay watch` on the command line: what it takes, refuses, records and prints."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from dlplay.cli.exits import Mistake
from dlplay.cli.watching import order_of
from dlplay.course.own import card_of_command
from dlplay.engine.recordings.library import Library
from dlplay.engine.recordings.replay import card_of, changed_since, load
from tests.own.conftest import TRAIN, environment


@pytest.fixture
def call(written, tmp_path):
    def call(*words, check=True):
        done = subprocess.run(
            [sys.executable, "-m", "dlplay", *words],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
        )
        assert not (check and done.returncode), done.stderr
        return done

    written(TRAIN)
    return call


def test_settings_come_before_the_command(written, monkeypatch):
    monkeypatch.chdir(written(TRAIN).parent)
    order = order_of(["lr=0.1", "lr@20=1", "train.py", "a=b"], environment())
    assert order.settings == {"lr": "0.1"}
    assert [(t.name, t.tick, t.value) for t in order.tweaks] == [("lr", 20, "1")]
    assert order.command == ("train.py", "a=b")


def test_the_program_has_options_of_its_own(call, written):
    written("import sys; print(sys.argv[1:])", "args.py")
    for words in (["args.py", "--json", "-x"], ["a=1", "--", "args.py", "--json", "-x"]):
        assert "['--json', '-x']" in call("watch", *words).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "takes the command of a program"),
        (["lr=1"], "takes the command of a program"),
        (["lr=1", "lr=2", "train.py"], "lr is given twice"),
        (["tran.py"], "no file 'tran.py'. Did you mean 'train.py'?"),
        (["lr@abc=1", "train.py"], "after @ comes a step, a whole number"),
        (["pythn", "train.py"], "no command 'pythn'. Did you mean 'python'?"),
    ],
)
def test_what_cannot_be_is_told_with_the_nearest(written, monkeypatch, words, said):
    monkeypatch.chdir(written(TRAIN).parent)
    with pytest.raises(Mistake, match=said.replace("?", r"\?")):
        order_of(words, environment())


def test_without_the_interface_it_prints_what_was_drawn_and_how_to_repeat_it(call):
    done = call("watch", "rate=0.2", "rate@3=0.5", "--check", "--", "train.py")
    assert "weight" in done.stderr  # what the program prints
    for said in ("train.py", "loss", "held_out", "epoch 2", "small", "done: 6 steps"):
        assert said in done.stdout
    assert done.stdout.splitlines()[-1] == "dlplay watch rate=0.2 rate@3=0.5 -- train.py"


def test_events_are_lines_of_json_and_the_last_is_the_summary(call):
    lines = call("watch", "--json", "train.py").stdout.splitlines()
    first, last = json.loads(lines[0]), json.loads(lines[-1])
    assert last["type"] == "finished"
    assert last["status"] == "done"
    assert any(json.loads(line)["type"] == "knob" for line in lines)
    assert first["type"] in ("started", "logged")


def test_a_program_that_fails_ends_with_a_status_and_a_word(call, written):
    written("import dlplay.nothing", "broken.py")
    done = call("watch", "--json", "broken.py", check=False)
    assert done.returncode == 1
    assert "No module named 'dlplay.nothing'" in done.stderr


def test_a_recording_is_replayed_and_exported_with_its_knobs(call, tmp_path):
    call("watch", "--record", "run.dlplay", "rate=0.2", "--", "train.py")
    replay = load(tmp_path / "run.dlplay")
    card = card_of(replay, [])
    assert card is not None
    assert card.parameters["rate"].allowed == "a number from 0.01 to 1"
    assert "dlplay watch rate=0.2 -- train.py" in call("replay", "run.dlplay").stdout
    facts = json.loads(call("export", "run.dlplay", "--to", "json", "--out", "-").stdout)
    assert facts["address"] == "dlplay watch rate=0.2 -- train.py"
    assert facts["title"] == "train.py"
    assert len(facts["curves"]["loss"]["train"]["y"]) == 6
    refused = call("export", "run.dlplay", "--to", "script", "--out", "-", check=False)
    assert "needs no script" in refused.stderr


def test_its_recordings_are_compared_by_their_knobs_and_seeds(call, written, tmp_path):
    written(
        """
        from dlplay import stage

        seed = stage.knob("seed", 0)
        rate = stage.knob("rate", 0.5, min=0, max=1)
        for step in stage.loop(2):
            stage.curve("loss", train=rate)
        stage.measure(final=rate + seed)
        """
    )
    for name, *words in (["a"], ["b", "rate=0.25"], ["c", "seed=3"]):
        call("watch", "--record", f"{name}.dlplay", *words, "--", "train.py")
    found = json.loads(call("compare", "a.dlplay", "b.dlplay", "c.dlplay", "--json").stdout)
    assert [(group["label"], len(group["runs"])) for group in found["groups"]] == [
        ("rate=0.5", 2), ("rate=0.25", 1)
    ]  # fmt: skip
    assert [run["seed"] for group in found["groups"] for run in group["runs"]] == [0, 3, 0]
    infos = [Library().find(tmp_path / f"{name}.dlplay") for name in "abc"]
    assert [(info.seed, dict(info.differs)) for info in infos] == [
        (0, {}), (0, {"rate": 0.25}), (3, {})
    ]  # fmt: skip
    wrong = call("compare", "own/train", check=False).stderr
    assert "'own/train' is no scene but a program of your own: `dlplay watch" in wrong


def test_a_recording_that_breaks_off_before_anything_was_drawn_says_what_ran(written, tmp_path):
    written("import time\nprint('begun', flush=True)\ntime.sleep(1000)\n")
    words = ("watch", "--record", "run.dlplay", "--", "train.py")
    process = subprocess.Popen(
        [sys.executable, "-m", "dlplay", *words],
        cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True
    )  # fmt: skip
    assert process.stderr.readline() == "begun\n"
    process.kill()
    process.communicate()
    replay = load(tmp_path / "run.dlplay")
    assert (replay.started.scene, replay.summary.status) == ("own/train", "unfinished")
    assert [line.text for line in replay.history.log] == ["begun"]


def test_a_module_has_its_own_name_and_file(tmp_path):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "fit.py").write_text('"""# Fit\n\nWhat it is about."""\n')
    card = card_of_command(["python", "-m", "pkg.fit", "--config", "own.py"], tmp_path)
    assert (card.id, card.title, card.path) == ("own/pkg-fit", "Fit", tmp_path / "pkg" / "fit.py")
    other = card_of_command(["python", "-m", "torch.distributed.run", "train.py"], tmp_path)
    assert (other.id, other.title) == ("own/train", "train.py")


def test_where_its_python_has_no_dlplay_that_is_told(call, written, monkeypatch):
    written("raise ModuleNotFoundError(\"No module named 'dlplay'\")")
    said = call("watch", "--", "train.py", check=False).stderr
    assert f"That Python is another than dlplay's, which is {sys.executable}" in said


def test_a_program_that_has_changed_since_is_told(call, written, tmp_path, monkeypatch):
    call("watch", "--record", "run.dlplay", "train.py")
    monkeypatch.chdir(tmp_path)
    replay = load("run.dlplay")
    assert changed_since(replay, card_of(replay, [])) == ""
    written(TRAIN + "\n    print()")
    assert "has been changed" in changed_since(replay, card_of(replay, []))
    (tmp_path / "train.py").unlink()
    assert "no train.py here any more" in changed_since(replay, card_of(replay, []))


def test_of_a_progress_bar_the_last_state_is_printed(call, written):
    written(
        r"""
        import sys

        for part in range(3):
            sys.stderr.write(f"\r\x1b[32m{part + 1}/3\x1b[0m")
        print()
        """,
        "bar.py",
    )
    assert call("watch", "bar.py").stderr.splitlines()[0] == "3/3"
