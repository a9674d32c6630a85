"""Keeps what the files of a course declare, so that a file is read again only after a change.

The cache is data alone, in one file that may be deleted at any time. What it says of a file holds
as long as the file's stamp is the same, for the same dlplay and Python, to the letter of the code
that reads. A file that changed shortly before it was read is not kept: it may change again without
the clock of the file system showing it.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

import dlplay
from dlplay.course import facts, files
from dlplay.course.facts import Facts, Reading, SceneFacts

NAME = "scenes.msgpack"
SETTLED = 2_000_000_000  # nanoseconds: the coarsest clock of a file system in use
MOST_BYTES = 50_000_000
MOST_ENTRIES = 5000
CHECK = 16  # bytes
READERS = ("author", "course", "wire", "words")  # the folders of code that facts depend on
PLAIN = frozenset({str, int, float, bool, type(None)})


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of a file."""

    stamp: files.Stamp
    facts: msgspec.Raw


_entries = msgspec.msgpack.Decoder(dict[bytes, Entry])
_facts = msgspec.msgpack.Decoder(Facts)


class NotKept(ValueError):
    """A value that would not come back the same."""


def default_file() -> Path:
    """Where the cache is: in the user's cache folder."""
    from platformdirs import user_cache_path

    return user_cache_path("dlplay") / NAME


class Cache:
    """Facts by file. Nothing that is wrong with it is an error: files are then read anew."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._sum = _fingerprint()
        self._known = self._load()
        self._seen: dict[bytes, Entry] = {}
        self._changed = False

    def read(self, path: Path) -> Reading:
        """What a file declares; the text only where it had to be read."""
        key, stamp = os.fsencode(path), files.stamp(path)
        entry = self._known.get(key)
        if entry is not None and entry.stamp == stamp:
            try:
                known = thaw(entry.facts)
            except (msgspec.MsgspecError, ValueError, TypeError, LookupError):
                pass
            else:
                self._seen[key] = entry
                return Reading(known, None, stamp)
        began = time.time_ns()
        reading = facts.read(path)
        self._keep(key, reading, began)
        return reading

    def save(self) -> None:
        """Write down what is new, if anything is and it can be written."""
        if not self._changed or not self._file.is_absolute():
            return
        others = {key: entry for key, entry in self._known.items() if key not in self._seen}
        there = {key: entry for key, entry in others.items() if os.path.exists(key)}
        kept = dict(list((self._seen | there).items())[:MOST_ENTRIES])
        body = msgspec.msgpack.encode(kept)
        if len(body) <= MOST_BYTES:
            _write(self._file, self._check(body) + body)
        self._changed = False

    def _keep(self, key: bytes, reading: Reading, began: int) -> None:
        if reading.stamp is None or reading.stamp.latest > began - SETTLED:
            return
        try:
            self._seen[key] = Entry(reading.stamp, freeze(reading.facts))
            self._changed = True
        except (NotKept, OverflowError, UnicodeEncodeError):
            pass

    def _load(self) -> dict[bytes, Entry]:
        try:
            _, content = files.read(self._file, MOST_BYTES + CHECK)
            check, body = content[:CHECK], content[CHECK:]
            return _entries.decode(body) if check == self._check(body) else {}
        except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
            return {}

    def _check(self, body: bytes) -> bytes:
        return hashlib.blake2b(body, key=self._sum, digest_size=CHECK).digest()


def freeze(found: Facts) -> msgspec.Raw:
    """Facts in MessagePack. Raises NotKept, OverflowError or UnicodeEncodeError."""
    if isinstance(found, SceneFacts):
        found = _with_values(found, _freeze)
    return msgspec.Raw(msgspec.msgpack.encode(found))


def thaw(kept: msgspec.Raw) -> Facts:
    """What `freeze` was given. Raises DecodeError or ValueError for what it did not make."""
    found = _facts.decode(kept)
    return _with_values(found, _thaw) if isinstance(found, SceneFacts) else found


def _with_values(found: SceneFacts, turn: Callable[[Any], Any]) -> SceneFacts:
    """The same facts, with the values that a scene may choose freely turned into others."""
    return msgspec.structs.replace(
        found,
        quick={name: turn(value) for name, value in found.quick.items()},
        parameters={
            name: facts.Declared(
                declared.kind,
                [turn(value) for value in declared.args],
                {key: turn(value) for key, value in declared.named.items()},
            )
            for name, declared in found.parameters.items()
        },
        claims=[
            msgspec.structs.replace(
                claim, breaks={name: turn(value) for name, value in claim.breaks.items()}
            )
            if claim.breaks
            else claim
            for claim in found.claims
        ],
        tries=[tuple([turn(value) for value in each]) for each in found.tries],
    )


def _freeze(value: Any) -> Any:
    """MessagePack has one kind of list; of tuples, lists and dicts, the first item says which."""
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind in (tuple, list):
        return [kind.__name__, *map(_freeze, value)]
    if kind is dict:
        return ["dict", *(_freeze(each) for pair in value.items() for each in pair)]
    raise NotKept(f"{kind.__name__} is not kept")


def _thaw(value: Any) -> Any:
    if type(value) in PLAIN:
        return value
    kind, *parts = value
    parts = [_thaw(part) for part in parts]
    if kind == "tuple":
        return tuple(parts)
    if kind == "list":
        return parts
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _fingerprint() -> bytes:
    """Another one for every dlplay and Python, and after every change to the code that reads."""
    found = hashlib.blake2b(f"{dlplay.__version__} {sys.version}".encode(), digest_size=32)
    folder = Path(__file__).parent.parent
    for name in READERS:
        for path in sorted((folder / name).rglob("*.py")):
            try:
                found.update(path.read_bytes())
            except OSError:
                continue
    return found.digest()


def _write(file: Path, content: bytes) -> None:
    """Put a file in its place whole, or not at all; another instance may do so too."""
    part = file.with_name(f"{file.name}.{os.getpid()}-{os.urandom(4).hex()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(content)
            os.replace(part, file)
        finally:
            part.unlink(missing_ok=True)
    except OSError:  # a folder that cannot be written, a full disk
        pass
