"""sweep: which words it takes, what it prints, what it exits with."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import signal
import subprocess

import pytest

from tests.cli.conftest import command, hears_ctrl_c
from tests.conftest import wait_for


def words(result):
    return [line.split() for line in result.stdout.splitlines()]


def test_the_chart_and_the_table(dlplay):
    result = dlplay("sweep", "tiny/fine", "rate=0.25,0.5,1", "steps=2", "--seeds", "2")
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0] == "A scene that behaves"
    assert lines[2] == "end by rate: mean, lowest and highest of 2 seeds"
    table = words(result)
    assert ["rate", "end", "low", "to", "high", "claims", "that", "hold"] in table
    assert ["0.25", "0.0625", "0.0625", "to", "0.0625", "1", "of", "1"] in table
    assert ["0.5", "0.25", "0.25", "to", "0.25", "0", "of", "1"] in table
    assert ["1", "1", "1", "to", "1", "0", "of", "1"] in table
    assert lines[-2] == "6 runs, seeds 0 to 1: 6 done"
    assert lines[-1] == "dlplay sweep tiny/fine rate=0.25,0.5,1 steps=2 --seeds 2"
    assert max(map(len, lines)) <= 100


def test_another_measure_and_another_first_seed(dlplay):
    result = dlplay("sweep", "tiny/fine", "steps=1,2", "--measure", "seed", "--seed", "7")
    assert ["steps", "seed", "claims", "that", "hold"] in words(result)
    assert ["1", "7", "0", "of", "1"] in words(result)
    assert result.stdout.splitlines()[-1] == "dlplay sweep tiny/fine steps=1,2 --seed 7"


def test_json(dlplay):
    result = dlplay("sweep", "tiny/fine", "steps=1,3", "rate=0.5", "--seeds", "2", "--json")
    found = json.loads(result.stdout)
    assert found["scene"] == "tiny/fine"
    assert found["parameter"] == "steps"
    assert found["values"] == [1, 3]
    assert found["seeds"] == [0, 1]
    assert found["settings"] == {"rate": 0.5}
    assert found["stopped"] is False
    assert [(r["value"], r["seed"], r["status"], r["steps"]) for r in found["runs"]] == [
        (1, 0, "done", 1), (1, 1, "done", 1), (3, 0, "done", 3), (3, 1, "done", 3)
    ]  # fmt: skip
    assert found["runs"][3]["measures"] == {"end": 0.125, "seed": 1.0}
    assert found["runs"][3]["claims"][0]["holds"] is False
    assert result.stderr == ""


def test_csv(dlplay):
    result = dlplay("sweep", "tiny/fine", "rule=plain,signed", "--csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert list(rows[0]) == [
        "scene", "rule", "rate", "set_steps", "word", "seed", "status", "steps", "end",
        "measured_seed",
    ]  # fmt: skip
    assert [row["rule"] for row in rows] == ["plain", "signed"]
    assert {(row["scene"], row["rate"], row["set_steps"]) for row in rows} == {
        ("tiny/fine", "0.5", "20")
    }
    assert float(rows[1]["end"]) == 0.5**20
    assert result.stderr == ""


@pytest.mark.parametrize("how", [["rate="], ["--over", "rate"], ["rate=", "--over", "rate"]])
def test_a_spread_is_taken(dlplay, how):
    result = dlplay("sweep", "tiny/fine", *how, "steps=1", "--json")
    assert json.loads(result.stdout)["values"] == [0.1, 0.3, 0.5, 0.7, 0.9]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "as in rate=0.1,0.3,0.5, or --over rate for a spread"),
        (["steps=3"], "as in steps=1,10,20,"),
        (["rate=0.1,0.5", "steps=1,2"], "rate and steps have several values each"),
        (["rate=0.1,0.5", "--over", "steps"], "rate and steps have several values each"),
        (["rate=0.1..0.5"], "a range such as rate=0.1..0.5 is searched, with --search N; a sweep"),
        (["rate=0.1,0.5", "rate=0.2,0.3"], "rate is given twice"),
        (["rate=0.1", "--over", "rate"], "rate is to be swept, and has a single value as well"),
        (["rat=0.1,0.5"], "Did you mean 'rate'"),
        (["--over", "rat"], "Did you mean 'rate'"),
        (["rate=0.1,5"], "rate takes a number from 0.1 to 1, not 5.0"),
        (["rate=0.1,"], "rate takes a number from 0.1 to 1, not ''"),
        (["rate=0.1,0.10"], "rate=0.1 is given twice"),
        (["rule=plain,sgined"], "Did you mean 'signed'"),
        (["word=a,b"], "word is a text, and a text cannot be swept; tiny/fine can sweep rate,"),
        (["--over", "word"], "word is a text, and a text cannot be swept"),
        (["steps=1,2", "--seeds", "0"], "--seeds takes a whole number from 1 to 1000, not '0'"),
        (["steps=1,2", "--seeds", "1" + 12 * "0"], "--seeds takes a whole number from 1 to 1000"),
        (["steps=1,2", "--seeds", 9999 * "9"], "--seeds takes a whole number from 1 to 1000"),
        ([f"steps={','.join(map(str, range(1, 102)))}", "--seeds", "1000"],
         "--seeds: that makes 101,000 runs, and 100,000 at most are made"),
        (["steps=1,2", "--jobs", "100000"], "--jobs takes a whole number from 1 to "),
        (["steps=1,2", "seed=1,2"], "seed takes a whole number"),
        (["steps=1,2", "--json", "--csv"], "one of them at a time"),
        (["steps=1,2", "--device", "gpu"], "Did you mean 'cuda'"),
    ],
)  # fmt: skip
def test_mistakes(dlplay, args, message):
    result = dlplay("sweep", "tiny/fine", *args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("name", ["ende", "formula"])  # one that its prose has, too
def test_a_measure_that_there_is_not_ends_the_sweep_and_loses_no_run(dlplay, name):
    args = ("sweep", "tiny/fine", "steps=1,1000000000", "--jobs", "1", "--measure", name)
    result = dlplay(*args)  # the second has no end
    assert result.exit_code == 2
    hint = " Did you mean 'end'?" if name == "ende" else ""
    assert result.stderr == (
        f"dlplay: --measure: no run measured {name!r}; they measured end, seed.{hint} "
        "Ended: 1 of 2 runs had finished.\n"
    )
    assert ["1", "0.5", "0", "of", "1"] in words(result)
    assert ["1000000000", "not", "run"] in words(result)
    assert len(dlplay(*args, "--csv").stdout.splitlines()) == 2


def test_a_measure_of_other_settings_is_waited_for(dlplay, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "some.py").write_text(
        '"""# Some"""\nfrom dlplay import Choice, Scene\n\n\n'
        'class Some(Scene):\n    rule = Choice("plain", ("plain", "signed"))\n\n'
        "    def run(self, stage):\n"
        '        stage.measure(all=1.0, **{f"of_{self.rule}": 2.0})\n'
    )
    args = ("sweep", "own/some", "--scenes", tmp_path, "rule=", "--jobs", "1", "--measure")
    result = dlplay(*args, "of_signed")
    assert (result.exit_code, result.stderr) == (0, "")
    assert ["signed", "2"] in words(result)
    never = dlplay(*args, "of_others")  # it could be, and is not
    assert never.exit_code == 2
    assert never.stderr == (
        "dlplay: --measure: no run measured 'of_others'; they measured all, of_plain, of_signed.\n"
    )
    assert ["signed", "1"] in words(never)


def test_a_text_keeps_its_commas(dlplay):
    result = dlplay("sweep", "tiny/fine", "steps=1,2", "word=a,b", "--json")
    assert json.loads(result.stdout)["settings"] == {"word": "a,b"}


def test_a_value_that_diverges_is_a_finding(dlplay, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "edge.py").write_text(
        '"""# The edge"""\nfrom dlplay import Float, Scene\n\n\n'
        "class Edge(Scene):\n    factor = Float(0.5, min=0.1, max=1e300, log=True)\n\n"
        "    def run(self, stage):\n        x = 1.0\n"
        "        for _ in stage.loop(10):\n            x *= self.factor\n"
        '            stage.curve("x", walker=x)\n        stage.measure(end=x)\n'
    )
    args = ("sweep", "own/edge", "--scenes", tmp_path)
    result = dlplay(*args, "factor=0.5,2,1e200", "--ascii")
    assert result.exit_code == 0
    assert ["2", "1024"] in words(result)
    assert ["1e+200", "diverged"] in words(result)
    assert "diverged at 1e+200" in result.stdout
    assert "nan" not in result.stdout
    assert result.stdout.isascii()
    assert dlplay(*args, "factor=1e250,1e200").exit_code == 4


def test_if_every_run_fails_so_does_the_sweep(dlplay, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "bad.py").write_text(
        '"""# Bad"""\nfrom dlplay import Scene, Toggle\n\n\n'
        "class Bad(Scene):\n    flag = Toggle(False)\n\n    def run(self, stage):\n"
        '        raise ValueError("no data")\n'
    )
    result = dlplay("sweep", "own/bad", "--scenes", tmp_path, "flag=on,off")
    assert result.exit_code == 1
    assert "2 of 2 runs failed: bad.py raised ValueError: no data" in result.stderr
    assert ["on", "failed"] in words(result)
    assert dlplay("sweep", "tiny/broken", "x=1,2").exit_code == 1
    assert "no parameter that can be swept" in dlplay("sweep", "tiny/fails").stderr


def test_ctrl_c_prints_what_has_finished(course):
    """The first value takes no time, the second for ever; a person sees how far it is."""
    ours, theirs = pty.openpty()
    args = ("sweep", "tiny/fine", "steps=1,1000000000", "--jobs", "1", "--csv")
    env = {**os.environ, "DLPLAY_SCENES": str(course), "TERM": "xterm-256color", "COLUMNS": "80"}
    with subprocess.Popen(
        command(*args),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=env,
        text=True,
        preexec_fn=hears_ctrl_c,
    ) as process:
        os.close(theirs)
        seen = ""
        while "1 of 2 runs over  steps=1000000000 (seed 0)" not in seen:
            seen += os.read(ours, 65536).decode()
        process.send_signal(signal.SIGINT)
        written, _ = process.communicate(timeout=300)
    rest = os.read(ours, 65536).decode()
    os.close(ours)
    assert "interrupted: 1 of 2 runs had finished" in rest
    assert written.splitlines() == [
        "scene,set_steps,rate,rule,word,seed,status,steps,end,measured_seed",
        "tiny/fine,1,0.5,plain,hello,0,done,1,0.5,0.0",
    ]
    assert process.returncode == 130


@pytest.mark.parametrize("command", ["sweep", "check"])
def test_told_to_end_it_prints_what_has_finished(start, tmp_path, command):
    """As a batch system does it when the time is up: the second seed has no end."""
    flag = tmp_path / "begun"
    (tmp_path / "own").mkdir()
    for name in ("one", "two"):
        (tmp_path / "own" / f"{name}.py").write_text(
            f'"""# {name}"""\nfrom pathlib import Path\nfrom dlplay import Int, Scene, claim\n\n\n'
            "class Slow(Scene):\n    x = Int(1, min=1, max=9)\n\n    def run(self, stage):\n"
            f'        if self.x == 2 or {name!r} == "two":\n'
            "            for step in stage.loop(10**9):\n"
            f"                Path({str(flag)!r}).touch()\n"
            "        stage.measure(y=self.x)\n\n"
            '    @claim("y is 1")\n    def one(self, measured):\n        return measured.y == 1\n'
        )
    words = {"sweep": ["own/one", "x=1,2", "--csv"], "check": ["own/one", "own/two", "--json"]}
    process = start(command, *words[command], "--scenes", tmp_path, "--jobs", "1")
    wait_for(flag.exists, "the second run")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 143
    assert err == "dlplay: told to end: 1 of 2 runs had finished\n"
    if command == "sweep":
        assert out.splitlines()[1:] == ["own/one,1,0,done,0,1.0"]
    else:
        assert [(each["scene"], each["holds"]) for each in json.loads(out)] == [("own/one", True)]


def test_runs_that_are_trained_as_one_batch(dlplay, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "many.py").write_text(
        '"""# Many"""\nfrom dlplay import Float, Scene\n\n\n'
        'class Many(Scene):\n    panels = {"x": "walkers"}\n'
        "    factor = Float(0.5, min=0.1, max=1e30, log=True)\n\n"
        "    def run(self, stage):\n        x = 1.0\n"
        "        for _ in stage.loop(10):\n            x = x * stage.each(self.factor)\n"
        '            stage.curve("x", walker=x)\n        stage.measure(end=x)\n'
    )
    args = ("sweep", "own/many", "factor=0.5,2,1e20", "--seeds", "2", "--scenes", tmp_path)
    result = dlplay(*args)
    assert result.exit_code == 0
    assert ["2", "1024", "1024", "to", "1024"] in words(result)
    assert ["1e+20", "diverged"] in words(result)
    told = "each seed's runs were trained as one batch: as alone (--apart), but for rounding"
    assert told in result.stdout.splitlines()
    together = json.loads(dlplay(*args, "--json").stdout)
    apart = json.loads(dlplay(*args, "--json", "--apart").stdout)
    assert (together["together"], apart["together"]) == (True, False)
    for one, other in zip(together["runs"], apart["runs"], strict=True):
        assert {**one, "seconds": 0} == {**other, "seconds": 0}
    assert "as one batch" not in dlplay(*args, "--apart").stdout
