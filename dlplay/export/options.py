"""What the user may choose of an export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dlplay.draw.look import Look
from dlplay.words.nearest import did_you_mean


class NoSuchPanel(LookupError):
    """The run has no panel of that name, or none that this format can hold."""


class MissingPackage(Exception):
    """A format needs a package that is not installed; the message says how to get it."""

    def __init__(self, format: str, package: str) -> None:
        super().__init__(
            f"{format} needs {package}, which is not installed: pip install 'dlplay[{format}]'"
        )


@dataclass(frozen=True)
class Options:
    """`panel`: this one alone. `width`, `height`: cells of all panels together, in pictures.

    `seconds`: length of what moves; None is the format's own.
    `look`: their colours and characters. `note` is called with what could not be exported,
    `progress` with the share of a long export that is done, 0 to 1.
    """

    panel: str | None = None
    width: int = 160
    height: int = 48
    seconds: float | None = None
    look: Look = field(default_factory=Look)
    note: Callable[[str], None] = lambda text: None
    progress: Callable[[float], None] = lambda share: None

    def choose(self, names: list[str], what: str = "panels") -> list[str]:
        """These names, or the one that was asked for; NoSuchPanel if it is not among them."""
        if self.panel is None:
            return names
        if self.panel in names:
            return [self.panel]
        known = f"this run's {what} are {', '.join(names)}" if names else f"this run has no {what}"
        kind = "curves" if what == "panels with curves" else ""
        missing = f"{self.panel!r} has no {kind}" if kind else f"there is no panel {self.panel!r}"
        raise NoSuchPanel(f"{missing}; {known}.{did_you_mean(self.panel, names)}")
