"""check: the table, the JSON and the exit statuses."""

from __future__ import annotations

import json

import pytest

from dlplay.cli.checking import exit_of
from dlplay.engine.check import Verdict
from dlplay.wire.events import ClaimResult


def verdict(status="done", holds=True):
    result = ClaimResult("x", "x is positive", 1.0, ">", 0.0, holds)
    return Verdict("a/b", "x", "x is positive", status, "", {0: result})


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ([], 0),
        ([verdict(), verdict()], 0),
        ([verdict(), verdict(holds=False)], 3),
        ([verdict(), verdict(holds=None)], 3),
        ([verdict(holds=False), verdict("diverged")], 4),
        ([verdict(holds=False), verdict("diverged"), verdict("failed")], 1),
        ([verdict("stopped")], 1),
    ],
)
def test_exit_status_is_that_of_the_worst(verdicts, status):
    assert exit_of(verdicts) == status


def test_a_claim_that_fails_exits_with_3(dlplay):
    assert dlplay("check", "tiny/fails").exit_code == 3


def test_the_table_over_two_seeds(dlplay):
    result = dlplay("check", "tiny/fine", "tiny/fails", "tiny/raises", "--seeds", "2")
    lines = result.stdout.splitlines()
    words = [line.split() for line in lines]
    assert ["✓", "holds", "the", "loss", "falls", "below", "0.1", "9.537e-07", "<", "0.1"] in words
    assert ["✗", "fails", "x", "is", "at", "least", "2", "1.5", "≥", "2"] in words
    text = " ".join(result.stdout.split())
    assert "seed 0: raises.py raised ValueError: the batch is empty; seed 1: raises.py" in text
    assert lines[-1] == "1 of 3 claims hold, 1 of 3 scenes failed"
    assert result.stderr == ""
    assert result.exit_code == 1


def test_json_has_every_claim_and_seed(dlplay):
    result = dlplay("check", "tiny/fine", "tiny/diverges", "--seeds", "2", "--jobs", "2", "--json")
    fine, diverges = json.loads(result.stdout)
    assert fine["scene"] == "tiny/fine"
    assert fine["claim"] == "the loss falls below 0.1"
    assert fine["holds"] is True
    assert [run["seed"] for run in fine["runs"]] == [0, 1]
    assert fine["runs"][0] == {
        "seed": 0,
        "value": 0.5**20,
        "relation": "<",
        "bound": 0.1,
        "holds": True,
        "reason": "",
    }
    assert diverges["claim"] is None
    assert diverges["status"] == "diverged"
    assert "no longer a finite number" in diverges["message"]
    assert result.exit_code == 4


def test_a_scene_of_the_old_form_is_sabotaged_too(dlplay, tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "line.py").write_text(
        '"""# Old"""\n'
        "import torch\n"
        "from dlplay import Scene, claim\n\n"
        "class Line(Scene):\n"
        "    def run(self, stage):\n"
        "        w = torch.ones(1, requires_grad=True)\n"
        "        descent = torch.optim.SGD([w], lr=0.1)\n"
        "        for _ in stage.loop(20):\n"
        "            loss = w.square().sum()\n"
        "            descent.zero_grad()\n"
        "            loss.backward()\n"
        "            descent.step()\n"
        "        stage.measure(loss=loss)\n\n"
        "    @claim('the loss falls')\n"
        "    def falls(self, measured):\n"
        "        return measured.loss < 0.5\n"
    )
    result = dlplay("--scenes", tmp_path, "check", "old/line", "--sabotage", "--json")
    told = {row["sabotage"]: row for row in json.loads(result.stdout)}
    assert told["step"]["broken"] == told["sign"]["broken"] == ["falls"]
    assert told["labels"]["spoilt"] == 0
    assert result.exit_code == 0
    tried = dlplay("--scenes", tmp_path, "check", "old/line", "--tries")
    assert "1 scenes of the old form have no tries" in tried.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--seeds", "1" + 12 * "0"], "--seeds takes a whole number from 1 to 1000, not"),
        (["--jobs", "1" + 12 * "0"], "--jobs takes a whole number from 1 to "),
        (["--tries", "--jobs", "99999"], "--jobs takes a whole number from 1 to "),
    ],
)
def test_counts_have_bounds(dlplay, args, message):
    result = dlplay("check", "tiny/fine", *args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_a_run_that_failed_has_not_shown_that_there_is_nothing_to_spoil(dlplay):
    result = dlplay("check", "tiny/raises", "--sabotage", "--tries")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert [line[0] for line in lines if "sabotage:" in line] == ["✗", "✗", "✗"]
    told = " ".join(lines)
    assert "raises.py raised ValueError: the batch is empty" in told
    assert "nothing of the kind to spoil" not in told
    assert "nothing breaks ends" not in told  # who knows?
    assert "broke:" not in told
    assert result.exit_code == 1
