"""What the user noted about recordings: which are pinned, what they are called."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from dlplay.course import files, safekeeping

Note = dict[str, Any]
MOST_BYTES = 20_000_000  # of the file; some hundred recordings take some thousand
DAMAGE = (files.Unreadable, ValueError, RecursionError)  # what a file raises that is not ours


class Notes:
    """A small JSON file: notes by file name. Damaged or missing, it counts as empty.

    It is read anew each time, changed under a lock and replaced as a whole: several programs may
    share it. One that is damaged is set aside before another takes its name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self) -> dict[str, Note]:
        try:
            return self._read()
        except (OSError, *DAMAGE):
            return {}

    def pinned(self) -> set[str]:
        return {name for name, note in self.all().items() if note.get("pinned")}

    def note(self, file: str, **facts: Any) -> None:
        """Add to what is noted about a file; OSError if it cannot be written."""
        with safekeeping.locked(self.path):
            try:
                notes = self._read()
            except DAMAGE:
                safekeeping.set_aside(self.path)
                notes = {}
            note = {key: value for key, value in (notes.pop(file, {}) | facts).items() if value}
            self._write(notes | ({file: note} if note else {}))

    def forget(self, files: Iterable[str]) -> None:
        """Drop the notes about files that are gone; a disk that refuses changes nothing."""
        gone = set(files)
        if not gone & self.all().keys():
            return
        with suppress(OSError, *DAMAGE), safekeeping.locked(self.path):
            self._write({name: note for name, note in self._read().items() if name not in gone})

    def _read(self) -> dict[str, Note]:
        """What the file holds. Raises OSError where it cannot be known, and what DAMAGE lists."""
        try:
            known = json.loads(files.read(self.path, MOST_BYTES)[1])
        except FileNotFoundError:
            return {}
        if not isinstance(known, dict):
            raise ValueError(f"{self.path} holds no notes")
        return {name: note for name, note in known.items() if isinstance(note, dict)}

    def _write(self, notes: dict[str, Note]) -> None:
        safekeeping.replace(self.path, json.dumps(notes, indent=1, sort_keys=True).encode())
