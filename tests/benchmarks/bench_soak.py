"""Whether memory grows while a run streams for long: `python -m tests.benchmarks.bench_soak 60`.

So many minutes (3 unless given) of the interface at 120x40 and of a run that draws curves, tables,
pictures and matrices without end, recorded or not (`--recorded`). Each ten seconds the resident
memory of both processes is printed, and in the end how it grew after the first tenth. Asserts
nothing.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from dlplay.course.catalog import Catalog
from dlplay.course.progress import Progress
from dlplay.draw import Look
from dlplay.engine.launcher import Launcher
from dlplay.engine.recordings.library import Library
from dlplay.tui.app import DlplayApp
from tests.benchmarks.bench_program import SCENES

EVERY = 10  # seconds


@dataclass(frozen=True)
class Sample:
    """At one moment: minutes since the first, megabytes of both processes, CPU seconds of both."""

    minutes: float
    interface: float
    run: float
    spent: float


def resident(pid: int) -> float:
    """Megabytes that a process has in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def spent(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def soak(minutes: float, folder: Path, recorded: bool) -> list[Sample]:
    launcher = Launcher()
    launcher.warm()
    library = Library(folder / "runs") if recorded else None
    card = Catalog([SCENES]).find("bench/stream")
    app = DlplayApp(
        Catalog([SCENES]),
        launcher,
        Look(),
        Progress(folder / "progress.json"),
        {"card": card, "settings": {}},
        library,
    )
    samples: list[Sample] = []
    async with app.run_test(size=(120, 40)) as pilot:
        while app.screen.session.run is None or app.screen.session.run.pid is None:
            await pilot.pause(0.1)
        session = app.screen.session
        began = time.monotonic()
        while (now := time.monotonic() - began) < 60 * minutes and session.active:
            pids = (os.getpid(), session.run.pid)
            samples.append(Sample(now / 60, *map(resident, pids), sum(map(spent, pids))))
            last = samples[-1]
            kept = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            print(
                f"{last.minutes:6.2f} min  interface {last.interface:7.1f} MB  "
                f"run {last.run:7.1f} MB  CPU {last.spent:7.1f} s  "
                f"step {session.history.tick}  recorded {kept / 1e6:.1f} MB",
                flush=True,
            )
            await asyncio.sleep(EVERY)
        session.close()
    return samples


def growth(samples: list[Sample], name: str) -> str:
    """Megabytes an hour, by a line through all samples but the first tenth."""
    late = samples[len(samples) // 10 :]
    slope, _ = statistics.linear_regression(
        [each.minutes / 60 for each in late], [getattr(each, name) for each in late]
    )
    values = [getattr(each, name) for each in late]
    return (
        f"{name}: {values[0]:.1f} MB at first, {values[-1]:.1f} at last, "
        f"{min(values):.1f} to {max(values):.1f} between; {slope:+.1f} MB an hour"
    )


def main(words: list[str]) -> None:
    recorded = "--recorded" in words
    minutes = float(next((word for word in words if not word.startswith("-")), 3))
    with tempfile.TemporaryDirectory() as folder:
        samples = asyncio.run(soak(minutes, Path(folder), recorded))
    for name in ("interface", "run"):
        print(growth(samples, name))


if __name__ == "__main__":
    main(sys.argv[1:])
