"""The user's own files: which a File parameter takes, and whether one of them will do.

Neither torch nor numpy is needed here, and Pillow only to look at an image.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from dlplay.author.contents import FORMATS, MEGAPIXELS, NotThere, Unfit, as_image, as_table, as_text
from dlplay.words.nearest import nearest

MB = 1_000_000
TEXT_SIZE = 5 * MB
IMAGE_SIZE = 20 * MB  # also of each in a folder
TABLE_SIZE = 20 * MB
MOST_IMAGES = 2000
SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp")
HEAD = 64_000  # bytes of a table that are looked at before it is loaded
SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
NEIGHBOURS = 500
ALLOWED = "DLPLAY_FILES"  # the variable that says "none" where no file of this machine is taken


@dataclass(frozen=True)
class FileKind:
    """What a File parameter may hold: in words, and the names of what is bundled."""

    what: str
    bundled: tuple[str, ...]


FILE_KINDS = {
    "text": FileKind(
        f"a UTF-8 text file of at most {TEXT_SIZE // MB} MB",
        ("shakespeare", "names", "smiles"),
    ),
    "image": FileKind(
        f"an image file ({FORMATS}) of at most {IMAGE_SIZE // MB} MB and {MEGAPIXELS} megapixels",
        ("astronaut", "chelsea", "coffee", "rocket", "camera", "coins"),
    ),
    "images": FileKind(
        f"a folder of at most {MOST_IMAGES:,} image files ({FORMATS})",
        ("photos", "digits", "fashion"),
    ),
    "table": FileKind(
        f"a CSV file of at most {TABLE_SIZE // MB} MB with a header and numbers",
        ("sunspots", "co2", "nile", "elnino"),
    ),
}


def taken() -> bool:
    """Whether the user's own files are: where strangers are served, none are."""
    return os.environ.get(ALLOWED) != "none"


def absolute(typed: str) -> str:
    """The whole path of what was typed: `~` is the user's folder, else it starts from this one.

    Raises Unfit for what is no path at all.
    """
    if not typed.strip():
        raise Unfit("nothing is named")
    if not taken():
        raise Unfit("files of the server are not read; what is named here comes with dlplay")
    if SCHEME.match(typed):
        raise Unfit("dlplay reads nothing from a network; save it as a file and give its path")
    # What cannot be written as UTF-8 cannot stand in a recording.
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in typed):
        raise Unfit("a path with control characters, or not in UTF-8, cannot be recorded")
    try:
        return str(Path.cwd() / os.path.expanduser(typed))
    except OSError as error:
        raise _unreadable(error) from None


def look(kind: str, path: str) -> None:
    """Raise Unfit if the file can be seen not to do; what takes long is left to its loader."""
    try:
        known = os.stat(path)
    except OSError as error:
        raise _unreadable(error, "folder" if kind == "images" else "file") from None
    _look(kind, path, (known.st_ino, known.st_size, known.st_mtime_ns))


@lru_cache(64)  # of what will do: a value is checked often, and shown in every list of runs
def _look(kind: str, path: str, stamp: tuple[int, ...]) -> None:
    if kind == "images":
        image_files(path)
    elif kind == "image":
        as_image(read(path, IMAGE_SIZE))
    elif kind == "table":
        data = read(path, TABLE_SIZE)
        head = data[: data.find(b"\n", HEAD) + 1] or data
        as_table(head, whole=len(head) == len(data))
    else:
        as_text(read(path, TEXT_SIZE))


def read(path: str, size: int) -> bytes:
    """The whole of a file of at most so many bytes. Raises Unfit."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise Unfit("it is a folder, not a file")
        if not stat.S_ISREG(mode):
            raise Unfit("it is a device or a pipe, not a file")
        with open(path, "rb") as file:
            data = file.read(size + 1)
    except OSError as error:
        raise _unreadable(error) from None
    if len(data) > size:
        raise Unfit(f"it is larger than {size // MB} MB")
    return data


def image_files(path: str) -> list[str]:
    """The paths of the image files in a folder, by name; hidden ones and folders are left out.

    A link to a file counts as the file. Raises Unfit.
    """
    try:
        found = sorted(islice(_images(path), MOST_IMAGES + 1))
    except NotADirectoryError:
        if os.path.exists(path):
            raise Unfit("it is a file, not a folder") from None
        raise NotThere("there is no such folder") from None
    except OSError as error:
        raise _unreadable(error, "folder") from None
    if len(found) > MOST_IMAGES:
        raise Unfit(f"it holds more than {MOST_IMAGES:,} images")
    if not found:
        raise Unfit("it holds no image file")
    return found


def similar(bundled: Sequence[str], typed: str) -> str | None:
    """What may have been meant: a bundled name, or a file that lies where none of this name is."""
    folder, name = os.path.split(typed)
    neighbours: list[str] = []
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            shown = (entry.name for entry in entries if not entry.name.startswith("."))
            neighbours = list(islice(shown, NEIGHBOURS))
    except OSError:
        pass
    match = nearest(name, [*neighbours, *([] if folder else bundled)])
    return os.path.join(folder, match) if match is not None else None


def completions(kind: str, typed: str) -> list[str]:
    """What a path that was begun may become, in order; a folder ends with a slash.

    Of an image or a folder of images, only what may be one or lead to one.
    """
    folder, name = os.path.split(typed)
    found = []
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            for entry in islice(entries, NEIGHBOURS):
                if not entry.name.startswith(name) or (entry.name[0] == "." and name[:1] != "."):
                    continue
                if entry.is_dir():
                    found.append(os.path.join(folder, entry.name, ""))
                elif kind in ("text", "table") or (
                    kind == "image" and entry.name.lower().endswith(SUFFIXES)
                ):
                    found.append(os.path.join(folder, entry.name))
    except (OSError, ValueError):  # a NUL in what was typed
        pass
    return sorted(found)


def digest(kind: str, path: str) -> str:
    """SHA-256 of a file, or of the names and sizes of a folder's images; "" if it cannot be read.

    `path` is as it was given. What a folder's images show is not read: there may be gigabytes.
    """
    try:
        where = absolute(path)
        if kind == "images":
            sizes = [(os.path.basename(each), os.stat(each).st_size) for each in image_files(where)]
            data = repr(sizes).encode("utf-8", "surrogateescape")
        else:
            data = read(where, max(TEXT_SIZE, IMAGE_SIZE, TABLE_SIZE))
    except (OSError, Unfit):
        return ""
    return hashlib.sha256(data).hexdigest()


def _images(path: str) -> Iterator[str]:
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name.startswith(".") or not entry.name.lower().endswith(SUFFIXES):
                continue
            if os.path.isfile(entry.path):
                yield entry.path


def _unreadable(error: OSError, what: str = "file") -> Unfit:
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return NotThere(f"there is no such {what}")
    return Unfit(f"it cannot be read ({error.strerror})")
