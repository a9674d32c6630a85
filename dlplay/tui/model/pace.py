"""How fast a run is shown: the paces that one chooses among, and their words."""

from __future__ import annotations

import math
import os

# Seconds between two looks at what goes on; over a network, fewer frames.
TICK = 0.25 if "SSH_CONNECTION" in os.environ else 0.1
WHOLE = 10  # seconds in which all that is kept of a run plays at full pace
PACES = (1, 3, 10, 30, 100, 300, 0)  # steps a second; 0: as many as there can be


def nearest(rate: float) -> int:
    """The pace that is nearest to what a scene would like, by their ratio."""
    if rate <= 0:
        return 0
    return min(PACES[:-1], key=lambda pace: abs(math.log(pace / rate)))


def fitting(steps: int) -> int:
    """The pace at which so many steps play in about ten seconds."""
    rate = steps / WHOLE
    return nearest(rate) if rate <= PACES[-2] else 0


def played(pace: int, steps: int) -> float:
    """Steps a second at which what is kept of a run of so many steps plays."""
    return pace or max(steps / WHOLE, PACES[-2])


def next_pace(pace: int, by: int) -> int:
    """The next faster pace, or by a negative number slower; at the ends the same."""
    place = PACES.index(pace) + by
    return PACES[min(max(place, 0), len(PACES) - 1)]


def told(pace: int) -> str:
    """A pace in a few words."""
    return f"pace {pace}/s" if pace else "full pace"


def explained(pace: int) -> str:
    """A pace in a sentence."""
    if not pace:
        return "pace: as fast as it goes"
    return f"pace: {pace} step{'s' if pace > 1 else ''} a second"
