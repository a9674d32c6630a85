"""What a course of 300 scenes costs: `python -m tests.benchmarks.bench_catalog`.

CPU seconds of the command and of the browser's first picture: with the cache of scene files empty,
filled, and where none can be written; beside the present course. Asserts nothing.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from dlplay.course import cache
from dlplay.course.catalog import Catalog, built_in
from tests.benchmarks.courses import write
from tests.benchmarks.terminal import Terminal

SCENES = 300
NOWHERE = "/proc/nowhere"  # no folder can be made there
# dlplay, with another course in place of its own
PROGRAM = (
    "import sys; from pathlib import Path; from dlplay.course import catalog; "
    "catalog.built_in = lambda folder=Path(sys.argv.pop(1)): folder; "
    "from dlplay.__main__ import main; main()"
)


def listing(course: Path) -> float:
    return _command(course, "list")


def completion(course: Path) -> float:
    return _command(
        course, _DLPLAY_COMPLETE="complete_bash", COMP_WORDS="dlplay run ", COMP_CWORD="2"
    )


def browser(course: Path) -> float:
    terminal = Terminal(program=("-c", PROGRAM, str(course)))
    terminal.until("Filter")
    spent = terminal.cpu
    terminal.close()
    return spent


def finding(course: Path) -> float:
    """What the browser spends on four letters that are typed into its filter."""
    terminal = Terminal(program=("-c", PROGRAM, str(course)))
    terminal.until("Filter")
    terminal.drain(2)
    before = terminal.cpu
    terminal.press("/")
    terminal.drain(0.5)
    terminal.press("loss")
    terminal.until("found")
    terminal.drain(0.5)
    spent = terminal.cpu - before
    terminal.close()
    return spent


def _command(course: Path, *words: str, **variables: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(course), *words],
        env={**os.environ, **variables},
        capture_output=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(what: Callable[[Path], float], course: Path, kept: str, times: int = 3) -> float:
    """The least CPU seconds of several times. `kept`: how the cache is: "empty", "full", "none"."""
    spent = []
    for turn in range(times + 1):
        if kept == "empty" or not turn:
            os.environ["XDG_CACHE_HOME"] = NOWHERE if kept == "none" else tempfile.mkdtemp()
        spent.append(what(course))
    return min(spent[1:])  # the first one fills the cache, and that of the disk


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        present, large = built_in(), Path(name)
        write(large, SCENES)
        time.sleep(cache.SETTLED / 1e9)  # what has just been written is not kept
        count = len(Catalog([present]).scenes)
        print(f"{'CPU seconds':<34} {f'{count} now':>9} {f'{SCENES} made':>9} {'ratio':>6}")
        for what, aim in ((listing, 0.35), (completion, 0.35), (browser, 0.8), (finding, 0.4)):
            for kept in ("full",) if what is finding else ("none", "empty", "full"):
                one, other = (measure(what, course, kept) for course in (present, large))
                words = f"{what.__name__}, {'no cache' if kept == 'none' else f'cache {kept}'}"
                aims = f"   aim: {aim}" if kept == "full" else ""
                print(
                    f"{words:<34} {one:>9.2f} {other:>9.2f} {other / one:>6.2f}{aims}", flush=True
                )


if __name__ == "__main__":
    main()
