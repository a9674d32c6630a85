"""CPU seconds of each format of one recording: `python -m tests.benchmarks.bench_export [ID]`.

Prints the second of two exports at 120x40, its ratio to that of `png`, and its size.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from dlplay import run
from dlplay.course.catalog import Catalog, built_in
from dlplay.engine.recordings.format import Recorder
from dlplay.engine.recordings.replay import load
from dlplay.export import FORMATS, Options, Source

SCENE = "introduction/first-net"
NAMES = ("png", "svg", "cast", "gif")


def cpu_seconds(source: Source, name: str) -> tuple[float, int]:
    """Of the second export, and how many bytes (characters of a text) it has."""
    seconds, size = 0.0, 0
    for _ in range(2):
        start = time.process_time()
        size = len(FORMATS[name].write(source, Options(width=120, height=40)))
        seconds = time.process_time() - start
    return seconds, size


def main(id: str = SCENE) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.dlplay"
        with Recorder(file) as record:
            result = run(id, watch=record)
        source = Source(load(file), Catalog([built_in()]).find(id))
        print(f"{id}: {result.steps:,} steps  (CPU seconds; ratio to png)")
        found = {name: cpu_seconds(source, name) for name in NAMES}
    for name, (seconds, size) in found.items():
        print(f"  {name:<5} {seconds:7.2f} {seconds / found['png'][0]:7.2f}x {size / 1e6:7.1f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
