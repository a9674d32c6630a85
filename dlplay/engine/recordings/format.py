"""Recordings: a run's whole stream of events in a file, readable after a crash up to its end.

The file is the line `dlplay-recording 1`, then frames. A frame is the length of its payload and
the payload's CRC-32 (both 4 bytes, little-endian), then the payload: one batch of events in
MessagePack. Nothing in it is executed when it is read.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from dlplay.wire import events
from dlplay.words.foreign import one_line

WORD = b"dlplay-recording "
VERSION = 1
MAGIC = WORD + b"%d\n" % VERSION
HEADER = struct.Struct("<II")
LARGEST = 1 << 28  # bytes of a frame; more is damage, not data
LONGEST = 300  # characters of what is said about damage
TAIL = 1 << 16  # bytes in which the last frame is looked for: a summary takes a few thousand


class BadRecording(ValueError):
    """A file that is no recording, or one that this version cannot read; the message says why."""


class Recorder:
    """A sink that writes every batch to a file, and lets nothing go unwritten for long.

    The file must not exist, unless `overwrite`: OSError if it cannot be made. A disk that fills up
    later does not end the run: `trouble` says what happened, and nothing more is written; a file
    that has no whole batch by then is removed at the end. The summary gets a frame of its own, so
    that `ends` finds it whatever came with it.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self.path = path
        self.trouble = ""
        self.size = 0  # bytes written
        self._file: BinaryIO = path.open("wb" if overwrite else "xb")
        _lock(self._file)
        self._write(MAGIC)

    def __call__(self, batch: list[events.AnyEvent]) -> None:
        if not batch:
            return
        if len(batch) > 1 and isinstance(batch[-1], events.Finished):
            self(batch[:-1])
            batch = batch[-1:]
        payload = events.encode(batch)
        self._write(HEADER.pack(len(payload), zlib.crc32(payload)) + payload)

    def _write(self, data: bytes) -> None:
        if self.trouble:
            return
        try:
            self._file.write(data)
            self._file.flush()
            self.size += len(data)
        except OSError as error:
            self.trouble = f"{self.path} could not be written on: {error.strerror}"

    def close(self) -> None:
        try:
            self._file.close()
        except OSError as error:
            self.trouble = self.trouble or f"{self.path}: {error.strerror}"
        if self.trouble and self.size <= len(MAGIC) and self.path.is_file():
            with suppress(OSError):
                self.path.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Recording:
    """The batches of a recorded run, in order. Iterate it, as often as you like.

    Afterwards `damaged` says what was wrong with the end of the file, if the run or its machine
    was killed while it was written; it is empty for a whole recording.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = ""
        with path.open("rb") as file:
            self._check(file.readline(len(MAGIC) + 10))

    def _check(self, line: bytes) -> None:
        if line == MAGIC:
            return
        version = line.removeprefix(WORD).strip()
        if line.startswith(WORD) and line.endswith(b"\n") and version.isdigit():
            raise BadRecording(
                f"{self.path} is a recording of format {int(version)}; "
                f"this dlplay reads format {VERSION}"
            )
        if MAGIC.startswith(line):
            raise BadRecording(f"{self.path} is empty, or was cut off before its first event")
        raise BadRecording(f"{self.path} is no dlplay recording")

    def __iter__(self) -> Iterator[list[events.AnyEvent]]:
        self.damaged = ""
        with self.path.open("rb") as file:
            file.seek(len(MAGIC))
            while header := file.read(HEADER.size):
                place = file.tell() - len(header)
                try:
                    batch = _frame(file, header)
                except _Damage as damage:
                    self.damaged = f"{damage}, at byte {place:,}; what was before it is whole"
                    return
                yield batch


class _Damage(Exception):
    """A frame that cannot be read."""


def _frame(file: BinaryIO, header: bytes) -> list[events.AnyEvent]:
    """The batch behind this header."""
    if len(header) < HEADER.size:
        raise _Damage("the file ends within a batch")
    length, checksum = HEADER.unpack(header)
    if length > LARGEST:
        raise _Damage("the length of a batch is impossible")
    if length > os.fstat(file.fileno()).st_size - file.tell():  # room would be made for all of it
        raise _Damage("the file ends within a batch")
    payload = file.read(length)
    if len(payload) < length:
        raise _Damage("the file ends within a batch")
    if zlib.crc32(payload) != checksum:
        raise _Damage("the checksum of a batch is wrong")
    return _decoded(payload)


def _decoded(payload: bytes) -> list[events.AnyEvent]:
    """The events of a whole frame; whoever wrote it may have made up anything."""
    try:
        return events.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        why = one_line(str(error)[:LONGEST])
        raise _Damage(f"a batch holds what this dlplay does not know ({why})") from None


def read(path: str | Path) -> Recording:
    """The recording in this file. Raises BadRecording, or OSError if there is no such file."""
    return Recording(Path(path))


def ends(path: Path) -> tuple[list[events.AnyEvent], list[events.AnyEvent]]:
    """The first batch of a recording and the last, without reading what is between.

    The last is empty if the file does not end in a whole batch of at most TAIL bytes. Raises
    BadRecording if the beginning cannot be read, or OSError.
    """
    Recording(path)
    with path.open("rb") as file:
        file.seek(len(MAGIC))
        try:
            first = _frame(file, file.read(HEADER.size))
        except _Damage as damage:
            raise BadRecording(f"{path} holds nothing that can be read: {damage}") from None
        size = file.seek(0, 2)
        file.seek(max(len(MAGIC), size - TAIL))
        return first, _last(file.read())


def _last(tail: bytes) -> list[events.AnyEvent]:
    """The batch whose frame ends where these bytes end."""
    place = max(0, len(tail) - HEADER.size) + 2
    # Frames do not say where they begin; but in this one the upper half of the length is zero.
    while (place := tail.rfind(b"\0\0", 0, place + 1)) >= 2:
        begin = place - 2 + HEADER.size
        if begin > len(tail):
            continue
        length, checksum = HEADER.unpack_from(tail, place - 2)
        if length == len(tail) - begin and zlib.crc32(tail[begin:]) == checksum:
            with suppress(_Damage):
                return _decoded(tail[begin:])
    return []


def _lock(file: BinaryIO) -> None:
    """Let other processes see that the file is being written; the lock ends with the process."""
    with suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def being_written(path: Path) -> bool:
    """Whether some process records into this file now; always False where there are no locks."""
    try:
        import fcntl

        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (ImportError, OSError):
        pass
    return False
