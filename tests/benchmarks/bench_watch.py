"""What the calls of the stage cost a training program: `python -m tests.benchmarks.bench_watch`.

A program takes steps of 5 ms and draws 100 points a second, alone and watched; the processor time
of all its threads is compared with that of its steps. The steps sleep, so that what is measured is
the calls: their share of a step should be below 1 %.
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
from dlplay import stage

STEPS, SECONDS = 200, 0.005


def spent(calls):
    before = time.process_time()
    for step in stage.loop(STEPS) if calls else range(STEPS):
        time.sleep(SECONDS)
        rate = stage.knob("rate", 0.1) if calls else 0.1
        if calls and step % 2 == 0:
            stage.curve("loss", train=rate)
    return (time.process_time() - before) / STEPS


spent(True)  # what is imported at first is no step's
pairs = sorted(spent(True) - spent(False) for _ in range(9))
middle = pairs[len(pairs) // 2]
print(f"{'watched' if stage.watched else 'alone'}: {1e6 * middle:.0f} us a step "
      f"({1e6 * pairs[0]:.0f} to {1e6 * pairs[-1]:.0f}), {middle / SECONDS:.2%} of 5 ms")
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.py"
        path.write_text(PROGRAM, encoding="utf-8")
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        surroundings = {**os.environ, "PYTHONPATH": paths}
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
