"""What a sweep costs as one batch beside runs alone: `python -m tests.benchmarks.bench_sweeps`.

For each page and parameter that offers it, eight values: CPU seconds of the runs alone, of the
batch, and their ratio. Pages may be named; `steps=60` shortens all. Asserts nothing.
"""

from __future__ import annotations

import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

from dlplay import run
from dlplay.course.catalog import Catalog, built_in
from dlplay.engine import numerics
from dlplay.engine.batch import execute_batch

VALUES = 8


def spent(work) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def measure(card, name, settings) -> tuple[float, float]:
    """CPU seconds of the runs alone, and of the batch."""
    values = card.parameters[name].spread(VALUES)
    each = [{**settings, name: value} for value in values]
    alone = spent(lambda: [run(card.id, device="cpu", looks=False, **one) for one in each])
    batch = spent(lambda: execute_batch(card, name, values, settings, device="cpu"))
    return alone, batch


def main(words: list[str]) -> None:
    numerics.prepare_environment()
    names = [word for word in words if "=" not in word]
    budgets = [word.partition("=") for word in words if "=" in word]
    settings = {name: int(value) for name, _, value in budgets}
    print(f"{'page and parameter':<36} {'alone':>8} {'batch':>8} {'ratio':>6}   (CPU s, 8 values)")
    for card in Catalog([built_in()]).select(names):
        if not card.each:
            continue
        run(card.id, device="cpu", looks=False, **card.quick)  # warms everything up
        for name in card.each:
            alone, batch = measure(card, name, settings)
            label = f"{card.id} {name}"
            print(f"{label:<36} {alone:>8.2f} {batch:>8.2f} {alone / batch:>6.1f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
