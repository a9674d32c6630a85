"""A finished drawing: lines of segments, each exactly as wide as was asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.segment import Segment


@dataclass(frozen=True)
class Drawing:
    """`height` lines of `width` cells; a Rich renderable."""

    lines: list[list[Segment]] = field(repr=False)
    width: int

    @property
    def height(self) -> int:
        return len(self.lines)

    @property
    def plain(self) -> str:
        """The characters alone."""
        return "\n".join("".join(part.text for part in line) for line in self.lines)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for line in self.lines:
            yield from line
            yield Segment.line()

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(self.width, self.width)
