"""Sweeps and checks with --on: through submitit on this machine, and on a Dask cluster of two."""

from __future__ import annotations

import json
import os
import signal
import socket
import zlib
from pathlib import Path

import pytest

from dlplay.engine.cluster import dask
from tests.conftest import FAULTS, wait_for
from tests.engine.slurm import play
from tests.processes import gone, parent

pytest.importorskip("submitit")
pytest.importorskip("distributed")


def with_mark(mark):
    """The processes that have this in their command lines, but for ourselves."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        pid = int(folder.name)
        if mark in line and pid != os.getpid() and not gone(pid):
            found.append((pid, line))
    return found


def stamps(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.dlplay")}


def values(result):
    return [(run["value"], run["status"], run["measures"]) for run in json.loads(result)["runs"]]


def test_a_sweep_through_submitit_here_and_what_is_done_is_not_made_again(start, dlplay, tmp_path):
    args = ("sweep", "tiny/fine", "steps=1,2", "--json")
    first = start(*args, "--on", "local,at_once=2", "--at", tmp_path)
    out, err = first.communicate(timeout=300)
    assert err == ""
    assert first.returncode == 0
    assert values(out) == [
        (1, "done", {"end": 0.5, "seed": 0.0}), (2, "done", {"end": 0.25, "seed": 0.0})
    ]  # fmt: skip
    before = stamps(tmp_path)
    assert len(before) == 2
    assert [path.name for path in tmp_path.iterdir() if path.name not in before] == []
    again = dlplay(*args, "--on", "local", "--at", tmp_path)
    assert values(again.stdout) == values(out)
    told = dlplay(*args[:-1], "--on", "local", "--at", tmp_path).stdout.split()
    assert told[-4:] == ["--on", "local", "--at", str(tmp_path)]  # the command, to be pasted
    assert stamps(tmp_path) == before


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["sweep", "tiny/fine", "steps=1,2", "--at", "x"], "--at says where the recordings of"),
        (["sweep", "tiny/fine", "steps=1,2", "--on", "slurn"], "Did you mean 'slurm'?"),
        (["check", "tiny/fine", "--on", "slurm,tme=3"], "Did you mean 'time'?"),
    ],
)
def test_mistakes(dlplay, args, message):
    result = dlplay(*args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_no_scheduler_answers(dlplay, tmp_path, monkeypatch):
    monkeypatch.setattr(dask, "PATIENCE", "0.2s")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        args = ("sweep", "tiny/fine", "steps=1,2", "--on", f"dask={where}", "--at", tmp_path)
        result = dlplay(*args)
    assert result.exit_code == 2
    assert result.stderr == (
        f"dlplay: no Dask scheduler answers at {where}; `dask scheduler` starts one and prints its "
        "address\n"
    )


class KilledWorker(Exception):
    """As Dask calls it."""


def test_what_became_of_a_task_of_dasks():
    assert dask._why(KilledWorker("x")) == (
        "its worker was killed again and again: by hand, or when memory ran out"
    )
    error = RuntimeError("Error during deserialization of the task graph.")
    error.__cause__ = ModuleNotFoundError("No module named 'dlplay'")
    assert dask._why(error) == (
        "dlplay must be installed where the scheduler and the workers run: No module named 'dlplay'"
    )
    assert dask._why(OSError("no room\nat all")) == "its task failed: OSError: no room"


@pytest.mark.full
def test_check_with_tries_and_what_failed(start, tmp_path):
    checked = start(
        "check", "tiny/fine", "tiny/raises", "--seeds", "2", "--on", "local", "--at", tmp_path
    )
    out, err = checked.communicate(timeout=300)
    assert checked.returncode == 1
    assert "1 of 2 claims hold, 1 of 2 scenes failed" in out
    assert "seed 0: raises.py raised ValueError: the batch is empty" in " ".join(out.split())
    assert err == (
        "dlplay: the same command, with its --on, runs only the rest; "
        f"what is done lies in {tmp_path}\n"
    )
    args = ("check", "faults/page", "--tries", "--scenes", FAULTS)
    tried = start(*args, "--on", "local", "--at", tmp_path)
    out, err = tried.communicate(timeout=300)
    assert err == ""
    assert "runs are as said" in out
    here = start(*args)
    assert (out, tried.returncode) == (here.communicate(timeout=300)[0], here.returncode)


@pytest.fixture(scope="module")
def scheduler():
    """The address of a Dask cluster with two workers, in processes of their own."""
    import distributed

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address.removeprefix("tcp://")


PAGE = ("check", "faults/page", "--sabotage", "--scenes", FAULTS)


@pytest.mark.full
@pytest.mark.parametrize("where", ["local,at_once=2", "slurm", "dask"])
def test_sabotage_elsewhere_reads_as_here(start, request, tmp_path, where):
    slurm, at = tmp_path / "slurm", tmp_path / "at"
    play(slurm)
    states = "\n".join(f"7_{number}|COMPLETED|n1" for number in range(4))
    (slurm / "states").write_text(states)
    if where == "dask":
        where = f"dask={request.getfixturevalue('scheduler')}"
    path = f"{slurm}{os.pathsep}{os.environ['PATH']}"
    far = start(*PAGE, "--on", where, "--at", at, PATH=path)
    here = start(*PAGE)
    told = far.communicate(timeout=300)
    assert told == here.communicate(timeout=300)
    assert "4 of 4 runs are as said" in told[0]
    assert far.returncode == here.returncode == 0
    before = stamps(at)
    assert len(before) == 4
    again = start(*PAGE, "--on", "local", "--at", at)
    assert again.communicate(timeout=300) == told
    assert stamps(at) == before


@pytest.mark.full
def test_sabotage_that_is_interrupted_goes_on_where_it_was(start, tmp_path):
    where = ("--on", "local,at_once=1", "--at", tmp_path)
    process = start(*PAGE, *where)
    wait_for(lambda: len(stamps(tmp_path)) == 2, "the first sabotage")
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=300) == (
        "",
        "dlplay: interrupted\n"
        "dlplay: the same command, with its --on, runs only the rest; "
        f"what is done lies in {tmp_path}\n",
    )
    assert process.returncode == 130
    assert with_mark(str(tmp_path)) == []
    before = stamps(tmp_path)
    assert 2 <= len(before) < 4
    again = start(*PAGE, *where)
    assert "4 of 4 runs are as said" in again.communicate(timeout=300)[0]
    after = stamps(tmp_path)
    assert len(after) == 4
    assert before.items() <= after.items()


@pytest.fixture
def two_values(request, start, tmp_path):
    """A sweep whose first value takes no time, and the second for ever; once the first is done and
    the second on its way, with the mark of its processes, which those of no other test have."""
    endless = 10**9 - zlib.crc32(request.node.name.encode()) % 10**8

    def begin(where):
        process = start(
            "sweep", "tiny/fine", f"steps=1,{endless}", "--csv", "--on", where, "--at", tmp_path
        )
        mark = f"steps={endless} --seed 0 --no-looks"
        wait_for(lambda: len(stamps(tmp_path)) == 1, "the first recording")
        wait_for(lambda: with_mark(mark), "the second run")
        return process, mark

    return begin


CSV = (
    "scene,set_steps,rate,rule,word,seed,status,steps,end,measured_seed\n"
    "tiny/fine,1,0.5,plain,hello,0,done,1,0.5,0.0\n"
)


@pytest.mark.full
def test_ctrl_c_prints_what_has_finished_and_leaves_no_process(two_values, tmp_path):
    process, mark = two_values("local,at_once=2")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 130
    assert out == CSV
    assert err == (
        "dlplay: interrupted: 1 of 2 runs had finished\n"
        "dlplay: the same command, with its --on, runs only the rest; "
        f"what is done lies in {tmp_path}\n"
    )
    assert with_mark(str(tmp_path)) == []
    assert with_mark(mark) == []
    assert len([*tmp_path.iterdir()]) == 1


@pytest.mark.full
def test_no_process_outlives_its_owner(two_values, tmp_path):
    process, mark = two_values("local,at_once=2")
    process.kill()
    process.wait()
    wait_for(lambda: not with_mark(mark), "the end of the run")
    wait_for(lambda: not with_mark(str(tmp_path)), "the end of its job")


@pytest.mark.full
def test_a_job_that_is_killed_is_told(two_values, tmp_path):
    process, mark = two_values("local,at_once=2")
    runs = {pid for pid, line in with_mark(mark) if "-m dlplay run" in line}
    jobs = {pid for pid, line in with_mark(str(tmp_path)) if "submitit.core._submit" in line}
    (worker,) = {parent(run) for run in runs} & jobs
    os.kill(worker, signal.SIGKILL)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0
    endless = mark.split()[0].removeprefix("steps=")
    assert f"{endless},0.5,plain,hello,0,failed,0,," in out
    assert "1 of 2 runs failed: its job was killed: by hand, or by the system when memory" in err
    assert "the same command, with its --on, runs only the rest" in err
    wait_for(lambda: not with_mark(mark), "the end of the run")


@pytest.mark.full
def test_a_sweep_on_dask(dlplay, start, scheduler, course, tmp_path):
    where = ("--on", f"dask={scheduler}", "--at", tmp_path)
    args = ("sweep", "tiny/fine", "rate=0.25,0.5", "steps=2", "--json", "--seeds", "2", *where)
    far = start(*args)
    out, err = far.communicate(timeout=300)
    assert (far.returncode, err) == (0, "")
    assert values(out) == values(dlplay(*args[:-4]).stdout)
    before = stamps(tmp_path)
    assert len(before) == 4
    assert values(dlplay(*args).stdout) == values(out)
    assert stamps(tmp_path) == before


@pytest.mark.full
def test_ctrl_c_ends_what_dask_is_doing(two_values, scheduler, tmp_path):
    process, mark = two_values(f"dask={scheduler}")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out) == (130, CSV)
    assert err.startswith("dlplay: interrupted: 1 of 2 runs had finished\n")
    assert len(err.splitlines()) == 2
    wait_for(lambda: not with_mark(mark), "the end of the run")


@pytest.mark.full
def test_what_dask_does_ends_with_its_owner(two_values, scheduler):
    process, mark = two_values(f"dask={scheduler}")
    process.kill()
    process.wait()
    wait_for(lambda: not with_mark(mark), "the end of the run")
