"""Streams that let less through: ASCII alone, or lines without trailing blanks."""

from __future__ import annotations

import re
import sys
from typing import Any, TextIO

import typer

from dlplay.wire.written import as_json
from dlplay.words.foreign import shown
from dlplay.words.plain import as_wide, to_ascii


class AsciiStream:
    """A stream that lets only ASCII through; it says so, and Rich draws its boxes accordingly."""

    encoding = "ascii"

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(as_wide(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class TrimmedStream:
    """A stream for a file or a pipe: lines do not end in the blanks that fill a terminal's row."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        written: int = self._stream.write(re.sub(r" +$", "", text, flags=re.MULTILINE))
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def has_unicode(stream: TextIO) -> bool:
    """Whether the stream's encoding has all characters."""
    return (stream.encoding or "utf-8").lower().startswith("utf")


def stderr_text(text: str) -> str:
    """Text that standard error can show, and obeys in nothing."""
    return shown(text) if has_unicode(sys.stderr) else to_ascii(shown(text))


def say(text: object) -> None:
    """A line on standard output in which nothing is obeyed."""
    typer.echo(shown(str(text)))


def print_json(value: Any) -> None:
    """The value on standard output, for machines. Numbers that are not finite are null."""
    sys.stdout.buffer.write(as_json(value, indent=2) + b"\n")
