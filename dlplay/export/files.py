"""What the file of an export is called."""

from __future__ import annotations

from pathlib import Path

EVENTS = "events.out.tfevents.0.dlplay"  # TensorBoard knows event files by their name
SUFFIXES = {"script": "py"}  # the others are called what they are


def suffix(name: str) -> str:
    """The suffix of files in the format of that name."""
    return SUFFIXES.get(name, name)


def free(folder: Path, stem: str, name: str) -> Path:
    """A file of this format that is not in the folder yet; TensorBoard's in a folder of its own."""
    count = 1
    while True:
        numbered = stem if count == 1 else f"{stem}-{count}"
        path = folder / f"{numbered}.{suffix(name)}"
        if not path.exists():
            return path / EVENTS if name == "tensorboard" else path
        count += 1
