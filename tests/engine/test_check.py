"""Runs over several seeds in processes of their own, and the verdicts on their claims."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlplay.author.claims import Claim
from dlplay.course.catalog import SceneCard
from dlplay.engine import check
from dlplay.engine.live import LiveRun
from dlplay.wire.events import ClaimResult, Finished
from tests.processes import gone


def test_each_seed_runs_apart_and_faults_stay_apart(faults):
    cards = [faults.find("faults/fine"), faults.find("faults/killed")]
    seen = []
    finished = check.run_all(
        cards,
        seeds=2,
        jobs=2,
        device="cpu",
        watch=lambda under, over, total: seen.append((len(under), over, total)),
    )
    assert {s: set(runs) for s, runs in finished.items()} == {
        "faults/fine": {0, 1},
        "faults/killed": {0, 1},
    }
    assert [list(runs) for runs in finished.values()] == [[0, 1]] * 2  # in order, however they end
    assert all(run.status == "done" for run in finished["faults/fine"].values())
    assert all(run.status == "failed" for run in finished["faults/killed"].values())
    measures = [run.measures for run in finished["faults/fine"].values()]
    assert measures[0] != measures[1]
    assert max(under for under, _, _ in seen) == 2
    assert seen[-1] == (0, 4, 4)
    assert [over for _, over, _ in seen] == sorted(over for _, over, _ in seen)


def test_interrupted_it_leaves_no_process_behind(faults, monkeypatch):
    pids = []
    start = LiveRun.__init__

    def remember(self, *args):
        start(self, *args)
        runs.append(self)

    runs = []
    monkeypatch.setattr(LiveRun, "__init__", remember)

    def interrupt(under, over, total):
        if any(each.done > 0 or each.run.state == "running" for each in under):
            pids.extend(run.pid for run in runs if run.pid)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check.run_all([faults.find("faults/endless")], seeds=2, jobs=2, watch=interrupt)
    assert pids
    assert all(map(gone, pids))


def card(*claims):
    return SceneCard("a/b", Path("b.py"), Path(), "B", claims=tuple(Claim(c, c) for c in claims))


def summary(status="done", **holds):
    claims = [ClaimResult(name, name, 1.0, ">", 0.0, held) for name, held in holds.items()]
    return Finished(
        status=status, scene="a/b", seed=0, device="cpu", parameters={}, measures={},
        claims=claims, steps=1, seconds=0.1, message="" if status == "done" else "oh",
    )  # fmt: skip


def test_a_claim_holds_if_it_holds_with_every_seed():
    runs = {0: summary(x=True, y=True, z=True), 1: summary(x=True, y=False, z=None)}
    x, y, z = check.verdicts([card("x", "y", "z")], {"a/b": runs})
    assert (x.holds, y.holds, z.holds) == (True, False, None)
    assert x.status == "done"
    assert [result.value for result in x.results.values()] == [1.0, 1.0]


def test_the_worst_status_counts_and_claims_never_judged_are_not_measured():
    runs = {0: summary(x=True), 1: summary("failed"), 2: summary("diverged")}
    (x,) = check.verdicts([card("x")], {"a/b": runs})
    assert x.status == "failed"
    assert x.message == "seed 1: oh; seed 2: oh"
    assert x.holds is None
    (none,) = check.verdicts([card()], {"a/b": {0: summary("diverged")}})
    assert none.claim is None
    assert none.status == "diverged"
