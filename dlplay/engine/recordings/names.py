"""What recordings are called on the command line: an id for good, a number of the last list."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from dlplay.course import safekeeping

LETTERS = "bcdfghjkmnpqrstvwxz"  # no words by accident, and no digits: a number is a number
LENGTH = 6
LISTED = ".listed.json"
FRESH = 12 * 3600  # seconds for which a printed list counts


def short_id(path: Path) -> str:
    """Six letters that depend on the file's name alone, so that they are always the same."""
    rest = int.from_bytes(hashlib.sha256(path.name.encode("utf-8", "surrogateescape")).digest()[:8])
    letters = []
    for _ in range(LENGTH):
        rest, place = divmod(rest, len(LETTERS))
        letters.append(LETTERS[place])
    return "".join(letters)


def remember(folder: Path, names: Sequence[str]) -> None:
    """A list of these files has been printed: their numbers mean this list from now on."""
    content = json.dumps({"at": time.time(), "names": list(names)}).encode()
    with suppress(OSError):  # where nothing can be written, numbers are those of the moment
        safekeeping.replace(folder / LISTED, content)


def listed(folder: Path) -> list[str]:
    """The files of the list that was printed last; nothing if that was long ago, or never."""
    with suppress(OSError, ValueError, RecursionError, TypeError, KeyError):
        known = json.loads((folder / LISTED).read_text(encoding="utf-8"))
        if 0 <= time.time() - known["at"] < FRESH:
            return [str(name) for name in known["names"]]
    return []
