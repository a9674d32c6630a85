"""Where one is in the course: the scene that was opened last, also the next time."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from dlplay.course import files
from dlplay.course.catalog import Catalog, SceneCard

LONGEST = 1000  # bytes of a scene's id; a longer one is damage


class Place:
    """The id of the scene that was opened last, or nothing. A damaged file counts as empty."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last = ""
        with suppress(OSError, ValueError):
            self.last = files.read(path, LONGEST)[1].decode().strip()

    def opened(self, id: str) -> None:
        """Remember that this scene was opened."""
        if id == self.last:
            return
        self.last = id
        # One's own draft: several instances may write at the same time.
        draft = self.path.with_suffix(f".{os.getpid()}")
        with suppress(OSError, ValueError):  # a read-only home: as long as the program lasts
            self.path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(f"{id}\n", encoding="utf-8")
            os.replace(draft, self.path)


def next_scene(catalog: Catalog, id: str) -> SceneCard | None:
    """The scene after this one in the order of the course that can be opened."""
    scenes = catalog.scenes
    here = next((place for place, card in enumerate(scenes) if card.id == id), None)
    after = scenes[here + 1 :] if here is not None else ()
    return next((card for card in after if not card.broken), None)
