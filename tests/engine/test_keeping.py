"""Whatever a run began ends with it, and with the interface, however that ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dlplay.engine.history import History
from tests.conftest import FAULTS, wait_for
from tests.processes import gone, parent

PROCESSES = 5  # of the scene `begets`, and two workers of a DataLoader among them


def pids_in(text):
    return [int(pid) for pid in re.findall(r"pid (\d+)", text)]


class Begetting:
    """A run of the scene, and the processes that it began."""

    def __init__(self, launcher, card, **settings):
        self.history = History()
        self.run = launcher.start(card, settings, linger=False)

    @property
    def log(self):
        self.history.feed(self.run.drain())
        return "\n".join(line.text for line in self.history.log)

    def pids(self):
        wait_for(lambda: "all are there" in self.log, "its processes")
        pids = pids_in(self.log)
        assert len(set(pids)) == PROCESSES
        return pids

    def end(self):
        wait_for(lambda: self.run.wait(0), "the end")
        self.history.feed(self.run.drain())
        return self.history.finished


@pytest.fixture
def beget(launcher, faults):
    return lambda **settings: Begetting(launcher, faults.find("faults/begets"), **settings)


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")


@needs_proc
@pytest.mark.parametrize(
    ("end", "status", "words"),
    [
        ("returns", "done", ""),
        ("exits", "failed", "ended by itself (exit code 0)"),
    ],
)
def test_what_a_run_began_ends_with_it(beget, end, status, words):
    run = beget(end=end)
    pids = run.pids()
    finished = run.end()
    assert finished.status == status
    assert words in finished.message
    wait_for(lambda: all(map(gone, pids)), "the end of all")


@needs_proc
@pytest.mark.parametrize("end", ["waits", "holds"])
def test_a_run_that_is_ended_leaves_nothing(beget, end):
    run = beget(end=end)
    pids = run.pids()
    assert run.run.pid == pids[0]
    assert os.getsid(pids[0]) not in (os.getsid(0), pids[0])  # it has no terminal, and gets none
    assert os.getpgid(pids[0]) == pids[0]
    run.run.stop(grace=0.2)
    assert run.end().status == "stopped"
    wait_for(lambda: all(map(gone, pids)), "the end of all")


@needs_proc
@pytest.mark.parametrize("struck", ["keeper", "guard"])
@pytest.mark.parametrize("end", ["waits", "holds"])
def test_a_keeper_that_is_killed_leaves_nothing(beget, end, struck):
    run = beget(end=end)
    pids = run.pids()
    keeper = parent(pids[0])
    os.kill(keeper if struck == "keeper" else parent(keeper), signal.SIGKILL)
    assert run.end().status == "failed"
    wait_for(lambda: all(map(gone, [*pids, keeper])), "the end of all")


@needs_proc
def test_when_keeper_and_guard_are_killed_at_once_the_group_ends(beget):
    run = beget(end="waits")
    pids = run.pids()
    keeper = parent(pids[0])
    guard = parent(keeper)
    for each in (guard, keeper):
        os.kill(each, signal.SIGSTOP)
    for each in (guard, keeper):
        os.kill(each, signal.SIGKILL)
    assert run.end().status == "failed"
    escaped = pids[2]  # it left the group, and nobody knows of it any more
    wait_for(lambda: all(map(gone, set(pids) - {escaped})), "the end of the group")
    os.kill(escaped, signal.SIGKILL)


PROGRAM = """
    import os, signal, sys, time
    from pathlib import Path
    from dlplay.course.catalog import Catalog
    from dlplay.engine.launcher import Launcher
    if __name__ == "__main__":
        launcher = Launcher()
        launcher.warm()
        run = launcher.start(
            Catalog([Path({faults!r})]).find("faults/begets"), {{"end": {end!r}}}
        )
        from multiprocessing import forkserver
        print("server", forkserver._forkserver._forkserver_pid)
        from dlplay.engine.server import folder
        print("folder", folder())
        while True:
            for event in run.drain():
                print(getattr(event, "text", ""), flush=True)
                print(getattr(event, "message", ""), flush=True)
            time.sleep(0.01)
"""


@needs_proc
@pytest.mark.parametrize("struck", ["interface", "server", "both"])
def test_nothing_outlives_the_program(struck):
    program = textwrap.dedent(PROGRAM.format(faults=str(FAULTS), end="holds"))
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as interface:
        said = []
        for line in interface.stdout:
            said.append(line)
            if "all are there" in line:
                break
        text = "".join(said)
        pids = pids_in(text)
        assert len(set(pids)) == PROCESSES
        server = int(re.search(r"server (\d+)", text)[1])
        if struck != "interface":
            os.kill(server, signal.SIGKILL)
        if struck != "server":
            interface.kill()
        else:
            assert any("ended" in line for line in interface.stdout)
        wait_for(lambda: all(map(gone, pids)), "the end of all")
        interface.kill()
        wait_for(lambda: gone(server), "the end of the fork server")
    if struck == "interface":
        folder = Path(re.search(r"folder (.+)", text)[1])
        wait_for(lambda: not folder.exists(), "the end of its folder")
