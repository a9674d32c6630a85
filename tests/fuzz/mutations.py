"""Damage of every kind to a good example: of bytes, of JSON, of MessagePack, of source text."""

from __future__ import annotations

import json
import struct
import zlib
from random import Random
from typing import Any

import msgspec

from dlplay.engine.recordings.format import HEADER, MAGIC
from tests.hostile import EVIL

ODD: list[Any] = [
    None, True, 0, -1, 1 << 31, 1 << 53, (1 << 63) - 1, 0.5, -1e308, float("nan"), float("inf"), "",
    EVIL, "x" * 5000, b"", b"\xff" * 20, [], {}, [[]], [None] * 50, {"": None}, {"type": "points"},
]  # fmt: skip


def damaged(data: bytes, by: Random) -> bytes:
    """A few bytes flipped, cut, doubled, moved or made up."""
    out = bytearray(data)
    for _ in range(by.choice((1, 1, 2, 5, 20))):
        place = by.randrange(len(out) + 1)
        end = min(len(out), place + by.choice((1, 2, 4, 16, 200)))
        match by.randrange(7):
            case 0:
                if place < len(out):
                    out[place] ^= 1 << by.randrange(8)
            case 1:
                out[place:end] = by.randbytes(end - place)
            case 2:
                del out[place:end]
            case 3:
                out[place:place] = out[place:end] * by.choice((1, 2, 50))
            case 4:
                del out[place:]
            case 5:
                out[place : place + 4] = struct.pack("<I", by.choice((0, 1 << 28, 0xFFFFFFFF)))
            case 6:
                out[place:place] = by.choice(
                    (b"\0", b"\r", b"\n" * 99, b"\x1b[2J", b"[" * 5000, b'"', b"\xef\xbb\xbf")
                )
    return bytes(out)


def changed(value: Any, by: Random) -> Any:
    """A value of JSON or MessagePack with one part of it made another one, at any depth."""
    if not isinstance(value, (list, dict)) or not value or by.random() < 0.15:
        return by.choice([*ODD, nested(by.choice((3, 40, 900)))])
    if isinstance(value, list):
        place = by.randrange(len(value))
        match by.randrange(6):
            case 0:
                return value[:place] + value[place + 1 :]
            case 1:
                return value[:place] + [value[place]] * by.choice((2, 30)) + value[place:]
        return [*value[:place], changed(value[place], by), *value[place + 1 :]]
    key = by.choice(list(value))
    match by.randrange(6):
        case 0:
            return {k: v for k, v in value.items() if k != key}
        case 1:
            return value | {by.choice(("", "type", "tick", EVIL)): value[key]}
    return value | {key: changed(value[key], by)}


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def of_recording(data: bytes, by: Random) -> bytes:
    """A recording whose frames are whole, and whose events are not what they should be."""
    if by.random() < 0.3:
        return damaged(data, by)
    frames, place = [], len(MAGIC)
    while place < len(data):
        length, _ = HEADER.unpack_from(data, place)
        frames.append(data[place + HEADER.size : place + HEADER.size + length])
        place += HEADER.size + length
    chosen = by.randrange(len(frames))
    if by.random() < 0.2:
        frames[chosen] = damaged(frames[chosen], by)
    else:
        batch = msgspec.msgpack.decode(frames[chosen])
        for _ in range(by.choice((1, 1, 3))):
            batch = changed(batch, by)
        frames[chosen] = msgspec.msgpack.encode(batch)
    if by.random() < 0.2:
        by.shuffle(frames)
    return MAGIC + b"".join(HEADER.pack(len(f), zlib.crc32(f)) + f for f in frames)


def of_json(data: bytes, by: Random) -> bytes:
    if by.random() < 0.3:
        return damaged(data, by)
    value = changed(json.loads(data), by)
    return json.dumps(value, default=lambda odd: odd.decode("latin-1")).encode()


WORDS = [
    "(", ")", "[" * 300, "{", "}", ":", '"""', "'", "\\", "\n", "\t", "lambda: 0", "1/0",
    "10**9**9",
    "'a' * 10**12", "[0] * 10**12", "-" * 3000 + "1", "1+" * 3000 + "1", "Float(0, min=1, max=0)",
    "Int(10**400, min=0, max=10**500)", "Choice('', ())", "Text('', max_length=-1)", "float('nan')",
    "class B(Scene): pass", "\x00", "\x0c", "# coding: utf-7\n", "é" * 50, "\ufeff", "x" * 5000,
    "9" * 5000, "1e999", "'\\ud800'", "f'{x!r:>{y}}'", "None", "**{}", "*()", "...", "not " * 2000,
]  # fmt: skip


def of_source(data: bytes, by: Random) -> bytes:
    """Source with words put in, taken out, or in the place of others."""
    if by.random() < 0.2:
        return damaged(data, by)
    parts = data.decode().split(" ")
    for _ in range(by.choice((1, 1, 2, 5))):
        place = by.randrange(len(parts))
        match by.randrange(4):
            case 0:
                parts[place] = by.choice(WORDS)
            case 1:
                parts.insert(place, by.choice(WORDS))
            case 2:
                del parts[place : place + by.choice((1, 5, 50))]
                parts = parts or [""]
            case 3:
                parts[place] = by.choice(parts)
    return " ".join(parts).encode("utf-8", "surrogatepass")
