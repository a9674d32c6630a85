"""Which scenes were run here, and in which all claims held: the marks in the browser."""

from __future__ import annotations

import json
import os
from pathlib import Path

from dlplay.course.catalog import SceneCard
from dlplay.wire.events import Finished

MARKS = {"": "○", "run": "◐", "held": "●"}
MEANINGS = {"": "never run", "run": "run", "held": "all claims held here"}


def place() -> Path:
    from platformdirs import user_data_path

    return user_data_path("dlplay") / "progress.json"


class Progress:
    """Marks by scene id: "" (never run), "run", "held". A damaged file counts as empty."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or place()
        self.marks: dict[str, str] = {}
        try:
            known = json.loads(self.path.read_text(encoding="utf-8"))
            self.marks = {str(k): str(v) for k, v in known.items() if v in MARKS}
        except (OSError, ValueError, AttributeError):
            pass

    def mark(self, id: str) -> str:
        return self.marks.get(id, "")

    def record(self, id: str, held: bool) -> bool:
        """Note that a scene has run; whether its mark changed. Once held stays held."""
        new = "held" if held or self.mark(id) == "held" else "run"
        if self.mark(id) == new:
            return False
        self.marks[id] = new
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            draft = self.path.with_suffix(".new")
            draft.write_text(json.dumps(self.marks, indent=1, sort_keys=True), encoding="utf-8")
            os.replace(draft, self.path)
        except OSError:  # a read-only home: the marks last as long as the program
            pass
        return True

    def ended(self, card: SceneCard, finished: Finished) -> None:
        """Note how a run ended: claims that held at other settings are no mark of the scene."""
        if finished.status == "done":
            held = bool(finished.claims) and all(claim.holds for claim in finished.claims)
            self.record(card.id, held and finished.parameters == card.defaults)
