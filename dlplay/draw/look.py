"""How drawings look: what the terminal can show, and what the user chose for a panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

C = TypeVar("C")
Colors = Literal["truecolor", "256", "16", "none"]
Charts = Literal["own", "plotext"]
CHARTS: tuple[Charts, ...] = ("own", "plotext")

_SYSTEMS: dict[str | None, Colors] = {
    "truecolor": "truecolor",
    "256": "256",
    "standard": "16",
    "windows": "16",
    None: "none",
}


@dataclass(frozen=True)
class Look:
    """What the terminal can show: colours, characters beyond ASCII, a dark background.

    `charts`: what draws curves, bars and histograms, if it is there.
    """

    colors: Colors = "truecolor"
    ascii: bool = False
    dark: bool = True
    charts: Charts = "own"

    @classmethod
    def detect(cls, environ: Mapping[str, str], color_system: str | None, encoding: str) -> Look:
        """The look for a terminal: its environment, Rich's `color_system`, its encoding.

        Honours NO_COLOR (any value but the empty one), TERM=dumb, and COLORFGBG for the
        background.
        """
        colors = _SYSTEMS.get(color_system, "16")
        if environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
            colors = "none"
        name = encoding.lower().replace("-", "").replace("_", "")
        return cls(
            colors=colors,
            ascii=not name.startswith(("utf", "cp65001")),
            dark=_dark(environ.get("COLORFGBG", "")),
        )

    @property
    def shaded(self) -> bool:
        """Whether pictures are drawn in ramps of characters, for want of colours."""
        return self.colors in ("16", "none")


def _dark(colorfgbg: str) -> bool:
    """COLORFGBG is "foreground;background", each an ANSI number (rxvt, Konsole)."""
    background = colorfgbg.rpartition(";")[2]
    return background not in ("7", "9", "10", "11", "12", "13", "14", "15")


@dataclass(frozen=True)
class View:
    """How a panel is seen: which `frame` of several, with other logarithmic axes than the event's
    (None: as it says), whether pictures are fitted to the panel; and `styles`, the palette's number
    of each series of the scene by name, so that it looks the same in all panels. Without them
    series are told apart by their places. `pinned`: what other runs have in this panel, by their
    names; kinds that say so in `Kind.overlays` draw it behind."""

    frame: int = 0
    log: str | None = None
    fit: bool = True
    styles: Mapping[str, int] = field(default_factory=dict, hash=False)
    pinned: Mapping[str, object] = field(default_factory=dict, hash=False)

    def others(self, kind: type[C]) -> dict[str, C]:
        """What other runs have here, where it is of the same kind."""
        return {run: each for run, each in self.pinned.items() if isinstance(each, kind)}
