"""Runs in child processes: control, faults, and that nothing is left behind."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time

import pytest

from dlplay import run
from dlplay.engine.history import LOG_LINES
from dlplay.engine.live import INBOX_BYTES
from dlplay.wire import events
from tests.conftest import FAULTS, wait_for
from tests.processes import gone
from tests.seen import Seen


@pytest.fixture
def watch(launcher, faults):
    started = []

    def start(name, settings=None, **options):
        watched = Seen(launcher.start(faults.find(f"faults/{name}"), settings, **options))
        started.append(watched)
        return watched

    yield start
    for watched in started:
        watched.run.kill()
        watched.run.wait(10)


def test_a_run_in_a_child_gives_the_numbers_of_a_run_here(watch):
    here = run("faults/fine", seed=3, scenes=FAULTS)
    watched = watch("fine", seed=3)
    finished = watched.end()
    assert finished.status == "done"
    assert finished.measures == here.measures
    assert finished.claims == here.claims
    assert "starting with 3 weights" in watched.log
    line = watched.history.panel("loss").lines["the loss"]
    assert line.mean.tolist() == here.curves["loss"]["the loss"][1].tolist()


def test_where_there_is_no_fork_server_runs_are_spawned(faults):
    from dlplay.engine.launcher import Launcher

    launcher = Launcher("spawn")
    launcher.warm()
    watched = Seen(launcher.start(faults.find("faults/fine"), seed=3))
    assert watched.end().measures == run("faults/fine", seed=3, scenes=FAULTS).measures


def test_runs_may_start_at_once(launcher, faults):
    import sys

    shown = sys.stderr
    several = [Seen(launcher.start(faults.find("faults/fine"), seed=seed)) for seed in range(4)]
    assert [watched.end().status for watched in several] == ["done"] * 4
    assert sys.stderr is shown


def test_looking_changes_nothing(watch):
    seen = watch("fine", {"steps": 300}, seed=1, xray=True)
    unseen = run("faults/fine", seed=1, steps=300, scenes=FAULTS)
    assert seen.end().measures == unseen.measures


def test_pause_step_resume(watch):
    watched = watch("fine", {"steps": 1_000_000}, paused=True)
    watched.until(lambda h: h.progress is not None, "the first pause")
    assert watched.see().progress.step == 0
    watched.run.step()
    watched.until(lambda h: h.progress.step == 1, "one step")
    watched.run.step()
    watched.until(lambda h: h.progress.step == 2, "another step")
    watched.run.resume()
    watched.until(lambda h: h.progress.step > 50, "going on")
    watched.run.stop()
    assert watched.end().status == "stopped"


def test_what_is_asked_before_the_process_is_up_keeps_its_order(watch, monkeypatch):
    """A command that comes while the first ones are sent does not overtake them."""
    from dlplay.engine import live

    sent, encode, running, straight = [], live.commands.encode, [], []

    def encoding(command):
        if not sent:  # the first: somebody asks for something just now
            asking = threading.Thread(target=lambda: running[0].look(True))
            asking.start()
            asking.join(0.2)
            straight.append(running[0]._control)
        sent.append(type(command).__name__)
        return encode(command)

    monkeypatch.setattr(live.commands, "encode", encoding)
    started = threading.Event()
    launch = live.LiveRun._launch

    def launching(run):
        started.wait(10)
        return launch(run)

    monkeypatch.setattr(live.LiveRun, "_launch", launching)
    watched = watch("fine", {"steps": 1_000_000}, paused=True)
    running.append(watched.run)
    watched.run.tweak("learning_rate", 0.2)
    watched.run.step()
    watched.run.resume()
    started.set()
    watched.until(lambda h: h.progress and h.progress.step > 5, "going on")
    assert sent[:4] == ["Tweak", "Step", "Resume", "Look"]
    assert straight == [None]  # nobody could have sent anything past the first ones


def test_a_run_begins_as_ordered_before_it_hears_what_is_asked():
    """A run that starts paused may find "go on" in its pipe already: "pause" comes first."""
    program = textwrap.dedent(
        """
        import threading
        from multiprocessing import Pipe
        from dlplay.wire import commands
        from dlplay.wire.hearing import PipeControls

        inlet, outlet = Pipe(duplex=False)
        outlet.send_bytes(commands.encode(commands.Resume()))
        start = threading.Thread.start

        def start_and_let_it_listen(thread):
            start(thread)
            while inlet.poll():
                pass

        threading.Thread.start = start_and_let_it_listen
        controls = PipeControls(inlet, [commands.Pause()], gone=lambda: None)
        print(*(type(controls.take()).__name__ for _ in range(2)))
        """
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.stdout.split() == ["Pause", "Resume"], told.stderr


def test_a_live_parameter_applies_at_the_next_step_and_is_remembered(watch):
    watched = watch("fine", {"steps": 1_000_000}, paused=True)
    watched.run.tweak("learning_rate", 0.25)
    watched.run.step()
    watched.until(lambda h: h.tweaks, "the tweak")
    assert (watched.history.tweaks[0].name, watched.history.tweaks[0].value) == (
        "learning_rate",
        0.25,
    )
    watched.run.stop()
    assert watched.end().parameters["learning_rate"] == 0.25


def test_a_scene_that_raises_fails_in_one_sentence_with_its_traceback_in_the_log(watch):
    watched = watch("raises")
    finished = watched.end()
    assert finished.status == "failed"
    assert finished.message == "raises.py raised ValueError: the batch is empty"
    assert "raises.py" in watched.log
    assert "dlplay/engine" not in watched.log
    assert watched.history.series["loss"]["train"].count == 6


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("exits", "exit code 7"),
        ("killed", "SIGKILL"),
        ("segfaults", "SIGSEGV"),
        ("imports_nothing".replace("_", "-"), "a_module_that_is_not_there"),
        ("asks", "EOFError"),
    ],
)
def test_a_run_that_dies_is_told_in_one_sentence(watch, name, words):
    finished = watch(name).end()
    assert finished.status == "failed"
    assert words in finished.message
    assert "\n" not in finished.message


def test_what_was_seen_before_a_death_is_kept(watch):
    watched = watch("killed")
    watched.end()
    assert watched.history.series["loss"]["train"].count == 6


def test_the_summary_of_a_killed_run_has_the_values_that_it_had(watch):
    watched = watch("fine", {"steps": 1_000_000, "size": 2}, seed=4)
    watched.until(lambda history: history.progress, "a step")
    watched.run.tweak("learning_rate", 0.2)
    watched.until(lambda history: history.tweaks, "the tweak")
    watched.run.kill()
    finished = watched.end()
    assert (finished.status, finished.seed, finished.scene) == ("stopped", 4, "faults/fine")
    assert finished.steps == finished.tick > 0
    assert finished.parameters["size"] == 2
    assert finished.parameters["learning_rate"] == 0.2


def test_a_crash_of_the_interpreter_leaves_its_stack_in_the_log(watch):
    watched = watch("segfaults")
    watched.end()
    assert "segfaults.py" in watched.log


def test_a_run_that_never_returns_is_ended(watch):
    watched = watch("endless")
    watched.until(lambda h: "loss" in h.series, "the first step")
    watched.run.stop(grace=0.2)
    finished = watched.end()
    assert finished.status == "stopped"
    assert "ended" in finished.message


def test_a_run_that_is_stopped_before_it_begins_is_not_said_to_have_gone_on(watch):
    watched = watch("endless")
    watched.run.kill()
    finished = watched.end()
    assert (finished.status, finished.message) == ("stopped", "before it began")


def test_a_flood_is_bounded_and_can_be_stopped(watch):
    watched = watch("floods")
    watched.until(lambda h: h.tick > 2000, "the flood")
    watched.run.stop()
    assert watched.end().status == "stopped"
    assert len(watched.history.log) <= LOG_LINES
    assert sum(len(k.frames) for k in watched.history.keyframes.values()) < 100


def test_divergence_ends_a_run_with_its_curves_kept(watch):
    watched = watch("diverges")
    finished = watched.end()
    assert finished.status == "diverged"
    assert "loss" in finished.message
    assert watched.history.series["loss"]["train"].count == 31


def test_everything_printed_is_in_the_log(watch):
    watched = watch("warns")
    watched.end()
    for words in ("to standard output", "to standard error", "a warning", "from below"):
        assert words in watched.log


def test_a_killed_watcher_takes_its_children_with_it():
    program = textwrap.dedent(
        f"""
        import time
        from pathlib import Path
        from dlplay.course.catalog import Catalog
        from dlplay.engine.launcher import Launcher
        if __name__ == "__main__":
            launcher = Launcher()
            launcher.warm()
            run = launcher.start(Catalog([Path({str(FAULTS)!r})]).find("faults/endless"))
            while not run.drain():
                time.sleep(0.01)
            print(run.pid, flush=True)
            time.sleep(600)
        """
    )
    watcher = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    child = int(watcher.stdout.readline())
    watcher.kill()
    watcher.wait()

    wait_for(lambda: gone(child), "the end of the child")


def test_where_nobody_takes_what_comes_the_run_waits_before_it_fills_the_memory(launcher, faults):
    run = launcher.start(faults.find("faults/floods"))
    wait_for(lambda: run._full, "the end of the room")
    time.sleep(0.5)
    waiting = list(run._inbox)
    assert len(events.encode(waiting)) < INBOX_BYTES + 1_000_000
    before = run._tick
    run.drain()
    wait_for(lambda: run._tick > before, "more, when some was taken")
    run.kill()
    run.wait()
