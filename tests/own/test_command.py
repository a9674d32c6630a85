"""`dlplay watch` on the command line: what it takes, refuses, records and prints."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from dlplay.cli.exits import Mistake
from dlplay.cli.watching import order_of
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
