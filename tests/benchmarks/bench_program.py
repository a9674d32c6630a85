"""Speed of the whole program, on demand: `python -m tests.benchmarks.bench_program`.

Prints CPU seconds and ratios beside what we aim at. Asserts nothing: machines are noisy.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

from dlplay import run
from dlplay.course.catalog import Catalog
from dlplay.engine.launcher import Launcher
from dlplay.engine.recordings.library import Library
from dlplay.tui.model.session import Session
from tests.benchmarks.terminal import Terminal

SCENES = Path(__file__).parent / "scenes"


def say(what: str, value: str, aim: str) -> None:
    print(f"{what:<58} {value:>22}   aim: {aim}", flush=True)


def commands() -> None:
    for words in (["list"], ["--help"]):
        spent = []
        for _ in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(
                [sys.executable, "-m", "dlplay", *words], capture_output=True, check=True
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        say(f"dlplay {' '.join(words)}", f"{min(spent):.2f} s CPU", "under 0.35")


def browser() -> None:
    spent = []
    for _ in range(3):
        terminal = Terminal()
        terminal.until("Filter")
        spent.append(terminal.cpu)
        terminal.drain(5)
        torch = terminal.has_torch
        terminal.close()
    say("browser painted, from process start", f"{min(spent):.2f} s CPU", "under 0.9")
    say("torch in the interface's process", "yes" if torch else "no", "no")


def first_event(launcher: Launcher) -> None:
    card = Catalog([SCENES]).find("bench/mlp")
    times = []
    for _ in range(6):
        began = time.perf_counter()
        live = launcher.start(card, {"blocks": 1})
        while not live.drain():
            time.sleep(0.001)
        times.append(time.perf_counter() - began)
        live.kill()
        live.wait()
    say("first event on the warm fork server", f"{statistics.median(times[1:]):.3f} s", "0.3")


def steps() -> None:
    ratios = [run("bench/mlp", scenes=SCENES).measures["ratio"] for _ in range(3)]
    say("steps: headless against bare", f"{statistics.median(ratios):.3f}", "at least 0.95")
    ratios = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "ratio"
            terminal = Terminal("--scenes", str(SCENES), "open", "bench/mlp", f"report={report}")
            while not report.exists() or not report.read_text():
                terminal.read(0.2)
            ratios.append(float(report.read_text()))
            terminal.close()
    say(
        "steps: watched at 120x40 against bare", f"{statistics.median(ratios):.3f}", "at least 0.90"
    )


def recording(launcher: Launcher) -> None:
    """The same run in turns with and without being recorded: its own seconds, and ours."""
    card = Catalog([SCENES]).find("bench/mlp")
    settings = {"blocks": 1, "pictures": 20, "compare": False, "steps": 6000}
    ratios, shares = [], []
    for _ in range(5):
        seconds, spent = {}, {}
        for recorded in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                library = Library(Path(folder)) if recorded else None
                session = Session(card, launcher, settings, library=library)
                began = time.process_time()
                session.start()
                while session.history.finished is None:
                    time.sleep(0.1)
                    session.poll()
                spent[recorded] = time.process_time() - began
                seconds[recorded] = session.history.finished.seconds
                session.close()
        ratios.append(seconds[False] / seconds[True])
        shares.append((spent[True] - spent[False]) / seconds[True])
    say("training speed, recorded against not", f"{statistics.median(ratios):.3f}", "over 0.97")
    say(
        "recording, in the interface's process",
        f"{100 * statistics.median(shares):.1f} % of a core",
        "under 3 %",
    )


def interface() -> None:
    words = ["open", "bench/mlp", "pictures=20", "compare=off", "steps=100000"]
    terminal = Terminal("--scenes", str(SCENES), *words)
    terminal.until("steps/s")
    terminal.drain(3)
    before, began = terminal.cpu, time.perf_counter()
    terminal.drain(10)
    share = (terminal.cpu - before) / (time.perf_counter() - began)
    say("interface, four panels at 120x40", f"{100 * share:.0f} % of a core", "at most 30 %")
    delays = []
    for place in range(60):
        terminal.press("j")
        # The gauge and help of the next parameter are painted anew: wait for its marker.
        delays.append(terminal.until("▸", seconds=5))
        terminal.drain(0.05 + 0.003 * (place % 17))
    delays.sort()
    say("key to paint, 95th percentile", f"{1000 * delays[56]:.0f} ms", "under 50 ms")
    terminal.close()


def million() -> None:
    import numpy as np

    from dlplay.draw import Look, draw
    from dlplay.engine.history import History
    from dlplay.wire import events

    def filled(count: int) -> History:
        history, block = History(), 1000
        noise = np.random.default_rng(0).random(count).tolist()
        for start in range(0, count, block):
            ticks = list(range(start, start + block))
            points = events.Points(
                tick=start, panel="loss", series="train", ticks=ticks, x=ticks,
                y=noise[start : start + block],
            )  # fmt: skip
            history.feed([points])
        return history

    def repaint(history: History) -> float:
        best = []
        for _ in range(20):
            began = time.process_time()
            draw(history.panel("loss"), 100, 30, Look())
            best.append(time.process_time() - began)
        return min(best)

    short = repaint(filled(10_000))
    tracemalloc.start()
    history = filled(1_000_000)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    say("history of a million steps", f"{held / 2**20:.1f} MB", "under 50 MB")
    say("its repaint against ten thousand steps", f"{repaint(history) / short:.2f}", "at most 1.5")
    say("one repaint of a curve at 100x30", f"{1000 * short:.1f} ms CPU", "10 to 30")


def main() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    commands()
    browser()
    launcher = Launcher()
    launcher.warm()
    first_event(launcher)
    steps()
    recording(launcher)
    interface()
    million()


if __name__ == "__main__":
    main()
