"""A program that is watched: what is seen of it, and that to be seen changes nothing."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from dlplay.wire import events
from tests.conftest import wait_for
from tests.own.conftest import ENDLESS, TRAIN, environment
from tests.processes import gone


def test_what_it_draws_is_seen(watch):
    seen = watch(TRAIN)
    done = seen.end()
    assert (done.status, done.steps, done.message) == ("done", 6, "")
    assert done.parameters == {"rate": 0.1}
    assert done.headline.startswith("epoch 2")
    assert [(claim.name, claim.holds) for claim in done.claims] == [("small", True)]
    assert seen.history.measures["weight"] == pytest.approx(0.9**3 * 0.95**3)
    steps, losses = seen.points("loss", "train")
    assert steps == [0, 1, 2, 3, 4, 5]  # counted over epochs
    assert losses[0] == pytest.approx(0.81)
    assert seen.points("loss", "held_out")[0] == [1, 3, 5]


def test_its_numbers_are_those_of_a_run_that_nobody_watches(watch, written):
    alone = subprocess.run(
        [sys.executable, written(TRAIN)], capture_output=True, text=True, env=environment()
    )
    seen = watch(TRAIN)
    seen.end()
    assert seen.log.split() == alone.stdout.split()
    assert "weight" in seen.log


def test_without_a_loop_a_point_is_a_step_and_a_picture_too(watch):
    seen = watch(
        """
        from dlplay import stage
        for value in (3.0, 2.0, 1.0):
            stage.curve("loss", a=value, b=-value)
            stage.bars("share", ["one"], [value])
        """
    )
    assert seen.end().steps == 3
    assert seen.points("loss", "a") == ([0, 1, 2], [3, 2, 1])
    assert seen.history.panel("share").series[""] == [1.0]


def test_a_knob_is_turned_while_it_runs_and_what_it_was_is_kept(watch):
    seen = watch(ENDLESS)
    seen.until(lambda h: h.tick > 3, "some steps")
    seen.run.tweak("rate", 2.0)
    seen.until(lambda h: h.tweaks, "the knob turned")
    (tweak,) = seen.history.tweaks
    assert (tweak.name, tweak.value) == ("rate", 2.0)
    seen.until(lambda h: h.series["rate"]["rate"].last == 2.0, "its effect")
    assert seen.history.knobs["rate"].live


def test_a_knob_that_is_asked_for_once_is_not_live(watch):
    seen = watch(
        """
        from dlplay import stage
        size = stage.knob("size", 8, min=1, max=64, help="hidden units")
        for step in stage.loop(4):
            stage.curve("loss", train=size)
        """,
        settings={"size": "16"},
    )
    assert seen.end().parameters == {"size": 16}
    knob = seen.history.knobs["size"]
    assert (knob.kind, knob.default, knob.high, knob.live) == ("integer", 8, 64, False)


def test_what_is_turned_on_the_way_is_turned_at_its_step(watch):
    turned = (events.Tweaked(tick=2, name="rate", value="0.5"),)
    seen = watch(TRAIN, settings={"rate": "0.2"}, tweaks=turned)
    done = seen.end()
    assert done.parameters == {"rate": 0.5}
    assert [(t.tick, t.value) for t in seen.history.tweaks] == [(2, 0.5)]
    assert seen.history.measures["weight"] == pytest.approx(0.8 * 0.9 * 0.5**2 * 0.75**2)


def test_it_pauses_takes_one_step_and_goes_on(watch):
    seen = watch(ENDLESS, paused=True)
    seen.until(lambda h: h.progress and h.progress.paused, "the pause")
    assert seen.history.tick == 0
    seen.run.step()
    seen.until(lambda h: h.tick == 1 and h.progress.paused, "one step")
    seen.run.resume()
    seen.until(lambda h: h.tick > 10, "many steps")


def test_stopped_its_loop_ends_and_what_comes_after_is_done(watch):
    seen = watch(ENDLESS)
    seen.until(lambda h: h.tick > 3, "some steps")
    seen.run.stop()
    done = seen.end()
    assert done.status == "stopped"
    assert "after the loop" in seen.log
    assert done.measures == {"last": 0.5}


def test_stopped_without_a_loop_it_is_interrupted(watch):
    seen = watch(
        """
        from dlplay import stage
        step = 0
        while True:
            stage.curve("count", up=step)
            step += 1
        """
    )
    seen.until(lambda h: h.tick > 3, "some steps")
    seen.run.stop()
    assert seen.end().status == "stopped"
    assert "KeyboardInterrupt" in seen.log


def test_stopped_where_ctrl_c_is_ignored_it_is_interrupted_too(watch):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as under nohup, and in the background
    try:
        seen = watch(
            """
            import time
            from dlplay import stage
            while True:
                stage.curve("count", up=1.0)
                time.sleep(0.01)
            """
        )
        seen.until(lambda h: h.tick > 3, "some steps")
    finally:
        signal.signal(signal.SIGINT, before)
    seen.run.stop()
    assert seen.end().status == "stopped"
    assert "KeyboardInterrupt" in seen.log


def test_asked_twice_to_stop_it_is_ended(watch):
    seen = watch(
        """
        from dlplay import stage
        for step in stage.loop(10):
            stage.curve("loss", train=1.0)
        stage.headline("saving")
        import time
        time.sleep(1000)
        """
    )
    seen.until(lambda h: h.headline() == "saving", "what comes after the loop")
    seen.run.stop()
    assert seen.run.stopping
    seen.run.stop()
    assert seen.end().status == "stopped"


def test_a_program_that_fails_says_why(watch):
    seen = watch("raise ValueError('no data')")
    done = seen.end()
    assert done.status == "failed"
    assert done.message == "train.py ended with exit status 1: ValueError: no data"
    assert "Traceback" in seen.log


def test_one_that_draws_nothing_is_told_how(watch):
    assert "from dlplay import stage" in watch("print(1)").end().message


def test_what_goes_wrong_in_a_call_is_told_once_and_ends_nothing(watch):
    seen = watch(
        """
        from dlplay import stage

        @stage.look(1)
        def broken():
            raise RuntimeError("no picture")

        for step in stage.loop(5):
            stage.image("digits", "not an image")
            stage.curve("loss", train="much")
            stage.curve("loss", train=float("nan"))
            rate = stage.knob("rate", None)
            stage.claim("odd", 1, under=2)
        assert rate is None
        print("whole")
        """
    )
    assert seen.end().status == "done"
    assert "whole" in seen.log
    for call in ("image", "curve", "knob", "claim", "broken"):
        assert seen.log.count(f"stage.{call}: ") == 1, call


def test_a_setting_that_cannot_be_ends_it_at_once(watch):
    seen = watch(ENDLESS, settings={"rate": "fast"})
    done = seen.end()
    assert done.status == "failed"
    assert "rate takes a number from 0.01 to 10, not 'fast'" in done.message


def test_a_setting_that_no_knob_took_is_told_with_the_nearest(watch):
    done = watch(TRAIN, settings={"rat": "0.2"}).end()
    assert done.status == "done"
    assert done.message == "it has no knob 'rat'; it has rate. Did you mean 'rate'?"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_its_workers_draw_nothing(watch, method):
    seen = watch(
        f"""
        import multiprocessing
        from dlplay import stage

        def work(number):
            for step in stage.loop(50):
                stage.curve("loss", worker=step)
            return number + stage.knob("rate", 1)

        if __name__ == "__main__":
            stage.knob("rate", 3)
            stage.curve("loss", main=1.0)
            with multiprocessing.get_context("{method}").Pool(2) as pool:
                for values in stage.loop([[1, 2], [3, 4]]):
                    stage.curve("loss", main=sum(pool.map(work, values)))
        """,
        settings={"rate": "7"},
    )
    assert seen.end().status == "done"
    assert list(seen.history.series["loss"]) == ["main"]
    # A worker that was forked knows the knob as it was, one that was spawned asks for it itself.
    assert seen.points("loss", "main")[1] == [1, 17, 21]


def test_of_processes_that_train_together_the_first_is_seen(watch):
    seen = watch(
        """
        import os, subprocess, sys
        if "RANK" not in os.environ:
            ranks = [
                subprocess.Popen([sys.executable, __file__], env={**os.environ, "RANK": rank})
                for rank in "10"
            ]
            sys.exit(max(each.wait() for each in ranks))
        from dlplay import stage
        for step in stage.loop(20):
            stage.curve("loss", **{"rank" + os.environ["RANK"]: step})
        print("rank", os.environ["RANK"], "knows", stage.knob("rate", 0.1))
        """,
        settings={"rate": "0.3"},
    )
    assert seen.end().status == "done"
    assert list(seen.history.series["loss"]) == ["rank0"]
    assert "rank 1 knows 0.3" in seen.log
    assert "rank 0 knows 0.3" in seen.log


def test_an_x_ray_is_taken_of_the_model_that_it_names(watch):
    seen = watch(
        """
        import torch
        from dlplay import stage
        net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh())
        stage.watch(net)
        for step in stage.loop(10**9):
            net(torch.zeros(4, 2)).sum().backward()
            stage.curve("step", step=step)
        """
    )
    seen.run.look(True)
    seen.until(lambda h: "x-ray" in h.names, "an X-ray")
    layers = seen.history.panel("x-ray").layers
    assert [layer.kind for layer in layers] == ["Linear", "Tanh"]


def test_looks_are_called_at_their_steps_and_when_a_knob_is_turned(watch):
    seen = watch(
        """
        from dlplay import stage

        @stage.look(4)
        def look():
            print(epoch, stage.step, stage.knob("rate", 1.0, min=0.5, max=9), sep=":")

        for epoch in stage.loop(2):
            for step in stage.loop(5):
                stage.curve("loss", train=step)
        """,
        tweaks=(events.Tweaked(tick=6, name="rate", value="2"),),
    )
    seen.end()
    # Each fourth step over both epochs, after the turn, and the last.
    assert seen.log.split() == ["0:0:1.0", "0:4:1.0", "1:0:2.0", "1:3:2.0", "1:4:2.0"]


def test_no_process_is_left_when_the_watcher_is_killed(written, tmp_path):
    """The program's own children, too."""
    path = written(
        """
        import os, subprocess, sys
        from dlplay import stage
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
        with open("pids", "w") as file:
            file.write(f"{os.getpid()} {child.pid}\\n")
        for step in stage.loop(10**9):
            stage.curve("loss", train=1.0)
        """
    )
    watcher = subprocess.Popen(
        [sys.executable, "-m", "dlplay", "watch", "--json", "--", path.name],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.DEVNULL,
    )
    try:
        pids = tmp_path / "pids"
        wait_for(lambda: pids.exists() and pids.read_text().endswith("\n"), "the program")
    finally:
        watcher.kill()
        watcher.wait()
    for pid in map(int, pids.read_text().split()):
        wait_for(lambda pid=pid: gone(pid), f"the end of {pid}")


def test_what_cannot_be_sent_or_read_hides_nothing_of_what_comes_after(watch):
    seen = watch(
        """
        import torch
        from dlplay import stage

        for step in stage.loop(5):
            stage.curve("nowhere", train=torch.ones((), device="meta"))
            stage.curve(3, train=1.0)
            stage.image(3, [[0, 1], [1, 0]])
            stage.bars("bars", [3, 4], [1.0, 2.0])
            stage.curve("loss", {0: 1.0, "train": 2.0})
        """
    )
    assert seen.end().steps == 5
    assert seen.points("loss", "0")[1] == [1.0] * 5
    assert seen.points("loss", "train")[1] == [2.0] * 5
    for said in (
        "meta tensors",
        "stage.curve: TypeError: a panel's name",
        "stage.image: TypeError",
    ):
        assert seen.log.count(said) == 1, seen.log


def test_an_event_that_cannot_be_read_is_told_once_and_the_others_are_taken(watch):
    seen = watch(
        """
        from dlplay import stage

        for step in stage.loop(5):
            stage.axes("loss", y=3)
            stage.curve("loss", train=step)
        """
    )
    assert seen.end().steps == 5
    assert seen.points("loss", "train")[1] == [0, 1, 2, 3, 4]
    assert seen.log.count("cannot be shown") == 1


def test_a_failing_device_loses_its_own_points_alone(watch):
    seen = watch(
        """
        import torch
        from dlplay import stage
        from dlplay.stage.own import OwnStage

        class Broken:
            device = "broken"

            def float(self):
                raise RuntimeError("the device is lost")

        usual = OwnStage._scalar

        def scalar(self, value):  # as of an accelerator that fails while its numbers are fetched
            if not isinstance(value, Broken):
                return usual(self, value)
            self._device_points = True
            return value

        OwnStage._scalar = scalar
        for step in stage.loop(2):
            stage.curve("loss", train=Broken() if step == 0 else 1.0)
        for step in stage.loop(2):
            stage.curve("loss", train=2.0)
        """
    )
    assert seen.end().status == "done"
    assert seen.points("loss", "train")[1] == [2.0, 2.0]
    assert seen.log.count("the device is lost") == 1


def test_threads_that_begin_at_once_are_seen_together(watch):
    seen = watch(
        """
        import threading

        from dlplay import stage

        together = threading.Barrier(4)

        def draw(number):
            together.wait()
            stage.curve("loss", {number: number})

        threads = [threading.Thread(target=draw, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        """
    )
    assert seen.end().status == "done"
    assert set(seen.history.series["loss"]) == {"0", "1", "2", "3"}


def test_of_a_flood_of_prints_no_line_is_lost(watch):
    seen = watch(
        """
        for line in range(50_000):
            print(line)
        """
    )
    lines = []

    def over():
        lines.extend(e.text for e in seen.run.drain() if isinstance(e, events.Logged))
        return seen.run.wait(0)

    wait_for(over, "its end")
    over()
    assert lines == [str(line) for line in range(50_000)]


def test_loops_that_do_not_end_in_order_are_loops_still(watch):
    seen = watch(
        """
        import threading

        from dlplay import stage

        for a, b in zip(stage.loop(5), stage.loop(3)):
            stage.curve("zipped", product=a * b)

        together = threading.Barrier(3)

        def draw(number):
            for step in stage.loop(20 * (3 - number)):
                if step < 20:
                    together.wait()
                stage.curve("threads", {number: step})

        threads = [threading.Thread(target=draw, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        """
    )
    assert seen.end().status == "done"
    assert seen.points("zipped", "product")[1] == [0, 1, 4]
    for number in range(3):
        assert seen.points("threads", str(number))[1] == list(range(20 * (3 - number)))
    assert "stage.loop" not in seen.log


def test_a_curve_without_a_line_says_how_one_is_named(watch):
    seen = watch(
        """
        from dlplay import stage

        for step in stage.loop(3):
            stage.curve("place", x=1.0)
        """
    )
    assert seen.end().status == "done"
    assert seen.log.count("stage.curve: TypeError: it takes a number by the name of its line") == 1


def test_a_curve_that_is_called_wrongly_ends_nothing(watch):
    seen = watch(
        """
        from dlplay import stage

        for step in stage.loop(3):
            stage.curve()
            stage.curve("loss", 1.0, 2.0, train=1.0)
            stage.curve("loss", panel=1.0)
            stage.curve("loss", self=1.0)
            stage.curve("loss", train=float(step))
        """
    )
    assert seen.end().status == "done"
    assert seen.points("loss", "train")[1] == [0, 1, 2]
    assert seen.log.count("stage.curve: TypeError") == 4


def test_a_look_that_is_called_again_at_its_step_has_its_point(watch):
    seen = watch(
        """
        from dlplay import stage

        @stage.look(1)
        def look():
            stage.curve("seen", rate=stage.knob("rate", 1.0, min=0.5, max=9))

        for step in stage.loop(4):
            stage.curve("loss", train=float(step))
        """,
        tweaks=(events.Tweaked(tick=2, name="rate", value="2"),),
    )
    seen.end()
    assert seen.points("seen", "rate") == ([0, 1, 2, 3], [1, 1, 2, 2])


def test_a_bound_may_be_a_number_of_numpy(watch):
    seen = watch(
        """
        import numpy
        from dlplay import stage
        stage.claim("near", numpy.float32(0.5), within=(numpy.float32(0), 1))
        stage.claim("far", 3, above=numpy.float64(4))
        """
    )
    assert [(claim.name, claim.holds) for claim in seen.end().claims] == [
        ("near", True),
        ("far", False),
    ]
