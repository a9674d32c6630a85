"""Where the file of an export lies."""

from __future__ import annotations

from pathlib import Path

from dlplay.export.formats import Format


def place(folder: Path, stem: str, format: Format) -> Path:
    """The file of this format in the folder; where the format asks for one, in its own folder."""
    path = folder / f"{stem}.{format.suffix or format.name}"
    return path / format.file if format.file else path


def free(folder: Path, stem: str, format: Format) -> Path:
    """The same for the first of `stem`, `stem-2`, ... that is not there yet."""
    count = 1
    while True:
        path = place(folder, stem if count == 1 else f"{stem}-{count}", format)
        if not (path.parent if format.file else path).exists():
            return path
        count += 1
