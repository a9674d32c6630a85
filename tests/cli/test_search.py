"""sweep --search: which words it takes, what it prints, what it exits with."""

from __future__ import annotations

import csv
import io
import json
import shlex
import signal

import pytest

from tests.conftest import wait_for

pytest.importorskip("optuna")

ARGS = ("sweep", "tiny/fine", "rate=0.1..1", "rule=plain,signed", "steps=3", "--search", "8")


def words(result):
    return [line.split() for line in result.stdout.splitlines()]


def test_the_chart_the_table_and_what_it_is_worth(dlplay):
    result = dlplay(*ARGS, "--seeds", "2", "--measure", "end", "--jobs", "1", "--ascii")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == "A scene that behaves"
    assert lines[2] == "the least end so far, by points tried: mean of 2 seeds"
    head = ["rate", "rule", "end", "low", "to", "high", "point"]
    place = words(result).index(head)
    table = [line.split() for line in lines[place + 1 : lines.index("", place)]]
    ends = [float(row[2]) for row in table]
    assert ends == sorted(ends)
    assert all(float(row[0]) ** 3 == pytest.approx(float(row[2]), rel=1e-3) for row in table)
    said = lines[lines.index("", place) + 1 :]
    assert said[0] == "8 points: 16 runs, seeds 0 to 1: 16 done"
    assert said[1] == (
        "dlplay sweep tiny/fine rate=0.1..1 rule=plain,signed steps=3 --search 8 --measure end "
        "--goal least --seeds 2 --jobs 1"
    )
    assert said[3] == "The best of 8 points on seeds 0 to 1 looks better than it is. It is run by"
    best = f"rate={table[0][0]}" + (" rule=signed" if table[0][1] == "signed" else "")
    assert said[4].split() == [
        "dlplay", "run", "tiny/fine", *best.split()[:1], "steps=3", *best.split()[1:], "--seed", "0"
    ]  # fmt: skip
    assert said[6].startswith(f"dlplay sweep tiny/fine rate=0.5,{table[0][0]} steps=3 ")
    assert said[6].endswith("--measure end --seeds 6 --seed 2")
    ran = [dlplay(*shlex.split(each)[1:], "--ascii") for each in (said[1], said[4], said[6])]
    assert [each.exit_code for each in ran] == [0, 0, 0]
    assert ran[0].stdout == result.stdout


def test_json(dlplay):
    result = dlplay(*ARGS, "--goal", "greatest", "--json")
    found = json.loads(result.stdout)
    assert found["searched"] == {
        "rate": {"low": 0.1, "high": 1.0, "log": False},
        "rule": {"values": ["plain", "signed"]},
    }
    assert (found["measure"], found["goal"], found["points"]) == ("end", "greatest", 8)
    assert found["settings"] == {"steps": 3}
    assert [each["point"] for each in found["tried"]] == [*range(1, 9)]
    best = max(found["tried"], key=lambda each: each["value"])
    assert found["best"] == {name: best[name] for name in ("point", "settings", "value")}
    assert best["runs"][0]["measures"]["end"] == best["value"]
    assert found["commands"]["best"].startswith("dlplay run tiny/fine rate=")
    assert result.stderr == ""


def test_csv(dlplay):
    result = dlplay(*ARGS, "--csv", "--seed", "3")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert list(rows[0]) == [
        "scene", "point", "rate", "rule", "set_steps", "word", "seed", "status", "steps", "end",
        "measured_seed",
    ]  # fmt: skip
    assert [row["point"] for row in rows] == [str(number) for number in range(1, 9)]
    assert {(row["scene"], row["set_steps"], row["seed"]) for row in rows} == {
        ("tiny/fine", "3", "3")
    }
    assert all(float(row["rate"]) ** 3 == pytest.approx(float(row["end"])) for row in rows)


def test_a_choice_that_was_made_before_is_told(dlplay):
    result = dlplay("sweep", "tiny/fine", "rule=", "steps=1", "--search", "5")
    assert "5 points, 2 of them different: 2 runs, seed 0: 2 done" in result.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["rate="], "alone it says nothing"),
        (["--search", "3"], "--search searches parameters that are left open: NAME= for the whole"),
        (["rate=", "--search", "0"], "--search takes a whole number from 1 to 10000, not"),
        (["rate=", "--search", "1" + 12 * "0"], "--search takes a whole number from 1 to 10000"),
        (["rate=", "--search", "9999", "--seeds", "11"], "--search: that makes 109,989 runs, and"),
        (["rate=", "--search", "3", "--measure", ""], "no claim says which end of '' is better"),
        (["rate=", "--search", "3", "--measure", "seed"], "no claim says which end of 'seed'"),
        (["rate=", "--search", "3", "--measure", "ends"], "Did you mean 'end'?"),
        (["rate=", "--search", "3", "--goal", "most"], "--goal takes one of least, greatest, not"),
        (["rate=", "--search", "3", "--goal", "leats"], "Did you mean 'least'?"),
        (["rate=1..0.1", "--search", "3"], "rate is searched from low to high, not 1..0.1"),
        (["rate=0.1..7", "--search", "3"], "rate takes a number from 0.1 to 1, not 7.0"),
        (["rate=", "rate=0.1,1", "--search", "3"], "rate is given twice"),
        (["rate=0.5", "--over", "rate", "--search", "3"], "rate is to be searched, and has one"),
        (["--over", "word", "--search", "3"], "word is a text, and a text cannot be swept"),
        (["--over", "rat", "--search", "3"], "Did you mean 'rate'"),
        (["rate=", "--search", "3", "--json", "--csv"], "one of them at a time"),
    ],
)
def test_mistakes(dlplay, args, message):
    goal = ["--goal", "least"] if args == ["rate="] else []
    result = dlplay("sweep", "tiny/fine", *args, *goal)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_a_scene_without_claims_is_asked_for_a_measure(dlplay, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "unclaimed.py").write_text(
        '"""# Claims nothing"""\nfrom dlplay import Float, Scene\n\n\nclass Unclaimed(Scene):\n'
        "    x = Float(0.5, min=0, max=1)\n\n    def run(self, stage):\n"
        "        stage.measure(y=self.x)\n"
    )
    args = ("sweep", "own/unclaimed", "--scenes", tmp_path, "x=", "--search", "2")
    assert "--measure NAME does" in dlplay(*args).stderr
    asked = dlplay(*args, "--measure", "y")
    assert (
        "no claim says which end of 'y' is better: --goal least, or --goal greatest" in asked.stderr
    )
    wrong = dlplay(*args, "--measure", "z", "--goal", "least")
    assert wrong.exit_code == 2
    assert wrong.stderr == (
        "dlplay: --measure: no run measured 'z'; they measured y. "
        "Ended: 1 of 2 points were tried.\n"
    )
    assert "1 point: 1 run, seed 0: 1 done" in wrong.stdout
    assert "--measure z" not in wrong.stdout
    misspelt = dlplay(*args, "--goal", "best")
    assert "--goal takes one of least, greatest, not 'best'" in misspelt.stderr


def test_without_optuna(dlplay, monkeypatch):
    from dlplay.engine.sweeps import search

    monkeypatch.setattr(search, "find_spec", lambda name: None)
    result = dlplay(*ARGS)
    assert result.exit_code == 2
    assert result.stderr == (
        "dlplay: --search: a search needs optuna, which is not installed: "
        "pip install 'dlplay[search]'\n"
    )


def test_ctrl_c_prints_what_was_found(start, tmp_path):
    flag = tmp_path / "begun"
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "slow.py").write_text(
        '"""# Slow"""\nfrom pathlib import Path\nfrom dlplay import Int, Scene\n\n\n'
        "class Slow(Scene):\n    x = Int(1, min=1, max=1000)\n\n    def run(self, stage):\n"
        f"        flag = Path({str(flag)!r})\n"
        "        begun = flag.exists()\n        flag.touch()\n"
        "        for step in stage.loop(10**9):\n            if not begun:\n                break\n"
        '            Path(f"{flag}-2").touch()\n'
        "        stage.measure(y=self.x)\n"
    )
    args = ("sweep", "own/slow", "--scenes", tmp_path, "x=", "--search", "4", "--jobs", "1")
    process = start(*args, "--measure", "y", "--goal", "least")
    wait_for(lambda: (tmp_path / "begun-2").exists(), "the second point")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "1 point: 1 run, seed 0: 1 done" in out
    assert err == "dlplay: interrupted: 1 of 4 points were tried\n"
