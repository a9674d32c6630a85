"""What the calls of the stage cost a training program: `python -m tests.benchmarks.bench_watch`.

A program takes steps of 5 ms, asks for a knob at each and draws 100 points a second, alone and
watched. Told is the processor time of the calls in the thread that trains, measured around them
while the steps multiply matrices; and what all threads take more, against the same steps without
calls, while the steps sleep. Each should be below 1 % of a step.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from dlplay.course.own import card_of_command
from dlplay.engine.own import OwnRun, program
from dlplay.wire import events

ROOT = Path(__file__).parents[2]
PROGRAM = """
import time
import numpy
from dlplay import stage

STEPS, SECONDS = 200, 0.005
matrix = numpy.random.rand(200, 200)


def work():
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        matrix @ matrix


def calls(step):
    rate = stage.knob("rate", 0.1)
    if step % 2 == 0:
        stage.curve("loss", train=rate)


def around():
    spent, last = 0.0, time.thread_time()
    for step in stage.loop(STEPS):
        spent += time.thread_time() - last
        work()
        last = time.thread_time()
        calls(step)
        spent += time.thread_time() - last
        last = time.thread_time()
    return spent / STEPS


def whole(drawing):
    before = time.process_time()
    for step in stage.loop(STEPS) if drawing else range(STEPS):
        time.sleep(SECONDS)
        if drawing:
            calls(step)
    return (time.process_time() - before) / STEPS


def told(what, found):
    middle = sorted(found)[len(found) // 2]
    print(f"{'watched' if stage.watched else 'alone'}, {what}: {1e6 * middle:.0f} us a step "
          f"({1e6 * min(found):.0f} to {1e6 * max(found):.0f}), {middle / SECONDS:.2%} of 5 ms")


around()  # what is imported at first is no step's
told("the thread that trains", [around() for _ in range(9)])
told("all threads", [whole(True) - whole(False) for _ in range(9)])
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.py"
        path.write_text(PROGRAM, encoding="utf-8")
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        surroundings = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
        os.spawnve(os.P_WAIT, sys.executable, [sys.executable, str(path)], surroundings)
        made = program([str(path)], settings={}, environment=surroundings)
        run = OwnRun(made, card_of_command(made.command))
        while not run.wait(0.1):
            _tell(run.drain())
        _tell(run.drain())


def _tell(batch: list[events.AnyEvent]) -> None:
    for event in batch:
        if isinstance(event, events.Logged):
            print(event.text)


if __name__ == "__main__":
    main()
