"""`python -m tests.fuzz --minutes 60`: tries until the time is over, and tells what failed."""

from __future__ import annotations

import argparse
import tempfile
import time
import traceback
from pathlib import Path

from tests.fuzz.readers import targets
from tests.fuzz.trying import attempt


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--minutes", type=float, default=1)
    words.add_argument("--seed", type=int, default=int(time.time()), help="of the first try")
    words.add_argument("--only", default="", help="one kind of file, such as recording")
    given = words.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="dlplay-fuzz-"))
    known = targets(folder / "examples")
    chosen = {name: known[name] for name in ([given.only] if given.only else known)}
    end, seed, faults = time.monotonic() + 60 * given.minutes, given.seed, 0
    while time.monotonic() < end:
        for name, target in chosen.items():
            try:
                attempt(name, target, folder, seed)
            except Exception:
                faults += 1
                traceback.print_exc(limit=-6)
        seed += 1
    print(f"{seed - given.seed:,} tries of each, {faults} faults; what failed lies in {folder}")
    return bool(faults)


if __name__ == "__main__":
    raise SystemExit(main())
