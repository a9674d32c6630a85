"""What the user noted about recordings: which are pinned, what they are called."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from dlplay.course import files

Note = dict[str, Any]
MOST_BYTES = 20_000_000  # of the file; some hundred recordings take some thousand


class Notes:
    """A small JSON file: notes by file name. Damaged or missing, it counts as empty.

    It is read anew each time, and replaced as a whole: two programs may share it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self) -> dict[str, Note]:
        try:
            known = json.loads(files.read(self.path, MOST_BYTES)[1])
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(known, dict):
            return {}
        return {name: note for name, note in known.items() if isinstance(note, dict)}

    def pinned(self) -> set[str]:
        return {name for name, note in self.all().items() if note.get("pinned")}

    def note(self, file: str, **facts: Any) -> None:
        """Add to what is noted about a file; OSError if it cannot be written."""
        notes = self.all()
        note = {key: value for key, value in (notes.pop(file, {}) | facts).items() if value}
        self._write(notes | ({file: note} if note else {}))

    def forget(self, files: Iterable[str]) -> None:
        """Drop the notes about files that are gone; a disk that refuses changes nothing."""
        notes, gone = self.all(), set(files)
        if gone & notes.keys():
            with suppress(OSError):
                self._write({name: note for name, note in notes.items() if name not in gone})

    def _write(self, notes: dict[str, Note]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=".notes-", dir=self.path.parent)
        try:
            with open(handle, "w", encoding="utf-8") as file:
                json.dump(notes, file, indent=1, sort_keys=True)
            os.replace(draft, self.path)
        except BaseException:
            with suppress(OSError):
                os.unlink(draft)
            raise
