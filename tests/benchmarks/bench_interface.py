"""What the interface costs while a run streams, on demand:
`python -m tests.benchmarks.bench_interface`.

Four panels at 120x40. What the interface waited for a core, because others had them, is taken off.
The time from a key to the paint stands beside that of a program that only answers a key, measured
in turns with it. Asserts nothing: machines are noisy.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.benchmarks.bench_program import SCENES, say
from tests.benchmarks.terminal import Terminal

ECHO = """
import os, tty
tty.setraw(0)
os.write(1, b"ready")
while os.read(0, 1):
    os.write(1, b"here")
"""
KEYS = 60
SECONDS = 10
ENDLESS = ("open", "bench/mlp", "pictures=20", "compare=off", "steps=100000")


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def spent(terminal: Terminal, seconds: float) -> float:
    """The share of a core that its process takes, where it need not wait for one."""
    before, began = terminal.cpu, time.perf_counter() - terminal.waited
    terminal.drain(seconds)
    return (terminal.cpu - before) / (time.perf_counter() - terminal.waited - began)


def answer(terminal: Terminal, key: str, text: str) -> float:
    """Seconds from a key to a text that it paints, less those without a core."""
    before = terminal.waited
    terminal.press(key)
    took = terminal.until(text, seconds=60)
    return took - (terminal.waited - before)


def streaming() -> None:
    """One core's share, and from a key to what it paints."""
    terminal, echo = Terminal("--scenes", str(SCENES), *ENDLESS), Terminal(program=("-c", ECHO))
    echo.until("ready")
    terminal.until("steps/s", seconds=300)
    terminal.drain(3)
    share = spent(terminal, SECONDS)
    say("interface while a run streams", f"{100 * share:.1f} % of a core", "under 15 %")
    here: list[float] = []
    nothing: list[float] = []
    for place in range(KEYS):
        here.append(answer(terminal, "j", "▸"))
        nothing.append(answer(echo, "j", "here"))
        terminal.drain(0.05 + 0.003 * (place % 17))
    for name, point in (("median", 0.5), ("95th percentile", 0.95)):
        key, bare = percentile(here, point), percentile(nothing, point)
        words = f"{1000 * key:.0f} ms, {1000 * bare:.1f} for nothing"
        say(f"key to paint, {name}", words, "under 30 ms" if point > 0.9 else "")
    terminal.close()
    echo.close()


def lingering() -> None:
    """A run that is done, whose process answers to tweaks."""
    words = ("open", "bench/mlp", "pictures=20", "compare=off", "steps=100", "blocks=1")
    terminal = Terminal("--scenes", str(SCENES), *words)
    terminal.until("done", seconds=300)
    terminal.drain(3)
    children = below(terminal.pid)
    before = {pid: cpu(pid) for pid in children}
    share = spent(terminal, SECONDS)
    idle = sum(cpu(pid) - before[pid] for pid in children)
    say("a lingering run and its fork server", f"{1000 * idle / SECONDS:.1f} ms CPU a second", "0")
    say("interface, with a run that is done", f"{100 * share:.1f} % of a core", "under 2 %")
    terminal.close()


def below(pid: int) -> list[int]:
    """All processes under one."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            found += [child, *below(child)]
    return found


def cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    load = os.getloadavg()[0]
    print(f"load {load:.1f} on {os.cpu_count()} cores", flush=True)
    lingering()
    streaming()


if __name__ == "__main__":
    main()
