"""Reads the files of a course, whatever lies in its folders: bounded, and never waiting for one."""

from __future__ import annotations

import os
import stat
from importlib.util import decode_source
from pathlib import Path
from typing import NamedTuple

from dlplay.words.foreign import LOST, is_text
from dlplay.words.foreign import shown as foreign

LIMIT = 200_000  # bytes of a scene; ours have 25,000 at most


class Unreadable(ValueError):
    """A file that is not read; the message says why."""


class Stamp(NamedTuple):
    """What the file system says of a file; another one after every change, but for its clock."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int

    @property
    def latest(self) -> int:
        """The last change of any kind, in nanoseconds."""
        return max(self.modified, self.changed)


def stamp(path: Path) -> Stamp | None:
    """The stamp of a file as it is now; None if there is none to be seen."""
    try:
        return _stamp(os.stat(path))
    except (OSError, ValueError):
        return None


def read(path: Path, limit: int = LIMIT) -> tuple[Stamp, bytes]:
    """A file with the stamp that it had before. Raises Unreadable or OSError."""
    _must_be_regular(os.stat(path))  # to open a device may do something
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb", buffering=0) as file:
        found = os.fstat(file.fileno())
        _must_be_regular(found)
        if found.st_size > limit:
            raise _too_large(limit)
        parts, left = [], limit + 1
        while left > 0 and (part := file.read(left)):
            parts.append(part)
            left -= len(part)
    if left <= 0:
        raise _too_large(limit)
    return _stamp(found), b"".join(parts)


def text_of(source: bytes) -> str:
    """Python source as Python decodes it. Raises Unreadable."""
    if b"\0" in source:
        raise Unreadable("it holds NUL bytes, which no Python file does")
    try:
        text = decode_source(source)
    except (SyntaxError, ValueError, LookupError) as error:
        raise Unreadable(str(error)) from None
    if not is_text(text):
        raise Unreadable("it holds half a character")
    return text


def shown(path: Path | str) -> str:
    """A path or a part of it as it can be printed, whatever bytes it is made of."""
    text = str(path)
    return "".join(LOST if c in "\n\t" or c != foreign(c) else c for c in text)


def _stamp(found: os.stat_result) -> Stamp:
    return Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _must_be_regular(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        what = "a folder" if stat.S_ISDIR(found.st_mode) else "a device or a pipe"
        raise Unreadable(f"it is {what}, not a file")


def _too_large(limit: int) -> Unreadable:
    return Unreadable(f"it is larger than {limit // 1000} kB, the most that a scene may have")
