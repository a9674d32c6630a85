"""What the calls of the stage cost a training program: `python -m tests.benchmarks.bench_watch`.

A program takes steps of 5 ms, asks for a knob at each and draws 100 points a second. In turns its
steps have no calls, the calls of one that runs alone, and those of one that is watched. Told is
the processor time that a step takes more than without calls, in the thread that trains and in all
threads together: the median of the rounds, the quartiles, the share of a step. It is to be below
1 %. Of steps that compute, the calls and the other threads are measured, for a computation varies
more than they take; of steps that wait, as for an accelerator, all that the process does. What
else the machine does makes the calls dearer, for it takes their place in the caches.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from dlplay.course.own import card_of_command
from dlplay.engine.own import OwnRun, program
from dlplay.wire import events

ROOT = Path(__file__).parents[2]
PROGRAM = """
import time
from statistics import quantiles
from types import SimpleNamespace

import numpy

from dlplay import stage
from dlplay.stage.alone import Alone

STEPS, SECONDS, ROUNDS = 200, 0.005, 11
matrix = numpy.random.rand(200, 200)


def compute():
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        matrix @ matrix


def wait():
    time.sleep(SECONDS)


def no_calls():
    steps = iter(range(10**9))

    def call():
        step = next(steps)
        rate = 0.1
        if step % 2 == 0:
            pass

    return call


def calls(stage):
    steps = stage.loop(10**9)

    def call():
        step = next(steps)
        rate = stage.knob("rate", 0.1)
        if step % 2 == 0:
            stage.curve("loss", train=rate)

    return call


def measured(work, call):
    inside, whole, thread = 0.0, time.process_time(), time.thread_time()
    for _ in range(STEPS):
        work()
        begun = time.thread_time()
        call()
        inside += time.thread_time() - begun
    time.sleep(0.2)  # until all is sent
    thread = time.thread_time() - thread
    whole = time.process_time() - whole
    if work is compute:
        thread, whole = inside, inside + whole - thread
    return thread / STEPS, whole / STEPS


def told(what, found):
    low, middle, high = (1e6 * each for each in quantiles(found, n=4))
    share = middle / 1e6 / SECONDS
    print(f"  {what:31} {middle:5.1f} us a step ({low:.1f} to {high:.1f}), {share:.2%} of 5 ms")


alone = Alone()
alone = SimpleNamespace(loop=alone.loop, knob=alone.knob, curve=alone.curve)
ways = {"no calls": no_calls(), "alone": calls(alone), "watched": calls(stage)}
for call in ways.values():
    measured(wait, call)  # what is imported at first is no step's
for work in (compute, wait):
    print(f"steps that {work.__name__}:")
    rounds = []
    for number in range(ROUNDS):
        names = list(ways)[number % 3 :] + list(ways)[: number % 3]
        rounds.append({name: measured(work, ways[name]) for name in names})
    for name in ("alone", "watched"):
        for part, threads in enumerate(("the thread that trains", "all threads")):
            more = [each[name][part] - each["no calls"][part] for each in rounds]
            told(f"{name}, {threads}", more)
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.py"
        path.write_text(PROGRAM, encoding="utf-8")
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        surroundings = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
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
