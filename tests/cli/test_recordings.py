"""runs and replay: what is recorded, listed and seen again, with and without a terminal."""

from __future__ import annotations

import json
import os
import random
import re

import pytest

from dlplay.course import catalog
from dlplay.engine.execute import execute
from dlplay.engine.recordings.format import MAGIC, Recorder
from dlplay.engine.recordings.library import Library
from dlplay.engine.sabotage import sabotaged
from dlplay.wire import events
from dlplay.wire.events import ClaimResult
from tests.cli.test_commands import HEAVY, loaded


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """The user's data directory."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def record(course):
    """Runs a scene as the interface would, and records it."""

    def run(name, settings=None, seed=0, sabotage=""):
        card = catalog.Catalog([course]).find(f"tiny/{name}")
        recorder = Library().recorder(card, seed=seed, device="auto", settings=settings or {})
        with sabotaged(sabotage):
            execute(card, settings, seed=seed, device="cpu", sink=recorder)
        recorder.close()
        assert recorder.trouble == ""
        return recorder.path

    return run


def test_no_runs(dlplay, data):
    listed = dlplay("runs")
    assert (listed.exit_code, listed.stdout) == (0, "")
    assert "no run has been recorded yet" in listed.stderr
    assert str(data / "dlplay" / "runs") in listed.stderr.replace("\n", "")
    assert json.loads(dlplay("runs", "--json").stdout) == []
    shown = dlplay("replay", "1")
    assert shown.exit_code == 2
    assert "there is no run 1: no run has been recorded yet" in shown.stderr


def test_runs_as_lines(dlplay, record):
    record("fine", {"rate": 0.25, "word": "two words"}, seed=3)
    record("diverges")
    Library().pin(record("raises"), "the empty batch")
    (Library().folder / "bad.dlplay").write_bytes(b"no recording")
    shown = dlplay("runs")
    heading, *lines = shown.stdout.splitlines()
    columns = ["run", "id", "when", "scene", "seed", "status", "what", "differs", "size"]
    assert heading.split() == columns
    bad, raises, diverges, fine = lines
    assert fine.startswith("4 ")
    assert "tiny/fine" in fine
    assert "rate=0.25 word='two words'" in fine
    assert [fine[heading.index(word) :].split()[0] for word in ("seed", "status")] == ["3", "done"]
    assert "diverged" in diverges
    assert raises.endswith("pinned the empty batch")
    assert "failed" in raises
    assert "bad.dlplay" in bad
    assert "damaged" in bad


def test_runs_as_json(dlplay, record, course):
    path = record("fine", {"steps": 4}, seed=2)
    (row,) = json.loads(dlplay("runs", "--json").stdout)
    assert row["path"] == str(path)
    assert (row["scene"], row["title"]) == ("tiny/fine", "A scene that behaves")
    assert (row["number"], row["seed"], row["status"], row["steps"]) == (1, 2, "done", 4)
    assert row["differs"] == {"steps": 4}
    assert row["parameters"] == {"rate": 0.5, "steps": 4, "rule": "plain", "word": "hello"}
    assert row["digest"] == catalog.Catalog([course]).find("tiny/fine").digest
    assert row["versions"]["torch"]
    assert row["pinned"] is False


def test_runs_on_a_terminal(on_terminal, record, data):
    record("fine", {"rate": 0.25})
    status, shown = on_terminal("runs", XDG_DATA_HOME=str(data))
    assert status == 0
    assert "tiny/fine" in shown
    assert "rate=0.25" in shown
    assert "\x1b[32mdone" in shown


def test_a_replay_prints_what_the_run_printed(dlplay, record):
    printed = dlplay("run", "tiny/fine", "rate=0.25", "--seed", "3").stdout.splitlines()
    path = record("fine", {"rate": 0.25}, seed=3)
    for word in ("1", path, path.name):
        shown = dlplay("replay", word)
        assert shown.exit_code == 0
        assert shown.stderr == ""
        lines = shown.stdout.splitlines()
        assert len(lines) == len(printed)
        differ = [a for a, b in zip(lines, printed, strict=True) if a != b]
        assert all(line.startswith("done: 20 steps in ") for line in differ)


def test_a_sabotaged_run_is_never_taken_for_a_healthy_one(dlplay, record, tmp_path):
    record("fine", seed=1)
    path = record("fine", {"rate": 0.25}, sabotage="sign")
    said, line = "sabotaged: gradients have the wrong sign", "--seed 0 --sabotage sign"
    assert f" rate=0.25 {said}  " in dlplay("runs").stdout
    row, healthy = json.loads(dlplay("runs", "--json").stdout)
    assert (row["sabotage"], healthy["sabotage"]) == ("sign", "")
    assert row["address"] == "tiny/fine rate=0.25 --seed 0 --device cpu --sabotage sign"
    shown = dlplay("replay", path).stdout.splitlines()
    assert shown[1] == said
    assert shown[-1] == f"dlplay run tiny/fine rate=0.25 {line}"
    assert "sabotage" not in dlplay("replay", "2").stdout
    found = json.loads(dlplay("compare", "tiny/fine", "--json").stdout)
    assert [run["sabotage"] for group in found["groups"] for run in group["runs"]] == ["sign", ""]
    out = dlplay("export", path, "--to", "csv", "--out", tmp_path / "a.csv")
    assert (out.exit_code, out.stderr) == (0, f"dlplay: {path} is no healthy run, but {said}\n")
    refused = dlplay("export", path, "--to", "script")
    assert refused.exit_code != 0
    assert refused.stderr.endswith(f"this run was {said}\n")
    assert refused.stdout == ""


def test_a_replay_says_how_the_run_ended(dlplay, record):
    record("raises")
    shown = dlplay("replay", "1")
    assert shown.exit_code == 0  # that it failed then is no failure now
    assert "raises.py raised ValueError: the batch is empty" in shown.stderr
    assert "failed: 6 steps" in shown.stdout


def test_a_replay_needs_neither_torch_nor_the_interface(record, data, course, tmp_path):
    record("fine")
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "torch.py").write_text("raise ImportError('there is no torch')\n")
    env = {**os.environ, "DLPLAY_SCENES": str(course), "PYTHONPATH": str(blocked)}
    env |= {"XDG_DATA_HOME": str(data)}
    assert not loaded("replay", "1", env=env) & {"torch", "textual"}
    assert not loaded("runs", env=env) & (HEAVY | {"numpy"})


def test_a_changed_scene_and_one_that_is_gone_are_told(dlplay, tmp_path):
    def made(name, scene, digest):
        path = tmp_path / name
        with Recorder(path) as recorder:
            known = {"scene": scene, "seed": 0, "device": "cpu", "parameters": {"rate": 0.4}}
            recorder([events.Started(**known, digest=digest)])
            recorder([events.Text(tick=3, panel="words", text="still here")])
        return path

    changed = dlplay("replay", made("changed", "tiny/fine", "another"))
    assert "tiny/fine has been changed since this was recorded" in " ".join(changed.stderr.split())
    assert "dlplay open tiny/fine rate=0.4" in changed.stdout
    gone = dlplay("replay", made("gone", "old/scene", "another"))
    assert gone.exit_code == 0
    assert "There is no scene old/scene here any more" in " ".join(gone.stderr.split())
    assert "still here" in gone.stdout
    assert "unfinished: 3 steps" in gone.stdout
    assert "dlplay open" not in gone.stdout


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x80\x04 a pickle", "is no dlplay recording"),
        (b"dlplay-recording 9\n", "format 9; this dlplay reads format 1"),
        (MAGIC, "holds nothing that can be read"),
        (MAGIC + b"\x01\0\0\0\0\0\0\0\xc1", "the checksum of a batch is wrong"),
    ],
)
def test_what_cannot_be_read_is_told(dlplay, tmp_path, content, words):
    path = tmp_path / "file"
    path.write_bytes(content)
    for command in (["replay"], ["compare"], ["export", "--to", "csv"]):
        shown = dlplay(*command, path)
        said = " ".join(shown.stderr.split())
        assert shown.exit_code == 1
        assert said.startswith(f"dlplay: {path}")
        assert words in said or command[0] == "export"  # which reads it at once, without a list
    assert shown.stdout == ""


def test_what_is_whole_of_a_damaged_file_is_shown(dlplay, record):
    path = record("fine")
    data = path.read_bytes()
    path.write_bytes(data[:-20])
    shown = dlplay("replay", path)
    assert shown.exit_code == 0
    assert "The file ends within a batch" in " ".join(shown.stderr.split())
    assert "said hello" in shown.stdout
    assert "unfinished: 20 steps" in shown.stdout


def test_few_columns_leave_no_claim_out(dlplay, record, monkeypatch):
    path = record("fine")
    monkeypatch.setenv("COLUMNS", "30")
    shown = " ".join(dlplay("replay", path).stdout.split())
    monkeypatch.setenv("COLUMNS", "100")
    wide = dlplay("replay", path).stdout
    (claim,) = re.findall(r"holds  (.*?)  ", wide)
    assert claim in shown


def test_mistakes(dlplay, record, tmp_path):
    path = record("fine")
    for word, message in {
        "2": "there is no run 2: 1 is the only one; `dlplay runs` lists them",
        "0": "there is no run 0",
        str(path)[:-1]: "Did you mean",
        str(tmp_path): "is a folder",
    }.items():
        shown = dlplay("replay", word)
        assert shown.exit_code == 2
        assert message in " ".join(shown.stderr.split())
    assert dlplay("replay").exit_code == 2


def test_a_terminal_gets_the_interface(dlplay, record, monkeypatch):
    started = []
    monkeypatch.setattr("dlplay.cli.options.on_a_terminal", lambda: True)
    monkeypatch.setattr("dlplay.tui.app.start", lambda *args, **known: started.append(known) or 0)
    path = record("fine")
    assert dlplay("replay", "1").exit_code == 0
    (known,) = started
    assert known["replay"] == path
    assert known["look"] is not None


VALUES = [True, False, 0, -1, 2**63, 1e308, 0.5, "", "x y", "\x1b[2J", "θ" * 50]


def test_any_settings_and_claims_can_be_printed(dlplay, tmp_path):
    rng, path = random.Random(4), tmp_path / "made"
    for turn in range(40):
        names = ("rate", "steps", "rule", "word", "other", "\x1b[2J")
        settings = {name: rng.choice(VALUES) for name in rng.sample(names, 3)}
        bound = rng.choice([None, 1.0, float("nan"), (0.0, float("inf"))])
        value = rng.choice([None, float("inf"), 1e-300, -0.0])
        done = events.Finished(
            status=rng.choice(["done", "odd", "\x1b[2J"]), scene=rng.choice(["tiny/fine", "", "a"]),
            seed=2**62, device="\x9b", parameters=settings, steps=rng.choice([-1, 2**63]),
            measures={"\x1b": value or 0.0}, seconds=rng.choice([float("nan"), -1, 1e308]),
            claims=[ClaimResult("c", "\x1b[2J", value, ">", bound, rng.choice([None, True]))],
        )  # fmt: skip
        with Recorder(path, overwrite=True) as recorder:
            recorder([done])
        shown = dlplay("replay", path, *["--ascii"][: turn % 2])
        assert shown.exit_code == 0
        assert "\x1b" not in shown.output
        assert "\x9b" not in shown.output


def test_runs_are_pinned_named_and_removed(dlplay, record):
    record("fine")
    record("diverges")
    assert dlplay("runs", "--pin", "2", "--name", "the good one").exit_code == 0
    first, second = json.loads(dlplay("runs", "--json").stdout)
    assert (second["pinned"], second["name"]) == (True, "the good one")
    assert not first["pinned"]
    assert "unpinned" in dlplay("runs", "--unpin", "2").stderr
    assert not json.loads(dlplay("runs", "--json").stdout)[1]["pinned"]
    dlplay("runs", "--remove", "1")
    (left,) = json.loads(dlplay("runs", "--json").stdout)
    assert left["scene"] == "tiny/fine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--pin", "9"], "1 is the only one"),
        (["--remove", "nothing.dlplay"], "there is no file"),
        (["--name", "x"], "--name goes with --pin"),
        (["--pin", "1", "--remove", "1"], "at a time"),
    ],
)
def test_what_cannot_be_changed_about_a_run(dlplay, record, words, said):
    record("fine")
    shown = dlplay("runs", *words)
    assert shown.exit_code == 2
    assert said in shown.stderr.replace("\n", " ")
    assert len(json.loads(dlplay("runs", "--json").stdout)) == 1


def test_runs_are_compared_by_their_settings_with_their_spread_over_seeds(dlplay, record):
    for seed in range(3):
        record("fine", {"rate": 0.25}, seed)
    record("fine", {"rate": 0.75}, 3)
    record("fine", {"rate": 0.75}, 3)  # made again: no further seed
    record("diverges")
    shown = dlplay("compare", "tiny/fine", "--measure", "seed")
    assert shown.exit_code == 0
    assert "seed: mean, lowest and highest of 3 seeds" in shown.stdout
    assert shown.stdout.count("rate=0.25") == shown.stdout.count("rate=0.75") == 2  # chart, table
    assert "0 to 2" in shown.stdout
    found = json.loads(dlplay("compare", "6", "2", "--json").stdout)
    assert [group["label"] for group in found["groups"]] == ["rate=0.25", "rate=0.75"]
    assert [run["run"] for group in found["groups"] for run in group["runs"]] == ["6", "2"]
    alone = dlplay("compare", "6").stdout
    assert "these settings" in alone
    assert "seeds" in alone


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["1", "2"], "runs of one scene are compared, not of tiny/diverges, tiny/fine"),
        (["tiny/fin"], "Did you mean 'tiny/fine'?"),
        (["tiny/raises"], "no run of tiny/raises is recorded"),
        (["9"], "there is no run 9"),
        (["2", "--measure", "sed"], "--measure: no run measured 'sed'; they measured end, seed."),
        ([], "Missing argument"),
    ],
)
def test_what_cannot_be_compared(dlplay, record, words, said):
    record("fine")
    record("diverges")
    shown = dlplay("compare", *words)
    assert shown.exit_code == 2
    assert said in shown.stderr.replace("\n", " ")


def test_runs_that_did_not_end_do_not_count(dlplay, record):
    record("diverges")
    shown = dlplay("compare", "1")
    assert shown.exit_code == 0
    assert "1 of 1 runs did not come to their end" in shown.stderr
