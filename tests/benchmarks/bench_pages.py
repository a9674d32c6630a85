"""What a page costs beside its own script, the bare loop: `python -m tests.benchmarks.bench_pages`.

For each page: CPU seconds of its script, of its run without looks and of its run with them, in
turns in one process, and the median of the neighbours' ratios. Pages may be named; `--old` adds
scenes of the old form.
"""

from __future__ import annotations

import io
import os
import statistics
import sys
import time
from contextlib import redirect_stdout

os.environ["OMP_NUM_THREADS"] = "1"

from dlplay import run
from dlplay.course.catalog import Catalog, built_in
from dlplay.engine import numerics
from dlplay.export.script import Plan, script

ROUNDS = 5


def spent(work) -> float:
    began = time.process_time()
    with redirect_stdout(io.StringIO()):
        work()
    return time.process_time() - began


def measure(card, rounds: int = ROUNDS) -> tuple[float, int, float, float]:
    """Milliseconds a step of the bare loop, steps, and speed without and with looks beside it."""
    names = {"__name__": "bench"}
    text = script(Plan(card, dict(card.defaults), card.id, device="cpu"))
    exec(compile(text, card.path.name, "exec"), names)
    steps = run(card.id, device="cpu").steps  # warms everything up
    bare, without, seen = [], [], []
    for _ in range(rounds):
        bare.append(spent(names["main"]))
        without.append(spent(lambda: run(card.id, device="cpu", looks=False)))
        seen.append(spent(lambda: run(card.id, device="cpu")))
    return (
        1000 * statistics.median(bare) / max(steps, 1),
        steps,
        statistics.median(b / w for b, w in zip(bare, without, strict=True)),
        statistics.median(b / s for b, s in zip(bare, seen, strict=True)),
    )


def main(names: list[str]) -> None:
    numerics.prepare_environment()
    old = "--old" in names
    names = [name for name in names if name != "--old"]
    cards = [c for c in Catalog([built_in()]).select(names) if c.is_page or old or names]
    print(
        f"{'page':<36} {'steps':>7} {'ms/step':>8} {'no looks':>9} {'looks':>6}   (bare loop = 1)"
    )
    for card in cards:
        step, steps, without, seen = measure(card)
        print(f"{card.id:<36} {steps:>7} {step:>8.2f} {without:>9.2f} {seen:>6.2f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
