"""CPU milliseconds of each kind of drawing: `python tests/benchmarks/bench_draw.py`.

Prints the median of repeated drawings, and its ratio to writing as much plain text.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from statistics import median

import numpy as np

from dlplay.draw import Curves, Line, Look, draw
from dlplay.wire import events

sys.path.insert(0, str(Path(__file__).parents[1]))

from draw import examples

REPEATS = 9


def cpu_ms(content: examples.Content, width: int, height: int, look: Look) -> tuple[float, float]:
    """The first drawing, in which styles are made, and the median of the next ones."""
    times = []
    for _ in range(REPEATS + 1):
        start = time.process_time()
        draw(content, width, height, look)
        times.append((time.process_time() - start) * 1e3)
    return times[0], median(times[1:])


def long_curves() -> Curves:
    """Four noisy series of 2,000 buckets: what a run of a million steps leaves."""
    random = np.random.default_rng(0)
    steps = np.arange(2000.0) * 500
    lines = {}
    for index, name in enumerate(("train", "test", "sgd", "adam")):
        mean = (index + 1) * np.exp(-steps / 3e5) + 0.05 * random.random(2000)
        spread = 0.2 * random.random(2000)
        lines[name] = Line(steps, mean - spread, mean + spread, mean)
    return Curves(events.Axes(panel="loss", y="loss", lines={"chance": 2.3}), lines)


def main() -> None:
    cases = {"curves, 4 x 2,000": long_curves(), **examples.typical()}
    for width, height in ((60, 16), (100, 30), (200, 60)):
        look = Look()
        base = cpu_ms(events.Text(panel="", text="word " * 4000), width, height, look)[1]
        print(f"{width}x{height}  (first, then median, CPU ms; ratio to plain text {base:.2f} ms)")
        for name, content in cases.items():
            first, usual = cpu_ms(content, width, height, look)
            print(f"  {name:<20} {first:7.1f} {usual:7.2f} {usual / base:7.1f}x")


if __name__ == "__main__":
    main()
