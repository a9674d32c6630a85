"""Runs made elsewhere: what is done is taken up, what is lost is told, and the machines are asked
as their makers say. Slurm and Dask themselves: tests/cli/test_elsewhere.py."""

from __future__ import annotations

import errno
import logging
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

import dlplay
from dlplay.cli import options
from dlplay.course.catalog import Catalog
from dlplay.engine import check
from dlplay.engine.cluster import job, kept, places, slurm
from dlplay.engine.cluster.places import NoPlace, minutes, parameters, place
from dlplay.engine.cluster.pool import Task, command, said_of
from dlplay.engine.pool import Job, cores
from dlplay.engine.recordings.format import Recorder, being_written, ends
from dlplay.engine.recordings.replay import load
from dlplay.engine.sweeps.runs import Sweeping
from dlplay.engine.trials import run_trials, trials
from dlplay.words.sabotage import KINDS
from tests.conftest import wait_for
from tests.engine import stand_ins
from tests.engine.machines import Machines, Place
from tests.engine.slurm import NO_ACCOUNTS, play

pytest.importorskip("submitit")


@pytest.fixture(scope="module")
def fine(faults):
    return faults.find("faults/fine")


@pytest.fixture
def elsewhere(faults, tmp_path):
    return lambda *lost: Place(Machines(faults, lost), tmp_path)


def swept(fine, place, values=(0.01, 10.0), **how):
    sweeping = Sweeping(fine, "learning_rate", values, settings={"size": 2}, launcher=place, **how)
    return sweeping.run()


def told(sweep):
    return [(r.value, r.seed, r.status, r.measures, r.claims, r.steps) for r in sweep.runs]


def test_a_sweep_made_elsewhere_is_the_sweep_made_here(fine, elsewhere, launcher):
    far = swept(fine, elsewhere(), seeds=2)
    here = swept(fine, launcher, seeds=2)
    assert [run.status for run in far.runs] == ["done", "done", "diverged", "diverged"]
    assert told(far) == told(here)
    assert far.axes == here.axes
    for one, other in zip(far.runs, here.runs, strict=True):
        assert list(one.curves["loss"]) == list(other.curves["loss"])
        line, same = one.curves["loss"]["the loss"], other.curves["loss"]["the loss"]
        assert line.mean[:-1].tolist() == same.mean[:-1].tolist()
        assert one.recording.is_file()
    assert far.as_curves("loss").lines


def test_nothing_that_is_done_is_run_twice(fine, elsewhere):
    first = swept(fine, elsewhere())
    again = elsewhere()
    assert told(swept(fine, again)) == told(first)
    assert again.queue.asked == []
    assert not again.queue.open
    wider = elsewhere()
    swept(fine, wider, [0.01, 0.1, 10.0], seeds=1)
    (words,) = wider.queue.asked
    assert words[:3] == ("run", "faults/fine", "size=2")
    assert "learning_rate" not in " ".join(words)  # the default is not said
    # Whoever asks for the same run finds it, however it is written: here a check.
    third = elsewhere()
    check.run_all([fine], launcher=elsewhere())
    check.run_all([fine], launcher=third)
    assert third.queue.asked == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b""),
        lambda path: path.unlink(),
    ],
)
def test_a_recording_that_is_not_whole_is_made_again(fine, elsewhere, spoil):
    first = swept(fine, elsewhere())
    spoil(first.runs[1].recording)
    again = elsewhere()
    assert told(swept(fine, again)) == told(first)
    assert len(again.queue.asked) == 1


def test_what_a_killed_attempt_left_goes_with_the_next_one(fine, elsewhere, tmp_path):
    target = kept.file_of(tmp_path, Job(fine, 0, {"size": 2, "learning_rate": 0.01}, False), "auto")
    left = target.with_name(f".{target.name}.0.draft")
    left.write_bytes(b"half")
    other = target.with_name(f".{target.name}.1.draft")
    with Recorder(other):  # it is still written
        swept(fine, elsewhere())
        assert not left.exists()
        assert other.exists()


def test_what_failed_or_was_lost_is_told_and_made_again(fine, elsewhere):
    found = swept(fine, elsewhere("learning_rate=10"), seeds=2)
    assert [run.status for run in found.runs] == ["done", "done", "failed", "failed"]
    assert found.runs[2].message == "learning_rate=10 was lost"
    assert found.runs[2].seed == 0
    assert found.measure("final")[1].failed == 2
    again = elsewhere()
    assert [run.status for run in swept(fine, again, seeds=2).runs[2:]] == ["diverged", "diverged"]
    assert len(again.queue.asked) == 2


def test_a_scene_that_raises_is_made_again(faults, elsewhere):
    for _ in range(2):
        place = elsewhere()
        found = check.run_all([faults.find("faults/raises")], launcher=place)
        done = found["faults/raises"][0]
        assert done.status == "failed"
        assert "raises.py raised" in done.message
        assert len(place.queue.asked) == 1


def test_a_worker_with_another_file_or_another_dlplay_is_found_out(fine, elsewhere, tmp_path):
    (tmp_path / "faults").mkdir()
    source = fine.path.read_text().replace("size step", "size of a step")
    (tmp_path / "faults" / "fine.py").write_text(source.replace("step size", "size of a step"))
    place = elsewhere()
    place.queue.catalog = Catalog([tmp_path])
    found = swept(fine, place)
    assert {run.status for run in found.runs} == {"failed"}
    assert found.runs[0].message == "the file of faults/fine there is another one than here"


def test_another_version_of_dlplay_takes_up_nothing(fine, tmp_path, monkeypatch):
    mine = Job(fine, 0, {"size": 2})
    before = kept.file_of(tmp_path, mine, "auto")
    assert before == kept.file_of(tmp_path, Job(fine, 0, {"size": 2, "steps": 50}), "auto")
    others = [Job(fine, 1, {"size": 2}), Job(fine, 0), Job(fine, 0, {"size": 2}, looks=False)]
    names = {kept.file_of(tmp_path, other, "auto") for other in others}
    names |= {before, kept.file_of(tmp_path, mine, "cpu")}
    monkeypatch.setattr(dlplay, "__version__", "99")
    names.add(kept.file_of(tmp_path, mine, "auto"))
    assert len(names) == 6
    assert re.fullmatch(r"faults_fine_[0-9a-f]{20}\.dlplay", before.name)


def test_stopped_it_cancels_and_keeps_what_is_done(fine, elsewhere):
    place = elsewhere()
    sweeping = Sweeping(fine, "steps", [5, 6, 7], launcher=place)

    def watch(under, over, total):
        assert total == 3
        if over == 1:
            assert len(under) == 2
            sweeping.stop()

    found = sweeping.run(watch)
    assert found.stopped
    assert [run.value for run in found.runs] == [5]
    assert not place.queue.open
    again = elsewhere()
    assert len(Sweeping(fine, "steps", [5, 6, 7], launcher=again).run().runs) == 3
    assert len(again.queue.asked) == 2


def test_stopped_it_takes_what_is_recorded_whose_job_is_not_over(fine, elsewhere):
    done = Sweeping(fine, "steps", [5, 6], launcher=elsewhere()).run()
    place = elsewhere()
    sweeping = Sweeping(fine, "steps", [5, 6, 7], launcher=place)
    kept_there = done.runs[0].recording.read_bytes()
    done.runs[0].recording.unlink()

    def over():
        done.runs[0].recording.write_bytes(kept_there)
        sweeping.stop()
        return []

    place.queue.over = over
    found = sweeping.run()
    assert [run.value for run in found.runs] == [5, 6]
    assert len(place.queue.asked) == 2


def test_an_exception_cancels_too(fine, elsewhere):
    place = elsewhere()

    def watch(under, over, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Sweeping(fine, "steps", [5, 6], launcher=place).run(watch)
    assert not place.queue.open


def test_no_more_at_once_than_asked(fine, elsewhere):
    place = elsewhere()
    assert len(Sweeping(fine, "steps", [5, 6, 7, 8], jobs=2, launcher=place).run().runs) == 4
    assert place.queue.most == 2
    place = elsewhere()
    Sweeping(fine, "steps", [1, 2, 3, 4], launcher=place).run()
    assert place.queue.most == 4


# Sabotage


def spoilt(card, launcher):
    """What became of the claims, by how the learning was spoilt."""
    todo = list(trials([card], tries=False, sabotage=True))
    return {
        o.trial.sabotage: (o.broken, o.trouble, o.finished.spoilt, o.finished.measures)
        for o in run_trials(todo, launcher=launcher)
    }


def test_sabotage_elsewhere_is_that_made_here_and_its_recordings_say_so(
    faults, elsewhere, launcher, tmp_path
):
    page = faults.find("faults/page")
    place = elsewhere()
    found = spoilt(page, place)
    assert found == spoilt(page, launcher)
    assert [found[kind][0] for kind in ("", *KINDS)] == [[], *[["learns"]] * 3]
    said = [words[words.index("--sabotage") + 1 :][:1] for words in place.queue.asked[1:]]
    assert said == [(kind,) for kind in KINDS]
    for kind in ("", *KINDS):
        path = kept.file_of(tmp_path, Job(page, 0, looks=False, sabotage=kind), "auto")
        assert load(path).started.sabotage == kind
        (first, *_), _ = ends(path)
        assert first.sabotage == kind  # at the head of the file, whatever comes later
    again = elsewhere()
    assert spoilt(page, again) == found
    assert again.queue.asked == []


@pytest.mark.parametrize(("has", "wants"), [("sign", ""), ("", "sign"), ("step", "sign")])
def test_a_sabotaged_recording_is_not_taken_for_another_run(fine, elsewhere, tmp_path, has, wants):
    there, wanted = (Job(fine, 0, {"steps": 5}, sabotage=kind) for kind in (has, wants))
    place = elsewhere()
    place.pool([there], at_once=1).run(lambda each: None)
    path = kept.file_of(tmp_path, there, "auto")
    assert kept.done(path, there) is not None
    assert kept.done(path, wanted) is None
    target = kept.file_of(tmp_path, wanted, "auto")
    assert target != path
    path.rename(target)
    again = elsewhere()
    again.pool([wanted], at_once=1).run(lambda each: None)
    assert len(again.queue.asked) == 1
    assert load(target).started.sabotage == wants


def test_a_worker_that_does_not_sabotage_is_found_out(fine, elsewhere):
    place = elsewhere()
    make = place.queue.make

    def healthy(task):
        words = [word for word in task.words if word not in ("--sabotage", "sign")]
        return make(replace(task, words=tuple(words)))

    place.queue.make = healthy
    found = []
    place.pool([Job(fine, 0, {"steps": 5}, sabotage="sign")], at_once=1).run(found.append)
    assert found[0].finished.message == "it is a run that was not sabotaged"


# The command of a job


def test_the_words_of_a_run(fine, tmp_path, monkeypatch):
    words = command(Job(fine, 3, {"rule": "signed"}, looks=False), "cpu")
    assert words[:6] == ("run", "faults/fine", "rule=signed", "--seed", "3", "--device")
    assert words[6:] == ("cpu", "--no-looks", "--scenes", os.path.realpath(fine.root))


def test_a_file_of_ones_own_has_its_whole_path_and_its_digest(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "reads.py").write_text(
        '"""# Reads"""\nfrom dlplay import File, Scene, Text\n\n\nclass Reads(Scene):\n'
        '    table = File("nile", kind="table")\n    word = Text("a")\n\n'
        "    def run(self, stage):\n        pass\n"
    )
    monkeypatch.chdir(tmp_path)
    Path("a b.csv").write_text("x,y\n1,2\n")
    card = Catalog([tmp_path]).find("mine/reads")
    mine = Job(card, 0, {"table": "a b.csv", "word": "it's; $HOME"})
    assert command(mine, "auto")[2:4] == (f"table={tmp_path}/a b.csv", "word=it's; $HOME")
    before = kept.file_of(tmp_path, mine, "auto")
    Path("a b.csv").write_text("x,y\n1,3\n")
    os.utime("a b.csv", (1, 1))
    assert kept.file_of(tmp_path, mine, "auto") != before


@pytest.mark.parametrize(
    ("code", "said", "message"),
    [
        (2, "dlplay: there is no scene 'a/b'.", "there is no scene 'a/b'."),
        (2, "dlplay: --scenes: there is no folder '/a'", "--scenes: there is no folder '/a' on the "
         "machine that was to make the run; it must lie there, too"),
        (-9, "", "the run was ended by SIGKILL: by hand, or by the system when memory ran out"),
        (143, "", "the run was told to end before it was done"),
        (7, "", "the run ended by itself (exit code 7) without a recording"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_run_without_a_recording(code, said, message):
    assert said_of(code, said) == message


@pytest.fixture
def stands_in(tmp_path, monkeypatch):
    """A script in place of `python -m dlplay run ... --record FILE --json`: FILE is "$FILE"."""

    def put(body):
        script = tmp_path / "python"
        script.write_text(f'#!/bin/sh\nFILE="$5"\n[ "$4" = --record ] || exit 9\n{body}\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(sys, "executable", str(script))

    return put


def test_a_recording_is_put_in_its_place_when_it_is_whole(stands_in, tmp_path):
    target = tmp_path / "at" / "a.dlplay"
    target.parent.mkdir()
    stands_in('echo half > "$FILE"; exit 2')
    assert job.make(["run"], str(target)) == (2, "", b"")
    stands_in('echo half > "$FILE"; echo why >&2; kill -9 $$')
    assert job.make(["run"], str(target)) == (-9, "why", b"")
    assert list(target.parent.iterdir()) == []
    stands_in('echo whole > "$FILE"; exit 4')
    assert job.make(["run"], str(target)) == (4, "", b"")
    assert target.read_text() == "whole\n"
    assert job.make(["run"], "") == (4, "", b"whole\n")
    assert len(list(target.parent.iterdir())) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="its open files have names")
def test_a_killed_job_leaves_nothing_in_the_folder_of_temporary_files(
    stands_in, tmp_path, monkeypatch
):
    passing = tmp_path / "tmp"
    passing.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(passing))
    stands_in("echo why >&2; exit 1")

    def during():
        assert list(passing.iterdir()) == []  # what a kill now would leave
        return True

    assert job.make(["run"], str(tmp_path / "a"), during)[:2] == (1, "why")


def test_a_run_that_is_not_wanted_any_more_ends(stands_in, tmp_path, monkeypatch):
    monkeypatch.setattr(job, "GLANCE", 0.01)
    asked = []
    stands_in("cat > /dev/null; exit 143")  # its leash is its standard input

    def wanted():
        asked.append(True)
        return len(asked) < 3

    assert job.make(["run"], str(tmp_path / "a"), wanted)[0] == 143


def test_a_run_that_does_not_heed_its_leash_is_killed(stands_in, tmp_path, monkeypatch):
    monkeypatch.setattr(job, "PATIENCE", 0.1)
    stands_in("exec sleep 1000")
    assert job.make(["run"], "", lambda: False)[0] == -9


def test_a_run_whose_owner_lets_go_or_is_gone_ends(stands_in, tmp_path, monkeypatch):
    monkeypatch.setattr(job, "GLANCE", 0.01)
    lock, flag = tmp_path / "lock", tmp_path / "begun"
    stands_in(f"touch {flag}; cat > /dev/null; exit 143")
    assert job.owned(["run"], "", str(lock))[0] == 143  # there is nobody
    flag.unlink(missing_ok=True)
    holder = subprocess.Popen(["flock", str(lock), "sleep", "1000"], start_new_session=True)
    wait_for(lambda: lock.exists() and being_written(lock), "the lock")
    with ThreadPoolExecutor() as pool:
        made = pool.submit(job.owned, ["run"], "", str(lock))
        wait_for(flag.exists, "the run")
        assert not made.done()
        os.killpg(holder.pid, signal.SIGKILL)  # and nobody waits for it: it is a zombie
        assert made.result()[0] == 143
    holder.wait()


def test_slurm_decides_what_becomes_of_a_job_that_is_told_to_end(stands_in, tmp_path):
    stands_in("kill $$")
    begin = time.monotonic()
    assert job.queued(["run"], "", grace=0.2)[0] == -15
    assert time.monotonic() - begin >= 0.2


# Where


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("slrum", "--on takes slurm[,WORD=VALUE,...], dask=HOST:PORT or local, not 'slrum'. Did you"
         " mean 'slurm'?"),
        ("slurm,partion=gpu", "Did you mean 'partition'?"),
        ("slurm,mem=4", "Did you mean 'memory'?"),
        ("slurm,time=soon", "time takes minutes, or H:MM:SS, not 'soon'"),
        ("slurm,time", "time takes minutes, or H:MM:SS: time=..."),
        ("slurm,cpus=0", "cpus takes a whole number from 1 on, not '0'"),
        ("slurm,memory=lots", "memory takes gigabytes, or such as 500M, not 'lots'"),
        ("slurm,qos=a,qos=b", "qos is given twice"),
        ("slurm,account=a b", "account takes a name, not 'a b'"),
        ("slurm,partition=a\nrm -rf", "partition takes a name"),
        ("local,tme=9", "--on local knows partition, time"),
        ("local,time=soon", "--on local: time takes minutes"),
        ("local,time=1,time=2", "--on local: time is given twice"),
        ("slurm=x", "takes its words behind a comma"),
        ("slurm,cluster=local", "constraint, at_once, not 'cluster'. --on local makes the"),
        ("dask", "dask=HOST:PORT, not ''"),
        ("dask=host", "dask=HOST:PORT, not 'host'"),
        ("dask=host:port", "dask=HOST:PORT, not 'host:port'"),
        ("dask=host:1,x=2", "takes an address alone"),
        ("dask=host:99999", "a port is a whole number from 1 to 65535, not 99999"),
        ("dask=tcp://host:0", "a port is a whole number from 1 to 65535, not 0"),
        ("local,at_once=900000", "--on local: at_once takes a whole number from 1 to "),
    ],
)  # fmt: skip
def test_mistakes_about_where(text, message, tmp_path):
    with pytest.raises(NoPlace) as raised:
        place(text, str(tmp_path))
    assert message in str(raised.value)


def test_every_word_that_is_known_is_told_before_it_is_missed():
    told = get_args(options.On)[1].help
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    behind = readme.partition("`--on` gives runs")[2].partition("\n\n")[0]
    assert [word for word in places.WORDS if f"{word}=" not in told] == []
    assert [word for word in places.WORDS if f"`{word}`" not in behind] == []


def test_where(tmp_path):
    assert place("local", str(tmp_path)).kind == "local"
    told = place("local,at_once=3", str(tmp_path))
    assert (told.room, told.spare) == (3, 3)
    assert place("local", str(tmp_path)).spare == max(1, cores() - 1)
    assert place("dask=tcp://a.b:8786", str(tmp_path)).address == "tcp://a.b:8786"
    far = place("slurm,partition=gpu,time=1:30:00", str(tmp_path / "new"))
    assert far.folder == tmp_path / "new"
    assert far.folder.is_dir()
    assert far.room > 1000
    assert place("local").folder == places.default_folder()


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NoPlace, match=r"cannot be made: .*; --at names a folder"):
        place("local", str(tmp_path / "file" / "at"))
    with pytest.raises(NoPlace, match=r"--at takes a folder, not ''; without it .*cluster is"):
        place("local", "")


@pytest.mark.parametrize("full", ["mkdir", "open", "submit"])
def test_a_folder_without_room_is_named_and_nothing_is_left(tmp_path, monkeypatch, full):
    submitit = pytest.importorskip("submitit")

    def no_room(*args, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    if full == "submit":
        monkeypatch.setattr(submitit.LocalExecutor, "submit", no_room)
    elif full == "open":
        monkeypatch.setattr(slurm, "open", no_room, raising=False)
    else:
        monkeypatch.setattr(slurm.Path, "mkdir", no_room)
    queue = slurm.Slurm({}, tmp_path / "jobs", here=True)
    with (
        pytest.raises(NoPlace, match=rf"{tmp_path} cannot be written: No space left on device"),
        queue,
    ):
        queue.submit([Task(0, ("fine",), tmp_path / "0")])
    assert [*tmp_path.iterdir()] == []


def test_what_dask_logs_is_not_for_us(capfd):
    pytest.importorskip("distributed")
    from dlplay.engine.cluster.dask import Dask

    with pytest.raises(NoPlace), Dask("127.0.0.1:1"):
        pass
    for name in ("distributed", "distributed.client", "tornado.application"):
        logging.getLogger(name).error("Failed to reconnect to scheduler")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("kind", "extra"), [("slurm", "slurm"), ("dask=a:1", "dask")])
def test_what_is_not_installed_is_a_sentence(kind, extra, tmp_path, monkeypatch):
    monkeypatch.setattr(places, "find_spec", lambda name: None)
    with pytest.raises(NoPlace, match=rf"pip install 'dlplay\[{extra}\]'"):
        place(kind, str(tmp_path))


@pytest.mark.parametrize(
    ("text", "found"),
    [("90", 90), ("1:30:00", 90), ("0:00:01", 1), ("2-00:00:00", 2880), ("100:00:00", 6000)],
)
def test_minutes(text, found):
    assert minutes(text) == found


@pytest.mark.parametrize("text", ["", "0", "-1", "1:30", "1:2:3", "0:00:00", "٣", "1.5"])
def test_no_minutes(text):
    with pytest.raises(ValueError):  # noqa: PT011  # the word that it is for says the rest
        minutes(text)


def test_the_words_as_submitit_takes_them():
    words = {
        "partition": "gpu", "time": "2:00:00", "cpus": "4", "gpus": "1", "memory": "16",
        "account": "a", "qos": "high", "constraint": "a100", "at_once": "8",
    }  # fmt: skip
    assert parameters(words) == {
        "job_name": "dlplay", "partition": "gpu", "time": 120, "cpus_per_task": 4,
        "gpus_per_node": 1, "mem": "16G", "account": "a", "qos": "high", "constraint": "a100",
        "array_parallelism": 8, "signal_delay_s": 30,
    }  # fmt: skip
    assert parameters({}) == {"job_name": "dlplay", "time": 60, "signal_delay_s": 30}


# Slurm, played by scripts


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """A folder with Slurm's commands in it, which is searched first; jobs are stand-ins."""
    home = tmp_path / "slurm"
    play(home)
    monkeypatch.setenv("PATH", f"{home}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(job, "queued", stand_ins.made)
    monkeypatch.setattr(slurm, "LAG", 0.0)
    return home


def asked_of(queue, tmp_path, *words):
    """Submit tasks of these words, and what came of each."""
    tasks = [Task(n, (word,), tmp_path / f"out-{n}") for n, word in enumerate(words)]
    found = {}

    def over():
        found.update({task.words[0]: outcome for task, outcome in queue.over()})
        return len(found) == len(words)

    with queue:
        queue.submit(tasks)
        wait_for(over, "the end of the jobs")
    return found


def test_slurm_is_asked_for_an_array(cluster, tmp_path):
    (cluster / "states").write_text("7_0|COMPLETED|n1\n7_1|OUT_OF_MEMORY|n1\n7_2|FAILED|n2")
    queue = slurm.Slurm({"partition": "gpu", "memory": "4", "at_once": "2"}, tmp_path, here=False)
    found = asked_of(queue, tmp_path, "fine", "killed", "raises")
    assert found["fine"] == (0, "said", b"")
    assert (tmp_path / "out-0").read_text() == "fine"
    assert found["killed"].message.startswith("its job ran out of memory; memory=... asks for more")
    assert found["raises"].message == "its job failed: ValueError: no room"
    text = (cluster / "submitted.sh").read_text()
    for flag in ("array=0-2%2", "partition=gpu", "mem=4G", "time=60", "job-name=dlplay"):
        assert f"#SBATCH --{flag}\n" in text
    assert not (cluster / "cancelled").exists()


def test_a_job_without_a_result_is_told_by_what_its_log_says_last(cluster, tmp_path):
    (cluster / "states").write_text("7_0|FAILED|n1\n7_1|FAILED|n1")
    queue = slurm.Slurm({}, tmp_path / "jobs", here=False)
    found = asked_of(queue, tmp_path, "vanishes", "killed")
    lies = f"; its log lies in {tmp_path}"
    assert found["vanishes"].message.startswith(f"its job left no result: cannot open it{lies}")
    assert found["killed"].message.startswith(
        f"its job was killed: by hand, or by the system when memory ran out{lies}"
    )


def test_a_job_alone_whose_time_was_up(cluster, tmp_path):
    queue = slurm.Slurm({}, tmp_path / "jobs", here=False)
    found = asked_of(queue, tmp_path, "timed-out")
    assert found["timed-out"].message == "its job's time was up; time=... asks for more"


def test_what_is_not_over_is_cancelled(cluster, tmp_path, monkeypatch):
    (cluster / "states").write_text("7_0|PENDING|\n7_1|RUNNING|n1")
    # Nothing has begun: the machines are busy.
    (cluster / "sbatch").write_text("#!/bin/sh\necho Submitted batch job 7\n")
    tasks = [Task(n, ("fine",), tmp_path / str(n)) for n in range(2)]
    with slurm.Slurm({}, tmp_path / "jobs", here=False) as queue:
        queue.submit(tasks)
        assert list(queue.over()) == []
        assert [queue.waits(task) for task in tasks] == [True, False]
    assert (cluster / "cancelled").read_text() == "7_0 7_1"
    assert not (tmp_path / "jobs").exists()


def test_a_job_that_was_preempted_and_is_not_queued_again(cluster, tmp_path, monkeypatch):
    (cluster / "states").write_text("7|PREEMPTED|n1")
    (cluster / "sbatch").write_text("#!/bin/sh\necho Submitted batch job 7\n")
    with slurm.Slurm({}, tmp_path / "jobs", here=False) as queue:
        queue.submit([Task(0, ("fine",), tmp_path / "0")])
        assert list(queue.over()) == []  # it may be, yet
        monkeypatch.setattr(slurm, "BACK", 0.0)
        ((_, lost),) = queue.over()
    assert lost.message.startswith("its job was pre-empted, and not queued again")


def test_slurm_that_keeps_no_accounts_is_asked_for_its_list(cluster, tmp_path, capfd):
    (cluster / "sacct").write_text(NO_ACCOUNTS)
    (cluster / "sbatch").write_text("#!/bin/sh\necho Submitted batch job 7\n")
    (cluster / "states").write_text("7_1|TIMEOUT|n1\n7_0|PENDING|")
    tasks = [Task(n, ("fine",), tmp_path / str(n)) for n in range(2)]
    with slurm.Slurm({}, tmp_path / "jobs", here=False) as queue:
        queue.submit(tasks)
        ((task, lost),) = queue.over()
        assert queue.waits(tasks[0])
    assert task is tasks[1]
    assert lost.message.startswith("its job's time was up; time=... asks for more; its log lies in")
    assert capfd.readouterr() == ("", "")


def test_slurm_says_no(cluster, tmp_path, capfd):
    queue = slurm.Slurm({"partition": "closed"}, tmp_path / "jobs", here=False)
    said = "Slurm takes no jobs: sbatch: error: invalid partition specified: closed"
    with pytest.raises(NoPlace, match=said), queue:
        queue.submit([Task(0, ("fine",), tmp_path / "0")])
    assert capfd.readouterr() == ("", "")


def test_without_slurm(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(NoPlace, match=r"there is no Slurm here.*--on local"),
        slurm.Slurm({}, tmp_path, here=False),
    ):
        pass
